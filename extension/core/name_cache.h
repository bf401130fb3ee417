/*
 * name_cache.h
 *	  Names of databases and roles for one reader, looked up once each.
 */
#ifndef ARX_NAME_CACHE_H
#define ARX_NAME_CACHE_H

/* A small cache in the caller's memory; zero bytes are an empty one. */
#define ARX_NAMES 32

typedef struct ArxNameCache
{
	Oid oids[ARX_NAMES];
	const char *names[ARX_NAMES];
} ArxNameCache;

/*
 * The name, palloc'd in CurrentMemoryContext and kept by the cache; NULL when
 * there is no such database or role (any more).  Needs a transaction.
 */
extern const char *arx_database_name(ArxNameCache *cache, Oid dbid);
extern const char *arx_role_name(ArxNameCache *cache, Oid userid);

#endif /* ARX_NAME_CACHE_H */
