/*
 * query_capture.c
 *	  Statement observer: makes events of executions, and stores texts.
 *
 * A text travels once: at parse analysis, when the entry has none yet.  If it
 * is missing later (evicted meanwhile, or there was no room) while a prepared
 * statement goes on running, its source text is scrubbed of literals instead.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "core/settings.h"
#include "compat/pg_compat_instr.h"
#include "hooks/statement.h"
#include "query/query_capture.h"
#include "query/query_hints.h"
#include "query/query_normalize.h"
#include "query/query_table.h"
#include "query/query_text_store.h"

ArxQueryHint arx_query_hints[ARX_HINTS];

/* Where a text is normalised before it is stored: arx_query_text_max bytes. */
static char *scratch = NULL;
static int scratch_size = 0;

/* The failed statement that the next log line belongs to. */
static ArxQueryKey failed_key;

static void
make_key(ArxQueryKey *key, uint64 queryid, Oid userid, bool toplevel)
{
	key->queryid = queryid;
	key->userid = userid;
	key->dbid = MyDatabaseId;
	key->toplevel = toplevel;
}

static bool
scratch_ready(void)
{
	if (likely(scratch && scratch_size == arx_query_text_max))
		return true;
	if (scratch)
		pfree(scratch);
	scratch = MemoryContextAllocExtended(
		TopMemoryContext, arx_query_text_max + 1, MCXT_ALLOC_NO_OOM);
	scratch_size = scratch ? arx_query_text_max : 0;
	return scratch != NULL;
}

/* No use in normalising a text that has nowhere to go. */
static bool
no_room(uint32 n)
{
	if (n == ARX_NO_ENTRY && arx_query_table_is_full() &&
		GetCurrentTimestamp() -
				(TimestampTz) pg_atomic_read_u64(
					&arx_query_totals->last_evict) <
			USECS_PER_SEC)
		return true;
	return arx_text_is_full();
}

/* Stores what is in scratch, or (ok false) that the text is withheld. */
static void
store_text(const ArxQueryKey *key, uint32 n, bool ok, Size len)
{
	if (n == ARX_NO_ENTRY)
	{
		n = arx_query_find_or_add(key, GetCurrentTimestamp());
		if (n == ARX_NO_ENTRY)
			return;
		arx_query_remember(key, n);
	}
	arx_query_set_text(n, key, ok ? scratch : NULL, (int) len,
					   GetDatabaseEncoding());
}

/* Entry known to this backend or to the table, with or without a text. */
static uint32
look_up(const ArxQueryKey *key)
{
	uint32 n = arx_query_hint(key);

	if (n != ARX_NO_ENTRY &&
		arx_query_key_equal(&arx_query_entry_at(n)->key, key))
		return n;
	n = arx_query_find(key);
	if (n != ARX_NO_ENTRY)
		arx_query_remember(key, n);
	return n;
}

static void
note_analyzed(const ArxAnalyzed *analyzed)
{
	ArxNormalized result = {0};
	ArxQueryKey key;
	const char *text;
	int location = analyzed->text_location;
	int len = analyzed->text_len;
	uint32 n;
	bool ok;

	make_key(&key, analyzed->queryid, GetUserId(), analyzed->toplevel);
	n = look_up(&key);
	if (likely(n != ARX_NO_ENTRY &&
			   arx_query_entry_at(n)->text_state != ARX_TEXT_WANTED))
		return;
	if (analyzed->text == NULL || no_room(n) || !scratch_ready())
		return;
	text = CleanQuerytext(analyzed->text, &location, &len);
	if (analyzed->utility)
		ok = arx_normalize_utility(analyzed->utility, analyzed->jstate, text,
								   len, location, GetDatabaseEncoding(),
								   scratch, scratch_size, &result);
	else
		ok = arx_normalize_query(analyzed->jstate, text, len, location,
								 GetDatabaseEncoding(), scratch, scratch_size,
								 &result);
	store_text(&key, n, ok, result.length);
}

/* No entry known to this backend, or one without a text, or another's now. */
static inline bool
lacks_text(const ArxQueryKey *key, uint32 hint)
{
	const ArxSharedQueryEntry *entry;

	if (hint == ARX_NO_ENTRY)
		return true;
	entry = arx_query_entry_at(hint);
	return entry->text_state == ARX_TEXT_WANTED ||
		!arx_query_key_equal(&entry->key, key);
}

/* The statement runs without a text: take it from its source. */
static void
note_text_again(const ArxStatement *stmt, const ArxQueryKey *key)
{
	ArxNormalized result = {0};
	const char *text;
	int location = stmt->text_location;
	int len = stmt->text_len;
	uint32 n;
	bool ok;

	if (stmt->no_wait)
		return;
	n = look_up(key);
	if (n != ARX_NO_ENTRY &&
		arx_query_entry_at(n)->text_state != ARX_TEXT_WANTED)
		return;
	if (stmt->text == NULL || stmt->sqlstate != 0 || no_room(n) ||
		!scratch_ready())
		return;
	text = CleanQuerytext(stmt->text, &location, &len);
	ok = arx_scrub_query(text, len, GetDatabaseEncoding(), scratch,
						 scratch_size, &result);
	store_text(key, n, ok, result.length);
}

/* Fills in the head of an event; the slot may be NULL. */
static inline ArxQueryEvent *
begin_event(ArxQueryEvent *event, ArxQueryEventKind kind,
			const ArxQueryKey *key, uint32 hint, int sqlstate, int64 end_ns)
{
	if (unlikely(event == NULL))
		return NULL;
	event->key = *key;
	event->hint = hint;
	event->kind = kind;
	event->plan_kind = 0;
	event->planned = false;
	event->sqlstate = sqlstate;
	event->end_ns = end_ns;
	return event;
}

/*
 * A slot of our ring for the news of a statement, or NULL.  What comes from
 * the log hook must take no lock.
 */
static inline ArxQueryEvent *
slot_for(const ArxStatement *stmt)
{
	if (unlikely(!arx_ring_attach()))
		return NULL;
	return stmt->no_wait ? arx_ring_reserve_now() : arx_ring_reserve();
}

static void
push_jit(const ArxStatement *stmt, const ArxQueryKey *key, uint32 hint)
{
	ArxQueryEvent *event = begin_event(arx_ring_reserve(), ARX_EVENT_JIT, key,
									   hint, 0, stmt->end_ns);

	if (event == NULL)
		return;
	event->u.jit = *stmt->jit;
	arx_ring_commit(0);
}

static ArxQueryEventKind
event_kind(const ArxStatement *stmt)
{
	switch (stmt->phase)
	{
		case ARX_PHASE_PLAN:
			return ARX_EVENT_PLAN;
		case ARX_PHASE_UNKNOWN:
			return ARX_EVENT_ERROR;
		default:
			return ARX_EVENT_EXEC;
	}
}

static void
note_finished(const ArxStatement *stmt)
{
	ArxQueryEventKind kind = event_kind(stmt);
	ArxQueryEvent *event;
	ArxQueryKey key;
	uint32 hint;

	make_key(&key, stmt->queryid, stmt->userid, stmt->toplevel);
	if (stmt->sqlstate != 0)
		failed_key = key;
	hint = arx_query_hint(&key);
	event = begin_event(slot_for(stmt), kind, &key, hint, stmt->sqlstate,
						stmt->end_ns);
	if (event == NULL)
	{
		if (kind == ARX_EVENT_EXEC)
			arx_ring_count_lost();
		else
			pg_atomic_fetch_add_u64(&arx_query_totals->lost_side, 1);
		return;
	}
	event->plan_kind = stmt->plan_kind;
	event->u.run.elapsed_ns = stmt->elapsed_ns;
	event->uncommon = stmt->uncommon;
	event->planned = stmt->planned;
	event->plan_ns = (uint32) stmt->plan_ns;
	memcpy(event->u.run.counters, stmt->counters,
		   ARX_NCOMMON * sizeof(stmt->counters[0]));
	if (stmt->uncommon)
		memcpy(&event->u.run.counters[ARX_NCOMMON],
			   &stmt->counters[ARX_NCOMMON],
			   (ARX_NCOUNTERS - ARX_NCOMMON) * sizeof(stmt->counters[0]));
	arx_ring_commit(kind == ARX_EVENT_EXEC ? 1 : 0);
	if (unlikely(stmt->jit != NULL))
		push_jit(stmt, &key, hint);
	if (kind == ARX_EVENT_EXEC && unlikely(lacks_text(&key, hint)))
		note_text_again(stmt, &key);
}

static void
note_error_logged(int sqlstate, const char *message_template)
{
	ArxQueryEvent *event;

	if (message_template == NULL || !arx_ring_attach())
		return;
	event = begin_event(arx_ring_reserve_now(), ARX_EVENT_MESSAGE, &failed_key,
						ARX_NO_ENTRY, sqlstate, arx_clock_ns());
	if (event == NULL)
	{
		pg_atomic_fetch_add_u64(&arx_query_totals->lost_side, 1);
		return;
	}
	strlcpy(event->u.message, message_template, ARX_EVENT_MESSAGE_BYTES);
	arx_ring_commit(0);
}

static const ArxStatementObserver observer = {
	.analyzed = note_analyzed,
	.finished = note_finished,
	.error_logged = note_error_logged,
};

void
arx_query_capture_install(void)
{
	arx_statement_observe(&observer);
}
