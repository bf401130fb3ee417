/*
 * text_encoding.c
 *	  Encoding conversion that never fails.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "mb/pg_wchar.h"

#include "core/text_encoding.h"

#define CUT "..."

/* As much of it as is valid in the encoding. */
static char *
copy_valid(const char *text, int len, int encoding)
{
	int good = pg_encoding_verifymbstr(encoding, text, len);
	char *copy = palloc(good + sizeof(CUT));

	memcpy(copy, text, good);
	strlcpy(copy + good, good < len ? CUT : "", sizeof(CUT));
	return copy;
}

char *
arx_text_to_server(const char *text, int len, int encoding)
{
	int server = GetDatabaseEncoding();
	Size room = (Size) len * MAX_CONVERSION_GROWTH + 1;
	char *converted;
	Oid proc;
	int used;

	if (encoding == server || encoding == PG_SQL_ASCII ||
		server == PG_SQL_ASCII)
		return copy_valid(text, len, server);
	proc = FindDefaultConversionProc(encoding, server);
	if (!OidIsValid(proc))
		return copy_valid(text, len, server);
	len = pg_encoding_verifymbstr(encoding, text, len);
	converted = palloc(room + sizeof(CUT));
	used = pg_do_encoding_conversion_buf(
		proc, encoding, server, (unsigned char *) unconstify(char *, text), len,
		(unsigned char *) converted, (int) room, true);
	if (used < len)
		strlcat(converted, CUT, room + sizeof(CUT));
	return converted;
}
