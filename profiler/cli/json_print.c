/*
 * json_print.c
 *	  Prints JSON: indented, escaped, always valid UTF-8.
 */
#include <math.h>
#include <string.h>

#include "cli/json_print.h"
#include "exporters/json_text.h"

void
arx_json_begin(ArxJson *json, FILE *out)
{
	*json = (ArxJson){.out = out};
}

static void
begin_value(ArxJson *json, const char *key)
{
	if (json->filled)
		fputc(',', json->out);
	if (json->depth > 0)
		fprintf(json->out, "\n%*s", 2 * json->depth, "");
	json->filled = true;
	if (key)
	{
		arx_json_quote(json->out, key, strlen(key));
		fputs(": ", json->out);
	}
}

void
arx_json_open(ArxJson *json, const char *key, char bracket)
{
	begin_value(json, key);
	fputc(bracket, json->out);
	json->closers[json->depth++] = bracket == '{' ? '}' : ']';
	json->filled = false;
}

void
arx_json_close(ArxJson *json)
{
	char closer = json->closers[--json->depth];

	if (json->filled)
		fprintf(json->out, "\n%*s", 2 * json->depth, "");
	fputc(closer, json->out);
	if (json->depth == 0)
		fputc('\n', json->out);
	json->filled = true;
}

void
arx_json_text(ArxJson *json, const char *key, const char *text)
{
	begin_value(json, key);
	if (text)
		arx_json_quote(json->out, text, strlen(text));
	else
		fputs("null", json->out);
}

void
arx_json_number(ArxJson *json, const char *key, double number)
{
	begin_value(json, key);
	if (!isfinite(number))
		fputs("null", json->out);
	else if (fabs(number) >= 100 && fabs(number) < 1e15)
		fprintf(json->out, "%.0f", number);
	else
		fprintf(json->out, "%.6g", number);
}

void
arx_json_integer(ArxJson *json, const char *key, int64_t number)
{
	begin_value(json, key);
	fprintf(json->out, "%lld", (long long) number);
}

void
arx_json_bool(ArxJson *json, const char *key, bool value)
{
	begin_value(json, key);
	fputs(value ? "true" : "false", json->out);
}
