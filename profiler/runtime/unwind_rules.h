/*
 * unwind_rules.h
 *	  How to get from a frame to its caller's, in one word (x86-64).
 *
 * A rule says where the canonical frame address is (the value of the stack
 * pointer before the call) and where the caller's rbp was saved.  The return
 * address is always just below the canonical frame address.
 */
#ifndef ARX_PROFILER_UNWIND_RULES_H
#define ARX_PROFILER_UNWIND_RULES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum AhRuleKind
{
	AH_RULE_NONE = 0, /* cannot go on from here */
	AH_RULE_SP,		  /* frame address = rsp + offset */
	AH_RULE_BP,		  /* rbp + offset */
	AH_RULE_BP_DEREF, /* what rbp + offset points to (realigned stacks) */
	AH_RULE_PLT,	  /* rsp + 8, + 8 more behind the pushes of a PLT entry */
	AH_RULE_FRAME,	/* no rules here: rbp is a frame pointer, if all is well */
	AH_RULE_SIGNAL, /* a signal's return trampoline: rsp is the ucontext */
	AH_RULE_END,	/* the root: nobody to return to */
} AhRuleKind;

typedef enum AhSavedBp
{
	AH_BP_SAME = 0,
	AH_BP_AT_CFA, /* saved at the frame address + bp_offset */
	AH_BP_AT_BP,  /* saved where rbp + bp_offset points */
} AhSavedBp;

typedef union AhRule
{
	struct
	{
		uint8_t kind;	  /* AhRuleKind */
		uint8_t saved_bp; /* AhSavedBp */
		int16_t bp_offset;
		int32_t offset; /* of a PLT entry: where its pushes are done */
	};
	uint64_t word;
} AhRule;

_Static_assert(sizeof(AhRule) == 8, "a rule is one word");

/*
 * A direct-mapped cache of rules, shared by all threads without a lock: one
 * word is the rule, the other the address mixed with the rule and with the
 * generation, so that a pair torn between two writers, or older than an
 * unloaded object, matches no address.
 */
#define AH_RULE_CACHE_BITS 13

typedef struct AhRuleEntry
{
	_Atomic uint64_t key;
	_Atomic uint64_t rule;
} AhRuleEntry;

extern __attribute__((visibility("hidden")))
AhRuleEntry ah_rule_cache[1 << AH_RULE_CACHE_BITS];
extern
	__attribute__((visibility("hidden"))) _Atomic uint64_t ah_rule_generation;

static inline AhRuleEntry *
ah_rule_entry(uintptr_t address)
{
	return &ah_rule_cache[address * 0x9E3779B97F4A7C15ULL >>
						  (64 - AH_RULE_CACHE_BITS)];
}

/*
 * Looks into the cache only; salt is its generation.  False when the address
 * is not there.
 */
static inline bool
ah_rule_cached(uintptr_t address, uint64_t salt, AhRule *rule)
{
	AhRuleEntry *entry = ah_rule_entry(address);
	uint64_t key = atomic_load_explicit(&entry->key, memory_order_relaxed);

	rule->word = atomic_load_explicit(&entry->rule, memory_order_relaxed);
	return __builtin_expect((key ^ rule->word ^ salt) == address, 1);
}

/*
 * The rule at an address inside a calling (or interrupted) instruction, from
 * the cache or from the object's own tables.  Takes no lock; safe anywhere.
 */
extern AhRule ah_rule_find(uintptr_t address);

/*
 * unwind_cfi.c: the rule at address, from a frame description entry (FDE) of
 * an .eh_frame section in memory.  AH_RULE_NONE when the address is outside of
 * it or the entry needs what this unwinder does not know.
 */
extern AhRule ah_cfi_rule(const uint8_t *fde, uintptr_t address);

#endif
