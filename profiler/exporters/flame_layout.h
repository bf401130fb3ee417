/*
 * flame_layout.h
 *	  Where the boxes of a flame graph are: the call tree as shares of a width.
 *
 * A box is a function below the same callers, whatever the line and label; its
 * width is its bytes, of a difference what grew in it plus what shrank.
 * Children stand in order of their names, so that the same profile always
 * looks the same.
 */
#ifndef ARX_PROFILER_FLAME_LAYOUT_H
#define ARX_PROFILER_FLAME_LAYOUT_H

#include "analysis/profile.h"
#include "analysis/profile_arena.h"

typedef struct ArxFlameBox
{
	const char *name;
	const char *file; /* NULL when unknown */
	unsigned line;	  /* 0 when unknown, or not always the same */
	const char *module;
	bool named;
	uint32_t depth; /* 0: all */
	double x;		/* left edge, 0 to 1 */
	double width;	/* 0 to 1 */
	double bytes;	/* of a difference below 0 when it shrank */
	ArxInterval interval;
	int64_t samples; /* of a difference born less died */
} ArxFlameBox;

typedef struct ArxFlame
{
	size_t nboxes; /* at least the one of all, each before its children */
	ArxFlameBox *boxes;
	uint32_t depth;	  /* of the deepest box */
	size_t nleft_out; /* functions too narrow to be boxes */
	double largest;	  /* change of any box but that of all; of a difference */
} ArxFlame;

/*
 * Lays out a symbolized profile; boxes narrower than least (a share of the
 * width) are left out.  All memory is the arena's; texts are the profile's.
 */
extern ArxFlame *arx_flame_layout(const ArxProfile *profile, double least,
								  ArxProfileArena *arena);

#endif
