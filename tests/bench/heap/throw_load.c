/*
 * throw_load.c
 *	  A C program that loads a C++ library and has it throw.
 *
 *	throw_load LIBRARY TIMES
 *
 * Such a program does not link the library that unwinds exceptions: whoever
 * brings its functions in with a preload takes them over.  Prints nanoseconds
 * a throw.
 */
#include "load.h"

#include <dlfcn.h>

int
main(int argc, char **argv)
{
	long times = load_argument(argc, argv, 2, 1000);
	void *library = argc > 1 ? dlopen(argv[1], RTLD_NOW) : NULL;
	int (*throw_once)(int levels);
	uint64_t before;

	if (library == NULL)
		return 2;
	*(void **) &throw_once = dlsym(library, "throw_once");
	if (throw_once == NULL)
		return 2;
	throw_once(10);
	before = load_now_ns();
	for (long i = 0; i < times; i++)
		throw_once(10);
	printf("%.1f\n",
		   (double) (load_now_ns() - before) /
			   (double) (times > 0 ? times : 1));
	return 0;
}
