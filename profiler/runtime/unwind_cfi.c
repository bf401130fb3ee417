/*
 * unwind_cfi.c
 *	  Call frame information to rules: reads one FDE of .eh_frame (x86-64).
 *
 * The format is that of DWARF 5 section 6.4 with the changes of the Linux
 * Standard Base (Core, "Exception Frames").  Only what a walk of the stack
 * needs is kept: the frame address, the saved rbp and whether there is a
 * return address.  Expressions are recognised by their bytes, in the few forms
 * that compilers and linkers write.
 */
#include <string.h>

#include "runtime/unwind_rules.h"

#define REG_BP 6
#define REG_SP 7
#define REG_RA 16

#define MAX_REMEMBERED 8

/* Encodings of addresses (DW_EH_PE_*). */
#define PE_PCREL 0x10
#define PE_INDIRECT 0x80
#define PE_OMIT 0xff

typedef struct Cursor
{
	const uint8_t *at;
	const uint8_t *end;
	bool failed;
} Cursor;

typedef struct Row
{
	AhRule rule;
	bool end; /* the return address is undefined */
	bool odd; /* something this unwinder does not know */
} Row;

typedef struct Entry
{
	Cursor common; /* the CIE's instructions */
	Cursor own;	   /* the FDE's */
	uintptr_t start;
	uintptr_t length;
	uint64_t code_align;
	int64_t data_align;
	bool is_signal;
} Entry;

static uint8_t
read_byte(Cursor *cursor)
{
	if (cursor->at >= cursor->end)
	{
		cursor->failed = true;
		return 0;
	}
	return *cursor->at++;
}

/* A little-endian number of so many bytes, sign-extended on demand. */
static int64_t
read_fixed(Cursor *cursor, int bytes, bool is_signed)
{
	uint64_t value = 0;

	for (int i = 0; i < bytes; i++)
		value |= (uint64_t) read_byte(cursor) << (8 * i);
	if (is_signed && bytes < 8 && (value >> (8 * bytes - 1) & 1))
		value |= ~0ULL << (8 * bytes);
	return (int64_t) value;
}

static uint64_t
read_uleb(Cursor *cursor)
{
	uint64_t value = 0;
	uint8_t byte;
	int shift = 0;

	do
	{
		byte = read_byte(cursor);
		if (shift < 64)
			value |= (uint64_t) (byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	return value;
}

static int64_t
read_sleb(Cursor *cursor)
{
	uint64_t value = 0;
	uint8_t byte;
	int shift = 0;

	do
	{
		byte = read_byte(cursor);
		if (shift < 64)
			value |= (uint64_t) (byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	if (shift < 64 && (byte & 0x40))
		value |= ~0ULL << shift;
	return (int64_t) value;
}

static void
skip(Cursor *cursor, uint64_t bytes)
{
	if (bytes > (uint64_t) (cursor->end - cursor->at))
		cursor->failed = true;
	else
		cursor->at += bytes;
}

/* An address in one of the encodings; relative ones without what they add to. */
static uintptr_t
read_address(Cursor *cursor, uint8_t encoding, bool relative)
{
	uintptr_t here = (uintptr_t) cursor->at;
	int64_t value = 0;

	switch (encoding & 0x0f)
	{
		case 0x00:
		case 0x04:
		case 0x0c:
			value = read_fixed(cursor, 8, false);
			break;
		case 0x02:
			value = read_fixed(cursor, 2, false);
			break;
		case 0x03:
			value = read_fixed(cursor, 4, false);
			break;
		case 0x0a:
			value = read_fixed(cursor, 2, true);
			break;
		case 0x0b:
			value = read_fixed(cursor, 4, true);
			break;
		default:
			cursor->failed = true;
	}
	if (relative && (encoding & 0x70) == PE_PCREL)
		value += (int64_t) here;
	else if ((encoding & 0x70) != 0 && relative)
		cursor->failed = true;
	return (uintptr_t) value;
}

/* ---- entries ---- */

/* The entry (CIE or FDE) at this place, without its length. */
static Cursor
open_entry(const uint8_t *at)
{
	Cursor cursor = {at, at + 4, false};
	uint32_t length = (uint32_t) read_fixed(&cursor, 4, false);

	cursor.failed = length == 0 || length == UINT32_MAX;
	if (!cursor.failed)
		cursor.end = cursor.at + length;
	return cursor;
}

/* Reads the common entry; returns the encoding of addresses in its FDEs. */
static uint8_t
read_common(const uint8_t *cie, Entry *entry, bool *has_data)
{
	Cursor cursor = open_entry(cie);
	const char *augmentation;
	const uint8_t *data_end = NULL;
	uint8_t version, encoding = 0;

	read_fixed(&cursor, 4, false);
	version = read_byte(&cursor);
	augmentation = (const char *) cursor.at;
	while (!cursor.failed && read_byte(&cursor) != 0)
		;
	entry->code_align = read_uleb(&cursor);
	entry->data_align = read_sleb(&cursor);
	if ((version == 1 ? read_byte(&cursor) : read_uleb(&cursor)) != REG_RA)
		cursor.failed = true;
	*has_data = augmentation[0] == 'z';
	if (*has_data)
	{
		uint64_t length = read_uleb(&cursor);

		data_end = cursor.at + length;
		for (const char *c = augmentation + 1; *c && !cursor.failed; c++)
		{
			if (*c == 'R')
				encoding = read_byte(&cursor);
			else if (*c == 'L')
				read_byte(&cursor);
			else if (*c == 'P')
			{
				uint8_t personality = read_byte(&cursor);

				read_address(&cursor, personality & (uint8_t) ~PE_INDIRECT,
							 false);
			}
			else if (*c == 'S')
				entry->is_signal = true;
		}
		if (data_end <= cursor.end)
			cursor.at = data_end;
		else
			cursor.failed = true;
	}
	else if (augmentation[0] != '\0')
		cursor.failed = true;
	entry->common = cursor;
	return encoding;
}

static bool
read_entry(const uint8_t *fde, Entry *entry)
{
	Cursor cursor = open_entry(fde);
	const uint8_t *link = cursor.at;
	uint32_t distance = (uint32_t) read_fixed(&cursor, 4, false);
	bool has_data;
	uint8_t encoding;

	memset(entry, 0, sizeof(*entry));
	if (cursor.failed || distance == 0)
		return false;
	encoding = read_common(link - distance, entry, &has_data);
	if (entry->common.failed || encoding == PE_OMIT || (encoding & PE_INDIRECT))
		return false;
	entry->start = read_address(&cursor, encoding, true);
	entry->length = read_address(&cursor, encoding & 0x0f, false);
	if (has_data)
		skip(&cursor, read_uleb(&cursor));
	entry->own = cursor;
	return !cursor.failed;
}

/* ---- instructions ---- */

/* "what rbp + n points to", or a PLT entry's own arithmetic. */
static void
set_frame_expression(Row *row, const uint8_t *bytes, uint64_t length)
{
	static const uint8_t plt_head[] = {0x77, 0x08, 0x80, 0x00, 0x3f, 0x1a};
	static const uint8_t plt_tail[] = {0x2a, 0x33, 0x24, 0x22};
	Cursor cursor = {bytes + 1, bytes + length, false};

	row->rule.kind = AH_RULE_NONE;
	if (length == 11 && memcmp(bytes, plt_head, 6) == 0 &&
		memcmp(bytes + 7, plt_tail, 4) == 0)
	{
		row->rule.kind = AH_RULE_PLT;
		row->rule.offset = bytes[6] - 0x30;
	}
	else if (length >= 3 && bytes[0] == 0x70 + REG_BP)
	{
		int64_t offset = read_sleb(&cursor);

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
	if (reg == REG_SP)
		row->rule.kind = AH_RULE_SP;
	else if (reg == REG_BP)
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
	if (reg == REG_RA)
	{
		row->end = false;
		row->odd |= offset != -8;
	}
	else if (reg == REG_BP)
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
	Cursor cursor = {bytes + 1, bytes + length, false};
	int64_t offset;

	if (reg != REG_BP)
	{
		row->odd |= reg == REG_RA;
		return;
	}
	offset = read_sleb(&cursor);
	if (length >= 2 && bytes[0] == 0x70 + REG_BP && cursor.at == cursor.end &&
		offset >= INT16_MIN && offset <= INT16_MAX)
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
	if (reg == REG_BP)
	{
		row->rule.saved_bp = initial->rule.saved_bp;
		row->rule.bp_offset = initial->rule.bp_offset;
	}
	else if (reg == REG_RA)
		row->end = initial->end;
}

/* The instructions that say nothing about the location. */
static void
run_other(Cursor *cursor, const Entry *entry, uint8_t op, Row *row,
		  const Row *initial)
{
	uint64_t reg, length;

	switch (op)
	{
		case 0x05: /* offset_extended */
			reg = read_uleb(cursor);
			set_saved(row, reg,
					  (int64_t) read_uleb(cursor) * entry->data_align);
			break;
		case 0x11: /* offset_extended_sf */
			reg = read_uleb(cursor);
			set_saved(row, reg, read_sleb(cursor) * entry->data_align);
			break;
		case 0x06: /* restore_extended */
			forget_saved(row, initial, read_uleb(cursor));
			break;
		case 0x07: /* undefined */
			row->end |= read_uleb(cursor) == REG_RA;
			break;
		case 0x08: /* same_value */
			if (read_uleb(cursor) == REG_BP)
				row->rule.saved_bp = AH_BP_SAME;
			break;
		case 0x09: /* register */
			reg = read_uleb(cursor);
			read_uleb(cursor);
			row->odd |= reg == REG_RA || reg == REG_BP;
			break;
		case 0x0c: /* def_cfa */
			set_frame_register(row, read_uleb(cursor));
			set_frame_offset(row, (int64_t) read_uleb(cursor));
			break;
		case 0x12: /* def_cfa_sf */
			set_frame_register(row, read_uleb(cursor));
			set_frame_offset(row, read_sleb(cursor) * entry->data_align);
			break;
		case 0x0d: /* def_cfa_register */
			set_frame_register(row, read_uleb(cursor));
			break;
		case 0x0e: /* def_cfa_offset */
			set_frame_offset(row, (int64_t) read_uleb(cursor));
			break;
		case 0x13: /* def_cfa_offset_sf */
			set_frame_offset(row, read_sleb(cursor) * entry->data_align);
			break;
		case 0x0f: /* def_cfa_expression */
			length = read_uleb(cursor);
			if (length <= (uint64_t) (cursor->end - cursor->at))
				set_frame_expression(row, cursor->at, length);
			skip(cursor, length);
			break;
		case 0x10: /* expression */
		case 0x16: /* val_expression */
			reg = read_uleb(cursor);
			length = read_uleb(cursor);
			if (op == 0x16)
				row->odd |= reg == REG_RA || reg == REG_BP;
			else if (length <= (uint64_t) (cursor->end - cursor->at))
				set_saved_expression(row, reg, cursor->at, length);
			skip(cursor, length);
			break;
		case 0x14: /* val_offset */
		case 0x15: /* val_offset_sf */
			reg = read_uleb(cursor);
			read_uleb(cursor);
			row->odd |= reg == REG_RA || reg == REG_BP;
			break;
		case 0x2e: /* GNU_args_size */
			read_uleb(cursor);
			break;
		case 0x00: /* nop */
			break;
		default:
			cursor->failed = true;
	}
}

/* Moves location on; true when the instruction did that. */
static bool
run_advance(Cursor *cursor, const Entry *entry, uint8_t op, uintptr_t *location)
{
	uint64_t delta;

	if ((op & 0xc0) == 0x40)
		delta = op & 0x3f;
	else if (op == 0x02)
		delta = (uint64_t) read_fixed(cursor, 1, false);
	else if (op == 0x03)
		delta = (uint64_t) read_fixed(cursor, 2, false);
	else if (op == 0x04)
		delta = (uint64_t) read_fixed(cursor, 4, false);
	else
		return false;
	*location += delta * entry->code_align;
	return true;
}

/* Runs instructions up to the address. */
static bool
run(Cursor cursor, const Entry *entry, uintptr_t address, Row *row,
	const Row *initial)
{
	Row remembered[MAX_REMEMBERED];
	uintptr_t location = entry->start;
	int depth = 0;

	while (cursor.at < cursor.end && !cursor.failed)
	{
		uint8_t op = read_byte(&cursor);

		if (run_advance(&cursor, entry, op, &location))
		{
			if (location > address)
				break;
		}
		else if ((op & 0xc0) == 0x80) /* offset */
			set_saved(row, op & 0x3f,
					  (int64_t) read_uleb(&cursor) * entry->data_align);
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
	Entry entry;

	if (!read_entry(fde, &entry) || address - entry.start >= entry.length)
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
