/*
 * session_dictionary.c
 *	  A hash table with chains, and a list of its entries by age of use.
 *
 * The head of the list was used least lately, so finding room takes one look.
 * Hash chains and list are the writer's alone; readers go by number.
 */
#include "postgres.h"

#include "port/atomics.h"

#include "sessions/session_dictionary.h"

#define NONE (-1)

typedef struct ArxDictionaryHead
{
	int32 used;	  /* entries ever entered; the first so many */
	int32 oldest; /* ends of the list */
	int32 newest;
} ArxDictionaryHead;

typedef struct Entry
{
	pg_atomic_uint64 last_use; /* position of the last record that uses it */
	uint64 hash;
	int32 next_in_bucket;
	int32 older;
	int32 newer;
	int32 pad;
	char key[FLEXIBLE_ARRAY_MEMBER];
} Entry;

Size
arx_dictionary_entry_size(Size key_size)
{
	return offsetof(Entry, key) + key_size + sizeof(int32);
}

int
arx_dictionary_capacity(Size key_size, Size bytes)
{
	Size room = bytes - Min(bytes, MAXALIGN(sizeof(ArxDictionaryHead)));

	return (int) Max(room / arx_dictionary_entry_size(key_size), 1);
}

Size
arx_dictionary_size(Size key_size, int capacity)
{
	Size size = MAXALIGN(sizeof(ArxDictionaryHead));

	size = add_size(size, mul_size(capacity, offsetof(Entry, key) + key_size));
	return add_size(size, MAXALIGN(mul_size(capacity, sizeof(int32))));
}

void
arx_dictionary_attach(ArxDictionary *dictionary, void *segment, Size key_size,
					  int capacity, bool found)
{
	Assert(key_size == MAXALIGN(key_size));
	dictionary->key_size = key_size;
	dictionary->capacity = capacity;
	dictionary->entry_size = offsetof(Entry, key) + key_size;
	dictionary->head = segment;
	dictionary->entries =
		(char *) segment + MAXALIGN(sizeof(*dictionary->head));
	dictionary->buckets =
		(int32 *) (dictionary->entries + capacity * dictionary->entry_size);
	if (found)
		return;
	memset(segment, 0, arx_dictionary_size(key_size, capacity));
	dictionary->head->oldest = NONE;
	dictionary->head->newest = NONE;
	for (int i = 0; i < capacity; i++)
		dictionary->buckets[i] = NONE;
}

static Entry *
entry_at(const ArxDictionary *dictionary, int32 i)
{
	return (Entry *) (dictionary->entries + i * dictionary->entry_size);
}

static int32 *
bucket_of(const ArxDictionary *dictionary, uint64 hash)
{
	return &dictionary->buckets[hash % (uint64) dictionary->capacity];
}

static void
unlink_age(ArxDictionary *dictionary, Entry *entry)
{
	if (entry->older == NONE)
		dictionary->head->oldest = entry->newer;
	else
		entry_at(dictionary, entry->older)->newer = entry->newer;
	if (entry->newer == NONE)
		dictionary->head->newest = entry->older;
	else
		entry_at(dictionary, entry->newer)->older = entry->older;
}

static void
link_newest(ArxDictionary *dictionary, Entry *entry, int32 i)
{
	entry->older = dictionary->head->newest;
	entry->newer = NONE;
	if (entry->older == NONE)
		dictionary->head->oldest = i;
	else
		entry_at(dictionary, entry->older)->newer = i;
	dictionary->head->newest = i;
}

static void
unlink_bucket(ArxDictionary *dictionary, Entry *entry, int32 i)
{
	int32 *link = bucket_of(dictionary, entry->hash);

	while (*link != i)
		link = &entry_at(dictionary, *link)->next_in_bucket;
	*link = entry->next_in_bucket;
}

/* An entry to fill, out of all lists; NONE: all are in use. */
static int32
make_room(ArxDictionary *dictionary, uint64 oldest)
{
	int32 i = dictionary->head->oldest;
	Entry *entry;

	if (dictionary->head->used < dictionary->capacity)
		return dictionary->head->used++;
	entry = entry_at(dictionary, i);
	if (pg_atomic_read_u64(&entry->last_use) >= oldest)
		return NONE;
	unlink_age(dictionary, entry);
	unlink_bucket(dictionary, entry, i);
	return i;
}

static int32
find(const ArxDictionary *dictionary, const void *key, uint64 hash)
{
	int32 i = *bucket_of(dictionary, hash);

	while (i != NONE)
	{
		Entry *entry = entry_at(dictionary, i);

		if (entry->hash == hash &&
			memcmp(entry->key, key, dictionary->key_size) == 0)
			return i;
		i = entry->next_in_bucket;
	}
	return NONE;
}

static int32
add(ArxDictionary *dictionary, const void *key, uint64 hash, uint64 oldest)
{
	int32 i = make_room(dictionary, oldest);
	Entry *entry;
	int32 *bucket;

	if (i == NONE)
		return NONE;
	entry = entry_at(dictionary, i);
	bucket = bucket_of(dictionary, hash);
	entry->hash = hash;
	memcpy(entry->key, key, dictionary->key_size);
	entry->next_in_bucket = *bucket;
	*bucket = i;
	return i;
}

uint32
arx_dictionary_enter(ArxDictionary *dictionary, const void *key, uint64 hash,
					 uint64 at, uint64 oldest)
{
	int32 i = find(dictionary, key, hash);

	if (i != NONE)
		unlink_age(dictionary, entry_at(dictionary, i));
	else
		i = add(dictionary, key, hash, oldest);
	if (i == NONE)
		return 0;
	link_newest(dictionary, entry_at(dictionary, i), i);
	pg_atomic_write_u64(&entry_at(dictionary, i)->last_use, at);
	return (uint32) i + 1;
}

bool
arx_dictionary_read(const ArxDictionary *dictionary, uint64 number, void *key)
{
	if (number < 1 || number > (uint64) dictionary->capacity)
		return false;
	memcpy(key, entry_at(dictionary, (int32) number - 1)->key,
		   dictionary->key_size);
	return true;
}

int
arx_dictionary_in_use(const ArxDictionary *dictionary, uint64 oldest)
{
	int used = Min(((volatile ArxDictionaryHead *) dictionary->head)->used,
				   dictionary->capacity);
	int n = 0;

	for (int32 i = 0; i < used; i++)
		if (pg_atomic_read_u64(&entry_at(dictionary, i)->last_use) >= oldest)
			n++;
	return n;
}
