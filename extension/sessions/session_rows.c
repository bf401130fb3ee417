/*
 * session_rows.c
 *	  Columns that the views of sessions share.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/acl.h"

#include "compat/pg_compat_backends.h"
#include "core/access_check.h"
#include "sessions/session_rows.h"

void
arx_session_reader_begin(ArxSessionReader *reader)
{
	memset(reader, 0, sizeof(*reader));
	reader->all = arx_may_read_all_texts();
}

bool
arx_may_see_session(ArxSessionReader *reader, Oid userid)
{
	if (reader->all || !OidIsValid(userid))
		return reader->all;
	if (reader->asked_for != userid)
	{
		reader->asked_for = userid;
		reader->answer = has_privs_of_role(GetUserId(), userid);
	}
	return reader->answer;
}

void
arx_put_wait(ArxRowWriter *row, uint32 wait, bool works)
{
	const char *on_cpu = works ? "CPU" : NULL;

	arx_put_text(row, wait ? arx_compat_wait_type(wait) : on_cpu);
	arx_put_text(row, wait ? arx_compat_wait_name(wait) : on_cpu);
}

void
arx_put_queryid(ArxRowWriter *row, uint64 queryid)
{
	arx_put_int64_if(row, queryid != 0, (int64) queryid);
}
