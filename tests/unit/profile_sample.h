/*
 * profile_sample.h
 *	  Snapshot files for tests of the command's model, and names to order.
 */
#ifndef ARX_TESTS_PROFILE_SAMPLE_H
#define ARX_TESTS_PROFILE_SAMPLE_H

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "symbols/symbols.h"
#include "tests/unit/heap_sample.h"

/* What a file is to hold; frames and rows are the sites'. */
typedef struct SampleProfile
{
	ArxHeapProcess process;
	uint32_t nmodules;
	const ArxHeapModule *modules;
	uint32_t nepochs;
	const uint64_t *epochs_ms;
	size_t nsites;
	const ArxHeapSite *sites;
	size_t ncodes;
	const ArxHeapCode *codes;
	size_t nlabels;
	const ArxHeapLabel *labels;
} SampleProfile;

static inline void
write_profile_content(ArxHeapWriter *writer, const void *argument)
{
	const SampleProfile *sample = argument;
	int64_t ledger[ARX_HEAP_NLEDGER] = {[ARX_HEAP_LEDGER_RSS] = 1 << 30};
	uint64_t counters[ARX_HEAP_NCOUNTERS] = {[ARX_HEAP_COUNT_SAMPLES] = 100 *
												 sample->process.sequence};

	arx_heap_write_section(writer, ARX_HEAP_PROCESS, 0);
	arx_heap_write_process(writer, &sample->process);
	arx_heap_write_section(writer, ARX_HEAP_LEDGER, ARX_HEAP_NLEDGER);
	arx_heap_write_ledger(writer, ledger);
	arx_heap_write_section(writer, ARX_HEAP_COUNTERS, 0);
	arx_heap_write_counters(writer, counters);
	arx_heap_write_section(writer, ARX_HEAP_MODULES, sample->nmodules);
	for (uint32_t i = 0; i < sample->nmodules; i++)
		arx_heap_write_module(writer, &sample->modules[i]);
	arx_heap_write_section(writer, ARX_HEAP_EPOCHS, sample->nepochs);
	for (uint32_t i = 0; i < sample->nepochs; i++)
		arx_heap_write_epoch(writer, sample->epochs_ms[i]);
	arx_heap_write_section(writer, ARX_HEAP_SITES, sample->nsites);
	for (size_t i = 0; i < sample->nsites; i++)
		arx_heap_write_site(writer, &sample->sites[i]);
	arx_heap_write_section(writer, ARX_HEAP_CODE, sample->ncodes);
	for (size_t i = 0; i < sample->ncodes; i++)
		arx_heap_write_code(writer, &sample->codes[i]);
	arx_heap_write_section(writer, ARX_HEAP_LABELS, sample->nlabels);
	for (size_t i = 0; i < sample->nlabels; i++)
		arx_heap_write_label(writer, &sample->labels[i]);
}

/* A file below the test's folder, its path good until the next call. */
static inline const char *
sample_path(const char *name)
{
	static char folder[64];
	static char path[256];

	if (folder[0] == '\0')
	{
		const char *temporary = getenv("TMPDIR");

		snprintf(folder, sizeof(folder), "%.40s/profile.XXXXXX",
				 temporary != NULL ? temporary : "/tmp");
		if (mkdtemp(folder) == NULL)
			abort();
	}
	else
		mkdir(folder, 0700); /* again, after remove_sample() */
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static inline void
save_bytes(const char *path, const void *bytes, size_t length)
{
	FILE *file = fopen(path, "wb");

	if (file == NULL || fwrite(bytes, 1, length, file) != length ||
		fclose(file) != 0)
		abort();
}

/* Removes the file and, with the last one, the folder. */
static inline void
remove_sample(const char *path)
{
	char folder[256];

	snprintf(folder, sizeof(folder), "%s", path);
	unlink(path);
	*strrchr(folder, '/') = '\0';
	rmdir(folder);
}

static inline void
save_sample(const char *path, WriteContent content, const void *argument)
{
	HeapFile file;

	if (!write_heap_file(&file, content, argument))
		abort();
	save_bytes(path, file.bytes, file.size);
	free(file.bytes);
}

/*
 * Stands for the symbolizer: address 0x4000 of any module is inner() inlined
 * into outer(); nothing else has a name.
 */
static int sample_questions;

size_t
arx_symbolize(ArxSymbolizer *symbolizer, const char *path,
			  const uint8_t *build_id, size_t build_id_bytes, uint64_t address,
			  const ArxSymbol **frames)
{
	static const ArxSymbol symbols[2] = {{"inner", "in.c", 3},
										 {"outer", "out.c", 9}};

	(void) symbolizer;
	(void) path;
	(void) build_id;
	(void) build_id_bytes;
	sample_questions++;
	*frames = symbols;
	return address == 0x4000 ? 2 : 0;
}

#endif /* ARX_TESTS_PROFILE_SAMPLE_H */
