/*
 * pg_compat_jumble.h
 *	  What the server tells about the constants of a statement, on all majors.
 *
 * The newest form is the norm: JumbleState is read only (PG 19 hands it to
 * post_parse_analyze_hook as const, 49cc0d4148) and each location may be a
 * squashed list or an external parameter (PG 18).
 */
#ifndef ARX_PG_COMPAT_JUMBLE_H
#define ARX_PG_COMPAT_JUMBLE_H

#include "postgres.h"

/*
 * PG 16 moved queryjumble.h from utils to nodes.
 */
#if PG_VERSION_NUM >= 160000
#include "nodes/queryjumble.h"
#else
#include "utils/queryjumble.h"
#endif

#include "parser/parser.h"

/*
 * PG 18 squashes lists of constants (62d712ecfd) and notes in LocationLen
 * which locations are such lists and which are external parameters.  Early 18
 * betas lack extern_param; the build stops here at a missing member then.
 */
#if PG_VERSION_NUM >= 180000
#define ARX_LOCATION_IS_SQUASHED(loc) ((loc)->squashed)
#define ARX_LOCATION_IS_PARAM(loc) ((loc)->extern_param)
#define ARX_JUMBLE_HAS_SQUASHED(jstate) ((jstate)->has_squashed_lists)
StaticAssertDecl(sizeof(((LocationLen *) 0)->extern_param) == sizeof(bool),
				 "LocationLen needs the layout of the released PostgreSQL 18");
#else
#define ARX_LOCATION_IS_SQUASHED(loc) false
#define ARX_LOCATION_IS_PARAM(loc) false
#define ARX_JUMBLE_HAS_SQUASHED(jstate) false
#endif

/*
 * PG 19 knows no other strings than standard ones and dropped the variable.
 */
#if PG_VERSION_NUM >= 190000
#define ARX_STANDARD_STRINGS true
#else
#define ARX_STANDARD_STRINGS standard_conforming_strings
#endif

#endif /* ARX_PG_COMPAT_JUMBLE_H */
