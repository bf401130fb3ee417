/*
 * pool_health.h
 *	  What the pools in the database say of themselves.
 */
#ifndef ARX_POOL_HEALTH_H
#define ARX_POOL_HEALTH_H

#include "core/health.h"

extern void arx_pool_health(ArxHealth *health);
extern void arx_pool_check(ArxHealth *health);

#endif /* ARX_POOL_HEALTH_H */
