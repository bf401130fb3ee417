/*
 * query_health.h
 *	  What health and check say of the statement statistics.
 */
#ifndef ARX_QUERY_HEALTH_H
#define ARX_QUERY_HEALTH_H

#include "core/health.h"

/* For the health and check members of the ArxSubsystem. */
extern void arx_query_health(ArxHealth *health);
extern void arx_query_check(ArxHealth *health);

/* The account of executions: started = recorded + dropped + waiting. */
typedef struct ArxQueryAccount
{
	uint64 executions; /* that ended, well or badly */
	uint64 recorded;   /* added to an entry */
	uint64 dropped;	   /* no entry could be had */
} ArxQueryAccount;

/*
 * Reads the account.  Exact when nothing runs and all rings are drained; else
 * the difference is what waits in rings.
 */
extern void arx_query_account(ArxQueryAccount *account);

#endif /* ARX_QUERY_HEALTH_H */
