/*
 * unwind_stack.c
 *	  Walks the calling thread's stack from the caller of an entry point.
 *
 * Nothing is read that might not be there.  The pages from the stack pointer
 * up to the thread's end of the stack are asked for once by a system call that
 * fails instead of faulting, and remembered for the thread; whatever lies
 * elsewhere (a signal's own stack, a coroutine's) is read by that call each
 * time.
 */
#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "runtime/runtime.h"
#include "runtime/unwind.h"
#include "runtime/unwind_rules.h"

#define PAGE ((uintptr_t) 4096)
#define PROBES 64 /* pages asked for in one call */
#define LARGEST_STACK (1UL << 30)

/* Of a ucontext on x86-64: offsets of the interrupted code's registers. */
#define UCONTEXT_BP 120
#define UCONTEXT_SP 160
#define UCONTEXT_PC 168

extern void *__libc_stack_end;

/* ---- reading memory that may not be there ---- */

/* By the thread's own number: the process's is good while its first thread is. */
static bool
read_elsewhere(uintptr_t address, void *out, size_t bytes)
{
	struct iovec to = {out, bytes};
	struct iovec from = {(void *) address, bytes};

	return syscall(SYS_process_vm_readv, gettid(), &to, 1UL, &from, 1UL, 0UL) ==
		(ssize_t) bytes;
}

/*
 * True when one byte of each page from low (page aligned) to high can be read,
 * or when the system does not let us ask: then the guess has to do.
 */
static bool
is_readable(uintptr_t low, uintptr_t high)
{
	struct iovec from[PROBES];
	char bytes[PROBES];

	while (low < high)
	{
		struct iovec to = {bytes, 0};
		unsigned long n = 0;
		ssize_t read;

		for (; n < PROBES && low < high; n++, low += PAGE)
			from[n] = (struct iovec){(void *) low, 1};
		to.iov_len = n;
		read = syscall(SYS_process_vm_readv, gettid(), &to, 1UL, from, n, 0UL);
		if (read != (ssize_t) n)
			return read < 0 && (errno == EPERM || errno == ENOSYS);
	}
	return true;
}

/*
 * Where the stack of this thread ends: below its control block when the C
 * library made it, else at the end of the process's first stack.
 */
static uintptr_t
guess_stack_end(uintptr_t sp)
{
	uintptr_t control = (uintptr_t) __builtin_thread_pointer();
	uintptr_t first = (uintptr_t) __libc_stack_end;

	if (sp < control && control - sp < LARGEST_STACK)
		return control;
	if (sp < first && first - sp < LARGEST_STACK)
		return first;
	return 0;
}

/* Makes sure that the thread's known part of the stack begins at or below sp. */
static void
know_stack(uintptr_t sp)
{
	AhThread *thread = &ah_thread;
	uintptr_t low = sp & ~(PAGE - 1);
	uintptr_t high;

	if (sp >= thread->stack_low && sp < thread->stack_high)
		return;
	if (thread->stack_high != 0 && sp < thread->stack_low &&
		thread->stack_low - sp < LARGEST_STACK)
	{
		if (is_readable(low, thread->stack_low))
			thread->stack_low = low;
		return;
	}
	high = guess_stack_end(sp);
	if (high != 0 && is_readable(low, high))
	{
		thread->stack_low = low;
		thread->stack_high = high;
	}
}

static inline bool
read_words(uintptr_t address, uintptr_t *out, size_t n)
{
	const AhThread *thread = &ah_thread;

	if (__builtin_expect(address >= thread->stack_low &&
							 address + n * sizeof(*out) <= thread->stack_high,
						 1))
	{
		for (size_t i = 0; i < n; i++)
			out[i] = ((const uintptr_t *) address)[i];
		return true;
	}
	return read_elsewhere(address, out, n * sizeof(*out));
}

/* ---- steps ---- */

/* The frame address by the rule; 0 when it makes no sense. */
static uintptr_t
frame_address(const AhRegisters *at, AhRule rule, uintptr_t address)
{
	uintptr_t value;

	switch (rule.kind)
	{
		case AH_RULE_SP:
			return at->sp + (uintptr_t) (intptr_t) rule.offset;
		case AH_RULE_BP:
			return at->bp + (uintptr_t) (intptr_t) rule.offset;
		case AH_RULE_BP_DEREF:
			if (!read_words(at->bp + (uintptr_t) (intptr_t) rule.offset, &value,
							1))
				return 0;
			return value;
		case AH_RULE_PLT:
			return at->sp + 8 +
				((address & 15) >= (uintptr_t) rule.offset ? 8 : 0);
		default:
			return 0;
	}
}

/* Out of a frame that has rules, wherever they lead. */
static bool
step_by_rule(AhRegisters *at, AhRule rule, uintptr_t address)
{
	uintptr_t cfa = frame_address(at, rule, address);
	uintptr_t bp = at->bp;

	if (cfa <= at->sp || (cfa & 7) != 0)
		return false;
	if (rule.saved_bp != AH_BP_SAME)
	{
		uintptr_t base = rule.saved_bp == AH_BP_AT_CFA ? cfa : at->bp;

		if (!read_words(base + (uintptr_t) (intptr_t) rule.bp_offset, &bp, 1))
			return false;
	}
	if (!read_words(cfa - 8, &at->pc, 1))
		return false;
	at->sp = cfa;
	at->bp = bp;
	return true;
}

/* Out of a frame with a frame pointer: saved rbp and return address lie there. */
static bool
step_by_frame_pointer(AhRegisters *at)
{
	uintptr_t saved[2];

	if (at->bp < at->sp || (at->bp & 7) != 0 || !read_words(at->bp, saved, 2))
		return false;
	at->sp = at->bp + 16;
	at->bp = saved[0];
	at->pc = saved[1];
	return true;
}

/* Out of a signal handler, to what it interrupted. */
static bool
step_by_signal(AhRegisters *at)
{
	uintptr_t context = at->sp;

	return read_words(context + UCONTEXT_PC, &at->pc, 1) &&
		read_words(context + UCONTEXT_BP, &at->bp, 1) &&
		read_words(context + UCONTEXT_SP, &at->sp, 1);
}

static bool
step(AhRegisters *at, AhRule rule, uintptr_t address)
{
	if (rule.kind == AH_RULE_NONE)
		return false;
	if (rule.kind == AH_RULE_FRAME)
		return step_by_frame_pointer(at);
	if (rule.kind == AH_RULE_SIGNAL)
		return step_by_signal(at);
	return step_by_rule(at, rule, address);
}

/*
 * Walks for as long as steps are of the common kind: a cached rule, a frame
 * address from rsp or rbp, all of it inside the known part of the stack.  Stops
 * with nothing changed where it is not.  Every instruction here counts some
 * forty times a sample.
 */
static __attribute__((noinline)) uint32_t
walk_quickly(AhRegisters *at, uintptr_t *frames, uint32_t n, uint32_t depth)
{
	uint64_t salt =
		atomic_load_explicit(&ah_rule_generation, memory_order_relaxed);
	uintptr_t low = ah_thread.stack_low;
	uintptr_t last_slot = ah_thread.stack_high - 8;
	uintptr_t pc = at->pc, sp = at->sp, bp = at->bp;

	if (sp < low || sp >= last_slot)
		return n;
	while (n < depth)
	{
		AhRule rule;
		uintptr_t return_slot;

		if (!ah_rule_cached(pc - 1, salt, &rule) || rule.kind > AH_RULE_BP)
			break;
		return_slot = (rule.kind == AH_RULE_SP ? sp : bp) +
			(uintptr_t) (intptr_t) rule.offset - 8;
		if (return_slot < sp || return_slot > last_slot)
			break;
		if (rule.saved_bp != AH_BP_SAME)
		{
			uintptr_t bp_slot =
				return_slot + 8 + (uintptr_t) (intptr_t) rule.bp_offset;

			if (rule.saved_bp != AH_BP_AT_CFA || bp_slot < low ||
				bp_slot > last_slot)
				break;
			bp = *(const uintptr_t *) bp_slot;
		}
		frames[n++] = pc - 1;
		pc = *(const uintptr_t *) return_slot;
		sp = return_slot + 8;
	}
	*at = (AhRegisters){pc, sp, bp};
	return n;
}

bool
ah_unwind(const AhRegisters *from, uint32_t depth, AhStack *stack)
{
	AhRegisters at = *from;
	bool is_exact = false, in_signal_handler = false;
	uint32_t n = 0;

	if (depth > ARX_HEAP_MAX_FRAMES)
		depth = ARX_HEAP_MAX_FRAMES;
	stack->flags = 0;
	know_stack(at.sp);
	for (;;)
	{
		uintptr_t address;
		AhRule rule;

		if (!is_exact)
			n = walk_quickly(&at, stack->frames, n, depth);
		address = is_exact ? at.pc : at.pc - 1;
		/* Some roots say so by a return address of zero. */
		if (at.pc == 0)
			break;
		rule = ah_rule_find(address);
		if (n == depth)
		{
			stack->flags |= ARX_HEAP_SITE_TRUNCATED;
			break;
		}
		is_exact = rule.kind == AH_RULE_SIGNAL;
		in_signal_handler |= is_exact;
		if (!is_exact)
			stack->frames[n++] = address;
		if (rule.kind == AH_RULE_END)
			break;
		if (!step(&at, rule, address))
		{
			stack->flags |= ARX_HEAP_SITE_BROKEN;
			break;
		}
	}
	stack->nframes = n;
	return in_signal_handler;
}
