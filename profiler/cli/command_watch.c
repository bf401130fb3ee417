/*
 * command_watch.c
 *	  arxheap watch: a program's memory live, from its slot and its snapshots.
 */
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/leak_print.h"
#include "cli/process_find.h"
#include "cli/profile_open.h"
#include "cli/site_print.h"
#include "cli/text_print.h"

const char arx_help_watch[] =
	"usage: arxheap watch [options] [PID|DIR]\n"
	"\n"
	"Shows a program live, once a second: its resident memory now and how it grows,\n"
	"and from its newest snapshot the memory's parts, the largest sites and the\n"
	"verdicts.  Without a process id: the process heard of last in the folder.\n"
	"q or Ctrl-C ends it.\n"
	"\n"
	"      --every TIME         between two looks (default 1)\n"
	"      --once               print one view and end, also without a terminal\n"
	"  -n, --top N              sites shown (default: as many as fit, or 10)\n"
	"      --pid PID            of a folder: this process\n"
	"      --json               one view as JSON, then end\n" ARX_SYMBOL_HELP
		ARX_COMMON_HELP "\n"
	"examples:\n"
	"  arxheap watch                        what was started last\n"
	"  arxheap watch 4711 --every 5\n"
	"  arxheap watch 4711 --once | mail -s heap ops@example.org\n";

typedef struct WatchOptions
{
	ArxSymbolChoice symbols;
	double every;
	uint64_t top;
	uint64_t pid;
	bool once;
	bool json;
} WatchOptions;

/* What is on the screen. */
typedef struct Watch
{
	const WatchOptions *o;
	const char *target;
	ArxSymbolizer *symbolizer;
	ArxLeakReport *report; /* of the snapshot that was newest */
	char newest[4200];	   /* its path */
	double first_rss;
	double first_at;
	bool ended;
} Watch;

static volatile sig_atomic_t stop_asked;
static struct termios terminal_before;
static bool terminal_changed;

static void
ask_to_stop(int signal_number)
{
	(void) signal_number;
	stop_asked = 1;
}

/* Keys come one by one, nothing is echoed; the screen of before is kept. */
static void
enter_screen(void)
{
	struct termios raw;

	if (isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &terminal_before) == 0)
	{
		raw = terminal_before;
		raw.c_lflag &= ~(tcflag_t) (ICANON | ECHO);
		terminal_changed = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
	}
	fputs("\033[?1049h\033[?25l", stdout);
}

static void
leave_screen(void)
{
	fputs("\033[?25h\033[?1049l", stdout);
	fflush(stdout);
	if (terminal_changed)
		tcsetattr(STDIN_FILENO, TCSANOW, &terminal_before);
}

static double
now_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

/* Resident bytes of a running process; 0 when it is none. */
static double
resident_bytes(uint64_t pid)
{
	char path[64];
	double pages = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%llu/statm", (unsigned long long) pid);
	file = fopen(path, "re");
	if (file && fscanf(file, "%*s %lf", &pages) != 1)
		pages = 0;
	if (file)
		fclose(file);
	return pages * (double) sysconf(_SC_PAGESIZE);
}

/* Drops all but the series that is watched. */
static void
keep_series(ArxSnapshotList *list, size_t first, size_t length)
{
	for (size_t i = 0; i < list->count; i++)
		if (i < first || i >= first + length)
			free(list->files[i].path);
	memmove(list->files, list->files + first, length * sizeof(*list->files));
	list->count = length;
}

/* The newest series of the list, silently. */
static size_t
newest_series(const ArxSnapshotList *list, size_t *length)
{
	size_t best = 0;

	for (size_t first = 0; first < list->count;
		 first += arx_snapshot_series(list, first))
		if (list->files[first + arx_snapshot_series(list, first) - 1]
				.changed_s >=
			list->files[best + arx_snapshot_series(list, best) - 1].changed_s)
			best = first;
	*length = arx_snapshot_series(list, best);
	return best;
}

/* Judges again when there is a new snapshot; false after an error was said. */
static bool
refresh_report(Watch *watch)
{
	ArxLeakOptions options = {.symbolizer = watch->symbolizer};
	ArxSnapshotList list;
	size_t length;
	size_t first;

	if (!arx_snapshots_resolve(watch->target, watch->o->pid, &list))
	{
		arx_snapshots_free(&list);
		return false;
	}
	first = newest_series(&list, &length);
	keep_series(&list, first, length);
	if (strcmp(watch->newest, list.files[length - 1].path) != 0)
	{
		snprintf(watch->newest, sizeof(watch->newest), "%s",
				 list.files[length - 1].path);
		if (watch->report)
			arx_leak_report_free(watch->report);
		arx_leak_defaults(&options.parameters);
		options.parameters.limit_bytes = arx_memory_limit(0);
		watch->report = arx_judge_files(&list, &options);
	}
	arx_snapshots_free(&list);
	if (watch->report->nseries > 0)
		return true;
	arx_say_error("arxheap inspect FILE tells what is wrong",
				  "\"%s\" cannot be used", watch->newest);
	return false;
}

/* Our id of the watched process and its slot; false when it has ended. */
static bool
find_running(const Watch *watch, ArxProcess *process)
{
	const ArxHeapProcess *seen = &watch->report->series[0].latest->process;
	uint64_t pid;

	if (!arx_parse_number(watch->target ? watch->target : "", &pid))
		pid = seen->pid;
	return arx_process_find(pid, process, NULL) &&
		process->inner_pid == seen->pid &&
		process->slot.start_us == seen->start_us;
}

/* The first lines: what the process does right now. */
static void
print_now(Watch *watch, FILE *out)
{
	const ArxProfile *latest = watch->report->series[0].latest;
	char text[4][ARX_TEXT_MAX];
	ArxProcess process;
	double rss;
	double seconds;

	arx_print_process(out, latest);
	if (!find_running(watch, &process))
	{
		fputs("the process has ended; this is its last snapshot\n", out);
		return;
	}
	rss = resident_bytes(process.pid);
	if (watch->first_at == 0)
	{
		watch->first_at = now_seconds();
		watch->first_rss = rss;
	}
	seconds = now_seconds() - watch->first_at;
	fprintf(out, "now: %s, RSS %s", arx_state_name(process.slot.state),
			arx_text_bytes(text[0], rss, false));
	if (seconds >= 1)
		fprintf(out, " (%s in the last %s)",
				arx_text_bytes(text[1], rss - watch->first_rss, true),
				arx_text_duration(text[2], seconds));
	fprintf(out, ", about %s live in %llu sample%s, %llu lost\n",
			arx_text_bytes(text[3], (double) process.slot.live_bytes, false),
			(unsigned long long) process.slot.live_samples,
			arx_plural(process.slot.live_samples),
			(unsigned long long) process.slot.dropped);
}

static void
print_view(Watch *watch, FILE *out)
{
	const ArxLeakSeries *series = &watch->report->series[0];
	ArxSiteView view = {.profile = series->latest,
						.most = watch->o->top ? watch->o->top : 10,
						.callers = 3};
	struct winsize size;

	if (!watch->o->top && arx_terminal_columns() &&
		ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 34)
		view.most = size.ws_row - 24;
	print_now(watch, out);
	fputc('\n', out);
	arx_print_ledger(out, series->latest);
	fputc('\n', out);
	arx_print_sites(out, &view);
	fputc('\n', out);
	arx_print_leak_summary(out, series);
	arx_print_losses(out, series->latest);
}

static int
print_json_view(const Watch *watch)
{
	const ArxProfile *latest = watch->report->series[0].latest;
	ArxSiteView view = {.profile = latest,
						.most = watch->o->top ? watch->o->top : 10};
	ArxProcess process;
	bool running = find_running(watch, &process);
	ArxJson json;

	arx_json_begin(&json, stdout);
	arx_json_open(&json, NULL, '{');
	arx_json_process(&json, latest);
	arx_json_text(&json, "state",
				  running ? arx_state_name(process.slot.state) : "ended");
	if (running)
		arx_json_number(&json, "rss_now", resident_bytes(process.pid));
	arx_json_ledger(&json, latest);
	arx_json_sites(&json, &view);
	arx_json_counters(&json, latest);
	arx_json_close(&json);
	return arx_finish_output(ARX_EXIT_OK);
}

/* Draws over the last view; lines that are left of it are cleared. */
static void
draw_screen(Watch *watch)
{
	char *text = NULL;
	size_t length = 0;
	FILE *memory = open_memstream(&text, &length);

	if (!memory)
		return;
	print_view(watch, memory);
	fclose(memory);
	fputs("\033[H", stdout);
	for (const char *line = text; line && *line;)
	{
		size_t bytes = strcspn(line, "\n");

		printf("%.*s\033[K\n", (int) bytes, line);
		line += bytes + (line[bytes] == '\n');
	}
	fputs("\033[J  q ends", stdout);
	fflush(stdout);
	free(text);
}

/* Waits for the next look; true when a key or a signal asks to end. */
static bool
wait_or_stop(double seconds)
{
	struct pollfd keys = {.fd = terminal_changed ? STDIN_FILENO : -1,
						  .events = POLLIN};
	char key;

	if (poll(&keys, 1, (int) fmin(seconds * 1000, 86400000)) > 0 &&
		read(STDIN_FILENO, &key, 1) == 1)
		return key == 'q' || key == 'Q' || key == 4;
	return stop_asked != 0;
}

static int
watch_live(Watch *watch)
{
	struct sigaction action = {.sa_handler = ask_to_stop};
	bool good = true;

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	enter_screen();
	do
	{
		draw_screen(watch);
		if (stop_asked || wait_or_stop(watch->o->every))
			break;
		good = refresh_report(watch);
	} while (good && !stop_asked && !ferror(stdout));
	leave_screen();
	return good ? ARX_EXIT_OK : ARX_EXIT_FAILED;
}

int
arx_command_watch(int argc, char **argv)
{
	WatchOptions o = {.every = 1};
	const ArxOption options[] = {{"every", 0, ARX_OPTION_SECONDS, &o.every},
								 {"once", 0, ARX_OPTION_FLAG, &o.once},
								 {"top", 'n', ARX_OPTION_NUMBER, &o.top},
								 {"pid", 0, ARX_OPTION_NUMBER, &o.pid},
								 {"json", 0, ARX_OPTION_FLAG, &o.json},
								 ARX_SYMBOL_OPTIONS(o.symbols),
								 {0}};
	Watch watch = {.o = &o};
	int first;
	int status;

	if (!arx_options_parse(argc, argv, options, 0, 1, &first, &status))
		return status;
	if (!o.once && !o.json && !isatty(STDOUT_FILENO))
	{
		arx_say_error("--once prints one view", "stdout is not a terminal");
		return ARX_EXIT_USAGE;
	}
	watch.target = argv[first];
	watch.symbolizer = arx_choose_symbols(&o.symbols);
	status = ARX_EXIT_FAILED;
	if (refresh_report(&watch))
	{
		if (o.json)
			status = print_json_view(&watch);
		else if (o.once)
		{
			print_view(&watch, stdout);
			status = ARX_EXIT_OK;
		}
		else
			status = watch_live(&watch);
	}
	if (watch.report)
		arx_leak_report_free(watch.report);
	arx_symbolizer_free(watch.symbolizer);
	return arx_finish_output(status);
}
