/*
 * profile_open.h
 *	  Opens a snapshot with names, as all commands that show stacks do.
 */
#ifndef ARX_PROFILER_PROFILE_OPEN_H
#define ARX_PROFILER_PROFILE_OPEN_H

#include "analysis/profile.h"
#include "cli/options.h"
#include "cli/snapshot_files.h"
#include "symbols/symbols.h"

/* Where names come from; --debug-dir, --root, --debuginfod, --no-symbols. */
typedef struct ArxSymbolChoice
{
	const char *debug_dir;
	const char *root;
	bool debuginfod;
	bool no_symbols;
} ArxSymbolChoice;

/* The rows of an option table for a choice. */
#define ARX_SYMBOL_OPTIONS(choice) \
	{"debug-dir", 0, ARX_OPTION_TEXT, &(choice).debug_dir}, \
		{"root", 0, ARX_OPTION_TEXT, &(choice).root}, \
		{"debuginfod", 0, ARX_OPTION_FLAG, &(choice).debuginfod}, \
	{ \
		"no-symbols", 0, ARX_OPTION_FLAG, &(choice).no_symbols \
	}

/* Their lines in a help text. */
#define ARX_SYMBOL_HELP \
	"      --debug-dir DIRS     look for debug files here too (':' between folders)\n" \
	"      --root DIR           where the program's paths begin (a container's root)\n" \
	"      --debuginfod         ask the servers in DEBUGINFOD_URLS for debug files\n" \
	"      --no-symbols         use only the names that the snapshot holds\n"

/* The end of each help text. */
#define ARX_COMMON_HELP \
	"      --progress           say on stderr what takes long, also without a terminal\n" \
	"  -h, --help               this text\n"

/*
 * The symbolizer of a choice; NULL when there is to be none.  Freed by the
 * caller with arx_symbolizer_free(), after the profiles that use its names.
 */
extern ArxSymbolizer *arx_choose_symbols(const ArxSymbolChoice *choice);

/* Loads a snapshot and names its functions; NULL after an error was said. */
extern ArxProfile *
arx_open_profile(const char *path, ArxSymbolizer *symbolizer);

/*
 * The newest snapshot that FILE|DIR|PID means (NULL: the default folder),
 * opened; NULL after an error was said.
 */
extern ArxProfile *
arx_open_newest(const char *text, uint64_t only_pid, ArxSymbolizer *symbolizer);

/* Says which modules have no names, and why; a note each, at most five. */
extern void
arx_note_nameless(const ArxProfile *profile, ArxSymbolizer *symbolizer);

#endif
