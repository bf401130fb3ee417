/*
 * demangle.c
 *	  Names of C++ and Rust functions as they are written in the source.
 */
#include "symbols/demangle.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>

/*
 * Longest name that is demangled.  The demangler keeps work space for the
 * whole name on the stack.
 */
#define MAX_MANGLED_BYTES 8192

typedef char *(*Demangler)(const char *mangled, char *buffer, size_t *bytes,
						   int *status);

static pthread_once_t demangler_once = PTHREAD_ONCE_INIT;
static Demangler demangler;

static void
find_demangler(void)
{
	void *library = dlopen("libstdc++.so.6", RTLD_LAZY | RTLD_LOCAL);

	if (library)
		demangler = (Demangler) dlsym(library, "__cxa_demangle");
}

char *
arx_demangle(const char *name)
{
	int status = 0;

	/* without this prefix "f" would come out as "float" */
	if (strncmp(name, "_Z", 2) != 0 ||
		strnlen(name, MAX_MANGLED_BYTES + 1) > MAX_MANGLED_BYTES)
		return NULL;
	pthread_once(&demangler_once, find_demangler);
	return demangler ? demangler(name, NULL, NULL, &status) : NULL;
}
