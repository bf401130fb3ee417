/*
 * query_health.c
 *	  The statement statistics' own numbers, and advice drawn from them.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "core/event_ring.h"
#include "core/settings.h"
#include "hooks/statement.h"
#include "query/query_errors.h"
#include "query/query_file.h"
#include "query/query_health.h"
#include "query/query_table.h"
#include "query/query_text_store.h"

void
arx_query_account(ArxQueryAccount *account)
{
	uint64 lost = arx_ring_lost();

	account->recorded = pg_atomic_read_u64(&arx_query_totals->recorded);
	account->dropped = pg_atomic_read_u64(&arx_query_totals->dropped) + lost -
		pg_atomic_read_u64(&arx_query_totals->lost_at_reset);
	account->executions = pg_atomic_read_u64(&arx_query_totals->before_start) +
		arx_ring_executions() + lost;
}

static void
add(ArxHealth *health, const char *metric, uint64 value, const char *unit,
	ArxHealthStatus status, const char *description)
{
	arx_health_add(health, "statements", metric, (double) value, unit, status,
				   description);
}

/* A count that should be zero. */
static void
add_loss(ArxHealth *health, const char *metric, uint64 value,
		 const char *description)
{
	add(health, metric, value, "", value > 0 ? ARX_WARNING : ARX_OK,
		description);
}

/* Below zero for a moment when a reset comes between two readings. */
static uint64
waiting(const ArxQueryAccount *account)
{
	int64 difference =
		(int64) (account->executions - account->recorded - account->dropped);

	return (uint64) Max(difference, 0);
}

static void
add_account(ArxHealth *health)
{
	ArxQueryAccount account;

	arx_query_account(&account);
	add(health, "executions", account.executions, "", ARX_OK,
		"executions that ended since the statistics were last reset");
	add(health, "recorded", account.recorded, "", ARX_OK,
		"executions added to a statement");
	add_loss(health, "dropped", account.dropped,
			 "executions not recorded: no entry was free, or a session "
			 "ended inside a statement while its ring was full");
	add(health, "waiting", waiting(&account), "", ARX_OK,
		"executions in the rings of backends, not yet added");
}

static void
add_memory(ArxHealth *health)
{
	uint64 text_bytes = arx_text_bytes();
	bool text_full = arx_text_is_full();

	add(health, "entries", arx_query_entries_used(), "", ARX_OK,
		"statements in memory");
	add(health, "entries_max", (uint64) arx_max_statements, "", ARX_OK,
		"arx_perf.max_statements");
	add(health, "evicted", pg_atomic_read_u64(&arx_query_totals->evicted), "",
		ARX_OK, "statements dropped to make room, least recently used first");
	add(health, "histogram_chunks", arx_query_chunks_used(), "", ARX_OK,
		"pieces of histograms in use, 128 bytes each");
	add(health, "histogram_chunks_max", arx_query_chunks_total(), "", ARX_OK,
		"pieces of histograms there are");
	add_loss(health, "histogram_lost",
			 pg_atomic_read_u64(&arx_query_totals->unbinned),
			 "calls that are in the counters but in no histogram");
	add(health, "texts", arx_text_count(), "", ARX_OK,
		"statement texts in memory");
	add(health, "text_bytes", text_bytes, "bytes",
		text_full ? ARX_WARNING : ARX_OK, "bytes of these texts");
	add(health, "text_bytes_max", (uint64) arx_query_text_memory * 1024,
		"bytes", ARX_OK, "arx_perf.query_text_memory");
	add(health, "texts_refused",
		pg_atomic_read_u64(&arx_query_totals->texts_refused), "",
		text_full ? ARX_WARNING : ARX_OK,
		"times a text found no room (it comes back later)");
	add_loss(health, "side_events_lost",
			 pg_atomic_read_u64(&arx_query_totals->lost_side),
			 "error messages and planner calls that found a full ring");
	add_loss(health, "errors_overwritten", arx_query_errors_overwritten(),
			 "rows of statement_errors that made room for others");
}

static void
add_saving(ArxHealth *health)
{
	int64 last = (int64) pg_atomic_read_u64(&arx_query_totals->last_save);
	uint64 failures = pg_atomic_read_u64(&arx_query_totals->save_failures);
	ArxHealthStatus verdict =
		failures > 0 && arx_save_interval > 0 ? ARX_WARNING : ARX_OK;

	if (last == 0)
		arx_health_add_unknown(health, "statements", "saved_age", "s", verdict,
							   "time since the statistics were saved to disk");
	else
		arx_health_add(health, "statements", "saved_age",
					   (double) (GetCurrentTimestamp() - last) / USECS_PER_SEC,
					   "s", verdict,
					   "time since the statistics were saved to disk");
	add(health, "saved_bytes",
		pg_atomic_read_u64(&arx_query_totals->save_bytes), "bytes", ARX_OK,
		"size of the file");
	add_loss(health, "save_failures", failures,
			 "saves that failed (see the server log)");
}

void
arx_query_health(ArxHealth *health)
{
	arx_ring_drain_all();
	add_account(health);
	add_memory(health);
	add_saving(health);
}

static void
check_room(ArxHealth *health)
{
	ArxQueryAccount account;

	arx_query_account(&account);
	if (pg_atomic_read_u64(&arx_query_totals->dropped) > 0)
		arx_check_add(
			health, "statement limit", ARX_WARNING,
			psprintf("%llu of %llu executions were not recorded",
					 (unsigned long long) account.dropped,
					 (unsigned long long) account.executions),
			"Raise arx_perf.max_statements, or find out why so many distinct "
			"statements run.");
	else
		arx_check_add(
			health, "statement limit", ARX_OK,
			psprintf("%u of %d statements in use, no execution dropped",
					 arx_query_entries_used(), arx_max_statements),
			NULL);
	if (arx_text_is_full())
		arx_check_add(
			health, "statement texts", ARX_WARNING,
			"the text memory is full: new statements show no text",
			"Raise arx_perf.query_text_memory and restart the server.");
	else
		arx_check_add(
			health, "statement texts", ARX_OK,
			psprintf("%llu of %llu bytes in use",
					 (unsigned long long) arx_text_bytes(),
					 (unsigned long long) arx_query_text_memory * 1024),
			NULL);
}

/* Did the latest save fail? */
static bool
saving_fails(void)
{
	return pg_atomic_read_u64(&arx_query_totals->last_save_failure) >
		pg_atomic_read_u64(&arx_query_totals->last_save);
}

static void
check_saving(ArxHealth *health)
{
	uint64 failures = pg_atomic_read_u64(&arx_query_totals->save_failures);
	uint64 loaded = pg_atomic_read_u64(&arx_query_totals->load_state);

	if (saving_fails())
		arx_check_add(health, "saved statistics", ARX_ERROR,
					  psprintf("the latest save failed (%llu in all)",
							   (unsigned long long) failures),
					  "See the server log; the disk may be full.");
	else if (arx_save_interval == 0)
		arx_check_add(
			health, "saved statistics", ARX_WARNING,
			"arx_perf.save_interval is 0: a restart loses the statistics",
			"Set arx_perf.save_interval.");
	else if (loaded == ARX_LOAD_REJECTED)
		arx_check_add(health, "saved statistics", ARX_WARNING,
					  "the file of the last run could not be used",
					  "The server log names the file and the reason.");
	else
		arx_check_add(health, "saved statistics", ARX_OK, "saves succeed",
					  NULL);
}

void
arx_query_check(ArxHealth *health)
{
	if (arx_track == ARX_TRACK_NONE)
		arx_check_add(health, "tracking", ARX_WARNING,
					  "arx_perf.track is none: no statement is counted",
					  "Set arx_perf.track to top or all.");
	else
		arx_check_add(health, "tracking", ARX_OK,
					  arx_track == ARX_TRACK_ALL
						  ? "all statements are counted"
						  : "statements of clients are counted",
					  NULL);
	check_room(health);
	check_saving(health);
}
