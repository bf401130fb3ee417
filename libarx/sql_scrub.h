/*
 * sql_scrub.h
 *	  Takes literals and secrets out of SQL text that nobody has parsed.
 *
 * For the two cases where the locations of the constants are not known: a
 * text that comes back later from a prepared statement, and the text of a
 * statement that failed.  No allocation; cost proportional to the text.
 */
#ifndef ARX_SQL_SCRUB_H
#define ARX_SQL_SCRUB_H

#include <stdbool.h>
#include <stddef.h>

typedef struct ArxSqlScrubbed
{
	size_t length;	/* bytes written to out, at most cap */
	bool truncated; /* the whole result would have been longer */
} ArxSqlScrubbed;

/*
 * Writes text to out[0 .. cap) with every number and every string replaced
 * by $n, counted from the highest parameter that the text has plus one.
 * Comments, names and words stay, so TRUE and NULL do too.  A string, comment
 * or name that the text ends in is dropped with all that follows (for a string
 * a $n stands in its place): it may hold anything.  A blank is put in front of
 * $n where it would otherwise grow together with a name.
 *
 * No terminating NUL is written.  A placeholder that does not fit is left out
 * whole; other text is cut at cap bytes, so that the caller has to go back
 * to a character boundary (arx_sql_clip for UTF-8).  out may not overlap text.
 * Scrubbing a result that was not truncated gives that result again.
 */
extern ArxSqlScrubbed
arx_sql_scrub(const char *text, size_t len, bool standard_strings, char *out,
			  size_t cap);

/*
 * True when the text may hold a credential that no normaliser takes out:
 * PASSWORD in CREATE or ALTER ROLE, USER or GROUP; CREATE or ALTER of a USER
 * MAPPING, SUBSCRIPTION or SERVER; SET of a setting with a telling name (see
 * arx_sql_name_is_secret) at the start of a statement or in ALTER ROLE,
 * USER, DATABASE or SYSTEM; "password =" or a URL with user:password@ inside a
 * string.  Words in comments do not count.  Strings are looked into with the
 * same rules, as the bodies of DO and of functions are strings; so is any
 * text that cannot be told from one.  Errs on the side of true.
 */
extern bool
arx_sql_carries_secret(const char *text, size_t len, bool standard_strings);

/*
 * True when a setting or option of this name usually holds a credential: the
 * name contains, in any case, "password", "passwd", "passphrase", "secret",
 * "token", "credential", "conninfo" or "key".
 */
extern bool arx_sql_name_is_secret(const char *name, size_t len);

#endif /* ARX_SQL_SCRUB_H */
