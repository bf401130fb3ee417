/*
 * sql_chars.c
 *	  What each byte may be part of in SQL text.
 */
#include "libarx/sql_chars.h"

/* Letter, hexadecimal letter, digit, dollar sign, blank. */
#define L (ARX_SQL_CHAR_WORD_START | ARX_SQL_CHAR_WORD)
#define H (L | ARX_SQL_CHAR_HEX)
#define D (ARX_SQL_CHAR_WORD | ARX_SQL_CHAR_DIGIT | ARX_SQL_CHAR_HEX)
#define W ARX_SQL_CHAR_WORD
#define S ARX_SQL_CHAR_SPACE

/* clang-format off */
const unsigned char arx_sql_char_classes[256] = {
	0, 0, 0, 0, 0, 0, 0, 0, 0, S, S, S, S, S, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	S, 0, 0, 0, W, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	D, D, D, D, D, D, D, D, D, D, 0, 0, 0, 0, 0, 0,
	0, H, H, H, H, H, H, L, L, L, L, L, L, L, L, L,
	L, L, L, L, L, L, L, L, L, L, L, 0, 0, 0, 0, L,
	0, H, H, H, H, H, H, L, L, L, L, L, L, L, L, L,
	L, L, L, L, L, L, L, L, L, L, L, 0, 0, 0, 0, 0,
	L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L,
	L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L,
	L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L,
	L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L,
	L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L,
	L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L,
	L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L,
	L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L,
};
/* clang-format on */
