/*
 * site_print.h
 *	  How a site, a ledger and what was lost look, as text and as JSON.
 */
#ifndef ARX_PROFILER_SITE_PRINT_H
#define ARX_PROFILER_SITE_PRINT_H

#include "analysis/profile.h"
#include "cli/json_print.h"

/* Samples that a site must stand for to be shown by default: 3 intervals. */
#define ARX_NOISE_SAMPLES 3

typedef struct ArxSiteView
{
	const ArxProfile *profile;
	bool all;		  /* also what may be noise */
	bool stacks;	  /* whole stacks below the table */
	uint64_t most;	  /* rows; 0: all */
	uint64_t callers; /* shown in a row beside the function */
} ArxSiteView;

/*
 * The function a site is named after, which does not just hand memory on;
 * NULL when it has no frames.
 */
extern const ArxProfileFunction *arx_site_function(const ArxProfileSite *site);

/* The rows of an option table for a view; options.h has to be included. */
#define ARX_SITE_OPTIONS(view) \
	{"all", 0, ARX_OPTION_FLAG, &(view).all}, \
		{"top", 'n', ARX_OPTION_NUMBER, &(view).most}, \
		{"callers", 0, ARX_OPTION_NUMBER, &(view).callers}, \
	{ \
		"stacks", 's', ARX_OPTION_FLAG, &(view).stacks \
	}

/* "take (cache.c:12) < fill < main", with so many callers; cut at size. */
extern const char *arx_site_text(char *buffer, size_t size,
								 const ArxProfileSite *site, uint64_t callers);

/* "function (file:line)", clean; the file's name without its folders. */
extern const char *arx_function_text(char *buffer, size_t size,
									 const ArxProfileFunction *function);

/* The same without the parameters of a C++ function. */
extern const char *arx_function_brief(char *buffer, size_t size,
									  const ArxProfileFunction *function);

/* The whole stack, one indented line a function, the allocating one first. */
extern void
arx_print_stack(FILE *out, const ArxProfileSite *site, const char *indent);

/* "function", "file", "line", "module", "stack", "label" of a site. */
extern void arx_json_site_place(ArxJson *json, const ArxProfileSite *site);

/* "pid", "command", ..., "taken": whom a snapshot is of. */
extern void arx_json_process(ArxJson *json, const ArxProfile *profile);

/* Two lines about whom and when. */
extern void arx_print_process(FILE *out, const ArxProfile *profile);

/* The table of sampled sites, largest first, with what was hidden below it. */
extern void arx_print_sites(FILE *out, const ArxSiteView *view);
extern void arx_json_sites(ArxJson *json, const ArxSiteView *view);

/* The table of mappings (exact), if there are any. */
extern void arx_print_mappings(FILE *out, const ArxSiteView *view);

/* What the resident memory consists of; the rows add up to it. */
extern void arx_print_ledger(FILE *out, const ArxProfile *profile);
extern void arx_json_ledger(ArxJson *json, const ArxProfile *profile);

/* What the profiler lost, in words; "nothing" is said too. */
extern void arx_print_losses(FILE *out, const ArxProfile *profile);
extern void arx_json_counters(ArxJson *json, const ArxProfile *profile);

/* Names of the ledger's rows and of the counters as they stand in JSON. */
extern const char *const arx_ledger_names[ARX_HEAP_NLEDGER];
extern const char *const arx_counter_names[ARX_HEAP_NCOUNTERS];
extern const char *arx_reason_name(uint64_t reason);

#endif
