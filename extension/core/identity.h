/*
 * identity.h
 *	  Who a session is: database, user, application, client, kind of process.
 *
 * What waits, pools and session history group by.  Zero-padded to the last
 * byte, so that two are compared and hashed as bytes.
 */
#ifndef ARX_IDENTITY_H
#define ARX_IDENTITY_H

#include "libpq/pqcomm.h"

#include "core/row_writer.h"

/* How a client came. */
typedef enum ArxClientFamily
{
	ARX_CLIENT_NONE = 0, /* no client: a process of the server */
	ARX_CLIENT_LOCAL,	 /* by a Unix socket */
	ARX_CLIENT_IPV4,
	ARX_CLIENT_IPV6
} ArxClientFamily;

typedef struct ArxIdentity
{
	Oid dbid;	/* InvalidOid: none */
	Oid userid; /* InvalidOid: none */
	uint8 kind; /* see arx_kind_name() */
	uint8 client_family;
	uint8 pad[6];
	uint8 client_addr[16]; /* four bytes for IPv4 */
	char application_name[NAMEDATALEN];
} ArxIdentity;

/*
 * Copies an application name, zero-padded.  One that is a W3C trace context
 * ("00-<32 hex>-<16 hex>-<2 hex>"), which some drivers set anew for each
 * statement, becomes "traceparent": as a key it would be as good as random.
 */
extern void arx_identity_set_application(ArxIdentity *identity,
										 const char *application_name);

/* Takes the client's address (not its port). */
extern void
arx_identity_set_client(ArxIdentity *identity, const SockAddr *client);

/* Puts the client's address as inet; NULL for a Unix socket or no client. */
extern void arx_put_client_addr(ArxRowWriter *row, const ArxIdentity *identity);

/*
 * Kinds of processes: the server's BackendType as a number, or, for background
 * workers, a number for each bgw_type seen (at most 96; all further ones share
 * the kind "background worker").
 *
 * arx_kind_of() is for one process at a time, the collector (it enters new
 * names); others pass enter = false and may get the general kind.
 * pid is looked up only for background workers.
 */
extern uint8 arx_kind_of(int backend_type, int pid, bool enter);

/* The name as in pg_stat_activity.backend_type; static or shared memory. */
extern const char *arx_kind_name(uint8 kind);

/* Does a client wait for what it does: client backend or parallel worker? */
extern bool arx_kind_is_foreground(uint8 kind);

/* Is it the backend of a client? */
extern bool arx_kind_is_client(uint8 kind);

/* Shared memory of the names; see subsystem.h for the contract of each. */
extern Size arx_kinds_shmem_size(void);
extern void arx_kinds_shmem_attach(void *segment, bool found);

#endif /* ARX_IDENTITY_H */
