/*
 * elf_symbols.h
 *	  Functions of a module as its symbol tables name them.
 */
#ifndef ARX_PROFILER_ELF_SYMBOLS_H
#define ARX_PROFILER_ELF_SYMBOLS_H

#include "symbols/object_file.h"

typedef struct ArxElfSymbols ArxElfSymbols;

/*
 * Reads the tables of the object and of its debug file; either may be NULL.
 * Both must stay open as long as the result is used, and the debug information
 * of the object is read later (that closes its descriptor).  Returns NULL only when
 * memory is exhausted.  Freed with arx_elf_symbols_free().
 */
extern ArxElfSymbols *
arx_elf_symbols_read(const ArxObjectFile *object, const ArxObjectFile *debug);
extern void arx_elf_symbols_free(ArxElfSymbols *symbols); /* NULL is fine */

/*
 * The name, mangled and without its version, of the function that holds the
 * address (as ELF says it); NULL when no function says so itself.  A function
 * without size ends where the next one begins, or its section does, and counts
 * only where a full table lists the next one.
 */
extern const char *
arx_elf_symbols_find(const ArxElfSymbols *symbols, uint64_t address);

/* Were all functions listed, or the exported ones at most? */
extern bool arx_elf_symbols_complete(const ArxElfSymbols *symbols);
extern size_t arx_elf_symbols_count(const ArxElfSymbols *symbols);

#endif
