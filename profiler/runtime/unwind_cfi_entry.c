/*
 * unwind_cfi_entry.c
 *	  Finds the parts of a frame description entry of .eh_frame.
 */
#include "runtime/unwind_cfi.h"

#include <string.h>

/* Encodings of addresses (DW_EH_PE_*). */
#define PE_PCREL 0x10
#define PE_INDIRECT 0x80
#define PE_OMIT 0xff

/* A little-endian number of so many bytes, sign-extended on demand. */
int64_t
ah_cfi_fixed(AhCfiCursor *cursor, int bytes, bool is_signed)
{
	uint64_t value = 0;

	for (int i = 0; i < bytes; i++)
		value |= (uint64_t) ah_cfi_byte(cursor) << (8 * i);
	if (is_signed && bytes < 8 && (value >> (8 * bytes - 1) & 1))
		value |= ~0ULL << (8 * bytes);
	return (int64_t) value;
}

/* Either kind of number: its bits, how many these are, and its last byte. */
static uint64_t
read_leb(AhCfiCursor *cursor, int *bits, uint8_t *last)
{
	uint64_t value = 0;

	*bits = 0;
	do
	{
		*last = ah_cfi_byte(cursor);
		if (*bits < 64)
			value |= (uint64_t) (*last & 0x7f) << *bits;
		*bits += 7;
	} while (*last & 0x80);
	return value;
}

uint64_t
ah_cfi_uleb(AhCfiCursor *cursor)
{
	uint8_t last;
	int bits;

	return read_leb(cursor, &bits, &last);
}

int64_t
ah_cfi_sleb(AhCfiCursor *cursor)
{
	uint8_t last;
	int bits;
	uint64_t value = read_leb(cursor, &bits, &last);

	if (bits < 64 && (last & 0x40))
		value |= ~0ULL << bits;
	return (int64_t) value;
}

void
ah_cfi_skip(AhCfiCursor *cursor, uint64_t bytes)
{
	if (bytes > (uint64_t) (cursor->end - cursor->at))
		cursor->failed = true;
	else
		cursor->at += bytes;
}

/* An address in one of the encodings; relative ones without what they add to. */
static uintptr_t
read_address(AhCfiCursor *cursor, uint8_t encoding, bool relative)
{
	uintptr_t here = (uintptr_t) cursor->at;
	int64_t value = 0;

	switch (encoding & 0x0f)
	{
		case 0x00:
		case 0x04:
		case 0x0c:
			value = ah_cfi_fixed(cursor, 8, false);
			break;
		case 0x02:
			value = ah_cfi_fixed(cursor, 2, false);
			break;
		case 0x03:
			value = ah_cfi_fixed(cursor, 4, false);
			break;
		case 0x0a:
			value = ah_cfi_fixed(cursor, 2, true);
			break;
		case 0x0b:
			value = ah_cfi_fixed(cursor, 4, true);
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
static AhCfiCursor
open_entry(const uint8_t *at)
{
	AhCfiCursor cursor = {at, at + 4, false};
	uint32_t length = (uint32_t) ah_cfi_fixed(&cursor, 4, false);

	cursor.failed = length == 0 || length == UINT32_MAX;
	if (!cursor.failed)
		cursor.end = cursor.at + length;
	return cursor;
}

/* Reads the common entry; returns the encoding of addresses in its FDEs. */
static uint8_t
read_common(const uint8_t *cie, AhCfiEntry *entry, bool *has_data)
{
	AhCfiCursor cursor = open_entry(cie);
	const char *augmentation;
	const uint8_t *data_end = NULL;
	uint8_t version, encoding = 0;

	ah_cfi_fixed(&cursor, 4, false);
	version = ah_cfi_byte(&cursor);
	augmentation = (const char *) cursor.at;
	while (!cursor.failed && ah_cfi_byte(&cursor) != 0)
		;
	entry->code_align = ah_cfi_uleb(&cursor);
	entry->data_align = ah_cfi_sleb(&cursor);
	if ((version == 1 ? ah_cfi_byte(&cursor) : ah_cfi_uleb(&cursor)) !=
		AH_REG_RA)
		cursor.failed = true;
	*has_data = augmentation[0] == 'z';
	if (*has_data)
	{
		uint64_t length = ah_cfi_uleb(&cursor);

		data_end = cursor.at + length;
		for (const char *c = augmentation + 1; *c && !cursor.failed; c++)
		{
			if (*c == 'R')
				encoding = ah_cfi_byte(&cursor);
			else if (*c == 'L')
				ah_cfi_byte(&cursor);
			else if (*c == 'P')
			{
				uint8_t personality = ah_cfi_byte(&cursor);

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

bool
ah_cfi_open(const uint8_t *fde, AhCfiEntry *entry)
{
	AhCfiCursor cursor = open_entry(fde);
	const uint8_t *link = cursor.at;
	uint32_t distance = (uint32_t) ah_cfi_fixed(&cursor, 4, false);
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
		ah_cfi_skip(&cursor, ah_cfi_uleb(&cursor));
	entry->own = cursor;
	return !cursor.failed;
}
