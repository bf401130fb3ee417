/*
 * sql_secret.c
 *	  Tells whether SQL text may hold a credential.
 *
 * One pass over words and a few signs with a handful of flags: what the
 * statement at hand is (a role, something whose SET is looked at) and what the
 * last word was.  Outside strings the words come from the tokens, so comments
 * drop out; inside a string each run of letters is a word, because what counts
 * as a string or comment in there depends on a language that is not known.
 */
#include <string.h>

#include "libarx/sql_chars.h"
#include "libarx/sql_lex.h"
#include "libarx/sql_secret.h"

/* Longest user name and password that are looked for in a URL. */
#define URL_USER_MAX 512

typedef enum Word
{
	WORD_NONE,
	WORD_OTHER,
	WORD_VERB,	/* CREATE, ALTER */
	WORD_BLOCK, /* words that a statement may follow */
	WORD_SET,
	WORD_SCOPE,	 /* SET LOCAL name */
	WORD_CONFIG, /* set_config */
	WORD_TO,
	WORD_USER,
	WORD_ROLE,
	WORD_SETTABLE, /* ALTER DATABASE name SET */
	WORD_MAPPING,
	WORD_SECRET_OBJECT,
	WORD_PASSWORD
} Word;

static const struct
{
	const char *name;
	Word word;
} words[] = {
	{"create", WORD_VERB},
	{"alter", WORD_VERB},
	{"begin", WORD_BLOCK},
	{"then", WORD_BLOCK},
	{"else", WORD_BLOCK},
	{"loop", WORD_BLOCK},
	{"set", WORD_SET},
	{"local", WORD_SCOPE},
	{"session", WORD_SCOPE},
	{"set_config", WORD_CONFIG},
	{"to", WORD_TO},
	{"user", WORD_USER},
	{"role", WORD_ROLE},
	{"group", WORD_ROLE},
	{"database", WORD_SETTABLE},
	{"system", WORD_SETTABLE},
	{"mapping", WORD_MAPPING},
	{"server", WORD_SECRET_OBJECT},
	{"subscription", WORD_SECRET_OBJECT},
	{"password", WORD_PASSWORD},
};

static const char *const secret_names[] = {"password", "passwd", "passphrase",
										   "secret",   "token",	 "credential",
										   "conninfo", "key"};

typedef struct Scan
{
	Word last;			 /* last word, WORD_NONE at a statement's start */
	bool created;		 /* the word before the last was a verb */
	bool in_role;		 /* in CREATE or ALTER of a role */
	bool set_counts;	 /* SET names a setting in this statement */
	bool in_name;		 /* names of settings come now */
	bool password_named; /* in a string, the last word was such a name */
} Scan;

static char
lower_case(char c)
{
	return c >= 'A' && c <= 'Z' ? (char) (c | 0x20) : c;
}

/* "word" is in lower case and at most len bytes long. */
static bool
starts_with(const char *text, const char *word, size_t word_len)
{
	for (size_t i = 0; i < word_len; i++)
		if (lower_case(text[i]) != word[i])
			return false;
	return true;
}

static bool
contains(const char *text, size_t len, const char *word)
{
	size_t word_len = strlen(word);

	for (size_t at = 0; at + word_len <= len; at++)
		if (starts_with(text + at, word, word_len))
			return true;
	return false;
}

static inline bool
is_word_byte(char c)
{
	return c != '$' && (arx_sql_char_class(c) & ARX_SQL_CHAR_WORD);
}

static Word
find_word(const char *text, size_t len)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strlen(words[i].name) == len &&
			starts_with(text, words[i].name, len))
			return words[i].word;
	return WORD_OTHER;
}

bool
arx_sql_name_is_secret(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(secret_names) / sizeof(secret_names[0]); i++)
		if (contains(name, len, secret_names[i]))
			return true;
	return false;
}

static void
start_statement(Scan *scan)
{
	memset(scan, 0, sizeof(*scan));
}

/* The object of a CREATE or ALTER: true when it gives the answer. */
static bool
note_object(Scan *scan, Word word)
{
	scan->in_role = word == WORD_USER || word == WORD_ROLE;
	scan->set_counts = scan->in_role || word == WORD_SETTABLE;
	return word == WORD_SECRET_OBJECT;
}

/* Takes one word in; true when it gives the answer. */
static bool
note_word(Scan *scan, const char *text, size_t len, bool in_string)
{
	Word word = find_word(text, len);
	Word last = scan->last;

	if (scan->in_name && word == WORD_TO)
		scan->in_name = false;
	if (scan->in_name && arx_sql_name_is_secret(text, len))
		return true;

	scan->last = word;
	scan->password_named = in_string &&
		(contains(text, len, "password") || contains(text, len, "passwd"));
	if (last == WORD_VERB && note_object(scan, word))
		return true;
	if (word == WORD_MAPPING && last == WORD_USER && scan->created)
		return true;
	scan->created = last == WORD_VERB;

	if (word == WORD_SET)
		scan->in_name =
			scan->set_counts || last == WORD_NONE || last == WORD_BLOCK;
	else if (word == WORD_SCOPE && last == WORD_SET)
		scan->in_name = true;
	else if (word == WORD_CONFIG)
		scan->in_name = in_string;
	else if (word == WORD_VERB)
		scan->in_role = scan->set_counts = false;
	return word == WORD_PASSWORD && scan->in_role;
}

/* Takes one byte in that is neither word nor blank; true as above. */
static bool
note_sign(Scan *scan, char sign)
{
	if (sign == ';')
		start_statement(scan);
	else if (sign == '=')
	{
		scan->in_name = false;
		return scan->password_named;
	}
	else if (sign == ',')
		scan->in_name = false;
	if (sign != ':')
		scan->password_named = false;
	return false;
}

/* True when what follows "://" has a password before the host. */
static bool
url_has_password(const char *text, size_t len)
{
	bool colon = false;

	for (size_t i = 0; i < len && i < URL_USER_MAX; i++)
	{
		unsigned char c = (unsigned char) text[i];

		if (c == '@')
			return colon;
		if (c == '/' || c == '\'' || c == '"' || c <= ' ')
			return false;
		colon |= c == ':';
	}
	return false;
}

bool
arx_sql_body_carries_secret(const char *body, size_t len)
{
	Scan scan;
	size_t pos = 0;

	start_statement(&scan);
	while (pos < len)
	{
		size_t start = pos;

		while (pos < len && is_word_byte(body[pos]))
			pos++;
		if (pos > start)
		{
			if (note_word(&scan, body + start, pos - start, true))
				return true;
			continue;
		}
		if (len - pos > 3 && memcmp(body + pos, "://", 3) == 0 &&
			url_has_password(body + pos + 3, len - pos - 3))
			return true;
		/* the letter of an escape such as \n is no part of a word */
		if (body[pos] == '\\' && pos + 1 < len &&
			memchr("nrtbf", body[pos + 1], 5) != NULL)
			pos++;
		else if ((unsigned char) body[pos] > ' ' && body[pos] != '\'' &&
				 body[pos] != '"' && note_sign(&scan, body[pos]))
			return true;
		pos++;
	}
	return false;
}

/* The string without its prefix and opening quote or tag. */
static bool
string_carries_secret(const char *string, size_t len, char quote)
{
	size_t start = 0;

	while (start < len && string[start] != quote)
		start++;
	if (quote == '$')
		for (start++; start < len && string[start] != quote; start++)
			continue;
	return start < len &&
		arx_sql_body_carries_secret(string + start + 1, len - start - 1);
}

bool
arx_sql_carries_secret(const char *text, size_t len, bool standard_strings)
{
	Scan scan;
	ArxSqlToken token;
	bool found = false;

	start_statement(&scan);
	for (size_t pos = 0; pos < len && !found; pos += token.length)
	{
		token = arx_sql_token(text, len, pos, standard_strings);
		switch (token.kind)
		{
			case ARX_SQL_WORD:
			case ARX_SQL_QUOTED_NAME:
				found = note_word(&scan, text + pos, token.length, false);
				break;
			case ARX_SQL_STRING:
				found = string_carries_secret(text + pos, token.length, '\'');
				break;
			case ARX_SQL_DOLLAR_STRING:
				found = string_carries_secret(text + pos, token.length, '$');
				break;
			case ARX_SQL_OTHER:
				found = note_sign(&scan, text[pos]);
				break;
			default:
				break;
		}
	}
	return found;
}
