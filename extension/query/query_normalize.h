/*
 * query_normalize.h
 *	  Statement texts without their constants and without secrets.
 *
 * All functions write into a buffer of the caller and raise no error, whatever
 * the text: invalid encodings are cut at some byte, a lack of memory makes
 * the answer false.  None takes a lock or looks at the catalog.
 */
#ifndef ARX_QUERY_NORMALIZE_H
#define ARX_QUERY_NORMALIZE_H

#include "postgres.h"

#include "compat/pg_compat_jumble.h"
#include "nodes/nodes.h"

typedef struct ArxNormalized
{
	Size length;	/* bytes in out, without the terminating NUL */
	bool truncated; /* the whole text would have been longer than cap */
} ArxNormalized;

/*
 * Writes to out the text of one statement with its constants as $n, as this
 * server version's pg_stat_statements shows it: numbered from the highest
 * parameter on; where lists are squashed (PG 18) with one $n and a comment
 * for the rest, and all parameters counted anew.
 *
 * "query" is the statement itself, after CleanQuerytext(); "query_loc" its
 * offset in the source string, to which the locations in jstate refer.  NULL
 * for jstate gives the text as it is.  "encoding" is the database's.  out
 * must have room for cap + 1 bytes; the result ends on a character boundary
 * at most cap bytes long, never inside a $n, and with a NUL.  jstate is not
 * changed.
 *
 * False, with an empty result, only when there was no memory to sort more than
 * 64 locations (12 bytes each, from CurrentMemoryContext, freed before return).
 */
extern bool arx_normalize_query(const JumbleState *jstate, const char *query,
								int query_len, int query_loc, int encoding,
								char *out, Size cap, ArxNormalized *result);

/*
 * The same for a utility statement: false as well, with an empty result, when
 * the statement may carry a credential.  On PG 15 jstate is NULL for these
 * and the text stays as it is; from PG 16 on it has what the server replaces.
 */
extern bool
arx_normalize_utility(Node *utility_stmt, const JumbleState *jstate,
					  const char *query, int query_len, int query_loc,
					  int encoding, char *out, Size cap, ArxNormalized *result);

/*
 * For a text whose constants are not known (it came back from a prepared
 * statement, or belongs to a statement that failed): every literal becomes
 * $n.  False, with an empty result, when the text may carry a credential.
 * Buffer and cut as above; never allocates.
 */
extern bool arx_scrub_query(const char *query, int query_len, int encoding,
							char *out, Size cap, ArxNormalized *result);

/*
 * True when the text of this utility statement must not be kept: roles with a
 * password; user mappings, subscriptions and foreign servers; settings and
 * options with a telling name (see arx_sql_name_is_secret); DO and functions
 * with a body that carries a secret.  NULL is false.  Looks at the tree only,
 * at a cost proportional to its options and bodies.
 */
extern bool arx_statement_carries_secret(Node *utility_stmt);

#endif /* ARX_QUERY_NORMALIZE_H */
