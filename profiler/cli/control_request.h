/*
 * control_request.h
 *	  Asks a profiled process for something and waits for its answer.
 */
#ifndef ARX_PROFILER_CONTROL_REQUEST_H
#define ARX_PROFILER_CONTROL_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/process_find.h"

/*
 * Asks the process to sample every sample_bytes on average (0: as it is set),
 * or to stop; returns when it does.  False, the reason said, when it did not
 * within timeout seconds.
 */
extern bool arx_request_arm(ArxProcess *process, bool armed,
							uint64_t sample_bytes, double timeout);

/*
 * Asks for a snapshot now; afterwards process->slot has the number of the new
 * one.  False, the reason said.
 */
extern bool arx_request_snapshot(ArxProcess *process, double timeout);

#endif
