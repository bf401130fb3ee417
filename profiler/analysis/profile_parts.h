/*
 * profile_parts.h
 *	  What the files that read snapshots and make profiles share.
 */
#ifndef ARX_PROFILER_PROFILE_PARTS_H
#define ARX_PROFILER_PROFILE_PARTS_H

#include "analysis/profile.h"
#include "analysis/profile_arena.h"

/* "path: what", in the thread's own buffer, good until the next call. */
extern const char *arx_profile_error(const char *path, const char *what);

/*
 * The whole file on the heap, for the caller to free(); NULL and *problem,
 * without the path, when it cannot be read or is larger than
 * ARX_PROFILE_MAX_FILE.
 */
extern uint8_t *
arx_snapshot_bytes(const char *path, size_t *length, const char **problem);

/*
 * Whose snapshot a file is; its texts are the arena's.  False and *problem
 * when it cannot be read or is not a sound snapshot.
 */
extern bool arx_snapshot_process(const char *path, ArxProfileArena *arena,
								 ArxHeapProcess *process, const char **problem);

/* A terminated copy, and copies of all texts in place. */
extern ArxHeapText arx_heap_text_keep(ArxProfileArena *arena, ArxHeapText text);
extern void
arx_heap_process_keep(ArxProfileArena *arena, ArxHeapProcess *process);

/* The last part of a path, within it. */
extern const char *arx_module_name(const char *path);

/*
 * Identity of a site: 64 bits over kind, label and its frames, each by build
 * id (or path, when it has none) and address, so that it is the same wherever
 * the loader put the module.
 */
extern uint64_t
arx_profile_site_id(const ArxProfile *profile, const ArxProfileSite *site);

/*
 * Puts names, which a file may hold in any order, into the order that
 * profile.h states, and gives each site the name of its label.
 */
extern void arx_profile_name_labels(ArxProfile *profile);

/* Are the two of one life of one process? */
extern bool
arx_profile_same_process(const ArxHeapProcess *a, const ArxHeapProcess *b);

/* The sites in the order of their ids; the array is the arena's. */
extern const ArxProfileSite **
arx_profile_sites_by_id(const ArxProfile *profile, ArxProfileArena *arena);

#endif
