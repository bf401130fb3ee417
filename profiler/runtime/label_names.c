/*
 * label_names.c
 *	  Names that the host gave to its labels.
 *
 * A hash table with open addressing, mapped when the first name is given and
 * kept until the process ends; names are replaced, never removed.
 */
#include "runtime/label_names.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "runtime/futex_lock.h"
#include "runtime/private_memory.h"
#include "runtime/runtime.h"

#define SLOTS 4096 /* a power of two */
#define MAX_NAMES (SLOTS / 4 * 3)

typedef struct NamedLabel
{
	uint64_t label; /* 0: slot is free */
	uint8_t length;
	char name[AH_LABEL_NAME_MAX];
} NamedLabel;

static AhLock lock; /* protects the two below */
static NamedLabel *names;
static uint32_t nnames;

/* The label's slot, or the free one where it belongs. */
static NamedLabel *
find_slot(uint64_t label)
{
	uint64_t hash = label * 0x9E3779B97F4A7C15ULL;
	uint32_t i = (uint32_t) (hash >> 32) % SLOTS;

	while (names[i].label != 0 && names[i].label != label)
		i = (i + 1) % SLOTS;
	return &names[i];
}

/* The lock is held.  False when there is no room. */
static bool
set_name(uint64_t label, const char *name)
{
	NamedLabel *slot;

	if (names == NULL)
		names = ah_map(SLOTS * sizeof(NamedLabel));
	if (names == NULL)
		return false;
	slot = find_slot(label);
	if (slot->label == 0)
	{
		if (nnames == MAX_NAMES)
			return false;
		nnames++;
		slot->label = label;
	}
	slot->length = (uint8_t) strnlen(name, AH_LABEL_NAME_MAX);
	memcpy(slot->name, name, slot->length);
	return true;
}

int
arxheap_label_name(uint64_t label, const char *name)
{
	uint32_t inside = ah_thread.inside;
	int saved = errno;
	bool done;

	if (label == 0 || name == NULL)
		return -1;
	ah_thread.inside = 1;
	ah_lock(&lock);
	done = set_name(label, name);
	ah_unlock(&lock);
	ah_thread.inside = inside;
	if (!done)
		ah_count(ARX_HEAP_COUNT_LABELS_DROPPED, 1);
	errno = saved;
	return done ? 0 : -1;
}

size_t
ah_label_copy(uint64_t label, char name[AH_LABEL_NAME_MAX])
{
	const NamedLabel *slot;
	size_t length = 0;

	ah_lock(&lock);
	slot = names != NULL ? find_slot(label) : NULL;
	if (slot != NULL && slot->label == label)
	{
		length = slot->length;
		memcpy(name, slot->name, length);
	}
	ah_unlock(&lock);
	return length;
}

void
ah_label_names_forked(void)
{
	atomic_store(&lock, 0);
}
