/*
 * settings.h
 *	  Every setting of the extension (arx_perf.*), in alphabetical order.
 *
 * A variable here is the setting of the same name without "arx_".  Defaults,
 * ranges and who may change each are in the table of settings.c only.
 */
#ifndef ARX_SETTINGS_H
#define ARX_SETTINGS_H

#include "utils/guc.h"

typedef enum ArxTrack
{
	ARX_TRACK_NONE,
	ARX_TRACK_TOP, /* what clients send */
	ARX_TRACK_ALL  /* and what functions and utilities run inside */
} ArxTrack;

extern int arx_collector_interval;	/* ms between two ticks of the collector */
extern int arx_history_memory;		/* kB of session history; fixed at start */
extern int arx_history_seconds;		/* s of session history wanted */
extern int arx_log_digest_interval; /* min between two digests; 0 = never */
extern int arx_max_blockings;		/* rows of blocking; fixed at start */
extern int arx_max_pools;			/* pools in the database; fixed at start */
extern int arx_max_statements;		/* entries; fixed at server start */
extern int arx_max_waits;			/* rows of wait_profile; fixed at start */
extern int arx_pgbouncer_interval;	/* ms between two looks at a PgBouncer */
extern char *arx_pgbouncers;		/* consoles, see pools/pgbouncer_list.h */
extern int arx_pool_wait_target;	/* ms that 95 % may wait at most */
extern int arx_pool_window;			/* s that an advice looks back */
extern int arx_query_text_max;		/* bytes of one text */
extern int arx_query_text_memory;	/* kB for all texts; fixed at start */
extern int arx_ring_size;			/* events a backend; fixed at start */
extern int arx_sample_interval;		/* ms between two looks on average */
extern int arx_save_interval;		/* s between checkpoints; 0 = never */
extern int arx_slow_threshold;		/* ms of mean time for slow_statements */
extern int arx_track;				/* ArxTrack */
extern bool arx_track_cpu;
extern bool arx_track_planning;
extern bool arx_track_utility;

/*
 * Defines all settings.  Only while shared_preload_libraries is being loaded
 * (some are fixed at server start).  Errors: the server's own, at start-up.
 */
extern void arx_settings_define(void);

/*
 * Check hook (see the server's guc.h) of a setting whose form its subject
 * knows, and defines.
 */
extern bool arx_check_pgbouncers(char **newval, void **extra, GucSource source);

#endif /* ARX_SETTINGS_H */
