/*
 * thread_stacks.c
 *	  How much of the threads' stacks is in memory.
 *
 * A running thread's stack pointer cannot be asked for, but the head of its
 * list of robust mutexes can (get_robust_list(2)), and glibc keeps that in the
 * thread's control block, at the top of the stack it mapped.  So the stack is
 * the mapping that holds this address, from the guard page below it up to the
 * end of the page of the address: the system may have joined the mapping with
 * another one above.  (On machines where thread-local variables lie above the
 * control block, AArch64 for one, those beyond that page are not counted.)
 */
#include "runtime/thread_stacks.h"

#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/array_sort.h"
#include "runtime/mapping_ledger.h"
#include "runtime/proc_file.h"
#include "runtime/resident_pages.h"
#include "runtime/text_format.h"

/* One line of /proc/PID/maps, as far as it matters here. */
typedef struct MapsLine
{
	uintptr_t start;
	uintptr_t end;
	bool accessible;
	bool main_stack;
} MapsLine;

static struct
{
	uintptr_t marks[AH_STACKS_MAX]; /* one in each thread's control block */
	size_t nmarks;
	char text[8192];
} work;

/* What the program mapped by itself is counted there. */
static bool
is_in_ledger(uintptr_t address)
{
	AhMappingCopy region;
	uintptr_t position = address;

	return ah_mappings_copy(&position, &region, 1) == 1 &&
		region.start <= address;
}

static void
mark_thread(int32_t thread)
{
	void *head = NULL;
	size_t length;

	if (work.nmarks < AH_STACKS_MAX && thread > 0 &&
		syscall(SYS_get_robust_list, thread, &head, &length) == 0 &&
		head != NULL && !is_in_ledger((uintptr_t) head))
		work.marks[work.nmarks++] = (uintptr_t) head;
}

/* An entry of a folder, as getdents64(2) describes it. */
typedef struct FolderEntry
{
	uint64_t inode;
	int64_t offset;
	uint16_t bytes;
	uint8_t type;
	char name[];
} FolderEntry;

static int
compare_marks(const void *a, const void *b)
{
	uintptr_t first = *(const uintptr_t *) a;
	uintptr_t second = *(const uintptr_t *) b;

	return (first > second) - (first < second);
}

/* Fills work.marks, in the order of their addresses. */
static void
mark_threads(void)
{
	int fd =
		ah_file_open(AT_FDCWD, "/proc/self/task", O_RDONLY | O_DIRECTORY, 0);
	long got;

	work.nmarks = 0;
	if (fd < 0)
		return;
	while ((got = syscall(SYS_getdents64, fd, work.text, sizeof(work.text))) >
		   0)
		for (long at = 0; at < got;)
		{
			const FolderEntry *entry = (const FolderEntry *) (work.text + at);
			const char *name = entry->name;
			uint64_t thread;

			if (ah_parse_decimal(&name, name + strlen(name), &thread))
				mark_thread((int32_t) thread);
			at += entry->bytes;
		}
	ah_file_close(fd);
	ah_sort(work.marks, work.nmarks, sizeof(work.marks[0]), compare_marks);
}

static bool
parse_maps_line(const char *text, size_t length, MapsLine *line)
{
	const char *end = text + length;
	uint64_t start;
	uint64_t stop;

	if (!ah_parse_hex(&text, end, &start) || !ah_parse_char(&text, end, '-') ||
		!ah_parse_hex(&text, end, &stop) || !ah_parse_char(&text, end, ' ') ||
		end - text < 4)
		return false;
	line->start = (uintptr_t) start;
	line->end = (uintptr_t) stop;
	line->accessible = memcmp(text, "---", 3) != 0;
	line->main_stack = end - text > 7 && memcmp(end - 7, "[stack]", 7) == 0;
	return true;
}

/* The resident part of a stack whose mapping has been found. */
static uint64_t
resident_below(const MapsLine *line, uintptr_t mark)
{
	uintptr_t page = (uintptr_t) getpagesize();
	uintptr_t top = (mark | (page - 1)) + 1;

	return ah_resident(line->start, top - line->start);
}

/* What of the stacks lies in this mapping; *at is the next mark to look for. */
static uint64_t
stacks_in(const MapsLine *line, bool guarded, size_t *at)
{
	uint64_t bytes = 0;

	if (line->main_stack)
		bytes = ah_resident(line->start, line->end - line->start);
	for (; *at < work.nmarks && work.marks[*at] < line->end; ++*at)
		if (work.marks[*at] >= line->start && guarded && !line->main_stack)
			bytes += resident_below(line, work.marks[*at]);
	return bytes;
}

uint64_t
ah_thread_stacks_resident(void)
{
	int fd;
	AhLines lines;
	MapsLine line;
	MapsLine below = {.accessible = true};
	uint64_t bytes = 0;
	size_t at = 0;
	size_t length;
	char *text;

	mark_threads();
	fd = ah_file_open(AT_FDCWD, "/proc/thread-self/maps", O_RDONLY, 0);
	if (fd < 0)
		return 0;
	ah_lines_begin(&lines, fd, 0, work.text, sizeof(work.text));
	while ((text = ah_lines_next(&lines, &length, NULL)) != NULL)
	{
		if (!parse_maps_line(text, length, &line))
			continue;
		bytes +=
			stacks_in(&line, !below.accessible && below.end == line.start, &at);
		below = line;
	}
	ah_file_close(fd);
	return bytes;
}
