/*
 * query_event.h
 *	  The fixed record a backend hands over for one execution.
 *
 * An event carries all that its consumer needs: the backend may be gone when
 * it is read.  What kind of record it is says "kind"; the last member differs.
 */
#ifndef ARX_QUERY_EVENT_H
#define ARX_QUERY_EVENT_H

#include "core/event_ring.h"
#include "hooks/statement.h"

typedef enum ArxQueryEventKind
{
	ARX_EVENT_EXEC,	  /* an execution; sqlstate tells how it ended */
	ARX_EVENT_PLAN,	  /* a planner call */
	ARX_EVENT_JIT,	  /* JIT work of the execution before it */
	ARX_EVENT_ERROR,  /* an error of no statement (queryid 0) */
	ARX_EVENT_MESSAGE /* the wording of an error counted before */
} ArxQueryEventKind;

/* Which statement: one entry each.  No padding: it is hashed and compared. */
typedef struct ArxQueryKey
{
	uint64 queryid;
	Oid userid;
	Oid dbid;
	uint64 toplevel; /* 0 or 1 */
} ArxQueryKey;

static inline bool
arx_query_key_equal(const ArxQueryKey *a, const ArxQueryKey *b)
{
	return a->queryid == b->queryid && a->userid == b->userid &&
		a->dbid == b->dbid && a->toplevel == b->toplevel;
}

/* Bytes of an error's wording that fit; longer ones are cut. */
#define ARX_EVENT_MESSAGE_BYTES (ARX_NCOUNTERS * 8)

typedef struct ArxQueryEvent
{
	ArxQueryKey key;
	uint32 hint;	 /* entry that had this key, or ARX_NO_ENTRY */
	uint8 kind;		 /* ArxQueryEventKind */
	uint8 plan_kind; /* ArxPlanKind */
	bool uncommon;	 /* counters beyond the common ones are set */
	bool planned;	 /* EXEC: planned just before, plan_ns */
	int32 sqlstate;	 /* 0: it ended well */
	uint32 plan_ns;
	int64 end_ns; /* on arx_clock_ns() */
	union
	{
		struct
		{
			int64 elapsed_ns;
			int64 counters[ARX_NCOUNTERS];
		} run; /* EXEC, PLAN */
		ArxJitCounters jit;
		char message[ARX_EVENT_MESSAGE_BYTES]; /* NUL-terminated */
	} u;
} ArxQueryEvent;

#define ARX_NO_ENTRY PG_UINT32_MAX

StaticAssertDecl(sizeof(ArxQueryKey) == 24, "keys have no padding");
StaticAssertDecl(sizeof(ArxQueryEvent) <= ARX_EVENT_BYTES,
				 "an event fits its slot");

#endif /* ARX_QUERY_EVENT_H */
