/*
 * session_load.c
 *	  Adds up looks by class of wait and by statement.
 */
#include "postgres.h"

#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "compat/pg_compat_backends.h"
#include "sessions/session_load.h"

const char *const arx_load_class_names[ARX_LOAD_CLASSES] = {
	"CPU",		 "Lock",	 "LWLock",		   "IO",
	"IPC",		 "Client",	 "Timeout",		   "Extension",
	"BufferPin", "Activity", "InjectionPoint", "other"};

typedef struct StatementTime
{
	uint64 queryid; /* key */
	double weight;	/* time, in us of sessions */
} StatementTime;

/* One look, not yet added. */
typedef struct Counts
{
	int total;
	int classes[ARX_LOAD_CLASSES];
	int idle_in_transaction;
} Counts;

static int
class_of(uint32 wait)
{
	const char *name = wait ? arx_compat_wait_type(wait) : "CPU";

	for (int i = 0; i < ARX_LOAD_CLASSES - 1; i++)
		if (name && strcmp(name, arx_load_class_names[i]) == 0)
			return i;
	return ARX_LOAD_CLASSES - 1;
}

static void
add_class(ArxLoadClass *class, const ArxLook *look, int n, int total)
{
	class->samples += n;
	arx_look_add(&class->sums, (double) look->weight_us, n, total);
}

static void
add_counts(ArxLoad *load, const ArxLook *look, const Counts *counts)
{
	add_class(&load->total, look, counts->total, counts->total);
	for (int i = 0; i < ARX_LOAD_CLASSES; i++)
		add_class(&load->classes[i], look, counts->classes[i], counts->total);
	add_class(&load->idle_in_transaction, look, counts->idle_in_transaction,
			  counts->total);
}

static void
add_statement(HTAB *statements, uint64 queryid, int64 weight_us)
{
	bool found;
	StatementTime *time;

	if (statements == NULL || queryid == 0)
		return;
	time = hash_search(statements, &queryid, HASH_ENTER, &found);
	if (!found)
		time->weight = 0;
	time->weight += (double) weight_us;
}

static void
note_longest(ArxLongest *longest, const ArxHistorySample *sample, int64 ms)
{
	if (ms <= longest->ms)
		return;
	longest->ms = ms;
	longest->pid = sample->key.pid;
	longest->queryid = sample->statement.toplevel_queryid;
}

static void
add_sample(ArxLoad *load, Counts *counts, const ArxLook *look,
		   const ArxHistorySample *sample, HTAB *statements)
{
	const ArxSample *coded = &sample->coded;

	if (coded->background)
		return;
	note_longest(&load->transaction, sample, coded->xact_ms);
	if (coded->state != STATE_RUNNING && coded->state != STATE_FASTPATH)
	{
		counts->idle_in_transaction++;
		return;
	}
	note_longest(&load->statement, sample, coded->query_ms);
	counts->total++;
	counts->classes[class_of(coded->wait)]++;
	add_statement(statements, arx_sample_queryid(sample), look->weight_us);
}

static HTAB *
make_statements(void)
{
	HASHCTL control = {
		.keysize = sizeof(uint64),
		.entrysize = sizeof(StatementTime),
		.hcxt = CurrentMemoryContext,
	};

	return hash_create("arx_perf statements of a load", 256, &control,
					   HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

/* Takes a statement among the top ones, if it belongs there. */
static void
rank(ArxLoad *load, uint64 queryid, double sessions)
{
	int at = load->ntop;

	while (at > 0 && load->top[at - 1].sessions < sessions)
		at--;
	if (at == ARX_LOAD_TOP)
		return;
	load->ntop = Min(load->ntop + 1, ARX_LOAD_TOP);
	memmove(&load->top[at + 1], &load->top[at],
			sizeof(load->top[0]) * (load->ntop - 1 - at));
	load->top[at].queryid = queryid;
	load->top[at].sessions = sessions;
}

static void
rank_all(ArxLoad *load, HTAB *statements)
{
	HASH_SEQ_STATUS scan;
	StatementTime *time;

	hash_seq_init(&scan, statements);
	while ((time = hash_seq_search(&scan)) != NULL)
		rank(load, time->queryid, time->weight / load->total.sums.weight);
	hash_destroy(statements);
}

void
arx_load_measure(ArxLoad *load, int64 from, int64 to, bool with_statements)
{
	ArxHistoryReader *reader = arx_history_reader_make();
	HTAB *statements = with_statements ? make_statements() : NULL;

	memset(load, 0, sizeof(*load));
	load->from = from;
	load->to = to;
	load->statement.ms = -1;
	load->transaction.ms = -1;
	reader->since = from;
	while (arx_history_next(reader))
	{
		Counts counts = {0};

		if (reader->look.time > to)
			continue;
		for (int i = 0; i < reader->look.nsamples; i++)
			add_sample(load, &counts, &reader->look, &reader->samples[i],
					   statements);
		add_counts(load, &reader->look, &counts);
		load->looks++;
	}
	if (to > from)
		load->covered =
			Min(load->total.sums.weight / ((double) to - (double) from), 1);
	if (statements)
		rank_all(load, statements);
}
