/*
 * hostile_snapshot.c
 *	  Writes a sound snapshot whose names and numbers mean harm.
 *
 * hostile_snapshot FILE names: control characters wherever a name may stand.
 * hostile_snapshot FILE deep: 20,000 functions at each address of a stack.
 */
#include <stdio.h>
#include <string.h>

#include "libarx/heap_format.h"

#define CONTROLS "\033]0;title\007\033[31m\302\23331m\177\r"
#define ADDRESS 0x1000
#define NFRAMES 200
#define NDEEP 20000

static ArxHeapWriter writer;

static ArxHeapText
text(const char *words)
{
	return (ArxHeapText){words, (uint32_t) strlen(words)};
}

static bool
put(void *file, const void *bytes, size_t length)
{
	return fwrite(bytes, 1, length, file) == length;
}

static void
write_places(void)
{
	ArxHeapProcess process = {.pid = 7,
							  .start_us = 1700000000000000,
							  .profile_start_us = 1700000000000000,
							  .taken_us = 1700000060000000,
							  .elapsed_ms = 60000,
							  .sequence = 1,
							  .sample_bytes = 4096,
							  .boot_id = text("boot" CONTROLS),
							  .host = text("host" CONTROLS),
							  .executable = text("/bin/program" CONTROLS),
							  .command = text("program" CONTROLS " --all"),
							  .runtime = text("1" CONTROLS)};
	ArxHeapModule module = {.start = 0x10000,
							.end = 0x20000,
							.bias = 0x10000,
							.path = text("/lib/module" CONTROLS ".so")};

	arx_heap_write_section(&writer, ARX_HEAP_PROCESS, 1);
	arx_heap_write_process(&writer, &process);
	arx_heap_write_section(&writer, ARX_HEAP_MODULES, 1);
	arx_heap_write_module(&writer, &module);
	arx_heap_write_section(&writer, ARX_HEAP_EPOCHS, 1);
	arx_heap_write_epoch(&writer, 60000);
}

/* One site with a named module, one in nameless code, and a deep one. */
static void
write_sites(void)
{
	static ArxHeapFrame frames[NFRAMES];
	ArxHeapRow row = {.samples = 50,
					  .size = 50000,
					  .bytes = 300000,
					  .variance = 1e9,
					  .objects = 300};
	ArxHeapSite site = {.births = 50,
						.birth_bytes = 300000,
						.frames = frames,
						.nrows = 1,
						.rows = &row};

	for (int i = 0; i < NFRAMES; i++)
		frames[i] = (ArxHeapFrame){0, ADDRESS};
	arx_heap_write_section(&writer, ARX_HEAP_SITES, 3);
	site.nframes = NFRAMES;
	arx_heap_write_site(&writer, &site);
	site.nframes = 1;
	site.label = 5;
	frames[0] = (ArxHeapFrame){ARX_HEAP_NO_MODULE, 0x500000};
	arx_heap_write_site(&writer, &site);
	frames[0] = (ArxHeapFrame){0, ADDRESS + 64};
	arx_heap_write_site(&writer, &site);
}

static void
write_names(bool deep)
{
	uint32_t count = deep ? NDEEP : 2;
	ArxHeapCode code = {.address = 0x500000,
						.bytes = 64,
						.name =
							text("JS:*f" CONTROLS " /x" CONTROLS ".js:1:1")};
	ArxHeapLabel label = {.label = 5, .name = text("label" CONTROLS)};

	arx_heap_write_section(&writer, ARX_HEAP_CODE, 1);
	arx_heap_write_code(&writer, &code);
	arx_heap_write_section(&writer, ARX_HEAP_LABELS, 1);
	arx_heap_write_label(&writer, &label);
	arx_heap_write_section(&writer, ARX_HEAP_SYMBOLS, 1);
	for (uint32_t depth = 0; depth < count; depth++)
	{
		ArxHeapSymbol symbol = {.address = ADDRESS,
								.depth = depth,
								.count = count,
								.function = text("function" CONTROLS "(int)"),
								.file = text("/a/file" CONTROLS ".c"),
								.line = 1};

		arx_heap_write_symbol(&writer, &symbol);
	}
	arx_heap_write_end(&writer);
}

int
main(int argc, char **argv)
{
	FILE *file = argc == 3 ? fopen(argv[1], "wb") : NULL;
	bool deep = argc == 3 && strcmp(argv[2], "deep") == 0;

	if (file == NULL)
		return 1;
	arx_heap_write_begin(&writer);
	for (int pass = 0; pass < 2; pass++)
	{
		if (pass == 1)
			arx_heap_write_to(&writer, put, file);
		write_places();
		write_sites();
		write_names(deep);
	}
	return fclose(file) != 0 || writer.failed;
}
