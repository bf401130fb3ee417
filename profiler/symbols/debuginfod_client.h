/*
 * debuginfod_client.h
 *	  Debug files from the servers that DEBUGINFOD_URLS names.
 *
 * Uses libdebuginfod where that is installed, with its cache, time limits and
 * environment variables; see debuginfod(7).
 */
#ifndef ARX_PROFILER_DEBUGINFOD_CLIENT_H
#define ARX_PROFILER_DEBUGINFOD_CLIENT_H

#include <stddef.h>
#include <stdint.h>

typedef struct ArxDebuginfodClient ArxDebuginfodClient;

/* NULL when the library is not installed.  Freed with arx_debuginfod_free(). */
extern ArxDebuginfodClient *arx_debuginfod_new(void);
extern void arx_debuginfod_free(ArxDebuginfodClient *client); /* NULL is fine */

/*
 * Path of the debug file in the library's cache, to be freed with free(), or
 * NULL.  May take as long as the library's time limit.  After a failure that
 * is not "no such file" the client asks no more, so that servers that cannot
 * be reached cost one time limit, not one for each module.
 */
extern char *
arx_debuginfod_fetch(ArxDebuginfodClient *client, const uint8_t *build_id,
					 size_t build_id_bytes);

#endif
