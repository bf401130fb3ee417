/*
 * pgbouncer_store.c
 *	  Consoles, pools and databases of PgBouncers in shared memory.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "port/atomics.h"
#include "utils/timestamp.h"

#include "core/bounded_table.h"
#include "pools/pgbouncer_list.h"
#include "pools/pgbouncer_store.h"

/* What was seen within this time does not make room for others. */
#define KEEP_US (60 * INT64CONST(1000000))

static const ArxTableShape console_shape = {
	sizeof(uint64), sizeof(ArxBouncerConsole), ARX_MAX_CONSOLES};
static const ArxTableShape pool_shape = {
	sizeof(ArxBouncerPoolKey), sizeof(ArxBouncerPool), ARX_BOUNCER_POOLS};
static const ArxTableShape database_shape = {sizeof(ArxBouncerDatabaseKey),
											 sizeof(ArxBouncerDatabase),
											 ARX_BOUNCER_DATABASES};

static ArxTable *consoles;
static ArxTable *pools;
static ArxTable *databases;
static pg_atomic_uint64 *dropped;

Size
arx_bouncer_shmem_size(void)
{
	Size size = MAXALIGN(sizeof(*dropped));

	size = add_size(size, MAXALIGN(arx_table_size(&console_shape)));
	size = add_size(size, MAXALIGN(arx_table_size(&pool_shape)));
	return add_size(size, MAXALIGN(arx_table_size(&database_shape)));
}

void
arx_bouncer_shmem_attach(void *segment, bool found)
{
	char *at = segment;

	dropped = (pg_atomic_uint64 *) at;
	if (!found)
		pg_atomic_init_u64(dropped, 0);
	at += MAXALIGN(sizeof(*dropped));
	consoles = arx_table_attach(at, &console_shape, found);
	at += MAXALIGN(arx_table_size(&console_shape));
	pools = arx_table_attach(at, &pool_shape, found);
	at += MAXALIGN(arx_table_size(&pool_shape));
	databases = arx_table_attach(at, &database_shape, found);
}

void
arx_bouncer_clear(void)
{
	arx_table_clear(consoles);
	arx_table_clear(pools);
	arx_table_clear(databases);
}

void
arx_bouncer_note_dropped(void)
{
	pg_atomic_write_u64(dropped, pg_atomic_read_u64(dropped) + 1);
}

static void *
enter(ArxTable *table, const void *key, Size key_size, int64 now)
{
	uint64 hash = hash_bytes_extended(key, (int) key_size, 0);
	void *value = arx_table_enter(table, key, hash, now, NULL);

	if (value == NULL && arx_table_evict(table, now - KEEP_US, NULL, NULL) > 0)
		value = arx_table_enter(table, key, hash, now, NULL);
	if (value == NULL)
		arx_bouncer_note_dropped();
	return value;
}

void
arx_bouncer_set_console(const ArxBouncerConsole *console)
{
	uint64 key = console->id;
	ArxBouncerConsole *shown =
		enter(consoles, &key, sizeof(key), GetCurrentTimestamp());

	if (shown == NULL)
		return;
	arx_table_change(consoles, shown);
	*shown = *console;
	arx_table_changed(consoles, shown);
}

void
arx_bouncer_set_consoles(const ArxBouncerConsole *const *all, int n)
{
	arx_table_clear(consoles);
	for (int i = 0; i < n; i++)
		arx_bouncer_set_console(all[i]);
}

ArxBouncerPool *
arx_bouncer_pool(uint32 console, const char *database, const char *username,
				 int64 now)
{
	ArxBouncerPoolKey key;

	memset(&key, 0, sizeof(key));
	key.console = console;
	strlcpy(key.database, database, sizeof(key.database));
	strlcpy(key.username, username, sizeof(key.username));
	return enter(pools, &key, sizeof(key), now);
}

void
arx_bouncer_pool_begin(ArxBouncerPool *pool)
{
	arx_table_change(pools, pool);
}

void
arx_bouncer_pool_end(ArxBouncerPool *pool)
{
	arx_table_changed(pools, pool);
}

ArxBouncerDatabase *
arx_bouncer_database(uint32 console, const char *database, int64 now)
{
	ArxBouncerDatabaseKey key;

	memset(&key, 0, sizeof(key));
	key.console = console;
	strlcpy(key.database, database, sizeof(key.database));
	return enter(databases, &key, sizeof(key), now);
}

void
arx_bouncer_database_begin(ArxBouncerDatabase *database)
{
	arx_table_change(databases, database);
}

void
arx_bouncer_database_end(ArxBouncerDatabase *database)
{
	arx_table_changed(databases, database);
}

static int
compare_ids(const void *a, const void *b)
{
	uint32 x = ((const ArxBouncerConsole *) a)->id;
	uint32 y = ((const ArxBouncerConsole *) b)->id;

	return x < y ? -1 : x > y;
}

static void
copy_consoles(ArxBouncerCopy *copy)
{
	int slots = arx_table_slots(consoles);
	uint64 key;

	copy->consoles = palloc(sizeof(*copy->consoles) * slots);
	for (int i = 0; i < slots; i++)
		if (arx_table_read(consoles, i, &key, &copy->consoles[copy->nconsoles]))
			copy->nconsoles++;
	qsort(copy->consoles, copy->nconsoles, sizeof(*copy->consoles),
		  compare_ids);
}

/* Was it there at the last look of a console that is still configured? */
static bool
is_current(const ArxBouncerCopy *copy, uint32 console, int64 seen_at)
{
	for (int i = 0; i < copy->nconsoles; i++)
		if (copy->consoles[i].id == console)
			return copy->consoles[i].answered_at > 0 &&
				seen_at >= copy->consoles[i].answered_at;
	return false;
}

static void
copy_pools(ArxBouncerCopy *copy)
{
	int slots = arx_table_slots(pools);
	/* One more than there are: what is not current is read, too. */
	int room = arx_table_count(pools) + 1;

	copy->pools = palloc(sizeof(*copy->pools) * room);
	for (int i = 0; i < slots && copy->npools < room; i++)
	{
		ArxBouncerPoolCopy *to = &copy->pools[copy->npools];

		if (arx_table_read(pools, i, &to->key, &to->pool) &&
			is_current(copy, to->key.console, to->pool.seen_at))
			copy->npools++;
	}
}

static void
copy_databases(ArxBouncerCopy *copy)
{
	int slots = arx_table_slots(databases);

	copy->databases = palloc(sizeof(*copy->databases) * slots);
	for (int i = 0; i < slots; i++)
	{
		ArxBouncerDatabaseCopy *to = &copy->databases[copy->ndatabases];

		if (arx_table_read(databases, i, &to->key, &to->database) &&
			is_current(copy, to->key.console, to->database.seen_at))
			copy->ndatabases++;
	}
}

ArxBouncerCopy *
arx_bouncer_copy(bool with_pools)
{
	ArxBouncerCopy *copy = palloc0(sizeof(*copy));

	copy_consoles(copy);
	if (with_pools)
	{
		copy_pools(copy);
		copy_databases(copy);
	}
	return copy;
}

int64
arx_bouncer_dropped(void)
{
	return (int64) pg_atomic_read_u64(dropped);
}

int
arx_bouncer_pool_count(void)
{
	return arx_table_count(pools);
}
