/*
 * leak_print.c
 *	  Judges snapshots and shows the verdicts, for people and for programs.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/leak_print.h"
#include "cli/site_print.h"
#include "cli/text_print.h"

static void
show_progress(void *context, size_t done, size_t all)
{
	(void) context;
	arx_progress("reading snapshots: %zu of %zu", done, all);
}

ArxLeakReport *
arx_judge_files(const ArxSnapshotList *list, ArxLeakOptions *options)
{
	const char **paths = calloc(list->count + 1, sizeof(*paths));
	ArxLeakReport *report;

	for (size_t i = 0; paths && i < list->count; i++)
		paths[i] = list->files[i].path;
	options->progress = show_progress;
	report = arx_leak_report(paths, paths ? list->count : 0, options);
	free(paths);
	arx_progress_end();
	for (size_t i = 0; i < report->nproblems; i++)
	{
		char path[512];
		char why[512];

		arx_say_note(
			"%s is left out: %s",
			arx_text_clean(path, sizeof(path), report->problems[i].path),
			arx_text_clean(why, sizeof(why), report->problems[i].sentence));
	}
	return report;
}

/* The number in a file of the control group system; 0 for "max" or no file. */
static double
read_limit(const char *path)
{
	FILE *file = fopen(path, "re");
	double limit = 0;

	if (file && fscanf(file, "%lf", &limit) != 1)
		limit = 0;
	if (file)
		fclose(file);
	/* Version 1 says "none" by a number near 2^63. */
	return limit > 0 && limit < 4e18 ? limit : 0;
}

/* The least limit from a control group up to the root. */
static double
group_limit(const char *base, char *group, const char *name)
{
	double least = 0;
	char path[4400];
	char *slash;

	do
	{
		double limit;

		snprintf(path, sizeof(path), "%s%s/%s", base, group, name);
		limit = read_limit(path);
		if (limit > 0 && (least == 0 || limit < least))
			least = limit;
		slash = strrchr(group, '/');
		if (slash)
			*slash = '\0';
	} while (slash);
	return least;
}

static double
control_group_limit(uint64_t pid)
{
	char path[64];
	char line[4096];
	double least = 0;
	FILE *file;

	snprintf(path, sizeof(path),
			 pid ? "/proc/%llu/cgroup" : "/proc/self/cgroup",
			 (unsigned long long) pid);
	file = fopen(path, "re");
	while (file && least == 0 && fgets(line, sizeof(line), file))
	{
		char *group;

		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "0::", 3) == 0)
			least = group_limit("/sys/fs/cgroup", line + 3, "memory.max");
		else if (strstr(line, ":memory:") && (group = strrchr(line, ':')))
			least = group_limit("/sys/fs/cgroup/memory", group + 1,
								"memory.limit_in_bytes");
	}
	if (file)
		fclose(file);
	return least;
}

double
arx_memory_limit(uint64_t pid)
{
	double limit = control_group_limit(pid);
	FILE *file = fopen("/proc/meminfo", "re");
	double total = 0;

	if (file && fscanf(file, "MemTotal: %lf kB", &total) == 1)
		total *= 1024;
	if (file)
		fclose(file);
	return limit > 0 && (limit < total || total <= 0) ? limit : total;
}

bool
arx_has_verdict(const ArxLeakReport *report, ArxLeakVerdict least)
{
	for (size_t i = 0; i < report->nseries; i++)
		for (size_t k = 0; k < report->series[i].nentries; k++)
			if (report->series[i].entries[k].finding.verdict >= least)
				return true;
	return false;
}

/* Whether the rate of an entry says anything. */
static bool
has_rate(const ArxLeakFinding *finding)
{
	return finding->verdict >= ARX_LEAK_SUSPECT && finding->bytes_per_hour > 0;
}

static const char *
rate_text(char buffer[ARX_TEXT_MAX], const ArxLeakFinding *finding)
{
	char estimate[ARX_TEXT_MAX];
	ArxInterval interval = {finding->bytes_per_hour_low,
							finding->bytes_per_hour_high};

	if (!has_rate(finding))
		return strcpy(buffer, "-");
	snprintf(
		buffer, ARX_TEXT_MAX, "%.100s/h",
		arx_text_estimate(estimate, finding->bytes_per_hour, interval, false));
	return buffer;
}

/* "take (cache.c:12)", and the label. */
static const char *
place_text(char *buffer, size_t size, const ArxLeakEntry *entry)
{
	char label[160];
	size_t used;

	arx_function_brief(buffer, size, entry->shown);
	used = strlen(buffer);
	if (entry->label[0])
		snprintf(buffer + used, size - used, "  [%s]",
				 arx_text_clean(label, sizeof(label), entry->label));
	return buffer;
}

static void
print_entry(FILE *out, const ArxLeakEntry *entry, bool stack)
{
	bool bold = entry->finding.verdict == ARX_LEAK_LEAK && out == stdout &&
		arx_terminal_colours();
	char place[1024];
	char live[ARX_TEXT_MAX];
	char rate[ARX_TEXT_MAX];
	char evidence[1024];

	fprintf(out, "%s%s%s  %s\n", bold ? "\033[1;31m" : "",
			arx_leak_verdict_name(entry->finding.verdict),
			bold ? "\033[0m" : "", place_text(place, sizeof(place), entry));
	fprintf(
		out, "    live %s (%llu sample%s)",
		arx_text_estimate(live, entry->finding.live_bytes, entry->live, false),
		(unsigned long long) entry->finding.samples,
		arx_plural(entry->finding.samples));
	if (has_rate(&entry->finding))
		fprintf(out, ", growing by %s", rate_text(rate, &entry->finding));
	if (has_rate(&entry->finding) && isfinite(entry->finding.seconds_to_limit))
		fprintf(out, ", %s to the memory limit",
				arx_text_duration(live, entry->finding.seconds_to_limit));
	if (entry->nsites > 1)
		fprintf(out, "; %zu sites below this call", entry->nsites);
	fprintf(out, "\n    %s\n",
			arx_text_clean(evidence, sizeof(evidence), entry->evidence));
	for (uint32_t i = stack ? entry->nfunctions : 0; i-- > 0;)
		fprintf(out, "      %s\n",
				arx_function_text(place, sizeof(place), entry->functions[i]));
}

static void
print_series(FILE *out, const ArxLeakSeries *series, const ArxLeakView *view)
{
	size_t counts[ARX_LEAK_LEAK + 1] = {0};
	size_t shown = 0;
	const char *separator = "";

	arx_print_process(out, series->latest);
	fprintf(out, "%zu snapshot%s of this profile, %zu site%s judged\n\n",
			series->nsnapshots, arx_plural(series->nsnapshots),
			series->nentries, arx_plural(series->nentries));
	for (size_t i = 0; i < series->nentries; i++)
	{
		ArxLeakVerdict verdict = series->entries[i].finding.verdict;

		counts[verdict <= ARX_LEAK_LEAK ? verdict : 0]++;
		if (verdict < view->least)
			continue;
		print_entry(out, &series->entries[i],
					view->stacks || verdict == ARX_LEAK_LEAK);
		shown++;
	}
	if (shown == 0)
		fprintf(out, "nothing to show: no site is judged \"%s\" or worse\n",
				arx_leak_verdict_name(view->least));
	fputs("\nverdicts: ", out);
	for (int verdict = ARX_LEAK_LEAK; verdict >= 0; verdict--)
		if (counts[verdict])
		{
			fprintf(out, "%s%zu %s", separator, counts[verdict],
					arx_leak_verdict_name(verdict));
			separator = ", ";
		}
	fprintf(out, "%s%s\n", *separator ? "" : "none, nothing was sampled",
			shown < series->nentries ? " (--all shows each)" : "");
}

void
arx_print_leaks(FILE *out, const ArxLeakView *view)
{
	for (size_t i = 0; i < view->report->nseries; i++)
	{
		if (i > 0)
			fputc('\n', out);
		print_series(out, &view->report->series[i], view);
	}
}

static void
print_entry_json(ArxJson *json, const ArxLeakSeries *series,
				 const ArxLeakEntry *entry)
{
	const ArxLeakFinding *finding = &entry->finding;
	char text[1024];

	arx_json_open(json, NULL, '{');
	arx_json_text(json, "verdict", arx_leak_verdict_name(finding->verdict));
	arx_json_number(json, "bytes_per_hour", finding->bytes_per_hour);
	arx_json_number(json, "bytes_per_hour_low", finding->bytes_per_hour_low);
	arx_json_number(json, "bytes_per_hour_high", finding->bytes_per_hour_high);
	arx_json_number(json, "live_bytes", finding->live_bytes);
	arx_json_number(json, "live_bytes_low", entry->live.low);
	arx_json_number(json, "live_bytes_high", entry->live.high);
	arx_json_integer(json, "samples", (int64_t) finding->samples);
	arx_json_text(json, "function", entry->shown ? entry->shown->name : NULL);
	arx_json_text(json, "file", entry->shown ? entry->shown->file : NULL);
	if (entry->shown && entry->shown->line)
		arx_json_integer(json, "line", entry->shown->line);
	else
		arx_json_text(json, "line", NULL);
	arx_json_text(json, "module", entry->shown ? entry->shown->module : NULL);
	arx_json_open(json, "stack", '[');
	for (uint32_t i = entry->nfunctions; i-- > 0;)
		arx_json_text(
			json, NULL,
			arx_function_text(text, sizeof(text), entry->functions[i]));
	arx_json_close(json);
	arx_json_text(json, "label", entry->label[0] ? entry->label : NULL);
	arx_json_text(json, "evidence", entry->evidence);
	arx_json_text(json, "reason", finding->reason);
	arx_json_integer(json, "sites", (int64_t) entry->nsites);
	arx_json_integer(json, "mature_samples", (int64_t) finding->mature_samples);
	arx_json_integer(json, "mature_epochs", finding->mature_epochs);
	arx_json_integer(json, "mature_deaths", (int64_t) finding->mature_deaths);
	arx_json_number(json, "mature_age_seconds", finding->mature_age);
	arx_json_number(json, "hazard_per_second", finding->hazard);
	arx_json_number(json, "hazard_allowed", finding->hazard_allowed);
	arx_json_number(json, "p_value", finding->p_value);
	arx_json_number(json, "start_seconds", finding->start);
	arx_json_number(json, "window_from_seconds", finding->window_from);
	arx_json_number(json, "window_to_seconds", finding->window_to);
	arx_json_number(json, "seconds_to_limit", finding->seconds_to_limit);
	arx_json_number(json, "wait_seconds", finding->wait_seconds);
	arx_json_integer(json, "pid", (int64_t) series->latest->process.pid);
	arx_json_text(json, "executable", series->latest->process.executable.data);
	arx_json_text(json, "snapshot", series->latest->path);
	arx_json_close(json);
}

void
arx_json_leaks(FILE *out, const ArxLeakView *view)
{
	ArxJson json;

	arx_json_begin(&json, out);
	arx_json_open(&json, NULL, '[');
	for (size_t i = 0; i < view->report->nseries; i++)
		for (size_t k = 0; k < view->report->series[i].nentries; k++)
			if (view->report->series[i].entries[k].finding.verdict >=
				view->least)
				print_entry_json(&json, &view->report->series[i],
								 &view->report->series[i].entries[k]);
	arx_json_close(&json);
}

void
arx_print_leak_summary(FILE *out, const ArxLeakSeries *series)
{
	const ArxHeapProcess *process = &series->latest->process;
	const char *base = strrchr(process->executable.data, '/');
	size_t worse = 0;
	size_t bounded = 0;
	char name[128];
	char text[ARX_TEXT_MAX];
	char place[1024];

	for (size_t i = 0; i < series->nentries; i++)
	{
		worse += series->entries[i].finding.verdict >= ARX_LEAK_SUSPECT;
		bounded += series->entries[i].finding.verdict == ARX_LEAK_BOUNDED_CACHE;
	}
	fprintf(out, "arxheap: %s %llu, %zu snapshot%s in %s, RSS %.1f MiB: ",
			arx_text_clean(name, sizeof(name),
						   base ? base + 1 : process->executable.data),
			(unsigned long long) process->pid, series->nsnapshots,
			arx_plural(series->nsnapshots),
			arx_text_duration(text, (double) process->elapsed_ms / 1000),
			(double) series->latest->ledger[ARX_HEAP_LEDGER_RSS] / 1048576);
	if (worse == 0)
		fprintf(out, "no leak seen in %zu site%s", series->nentries,
				arx_plural(series->nentries));
	else
		fprintf(out, "%zu of %zu sites leak or may leak", worse,
				series->nentries);
	if (bounded)
		fprintf(out, ", %zu bounded cache%s", bounded, arx_plural(bounded));
	fputc('\n', out);
	for (size_t i = 0; i < series->nentries && i < 3; i++)
		if (series->entries[i].finding.verdict >= ARX_LEAK_SUSPECT)
			fprintf(out, "  %s: %s, %s\n",
					arx_leak_verdict_name(series->entries[i].finding.verdict),
					place_text(place, sizeof(place), &series->entries[i]),
					rate_text(text, &series->entries[i].finding));
}
