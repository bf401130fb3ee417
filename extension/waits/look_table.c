/*
 * look_table.c
 *	  Two bounded tables, of keys and of their rest, and what a look adds.
 *
 * What a look sees is noted in the values themselves (members look and seen,
 * which nobody else reads) and added when it ends.  Rows are evicted only then,
 * so that pointers to values hold during a look.
 */
#include "postgres.h"

#include <math.h>

#include "common/hashfn.h"
#include "port/atomics.h"
#include "storage/shmem.h"
#include "utils/memutils.h"

#include "waits/look_table.h"

/* In shared memory, before the tables; the collector writes. */
typedef struct SharedHead
{
	pg_atomic_uint64 evicted;
	pg_atomic_uint64 refused;
	pg_atomic_uint64 lost;
} SharedHead;

struct ArxLookTable
{
	const ArxLookShape *shape;
	SharedHead *shared;
	ArxTable *rows;
	ArxTable *rest;

	/* the collector's */
	uint64 generation;
	uint64 look;		 /* that is being taken; a failed one has no end */
	ArxLookCount **seen; /* each value once; NULL before the first */
	int nseen;
	void *rest_key;
};

static ArxTableShape
shape_of(const ArxLookShape *shape, int capacity)
{
	return (ArxTableShape){
		.key_size = shape->key_size,
		.value_size = shape->value_size,
		.capacity = capacity,
	};
}

Size
arx_look_table_size(const ArxLookShape *shape)
{
	ArxTableShape rows = shape_of(shape, shape->capacity);
	ArxTableShape rest = shape_of(shape, shape->rest_capacity);

	return add_size(
		MAXALIGN(sizeof(SharedHead)),
		add_size(MAXALIGN(arx_table_size(&rows)), arx_table_size(&rest)));
}

ArxLookTable *
arx_look_table_attach(void *segment, const ArxLookShape *shape, bool found)
{
	ArxLookTable *table =
		MemoryContextAllocZero(TopMemoryContext, sizeof(*table));
	ArxTableShape rows = shape_of(shape, shape->capacity);
	ArxTableShape rest = shape_of(shape, shape->rest_capacity);
	char *at = segment;

	table->shape = shape;
	table->generation = 1;
	table->shared = segment;
	at += MAXALIGN(sizeof(SharedHead));
	table->rows = arx_table_attach(at, &rows, found);
	at += MAXALIGN(arx_table_size(&rows));
	table->rest = arx_table_attach(at, &rest, found);
	if (!found)
	{
		pg_atomic_init_u64(&table->shared->evicted, 0);
		pg_atomic_init_u64(&table->shared->refused, 0);
		pg_atomic_init_u64(&table->shared->lost, 0);
	}
	return table;
}

static void
add_to_counter(pg_atomic_uint64 *counter, int64 n)
{
	pg_atomic_write_u64(counter, pg_atomic_read_u64(counter) + (uint64) n);
}

/* Counts the session in the value, whose first one in this look it may be. */
static void
note(ArxLookTable *table, void *value, const ArxTick *tick)
{
	ArxLookCount *count = value;

	if (table->look != tick->number)
	{
		table->look = tick->number;
		table->nseen = 0;
	}
	if (count->look != tick->number)
	{
		count->look = tick->number;
		count->seen = 0;
		table->seen[table->nseen++] = count;
	}
	count->seen++;
}

static ArxLookCount *
enter_rest(ArxLookTable *table, const void *key, int64 look)
{
	Size size = table->shape->key_size;

	memset(table->rest_key, 0, size);
	table->shape->make_rest(key, table->rest_key);
	return arx_table_enter(table->rest, table->rest_key,
						   hash_bytes_extended(table->rest_key, size, 0), look,
						   NULL);
}

void *
arx_look_table_add(ArxLookTable *table, const void *key, uint64 hash,
				   const ArxTick *tick, bool *is_rest)
{
	void *value;

	if (table->seen == NULL)
	{
		table->rest_key =
			MemoryContextAlloc(TopMemoryContext, table->shape->key_size);
		table->seen = MemoryContextAlloc(
			TopMemoryContext, sizeof(ArxLookCount *) * table->shape->max_adds);
	}
	value = arx_table_enter(table->rows, key, hash, (int64) tick->number, NULL);
	if (is_rest)
		*is_rest = value == NULL;
	if (value == NULL)
	{
		value = enter_rest(table, key, (int64) tick->number);
		add_to_counter(value ? &table->shared->refused : &table->shared->lost,
					   1);
	}
	if (value)
		note(table, value, tick);
	return value;
}

void
arx_look_table_add_to(ArxLookTable *table, void *value, const ArxTick *tick)
{
	arx_table_touch(table->rows, value, (int64) tick->number);
	note(table, value, tick);
}

uint64
arx_look_table_generation(const ArxLookTable *table)
{
	return table->generation;
}

/* Values of both tables lie in the same place. */
void
arx_look_table_change(ArxLookTable *table, void *value)
{
	arx_table_change(table->rows, value);
}

void
arx_look_table_changed(ArxLookTable *table, void *value)
{
	arx_table_changed(table->rows, value);
}

static void
add_look(ArxLookTable *table, ArxLookCount *count, const ArxTick *tick, int64 t)
{
	double weight = (double) tick->weight_us / 1000;
	double n = weight * (double) count->seen;

	arx_look_table_change(table, count);
	if (count->samples == 0)
		count->first_seen = tick->now;
	count->last_seen = tick->now;
	count->samples += count->seen;
	count->n += n;
	count->nn += n * n;
	count->nt += n * weight * (double) t;
	arx_look_table_changed(table, count);
}

/*
 * Adds a row to one of the rest.  How often both were seen together is not
 * known any more, so the sum of squares is the largest that it may be (by
 * Minkowski's inequality): an interval gets rather too wide than too narrow.
 */
static void
fold(const void *key, const void *value, void *arg)
{
	ArxLookTable *table = arg;
	const ArxLookCount *from = value;
	ArxLookCount *into = enter_rest(table, key, 0);
	Size at = sizeof(ArxLookCount);

	if (into == NULL)
	{
		add_to_counter(&table->shared->lost, from->samples);
		return;
	}
	arx_look_table_change(table, into);
	into->first_seen = into->samples == 0
		? from->first_seen
		: Min(into->first_seen, from->first_seen);
	into->last_seen = Max(into->last_seen, from->last_seen);
	into->samples += from->samples;
	into->n += from->n;
	into->nn += from->nn + 2 * sqrt(into->nn * from->nn);
	into->nt += from->nt;
	if (table->shape->fold)
		table->shape->fold((char *) into + at, (const char *) from + at);
	arx_look_table_changed(table, into);
}

void
arx_look_table_end(ArxLookTable *table, const ArxTick *tick, int64 t)
{
	int capacity = table->shape->capacity;
	int evicted;

	for (int i = 0; i < table->nseen && table->look == tick->number; i++)
		add_look(table, table->seen[i], tick, t);
	table->nseen = 0;
	if (arx_table_count(table->rows) < capacity - capacity / 20)
		return;
	evicted = arx_table_evict(table->rows, (int64) tick->number, fold, table);
	add_to_counter(&table->shared->evicted, evicted);
	table->generation++;
}

void
arx_look_table_clear(ArxLookTable *table)
{
	arx_table_clear(table->rows);
	arx_table_clear(table->rest);
	table->nseen = 0;
	table->generation++;
	pg_atomic_write_u64(&table->shared->evicted, 0);
	pg_atomic_write_u64(&table->shared->refused, 0);
	pg_atomic_write_u64(&table->shared->lost, 0);
}

static void
copy_rows(const ArxTable *table, ArxLookCopy *copy)
{
	for (int i = 0; i < arx_table_slots(table); i++)
	{
		char *row;

		if (copy->n == copy->room)
		{
			copy->room = Max(2 * copy->room, 64);
			copy->rows = copy->rows == NULL
				? palloc(copy->row_size * copy->room)
				: repalloc_huge(copy->rows, copy->row_size * copy->room);
		}
		row = copy->rows + copy->n * copy->row_size;
		if (arx_table_read(table, i, row, row + copy->value_at) &&
			((ArxLookCount *) (row + copy->value_at))->samples > 0)
			copy->n++;
	}
}

void
arx_look_table_copy(const ArxLookTable *table, ArxLookCopy *copy)
{
	copy->n = 0;
	copy->value_at = MAXALIGN(table->shape->key_size);
	copy->row_size = copy->value_at + MAXALIGN(table->shape->value_size);
	copy_rows(table->rows, copy);
	copy_rows(table->rest, copy);
}

void
arx_look_table_status(const ArxLookTable *table, ArxLookTableStatus *status)
{
	status->rows = arx_table_count(table->rows);
	status->rest_rows = arx_table_count(table->rest);
	status->evicted = (int64) pg_atomic_read_u64(&table->shared->evicted);
	status->refused = (int64) pg_atomic_read_u64(&table->shared->refused);
	status->lost = (int64) pg_atomic_read_u64(&table->shared->lost);
}
