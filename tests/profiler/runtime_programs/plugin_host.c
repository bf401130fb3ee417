/*
 * plugin_host.c
 *	  Loads and unloads libraries that allocate.
 *
 *	plugin_host storm|swap LIBRARY LIBRARY
 *	plugin_host gone LIBRARY PATTERN
 *
 * storm	two threads allocate while the main thread loads and unloads
 * swap		the second library comes where the first one was; prints whether it did
 * gone		unloads the library when there is a file of that pattern, and ends
 */
#include <dlfcn.h>
#include <glob.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef void *(*Call)(size_t size);

static volatile int stop;
static void *volatile kept[8];

static Call
load(const char *path, void **handle)
{
	*handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	return *handle != NULL ? (Call) dlsym(*handle, "plugin_call") : NULL;
}

static void *
allocate(void *unused)
{
	while (!stop)
		for (size_t i = 1; i < 100; i++)
			free(malloc(i * 10));
	return unused;
}

static int
storm(char **paths)
{
	pthread_t threads[2];
	void *handle;

	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, allocate, NULL);
	for (int i = 0; i < 600; i++)
	{
		Call call = load(paths[i % 2], &handle);

		if (call == NULL)
			return 2;
		for (int j = 0; j < 5; j++)
			free(call(100));
		dlclose(handle);
	}
	stop = 1;
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	return 0;
}

/* The first one allocates and goes; the second one is tried until it lies there. */
static int
swap(char **paths)
{
	void *first, *second, *before;
	Call call;

	for (int try = 0; try < 50; try++)
	{
		call = load(paths[0], &first);
		if (call == NULL)
			return 2;
		before = (void *) call;
		free(call(11111));
		dlclose(first);
		call = load(paths[1], &second);
		if (call == NULL)
			return 2;
		if ((void *) call == before)
		{
			kept[0] = call(22222);
			puts("same");
			return 0;
		}
		dlclose(second);
	}
	return 0;
}

/* Is unloaded when there is a snapshot that knows it. */
static int
gone(char **paths)
{
	glob_t found;
	void *handle;
	Call call = load(paths[0], &handle);

	if (call == NULL)
		return 2;
	kept[0] = call(11111);
	while (glob(paths[1], 0, NULL, &found) != 0)
		sched_yield();
	dlclose(handle);
	return 0;
}

int
main(int argc, char **argv)
{
	if (argc < 4)
		return 1;
	if (strcmp(argv[1], "storm") == 0)
		return storm(argv + 2);
	if (strcmp(argv[1], "swap") == 0)
		return swap(argv + 2);
	return gone(argv + 2);
}
