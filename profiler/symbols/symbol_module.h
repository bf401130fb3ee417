/*
 * symbol_module.h
 *	  One loaded object: its file, its debug file, and what they name.
 */
#ifndef ARX_PROFILER_SYMBOL_MODULE_H
#define ARX_PROFILER_SYMBOL_MODULE_H

#include "symbols/debug_files.h"
#include "symbols/dwarf_lines.h"
#include "symbols/elf_symbols.h"

typedef struct ArxSymbolModule
{
	ArxObjectFile *object;
	ArxObjectFile *debug;
	ArxObjectFile *shared; /* of the debug file, with others */
	ArxElfSymbols *symbols;
	ArxDwarfLines *lines;
	char *problem;
} ArxSymbolModule;

/*
 * Finds and reads the files of an object; without them the module names
 * nothing and problem says why.  progress may be NULL.  Freed, the struct
 * itself excepted, with arx_symbol_module_free().
 */
extern void
arx_symbol_module_load(ArxSymbolModule *module, const ArxDebugFiles *files,
					   const char *path, const uint8_t *build_id,
					   size_t build_id_bytes,
					   const ArxSymbolizerOptions *options);
extern void arx_symbol_module_free(ArxSymbolModule *module);

/*
 * Fills frames (ARX_DWARF_MAX_FRAMES of them) from the innermost inlined call
 * outwards; the texts belong to the module, names are mangled.  Returns their
 * number, 0 when the module does not name the address.
 */
extern size_t arx_symbol_module_find(const ArxSymbolModule *module,
									 uint64_t address, ArxSymbol *frames);

#endif
