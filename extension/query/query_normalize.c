/*
 * query_normalize.c
 *	  Statement texts without their constants.
 *
 * The server gives where each constant starts; how long it is follows from
 * the text there (libarx/sql_lex.h).  Locations come unsorted, more than
 * once (one constant may stand in the tree at several places) and, for
 * squashed lists, with others inside them.  They are sorted in a copy, the
 * longest list first among equals, and whatever starts before the end of the
 * last constant is passed over.  The output is bounded at each write, never by
 * an estimate made beforehand.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "libarx/sql_lex.h"
#include "libarx/sql_scrub.h"
#include "libarx/sql_secret.h"
#include "query/query_normalize.h"

/* Constants that are sorted without asking for memory. */
#define SPANS_ON_STACK 64

/* Stands for the second and later elements of a squashed list. */
#define SQUASHED_REST " /*, ... */"

/* One constant, in bytes from the start of the statement. */
typedef struct Span
{
	int32 start;
	int32 list_len; /* of a squashed list; 0 for a plain constant */
} Span;

typedef struct Output
{
	char *out;
	Size cap;
	Size length;
	int encoding;
	bool truncated;
} Output;

/*
 * Largest n <= room that does not end inside a character.  Invalid characters
 * raise no error: pg_encoding_mbcliplen() takes the length that the first
 * byte tells.  It may look at one byte more than it is given, so that text
 * must go on or end with a NUL.
 */
static Size
clip_text(const char *text, Size len, Size room, int encoding)
{
	if (encoding == PG_UTF8)
		return arx_sql_clip(text, len, room);
	if (pg_encoding_max_length(encoding) == 1)
		return Min(len, room);
	return (Size) pg_encoding_mbcliplen(encoding, text, (int) len, (int) room);
}

/* "text" starts with a whole character. */
static void
put_text(Output *output, const char *text, Size len)
{
	Size room = output->cap - output->length;

	if (len > room)
	{
		output->truncated = true;
		len = clip_text(text, len, room, output->encoding);
	}
	memcpy(output->out + output->length, text, len);
	output->length += len;
}

/* Writes all of the placeholder or nothing. */
static void
put_placeholder(Output *output, uint32 number, bool squashed)
{
	char buf[MAXINT8LEN + sizeof(SQUASHED_REST)];
	Size len;

	buf[0] = '$';
	len = 1 + pg_ultoa_n(number, buf + 1);
	if (squashed)
	{
		memcpy(buf + len, SQUASHED_REST, sizeof(SQUASHED_REST) - 1);
		len += sizeof(SQUASHED_REST) - 1;
	}
	if (len > output->cap - output->length)
	{
		output->truncated = true;
		return;
	}
	memcpy(output->out + output->length, buf, len);
	output->length += len;
}

static int
compare_spans(const void *left, const void *right)
{
	const Span *a = left;
	const Span *b = right;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	if (a->list_len != b->list_len)
		return a->list_len > b->list_len ? -1 : 1;
	return 0;
}

/*
 * Few spans are nearly always nearly sorted: constants are met in the order
 * of the clauses in the query tree.
 */
static void
sort_spans(Span *spans, int nspans)
{
	if (nspans > SPANS_ON_STACK)
	{
		qsort(spans, nspans, sizeof(Span), compare_spans);
		return;
	}
	for (int i = 1; i < nspans; i++)
	{
		Span span = spans[i];
		int at = i;

		for (; at > 0 && compare_spans(&spans[at - 1], &span) > 0; at--)
			spans[at] = spans[at - 1];
		spans[at] = span;
	}
}

/*
 * Takes over the locations that lie in the statement and are to be replaced.
 * Parameters keep their text unless squashed lists make all numbers new.
 */
static int
collect_spans(const JumbleState *jstate, int query_len, int query_loc,
			  Span *spans)
{
	int nspans = 0;

	for (int i = 0; i < jstate->clocations_count; i++)
	{
		const LocationLen *loc = &jstate->clocations[i];
		int64 start = (int64) loc->location - query_loc;
		bool squashed = ARX_LOCATION_IS_SQUASHED(loc);

		if (start < 0 || start >= query_len)
			continue;
		if (ARX_LOCATION_IS_PARAM(loc) && !ARX_JUMBLE_HAS_SQUASHED(jstate))
			continue;
		if (squashed && loc->length <= 0)
			continue;
		spans[nspans].start = (int32) start;
		spans[nspans].list_len =
			squashed ? Min(loc->length, query_len - (int32) start) : 0;
		nspans++;
	}
	return nspans;
}

/* Copies the statement with a placeholder for each of the sorted spans. */
static void
replace_spans(const char *query, int query_len, const Span *spans, int nspans,
			  uint32 highest_param, Output *output)
{
	int copied = 0; /* the statement is done up to here */

	for (int i = 0; i < nspans && !output->truncated; i++)
	{
		int start = spans[i].start;
		bool squashed = spans[i].list_len > 0;
		int len;

		if (start < copied)
			continue;
		len = squashed ? spans[i].list_len
					   : (int) arx_sql_constant_length(query, query_len, start,
													   ARX_STANDARD_STRINGS);
		if (len == 0)
			continue;
		put_text(output, query + copied, start - copied);
		if (!output->truncated)
			put_placeholder(output, ++highest_param, squashed);
		copied = start + len;
	}
	if (!output->truncated)
		put_text(output, query + copied, query_len - copied);
}

bool
arx_normalize_query(const JumbleState *jstate, const char *query, int query_len,
					int query_loc, int encoding, char *out, Size cap,
					ArxNormalized *result)
{
	Output output = {out, cap, 0, encoding, false};
	Span on_stack[SPANS_ON_STACK];
	Span *spans = on_stack;
	int nspans = 0;
	uint32 highest_param = 0;
	bool done = true;

	if (jstate != NULL && jstate->clocations_count > 0)
	{
		if (jstate->clocations_count > SPANS_ON_STACK)
			spans = palloc_extended(jstate->clocations_count * sizeof(Span),
									MCXT_ALLOC_HUGE | MCXT_ALLOC_NO_OOM);
		if (spans != NULL)
			nspans = collect_spans(jstate, query_len, query_loc, spans);
		else
			done = false;
		if (!ARX_JUMBLE_HAS_SQUASHED(jstate))
			highest_param = (uint32) jstate->highest_extern_param_id;
	}
	if (done)
	{
		sort_spans(spans, nspans);
		replace_spans(query, query_len, spans, nspans, highest_param, &output);
	}
	if (spans != NULL && spans != on_stack)
		pfree(spans);
	out[output.length] = '\0';
	result->length = output.length;
	result->truncated = output.truncated;
	return done;
}

static bool
refuse_text(char *out, ArxNormalized *result)
{
	out[0] = '\0';
	result->length = 0;
	result->truncated = false;
	return false;
}

bool
arx_normalize_utility(Node *utility_stmt, const JumbleState *jstate,
					  const char *query, int query_len, int query_loc,
					  int encoding, char *out, Size cap, ArxNormalized *result)
{
	if (arx_statement_carries_secret(utility_stmt))
		return refuse_text(out, result);
	if (!arx_normalize_query(jstate, query, query_len, query_loc, encoding, out,
							 cap, result))
		return false;

	/* views and the like may hold the literals of any expression */
	if (arx_sql_carries_secret(out, result->length, ARX_STANDARD_STRINGS))
		return refuse_text(out, result);
	return true;
}

bool
arx_scrub_query(const char *query, int query_len, int encoding, char *out,
				Size cap, ArxNormalized *result)
{
	ArxSqlScrubbed scrubbed =
		arx_sql_scrub(query, query_len, ARX_STANDARD_STRINGS, out, cap);
	Size len = scrubbed.length;

	/* what is left of the literals' neighbourhood tells the kind */
	if (arx_sql_carries_secret(out, len, ARX_STANDARD_STRINGS))
		return refuse_text(out, result);
	out[len] = '\0';
	if (scrubbed.truncated && pg_encoding_max_length(encoding) > 1)
		len = pg_encoding_mbcliplen(encoding, out, (int) len,
									(int) scrubbed.length);
	out[len] = '\0';
	result->length = len;
	result->truncated = scrubbed.truncated;
	return true;
}
