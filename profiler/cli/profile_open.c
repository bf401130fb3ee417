/*
 * profile_open.c
 *	  Opens snapshots and gives their functions names.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/profile_open.h"
#include "cli/text_print.h"

static void
show_progress(void *context, const char *what)
{
	char clean[512];

	(void) context;
	arx_progress("%s", arx_text_clean(clean, sizeof(clean), what));
}

ArxSymbolizer *
arx_choose_symbols(const ArxSymbolChoice *choice)
{
	ArxSymbolizerOptions options = {
		.debug_path = choice->debug_dir,
		.root = choice->root,
		.debuginfod = choice->debuginfod,
		.progress = show_progress,
	};

	return choice->no_symbols ? NULL : arx_symbolizer_new(&options);
}

ArxProfile *
arx_open_profile(const char *path, ArxSymbolizer *symbolizer)
{
	char clean[1024];
	const char *error = "out of memory";
	ArxProfile *profile = arx_profile_load(path, &error);

	if (!profile)
	{
		arx_say_error("arxheap inspect FILE shows what a snapshot holds", "%s",
					  arx_text_clean(clean, sizeof(clean), error));
		return NULL;
	}
	arx_profile_symbolize(profile, symbolizer);
	arx_progress_end();
	return profile;
}

ArxProfile *
arx_open_newest(const char *text, uint64_t only_pid, ArxSymbolizer *symbolizer)
{
	ArxSnapshotList list;
	ArxProfile *profile = NULL;

	if (arx_snapshots_resolve(text, only_pid, &list))
	{
		size_t length;
		size_t first = arx_snapshot_newest_series(&list, &length);

		profile =
			arx_open_profile(list.files[first + length - 1].path, symbolizer);
	}
	arx_snapshots_free(&list);
	return profile;
}

/* Marks, by module, where a frame stayed without a name; NULL without memory. */
static bool *
find_nameless(const ArxProfile *profile)
{
	bool *nameless = calloc(profile->nmodules + 1, sizeof(*nameless));

	for (size_t i = 0; nameless && i < profile->nsites; i++)
	{
		const ArxProfileSite *site = &profile->sites[i];
		const ArxHeapFrame *next = site->frames;

		/* each frame gave a function and those inlined into it */
		for (uint32_t k = 0; k < site->nfunctions; k++)
		{
			next += !site->functions[k]->inlined;
			if (!site->functions[k]->named &&
				next[-1].module != ARX_HEAP_NO_MODULE)
				nameless[next[-1].module] = true;
		}
	}
	return nameless;
}

void
arx_note_nameless(const ArxProfile *profile, ArxSymbolizer *symbolizer)
{
	bool *nameless = symbolizer ? find_nameless(profile) : NULL;
	unsigned said = 0;

	for (uint32_t i = 0; nameless && i < profile->nmodules && said < 5; i++)
	{
		const ArxProfileModule *module = &profile->modules[i];
		const char *problem;
		char clean[512];
		char why[512];

		if (!nameless[i])
			continue;
		problem = arx_symbolizer_problem(
			symbolizer, module->path, module->build_id, module->build_id_bytes);
		if (!problem)
			continue;
		arx_say_note("no names for %s: %s",
					 arx_text_clean(clean, sizeof(clean), module->path),
					 arx_text_clean(why, sizeof(why), problem));
		said++;
	}
	free(nameless);
}
