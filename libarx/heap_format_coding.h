/*
 * heap_format_coding.h
 *	  What the writer and the reader of heap snapshots share, and nobody else.
 */
#ifndef ARX_LIBARX_HEAP_FORMAT_CODING_H
#define ARX_LIBARX_HEAP_FORMAT_CODING_H

#include "libarx/heap_format.h"
#include "libarx/varint.h"

/* Forms of a row; heap_format.h says what each holds. */
typedef enum ArxHeapForm
{
	ARX_HEAP_FORM_ONE = 0,
	ARX_HEAP_FORM_EQUAL,
	ARX_HEAP_FORM_EXACT,
	ARX_HEAP_FORM_OTHER,
	ARX_HEAP_FORM_MIXED,
} ArxHeapForm;

#define ARX_HEAP_FORM_BITS 3		  /* before the epoch */
#define ARX_HEAP_SITE_KIND_BITS 3	  /* before the flags */
#define ARX_HEAP_LIFETIME_GAP_BITS 2  /* before the frees */
#define ARX_HEAP_LIFETIME_GAP_LONG 3U /* the gap follows, less this */

/* Offsets in ArxHeapProcess of its fields, in order of declaration. */
#define ARX_HEAP_PROCESS_NUMBERS 11
#define ARX_HEAP_PROCESS_TEXTS 5
extern const uint16_t arx_heap_process_numbers[ARX_HEAP_PROCESS_NUMBERS];
extern const uint16_t arx_heap_process_texts[ARX_HEAP_PROCESS_TEXTS];

/* The estimates of a row as they are rounded. */
typedef struct ArxHeapFigures
{
	int64_t bytes;
	int64_t deviation; /* square root of variance */
	int64_t objects16; /* objects * 16 */
} ArxHeapFigures;

/* To the nearest of 0 .. ARX_HEAP_MAX_FIGURE; a NaN is 0. */
extern int64_t arx_heap_round_figure(double value);

/* The estimates of a row, rounded. */
extern ArxHeapFigures arx_heap_round_row(const ArxHeapRow *row);

/* Sets the estimates of a row whose samples are blocks of the same size. */
extern void
arx_heap_equal_blocks(ArxHeapRow *row, uint64_t size, uint64_t mean);

/* The same, rounded, for samples blocks that have size bytes together. */
extern ArxHeapFigures
arx_heap_average_blocks(uint32_t samples, uint64_t size, uint64_t mean);

/* Forgets what was learnt from the section before. */
extern void arx_heap_coding_begin(ArxHeapCoding *coding);

/*
 * Where the table of what is foreseen keeps what follows a frame:
 *
 *		((address XOR module * 2^48) * 0x9e3779b97f4a7c15) / 2^53
 *
 * modulo 2^64.  The root follows { ARX_HEAP_NO_MODULE, 0 }.
 */
extern unsigned arx_heap_coding_slot(const ArxHeapFrame *frame);

/* What is foreseen at a level of the site whose frames above it are known. */
extern ArxHeapFrame *
arx_heap_coding_foreseen(ArxHeapCoding *coding, uint32_t level);

/* Zig-zag: small numbers of either sign are small. */
static inline uint64_t
arx_heap_zigzag(int64_t value)
{
	return ((uint64_t) value << 1) ^ (value < 0 ? UINT64_MAX : 0);
}

/* Its reverse; as an unsigned number, for what is added modulo 2^64. */
static inline uint64_t
arx_heap_unzigzag(uint64_t coded)
{
	return (coded >> 1) ^ (coded & 1 ? UINT64_MAX : 0);
}

/* Adds a number to the open section. */
extern void arx_heap_put_number(ArxHeapWriter *writer, uint64_t value);

/* Adds value less base, modulo 2^64, as a signed number. */
extern void
arx_heap_put_difference(ArxHeapWriter *writer, uint64_t value, uint64_t base);

/*
 * Takes one from the entries announced for a section of this kind.  False when
 * it was not, or when the writing has failed: nothing is to be put then.
 */
extern bool arx_heap_take_entry(ArxHeapWriter *writer, ArxHeapSectionKind kind);

/* Notes what is wrong, once, and where. */
static inline void
arx_heap_input_fail(ArxHeapInput *input, const char *what)
{
	if (input->failed)
		return;
	input->failed = true;
	input->reader->error = what;
	input->reader->error_offset = (size_t) (input->pos - input->reader->bytes);
}

static inline size_t
arx_heap_input_left(const ArxHeapInput *input)
{
	return (size_t) (input->end - input->pos);
}

/* The next number, which is max at most; 0 when that fails. */
static inline uint64_t
arx_heap_get_number(ArxHeapInput *input, uint64_t max)
{
	const uint8_t *pos = input->pos;
	uint64_t value = 0;

	if (input->failed)
		return 0;
	if (arx_varint_get(&pos, input->end, &value) != ARX_VARINT_OK)
		arx_heap_input_fail(input, "a number is cut off or badly written");
	else if (value > max)
		arx_heap_input_fail(input, "a number is out of bounds");
	else
	{
		input->pos = pos;
		return value;
	}
	return 0;
}

/* The next signed number, as one to be added modulo 2^64. */
static inline uint64_t
arx_heap_get_difference(ArxHeapInput *input)
{
	return arx_heap_unzigzag(arx_heap_get_number(input, UINT64_MAX));
}

/* The next string, of max bytes at most; an empty one when that fails. */
static inline ArxHeapText
arx_heap_get_text(ArxHeapInput *input, uint32_t max)
{
	ArxHeapText text = {"", 0};
	uint32_t length = (uint32_t) arx_heap_get_number(input, max);

	if (length > arx_heap_input_left(input))
		arx_heap_input_fail(input, "a text is cut off");
	else if (length > 0)
	{
		text.data = (const char *) input->pos;
		text.length = length;
		input->pos += length;
	}
	return text;
}

#endif
