/*
 * access_check.c
 *	  Who may read query texts.
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
