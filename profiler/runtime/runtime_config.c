/*
 * runtime_config.c
 *	  The settings of the runtime, from the environment.
 *
 * A table of names with a reader each.  docs/arxheap.md describes them for
 * users.
 */
#include "runtime/runtime_config.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/runtime_log.h"
#include "runtime/text_format.h"

#define DEFAULT_FOLDER "/tmp/arxheap-"

typedef struct Number
{
	const char *name;
	size_t offset; /* in AhConfig, of a uint64_t */
	uint64_t least;
	uint64_t most;
	bool is_time; /* plain numbers are seconds, kept as milliseconds */
} Number;

#define FIELD(field) offsetof(AhConfig, field)

static const Number numbers[] = {
	{"ARXHEAP_SAMPLE", FIELD(sample_bytes), 0, UINT32_MAX, false},
	{"ARXHEAP_INTERVAL", FIELD(interval_ms), 0, 86400000ULL * 365, true},
	{"ARXHEAP_GROWTH", FIELD(growth_percent), 0, 100000, false},
	{"ARXHEAP_MEMORY", FIELD(memory), 1 << 20, 1ULL << 36, false},
	{"ARXHEAP_KEEP", FIELD(process_bytes), 1 << 16, 1ULL << 50, false},
	{"ARXHEAP_KEEP_ALL", FIELD(folder_bytes), 1 << 16, 1ULL << 50, false},
	{"ARXHEAP_DEPTH", FIELD(depth), 1, ARX_HEAP_MAX_FRAMES, false},
};

_Static_assert(sizeof(size_t) == sizeof(uint64_t),
			   "all numbers are 64 bits wide");

static const struct
{
	const char *suffix;
	uint64_t factor;
	bool is_time;
} units[] = {
	{"", 1, false},			  {"k", 1ULL << 10, false},
	{"M", 1ULL << 20, false}, {"G", 1ULL << 30, false},
	{"K", 1ULL << 10, false}, {"m", 1ULL << 20, false},
	{"g", 1ULL << 30, false}, {"", 1000, true},
	{"s", 1000, true},		  {"ms", 1, true},
	{"min", 60000, true},	  {"h", 3600000, true},
};

/* "512k", "64M", "30s", "500ms"; plain times are seconds. */
static bool
parse_number(const char *text, bool is_time, uint64_t *value)
{
	const char *at = text;
	uint64_t digits;

	if (!ah_parse_decimal(&at, text + strlen(text), &digits))
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (units[i].is_time == is_time && strcmp(at, units[i].suffix) == 0)
			return !__builtin_mul_overflow(digits, units[i].factor, value);
	return false;
}

static void
read_number(AhConfig *config, const Number *number)
{
	const char *text = getenv(number->name);
	uint64_t value;

	if (text == NULL || text[0] == '\0')
		return;
	if (parse_number(text, number->is_time, &value) && value >= number->least &&
		value <= number->most)
		memcpy((char *) config + number->offset, &value, sizeof(value));
	else
		ah_say("a setting makes no sense and is left at its default",
			   number->name);
}

/* Set and neither empty nor "0", "off", "no" or "false". */
static bool
read_switch(const char *name, bool otherwise)
{
	static const char *const off[] = {"0", "off", "no", "false"};
	const char *text = getenv(name);

	if (text == NULL || text[0] == '\0')
		return otherwise;
	for (size_t i = 0; i < sizeof(off) / sizeof(off[0]); i++)
		if (strcmp(text, off[i]) == 0)
			return false;
	return true;
}

/* ARXHEAP_DIR, made absolute: the program may change its directory. */
static void
read_folder(AhConfig *config)
{
	const char *text = getenv("ARXHEAP_DIR");
	char here[AH_PATH_MAX];
	AhText folder;

	ah_text_begin(&folder, config->folder, sizeof(config->folder));
	if (text == NULL || text[0] == '\0')
	{
		ah_text_string(&folder, DEFAULT_FOLDER);
		ah_text_decimal(&folder, geteuid(), 0);
	}
	else if (text[0] == '/' || getcwd(here, sizeof(here)) == NULL)
		ah_text_string(&folder, text);
	else
	{
		ah_text_string(&folder, here);
		ah_text_string(&folder, "/");
		ah_text_string(&folder, text);
	}
	if (folder.cut)
	{
		ah_say("the name of the snapshot folder is too long", "ARXHEAP_DIR");
		config->folder[0] = '\0';
	}
}

/*
 * ARXHEAP_ONLY: names of programs with ":" between; unset, all.  A preload is
 * inherited by whatever the program starts.
 */
static bool
is_wanted(void)
{
	const char *names = getenv("ARXHEAP_ONLY");
	char program[AH_PATH_MAX];
	ssize_t length;
	const char *base;
	size_t base_length;

	if (names == NULL || names[0] == '\0')
		return true;
	length = readlink("/proc/self/exe", program, sizeof(program) - 1);
	if (length <= 0)
		return false;
	program[length] = '\0';
	base = strrchr(program, '/') != NULL ? strrchr(program, '/') + 1 : program;
	base_length = strlen(base);
	for (const char *at = names; *at != '\0'; at += strspn(at, ":"))
	{
		size_t name_length = strcspn(at, ":");

		if (name_length == base_length && memcmp(at, base, base_length) == 0)
			return true;
		at += name_length;
	}
	return false;
}

void
ah_config_read(AhConfig *config)
{
	*config = (AhConfig){
		.depth = 128,
		.sample_bytes = 512 * 1024,
		.interval_ms = 30000,
		.growth_percent = 20,
		.memory = 16 * 1024 * 1024,
		.process_bytes = 16 * 1024 * 1024,
		.folder_bytes = 256 * 1024 * 1024,
	};
	config->quiet = read_switch("ARXHEAP_QUIET", false);
	config->wanted = is_wanted();
	config->armed = !read_switch("ARXHEAP_INERT", false);
	config->mappings = read_switch("ARXHEAP_MAPPINGS", true);
	config->at_exit = read_switch("ARXHEAP_AT_EXIT", true);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		read_number(config, &numbers[i]);
	read_folder(config);
}
