/*
 * symbols.h
 *	  Addresses of loaded objects to functions, files and lines.
 *
 * Works on the files on disk, by build id, never inside the profiled process.
 * An address that has no name has none: the caller shows module+offset.
 */
#ifndef ARX_PROFILER_SYMBOLS_H
#define ARX_PROFILER_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One function; several to an address where calls were inlined. */
typedef struct ArxSymbol
{
	const char *function; /* demangled; never NULL */
	const char *file;	  /* NULL when unknown */
	unsigned line;		  /* 0 when unknown */
} ArxSymbol;

typedef struct ArxSymbolizer ArxSymbolizer;

typedef struct ArxSymbolizerOptions
{
	const char *
		debug_path; /* more folders to look for debug files in, ':' between; may be NULL */
	const char *
		root; /* where the paths of modules begin ("/proc/7/root"); may be NULL */
	bool debuginfod; /* ask the servers in DEBUGINFOD_URLS */
	void (*progress)(void *context,
					 const char *what); /* may be NULL: long work, one line */
	void *context;
} ArxSymbolizerOptions;

/* NULL only when memory is exhausted.  Freed with arx_symbolizer_free(). */
extern ArxSymbolizer *arx_symbolizer_new(const ArxSymbolizerOptions *options);
extern void arx_symbolizer_free(ArxSymbolizer *symbolizer);

/*
 * Names of an address as ELF says it (pc minus load bias) in the object of
 * this path and build id.  A file with another build id is not used.  Frames
 * from the innermost inlined call outwards; valid until the symbolizer is
 * freed.  Returns their number, 0 when nothing is known.
 */
extern size_t arx_symbolize(ArxSymbolizer *symbolizer, const char *path,
							const uint8_t *build_id, size_t build_id_bytes,
							uint64_t address, const ArxSymbol **frames);

/* Why an object has no names, in words ("no file with build id ..."), or NULL. */
extern const char *
arx_symbolizer_problem(ArxSymbolizer *symbolizer, const char *path,
					   const uint8_t *build_id, size_t build_id_bytes);

#endif
