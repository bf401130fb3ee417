/*
 * session_hook.c
 *	  Hears of ends of sessions at exit, of rejections from the server's log.
 *
 * The end is heard of by a callback at the exit of the process, so a session
 * that is killed is counted too, and one that is shorter than a look.  It is
 * registered at authentication: later than those that give up status entry and
 * PGPROC, so it runs before them, and after the transaction was aborted.
 */
#include "postgres.h"

#include "compat/pg_compat_port.h"

#include "libpq/auth.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "utils/timestamp.h"

#include "core/subsystem.h"
#include "hooks/session_hook.h"

static ClientAuthentication_hook_type prev_client_authentication;
static const ArxSessionObserver *observer;

void
arx_session_observe(const ArxSessionObserver *the_observer)
{
	observer = the_observer;
}

static void
session_ends(int code, Datum arg)
{
	/* Below zero when the clock was put back. */
	observer->ended(Max(GetCurrentTimestamp() - MyStartTimestamp, 0));
}

static void
note_authentication(Port *port, int status)
{
	if (prev_client_authentication)
		prev_client_authentication(port, status);
	if (status == STATUS_OK && observer && arx_subsystems_are_ready)
		on_shmem_exit(session_ends, (Datum) 0);
}

/*
 * A process of a client is not in normal processing before it has taken its
 * place in a database.
 */
void
arx_session_note_error(const ErrorData *edata)
{
	ArxRejection rejection;

	if (edata->elevel != FATAL || MyProcPort == NULL ||
		IsNormalProcessingMode() || !IsUnderPostmaster ||
		!arx_subsystems_are_ready || observer == NULL)
		return;
	rejection.database = MyProcPort->database_name;
	rejection.username = MyProcPort->user_name;
	if (rejection.database == NULL)
		rejection.database = "";
	if (rejection.username == NULL)
		rejection.username = "";
	rejection.message_id = edata->message_id ? edata->message_id : "";
	rejection.sqlstate = edata->sqlerrcode;
	observer->rejected(&rejection);
}

void
arx_session_hook_install(void)
{
	prev_client_authentication = ClientAuthentication_hook;
	ClientAuthentication_hook = note_authentication;
}
