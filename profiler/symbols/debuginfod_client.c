/*
 * debuginfod_client.c
 *	  Debug files from the servers that DEBUGINFOD_URLS names.
 */
#include "symbols/debuginfod_client.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

struct ArxDebuginfodClient
{
	void *session;
	bool unreachable;
	void (*end)(void *session);
	int (*find_debuginfo)(void *session, const unsigned char *build_id,
						  int build_id_bytes, char **path);
};

ArxDebuginfodClient *
arx_debuginfod_new(void)
{
	ArxDebuginfodClient *client = calloc(1, sizeof(*client));
	void *(*begin)(void);
	void *library;

	if (!client)
		return NULL;
	/* stays loaded: the libraries below it do not expect to be unloaded */
	library = dlopen("libdebuginfod.so.1", RTLD_NOW | RTLD_LOCAL);
	if (!library)
		goto failed;
	*(void **) &begin = dlsym(library, "debuginfod_begin");
	*(void **) &client->end = dlsym(library, "debuginfod_end");
	*(void **) &client->find_debuginfo =
		dlsym(library, "debuginfod_find_debuginfo");
	if (!begin || !client->end || !client->find_debuginfo)
		goto failed;
	client->session = begin();
	if (client->session)
		return client;
failed:
	arx_debuginfod_free(client);
	return NULL;
}

void
arx_debuginfod_free(ArxDebuginfodClient *client)
{
	if (!client)
		return;
	if (client->session)
		client->end(client->session);
	free(client);
}

char *
arx_debuginfod_fetch(ArxDebuginfodClient *client, const uint8_t *build_id,
					 size_t build_id_bytes)
{
	char *path = NULL;
	int fd;

	if (client->unreachable || build_id_bytes == 0 || build_id_bytes > 64)
		return NULL;
	fd = client->find_debuginfo(client->session, build_id, (int) build_id_bytes,
								&path);
	if (fd >= 0)
	{
		close(fd);
		return path;
	}
	client->unreachable = fd != -ENOENT;
	return NULL;
}
