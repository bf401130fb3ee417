/*
 * unwind_cfi.c
 *	  Call frame information to rules: runs the instructions of an FDE (x86-64).
 *
 * Only what a walk of the stack needs is kept: the frame address, the saved
 * rbp and whether there is a return address.  Expressions are recognised by
 * their bytes, in the few forms that compilers and linkers write.
 */
#include "runtime/unwind_cfi.h"

#include <string.h>

#include "runtime/unwind_rules.h"

#define MAX_REMEMBERED 8

typedef struct Row
{
	AhRule rule;
	bool end; /* the return address is undefined */
	bool odd; /* something this unwinder does not know */
} Row;

/* "what rbp + n points to", or a PLT entry's own arithmetic. */
static void
set_frame_expression(Row *row, const uint8_t *bytes, uint64_t length)
{
	static const uint8_t plt_head[] = {0x77, 0x08, 0x80, 0x00, 0x3f, 0x1a};
	static const uint8_t plt_tail[] = {0x2a, 0x33, 0x24, 0x22};
	AhCfiCursor cursor = {bytes + 1, bytes + length, false};

	row->rule.kind = AH_RULE_NONE;
	if (length == 11 && memcmp(bytes, plt_head, 6) == 0 &&
		memcmp(bytes + 7, plt_tail, 4) == 0)
	{
		row->rule.kind = AH_RULE_PLT;
		row->rule.offset = bytes[6] - 0x30;
	}
	else if (length >= 3 && bytes[0] == 0x70 + AH_REG_BP)
	{
		int64_t offset = ah_cfi_sleb(&cursor);

		if (!cursor.failed && cursor.end - cursor.at == 1 && *cursor.at == 0x06)
		{
			row->rule.kind = AH_RULE_BP_DEREF;
			row->rule.offset = (int32_t) offset;
		}
	}
}

static void
set_frame_register(Row *row, uint64_t reg)
{
	if (reg == AH_REG_SP)
		row->rule.kind = AH_RULE_SP;
	else if (reg == AH_REG_BP)
		row->rule.kind = AH_RULE_BP;
	else
		row->rule.kind = AH_RULE_NONE;
}

static void
set_frame_offset(Row *row, int64_t offset)
{
	if (offset < INT32_MIN || offset > INT32_MAX)
		row->odd = true;
	else
		row->rule.offset = (int32_t) offset;
}

/* A register was saved at the frame address + offset. */
static void
set_saved(Row *row, uint64_t reg, int64_t offset)
{
	if (reg == AH_REG_RA)
	{
		row->end = false;
		row->odd |= offset != -8;
	}
	else if (reg == AH_REG_BP)
	{
		row->odd |= offset < INT16_MIN || offset > INT16_MAX;
		row->rule.saved_bp = AH_BP_AT_CFA;
		row->rule.bp_offset = (int16_t) offset;
	}
}

/* A register's place is an expression: known only as "what rbp + n points to". */
static void
set_saved_expression(Row *row, uint64_t reg, const uint8_t *bytes,
					 uint64_t length)
{
	AhCfiCursor cursor = {bytes + 1, bytes + length, false};
	int64_t offset;

	if (reg != AH_REG_BP)
	{
		row->odd |= reg == AH_REG_RA;
		return;
	}
	offset = ah_cfi_sleb(&cursor);
	if (length >= 2 && bytes[0] == 0x70 + AH_REG_BP &&
		cursor.at == cursor.end && offset >= INT16_MIN && offset <= INT16_MAX)
	{
		row->rule.saved_bp = AH_BP_AT_BP;
		row->rule.bp_offset = (int16_t) offset;
	}
	else
		row->odd = true;
}

static void
forget_saved(Row *row, const Row *initial, uint64_t reg)
{
	if (reg == AH_REG_BP)
	{
		row->rule.saved_bp = initial->rule.saved_bp;
		row->rule.bp_offset = initial->rule.bp_offset;
	}
	else if (reg == AH_REG_RA)
		row->end = initial->end;
}

/* The instructions that say nothing about the location. */
static void
run_other(AhCfiCursor *cursor, const AhCfiEntry *entry, uint8_t op, Row *row,
		  const Row *initial)
{
	uint64_t reg, length;

	switch (op)
	{
		case 0x05: /* offset_extended */
			reg = ah_cfi_uleb(cursor);
			set_saved(row, reg,
					  (int64_t) ah_cfi_uleb(cursor) * entry->data_align);
			break;
		case 0x11: /* offset_extended_sf */
			reg = ah_cfi_uleb(cursor);
			set_saved(row, reg, ah_cfi_sleb(cursor) * entry->data_align);
			break;
		case 0x06: /* restore_extended */
			forget_saved(row, initial, ah_cfi_uleb(cursor));
			break;
		case 0x07: /* undefined */
			row->end |= ah_cfi_uleb(cursor) == AH_REG_RA;
			break;
		case 0x08: /* same_value */
			if (ah_cfi_uleb(cursor) == AH_REG_BP)
				row->rule.saved_bp = AH_BP_SAME;
			break;
		case 0x09: /* register */
			reg = ah_cfi_uleb(cursor);
			ah_cfi_uleb(cursor);
			row->odd |= reg == AH_REG_RA || reg == AH_REG_BP;
			break;
		case 0x0c: /* def_cfa */
			set_frame_register(row, ah_cfi_uleb(cursor));
			set_frame_offset(row, (int64_t) ah_cfi_uleb(cursor));
			break;
		case 0x12: /* def_cfa_sf */
			set_frame_register(row, ah_cfi_uleb(cursor));
			set_frame_offset(row, ah_cfi_sleb(cursor) * entry->data_align);
			break;
		case 0x0d: /* def_cfa_register */
			set_frame_register(row, ah_cfi_uleb(cursor));
			break;
		case 0x0e: /* def_cfa_offset */
			set_frame_offset(row, (int64_t) ah_cfi_uleb(cursor));
			break;
		case 0x13: /* def_cfa_offset_sf */
			set_frame_offset(row, ah_cfi_sleb(cursor) * entry->data_align);
			break;
		case 0x0f: /* def_cfa_expression */
			length = ah_cfi_uleb(cursor);
			if (length <= (uint64_t) (cursor->end - cursor->at))
				set_frame_expression(row, cursor->at, length);
			ah_cfi_skip(cursor, length);
			break;
		case 0x10: /* expression */
		case 0x16: /* val_expression */
			reg = ah_cfi_uleb(cursor);
			length = ah_cfi_uleb(cursor);
			if (op == 0x16)
				row->odd |= reg == AH_REG_RA || reg == AH_REG_BP;
			else if (length <= (uint64_t) (cursor->end - cursor->at))
				set_saved_expression(row, reg, cursor->at, length);
			ah_cfi_skip(cursor, length);
			break;
		case 0x14: /* val_offset */
		case 0x15: /* val_offset_sf */
			reg = ah_cfi_uleb(cursor);
			ah_cfi_uleb(cursor);
			row->odd |= reg == AH_REG_RA || reg == AH_REG_BP;
			break;
		case 0x2e: /* GNU_args_size */
			ah_cfi_uleb(cursor);
			break;
		case 0x00: /* nop */
			break;
		default:
			cursor->failed = true;
	}
}

/* Moves location on; true when the instruction did that. */
static bool
run_advance(AhCfiCursor *cursor, const AhCfiEntry *entry, uint8_t op,
			uintptr_t *location)
{
	uint64_t delta;

	if ((op & 0xc0) == 0x40)
		delta = op & 0x3f;
	else if (op == 0x02)
		delta = (uint64_t) ah_cfi_fixed(cursor, 1, false);
	else if (op == 0x03)
		delta = (uint64_t) ah_cfi_fixed(cursor, 2, false);
	else if (op == 0x04)
		delta = (uint64_t) ah_cfi_fixed(cursor, 4, false);
	else
		return false;
	*location += delta * entry->code_align;
	return true;
}

/* Runs instructions up to the address. */
static bool
run(AhCfiCursor cursor, const AhCfiEntry *entry, uintptr_t address, Row *row,
	const Row *initial)
{
	Row remembered[MAX_REMEMBERED];
	uintptr_t location = entry->start;
	int depth = 0;

	while (cursor.at < cursor.end && !cursor.failed)
	{
		uint8_t op = ah_cfi_byte(&cursor);

		if (run_advance(&cursor, entry, op, &location))
		{
			if (location > address)
				break;
		}
		else if ((op & 0xc0) == 0x80) /* offset */
			set_saved(row, op & 0x3f,
					  (int64_t) ah_cfi_uleb(&cursor) * entry->data_align);
		else if ((op & 0xc0) == 0xc0) /* restore */
			forget_saved(row, initial, op & 0x3f);
		else if (op == 0x0a && depth < MAX_REMEMBERED) /* remember_state */
			remembered[depth++] = *row;
		else if (op == 0x0b && depth > 0) /* restore_state */
			*row = remembered[--depth];
		else
			run_other(&cursor, entry, op, row, initial);
	}
	return !cursor.failed;
}

AhRule
ah_cfi_rule(const uint8_t *fde, uintptr_t address)
{
	AhRule none = {0};
	Row row = {0}, initial;
	AhCfiEntry entry;

	if (!ah_cfi_open(fde, &entry) || address - entry.start >= entry.length)
		return none;
	if (entry.is_signal)
		return (AhRule){.kind = AH_RULE_SIGNAL};
	if (!run(entry.common, &entry, UINTPTR_MAX, &row, &row))
		return none;
	initial = row;
	if (!run(entry.own, &entry, address, &row, &initial))
		return none;
	if (row.end)
		return (AhRule){.kind = AH_RULE_END};
	return row.odd ? none : row.rule;
}
