/*
 * bounded_table.c
 *	  Open addressing with linear probing over fixed-size entries.
 *
 * The slots are half as many again as the capacity, so that probes are short.
 * An entry is removed by moving those after it back (no tombstones), so a
 * reader that walks by number may see one twice or not at all while the writer
 * evicts, which is rare; it never sees one half written.
 */
#include "postgres.h"

#include "port/atomics.h"
#include "storage/shmem.h"
#include "utils/memutils.h"

#include "core/bounded_table.h"

#define READ_TRIES 100

/* So many ages are looked at to tell the oldest tenth. */
#define AGES 1024

/* In shared memory, before key and value. */
typedef struct Entry
{
	pg_atomic_uint32 changecount; /* odd while it is being written */
	uint32 used;
	uint64 hash;
	int64 last_used;
} Entry;

typedef struct Head
{
	pg_atomic_uint32 count;
	pg_atomic_uint64 evictions;
} Head;

struct ArxTable
{
	ArxTableShape shape;
	int slots;
	Size key_at;
	Size value_at;
	Size entry_size;
	Head *head;
	char *entries;
};

static void
set_layout(ArxTable *table, const ArxTableShape *shape)
{
	table->shape = *shape;
	table->slots = shape->capacity + shape->capacity / 2 + 1;
	table->key_at = sizeof(Entry);
	table->value_at = table->key_at + MAXALIGN(shape->key_size);
	table->entry_size = table->value_at + MAXALIGN(shape->value_size);
}

Size
arx_table_size(const ArxTableShape *shape)
{
	ArxTable table;

	set_layout(&table, shape);
	return add_size(MAXALIGN(sizeof(Head)),
					mul_size(table.slots, table.entry_size));
}

static Entry *
entry_at(const ArxTable *table, int slot)
{
	return (Entry *) (table->entries + (Size) slot * table->entry_size);
}

static char *
key_of(const ArxTable *table, Entry *entry)
{
	return (char *) entry + table->key_at;
}

static char *
value_of(const ArxTable *table, Entry *entry)
{
	return (char *) entry + table->value_at;
}

ArxTable *
arx_table_attach(void *segment, const ArxTableShape *shape, bool found)
{
	ArxTable *table = MemoryContextAllocZero(TopMemoryContext, sizeof(*table));

	set_layout(table, shape);
	table->head = segment;
	table->entries = (char *) segment + MAXALIGN(sizeof(Head));
	if (found)
		return table;
	memset(segment, 0, arx_table_size(shape));
	pg_atomic_init_u32(&table->head->count, 0);
	pg_atomic_init_u64(&table->head->evictions, 0);
	for (int i = 0; i < table->slots; i++)
		pg_atomic_init_u32(&entry_at(table, i)->changecount, 0);
	return table;
}

static void
begin_change(Entry *entry)
{
	pg_atomic_write_u32(&entry->changecount,
						pg_atomic_read_u32(&entry->changecount) | 1);
	pg_write_barrier();
}

static void
end_change(Entry *entry)
{
	pg_write_barrier();
	pg_atomic_write_u32(&entry->changecount,
						(pg_atomic_read_u32(&entry->changecount) | 1) + 1);
}

static int
home_of(const ArxTable *table, uint64 hash)
{
	return (int) (hash % (uint64) table->slots);
}

static int
next_slot(const ArxTable *table, int slot)
{
	return slot + 1 == table->slots ? 0 : slot + 1;
}

/* The table keeps a reference to its writer's values only through entries. */
static Entry *
entry_of(const ArxTable *table, const void *value)
{
	return (Entry *) ((char *) unconstify(void *, value) - table->value_at);
}

void *
arx_table_enter(ArxTable *table, const void *key, uint64 hash, int64 now,
				bool *is_new)
{
	int slot = home_of(table, hash);
	Entry *entry = entry_at(table, slot);

	while (entry->used &&
		   (entry->hash != hash ||
			memcmp(key_of(table, entry), key, table->shape.key_size) != 0))
	{
		slot = next_slot(table, slot);
		entry = entry_at(table, slot);
	}
	if (is_new)
		*is_new = !entry->used;
	if (!entry->used)
	{
		uint32 count = pg_atomic_read_u32(&table->head->count);

		if (count >= (uint32) table->shape.capacity)
			return NULL;
		begin_change(entry);
		entry->hash = hash;
		memcpy(key_of(table, entry), key, table->shape.key_size);
		memset(value_of(table, entry), 0, table->shape.value_size);
		entry->used = 1;
		end_change(entry);
		pg_atomic_write_u32(&table->head->count, count + 1);
	}
	entry->last_used = now;
	return value_of(table, entry);
}

void
arx_table_change(ArxTable *table, void *value)
{
	begin_change(entry_of(table, value));
}

void
arx_table_changed(ArxTable *table, void *value)
{
	end_change(entry_of(table, value));
}

void
arx_table_touch(ArxTable *table, void *value, int64 now)
{
	entry_of(table, value)->last_used = now;
}

const void *
arx_table_key(const ArxTable *table, const void *value)
{
	return key_of(table, entry_of(table, value));
}

/* Frees a slot, and moves those back that were kept from their home by it. */
static void
remove_slot(ArxTable *table, int hole)
{
	int slot = hole;

	for (;;)
	{
		Entry *entry;
		int home;

		slot = next_slot(table, slot);
		entry = entry_at(table, slot);
		if (!entry->used)
			break;
		home = home_of(table, entry->hash);
		/* Does its way from home to slot lead over the hole? */
		if ((slot - home + table->slots) % table->slots >=
			(slot - hole + table->slots) % table->slots)
		{
			Entry *to = entry_at(table, hole);
			Size at = offsetof(Entry, used);

			begin_change(to);
			memcpy((char *) to + at, (char *) entry + at,
				   table->entry_size - at);
			end_change(to);
			hole = slot;
		}
	}
	begin_change(entry_at(table, hole));
	entry_at(table, hole)->used = 0;
	end_change(entry_at(table, hole));
	pg_atomic_write_u32(&table->head->count,
						pg_atomic_read_u32(&table->head->count) - 1);
}

static int
compare_ages(const void *a, const void *b)
{
	int64 x = *(const int64 *) a;
	int64 y = *(const int64 *) b;

	return x < y ? -1 : x > y;
}

/*
 * The last use up to which (inclusive) entries have to go: the tenth of those
 * in slots at equal distances.  Slots are in the order of hashes, so that they
 * stand for all.
 */
static int64
oldest_tenth(const ArxTable *table)
{
	int64 ages[AGES];
	int step = (table->slots + AGES - 1) / AGES;
	int n = 0;

	for (int i = 0; i < table->slots; i += step)
		if (entry_at(table, i)->used)
			ages[n++] = entry_at(table, i)->last_used;
	if (n == 0)
		return PG_INT64_MAX;
	qsort(ages, n, sizeof(int64), compare_ages);
	return ages[n / 10];
}

int
arx_table_evict(ArxTable *table, int64 keep_since, ArxTableEvicted evicted,
				void *arg)
{
	int64 up_to = Min(oldest_tenth(table), keep_since - 1);
	int most = table->shape.capacity / 10 + 1;
	int removed = 0;

	for (int i = 0; i < table->slots && removed < most;)
	{
		Entry *entry = entry_at(table, i);

		if (!entry->used || entry->last_used > up_to)
		{
			i++;
			continue;
		}
		if (evicted)
			evicted(key_of(table, entry), value_of(table, entry), arg);
		remove_slot(table, i); /* another may be in this slot now */
		removed++;
	}
	pg_atomic_write_u64(&table->head->evictions,
						pg_atomic_read_u64(&table->head->evictions) + removed);
	return removed;
}

void
arx_table_clear(ArxTable *table)
{
	for (int i = 0; i < table->slots; i++)
	{
		Entry *entry = entry_at(table, i);

		if (!entry->used)
			continue;
		begin_change(entry);
		entry->used = 0;
		end_change(entry);
	}
	pg_atomic_write_u32(&table->head->count, 0);
}

bool
arx_table_read(const ArxTable *table, int i, void *key, void *value)
{
	Entry *entry;

	if (i < 0 || i >= table->slots)
		return false;
	entry = entry_at(table, i);
	for (int tries = 0; tries < READ_TRIES; tries++)
	{
		uint32 before = pg_atomic_read_u32(&entry->changecount);
		bool used;

		pg_read_barrier();
		used = ((volatile Entry *) entry)->used != 0;
		memcpy(key, key_of(table, entry), table->shape.key_size);
		memcpy(value, value_of(table, entry), table->shape.value_size);
		pg_read_barrier();
		if ((before & 1) == 0 &&
			pg_atomic_read_u32(&entry->changecount) == before)
			return used;
	}
	return false;
}

int
arx_table_slots(const ArxTable *table)
{
	return table->slots;
}

int
arx_table_count(const ArxTable *table)
{
	return (int) pg_atomic_read_u32(&table->head->count);
}

int64
arx_table_evictions(const ArxTable *table)
{
	return (int64) pg_atomic_read_u64(&table->head->evictions);
}
