/*
 * blocking.h
 *	  Who makes whom wait for a lock: counts of looks by pair and lock.
 */
#ifndef ARX_BLOCKING_H
#define ARX_BLOCKING_H

#include "waits/look_table.h"

/* In place of a kind of process. */
#define ARX_KIND_PREPARED 255

/* One side of a pair, zero-padded to the last byte. */
typedef struct ArxParty
{
	uint64 queryid; /* what it runs, or ran last; 0: not known */
	Oid userid;
	uint8 kind; /* see arx_kind_name(), or ARX_KIND_PREPARED */
	uint8 pad[3];
	char application_name[NAMEDATALEN];
} ArxParty;

/* Zero-padded to the last byte. */
typedef struct ArxBlockingKey
{
	ArxParty blocker;
	ArxParty waiter;
	Oid dbid; /* of the waiter */
	Oid relid;
	uint8 locktag_type;
	uint8 mode;	  /* awaited */
	bool is_rest; /* rows that made room: then only type and mode are set */
	uint8 pad[5];
} ArxBlockingKey;

/* A party at the last look. */
typedef struct ArxPartyNow
{
	ArxParty party;
	int pid;	 /* 0 for a prepared transaction */
	uint8 state; /* BackendState */
} ArxPartyNow;

typedef struct ArxBlockingStats
{
	ArxLookCount count;
	int64 waits;			  /* distinct ones */
	int64 max_wait_us;		  /* how long the longest had waited */
	int64 max_transaction_us; /* age of the blocker's; 0: not known */

	/* at the last look; not of the rest */
	ArxPartyNow blocker;
	ArxPartyNow head;
	bool is_head;
} ArxBlockingStats;

extern ArxLookTable *arx_blocking;

/* Shared memory; see subsystem.h for the contract of each. */
extern Size arx_blocking_shmem_size(void);
extern void arx_blocking_shmem_attach(void *segment, bool found);

/* Collector: counts all waits for locks of a look. */
extern void arx_blocking_sample(const ArxTick *tick);

#endif /* ARX_BLOCKING_H */
