/*
 * profile_names.c
 *	  Identities and labels of sites: what they are called in every snapshot.
 */
#include <stdlib.h>
#include <string.h>

#include "analysis/profile_parts.h"

const char *
arx_module_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}

/* FNV-1a, the 64-bit one. */
static uint64_t
hash_bytes(uint64_t hash, const void *bytes, size_t length)
{
	const uint8_t *at = bytes;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
	return hash;
}

static uint64_t
hash_number(uint64_t hash, uint64_t number)
{
	uint8_t bytes[8];

	for (int i = 0; i < 8; i++)
		bytes[i] = (uint8_t) (number >> (8 * i));
	return hash_bytes(hash, bytes, sizeof(bytes));
}

uint64_t
arx_profile_site_id(const ArxProfile *profile, const ArxProfileSite *site)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	hash = hash_number(hash, (uint64_t) site->kind);
	hash = hash_number(hash, site->label);
	for (uint32_t i = 0; i < site->nframes; i++)
	{
		const ArxHeapFrame *frame = &site->frames[i];

		if (frame->module != ARX_HEAP_NO_MODULE)
		{
			const ArxProfileModule *module = &profile->modules[frame->module];

			if (module->build_id_bytes > 0)
				hash =
					hash_bytes(hash, module->build_id, module->build_id_bytes);
			else
				hash = hash_bytes(hash, module->path, strlen(module->path));
		}
		hash = hash_number(hash, frame->address);
	}
	return hash;
}

static int
compare_numbers(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int
compare_codes(const void *a, const void *b)
{
	const ArxHeapCode *left = a;
	const ArxHeapCode *right = b;
	int order = compare_numbers(left->address, right->address);

	if (order == 0)
		order = compare_numbers(left->bytes, right->bytes);
	return order != 0 ? order : strcmp(left->name.data, right->name.data);
}

static int
compare_labels(const void *a, const void *b)
{
	const ArxHeapLabel *left = a;
	const ArxHeapLabel *right = b;
	int order = compare_numbers(left->label, right->label);

	return order != 0 ? order : strcmp(left->name.data, right->name.data);
}

static int
compare_symbols(const void *a, const void *b)
{
	const ArxHeapSymbol *left = a;
	const ArxHeapSymbol *right = b;
	int order = compare_numbers(left->module, right->module);

	if (order == 0)
		order = compare_numbers(left->address, right->address);
	if (order == 0)
		order = compare_numbers(left->depth, right->depth);
	return order != 0 ? order
					  : strcmp(left->function.data, right->function.data);
}

static const char *
find_label(const ArxProfile *profile, uint64_t label)
{
	ArxHeapLabel wanted = {.label = label, .name = {.data = ""}};
	size_t low = 0;
	size_t high = profile->nlabels;

	while (low < high)
	{
		size_t middle = low + (high - low) / 2;

		if (compare_labels(&profile->labels[middle], &wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < profile->nlabels && profile->labels[low].label == label)
		return profile->labels[low].name.data;
	return "";
}

/* The arrays are the arena's, and ours until the profile is handed out. */
static void
sort(const void *array, size_t n, size_t size,
	 int (*compare)(const void *, const void *))
{
	if (n > 1)
		qsort((void *) (uintptr_t) array, n, size, compare);
}

void
arx_profile_name_labels(ArxProfile *profile)
{
	sort(profile->codes, profile->ncodes, sizeof(ArxHeapCode), compare_codes);
	sort(profile->labels, profile->nlabels, sizeof(ArxHeapLabel),
		 compare_labels);
	sort(profile->symbols, profile->nsymbols, sizeof(ArxHeapSymbol),
		 compare_symbols);
	for (size_t i = 0; i < profile->nsites; i++)
		if (profile->sites[i].label != 0)
			profile->sites[i].label_name =
				find_label(profile, profile->sites[i].label);
}
