/*
 * profile.h
 *	  A snapshot in memory: sites, stacks, names, totals.
 *
 * Made by profile_load.c from a file, or by profile_diff.c from two; read by
 * the reports and the exporters.  One arena owns all of it: nothing is freed
 * singly, and everything is valid until arx_profile_free().
 */
#ifndef ARX_PROFILER_PROFILE_H
#define ARX_PROFILER_PROFILE_H

#include "libarx/heap_format.h"

typedef struct ArxSymbolizer ArxSymbolizer;

/* A function in a stack: what a line of a report or a box of a graph is. */
typedef struct ArxProfileFunction
{
	const char *name;	/* function, or "module+0x1f" when it has no name */
	const char *file;	/* NULL when unknown */
	unsigned line;		/* of the call, 0 when unknown */
	const char *module; /* path, "" for generated code */
	bool named;			/* false: name is module and offset */
	bool generated;		/* JIT code */
	bool inlined;		/* into the next one towards the root */
	uint64_t address;
} ArxProfileFunction;

typedef struct ArxProfileModule
{
	const char *path;
	const uint8_t *build_id;
	uint32_t build_id_bytes;
	uint64_t start;
	uint64_t end;
	uint64_t bias;
} ArxProfileModule;

/* One (stack, label) of one kind. */
typedef struct ArxProfileSite
{
	ArxHeapSiteKind kind;
	uint32_t flags;
	uint64_t label;
	const char *label_name; /* "" when it has none */
	uint64_t id;			/* hash of kind, label, build ids and offsets: the same in
							 * every snapshot, also of another process */
	uint32_t nframes;		/* as recorded, root first */
	const ArxHeapFrame *frames;
	uint32_t nfunctions; /* with inlined calls, root first; 0 until symbolized */
	const ArxProfileFunction *const *functions;
	uint64_t births;
	double birth_bytes;
	uint64_t frees;
	const uint32_t *lifetimes; /* ARX_HEAP_LIFETIME_CLASSES of them */
	uint32_t nrows;
	const ArxHeapRow *rows;
	/* sums of the rows; of a diff, what was born less what died */
	int64_t samples;
	double bytes;
	double variance;
	double objects;
} ArxProfileSite;

typedef struct ArxProfile
{
	ArxHeapProcess process; /* its texts belong to the profile, and are terminated */
	int64_t ledger[ARX_HEAP_NLEDGER];
	uint64_t counters[ARX_HEAP_NCOUNTERS];
	uint32_t nmodules;
	ArxProfileModule *modules;
	uint32_t nepochs;
	uint64_t *epochs_ms; /* ends */
	size_t nsites;
	ArxProfileSite *sites;
	bool is_diff;
	const char *path; /* of the file; of a diff, of the later one */
	struct ArxProfileArena *arena;
} ArxProfile;

/* A 95 % interval of an estimate of bytes from a number of samples. */
typedef struct ArxInterval
{
	double low;
	double high;
} ArxInterval;

/*
 * Loads and checks a file.  Returns NULL and a sentence in *error (static, or
 * to be freed with free() never: it lives in a thread-local buffer) when it
 * cannot be read or is not a sound snapshot.
 */
extern ArxProfile *arx_profile_load(const char *path, const char **error);
extern void arx_profile_free(ArxProfile *profile);

/* Gives every site its functions: names in the file first, then symbolizer (may be NULL). */
extern void arx_profile_symbolize(ArxProfile *profile, ArxSymbolizer *symbolizer);

/*
 * later minus earlier, of one process: variance from what was born and what
 * died in between only.  NULL and *error when they are not two snapshots of
 * one process in this order.  Needs both until it is freed.
 */
extern ArxProfile *arx_profile_diff(const ArxProfile *earlier, const ArxProfile *later,
									const char **error);

/*
 * 95 % interval: exact Poisson below 30 samples of small blocks, normal from
 * there on (heap_peers: Horvitz-Thompson).  Never below 0 unless the estimate
 * is a difference.
 */
extern ArxInterval arx_profile_interval(double bytes, double variance, int64_t samples,
										uint64_t sample_bytes, bool difference);

#endif
