/*
 * pool_rejections.c
 *	  A table of rows that processes claim by compare-and-swap, and its view.
 *
 * A row is claimed, filled, then published; it never changes its name again.
 * Two that claim for the same name at the same time get a row each; the view
 * adds them up.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "port/atomics.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "core/row_writer.h"
#include "core/text_encoding.h"
#include "pools/pool_rejections.h"

PG_FUNCTION_INFO_V1(arx_connection_rejections);

#define ROWS 64

typedef enum RowState
{
	ROW_FREE,
	ROW_CLAIMED,
	ROW_READY
} RowState;

/* Wordings by their beginning, "" for all others with that SQLSTATE. */
typedef struct Reason
{
	int sqlstate; /* 0: any */
	const char *wording;
	const char *name;
} Reason;

static const Reason reasons[] = {
	{ERRCODE_TOO_MANY_CONNECTIONS, "too many connections for database",
	 "database connection limit"},
	{ERRCODE_TOO_MANY_CONNECTIONS, "too many connections for role",
	 "role connection limit"},
	{ERRCODE_TOO_MANY_CONNECTIONS, "remaining connection slots are reserved",
	 "remaining connections are reserved"},
	{ERRCODE_TOO_MANY_CONNECTIONS, "number of requested standby connections",
	 "too many WAL senders"},
	{ERRCODE_TOO_MANY_CONNECTIONS, "", "too many connections"},
	{ERRCODE_INVALID_PASSWORD, "", "authentication failed"},
	{ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
	 "role \"%s\" is not permitted to log in", "role may not log in"},
	{ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION, "role ", "no such role"},
	{ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION, "pg_hba.conf rejects",
	 "not allowed by pg_hba.conf"},
	{ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION, "no pg_hba.conf entry",
	 "not allowed by pg_hba.conf"},
	{ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION, "", "authentication failed"},
	{ERRCODE_UNDEFINED_DATABASE, "", "no such database"},
	{ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "database ",
	 "database accepts no connections"},
	{ERRCODE_INSUFFICIENT_PRIVILEGE, "permission denied for database",
	 "no CONNECT privilege"},
	{ERRCODE_QUERY_CANCELED, "canceling authentication",
	 "authentication timeout"},
	{ERRCODE_CANNOT_CONNECT_NOW, "", "starting up or shutting down"},
	{ERRCODE_ADMIN_SHUTDOWN, "", "starting up or shutting down"},
	{0, "", "other"},
};

typedef struct Row
{
	pg_atomic_uint32 state;
	int reason; /* index */
	int sqlstate;
	char database[NAMEDATALEN];
	char username[NAMEDATALEN];
	pg_atomic_uint64 count;
	pg_atomic_uint64 last_time;
} Row;

typedef struct SharedRejections
{
	Row rows[ROWS];
	/* those that found no row */
	pg_atomic_uint64 nameless[lengthof(reasons)];
	pg_atomic_uint64 nameless_last[lengthof(reasons)];
} SharedRejections;

static SharedRejections *shared;

Size
arx_rejections_shmem_size(void)
{
	return sizeof(SharedRejections);
}

void
arx_rejections_attach(void *segment, bool found)
{
	shared = segment;
	if (found)
		return;
	memset(shared, 0, sizeof(*shared));
	for (int i = 0; i < ROWS; i++)
	{
		pg_atomic_init_u32(&shared->rows[i].state, ROW_FREE);
		pg_atomic_init_u64(&shared->rows[i].count, 0);
		pg_atomic_init_u64(&shared->rows[i].last_time, 0);
	}
	for (int i = 0; i < (int) lengthof(reasons); i++)
	{
		pg_atomic_init_u64(&shared->nameless[i], 0);
		pg_atomic_init_u64(&shared->nameless_last[i], 0);
	}
}

static int
reason_of(const ArxRejection *rejection)
{
	int i = 0;

	while (reasons[i].sqlstate != 0 &&
		   (reasons[i].sqlstate != rejection->sqlstate ||
			strncmp(rejection->message_id, reasons[i].wording,
					strlen(reasons[i].wording)) != 0))
		i++;
	return i;
}

static bool
is_row_of(const Row *row, const ArxRejection *rejection, int reason)
{
	return row->reason == reason && row->sqlstate == rejection->sqlstate &&
		strncmp(row->database, rejection->database, NAMEDATALEN - 1) == 0 &&
		strncmp(row->username, rejection->username, NAMEDATALEN - 1) == 0;
}

static bool
claim(Row *row, const ArxRejection *rejection, int reason)
{
	uint32 expected = ROW_FREE;

	if (!pg_atomic_compare_exchange_u32(&row->state, &expected, ROW_CLAIMED))
		return false;
	row->reason = reason;
	row->sqlstate = rejection->sqlstate;
	strlcpy(row->database, rejection->database, NAMEDATALEN);
	strlcpy(row->username, rejection->username, NAMEDATALEN);
	pg_write_barrier();
	pg_atomic_write_u32(&row->state, ROW_READY);
	return true;
}

/* NULL: there is none, and no room for one. */
static Row *
find_row(const ArxRejection *rejection, int reason)
{
	for (int i = 0; i < ROWS; i++)
	{
		Row *row = &shared->rows[i];
		uint32 state = pg_atomic_read_u32(&row->state);

		pg_read_barrier();
		if (state == ROW_READY && is_row_of(row, rejection, reason))
			return row;
		if (state == ROW_FREE && claim(row, rejection, reason))
			return row;
	}
	return NULL;
}

void
arx_rejections_note(const ArxRejection *rejection)
{
	int reason = reason_of(rejection);
	Row *row = find_row(rejection, reason);
	uint64 now = (uint64) GetCurrentTimestamp();

	pg_atomic_fetch_add_u64(row ? &row->count : &shared->nameless[reason], 1);
	pg_atomic_write_u64(row ? &row->last_time : &shared->nameless_last[reason],
						now);
}

static bool
is_ready(Row *row)
{
	bool ready = pg_atomic_read_u32(&row->state) == ROW_READY;

	pg_read_barrier();
	return ready;
}

void
arx_rejections_totals(ArxRejectionTotals *totals)
{
	memset(totals, 0, sizeof(*totals));
	for (int i = 0; i < ROWS; i++)
	{
		Row *row = &shared->rows[i];
		uint64 count = pg_atomic_read_u64(&row->count);

		if (!is_ready(row))
			continue;
		totals->all += count;
		if (row->sqlstate == ERRCODE_TOO_MANY_CONNECTIONS)
			totals->saturated += count;
	}
	for (int i = 0; i < (int) lengthof(reasons); i++)
	{
		uint64 count = pg_atomic_read_u64(&shared->nameless[i]);

		totals->all += count;
		totals->nameless += count;
		if (reasons[i].sqlstate == ERRCODE_TOO_MANY_CONNECTIONS)
			totals->saturated += count;
	}
}

/* In what encoding a client that never got in wrote its name is not known. */
static void
put_name(ArxRowWriter *out, const char *name)
{
	if (name[0] == '\0')
		arx_put_null(out);
	else
		arx_put_text(out,
					 arx_text_to_server(name, (int) strlen(name),
										GetDatabaseEncoding()));
}

static void
put_nameless(ArxRowWriter *out)
{
	for (int i = 0; i < (int) lengthof(reasons); i++)
	{
		uint64 count = pg_atomic_read_u64(&shared->nameless[i]);

		if (count == 0)
			continue;
		arx_put_null(out);
		arx_put_null(out);
		if (reasons[i].sqlstate != 0)
			arx_put_text(out, unpack_sql_state(reasons[i].sqlstate));
		else
			arx_put_null(out);
		arx_put_text(out, reasons[i].name);
		arx_put_int64(out, (int64) count);
		arx_put_timestamp(
			out, (int64) pg_atomic_read_u64(&shared->nameless_last[i]));
		arx_row_end(out);
	}
}

/* arx_perf.connection_rejections(): names, SQLSTATE, reason, count, time */
Datum
arx_connection_rejections(PG_FUNCTION_ARGS)
{
	ArxRowWriter out;

	arx_rows_begin(&out, fcinfo);
	for (int i = 0; i < ROWS; i++)
	{
		Row *row = &shared->rows[i];

		if (!is_ready(row))
			continue;
		put_name(&out, row->database);
		put_name(&out, row->username);
		arx_put_text(&out, unpack_sql_state(row->sqlstate));
		arx_put_text(&out, reasons[row->reason].name);
		arx_put_int64(&out, (int64) pg_atomic_read_u64(&row->count));
		arx_put_timestamp(&out, (int64) pg_atomic_read_u64(&row->last_time));
		arx_row_end(&out);
	}
	put_nameless(&out);
	return (Datum) 0;
}
