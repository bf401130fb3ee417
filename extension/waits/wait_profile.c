/*
 * wait_profile.c
 *	  Counts the sessions of a look by what they wait for.
 *
 * Most sessions wait for the same at the next look, or come back to it, so the
 * row of each process's last look is remembered: as long as nothing has changed
 * a session costs no look-up.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "utils/memutils.h"

#include "compat/pg_compat_backends.h"
#include "core/settings.h"
#include "waits/wait_profile.h"

/* Waits in the rest: enough for all that the server and extensions have. */
#define REST_ROWS 1024

/* The last look at a process. */
typedef struct Memo
{
	uint64 identity_hash;
	uint64 base_hash; /* of the key without statements and wait */
	uint64 queryid;
	uint64 toplevel_queryid;
	uint64 generation; /* 0: no value */
	void *value;
	uint32 wait;
} Memo;

ArxLookTable *arx_wait_profile;

static ArxLookShape shape;
static Memo *memos = NULL; /* the collector's, by PGPROC */

static void
make_rest(const void *key, void *rest)
{
	const ArxWaitKey *from = key;
	ArxWaitKey *to = rest;

	to->wait = from->wait;
	to->scope = arx_kind_is_foreground(from->kind) ? ARX_WAIT_REST_OF_CLIENTS
												   : ARX_WAIT_REST_OF_SERVER;
}

static void
set_shape(void)
{
	shape = (ArxLookShape){
		.key_size = sizeof(ArxWaitKey),
		.value_size = sizeof(ArxLookCount),
		.capacity = arx_max_waits,
		.rest_capacity = REST_ROWS,
		.max_adds = arx_compat_proc_count(),
		.make_rest = make_rest,
	};
}

Size
arx_wait_profile_shmem_size(void)
{
	set_shape();
	return arx_look_table_size(&shape);
}

void
arx_wait_profile_shmem_attach(void *segment, bool found)
{
	set_shape();
	arx_wait_profile = arx_look_table_attach(segment, &shape, found);
}

static void
set_identity(ArxWaitKey *key, const ArxIdentity *identity)
{
	key->dbid = identity->dbid;
	key->userid = identity->userid;
	key->kind = identity->kind;
	memcpy(key->application_name, identity->application_name,
		   sizeof(key->application_name));
}

/* Something has changed since the last look: finds or makes the row. */
static void
count_changed(const ArxSession *session, Memo *memo, const ArxTick *tick)
{
	ArxWaitKey key = {0};
	bool is_rest;
	uint64 hash;

	set_identity(&key, &session->identity);
	if (memo->base_hash == 0 || memo->identity_hash != session->identity_hash)
	{
		memo->identity_hash = session->identity_hash;
		memo->base_hash =
			hash_bytes_extended((unsigned char *) &key, sizeof(key), 0);
	}
	memo->queryid = session->queryid;
	key.queryid = arx_session_statement(session);
	key.toplevel_queryid = memo->toplevel_queryid = session->toplevel_queryid;
	key.wait = memo->wait = session->wait_event_info;
	hash = hash_combine64(memo->base_hash, key.queryid);
	hash = hash_combine64(hash, key.toplevel_queryid);
	hash = hash_combine64(hash, key.wait);
	memo->value =
		arx_look_table_add(arx_wait_profile, &key, hash, tick, &is_rest);
	memo->generation =
		is_rest ? 0 : arx_look_table_generation(arx_wait_profile);
}

static void
count_session(const ArxSession *session, uint64 generation, const ArxTick *tick)
{
	Memo *memo = &memos[session->proc_number];

	if (memo->generation == generation && memo->queryid == session->queryid &&
		memo->toplevel_queryid == session->toplevel_queryid &&
		memo->wait == session->wait_event_info &&
		memo->identity_hash == session->identity_hash)
		arx_look_table_add_to(arx_wait_profile, memo->value, tick);
	else
		count_changed(session, memo, tick);
}

int64
arx_wait_profile_sample(const ArxTick *tick, int64 *clients)
{
	uint64 generation = arx_look_table_generation(arx_wait_profile);
	int64 samples = 0;

	if (memos == NULL)
		memos = MemoryContextAllocZero(TopMemoryContext,
									   sizeof(Memo) * arx_compat_proc_count());
	*clients = 0;
	for (int i = 0; i < tick->backends->nsessions; i++)
	{
		const ArxSession *session = tick->backends->sessions[i];
		bool is_client = arx_kind_is_foreground(session->identity.kind);

		if (!(is_client ? arx_session_is_active(session)
						: arx_session_is_busy_server_process(session)))
			continue;
		samples++;
		*clients += is_client;
		count_session(session, generation, tick);
	}
	arx_look_table_end(arx_wait_profile, tick, *clients);
	return samples;
}
