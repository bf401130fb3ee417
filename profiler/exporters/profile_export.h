/*
 * profile_export.h
 *	  A profile in the formats of other tools; one function a format.
 *
 * Each writes all of a symbolized profile to a stream and returns false when
 * the stream refused (the caller knows errno).  None keeps anything.
 */
#ifndef ARX_PROFILER_PROFILE_EXPORT_H
#define ARX_PROFILER_PROFILE_EXPORT_H

#include <stdio.h>

#include "analysis/profile.h"

/* pprof's profile.proto, gzip: inuse_objects, inuse_space (shown first), alloc_space;
 * labels as labels. */
extern bool arx_export_pprof(const ArxProfile *profile, FILE *out);

/* "root;caller;site bytes", one line a stack. */
extern bool arx_export_folded(const ArxProfile *profile, FILE *out);

/* speedscope's file format, one weight in bytes. */
extern bool arx_export_speedscope(const ArxProfile *profile, FILE *out);

/* A flame graph in one file without references; a diff is coloured by sign. */
extern bool
arx_export_flame_svg(const ArxProfile *profile, const char *title, FILE *out);
extern bool
arx_export_flame_html(const ArxProfile *profile, const char *title, FILE *out);

#endif
