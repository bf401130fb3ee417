/*
 * sql_scrub.h
 *	  Takes the literals out of SQL text that nobody has parsed.
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

#endif /* ARX_SQL_SCRUB_H */
