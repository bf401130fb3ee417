/*
 * wait_profile.h
 *	  Who waits for what: counts of looks by wait, statement and session.
 */
#ifndef ARX_WAIT_PROFILE_H
#define ARX_WAIT_PROFILE_H

#include "waits/look_table.h"

/* Whose row it is. */
typedef enum ArxWaitScope
{
	ARX_WAIT_OF_KEY = 0,
	ARX_WAIT_REST_OF_CLIENTS, /* rows that made room: database time */
	ARX_WAIT_REST_OF_SERVER	  /* and not */
} ArxWaitScope;

/* Zero-padded to the last byte. */
typedef struct ArxWaitKey
{
	uint64 queryid;			 /* see arx_session_statement(); 0: none */
	uint64 toplevel_queryid; /* what the client sent; 0: none */
	Oid dbid;
	Oid userid;
	uint32 wait; /* as of arx_compat_wait_key(); 0: on the CPU */
	uint8 kind;	 /* see arx_kind_name() */
	uint8 scope; /* ArxWaitScope; of a rest only this and wait are set */
	uint8 pad[2];
	char application_name[NAMEDATALEN];
} ArxWaitKey;

extern ArxLookTable *arx_wait_profile;

/* Shared memory; see subsystem.h for the contract of each. */
extern Size arx_wait_profile_shmem_size(void);
extern void arx_wait_profile_shmem_attach(void *segment, bool found);

/*
 * Collector: counts all active sessions and busy processes of a look.
 * Returns how many, and in *clients those that are database time.
 */
extern int64 arx_wait_profile_sample(const ArxTick *tick, int64 *clients);

#endif /* ARX_WAIT_PROFILE_H */
