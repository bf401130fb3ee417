/*
 * snapshot_contents.h
 *	  All that one snapshot says, and its sections in the format's terms.
 */
#ifndef ARX_PROFILER_SNAPSHOT_CONTENTS_H
#define ARX_PROFILER_SNAPSHOT_CONTENTS_H

#include "runtime/snapshot_rows.h"

typedef struct AhNamedLabel
{
	uint64_t label;
	uint32_t length;
	bool in_use; /* by a site of the file */
	char *name;
} AhNamedLabel;

typedef struct AhContents
{
	ArxHeapProcess process;
	int64_t ledger[ARX_HEAP_NLEDGER];
	uint64_t counters[ARX_HEAP_NCOUNTERS];
	AhRows rows;

	/* what the sites refer to; see ah_contents_refer() */
	uint32_t
		*modules; /* by index in the module map: place in the file, or none */
	uint32_t nmodules; /* in the file */
	uint32_t ncodes;
	AhNamedLabel *labels;
	uint32_t nlabels;
	uint32_t nlabels_used;

	/* of the site at hand */
	ArxHeapFrame frames[ARX_HEAP_MAX_FRAMES];
	ArxHeapRow site_rows[AH_EPOCHS_MAX];
} AhContents;

/*
 * Takes room for the references and copies the names of the sites' labels, so
 * that they stay the same in both passes.  False when there is none.
 */
extern bool ah_contents_prepare(AhContents *contents);

/* Finds out which modules, labels and generated code the sites name. */
extern void ah_contents_refer(AhContents *contents);

/* Makes the calls of one pass, all but begin and end. */
extern void ah_contents_write(AhContents *contents, ArxHeapWriter *writer);

#endif
