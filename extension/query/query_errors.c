/*
 * query_errors.c
 *	  The table of errors: open addressing over a fixed array.
 *
 * A row is looked for in the few places after its hash; the one of these seen
 * longest ago is overwritten when all are taken.  So every operation looks at
 * PROBES rows, whatever the load.
 */
#include "postgres.h"

#include "common/hashfn.h"

#include "core/settings.h"
#include "query/query_errors.h"

#define PROBES 16

typedef struct SharedErrors
{
	int64 overwritten;
	ArxQueryError rows[FLEXIBLE_ARRAY_MEMBER];
} SharedErrors;

static SharedErrors *errors;
static LWLock *lock;

int
arx_query_errors_max(void)
{
	return Max(256, arx_max_statements / 5);
}

int
arx_query_errors_lock_count(void)
{
	return 1;
}

Size
arx_query_errors_shmem_size(void)
{
	return add_size(offsetof(SharedErrors, rows),
					mul_size(arx_query_errors_max(), sizeof(ArxQueryError)));
}

void
arx_query_errors_shmem_attach(void *segment, LWLockPadded *locks, bool found)
{
	errors = segment;
	lock = &locks[0].lock;
	if (!found)
		memset(errors, 0, arx_query_errors_shmem_size());
}

static bool
is_row(const ArxQueryError *row, const ArxQueryKey *key, int sqlstate)
{
	return row->sqlstate == sqlstate &&
		memcmp(&row->key, key, sizeof(*key)) == 0;
}

/*
 * The row of this error, the free one it may have, or the one to overwrite.
 * Lock held exclusively.
 */
static ArxQueryError *
place_for(const ArxQueryKey *key, int sqlstate)
{
	uint64 hash = hash_bytes_extended((const unsigned char *) key, sizeof(*key),
									  (uint64) sqlstate);
	int max = arx_query_errors_max();
	ArxQueryError *place = NULL;

	for (int i = 0; i < PROBES; i++)
	{
		ArxQueryError *row = &errors->rows[(hash + i) % max];

		if (is_row(row, key, sqlstate))
			return row;
		if (place == NULL ||
			(place->sqlstate != 0 &&
			 (row->sqlstate == 0 || row->last_seen < place->last_seen)))
			place = row;
	}
	if (place->sqlstate != 0)
		errors->overwritten++;
	memset(place, 0, sizeof(*place));
	return place;
}

void
arx_query_error_count(const ArxQueryKey *key, int sqlstate, TimestampTz when)
{
	ArxQueryError *row;

	LWLockAcquire(lock, LW_EXCLUSIVE);
	row = place_for(key, sqlstate);
	if (row->sqlstate == 0)
	{
		row->key = *key;
		row->sqlstate = sqlstate;
		row->first_seen = when;
	}
	row->count++;
	row->last_seen = Max(row->last_seen, when);
	LWLockRelease(lock);
}

void
arx_query_error_message(const ArxQueryKey *key, int sqlstate,
						const char *message)
{
	uint64 hash = hash_bytes_extended((const unsigned char *) key, sizeof(*key),
									  (uint64) sqlstate);
	int max = arx_query_errors_max();

	LWLockAcquire(lock, LW_EXCLUSIVE);
	for (int i = 0; i < PROBES; i++)
	{
		ArxQueryError *row = &errors->rows[(hash + i) % max];

		if (!is_row(row, key, sqlstate))
			continue;
		strlcpy(row->message, message, sizeof(row->message));
		break;
	}
	LWLockRelease(lock);
}

bool
arx_query_error_copy(int n, ArxQueryError *copy)
{
	LWLockAcquire(lock, LW_SHARED);
	*copy = errors->rows[n];
	LWLockRelease(lock);
	return copy->sqlstate != 0;
}

void
arx_query_error_restore(const ArxQueryError *row)
{
	LWLockAcquire(lock, LW_EXCLUSIVE);
	*place_for(&row->key, row->sqlstate) = *row;
	LWLockRelease(lock);
}

void
arx_query_errors_reset(Oid userid, Oid dbid, uint64 queryid)
{
	LWLockAcquire(lock, LW_EXCLUSIVE);
	for (int i = 0; i < arx_query_errors_max(); i++)
	{
		ArxQueryError *row = &errors->rows[i];

		if ((userid == InvalidOid || row->key.userid == userid) &&
			(dbid == InvalidOid || row->key.dbid == dbid) &&
			(queryid == 0 || row->key.queryid == queryid))
			memset(row, 0, sizeof(*row));
	}
	LWLockRelease(lock);
}

uint64
arx_query_errors_overwritten(void)
{
	return (uint64) errors->overwritten;
}
