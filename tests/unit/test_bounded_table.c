/*
 * test_bounded_table.c
 *	  The table of one writer and many readers against a model, and a race.
 *
 * Compiled with the server's headers; what it calls of the server is below.
 */
#include "postgres.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "core/bounded_table.h"

#undef qsort

MemoryContext TopMemoryContext = NULL;

/* What is allocated there is never freed. */
void *
MemoryContextAllocZero(MemoryContext context, Size size)
{
	static char memory[65536] pg_attribute_aligned(MAXIMUM_ALIGNOF);
	static Size used = 0;
	char *result = memory + used;

	used += MAXALIGN(size);
	assert_true(used <= sizeof(memory));
	return result;
}

Size
add_size(Size a, Size b)
{
	return a + b;
}

Size
mul_size(Size a, Size b)
{
	return a * b;
}

void
pg_qsort(void *base, size_t n, size_t size,
		 int (*compare)(const void *, const void *))
{
	qsort(base, n, size, compare);
}

#define CAPACITY 40
#define KEYS 100
#define WORDS 8

typedef struct Key
{
	int64 number;
	int64 again; /* so that half a key is noticed */
} Key;

typedef struct Value
{
	int64 words[WORDS]; /* all the same, unless torn */
} Value;

/* What should be in the table: by number of key. */
typedef struct Model
{
	bool there;
	int64 value;
	int64 last_used;
} Model;

static const ArxTableShape shape = {.key_size = sizeof(Key),
									.value_size = sizeof(Value),
									.capacity = CAPACITY};

static Model model[KEYS];
static int model_count;
static void *segment;
static int evicted_count;
static int64 evicted_ages[KEYS];
static int64 evicted_newest;

static ArxTable *
make_table(void)
{
	free(segment);
	segment = malloc(arx_table_size(&shape));
	memset(segment, 0x55, arx_table_size(&shape));
	memset(model, 0, sizeof(model));
	model_count = 0;
	return arx_table_attach(segment, &shape, false);
}

static Key
key_of_number(int64 number)
{
	return (Key){number, ~number};
}

/* Hashes that make long runs, some of them over the end of the slots. */
static uint64
hash_of(int64 number, int spread)
{
	int slots = CAPACITY + CAPACITY / 2 + 1;

	return (uint64) (slots - 3 + number % spread);
}

static void
set_value(ArxTable *table, Value *value, int64 to)
{
	arx_table_change(table, value);
	for (int i = 0; i < WORDS; i++)
		value->words[i] = to;
	arx_table_changed(table, value);
}

static void
enter(ArxTable *table, int64 number, int spread, int64 now)
{
	Key key = key_of_number(number);
	Model *m = &model[number];
	bool is_new = false;
	Value *value =
		arx_table_enter(table, &key, hash_of(number, spread), now, &is_new);

	if (!m->there && model_count == CAPACITY)
	{
		assert_null(value);
		return;
	}
	assert_non_null(value);
	assert_int_equal(is_new, !m->there);
	assert_int_equal(value->words[0], m->value);
	assert_memory_equal(arx_table_key(table, value), &key, sizeof(key));
	model_count += !m->there;
	m->there = true;
	m->last_used = now;
	m->value += number + 1;
	set_value(table, value, m->value);
}

/* The table has what the model has, each once. */
static void
assert_same(ArxTable *table)
{
	int seen = 0;

	for (int i = 0; i < arx_table_slots(table); i++)
	{
		Key key;
		Value value;

		if (!arx_table_read(table, i, &key, &value))
			continue;
		seen++;
		assert_in_range(key.number, 0, KEYS - 1);
		assert_true(model[key.number].there);
		for (int word = 0; word < WORDS; word++)
			assert_int_equal(value.words[word], model[key.number].value);
	}
	assert_int_equal(seen, model_count);
	assert_int_equal(arx_table_count(table), model_count);
}

static void
note_evicted(const void *key, const void *value, void *arg)
{
	Model *m = &model[((const Key *) key)->number];

	assert_ptr_equal(arg, model);
	assert_true(m->there);
	assert_int_equal(((const Value *) value)->words[0], m->value);
	evicted_newest = Max(evicted_newest, m->last_used);
	evicted_ages[evicted_count++] = m->last_used;
	*m = (Model){0};
	model_count--;
}

static void
evict(ArxTable *table, int64 keep_since)
{
	int64 before = arx_table_evictions(table);
	int old = 0;
	int older = 0;
	int removed;

	for (int i = 0; i < KEYS; i++)
		old += model[i].there && model[i].last_used < keep_since;
	evicted_count = 0;
	evicted_newest = PG_INT64_MIN;
	removed = arx_table_evict(table, keep_since, note_evicted, model);
	assert_int_equal(removed, evicted_count);
	assert_int_equal(arx_table_evictions(table) - before, removed);
	assert_true(removed <= CAPACITY / 10 + 1);
	assert_true(old == 0 ? removed == 0 : removed >= 1);
	if (removed == 0)
		return;
	assert_true(evicted_newest < keep_since);
	/* Of all that there were, at most a tenth was older than the newest. */
	for (int i = 0; i < removed; i++)
		older += evicted_ages[i] < evicted_newest;
	for (int i = 0; i < KEYS; i++)
		older += model[i].there && model[i].last_used < evicted_newest;
	assert_true(older <= (model_count + removed) / 10);
}

static uint64 random_state = 1;

static int
random_below(int n)
{
	random_state = random_state * 6364136223846793005 + 1442695040888963407;
	return (int) ((random_state >> 33) % (uint64) n);
}

static void
table_has_what_was_entered_and_not_evicted(void **state)
{
	static const int spreads[] = {1, 2, 7, 61, 1000};

	for (int s = 0; s < (int) lengthof(spreads); s++)
	{
		ArxTable *table = make_table();

		for (int i = 1; i <= 20000; i++)
		{
			int action = random_below(1000);
			int64 now = i / 16; /* many are of one age */

			if (action < 960)
				enter(table, random_below(KEYS), spreads[s], now);
			else if (action < 999)
				evict(table, now + 1 - random_below(4));
			else
			{
				arx_table_clear(table);
				memset(model, 0, sizeof(model));
				model_count = 0;
			}
			if (i % 10 == 0)
				assert_same(table);
		}
	}
}

static void
full_table_refuses_and_takes_again_after_an_eviction(void **state)
{
	ArxTable *table = make_table();

	for (int i = 0; i <= CAPACITY; i++)
		enter(table, i, 1000, i);
	assert_false(model[CAPACITY].there);
	assert_int_equal(arx_table_evict(table, 0, NULL, NULL), 0);
	evict(table, PG_INT64_MAX);
	assert_int_equal(evicted_count, CAPACITY / 10 + 1);
	assert_false(model[0].there);
	assert_true(model[CAPACITY / 10 + 1].there);
	enter(table, CAPACITY, 1000, CAPACITY);
	assert_true(model[CAPACITY].there);
	assert_same(table);
}

static void
touched_entry_stays(void **state)
{
	ArxTable *table = make_table();
	Key key = key_of_number(0);
	Value *value;

	for (int i = 0; i < CAPACITY; i++)
		enter(table, i, 1000, i);
	value = arx_table_enter(table, &key, hash_of(0, 1000), 1, NULL);
	arx_table_touch(table, value, 1000);
	model[0].last_used = 1000;
	evict(table, PG_INT64_MAX);
	assert_true(model[0].there);
	assert_false(model[1].there);
}

static void
second_process_attaches_to_what_is_there(void **state)
{
	ArxTable *table = make_table();
	ArxTable *other = arx_table_attach(segment, &shape, true);

	enter(table, 5, 7, 1);
	enter(table, 12, 7, 2);
	assert_same(other);
}

/* One writer enters, changes and evicts without end; readers look. */
typedef struct Race
{
	ArxTable *table;
	volatile bool stop;
	int64 reads;
	int64 torn;
} Race;

static void *
read_all(void *arg)
{
	Race *race = arg;

	while (!race->stop)
	{
		for (int i = 0; i < arx_table_slots(race->table); i++)
		{
			Key key;
			Value value;
			bool good;

			if (!arx_table_read(race->table, i, &key, &value))
				continue;
			good = key.again == ~key.number;
			for (int word = 0; word < WORDS; word++)
				good = good && value.words[word] == value.words[0];
			/* Values of a key rise by its number and one. */
			good = good && value.words[0] % (key.number + 1) == 0;
			race->reads++;
			race->torn += !good;
		}
	}
	return NULL;
}

static void
reader_never_sees_half_a_change(void **state)
{
	Race races[2] = {{0}};
	pthread_t threads[2];
	ArxTable *table = make_table();

	for (int i = 0; i < 2; i++)
	{
		races[i].table = arx_table_attach(segment, &shape, true);
		assert_int_equal(pthread_create(&threads[i], NULL, read_all, &races[i]),
						 0);
	}
	for (int64 now = 1; now <= 300000; now++)
	{
		enter(table, random_below(KEYS), 7, now);
		if (model_count == CAPACITY)
			evict(table, now);
	}
	for (int i = 0; i < 2; i++)
	{
		races[i].stop = true;
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_int_equal(races[i].torn, 0);
	}
	assert_same(table);
	free(segment);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_has_what_was_entered_and_not_evicted),
		cmocka_unit_test(full_table_refuses_and_takes_again_after_an_eviction),
		cmocka_unit_test(touched_entry_stays),
		cmocka_unit_test(second_process_attaches_to_what_is_there),
		cmocka_unit_test(reader_never_sees_half_a_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
