/*
 * sql_chars.h
 *	  What each byte may be part of in SQL text.
 */
#ifndef ARX_SQL_CHARS_H
#define ARX_SQL_CHARS_H

#define ARX_SQL_CHAR_SPACE 1	  /* blank or newline */
#define ARX_SQL_CHAR_WORD_START 2 /* letter, underscore, byte >= 128 */
#define ARX_SQL_CHAR_WORD 4		  /* the same, digit, dollar sign */
#define ARX_SQL_CHAR_DIGIT 8
#define ARX_SQL_CHAR_HEX 16 /* hexadecimal digit */

/* For each byte the sum of what holds for it. */
extern const unsigned char arx_sql_char_classes[256];

static inline int
arx_sql_char_class(char c)
{
	return arx_sql_char_classes[(unsigned char) c];
}

#endif /* ARX_SQL_CHARS_H */
