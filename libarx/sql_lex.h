/*
 * sql_lex.h
 *	  Finds literals in SQL text without the server's lexer.
 *
 * Everything here is plain C over memory of the caller: no allocation, no
 * table, no encoding tables, and never a read outside text[0 .. len).  Any
 * bytes are tolerated: invalid encodings, NULs, a text cut in the middle of
 * a token.  Bytes of 128 and more are letters, as in the server's lexer, which
 * is enough for every server encoding because in those no byte of a
 * multibyte character is ASCII.
 *
 * The rules are those of "Lexical Structure" in PostgreSQL's manual for all
 * supported majors at once: where a major is stricter (0x10 and 1_000 are
 * numbers from 16 on), the text would not have been parsed there.
 */
#ifndef ARX_SQL_LEX_H
#define ARX_SQL_LEX_H

#include <stdbool.h>
#include <stddef.h>

typedef enum ArxSqlTokenKind
{
	ARX_SQL_END,		   /* nothing is left; length 0 */
	ARX_SQL_SPACE,		   /* a run of blanks and newlines */
	ARX_SQL_COMMENT,	   /* one comment of either kind */
	ARX_SQL_WORD,		   /* keyword or plain name */
	ARX_SQL_QUOTED_NAME,   /* "name", also U&"name" */
	ARX_SQL_STRING,		   /* '..' with E, B, X, N or U& in front of it */
	ARX_SQL_DOLLAR_STRING, /* $tag$ .. $tag$ */
	ARX_SQL_NUMBER,		   /* unsigned */
	ARX_SQL_PARAM,		   /* $1 */
	ARX_SQL_OTHER		   /* one byte of anything else */
} ArxSqlTokenKind;

typedef struct ArxSqlToken
{
	ArxSqlTokenKind kind;
	size_t length;	   /* bytes, at least 1 except for ARX_SQL_END */
	bool unterminated; /* string, name or comment that the text ends in */
} ArxSqlToken;

/*
 * The token that starts at text[pos].  "standard_strings" is the setting
 * standard_conforming_strings: when false, a backslash escapes the next byte
 * in a plain '..' string too.  A string includes its continuations on later
 * lines ('a' newline 'b').  The cost is proportional to the token's length.
 */
extern ArxSqlToken
arx_sql_token(const char *text, size_t len, size_t pos, bool standard_strings);

/*
 * Length in bytes of the constant that starts at text[pos], as the parser
 * gives the location of a constant: a number, a string in any notation, a
 * word (TRUE, NULL, the field of EXTRACT), a quoted name, a parameter, or a
 * minus sign with the number it belongs to (blanks, comments, further signs and
 * parentheses may stand between: "- (5)" is one constant).  0 when nothing
 * of that kind starts there or pos is not inside the text; the location is
 * then to be ignored.  A token that the text ends in reaches to the end.
 */
extern size_t arx_sql_constant_length(const char *text, size_t len, size_t pos,
									  bool standard_strings);

/*
 * The largest n <= cap such that text[0 .. n) does not end inside a UTF-8
 * character; len when len <= cap.  In invalid UTF-8 it goes back 3 bytes at
 * most.  Constant cost.
 */
extern size_t arx_sql_clip(const char *text, size_t len, size_t cap);

#endif /* ARX_SQL_LEX_H */
