/*
 * pgbouncer_list.h
 *	  The setting arx_perf.pgbouncers: which admin consoles to ask.
 *
 * A list separated by semicolons (see libarx/console_list.h).  Each element is
 * a connection string or URI of libpq for one PgBouncer process: one host.  The
 * database is always "pgbouncer".  Nothing secret may stand in it, because
 * settings can be read.
 *
 * A console is called by the name= before it, else by its service, else by
 * host:port ("local" where no host is given).  Names are unique.
 */
#ifndef ARX_PGBOUNCER_LIST_H
#define ARX_PGBOUNCER_LIST_H

#include "postgres.h"

#include "utils/guc.h"

#define ARX_MAX_CONSOLES 8
#define ARX_CONNINFO_MAX 1024

/* Where PgBouncer listens when nothing else is said. */
#define ARX_PGBOUNCER_PORT "6432"

typedef struct ArxConsoleSpec
{
	char name[NAMEDATALEN];
	char conninfo[ARX_CONNINFO_MAX];
} ArxConsoleSpec;

/* What is wrong with a list.  The texts are empty when there is nothing. */
typedef struct ArxConsoleFault
{
	char message[128];
	char detail[512];
	char hint[256];
} ArxConsoleFault;

/*
 * Fills at most ARX_MAX_CONSOLES from the setting's text (NULL: none) and
 * returns how many; -1, with *fault filled, when it cannot be used.  Reads no
 * file and asks nobody; raises no error.
 */
extern int arx_console_list_parse(const char *list, ArxConsoleSpec *specs,
								  ArxConsoleFault *fault);

#endif /* ARX_PGBOUNCER_LIST_H */
