/*
 * settings.c
 *	  One table row per setting; one loop defines them.
 *
 * A new setting is a variable, a row here, a line in settings.h and a line in
 * docs/settings.md.  What a user could turn off to hide his statements is for
 * superusers (PGC_SUSET).
 */
#include "postgres.h"

#include <limits.h>

#include "utils/guc.h"

#include "core/settings.h"

int arx_collector_interval;
int arx_history_memory;
int arx_history_seconds;
int arx_log_digest_interval;
int arx_max_blockings;
int arx_max_pools;
int arx_max_statements;
int arx_max_waits;
int arx_pgbouncer_interval;
char *arx_pgbouncers;
int arx_pool_wait_target;
int arx_pool_window;
int arx_query_text_max;
int arx_query_text_memory;
int arx_ring_size;
int arx_sample_interval;
int arx_save_interval;
int arx_slow_threshold;
int arx_track;
bool arx_track_cpu;
bool arx_track_planning;
bool arx_track_utility;

static const struct config_enum_entry track_options[] = {
	{"none", ARX_TRACK_NONE, false},
	{"top", ARX_TRACK_TOP, false},
	{"all", ARX_TRACK_ALL, false},
	{NULL, 0, false}};

typedef struct IntSetting
{
	const char *name;
	const char *help;
	int *variable;
	int initial;
	int min;
	int max;
	GucContext context;
	int flags;
} IntSetting;

typedef struct BoolSetting
{
	const char *name;
	const char *help;
	bool *variable;
	bool initial;
} BoolSetting;

static const IntSetting int_settings[] = {
	{"arx_perf.collector_interval",
	 "Time between two ticks of the collector worker.", &arx_collector_interval,
	 1000, 10, 60000, PGC_SIGHUP, GUC_UNIT_MS},
	{"arx_perf.history_memory", "Shared memory for the session history.",
	 &arx_history_memory, 8192, 256, MAX_KILOBYTES, PGC_POSTMASTER,
	 GUC_UNIT_KB},
	{"arx_perf.history_seconds", "How far back the session history reaches.",
	 &arx_history_seconds, 600, 10, 86400, PGC_SIGHUP, GUC_UNIT_S},
	{"arx_perf.log_digest_interval",
	 "Time between two digests of the load in the server log; 0 for none.",
	 &arx_log_digest_interval, 0, 0, 1440, PGC_SIGHUP, GUC_UNIT_MIN},
	{"arx_perf.max_blockings",
	 "Maximum number of pairs of blocker and waiter kept.", &arx_max_blockings,
	 500, 10, 100000, PGC_POSTMASTER, 0},
	{"arx_perf.max_pools",
	 "Maximum number of connection pools kept that are seen in the database.",
	 &arx_max_pools, 200, 10, 10000, PGC_POSTMASTER, 0},
	{"arx_perf.max_statements", "Maximum number of statements kept.",
	 &arx_max_statements, 5000, 100, 1000000, PGC_POSTMASTER, 0},
	{"arx_perf.max_waits", "Maximum number of rows of the wait profile.",
	 &arx_max_waits, 5000, 100, 1000000, PGC_POSTMASTER, 0},
	{"arx_perf.pgbouncer_interval", "Time between two looks at each PgBouncer.",
	 &arx_pgbouncer_interval, 1000, 100, 60000, PGC_SIGHUP, GUC_UNIT_MS},
	{"arx_perf.pool_wait_target",
	 "How long 95 % of transactions may wait for a connection of a pool.",
	 &arx_pool_wait_target, 5, 1, 60000, PGC_USERSET, GUC_UNIT_MS},
	{"arx_perf.pool_window", "How far back a recommendation for a pool looks.",
	 &arx_pool_window, 300, 10, 600, PGC_USERSET, GUC_UNIT_S},
	{"arx_perf.query_text_max", "Maximum length of one statement text.",
	 &arx_query_text_max, 16384, 64, 1024 * 1024, PGC_SIGHUP, GUC_UNIT_BYTE},
	{"arx_perf.query_text_memory",
	 "Shared memory for all statement texts together.", &arx_query_text_memory,
	 8192, 1024, MAX_KILOBYTES, PGC_POSTMASTER, GUC_UNIT_KB},
	{"arx_perf.ring_size",
	 "Events a backend holds before it adds them up itself.", &arx_ring_size,
	 32, 8, 4096, PGC_POSTMASTER, 0},
	{"arx_perf.sample_interval",
	 "Time between two looks at the server's processes.", &arx_sample_interval,
	 100, 10, 10000, PGC_SIGHUP, GUC_UNIT_MS},
	{"arx_perf.save_interval",
	 "Time between two saves of the statistics to disk; 0 keeps them in "
	 "memory only.",
	 &arx_save_interval, 10, 0, 3600, PGC_SIGHUP, GUC_UNIT_S},
	{"arx_perf.slow_threshold",
	 "Mean execution time above which a statement is listed as slow.",
	 &arx_slow_threshold, 100, 0, INT_MAX, PGC_USERSET, GUC_UNIT_MS},
};

static const BoolSetting bool_settings[] = {
	{"arx_perf.track_cpu", "Shares CPU time out among the statements.",
	 &arx_track_cpu, true},
	{"arx_perf.track_planning", "Counts planning beside execution.",
	 &arx_track_planning, true},
	{"arx_perf.track_utility", "Counts utility statements.", &arx_track_utility,
	 true},
};

void
arx_settings_define(void)
{
	for (int i = 0; i < (int) lengthof(int_settings); i++)
	{
		const IntSetting *s = &int_settings[i];

		DefineCustomIntVariable(s->name, s->help, NULL, s->variable, s->initial,
								s->min, s->max, s->context, s->flags, NULL,
								NULL, NULL);
	}
	for (int i = 0; i < (int) lengthof(bool_settings); i++)
	{
		const BoolSetting *s = &bool_settings[i];

		DefineCustomBoolVariable(s->name, s->help, NULL, s->variable,
								 s->initial, PGC_SUSET, 0, NULL, NULL, NULL);
	}
	DefineCustomEnumVariable("arx_perf.track", "Which statements are counted.",
							 NULL, &arx_track, ARX_TRACK_TOP, track_options,
							 PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomStringVariable(
		"arx_perf.pgbouncers", "Admin consoles of PgBouncers.",
		"Separated by semicolons.", &arx_pgbouncers, "", PGC_SIGHUP,
		GUC_SUPERUSER_ONLY, arx_check_pgbouncers, NULL, NULL);
	MarkGUCPrefixReserved("arx_perf");
}
