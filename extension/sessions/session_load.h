/*
 * session_load.h
 *	  The load over a stretch of the session history, by class of wait.
 *
 * Counted are sessions that a client waits for (client backends and their
 * parallel workers).  Those idle in a transaction are kept apart.
 */
#ifndef ARX_SESSION_LOAD_H
#define ARX_SESSION_LOAD_H

#include "libarx/sampling_error.h"
#include "sessions/session_read.h"

/* Classes by name, in the order of the rows; the last one is all others. */
#define ARX_LOAD_CLASSES 12
extern const char *const arx_load_class_names[ARX_LOAD_CLASSES];

/* Statements of which a load names those that took most. */
#define ARX_LOAD_TOP 3

typedef struct ArxLoadClass
{
	int64 samples;
	ArxLookSums sums;
} ArxLoadClass;

/* The longest of its kind that was seen. */
typedef struct ArxLongest
{
	int64 ms; /* below 0: none */
	int pid;
	uint64 queryid;
} ArxLongest;

typedef struct ArxLoad
{
	int64 from; /* the stretch asked for */
	int64 to;
	double covered; /* part of it that looks stand for, 0..1 */
	int64 looks;
	ArxLoadClass total;
	ArxLoadClass classes[ARX_LOAD_CLASSES];
	ArxLoadClass idle_in_transaction;
	/* by time, the most first; with_statements only */
	int ntop;
	struct
	{
		uint64 queryid;
		double sessions; /* on average */
	} top[ARX_LOAD_TOP];
	ArxLongest statement;
	ArxLongest transaction;
} ArxLoad;

/*
 * Measures the stretch from "from" to "to" (TimestampTz).  Walks over the
 * history; works in any process, without a database.
 */
extern void
arx_load_measure(ArxLoad *load, int64 from, int64 to, bool with_statements);

/* The load in one line, without a query text; palloc'd. */
extern char *arx_load_digest(const ArxLoad *load);

/* CPUs that are online. */
extern int arx_cpus(void);

#endif /* ARX_SESSION_LOAD_H */
