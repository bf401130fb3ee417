/*
 * worker_health.h
 *	  What health and check say of the background workers.
 */
#ifndef ARX_WORKER_HEALTH_H
#define ARX_WORKER_HEALTH_H

#include "core/health.h"

/* For the health and check members of an ArxSubsystem. */
extern void arx_workers_health(ArxHealth *health);
extern void arx_workers_check(ArxHealth *health);

#endif /* ARX_WORKER_HEALTH_H */
