/*
 * pg_compat_types.h
 *	  What the functions of a data type need: soft errors.
 */
#ifndef ARX_PG_COMPAT_TYPES_H
#define ARX_PG_COMPAT_TYPES_H

#include "postgres.h"

#include "fmgr.h"

#include "compat/pg_compat.h"

/*
 * PG 16 gives an input function a context in which a complaint can be left
 *, so that pg_input_is_valid() and COPY ... ON_ERROR can go on.
 * Below 16 bad input is always an error.
 *
 * Complains with the ereport() arguments that follow and returns the value
 * from the calling function, whose fcinfo this must be.
 */
#if PG_VERSION_NUM >= 160000
#include "nodes/miscnodes.h"
#define ARX_SOFT_ERROR(fcinfo, value, ...) \
	ereturn((fcinfo)->context, value, __VA_ARGS__)
#else
#define ARX_SOFT_ERROR(fcinfo, value, ...) \
	do \
	{ \
		ereport(ERROR, __VA_ARGS__); \
		return value; \
	} while (0)
#endif

#endif /* ARX_PG_COMPAT_TYPES_H */
