/*
 * histogram_type.c
 *	  SQL type arx_perf.histogram: text and binary form, and reading it safely.
 *
 * The text form names the sum and, for each bucket with a count, a value in
 * milliseconds that lies in it:
 *
 *		{sum=44.2, 0.0005:2, 1.016:40, Infinity:1}
 *
 * Output writes the value that stands for the bucket with four digits.  That
 * is always well inside (half a bucket is 0.78 % or more of the value, four
 * digits are off by 0.05 % at most), so input, which counts the value into
 * its bucket, gives the same histogram back; the sum is written with as many
 * digits as it needs.  Input takes any value of a bucket, in rising order.
 *
 * The binary form is the stored form itself.
 */
#include "postgres.h"

#include <math.h>

#include "common/shortest_dec.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "parser/scansup.h"
#include "utils/builtins.h"

#include "compat/pg_compat_types.h"
#include "histogram/histogram_type.h"

PG_FUNCTION_INFO_V1(arx_sql_histogram_in);
PG_FUNCTION_INFO_V1(arx_sql_histogram_out);
PG_FUNCTION_INFO_V1(arx_sql_histogram_recv);
PG_FUNCTION_INFO_V1(arx_sql_histogram_send);

/* longest number that input takes; a double needs 24 */
#define NUMBER_TEXT_MAX 64

/* Where a text is being read, and what is wrong with it. */
typedef struct TextParser
{
	const char *pos;
	const char *problem; /* NULL while all is well */
} TextParser;

bytea *
arx_histogram_type_make_chunked(const uint64_t *const chunks[], double sum_ms)
{
	uint8_t bytes[ARX_HISTOGRAM_ENCODED_MAX];
	size_t len = arx_histogram_encode_chunked(chunks, sum_ms, bytes);
	bytea *result = (bytea *) palloc(VARHDRSZ + len);

	SET_VARSIZE(result, VARHDRSZ + len);
	memcpy(VARDATA(result), bytes, len);
	return result;
}

bytea *
arx_histogram_type_make(const ArxHistogram *hist)
{
	uint8_t bytes[ARX_HISTOGRAM_ENCODED_MAX];
	size_t len = arx_histogram_encode(hist, bytes);
	bytea *result = (bytea *) palloc(VARHDRSZ + len);

	SET_VARSIZE(result, VARHDRSZ + len);
	memcpy(VARDATA(result), bytes, len);
	return result;
}

static void
raise_if_damaged(ArxHistogramStatus status)
{
	if (status == ARX_HISTOGRAM_OK)
		return;
	ereport(ERROR, errcode(ERRCODE_DATA_CORRUPTED),
			errmsg("stored histogram is damaged"),
			errdetail("Fault in its bytes: %s.",
					  arx_histogram_status_text(status)));
}

void
arx_histogram_type_load(ArxHistogram *hist, const bytea *datum)
{
	raise_if_damaged(arx_histogram_decode(
		hist, (const uint8_t *) VARDATA_ANY(datum), VARSIZE_ANY_EXHDR(datum)));
}

void
arx_histogram_type_open(ArxHistogramReader *reader, const bytea *datum)
{
	raise_if_damaged(
		arx_histogram_reader_open(reader, (const uint8_t *) VARDATA_ANY(datum),
								  VARSIZE_ANY_EXHDR(datum)));
}

bool
arx_histogram_type_next(ArxHistogramReader *reader, int *index, uint64 *count)
{
	raise_if_damaged(arx_histogram_reader_next(reader, index, count));
	return *index >= 0;
}

void
arx_histogram_type_raise_too_many(void)
{
	ereport(ERROR, errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			errmsg("histogram would count more values than a bigint holds"));
}

static void
skip_spaces(TextParser *parser)
{
	while (scanner_isspace(*parser->pos))
		parser->pos++;
}

/* Takes a word or a sign, with the white space before it. */
static bool
take(TextParser *parser, const char *word)
{
	size_t len = strlen(word);

	skip_spaces(parser);
	if (strncmp(parser->pos, word, len) != 0)
		return false;
	parser->pos += len;
	return true;
}

static bool
expect(TextParser *parser, const char *word, const char *problem)
{
	if (take(parser, word))
		return true;
	parser->problem = problem;
	return false;
}

/*
 * Takes a decimal number.  strtod() alone would also take hexadecimal numbers,
 * "nan" and the like, and it reports tiny numbers as faults.
 */
static bool
take_number(TextParser *parser, double *number, const char *problem)
{
	char text[NUMBER_TEXT_MAX + 1];
	size_t len;
	char *end;

	skip_spaces(parser);
	len = strspn(parser->pos, "0123456789+-.eE");
	parser->problem = problem;
	if (len == 0 || len > NUMBER_TEXT_MAX)
		return false;
	memcpy(text, parser->pos, len);
	text[len] = '\0';
	*number = strtod(text, &end);
	if (*end != '\0' || !isfinite(*number))
		return false;
	parser->pos += len;
	parser->problem = NULL;
	return true;
}

static bool
take_count(TextParser *parser, uint64 *count)
{
	const char *digit;
	uint64 result = 0;

	skip_spaces(parser);
	digit = parser->pos;
	parser->problem = "A count is not a whole number above zero.";
	if (*digit < '1' || *digit > '9')
		return false;
	for (; *digit >= '0' && *digit <= '9'; digit++)
	{
		if (result > (ARX_HISTOGRAM_MAX_TOTAL - (*digit - '0')) / 10)
		{
			parser->problem = "A count is out of range.";
			return false;
		}
		result = result * 10 + (*digit - '0');
	}
	*count = result;
	parser->pos = digit;
	parser->problem = NULL;
	return true;
}

/* Takes "value:count" and adds it to hist; last is the bucket before. */
static bool
take_bucket(TextParser *parser, ArxHistogram *hist, int *last)
{
	double value_ms;
	uint64 count;
	int index;

	if (take(parser, "Infinity"))
		index = ARX_HISTOGRAM_OVERFLOW;
	else if (take_number(parser, &value_ms, "A value is not a number."))
		index = arx_histogram_bucket_us(value_ms * ARX_US_PER_MS);
	else
		return false;
	if (!expect(parser, ":",
				"After a value, a colon and a count are missing.") ||
		!take_count(parser, &count))
		return false;
	if (index <= *last)
	{
		parser->problem = "Values are not in rising order, or two of them "
						  "belong to one bucket.";
		return false;
	}
	if (count > ARX_HISTOGRAM_MAX_TOTAL - hist->total)
	{
		parser->problem = "The total count is out of range.";
		return false;
	}
	hist->counts[index] = count;
	hist->total += count;
	*last = index;
	return true;
}

/* Reads the whole text; on failure parser->problem is a sentence. */
static bool
parse_histogram(TextParser *parser, ArxHistogram *hist)
{
	int last = -1;

	if (!expect(parser, "{", "An opening brace is missing.") ||
		!expect(parser, "sum", "The sum is missing.") ||
		!expect(parser, "=", "After \"sum\", an equal sign is missing.") ||
		!take_number(parser, &hist->sum_ms, "The sum is not a finite number."))
		return false;
	while (take(parser, ","))
	{
		if (!take_bucket(parser, hist, &last))
			return false;
	}
	if (!expect(parser, "}", "A comma or a closing brace is missing."))
		return false;
	skip_spaces(parser);
	if (*parser->pos != '\0')
	{
		parser->problem = "Something follows the closing brace.";
		return false;
	}
	return true;
}

Datum
arx_sql_histogram_in(PG_FUNCTION_ARGS)
{
	const char *text = PG_GETARG_CSTRING(0);
	TextParser parser = {text, NULL};
	ArxHistogram hist = {0};

	if (!parse_histogram(&parser, &hist))
		ARX_SOFT_ERROR(
			fcinfo, (Datum) 0, errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			errmsg("invalid input syntax for type %s: \"%s\"",
				   "arx_perf.histogram", text),
			errdetail("%s", parser.problem),
			errhint("Write the sum in milliseconds and then value:count for "
					"each bucket, for example {sum=12.5, 1.02:3, 9.4:1}."));
	PG_RETURN_BYTEA_P(arx_histogram_type_make(&hist));
}

/* The bucket's value in milliseconds, as the file's opening comment tells. */
static void
append_value(StringInfo out, int index)
{
	if (index == ARX_HISTOGRAM_OVERFLOW)
		appendStringInfoString(out, "Infinity");
	else
		appendStringInfo(out, "%.4g",
						 arx_histogram_value_us(index) / ARX_US_PER_MS);
}

Datum
arx_sql_histogram_out(PG_FUNCTION_ARGS)
{
	ArxHistogramReader reader;
	char number[DOUBLE_SHORTEST_DECIMAL_LEN];
	StringInfoData out;
	uint64 count;
	int index;

	arx_histogram_type_open(&reader, PG_GETARG_BYTEA_PP(0));
	initStringInfo(&out);
	double_to_shortest_decimal_buf(reader.sum_ms, number);
	appendStringInfo(&out, "{sum=%s", number);
	while (arx_histogram_type_next(&reader, &index, &count))
	{
		appendStringInfoString(&out, ", ");
		append_value(&out, index);
		appendStringInfo(&out, ":" UINT64_FORMAT, count);
	}
	appendStringInfoChar(&out, '}');
	PG_RETURN_CSTRING(out.data);
}

Datum
arx_sql_histogram_recv(PG_FUNCTION_ARGS)
{
	StringInfo buf = (StringInfo) PG_GETARG_POINTER(0);
	int len = buf->len - buf->cursor;
	const char *bytes = pq_getmsgbytes(buf, len);
	ArxHistogram hist;
	ArxHistogramStatus status;

	status = arx_histogram_decode(&hist, (const uint8_t *) bytes, (size_t) len);
	if (status != ARX_HISTOGRAM_OK)
		ereport(ERROR, errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				errmsg("invalid binary form of type %s", "arx_perf.histogram"),
				errdetail("Fault in its bytes: %s.",
						  arx_histogram_status_text(status)));
	PG_RETURN_BYTEA_P(arx_histogram_type_make(&hist));
}

Datum
arx_sql_histogram_send(PG_FUNCTION_ARGS)
{
	bytea *datum = PG_GETARG_BYTEA_PP(0);
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendbytes(&buf, VARDATA_ANY(datum), VARSIZE_ANY_EXHDR(datum));
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}
