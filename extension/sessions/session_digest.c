/*
 * session_digest.c
 *	  The load in one line, for the server log.
 *
 * For when nobody can log in: no name and no text is looked up, so it needs no
 * database.
 */
#include "postgres.h"

#include <unistd.h>

#include "lib/stringinfo.h"

#include "sessions/session_load.h"

int
arx_cpus(void)
{
	return (int) Max(sysconf(_SC_NPROCESSORS_ONLN), 1);
}

static void
add_classes(StringInfo text, const ArxLoad *load)
{
	const char *separator = "; ";

	for (int i = 0; i < ARX_LOAD_CLASSES; i++)
	{
		const ArxLoadClass *class = &load->classes[i];

		if (class->samples == 0)
			continue;
		appendStringInfo(text, "%s%s %.2f", separator, arx_load_class_names[i],
						 arx_look_mean(&class->sums).value);
		separator = ", ";
	}
	appendStringInfo(text, "; idle in transaction %.2f",
					 arx_look_mean(&load->idle_in_transaction.sums).value);
}

static void
add_top(StringInfo text, const ArxLoad *load)
{
	for (int i = 0; i < load->ntop; i++)
		appendStringInfo(
			text, "%s%lld (%.2f)", i == 0 ? "; top statements " : ", ",
			(long long) load->top[i].queryid, load->top[i].sessions);
}

static void
add_longest(StringInfo text, const char *what, const ArxLongest *longest)
{
	if (longest->ms < 0)
		return;
	appendStringInfo(text, "; longest %s %.1f s (process %d", what,
					 (double) longest->ms / 1000, longest->pid);
	if (longest->queryid != 0)
		appendStringInfo(text, ", statement %lld",
						 (long long) longest->queryid);
	appendStringInfoChar(text, ')');
}

char *
arx_load_digest(const ArxLoad *load)
{
	ArxEstimate mean = arx_look_mean(&load->total.sums);
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfo(&text, "load of the last %.0f s: ",
					 ((double) load->to - (double) load->from) / 1e6);
	if (load->looks < 2)
	{
		appendStringInfoString(&text, "not known, nobody looked");
		return text.data;
	}
	appendStringInfo(&text,
					 "%.2f average active sessions (%.2f to %.2f) on %d CPUs, "
					 "%.0f %% of the time looked at",
					 mean.value, mean.low, mean.high, arx_cpus(),
					 load->covered * 100);
	add_classes(&text, load);
	add_top(&text, load);
	add_longest(&text, "statement", &load->statement);
	add_longest(&text, "transaction", &load->transaction);
	return text.data;
}
