/*
 * intern_table.c
 *	  Numbers equal keys equally: 0, 1, 2, ... in order of their coming.
 */
#include <string.h>

#include "exporters/intern_table.h"

static uint64_t
hash_bytes(const void *bytes, size_t length)
{
	const uint8_t *at = bytes;
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
	return hash ^ hash >> 32;
}

static size_t
find_slot(const ArxInternTable *table, const void *key, size_t length,
		  uint64_t hash)
{
	size_t slot = (size_t) hash & (table->nslots - 1);

	for (; table->slots[slot] != 0; slot = (slot + 1) & (table->nslots - 1))
	{
		const ArxInternKey *found = &table->keys[table->slots[slot] - 1];

		if (found->hash == hash && found->length == length &&
			memcmp(found->bytes, key, length) == 0)
			break;
	}
	return slot;
}

static void
grow(ArxInternTable *table)
{
	size_t room = table->room > 0 ? table->room * 2 : 512;
	ArxInternKey *keys =
		arx_arena_get(table->arena, room, sizeof(ArxInternKey));

	if (table->nkeys > 0)
		memcpy(keys, table->keys, table->nkeys * sizeof(ArxInternKey));
	table->keys = keys;
	table->room = room;
	table->nslots = room * 2;
	table->slots = arx_arena_get(table->arena, table->nslots, sizeof(uint32_t));
	for (size_t i = 0; i < table->nkeys; i++)
	{
		size_t slot =
			find_slot(table, keys[i].bytes, keys[i].length, keys[i].hash);

		table->slots[slot] = (uint32_t) i + 1;
	}
}

uint32_t
arx_intern(ArxInternTable *table, const void *key, size_t length, bool *added)
{
	uint64_t hash = hash_bytes(key, length);
	size_t slot;
	bool is_new;

	if (table->nkeys == table->room)
		grow(table);
	slot = find_slot(table, key, length, hash);
	is_new = table->slots[slot] == 0;
	if (is_new)
	{
		char *copy = arx_arena_get(table->arena, length + 1, 1);

		memcpy(copy, key, length);
		table->keys[table->nkeys] = (ArxInternKey){copy, length, hash};
		table->slots[slot] = (uint32_t) ++table->nkeys;
	}
	if (added != NULL)
		*added = is_new;
	return table->slots[slot] - 1;
}

uint32_t
arx_intern_text(ArxInternTable *table, const char *text)
{
	return arx_intern(table, text, strlen(text), NULL);
}
