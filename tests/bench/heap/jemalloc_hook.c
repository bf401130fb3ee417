/*
 * jemalloc_hook.c
 *	  Has jemalloc's own profiler unwind by libunwind: what the runtime's
 *	  sampler is measured against (docs/sampler-decision.md).
 *
 * To be preloaded together with libjemalloc.so.2, with prof:true and
 * prof_active:false in MALLOC_CONF.  libunwind is opened, not linked: linked,
 * it would take over the exceptions of the program.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <unistd.h>

typedef int (*Control)(const char *name, void *old, size_t *old_size,
					   void *value, size_t size);
typedef int (*Backtrace)(void **frames, int limit);

static Backtrace backtrace_fast;

static void
unwind(void **frames, unsigned *nframes, unsigned limit)
{
	int found = backtrace_fast(frames, (int) limit);

	*nframes = found > 0 ? (unsigned) found : 0;
}

static void
complain(const char *what)
{
	dprintf(STDERR_FILENO, "jemalloc_hook: %s\n", what);
}

__attribute__((constructor)) static void
install(void)
{
	void *library = dlopen("libunwind.so.8", RTLD_NOW | RTLD_LOCAL);
	void (*hook)(void **, unsigned *, unsigned) = unwind;
	_Bool is_active = 1;
	Control control;

	*(void **) &control = dlsym(RTLD_DEFAULT, "mallctl");
	if (library)
		*(void **) &backtrace_fast = dlsym(library, "unw_backtrace");
	if (control == NULL || backtrace_fast == NULL)
		complain("no jemalloc or no libunwind");
	else if (control("experimental.hooks.prof_backtrace", NULL, NULL, &hook,
					 sizeof(hook)) != 0 ||
			 control("prof.active", NULL, NULL, &is_active,
					 sizeof(is_active)) != 0)
		complain("jemalloc refuses the hook");
}
