/*
 * session_info.h
 *	  How much the session history holds, and what was lost.
 */
#ifndef ARX_SESSION_INFO_H
#define ARX_SESSION_INFO_H

#include "core/health.h"

typedef struct ArxHistoryInfo
{
	int64 from;		 /* TimestampTz: what the oldest look stands for begins */
	int64 to;		 /* of the newest look; both 0: there is none */
	int64 kept_us;	 /* between them, looked at or not */
	int64 looks;	 /* in memory now */
	int64 missed_us; /* time without looks between them */
	int64 samples;
	int64 bytes;	/* that these take, with the keys they refer to */
	int64 capacity; /* arx_perf.history_memory in bytes */
	int64 sessions; /* keys in use, and how many there may be */
	int64 sessions_max;
	int64 statements;
	int64 statements_max;

	/* since the server started */
	int64 unknown;	   /* samples without pid and names */
	int64 cut;		   /* samples left out: too many at one look */
	int64 spelled_out; /* samples with query ids in full, at 20 bytes */
	int64 early;	   /* looks overwritten before arx_perf.history_seconds */
} ArxHistoryInfo;

/* Walks over the history; takes no lock.  In a backend. */
extern void arx_history_info(ArxHistoryInfo *info);

/* For the health and check members of the ArxSubsystem. */
extern void arx_sessions_health(ArxHealth *health);
extern void arx_sessions_check(ArxHealth *health);

#endif /* ARX_SESSION_INFO_H */
