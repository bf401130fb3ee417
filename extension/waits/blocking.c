/*
 * blocking.c
 *	  Counts pairs of blocker and waiter at each look.
 *
 * A waiter counts once with each of its immediate blockers: those who hold the
 * lock, or, when nobody does in a mode that conflicts, those ahead of it in the
 * queue.  One wait is told from the next of the same process by its start.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "compat/pg_compat_backends.h"
#include "core/settings.h"
#include "waits/blocking.h"

/* By type of lock and mode; there are not more of these. */
#define REST_ROWS 128

/* The last wait of a process, and the pairs it was counted in. */
typedef struct LastWait
{
	int pid;
	int64 start;
	int npairs;
	uint64 pairs[ARX_MAX_BLOCKERS]; /* hashes of keys */
} LastWait;

ArxLookTable *arx_blocking;

static ArxLookShape shape;
static LastWait *last_waits = NULL; /* the collector's, by PGPROC */

static void
make_rest(const void *key, void *rest)
{
	const ArxBlockingKey *from = key;
	ArxBlockingKey *to = rest;

	to->locktag_type = from->locktag_type;
	to->mode = from->mode;
	to->is_rest = true;
}

static void
fold(void *into, const void *from)
{
	Size at = offsetof(ArxBlockingStats, waits);
	ArxBlockingStats *to = (ArxBlockingStats *) ((char *) into - at);
	const ArxBlockingStats *stats =
		(const ArxBlockingStats *) ((const char *) from - at);

	to->waits += stats->waits;
	to->max_wait_us = Max(to->max_wait_us, stats->max_wait_us);
	to->max_transaction_us =
		Max(to->max_transaction_us, stats->max_transaction_us);
}

static void
set_shape(void)
{
	shape = (ArxLookShape){
		.key_size = sizeof(ArxBlockingKey),
		.value_size = sizeof(ArxBlockingStats),
		.capacity = arx_max_blockings,
		.rest_capacity = REST_ROWS,
		.max_adds = MaxBackends * ARX_MAX_BLOCKERS,
		.make_rest = make_rest,
		.fold = fold,
	};
}

Size
arx_blocking_shmem_size(void)
{
	set_shape();
	return arx_look_table_size(&shape);
}

void
arx_blocking_shmem_attach(void *segment, bool found)
{
	set_shape();
	arx_blocking = arx_look_table_attach(segment, &shape, found);
}

static void
set_party(ArxParty *party, const ArxSession *session)
{
	party->queryid = arx_session_statement(session);
	party->userid = session->identity.userid;
	party->kind = session->identity.kind;
	memcpy(party->application_name, session->identity.application_name,
		   sizeof(party->application_name));
}

/* Returns its session in *session, NULL for a prepared transaction. */
static bool
look_up(const ArxBlocker *blocker, const ArxTick *tick, ArxPartyNow *now,
		const ArxSession **session)
{
	memset(now, 0, sizeof(*now));
	*session = NULL;
	if (blocker->proc_number < 0)
	{
		now->party.kind = ARX_KIND_PREPARED;
		now->party.userid = blocker->owner;
		return true;
	}
	*session = arx_backend_scan_of(tick->backends, blocker->proc_number);
	if (*session == NULL || (*session)->pid != blocker->pid)
		return false; /* came after the look */
	set_party(&now->party, *session);
	now->pid = blocker->pid;
	now->state = (uint8) (*session)->state;
	return true;
}

/* Is it the first time that this wait is seen in this pair? */
static bool
is_new_wait(const ArxWaiter *waiter, uint64 pair)
{
	LastWait *last = &last_waits[waiter->proc_number];

	if (last->pid != waiter->pid || last->start != waiter->wait_start)
	{
		last->pid = waiter->pid;
		last->start = waiter->wait_start;
		last->npairs = 0;
	}
	for (int i = 0; i < Min(last->npairs, ARX_MAX_BLOCKERS); i++)
		if (last->pairs[i] == pair)
			return false;
	last->pairs[last->npairs++ % ARX_MAX_BLOCKERS] = pair;
	return true;
}

/* What is known of a wait besides its key. */
typedef struct Pair
{
	const ArxWaiter *waiter;
	const ArxSession *blocker; /* NULL: prepared */
	ArxPartyNow now;
	const ArxPartyNow *head;
	bool is_head;
} Pair;

static void
add_pair(const ArxBlockingKey *key, const Pair *pair, const ArxTick *tick)
{
	uint64 hash =
		hash_bytes_extended((const unsigned char *) key, sizeof(*key), 0);
	bool is_rest;
	ArxBlockingStats *stats =
		arx_look_table_add(arx_blocking, key, hash, tick, &is_rest);
	int64 waited =
		pair->waiter->wait_start ? tick->now - pair->waiter->wait_start : 0;
	int64 since = pair->blocker ? pair->blocker->xact_start : 0;

	if (stats == NULL)
		return;
	arx_look_table_change(arx_blocking, stats);
	stats->waits += is_new_wait(pair->waiter, hash);
	stats->max_wait_us = Max(stats->max_wait_us, waited);
	if (since != 0)
		stats->max_transaction_us =
			Max(stats->max_transaction_us, tick->now - since);
	if (!is_rest)
	{
		stats->blocker = pair->now;
		stats->head = *pair->head;
		stats->is_head = pair->is_head;
	}
	arx_look_table_changed(arx_blocking, stats);
}

static void
sample_waiter(const ArxWaiter *waiter, const ArxTick *tick)
{
	const ArxSession *session =
		arx_backend_scan_of(tick->backends, waiter->proc_number);
	const ArxBlocker *head = arx_lock_scan_head(tick->locks, waiter);
	const ArxSession *head_session;
	ArxBlockingKey key = {0};
	Pair pair = {.waiter = waiter};
	ArxPartyNow head_now;

	if (session == NULL || head == NULL)
		return;
	(void) look_up(head, tick, &head_now, &head_session);
	pair.head = &head_now;
	set_party(&key.waiter, session);
	key.dbid = session->identity.dbid;
	key.relid = waiter->relid;
	key.locktag_type = waiter->tag.locktag_type;
	key.mode = (uint8) waiter->mode;
	for (int i = 0; i < waiter->nblockers; i++)
	{
		const ArxBlocker *blocker = &waiter->blockers[i];

		if (!look_up(blocker, tick, &pair.now, &pair.blocker))
			continue;
		key.blocker = pair.now.party;
		pair.is_head = blocker->proc_number == head->proc_number &&
			blocker->pid == head->pid;
		add_pair(&key, &pair, tick);
	}
}

void
arx_blocking_sample(const ArxTick *tick)
{
	if (last_waits == NULL)
		last_waits = MemoryContextAllocZero(
			TopMemoryContext, sizeof(LastWait) * arx_compat_proc_count());
	for (int i = 0; i < tick->locks->nwaiters; i++)
		sample_waiter(&tick->locks->waiters[i], tick);
	arx_look_table_end(arx_blocking, tick, 0);
}
