/*
 * command_list.c
 *	  arxheap list: which processes are profiled, and what was written.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/json_print.h"
#include "cli/options.h"
#include "cli/process_find.h"
#include "cli/snapshot_files.h"
#include "cli/text_print.h"

const char arx_help_list[] =
	"usage: arxheap list [options] [DIR]\n"
	"\n"
	"Shows the processes that are profiled into a folder (default: ARXHEAP_DIR, or\n"
	"/tmp/arxheap-UID) and the snapshots that are there, one line a process:\n"
	"armed, inert, refused, or ended; how many samples live; how many files.\n"
	"\n"
	"  -f, --files              a line a snapshot file as well\n"
	"      --json               for programs\n"
	"      --progress           say on stderr what takes long, also without a terminal\n"
	"  -h, --help               this text\n"
	"\n"
	"examples:\n"
	"  arxheap list\n"
	"  arxheap list /var/lib/profiles --files\n"
	"  arxheap list --json | jq '.processes[] | select(.state == \"armed\") | .pid'\n";

/* A process that has a slot, or snapshots, or both. */
typedef struct Entry
{
	uint64_t pid;	  /* as it knows itself */
	uint64_t our_pid; /* 0: it has ended */
	uint64_t start_us;
	const ArxSlotCopy *slot;	  /* NULL none */
	const ArxSnapshotFile *files; /* NULL none */
	size_t nfiles;
	uint64_t bytes;
} Entry;

static int
compare_entries(const void *left, const void *right)
{
	const Entry *a = left;
	const Entry *b = right;

	return a->start_us < b->start_us ? -1 : a->start_us > b->start_us;
}

/* An exec leaves the slot of the program before behind, under the same id. */
static bool
is_superseded(const ArxSlotCopy *slots, size_t nslots, const ArxSlotCopy *slot)
{
	for (size_t i = 0; i < nslots; i++)
		if (slots[i].pid == slot->pid &&
			slots[i].namespace_id == slot->namespace_id &&
			slots[i].start_us > slot->start_us)
			return true;
	return false;
}

/* Joins slots and series of files into entries; returns their number. */
static size_t
join(const ArxSlotCopy *slots, size_t nslots, const ArxSnapshotList *list,
	 Entry *entries)
{
	size_t count = 0;

	for (size_t first = 0, n; first < list->count; first += n)
	{
		Entry *entry = &entries[count++];

		n = arx_snapshot_series(list, first);
		*entry = (Entry){.pid = list->files[first].pid,
						 .start_us = list->files[first].start_us,
						 .files = &list->files[first],
						 .nfiles = n};
		for (size_t i = first; i < first + n; i++)
			entry->bytes += list->files[i].bytes;
	}
	for (size_t i = 0; i < nslots; i++)
	{
		uint64_t our_pid = is_superseded(slots, nslots, &slots[i])
			? 0
			: arx_slot_process(&slots[i]);
		size_t at = 0;

		while (at < count &&
			   (entries[at].pid != slots[i].pid ||
				entries[at].start_us != slots[i].start_us))
			at++;
		if (at == count && our_pid == 0)
			continue; /* ended without a trace */
		if (at == count)
			entries[count++] =
				(Entry){.pid = slots[i].pid, .start_us = slots[i].start_us};
		entries[at].slot = &slots[i];
		entries[at].our_pid = our_pid;
	}
	qsort(entries, count, sizeof(*entries), compare_entries);
	return count;
}

static const char *
state_of(const Entry *entry)
{
	if (entry->our_pid == 0)
		return "ended";
	return arx_state_name(entry->slot->state);
}

static bool
is_refused(const Entry *entry)
{
	return entry->our_pid != 0 && entry->slot->state == ARX_HEAP_REFUSED;
}

/* The program's name: from its files, or from /proc. */
static const char *
program_of(const Entry *entry, char *buffer, size_t size)
{
	char path[64];
	FILE *file;

	buffer[0] = '\0';
	if (entry->nfiles)
	{
		snprintf(buffer, size, "%.*s", (int) entry->files[0].name_length,
				 entry->files[0].base);
		return buffer;
	}
	snprintf(path, sizeof(path), "/proc/%llu/comm",
			 (unsigned long long) entry->our_pid);
	file = fopen(path, "re");
	if (file && fgets(buffer, (int) size, file))
		buffer[strcspn(buffer, "\n")] = '\0';
	if (file)
		fclose(file);
	return buffer;
}

static void
print_entries(const Entry *entries, size_t count, bool files)
{
	ArxTable table;
	char text[ARX_TEXT_MAX];
	char name[80];

	arx_table_begin(&table, "rllrrrl",
					"pid|program|state|live|samples|files|newest");
	for (size_t i = 0; i < count; i++)
	{
		const Entry *entry = &entries[i];
		const ArxSlotCopy *slot =
			entry->our_pid && entry->slot->state == ARX_HEAP_ARMED ? entry->slot
																   : NULL;
		uint64_t newest = entry->nfiles
			? (uint64_t) entry->files[entry->nfiles - 1].changed_s * 1000000
			: 0;

		arx_table_cell(&table, "%llu",
					   (unsigned long long) (entry->our_pid ? entry->our_pid
															: entry->pid));
		arx_table_cell(&table, "%s", program_of(entry, name, sizeof(name)));
		arx_table_cell(&table, "%s", state_of(entry));
		arx_table_cell(
			&table, "%s",
			slot ? arx_text_bytes(text, (double) slot->live_bytes, false)
				 : "-");
		if (slot)
			arx_table_cell(&table, "%llu",
						   (unsigned long long) slot->live_samples);
		else
			arx_table_cell(&table, "-");
		arx_table_cell(&table, "%zu", entry->nfiles);
		arx_table_cell(
			&table, "%s%s%s", arx_text_time(text, newest),
			is_refused(entry) ? "; " : "",
			is_refused(entry) ? arx_refusal_reason(entry->slot->refusal) : "");
	}
	arx_table_print(&table, stdout, arx_terminal_columns());
	for (size_t i = 0; files && i < count; i++)
		for (size_t f = 0; f < entries[i].nfiles; f++)
			printf(
				"%s%s\n", i == 0 && f == 0 ? "\n" : "",
				arx_text_clean(text, sizeof(text), entries[i].files[f].base));
}

static void
print_entry_json(ArxJson *json, const Entry *entry)
{
	char name[80];

	arx_json_open(json, NULL, '{');
	arx_json_integer(json, "pid",
					 (int64_t) (entry->our_pid ? entry->our_pid : entry->pid));
	arx_json_integer(json, "inner_pid", (int64_t) entry->pid);
	arx_json_text(json, "program", program_of(entry, name, sizeof(name)));
	arx_json_text(json, "state", state_of(entry));
	arx_json_integer(json, "start_us", (int64_t) entry->start_us);
	if (entry->our_pid)
	{
		arx_json_text(json, "refusal",
					  is_refused(entry)
						  ? arx_refusal_reason(entry->slot->refusal)
						  : NULL);
		arx_json_integer(json, "live_bytes", (int64_t) entry->slot->live_bytes);
		arx_json_integer(json, "live_samples",
						 (int64_t) entry->slot->live_samples);
		arx_json_integer(json, "samples", (int64_t) entry->slot->samples);
		arx_json_integer(json, "dropped", (int64_t) entry->slot->dropped);
	}
	arx_json_integer(json, "bytes", (int64_t) entry->bytes);
	arx_json_open(json, "snapshots", '[');
	for (size_t f = 0; f < entry->nfiles; f++)
		arx_json_text(json, NULL, entry->files[f].path);
	arx_json_close(json);
	arx_json_close(json);
}

static void
print_json(const char *folder, const Entry *entries, size_t count)
{
	ArxJson json;

	arx_json_begin(&json, stdout);
	arx_json_open(&json, NULL, '{');
	arx_json_text(&json, "folder", folder);
	arx_json_open(&json, "processes", '[');
	for (size_t i = 0; i < count; i++)
		print_entry_json(&json, &entries[i]);
	arx_json_close(&json);
	arx_json_close(&json);
}

/* The slots of a folder's control file; 0 when there is none. */
static size_t
read_slots(const char *folder, ArxSlotCopy *slots)
{
	char path[4200];
	size_t count = 0;
	int control;

	snprintf(path, sizeof(path), "%s/" ARX_HEAP_CONTROL_NAME, folder);
	control = arx_control_open(path, false);
	if (control >= 0)
	{
		count = arx_slots_read(control, slots);
		close(control);
	}
	else if (errno != ENOENT)
		arx_say_note("could not read \"%s\": %s", path,
					 errno == EPROTO ? "not a control file of this version"
									 : strerror(errno));
	return count;
}

int
arx_command_list(int argc, char **argv)
{
	bool json = false;
	bool files = false;
	const ArxOption options[] = {{"json", 0, ARX_OPTION_FLAG, &json},
								 {"files", 'f', ARX_OPTION_FLAG, &files},
								 {0}};
	static ArxSlotCopy slots[ARX_HEAP_CONTROL_SLOTS];
	char folder[4096];
	ArxSnapshotList list;
	Entry *entries;
	size_t count;
	size_t nslots;
	int first;
	int status;

	if (!arx_options_parse(argc, argv, options, 0, 1, &first, &status))
		return status;
	snprintf(folder, sizeof(folder), "%s", argv[first] ? argv[first] : "");
	if (!argv[first])
		arx_default_folder(folder, sizeof(folder));
	if (!arx_snapshots_of_folder(folder, &list))
	{
		arx_snapshots_free(&list);
		return ARX_EXIT_FAILED;
	}
	nslots = read_slots(folder, slots);
	entries = calloc(list.count + nslots + 1, sizeof(*entries));
	count = entries ? join(slots, nslots, &list, entries) : 0;
	if (json)
		print_json(folder, entries, count);
	else if (count == 0)
		printf("no profiled process and no snapshot in %s\n", folder);
	else
		print_entries(entries, count, files);
	free(entries);
	arx_snapshots_free(&list);
	return arx_finish_output(ARX_EXIT_OK);
}
