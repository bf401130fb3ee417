/*
 * access_check.c
 *	  Who may see whose statements.
 *
 * Who may call a function or read a view at all is a matter of GRANT, in the
 * SQL parts.
 */
#include "postgres.h"

#include "catalog/pg_authid.h"
#include "miscadmin.h"
#include "utils/acl.h"

#include "core/access_check.h"

bool
arx_may_read_all_texts(void)
{
	return has_privs_of_role(GetUserId(), ROLE_PG_READ_ALL_STATS);
}

void
arx_viewer_begin(ArxViewer *viewer)
{
	memset(viewer, 0, sizeof(*viewer));
	viewer->all = arx_may_read_all_texts();
}

bool
arx_may_see(ArxViewer *viewer, Oid userid)
{
	if (viewer->all || !OidIsValid(userid))
		return viewer->all;
	if (viewer->asked_for != userid)
	{
		viewer->asked_for = userid;
		viewer->answer = has_privs_of_role(GetUserId(), userid);
	}
	return viewer->answer;
}
