/*
 * runtime_config.h
 *	  The settings of the runtime, from the environment.
 */
#ifndef ARX_PROFILER_RUNTIME_CONFIG_H
#define ARX_PROFILER_RUNTIME_CONFIG_H

#include "runtime/runtime.h"

/*
 * Reads ARXHEAP_* into the configuration.  A value that makes no sense is
 * reported on stderr and the default stays.
 */
extern void ah_config_read(AhConfig *config);

#endif
