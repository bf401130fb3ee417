/*
 * sql_secret.h
 *	  Tells whether SQL text may hold a credential.
 *
 * Looks for the words of statements that take one, because the credential
 * itself cannot be told from other text.  No allocation; cost proportional to
 * the text.
 */
#ifndef ARX_SQL_SECRET_H
#define ARX_SQL_SECRET_H

#include <stdbool.h>
#include <stddef.h>

/*
 * True when the text may hold a credential that no normaliser takes out:
 *
 *	- PASSWORD in CREATE or ALTER ROLE, USER or GROUP;
 *	- CREATE or ALTER of a USER MAPPING, a SUBSCRIPTION or a SERVER;
 *	- SET of a setting whose name arx_sql_name_is_secret() knows, at the start
 *	  of a statement or in ALTER ROLE, USER, DATABASE or SYSTEM;
 *	- inside a string: an assignment to or comparison with a name that contains
 *	  "password" or "passwd", set_config() of such a setting, and a URL with
 *	  user:password@.
 *
 * Comments do not count.  Strings are searched with the same rules, as the
 * bodies of DO and of functions are strings, and there comments count as well.
 * Errs on the side of true.
 */
extern bool
arx_sql_carries_secret(const char *text, size_t len, bool standard_strings);

/*
 * The same for text that is a string's content, such as the body of a DO
 * statement after the parser took its quotes off.
 */
extern bool arx_sql_body_carries_secret(const char *body, size_t len);

/*
 * True when a setting or option of this name usually holds a credential: the
 * name contains, in any case, "password", "passwd", "passphrase", "secret",
 * "token", "credential", "conninfo" or "key".
 */
extern bool arx_sql_name_is_secret(const char *name, size_t len);

#endif /* ARX_SQL_SECRET_H */
