/*
 * sql_lex.c
 *	  Finds literals in SQL text without the server's lexer.
 *
 * A token's end is found from its first bytes alone, so that the normaliser
 * pays for the constants of a statement and not for its text.  Operators are
 * not put together: each of their bytes is a token, which also makes a comment
 * that starts inside one ("+--") a comment, as in the server.
 *
 * Every loop runs forward over text[pos .. len), so each function's cost is
 * proportional to the bytes it skips.
 */
#include <stdint.h>
#include <string.h>

#include "libarx/sql_chars.h"
#include "libarx/sql_lex.h"

static inline bool
is_newline(char c)
{
	return c == '\n' || c == '\r';
}

/* The byte at pos, or NUL (which starts no token) outside the text. */
static inline char
byte_at(const char *text, size_t len, size_t pos)
{
	return pos < len ? text[pos] : '\0';
}

static size_t
skip_class(const char *text, size_t len, size_t pos, int class)
{
	while (pos < len && (arx_sql_char_class(text[pos]) & class))
		pos++;
	return pos;
}

static size_t
skip_line(const char *text, size_t len, size_t pos)
{
	while (pos < len && !is_newline(text[pos]))
		pos++;
	return pos;
}

/*
 * End of a comment that starts with slash and star; "*closed" tells whether
 * all its levels are closed before the text ends.
 */
static size_t
skip_block_comment(const char *text, size_t len, size_t pos, bool *closed)
{
	size_t depth = 0;

	while (pos + 1 < len)
	{
		if (text[pos] == '/' && text[pos + 1] == '*')
		{
			depth++;
			pos += 2;
		}
		else if (text[pos] == '*' && text[pos + 1] == '/')
		{
			depth--;
			pos += 2;
			if (depth == 0)
			{
				*closed = true;
				return pos;
			}
		}
		else
			pos++;
	}
	*closed = false;
	return len;
}

/*
 * Digits of one class with single underscores between them.  The first byte
 * may be an underscore only after the prefix of a non-decimal number.
 */
static size_t
skip_digits(const char *text, size_t len, size_t pos, int class)
{
	for (;;)
	{
		pos = skip_class(text, len, pos, class);
		if (byte_at(text, len, pos) != '_' ||
			!(arx_sql_char_class(byte_at(text, len, pos + 1)) & class))
			return pos;
		pos++;
	}
}

/* End of the exponent at pos, or pos when there is none. */
static size_t
skip_exponent(const char *text, size_t len, size_t pos)
{
	size_t digits = pos + 1;

	if ((byte_at(text, len, pos) | 0x20) != 'e')
		return pos;
	if (byte_at(text, len, digits) == '+' || byte_at(text, len, digits) == '-')
		digits++;
	if (!(arx_sql_char_class(byte_at(text, len, digits)) & ARX_SQL_CHAR_DIGIT))
		return pos;
	return skip_digits(text, len, digits, ARX_SQL_CHAR_DIGIT);
}

/* End of the number at pos, which starts with a digit or a point. */
static size_t
skip_number(const char *text, size_t len, size_t pos)
{
	if (text[pos] == '0')
	{
		char base = byte_at(text, len, pos + 1) | 0x20;

		if (base == 'x' || base == 'o' || base == 'b')
		{
			int class = base == 'x' ? ARX_SQL_CHAR_HEX : ARX_SQL_CHAR_DIGIT;
			size_t end = skip_digits(text, len, pos + 2, class);

			if (end > pos + 2)
				return end;
		}
	}
	pos = skip_digits(text, len, pos, ARX_SQL_CHAR_DIGIT);

	/* "1..10" is a range of integers, not a number with a point */
	if (byte_at(text, len, pos) == '.' && byte_at(text, len, pos + 1) != '.')
		pos = skip_digits(text, len, pos + 1, ARX_SQL_CHAR_DIGIT);
	return skip_exponent(text, len, pos);
}

/*
 * Where a string that was closed just before pos goes on: behind the quote
 * that opens its continuation, which must be separated by blanks and line
 * comments with at least one newline.  0 when it does not go on.
 */
static size_t
find_continuation(const char *text, size_t len, size_t pos)
{
	bool newline = false;

	while (pos < len)
	{
		if (arx_sql_char_class(text[pos]) & ARX_SQL_CHAR_SPACE)
		{
			newline |= is_newline(text[pos]);
			pos++;
		}
		else if (text[pos] == '-' && byte_at(text, len, pos + 1) == '-')
			pos = skip_line(text, len, pos);
		else
			break;
	}
	if (newline && byte_at(text, len, pos) == '\'')
		return pos + 1;
	return 0;
}

/*
 * Behind the quote that ends the string or name whose content starts at pos;
 * 0 when there is none.  A doubled quote is part of the content.
 */
static size_t
find_closing_quote(const char *text, size_t len, size_t pos, char quote,
				   bool backslashes)
{
	while (pos < len)
	{
		if (backslashes)
		{
			if (text[pos] == '\\')
			{
				pos += 2;
				continue;
			}
		}
		else
		{
			const char *found = memchr(text + pos, quote, len - pos);

			if (found == NULL)
				return 0;
			pos = (size_t) (found - text);
		}
		if (text[pos++] != quote)
			continue;
		if (byte_at(text, len, pos) != quote)
			return pos;
		pos++;
	}
	return 0;
}

/*
 * End of the string or name whose opening quote is at pos.  Only strings have
 * continuations.
 */
static size_t
skip_quoted(const char *text, size_t len, size_t pos, bool backslashes,
			bool *closed)
{
	char quote = text[pos];
	size_t end;
	size_t again = pos + 1;

	do
	{
		end = find_closing_quote(text, len, again, quote, backslashes);
		*closed = end > 0;
		if (!*closed)
			return len;
		again = quote == '\'' ? find_continuation(text, len, end) : 0;
	} while (again > 0);
	return end;
}

/*
 * End of the string in dollar quotes at pos, or pos when no such string
 * starts there.  The tag holds no dollar sign, so a candidate for the closing
 * one never has to be looked at twice.
 */
static size_t
skip_dollar_string(const char *text, size_t len, size_t pos, bool *closed)
{
	size_t tag_end = pos + 1;
	size_t tag_len;
	const char *at;

	if (arx_sql_char_class(byte_at(text, len, tag_end)) &
		ARX_SQL_CHAR_WORD_START)
		while (tag_end < len && text[tag_end] != '$' &&
			   (arx_sql_char_class(text[tag_end]) & ARX_SQL_CHAR_WORD))
			tag_end++;
	if (byte_at(text, len, tag_end) != '$')
		return pos;

	tag_len = tag_end + 1 - pos; /* with both dollar signs */
	at = text + tag_end + 1;
	while ((at = memchr(at, '$', (size_t) (text + len - at))) != NULL)
	{
		if ((size_t) (text + len - at) >= tag_len &&
			memcmp(at, text + pos, tag_len) == 0)
		{
			*closed = true;
			return (size_t) (at - text) + tag_len;
		}
		at++;
	}
	*closed = false;
	return len;
}

/*
 * Bytes before the opening quote when text[pos], a letter, is the prefix of a
 * string or of a quoted name; 0 when it starts a plain word.
 */
static size_t
quote_prefix(const char *text, size_t len, size_t pos)
{
	char next = byte_at(text, len, pos + 1);

	switch (text[pos] | 0x20)
	{
		case 'e':
		case 'b':
		case 'x':
		case 'n':
			return next == '\'' ? 1 : 0;
		case 'u':
			if (next == '&' &&
				(byte_at(text, len, pos + 2) == '\'' ||
				 byte_at(text, len, pos + 2) == '"'))
				return 2;
			return 0;
		default:
			return 0;
	}
}

static ArxSqlToken
make_token(ArxSqlTokenKind kind, size_t pos, size_t end, bool closed)
{
	ArxSqlToken token = {kind, end - pos, !closed};

	return token;
}

static ArxSqlToken
quoted_token(const char *text, size_t len, size_t pos, size_t prefix,
			 bool standard_strings)
{
	char letter = prefix > 0 ? (char) (text[pos] | 0x20) : '\0';
	bool name = text[pos + prefix] == '"';
	bool backslashes = !name &&
		(letter == 'e' ||
		 ((letter == '\0' || letter == 'n') && !standard_strings));
	bool closed;
	size_t end = skip_quoted(text, len, pos + prefix, backslashes, &closed);

	return make_token(name ? ARX_SQL_QUOTED_NAME : ARX_SQL_STRING, pos, end,
					  closed);
}

/* A token that starts with a dollar sign. */
static ArxSqlToken
dollar_token(const char *text, size_t len, size_t pos)
{
	bool closed = true;
	size_t end;

	if (arx_sql_char_class(byte_at(text, len, pos + 1)) & ARX_SQL_CHAR_DIGIT)
	{
		end = skip_class(text, len, pos + 1, ARX_SQL_CHAR_DIGIT);
		return make_token(ARX_SQL_PARAM, pos, end, true);
	}
	end = skip_dollar_string(text, len, pos, &closed);
	if (end > pos)
		return make_token(ARX_SQL_DOLLAR_STRING, pos, end, closed);
	return make_token(ARX_SQL_OTHER, pos, pos + 1, true);
}

static ArxSqlToken
word_token(const char *text, size_t len, size_t pos, bool standard_strings)
{
	size_t prefix = quote_prefix(text, len, pos);

	if (prefix > 0)
		return quoted_token(text, len, pos, prefix, standard_strings);
	return make_token(ARX_SQL_WORD, pos,
					  skip_class(text, len, pos, ARX_SQL_CHAR_WORD), true);
}

ArxSqlToken
arx_sql_token(const char *text, size_t len, size_t pos, bool standard_strings)
{
	int class;
	bool closed;
	size_t end;

	if (pos >= len)
		return make_token(ARX_SQL_END, pos, pos, true);

	class = arx_sql_char_class(text[pos]);
	if (class & ARX_SQL_CHAR_WORD_START)
		return word_token(text, len, pos, standard_strings);
	if (class & ARX_SQL_CHAR_SPACE)
	{
		end = skip_class(text, len, pos, ARX_SQL_CHAR_SPACE);
		return make_token(ARX_SQL_SPACE, pos, end, true);
	}
	if ((class & ARX_SQL_CHAR_DIGIT) ||
		(text[pos] == '.' &&
		 (arx_sql_char_class(byte_at(text, len, pos + 1)) &
		  ARX_SQL_CHAR_DIGIT)))
	{
		end = skip_number(text, len, pos);
		return make_token(ARX_SQL_NUMBER, pos, end, true);
	}
	if (text[pos] == '\'' || text[pos] == '"')
		return quoted_token(text, len, pos, 0, standard_strings);
	if (text[pos] == '$')
		return dollar_token(text, len, pos);
	if (text[pos] == '-' && byte_at(text, len, pos + 1) == '-')
	{
		end = skip_line(text, len, pos);
		return make_token(ARX_SQL_COMMENT, pos, end, true);
	}
	if (text[pos] == '/' && byte_at(text, len, pos + 1) == '*')
	{
		end = skip_block_comment(text, len, pos, &closed);
		return make_token(ARX_SQL_COMMENT, pos, end, closed);
	}
	return make_token(ARX_SQL_OTHER, pos, pos + 1, true);
}

/* Behind blanks and comments. */
static size_t
skip_gap(const char *text, size_t len, size_t pos)
{
	for (;;)
	{
		ArxSqlToken token = arx_sql_token(text, len, pos, true);

		if (token.kind != ARX_SQL_SPACE && token.kind != ARX_SQL_COMMENT)
			return pos;
		pos += token.length;
	}
}

/*
 * Length of the number with one or more signs at pos.  The parser folds a
 * minus sign into the number behind it, also through parentheses and several
 * times over, and keeps the location of the first sign.
 */
static size_t
signed_number_length(const char *text, size_t len, size_t start)
{
	size_t pos = start;
	size_t depth = 0;
	ArxSqlToken token;

	for (;;)
	{
		char c;

		pos = skip_gap(text, len, pos);
		c = byte_at(text, len, pos);
		if (c == '(')
			depth++;
		else if (c != '-' && c != '+')
			break;
		pos++;
	}
	token = arx_sql_token(text, len, pos, true);
	if (token.kind != ARX_SQL_NUMBER)
		return 0;
	pos += token.length;
	while (depth > 0)
	{
		size_t close = skip_gap(text, len, pos);

		if (byte_at(text, len, close) != ')')
			break;
		pos = close + 1;
		depth--;
	}
	return pos - start;
}

size_t
arx_sql_constant_length(const char *text, size_t len, size_t pos,
						bool standard_strings)
{
	ArxSqlToken token;

	/* most constants are numbers */
	if (pos < len && (arx_sql_char_class(text[pos]) & ARX_SQL_CHAR_DIGIT))
		return skip_number(text, len, pos) - pos;

	token = arx_sql_token(text, len, pos, standard_strings);
	switch (token.kind)
	{
		case ARX_SQL_WORD:
		case ARX_SQL_QUOTED_NAME:
		case ARX_SQL_STRING:
		case ARX_SQL_DOLLAR_STRING:
		case ARX_SQL_NUMBER:
		case ARX_SQL_PARAM:
			return token.length;
		case ARX_SQL_OTHER:
			if (text[pos] == '-' || text[pos] == '+')
				return signed_number_length(text, len, pos);
			return 0;
		default:
			return 0;
	}
}

size_t
arx_sql_clip(const char *text, size_t len, size_t cap)
{
	size_t n = cap;

	if (len <= cap)
		return len;
	while (n > 0 && cap - n < 3 && (text[n] & 0xC0) == 0x80)
		n--;
	/* a first byte, or what was skipped belongs to no character */
	return ((unsigned char) text[n] & 0xC0) == 0x80 ? cap : n;
}
