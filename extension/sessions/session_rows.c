/*
 * session_rows.c
 *	  Columns that the views of sessions share.
 */
#include "postgres.h"

#include "compat/pg_compat_backends.h"
#include "sessions/session_rows.h"

void
arx_put_wait(ArxRowWriter *row, uint32 wait, bool works)
{
	const char *on_cpu = works ? "CPU" : NULL;

	arx_put_text(row, wait ? arx_compat_wait_type(wait) : on_cpu);
	arx_put_text(row, wait ? arx_compat_wait_name(wait) : on_cpu);
}
