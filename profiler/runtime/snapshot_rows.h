/*
 * snapshot_rows.h
 *	  What is live at one moment, by site and epoch of birth.
 *
 * Built in scratch memory from copies of the tables, which are locked for a
 * chunk of them at a time.  What finds no room is left out by whole sites,
 * small ones first, and counted.
 */
#ifndef ARX_PROFILER_SNAPSHOT_ROWS_H
#define ARX_PROFILER_SNAPSHOT_ROWS_H

#include "runtime/snapshot_epochs.h"
#include "runtime/tables.h"

/* Samples of a site that died in one class of age. */
typedef struct AhLifetime
{
	uint32_t lifetime_class;
	uint32_t frees;
} AhLifetime;

typedef struct AhSnapshotRow
{
	uint32_t site;
	ArxHeapRow row;
} AhSnapshotRow;

/* A site as it was when it was copied, with its rows. */
typedef struct AhSnapshotSite
{
	AhSiteCopy copy;			 /* its lifetimes are below */
	const AhLifetime *lifetimes; /* those that are not zero */
	uint32_t nlifetimes;
	uint32_t first_row;
	uint32_t nrows;
	double bytes; /* live, estimated */
} AhSnapshotSite;

typedef struct AhRows
{
	AhSnapshotSite *sites;
	uint32_t nsites;
	uint32_t site_room;
	AhSnapshotRow *rows;
	uint32_t nrows;
	uint32_t row_room;
	uint64_t dropped; /* sites left out */
} AhRows;

/*
 * Begins a use of the scratch memory and fills rows with what was born until
 * t0_ns, at which the last epoch ended; sites sorted by their frames from the
 * root.  The caller ends that use.  False when there is no memory at all.
 * Frames are good until ah_tables_evict() is called.
 */
extern bool ah_rows_build(AhRows *rows, uint64_t t0_ns);

/* Leaves out all but the n largest sites. */
extern void ah_rows_cut(AhRows *rows, uint32_t n);

/* The site in the format's terms, but for its frames; out has AH_EPOCHS_MAX. */
extern void ah_rows_site(const AhRows *rows, uint32_t index, ArxHeapSite *site,
						 ArxHeapRow *out);

#endif
