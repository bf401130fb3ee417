/*
 * json_print.h
 *	  JSON to a stream, one call a value; commas and quotes are its business.
 *
 * key is NULL inside an array.  Texts may hold any bytes: what is not UTF-8
 * becomes U+FFFD.  A number that JSON has not (infinity) becomes null.
 */
#ifndef ARX_PROFILER_JSON_PRINT_H
#define ARX_PROFILER_JSON_PRINT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "libarx/heap_format.h"

typedef struct ArxJson
{
	FILE *out;
	int depth;
	bool filled; /* the open object or array has a value */
	char closers[32];
} ArxJson;

extern void arx_json_begin(ArxJson *json, FILE *out);

/* bracket is '{' or '['; at most 30 deep. */
extern void arx_json_open(ArxJson *json, const char *key, char bracket);
extern void arx_json_close(ArxJson *json);

extern void arx_json_text(ArxJson *json, const char *key,
						  const char *text); /* NULL: null */
extern void arx_json_number(ArxJson *json, const char *key, double number);
extern void arx_json_integer(ArxJson *json, const char *key, int64_t number);
extern void arx_json_bool(ArxJson *json, const char *key, bool value);

#endif
