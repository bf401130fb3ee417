/*
 * ledger_print.c
 *	  Shows whose snapshot it is, what RSS consists of, and what was lost.
 */
#include <errno.h>
#include <string.h>

#include "cli/site_print.h"
#include "cli/text_print.h"

const char *const arx_ledger_names[ARX_HEAP_NLEDGER] = {
	"rss",			"peak_rss", "live",	  "fragmentation", "retained",
	"metadata",		"profiler", "stacks", "anonymous",	   "file",
	"unattributed", "reserved", "swap"};

static const char *const ledger_words[ARX_HEAP_NLEDGER] = {
	[ARX_HEAP_LEDGER_LIVE] = "live: handed out by malloc, exact",
	[ARX_HEAP_LEDGER_FRAGMENTATION] =
		"fragmentation: unused parts of pages in use",
	[ARX_HEAP_LEDGER_RETAINED] = "retained: free pages that malloc keeps",
	[ARX_HEAP_LEDGER_METADATA] = "metadata of malloc",
	[ARX_HEAP_LEDGER_PROFILER] = "this profiler",
	[ARX_HEAP_LEDGER_STACKS] = "stacks of threads",
	[ARX_HEAP_LEDGER_ANONYMOUS] = "anonymous mappings of the program",
	[ARX_HEAP_LEDGER_FILE] = "files and shared memory",
	[ARX_HEAP_LEDGER_UNATTRIBUTED] = "unattributed",
};

const char *const arx_counter_names[ARX_HEAP_NCOUNTERS] = {"samples",
														   "live",
														   "freed",
														   "dropped_memory",
														   "dropped_range",
														   "dropped_nested",
														   "stacks_truncated",
														   "stacks_failed",
														   "sites_dropped",
														   "mappings_dropped",
														   "labels_dropped",
														   "snapshots",
														   "snapshots_failed",
														   "snapshots_thinned",
														   "memory",
														   "inherited",
														   "pause_max_ns",
														   "errno"};

/* What is worth telling when it is not 0; a sentence's rest. */
static const char *const loss_words[ARX_HEAP_NCOUNTERS] = {
	[ARX_HEAP_COUNT_DROPPED_MEMORY] =
		"samples were dropped: the profiler's memory was full (ARXHEAP_MEMORY)",
	[ARX_HEAP_COUNT_DROPPED_RANGE] =
		"samples were dropped: the address range was full or absent",
	[ARX_HEAP_COUNT_DROPPED_NESTED] =
		"samples were dropped: the profiler was at work in that thread",
	[ARX_HEAP_COUNT_STACKS_TRUNCATED] =
		"stacks were deeper than the limit (ARXHEAP_DEPTH); their roots are missing",
	[ARX_HEAP_COUNT_STACKS_FAILED] = "stacks could not be unwound to the root",
	[ARX_HEAP_COUNT_SITES_DROPPED] =
		"sites are not in this file: it would have been too large",
	[ARX_HEAP_COUNT_MAPPINGS_DROPPED] = "mappings found no room in the ledger",
	[ARX_HEAP_COUNT_LABELS_DROPPED] = "labels found no room",
	[ARX_HEAP_COUNT_SNAPSHOTS_FAILED] = "snapshots could not be written",
	[ARX_HEAP_COUNT_SNAPSHOTS_THINNED] =
		"snapshots were removed to keep within ARXHEAP_KEEP",
	[ARX_HEAP_COUNT_INHERITED] =
		"live samples are from before the fork, and not in this file",
};

const char *
arx_reason_name(uint64_t reason)
{
	static const char *const names[] = {"interval", "request", "growth", "exit",
										"disarm"};

	return reason < sizeof(names) / sizeof(*names) ? names[reason] : "unknown";
}

void
arx_print_process(FILE *out, const ArxProfile *profile)
{
	const ArxHeapProcess *process = &profile->process;
	char command[160];
	char host[80];
	char age[ARX_TEXT_MAX];
	char taken[ARX_TEXT_MAX];

	arx_text_clean(command, sizeof(command),
				   process->command.length ? process->command.data
										   : process->executable.data);
	arx_text_clean(host, sizeof(host), process->host.data);
	fprintf(out, "%s\n", command);
	fprintf(out,
			"process %llu on %s, profiled for %s, snapshot %llu (%s) of %s\n",
			(unsigned long long) process->pid, host,
			arx_text_duration(age, (double) process->elapsed_ms / 1000),
			(unsigned long long) process->sequence,
			arx_reason_name(process->reason),
			arx_text_time(taken, process->taken_us));
}

void
arx_json_process(ArxJson *json, const ArxProfile *profile)
{
	const ArxHeapProcess *process = &profile->process;
	char time[ARX_TEXT_MAX];

	arx_json_integer(json, "pid", (int64_t) process->pid);
	arx_json_integer(json, "parent_pid", (int64_t) process->parent_pid);
	arx_json_text(json, "host", process->host.data);
	arx_json_text(json, "executable", process->executable.data);
	arx_json_text(json, "command", process->command.data);
	arx_json_integer(json, "start_us", (int64_t) process->start_us);
	arx_json_text(json, "taken", arx_text_time(time, process->taken_us));
	arx_json_integer(json, "taken_us", (int64_t) process->taken_us);
	arx_json_number(json, "elapsed_seconds",
					(double) process->elapsed_ms / 1000);
	arx_json_integer(json, "sequence", (int64_t) process->sequence);
	arx_json_text(json, "reason", arx_reason_name(process->reason));
	arx_json_integer(json, "sample_bytes", (int64_t) process->sample_bytes);
	arx_json_text(json, "snapshot", profile->path);
}

void
arx_print_ledger(FILE *out, const ArxProfile *profile)
{
	const int64_t *ledger = profile->ledger;
	double rss = (double) ledger[ARX_HEAP_LEDGER_RSS];
	bool difference = profile->is_diff;
	char text[ARX_TEXT_MAX];
	double sum = 0;
	ArxTable table;

	if (rss == 0 && ledger[ARX_HEAP_LEDGER_LIVE] == 0)
	{
		fputs("Resident memory: not in this snapshot\n", out);
		return;
	}
	arx_table_begin(&table, "lrr",
					difference ? "Resident memory, change|MiB|"
							   : "Resident memory|MiB|share");
	for (int i = ARX_HEAP_LEDGER_LIVE; i <= ARX_HEAP_LEDGER_UNATTRIBUTED; i++)
	{
		sum += (double) ledger[i];
		arx_table_cell(&table, "  %s", ledger_words[i]);
		arx_table_cell(&table, difference ? "%+.1f" : "%.1f",
					   (double) ledger[i] / 1048576);
		if (difference || rss <= 0)
			arx_table_cell(&table, "%s", "");
		else
			arx_table_cell(&table, "%.1f %%", 100 * (double) ledger[i] / rss);
	}
	arx_table_cell(&table, sum == rss ? "  sum = RSS" : "  sum (RSS: %s)",
				   arx_text_bytes(text, rss, difference));
	arx_table_cell(&table, difference ? "%+.1f" : "%.1f", sum / 1048576);
	arx_table_cell(&table, "%s", difference || rss <= 0 ? "" : "100.0 %");
	arx_table_print(&table, out, 0);
	if (!difference)
		fprintf(out, "  peak RSS %s",
				arx_text_bytes(text, (double) ledger[ARX_HEAP_LEDGER_PEAK_RSS],
							   false));
	if (!difference && ledger[ARX_HEAP_LEDGER_RESERVED])
		fprintf(out, "; reserved addresses %s",
				arx_text_bytes(text, (double) ledger[ARX_HEAP_LEDGER_RESERVED],
							   false));
	if (!difference && ledger[ARX_HEAP_LEDGER_SWAP])
		fprintf(
			out, "; in swap %s",
			arx_text_bytes(text, (double) ledger[ARX_HEAP_LEDGER_SWAP], false));
	if (!difference)
		fputc('\n', out);
}

void
arx_json_ledger(ArxJson *json, const ArxProfile *profile)
{
	arx_json_open(json, "ledger", '{');
	for (int i = 0; i < ARX_HEAP_NLEDGER; i++)
		arx_json_integer(json, arx_ledger_names[i], profile->ledger[i]);
	arx_json_close(json);
}

void
arx_print_losses(FILE *out, const ArxProfile *profile)
{
	const uint64_t *counters = profile->counters;
	bool any = false;

	for (int i = 0; i < ARX_HEAP_NCOUNTERS; i++)
	{
		if (!loss_words[i] || counters[i] == 0)
			continue;
		fprintf(out, "%s%llu %s",
				any ? "\n      " : "Lost: ", (unsigned long long) counters[i],
				loss_words[i]);
		if (i == ARX_HEAP_COUNT_SNAPSHOTS_FAILED &&
			counters[ARX_HEAP_COUNT_ERRNO] < 4096)
			fprintf(out, ": %s",
					strerror((int) counters[ARX_HEAP_COUNT_ERRNO]));
		any = true;
	}
	fprintf(out, any ? "\n" : "Lost: nothing; all %llu samples were kept\n",
			(unsigned long long) counters[ARX_HEAP_COUNT_SAMPLES]);
	if (counters[ARX_HEAP_COUNT_DROPPED_MEMORY] +
			counters[ARX_HEAP_COUNT_DROPPED_RANGE] >
		counters[ARX_HEAP_COUNT_SAMPLES] / 100)
		fputs(
			"So many samples were dropped that the figures of the heap are too low.\n",
			out);
}

void
arx_json_counters(ArxJson *json, const ArxProfile *profile)
{
	arx_json_open(json, "counters", '{');
	for (int i = 0; i < ARX_HEAP_NCOUNTERS; i++)
		arx_json_integer(json, arx_counter_names[i],
						 (int64_t) profile->counters[i]);
	arx_json_close(json);
}
