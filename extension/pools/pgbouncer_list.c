/*
 * pgbouncer_list.c
 *	  Reads and checks the list of PgBouncer consoles.
 */
#include "postgres.h"

#include "libpq-fe.h"
#include "utils/guc.h"

#include "core/settings.h"
#include "libarx/console_list.h"
#include "pools/pgbouncer_list.h"

static void
set_fault(ArxConsoleFault *fault, const char *message, const char *detail,
		  const char *hint)
{
	strlcpy(fault->message, message, sizeof(fault->message));
	strlcpy(fault->detail, detail, sizeof(fault->detail));
	strlcpy(fault->hint, hint, sizeof(fault->hint));
}

/* The value of an option; NULL when it is not given. */
static const char *
option(const PQconninfoOption *options, const char *keyword)
{
	for (; options->keyword; options++)
		if (strcmp(options->keyword, keyword) == 0)
			return options->val;
	return NULL;
}

/* libpq marks with a star what is not for other eyes, but for SCRAM keys. */
static bool
has_secret(const PQconninfoOption *options, ArxConsoleFault *fault)
{
	char message[128];

	for (; options->keyword; options++)
	{
		if (options->val == NULL ||
			(options->dispchar[0] != '*' &&
			 strncmp(options->keyword, "scram_", 6) != 0))
			continue;
		snprintf(message, sizeof(message),
				 "arx_perf.pgbouncers must not contain a %s", options->keyword);
		set_fault(fault, message, "Whoever may read settings could read it.",
				  "Put it into a password file (passfile=..., or PGPASSFILE in "
				  "the environment of the server) or into a service file "
				  "(service=...).");
		return true;
	}
	return false;
}

static bool
names_one_console(const PQconninfoOption *options, ArxConsoleFault *fault)
{
	const char *host = option(options, "host");
	const char *address = option(options, "hostaddr");
	const char *database = option(options, "dbname");

	if ((host && strchr(host, ',')) || (address && strchr(address, ',')))
	{
		set_fault(
			fault, "a console in arx_perf.pgbouncers has several hosts",
			"Each PgBouncer process has counters of its own.",
			"List each as a console of its own, separated by semicolons.");
		return false;
	}
	if (database && strcmp(database, "pgbouncer") != 0)
	{
		set_fault(fault, "a console in arx_perf.pgbouncers names a database",
				  "The admin console is always the database \"pgbouncer\".",
				  "Leave dbname out.");
		return false;
	}
	return true;
}

/* Sets spec->name; false when it is none, or too long. */
static bool
set_name(ArxConsoleSpec *spec, const ArxConsoleText *text,
		 const PQconninfoOption *options)
{
	const char *host = option(options, "host");
	const char *port = option(options, "port");
	int length;

	if (host == NULL)
		host = option(options, "hostaddr");
	if (text->name)
		length = snprintf(spec->name, sizeof(spec->name), "%.*s",
						  (int) text->name_length, text->name);
	else if (option(options, "service"))
		length = snprintf(spec->name, sizeof(spec->name), "%s",
						  option(options, "service"));
	else
		length =
			snprintf(spec->name, sizeof(spec->name), "%s:%s",
					 host ? host : "local", port ? port : ARX_PGBOUNCER_PORT);
	return length > 0 && length < (int) sizeof(spec->name);
}

static bool
fill_spec(ArxConsoleSpec *spec, const ArxConsoleText *text,
		  const PQconninfoOption *options, ArxConsoleFault *fault)
{
	if (has_secret(options, fault) || !names_one_console(options, fault))
		return false;
	if (set_name(spec, text, options))
		return true;
	set_fault(fault, "a console in arx_perf.pgbouncers cannot be named",
			  "A name has 1 to 63 bytes.",
			  "Write name=... in front of its connection string.");
	return false;
}

/*
 * libpq quotes from what it cannot read, which goes to the log: all of a URI,
 * or a word after the blank in a password.
 */
static bool
may_hold_password(const char *conninfo)
{
	return strstr(conninfo, "://") != NULL || strstr(conninfo, "pass") != NULL;
}

static bool
parse_one(ArxConsoleSpec *spec, const ArxConsoleText *text,
		  ArxConsoleFault *fault)
{
	char *reason = NULL;
	PQconninfoOption *options;
	bool good;

	if (text->conninfo_length >= sizeof(spec->conninfo))
	{
		set_fault(fault,
				  "a connection string in arx_perf.pgbouncers is too long",
				  "It may have at most 1023 bytes.", "Use a service file.");
		return false;
	}
	snprintf(spec->conninfo, sizeof(spec->conninfo), "%.*s",
			 (int) text->conninfo_length, text->conninfo);
	options = PQconninfoParse(spec->conninfo, &reason);
	if (options == NULL)
	{
		set_fault(
			fault, "a connection string in arx_perf.pgbouncers cannot be read",
			may_hold_password(spec->conninfo)
				? "What is wrong is not shown, as there may be a password "
				  "in it."
				: (reason ? reason : "out of memory"),
			"");
		/* libpq ends its sentences with a newline */
		fault->detail[strcspn(fault->detail, "\n")] = '\0';
		PQfreemem(reason);
		return false;
	}
	good = fill_spec(spec, text, options, fault);
	PQconninfoFree(options);
	return good;
}

int
arx_console_list_parse(const char *list, ArxConsoleSpec *specs,
					   ArxConsoleFault *fault)
{
	const char *rest = list ? list : "";
	ArxConsoleText text;
	int n = 0;

	memset(fault, 0, sizeof(*fault));
	while (arx_console_list_next(&rest, &text))
	{
		if (n == ARX_MAX_CONSOLES)
		{
			set_fault(fault, "arx_perf.pgbouncers names too many consoles",
					  "There may be at most 8.", "");
			return -1;
		}
		if (!parse_one(&specs[n], &text, fault))
			return -1;
		for (int i = 0; i < n; i++)
		{
			if (strcmp(specs[i].name, specs[n].name) != 0)
				continue;
			set_fault(fault,
					  "two consoles in arx_perf.pgbouncers have one name",
					  specs[n].name,
					  "Write name=... in front of their connection strings.");
			return -1;
		}
		n++;
	}
	return n;
}

bool
arx_check_pgbouncers(char **newval, void **extra, GucSource source)
{
	ArxConsoleSpec specs[ARX_MAX_CONSOLES];
	ArxConsoleFault fault;

	if (arx_console_list_parse(*newval, specs, &fault) >= 0)
		return true;
	/* The server's own message would show the value. */
	GUC_check_errmsg("%s", fault.message);
	if (fault.detail[0])
		GUC_check_errdetail("%s", fault.detail);
	if (fault.hint[0])
		GUC_check_errhint("%s", fault.hint);
	return false;
}
