/*
 * name_cache.c
 *	  OID to name: a direct-mapped cache in front of the catalogs.
 */
#include "postgres.h"

#include "commands/dbcommands.h"
#include "utils/lsyscache.h"
#include "miscadmin.h"

#include "core/name_cache.h"

static const char *
look_up(ArxNameCache *cache, Oid oid, bool database)
{
	int slot = (int) (oid % ARX_NAMES);

	if (!OidIsValid(oid))
		return NULL;
	if (cache->oids[slot] != oid)
	{
		cache->oids[slot] = oid;
		cache->names[slot] =
			database ? get_database_name(oid) : GetUserNameFromId(oid, true);
	}
	return cache->names[slot];
}

const char *
arx_database_name(ArxNameCache *cache, Oid dbid)
{
	return look_up(cache, dbid, true);
}

const char *
arx_role_name(ArxNameCache *cache, Oid userid)
{
	return look_up(cache, userid, false);
}
