/*
 * dwarf_lines.h
 *	  Functions, inlined calls, files and lines out of debug information.
 */
#ifndef ARX_PROFILER_DWARF_LINES_H
#define ARX_PROFILER_DWARF_LINES_H

#include <elfutils/libdw.h>

#include "symbols/symbols.h"

/* Most functions to one address; calls inlined deeper than that are left out. */
#define ARX_DWARF_MAX_FRAMES 128

typedef struct ArxDwarfLines ArxDwarfLines;

/*
 * Notes where each compilation unit has its code; all else is read when asked
 * for.  dwarf must stay open as long as the result is used.  Returns NULL only
 * when memory is exhausted.  Freed with arx_dwarf_lines_free().
 */
extern ArxDwarfLines *arx_dwarf_lines_new(Dwarf *dwarf);
extern void arx_dwarf_lines_free(ArxDwarfLines *lines); /* NULL is fine */

/*
 * Fills frames (ARX_DWARF_MAX_FRAMES of them) from the innermost inlined call
 * outwards.  Function names are mangled where the language does that.  The
 * outermost function is NULL when only the line is known.  The texts live as long
 * as lines.  Returns the number of frames, 0 when nothing is known.
 */
extern size_t
arx_dwarf_lines_find(ArxDwarfLines *lines, uint64_t address, ArxSymbol *frames);

#endif
