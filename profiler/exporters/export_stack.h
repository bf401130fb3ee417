/*
 * export_stack.h
 *	  What all formats agree on: which sites, and under which roots.
 *
 * Address space that is only reserved is no memory and is left out.  Anonymous
 * mappings are exact and no malloc, so they stand under a root of their own.
 */
#ifndef ARX_PROFILER_EXPORT_STACK_H
#define ARX_PROFILER_EXPORT_STACK_H

#include "analysis/profile.h"

#define ARX_MAPPINGS_ROOT "anonymous mappings"
#define ARX_NO_STACK "[no stack]"

static inline bool
arx_export_has(const ArxProfileSite *site)
{
	return site->kind != ARX_HEAP_SITE_RESERVE;
}

/* The root that comes before the site's own, or NULL. */
static inline const char *
arx_export_root(const ArxProfileSite *site)
{
	return site->kind == ARX_HEAP_SITE_MMAP ? ARX_MAPPINGS_ROOT : NULL;
}

/* Rounded to whole bytes or objects. */
static inline int64_t
arx_export_round(double value)
{
	if (!(value > -9e18))
		return 0;
	if (value > 9e18)
		return INT64_C(9000000000000000000);
	return (int64_t) (value < 0 ? value - 0.5 : value + 0.5);
}

#endif
