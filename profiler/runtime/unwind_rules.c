/*
 * unwind_rules.c
 *	  The cache of rules, and the way from an address to its object's tables.
 */
#include "runtime/unwind_rules.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "runtime/runtime.h"
#include "runtime/unwind.h"

AhRuleEntry ah_rule_cache[1 << AH_RULE_CACHE_BITS];
_Atomic uint64_t ah_rule_generation = 1;

void
ah_unwind_forget(void)
{
	atomic_fetch_add(&ah_rule_generation, 0x9E3779B97F4A7C15ULL);
}

/* ---- from an address to the FDE ---- */

/* .eh_frame_hdr in the one form that linkers write. */
typedef struct FrameHeader
{
	uint8_t version;
	uint8_t frame_encoding; /* pcrel, 4 bytes */
	uint8_t count_encoding; /* 4 bytes */
	uint8_t table_encoding; /* relative to the header, 4 bytes */
	int32_t frame;
	uint32_t count;
	struct
	{
		int32_t start;
		int32_t fde;
	} table[];
} FrameHeader;

/* The last entry of the table that starts at or below the address. */
static const uint8_t *
find_fde(const FrameHeader *header, uintptr_t address)
{
	intptr_t wanted = (intptr_t) (address - (uintptr_t) header);
	uint32_t low = 0, high = header->count;

	if (header->version != 1 || header->frame_encoding != 0x1b ||
		header->count_encoding != 0x03 || header->table_encoding != 0x3b ||
		high == 0 || wanted < header->table[0].start)
		return NULL;
	while (high - low > 1)
	{
		uint32_t middle = low + (high - low) / 2;

		if (header->table[middle].start <= wanted)
			low = middle;
		else
			high = middle;
	}
	return (const uint8_t *) header + header->table[low].fde;
}

/*
 * True when the bytes before the return address (address is one less) could be
 * a call: a relative one, or one through a register or memory.  The bytes are
 * read by a system call: the address may be anything.
 */
static bool
follows_call(uintptr_t address)
{
	uint8_t code[7];
	struct iovec to = {code, sizeof(code)};
	struct iovec from = {(void *) (address + 1 - sizeof(code)), sizeof(code)};

	if (address < 4096 ||
		syscall(SYS_process_vm_readv, gettid(), &to, 1UL, &from, 1UL, 0UL) !=
			sizeof(code))
		return false;
	if (code[2] == 0xe8)
		return true;
	for (int i = 0; i <= 5; i++)
		if (code[i] == 0xff && (code[i + 1] & 0x38) == 0x10)
			return true;
	return false;
}

/* Code without rules: by frame pointer, if a call is there at all. */
static AhRule
rule_without_table(uintptr_t address)
{
	return (AhRule){.kind =
						follows_call(address) ? AH_RULE_FRAME : AH_RULE_NONE};
}

static AhRule
read_tables(uintptr_t address)
{
	struct dl_find_object object;
	const uint8_t *fde = NULL;
	AhRule rule = {0};

	if (_dl_find_object((void *) address, &object) == 0 &&
		object.dlfo_eh_frame != NULL)
		fde = find_fde(object.dlfo_eh_frame, address);
	if (fde != NULL)
		rule = ah_cfi_rule(fde, address);
	return rule.kind != AH_RULE_NONE ? rule : rule_without_table(address);
}

AhRule
ah_rule_find(uintptr_t address)
{
	AhRuleEntry *entry = ah_rule_entry(address);
	uint64_t salt =
		atomic_load_explicit(&ah_rule_generation, memory_order_relaxed);
	AhRule rule;

	if (ah_rule_cached(address, salt, &rule))
		return rule;
	rule = read_tables(address);
	atomic_store_explicit(&entry->rule, rule.word, memory_order_relaxed);
	atomic_store_explicit(&entry->key, address ^ rule.word ^ salt,
						  memory_order_relaxed);
	return rule;
}
