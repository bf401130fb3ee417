/*
 * rss_ledger.c
 *	  What the resident memory of the process consists of.
 *
 * Where each number comes from, and how far it may be off:
 *
 *	RSS, peak, swap   /proc/thread-self/status.  Linux 6.2 to 6.15 keep these
 *					  counters by processor and may show some pages too few.
 *	live			  jemalloc: what it handed out, rounded up to its size
 *					  classes, less what lies freed in threads' caches.
 *	fragmentation	  jemalloc: pages in use, less live and less its own blocks.
 *	retained		  jemalloc: freed pages not given back (dirty and muzzy).
 *	metadata		  jemalloc: what it reserved for itself and began to use.
 *	profiler		  the runtime's tables and buffers.
 *	stacks			  thread_stacks.h says which are found.
 *	anonymous		  resident pages of the ledger of mappings, but not shared
 *					  ones (in "file") and huge ones of hugetlbfs (not in RSS).
 *	file			  the system's count of file-backed and shared pages.
 *	unattributed	  the rest, so that all adds up to RSS.
 *
 * What jemalloc reckons need not have been touched, and then is not in memory.
 * Where its sum is more than the system leaves for it, first its index of
 * addresses (metadata, mostly untouched), then freed pages, then the rest of
 * the metadata are cut to what there is room for; blocks that were handed out
 * and never touched make "unattributed" negative.  What makes it larger: data of
 * programs and libraries that was
 * changed since they were loaded, memory from before the profiler was armed,
 * and anonymous mappings beyond the first SCAN_MAX bytes, whose pages are not
 * asked for, so that a snapshot takes no longer in a process of terabytes.
 *
 * The program goes on while this is measured, so the parts are of slightly
 * different moments.  The system's tables of pages are only looked at in small
 * steps: no fault or mmap() of the program waits for a walk over all of it.
 */
#include "runtime/rss_ledger.h"

#include <string.h>
#include <unistd.h>

#include "runtime/jemalloc.h"
#include "runtime/mapping_ledger.h"
#include "runtime/private_memory.h"
#include "runtime/proc_file.h"
#include "runtime/resident_pages.h"
#include "runtime/text_format.h"
#include "runtime/thread_stacks.h"

#define SCAN_MAX (64ULL << 30)

/* All arenas together (MALLCTL_ARENAS_ALL). */
#define ARENAS "stats.arenas.4096."

/* The number of a line such as "VmRSS:     1234 kB", in bytes; 0 without it. */
static int64_t
status_bytes(const char *text, const char *name)
{
	const char *end = text + strlen(text);
	const char *pos = strstr(text, name);
	uint64_t value;

	if (pos == NULL)
		return 0;
	pos += strlen(name);
	while (*pos == ' ' || *pos == '\t')
		pos++;
	return ah_parse_decimal(&pos, end, &value) ? (int64_t) value * 1024 : 0;
}

static void
ask_system(int64_t ledger[ARX_HEAP_NLEDGER])
{
	static char text[8192];

	if (ah_file_read("/proc/thread-self/status", text, sizeof(text)) <= 0)
		return;
	ledger[ARX_HEAP_LEDGER_RSS] = status_bytes(text, "\nVmRSS:");
	ledger[ARX_HEAP_LEDGER_PEAK_RSS] = status_bytes(text, "\nVmHWM:");
	ledger[ARX_HEAP_LEDGER_SWAP] = status_bytes(text, "\nVmSwap:");
	ledger[ARX_HEAP_LEDGER_FILE] =
		status_bytes(text, "\nRssFile:") + status_bytes(text, "\nRssShmem:");
}

/* A number of jemalloc's, 0 when it has none of that name. */
static int64_t
ask_number(const char *name)
{
	size_t value = 0;
	size_t length = sizeof(value);

	return je_mallctl(name, &value, &length, NULL, 0) == 0 ? (int64_t) value
														   : 0;
}

/*
 * jemalloc counts blocks of its own (internal) and blocks in the threads'
 * caches as allocated, and as resident: metadata, pages in use, dirty pages.
 */
static void
ask_allocator(int64_t ledger[ARX_HEAP_NLEDGER])
{
	uint64_t epoch = 1;
	int64_t page = ask_number("arenas.page");
	int64_t active;
	int64_t dirty;
	int64_t internal;
	int64_t cached;

	je_mallctl("epoch", NULL, NULL, &epoch, sizeof(epoch));
	active = ask_number(ARENAS "pactive") * page;
	dirty = ask_number(ARENAS "pdirty") * page;
	internal = ask_number(ARENAS "internal");
	cached = ask_number(ARENAS "tcache_bytes") +
		ask_number(ARENAS "tcache_stashed_bytes");
	ledger[ARX_HEAP_LEDGER_LIVE] =
		ask_number("stats.allocated") - internal - cached;
	ledger[ARX_HEAP_LEDGER_FRAGMENTATION] =
		active - internal - ledger[ARX_HEAP_LEDGER_LIVE];
	ledger[ARX_HEAP_LEDGER_RETAINED] =
		dirty + ask_number(ARENAS "pmuzzy") * page;
	ledger[ARX_HEAP_LEDGER_METADATA] =
		ask_number(ARENAS "resident") - active - dirty + internal;
}

static void
look_at_mappings(int64_t ledger[ARX_HEAP_NLEDGER])
{
	AhMappingCopy regions[64];
	uintptr_t position = 0;
	uint64_t scanned = 0;
	size_t n;

	while ((n = ah_mappings_copy(&position, regions, 64)) > 0)
		for (size_t i = 0; i < n; i++)
		{
			if (regions[i].kind == ARX_HEAP_SITE_RESERVE)
				ledger[ARX_HEAP_LEDGER_RESERVED] += (int64_t) regions[i].length;
			else if (!regions[i].shared &&
					 scanned + regions[i].length <= SCAN_MAX)
			{
				scanned += regions[i].length;
				ledger[ARX_HEAP_LEDGER_ANONYMOUS] +=
					(int64_t) ah_resident(regions[i].start, regions[i].length);
			}
		}
}

static int64_t
smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Takes from a part what it holds, at most so much. */
static void
cut(int64_t *part, int64_t excess)
{
	int64_t taken = smaller(*part, excess);

	if (taken > 0)
		*part -= taken;
}

/*
 * How much of the metadata may be index that was never touched: jemalloc keeps
 * 2 MiB for each GiB of addresses in which it has something, and the program,
 * the range of samples and the edges of both are some GiB apart.  A quarter of
 * the metadata is left for what was touched.
 */
static int64_t
untouched_index(const int64_t ledger[ARX_HEAP_NLEDGER])
{
	int64_t windows = 4 + (ask_number("stats.mapped") >> 30);

	return smaller(windows << 21, ledger[ARX_HEAP_LEDGER_METADATA] / 4 * 3);
}

static int64_t
rest_of_rss(const int64_t ledger[ARX_HEAP_NLEDGER])
{
	int64_t rest = ledger[ARX_HEAP_LEDGER_RSS];

	for (int i = ARX_HEAP_LEDGER_LIVE; i <= ARX_HEAP_LEDGER_FILE; i++)
		rest -= ledger[i];
	return rest;
}

void
ah_rss_ledger(int64_t ledger[ARX_HEAP_NLEDGER])
{
	memset(ledger, 0, ARX_HEAP_NLEDGER * sizeof(ledger[0]));
	ask_system(ledger);
	ask_allocator(ledger);
	ledger[ARX_HEAP_LEDGER_STACKS] = (int64_t) ah_thread_stacks_resident();
	ledger[ARX_HEAP_LEDGER_PROFILER] = (int64_t) ah_resident_bytes();
	look_at_mappings(ledger);
	cut(&ledger[ARX_HEAP_LEDGER_METADATA],
		smaller(-rest_of_rss(ledger), untouched_index(ledger)));
	cut(&ledger[ARX_HEAP_LEDGER_RETAINED], -rest_of_rss(ledger));
	cut(&ledger[ARX_HEAP_LEDGER_METADATA], -rest_of_rss(ledger));
	ledger[ARX_HEAP_LEDGER_UNATTRIBUTED] = rest_of_rss(ledger);
}
