/*
 * identity.c
 *	  Application names, client addresses and kinds of processes.
 */
#include "postgres.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>

#include "miscadmin.h"
#include "port/atomics.h"
#include "postmaster/bgworker.h"
#include "utils/fmgrprotos.h"

#include "core/identity.h"

/* Kinds from here on are background workers, by the name of their type. */
#define FIRST_WORKER_KIND 32
#define MAX_WORKER_KINDS 96
#define PARALLEL_WORKER_KIND FIRST_WORKER_KIND

/* Names are entered by the collector only, and never change. */
typedef struct KindNames
{
	pg_atomic_uint32 n;
	char names[MAX_WORKER_KINDS][BGW_MAXLEN];
} KindNames;

static KindNames *kinds;

/* "00-" 32 hex "-" 16 hex "-" 2 hex */
static bool
is_trace_context(const char *name)
{
	static const int dashes[] = {2, 35, 52};

	if (strlen(name) != 55)
		return false;
	for (int i = 0, dash = 0; i < 55; i++)
	{
		if (dash < 3 && i == dashes[dash])
		{
			if (name[i] != '-')
				return false;
			dash++;
		}
		else if (!isxdigit((unsigned char) name[i]))
			return false;
	}
	return true;
}

void
arx_identity_set_application(ArxIdentity *identity,
							 const char *application_name)
{
	char copy[NAMEDATALEN];

	strlcpy(copy, application_name, sizeof(copy));
	memset(identity->application_name, 0, sizeof(identity->application_name));
	strlcpy(identity->application_name,
			is_trace_context(copy) ? "traceparent" : copy,
			sizeof(identity->application_name));
}

void
arx_identity_set_client(ArxIdentity *identity, const SockAddr *client)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *) &client->addr;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *) &client->addr;

	memset(identity->client_addr, 0, sizeof(identity->client_addr));
	switch (client->addr.ss_family)
	{
		case AF_INET:
			identity->client_family = ARX_CLIENT_IPV4;
			memcpy(identity->client_addr, &v4->sin_addr, 4);
			break;
		case AF_INET6:
			identity->client_family = ARX_CLIENT_IPV6;
			memcpy(identity->client_addr, &v6->sin6_addr, 16);
			break;
		case AF_UNIX:
			identity->client_family = ARX_CLIENT_LOCAL;
			break;
		default:
			identity->client_family = ARX_CLIENT_NONE;
	}
}

void
arx_put_client_addr(ArxRowWriter *row, const ArxIdentity *identity)
{
	char text[INET6_ADDRSTRLEN];
	bool v4 = identity->client_family == ARX_CLIENT_IPV4;

	if ((!v4 && identity->client_family != ARX_CLIENT_IPV6) ||
		inet_ntop(v4 ? AF_INET : AF_INET6, identity->client_addr, text,
				  sizeof(text)) == NULL)
		arx_put_null(row);
	else
		arx_put(row, DirectFunctionCall1(inet_in, CStringGetDatum(text)));
}

static uint8
worker_kind(int pid, bool enter)
{
	const char *type = GetBackgroundWorkerTypeByPid(pid);
	uint32 n = pg_atomic_read_u32(&kinds->n);

	if (type == NULL)
		return (uint8) B_BG_WORKER;
	pg_read_barrier();
	for (uint32 i = 0; i < n; i++)
		if (strcmp(kinds->names[i], type) == 0)
			return (uint8) (FIRST_WORKER_KIND + i);
	if (!enter || n == MAX_WORKER_KINDS)
		return (uint8) B_BG_WORKER;
	strlcpy(kinds->names[n], type, BGW_MAXLEN);
	pg_write_barrier();
	pg_atomic_write_u32(&kinds->n, n + 1);
	return (uint8) (FIRST_WORKER_KIND + n);
}

uint8
arx_kind_of(int backend_type, int pid, bool enter)
{
	if (backend_type == B_BG_WORKER)
		return worker_kind(pid, enter);
	return (uint8) backend_type;
}

const char *
arx_kind_name(uint8 kind)
{
	if (kind < FIRST_WORKER_KIND)
		return GetBackendTypeDesc((BackendType) kind);
	return kinds->names[kind - FIRST_WORKER_KIND];
}

bool
arx_kind_is_client(uint8 kind)
{
	return kind == (uint8) B_BACKEND;
}

bool
arx_kind_is_foreground(uint8 kind)
{
	return arx_kind_is_client(kind) || kind == PARALLEL_WORKER_KIND;
}

Size
arx_kinds_shmem_size(void)
{
	return sizeof(KindNames);
}

void
arx_kinds_shmem_attach(void *segment, bool found)
{
	kinds = segment;
	if (found)
		return;
	/* There before the collector is: its time is its client's. */
	strlcpy(kinds->names[PARALLEL_WORKER_KIND - FIRST_WORKER_KIND],
			"parallel worker", BGW_MAXLEN);
	pg_atomic_init_u32(&kinds->n, 1);
}
