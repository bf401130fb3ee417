/*
 * pool_sampler.h
 *	  Adds the collector's looks to the pools.
 */
#ifndef ARX_POOL_SAMPLER_H
#define ARX_POOL_SAMPLER_H

#include "core/tick.h"

/*
 * In the collector.  Waits for nobody: when a session that ends has the lock,
 * the next look stands for this one's time too.
 */
extern void arx_pool_sample(const ArxTick *tick);

#endif /* ARX_POOL_SAMPLER_H */
