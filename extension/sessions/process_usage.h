/*
 * process_usage.h
 *	  What the kernel says of a process of this server.
 */
#ifndef ARX_PROCESS_USAGE_H
#define ARX_PROCESS_USAGE_H

#include "postgres.h"

typedef struct ArxProcessUsage
{
	bool has_cpu; /* else the next two are not known */
	double cpu_user_ms;
	double cpu_sys_ms;
	bool has_memory;	  /* else the next one is not known */
	int64 private_memory; /* bytes resident that are shared with nobody */
} ArxProcessUsage;

/*
 * Reads /proc/PID/stat and /proc/PID/statm (see proc(5)).  What cannot be read
 * (no such process any more, no /proc) is not known; no error of its own.
 */
extern void arx_process_usage(int pid, ArxProcessUsage *usage);

#endif /* ARX_PROCESS_USAGE_H */
