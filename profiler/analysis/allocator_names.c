/*
 * allocator_names.c
 *	  Which functions just hand memory on: nobody is helped by their names.
 *
 * A leak is in who asked malloc() or palloc() for memory, not in these.  The
 * list is short on purpose: wrappers of the C and C++ libraries, of
 * PostgreSQL's memory contexts, of Node's buffers, and of a few libraries that
 * programs are made of.  A name with a star stands for all that begin so.
 */
#include <string.h>

#include "analysis/leak_series.h"

static const char *const allocator_names[] = {
	/* C library */
	"malloc", "calloc", "realloc", "reallocarray", "memalign", "aligned_alloc",
	"posix_memalign", "valloc", "pvalloc", "mmap", "mmap64", "mremap", "brk",
	"sbrk", "strdup", "strndup", "__strdup", "__strndup", "wcsdup", "asprintf",
	"vasprintf", "__vasprintf_internal", "__asprintf_chk", "__vasprintf_chk",
	/* C++ library */
	"operator new*", "std::*", "__gnu_cxx::*", "_Znwm", "_Znam",
	/* the usual "or die" */
	"xmalloc", "xcalloc", "xrealloc", "xstrdup", "xstrndup",
	/* PostgreSQL */
	"palloc*", "repalloc*", "pstrdup", "pnstrdup", "psprintf", "pvsnprintf",
	"MemoryContextAlloc*", "MemoryContextStrdup", "MemoryContextCreate",
	"AllocSet*", "GenerationAlloc*", "GenerationContextCreate", "SlabAlloc*",
	"SlabContextCreate", "BumpAlloc*", "BumpContextCreate", "pg_malloc*",
	"pg_realloc", "pg_strdup", "enlargeStringInfo",
	/* buffers of Node.js, up to the script that asked */
	"node::NodeArrayBufferAllocator::*", "node::Buffer::*", "Builtins_*",
	"v8::internal::Heap::AllocateExternalBackingStore*",
	"v8::internal::BackingStore::*", "v8::ArrayBuffer::New*",
	/* GLib, CPython, SQLite, OpenSSL, Redis */
	"g_malloc*", "g_realloc*", "g_try_malloc*", "g_slice_alloc*", "g_strdup",
	"PyMem_*", "_PyMem_*", "PyObject_Malloc", "PyObject_Calloc",
	"PyObject_Realloc", "_PyObject_Malloc", "_PyObject_Calloc",
	"_PyObject_Realloc", "sqlite3MemMalloc", "sqlite3MemRealloc",
	"sqlite3Malloc*", "sqlite3Realloc*", "sqlite3_malloc*", "sqlite3_realloc*",
	"sqlite3DbMalloc*", "sqlite3DbRealloc*", "mallocWithAlarm", "zmalloc*",
	"CRYPTO_malloc", "CRYPTO_zalloc", "CRYPTO_realloc", "CRYPTO_strdup",
	"zcalloc*", "zrealloc*", "ztrymalloc*", "ztrycalloc*", "ztryrealloc*"};

static bool
is_allocator(const ArxProfileFunction *function)
{
	size_t n = sizeof(allocator_names) / sizeof(allocator_names[0]);

	for (size_t i = 0; function->named && i < n; i++)
	{
		const char *name = allocator_names[i];
		size_t length = strlen(name);

		if (name[length - 1] == '*'
				? strncmp(function->name, name, length - 1) == 0
				: strcmp(function->name, name) == 0)
			return true;
	}
	return false;
}

const ArxProfileFunction *
arx_profile_shown_function(const ArxProfileFunction *const *functions,
						   uint32_t nfunctions)
{
	for (uint32_t i = nfunctions; i-- > 0;)
		if (!is_allocator(functions[i]))
			return functions[i];
	return nfunctions > 0 ? functions[nfunctions - 1] : NULL;
}
