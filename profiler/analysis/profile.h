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
	/* hash of kind, label, build ids and offsets: the same in every snapshot,
	 * also of another process */
	uint64_t id;
	/* as recorded, root first, less what is the profiler's own */
	uint32_t nframes;
	const ArxHeapFrame *frames;
	/* with inlined calls, root first; 0 until symbolized */
	uint32_t nfunctions;
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
	/* its texts belong to the profile, and are terminated */
	ArxHeapProcess process;
	int64_t ledger[ARX_HEAP_NLEDGER];
	uint64_t counters[ARX_HEAP_NCOUNTERS];
	uint32_t nmodules;
	ArxProfileModule *modules;
	uint32_t nepochs;
	uint64_t *epochs_ms; /* ends */
	size_t nsites;
	ArxProfileSite *sites;
	/* what the file says of names, as it says it; texts are terminated */
	size_t ncodes;
	const ArxHeapCode *codes; /* by address */
	size_t nlabels;
	const ArxHeapLabel *labels; /* by label */
	size_t nsymbols;
	const ArxHeapSymbol *symbols; /* by module and address, innermost first */
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
 * Loads and checks a file.  Returns NULL and a sentence in *error (in a
 * buffer of the thread's own, good until the next error) when it cannot be
 * read, is not a sound snapshot, or would take more than
 * ARX_PROFILE_MAX_BYTES of memory.
 */
#define ARX_PROFILE_MAX_FILE ((size_t) 64 << 20)
#define ARX_PROFILE_MAX_BYTES ((size_t) 1 << 30)

extern ArxProfile *arx_profile_load(const char *path, const char **error);
extern void arx_profile_free(ArxProfile *profile);

/*
 * Gives every site that has none its functions, inlined ones included: by the
 * names in the file, of symbols and of generated code, then by the symbolizer
 * (may be NULL), else as "module+0x1f", or "[unknown]+0x1f" for an address in
 * no module.
 */
extern void
arx_profile_symbolize(ArxProfile *profile, ArxSymbolizer *symbolizer);

/*
 * later minus earlier, of one process and one profile.  Sites that did not
 * change are left out; sites have no rows and no lifetimes, births and frees
 * are those in between, and so are the counters that only grow.  Functions
 * are taken over: symbolize both before.  NULL and *error when they are not
 * two snapshots of one profile in this order.  Needs both until it is freed.
 *
 * What lives in both is the same samples, so that only what was born and what
 * died in between adds to the variance.  See profile_diff.c for epochs that
 * were merged over the moment of the earlier snapshot.
 */
extern ArxProfile *
arx_profile_diff(const ArxProfile *earlier, const ArxProfile *later,
				 const char **error);

/*
 * 95 % interval of an estimate of bytes from a number of samples, which were
 * sample_bytes apart: from 30 samples on normal, below that the gamma interval
 * of Fay and Feuer (Statistics in Medicine 16, 1997, 791-801), which for
 * blocks much smaller than sample_bytes is the exact one of a Poisson number
 * (Garwood 1936).  Where each block is recorded (no variance, or less than a
 * byte's) low and high are bytes.  Never below 0, unless the estimate is a
 * difference: that one is always normal.
 */
extern ArxInterval
arx_profile_interval(double bytes, double variance, int64_t samples,
					 uint64_t sample_bytes, bool difference);

/*
 * The 95 % interval of a site of a profile: exact for mappings, otherwise as
 * above.
 */
extern ArxInterval arx_profile_site_interval(const ArxProfile *profile,
											 const ArxProfileSite *site);

#endif
