/*
 * elf_header.h
 *	  What a loaded object says of itself in its headers.
 */
#ifndef ARX_PROFILER_ELF_HEADER_H
#define ARX_PROFILER_ELF_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libarx/heap_format.h"

typedef struct AhElfFacts
{
	uint64_t bias; /* address in memory less address in the file */
	uint32_t build_id_length;
	uint8_t build_id[ARX_HEAP_MAX_BUILD_ID];
} AhElfFacts;

/*
 * Reads the headers of the object that begins at header, and has the bytes
 * from file_offset on mapped at address.  Memory is read with a system call,
 * so that a mapping that is gone by now is an error and no fault; where that
 * call is forbidden, from the file path.  False when this is no ELF object.
 */
extern bool
ah_elf_facts(uintptr_t header, uintptr_t address, uint64_t file_offset,
			 const char *path, AhElfFacts *facts);

#endif
