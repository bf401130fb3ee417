/*
 * snapshot_contents.c
 *	  All that one snapshot says, and its sections in the format's terms.
 *
 * Only modules, names of generated code and labels that a site in the file
 * names are written.
 */
#include "runtime/snapshot_contents.h"

#include <string.h>

#include "runtime/array_sort.h"
#include "runtime/code_names.h"
#include "runtime/label_names.h"
#include "runtime/module_map.h"
#include "runtime/snapshot_scratch.h"

#define NOT_USED UINT32_MAX

static int
by_label(const void *a, const void *b)
{
	const AhNamedLabel *x = a, *y = b;

	return x->label < y->label ? -1 : x->label > y->label;
}

/* The sites' labels, each once. */
static void
collect_labels(AhContents *contents)
{
	uint32_t n = 0, kept = 0;

	for (uint32_t i = 0; i < contents->rows.nsites; i++)
		if (contents->rows.sites[i].copy.label != 0)
			contents->labels[n++] =
				(AhNamedLabel){.label = contents->rows.sites[i].copy.label};
	ah_sort(contents->labels, n, sizeof(AhNamedLabel), by_label);
	for (uint32_t i = 0; i < n; i++)
		if (kept == 0 ||
			contents->labels[kept - 1].label != contents->labels[i].label)
			contents->labels[kept++] = contents->labels[i];
	contents->nlabels = kept;
}

/* Only labels with a name stay. */
static void
name_labels(AhContents *contents)
{
	char name[AH_LABEL_NAME_MAX];
	uint32_t kept = 0;

	for (uint32_t i = 0; i < contents->nlabels; i++)
	{
		AhNamedLabel label = contents->labels[i];
		size_t length = ah_label_copy(label.label, name);

		if (length == 0)
			continue;
		label.name = ah_scratch_take(length);
		if (label.name == NULL)
		{
			ah_count(ARX_HEAP_COUNT_LABELS_DROPPED, 1);
			continue;
		}
		memcpy(label.name, name, length);
		label.length = (uint32_t) length;
		contents->labels[kept++] = label;
	}
	contents->nlabels = kept;
}

bool
ah_contents_prepare(AhContents *contents)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < contents->rows.nsites; i++)
		n += contents->rows.sites[i].copy.label != 0;
	contents->modules = ah_scratch_take(AH_MODULES_MAX * sizeof(uint32_t));
	contents->labels = ah_scratch_take(n * sizeof(AhNamedLabel));
	if (contents->modules == NULL || contents->labels == NULL)
		return false;
	collect_labels(contents);
	name_labels(contents);
	return true;
}

static void
refer_frames(AhContents *contents, const AhSiteCopy *site)
{
	for (uint32_t i = 0; i < site->nframes; i++)
	{
		uint32_t module = ah_module_find(site->frames[i]);

		if (module == AH_NO_MODULE)
			ah_code_want(site->frames[i]);
		else
			contents->modules[module] = 0;
	}
}

static void
refer_label(AhContents *contents, uint64_t label)
{
	uint32_t low = 0, high = contents->nlabels;

	while (low < high)
	{
		uint32_t middle = (low + high) / 2;

		if (contents->labels[middle].label < label)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < contents->nlabels && contents->labels[low].label == label &&
		!contents->labels[low].in_use)
	{
		contents->labels[low].in_use = true;
		contents->nlabels_used++;
	}
}

void
ah_contents_refer(AhContents *contents)
{
	uint32_t position = 0;
	ArxHeapCode code;

	memset(contents->modules, 0xff, AH_MODULES_MAX * sizeof(uint32_t));
	for (uint32_t i = 0; i < contents->nlabels; i++)
		contents->labels[i].in_use = false;
	contents->nlabels_used = 0;
	ah_code_begin();
	for (uint32_t i = 0; i < contents->rows.nsites; i++)
	{
		refer_frames(contents, &contents->rows.sites[i].copy);
		refer_label(contents, contents->rows.sites[i].copy.label);
	}
	contents->nmodules = 0;
	for (uint32_t i = 0; i < ah_modules_count(); i++)
		if (contents->modules[i] != NOT_USED)
			contents->modules[i] = contents->nmodules++;
	ah_code_resolve();
	contents->ncodes = 0;
	while (ah_code_next(&position, &code))
		contents->ncodes++;
}

static void
write_modules(const AhContents *contents, ArxHeapWriter *writer)
{
	arx_heap_write_section(writer, ARX_HEAP_MODULES, contents->nmodules);
	for (uint32_t i = 0; i < ah_modules_count(); i++)
	{
		ArxHeapModule module;

		if (contents->modules[i] == NOT_USED)
			continue;
		module = ah_module_get(i);
		arx_heap_write_module(writer, &module);
	}
}

static void
write_epochs(ArxHeapWriter *writer)
{
	arx_heap_write_section(writer, ARX_HEAP_EPOCHS, ah_epochs_count());
	for (uint32_t i = 0; i < ah_epochs_count(); i++)
		arx_heap_write_epoch(writer, ah_epoch_end_ms(i));
}

/* Frames from the root on, each as its object's file counts addresses. */
static void
convert_frames(AhContents *contents, const AhSiteCopy *copy, ArxHeapSite *site)
{
	site->nframes = copy->nframes;
	site->frames = contents->frames;
	for (uint32_t i = 0; i < copy->nframes; i++)
	{
		uintptr_t address = copy->frames[copy->nframes - 1 - i];
		uint32_t module = ah_module_find(address);

		if (module == AH_NO_MODULE)
			contents->frames[i] = (ArxHeapFrame){ARX_HEAP_NO_MODULE, address};
		else
			contents->frames[i] = (ArxHeapFrame){
				contents->modules[module], address - ah_module_bias(module)};
	}
}

static void
write_sites(AhContents *contents, ArxHeapWriter *writer)
{
	arx_heap_write_section(writer, ARX_HEAP_SITES, contents->rows.nsites);
	for (uint32_t i = 0; i < contents->rows.nsites; i++)
	{
		ArxHeapSite site;

		ah_rows_site(&contents->rows, i, &site, contents->site_rows);
		convert_frames(contents, &contents->rows.sites[i].copy, &site);
		arx_heap_write_site(writer, &site);
	}
}

static void
write_names(const AhContents *contents, ArxHeapWriter *writer)
{
	uint32_t position = 0;
	ArxHeapCode code;

	arx_heap_write_section(writer, ARX_HEAP_CODE, contents->ncodes);
	while (ah_code_next(&position, &code))
		arx_heap_write_code(writer, &code);
	arx_heap_write_section(writer, ARX_HEAP_LABELS, contents->nlabels_used);
	for (uint32_t i = 0; i < contents->nlabels; i++)
	{
		const AhNamedLabel *from = &contents->labels[i];
		ArxHeapLabel label = {from->label, {from->name, from->length}};

		if (from->in_use)
			arx_heap_write_label(writer, &label);
	}
}

void
ah_contents_write(AhContents *contents, ArxHeapWriter *writer)
{
	arx_heap_write_section(writer, ARX_HEAP_PROCESS, 0);
	arx_heap_write_process(writer, &contents->process);
	arx_heap_write_section(writer, ARX_HEAP_LEDGER, 0);
	arx_heap_write_ledger(writer, contents->ledger);
	arx_heap_write_section(writer, ARX_HEAP_COUNTERS, 0);
	arx_heap_write_counters(writer, contents->counters);
	write_modules(contents, writer);
	write_epochs(writer);
	write_sites(contents, writer);
	write_names(contents, writer);
}
