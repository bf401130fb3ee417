/*
 * text_encoding.c
 *	  Encoding conversion that never fails.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "mb/pg_wchar.h"

#include "core/text_encoding.h"

#define CUT "..."

/* As much of it as is valid in the encoding; *cut is set where it is not. */
static char *
copy_valid(const char *text, int len, int encoding, bool *cut)
{
	int good = pg_encoding_verifymbstr(encoding, text, len);

	*cut |= good < len;
	return pnstrdup(text, good);
}

/* As much of it as that conversion takes; *cut is set where it ends early. */
static char *
convert(Oid proc, const char *text, int from, int to, bool *cut)
{
	int len = (int) strlen(text);
	Size room = (Size) len * MAX_CONVERSION_GROWTH + 1;
	char *converted = palloc0(room);
	int used = pg_do_encoding_conversion_buf(
		proc, from, to, (unsigned char *) unconstify(char *, text), len,
		(unsigned char *) converted, (int) room, true);

	*cut |= used < len;
	return converted;
}

/*
 * From one encoding to another, through UTF-8 where there is no direct way;
 * with no way at all, what is ASCII at the beginning.
 */
static char *
convert_somehow(char *text, int from, int to, bool *cut)
{
	Oid direct = FindDefaultConversionProc(from, to);
	Oid first;
	Oid second;

	if (OidIsValid(direct))
		return convert(direct, text, from, to, cut);
	first = FindDefaultConversionProc(from, PG_UTF8);
	second = FindDefaultConversionProc(PG_UTF8, to);
	if (from != PG_UTF8 && to != PG_UTF8 && OidIsValid(first) &&
		OidIsValid(second))
		return convert(second, convert(first, text, from, PG_UTF8, cut),
					   PG_UTF8, to, cut);
	for (char *c = text; *c; c++)
	{
		if (!IS_HIGHBIT_SET(*c))
			continue;
		*c = '\0';
		*cut = true;
		break;
	}
	return text;
}

char *
arx_text_to_server(const char *text, int len, int encoding)
{
	int server = GetDatabaseEncoding();
	bool as_it_is = encoding == server || encoding == PG_SQL_ASCII ||
		server == PG_SQL_ASCII;
	char *shown;
	bool cut = false;

	shown = copy_valid(text, len, as_it_is ? server : encoding, &cut);
	if (!as_it_is)
		shown = convert_somehow(shown, encoding, server, &cut);
	return cut ? psprintf("%s%s", shown, CUT) : shown;
}
