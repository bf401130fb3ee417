/*
 * heap_format_coding.h
 *	  The bytes of a heap snapshot's sections: what its writer and its reader
 *	  share, and nobody else needs.
 *
 * Numbers are varints, ~ marks signed ones, and what a difference and a
 * string are is told in heap_format.h.
 *
 *	PROCESS   the ArxHeapProcess fields in order of declaration
 *	LEDGER    count, then count numbers ~: ArxHeapLedger in its order
 *	COUNTERS  count, then count numbers: ArxHeapCounter in its order
 *	MODULES   count, then for each: start as difference ~ to the end of the one
 *			  before, bytes, start less bias ~, build id (string), path
 *	EPOCHS    count, then the end of each in milliseconds after the start of
 *			  the profile, as difference to the end of the one before
 *	SITES     count, then the sites, see below
 *	CODE      names of generated code: count, then for each: address as
 *			  difference ~ to the one before, bytes, name
 *	LABELS    count, then for each: label, name
 *	SYMBOLS   count of addresses, then for each: module + 1 (0: none), address
 *			  as difference ~ to the last one in that module, count of
 *			  functions from the innermost inlined one outwards (at least 1),
 *			  and these: function, file, line
 *
 * A site is
 *
 *	kind + 8 * flags
 *	label		0 none; n + 1: the nth new one of this section; when n is one
 *				more than there were so far, the label itself follows.  The
 *				first ARX_HEAP_CODED_LABELS are counted, later ones are written
 *				out each time as if they were next.
 *	shared		frames from the root in common with the site before
 *	more		frames that follow these, down to the allocating call:
 *		runs	each: 2 * foreseen + far, until there are no more frames.
 *				First come `foreseen` frames that follow from the table below,
 *				then, unless these were the last, one that does not.  far is 0:
 *				difference ~ to the address that was foreseen, in the same
 *				module.  far is 1: module + 1 (0: none), difference ~ to the
 *				address written last with far in that module (modulo 256).
 *	births
 *	birth bytes	as difference ~ to births * sample_bytes
 *	frees
 *	lifetimes	count of classes with frees, then for each 4 * frees + gap: the
 *				classes left out since the one before; 3 and then gap - 3
 *				when there are more than two
 *	rows		count, then for each: form + 8 * difference to the epoch before
 *				(at first: to 0), and as the form says
 *
 * What follows a frame is foreseen to be what followed it last: under a call
 * sites share their ways down to malloc as well as those from the root, and
 * where they do not, the next address lies in the same function.  The table
 * has ARX_HEAP_FORESEEN entries, found by a hash of the frame (see
 * arx_heap_coding_slot()), is all zero at the start of the section and learns
 * each frame that is written, shared ones excepted.  An entry with address 0
 * foresees nothing: no run uses it, and the frame is far.
 *
 * The forms of a row.  A block of size S stands for the bytes, variance and
 * objects that arx_heap_weigh(S, sample_bytes) gives.
 *
 *	0 ONE		one block: its size
 *	1 EQUAL		samples, size of each
 *	2 EXACT		samples, sum of sizes: nothing was left to chance, so bytes is
 *				that sum, variance 0, objects the samples
 *	3 OTHER		as EQUAL, but sampled at another mean: samples, size of each,
 *				mean as difference ~ to that of the last row of this form (at
 *				first: to sample_bytes)
 *	4 MIXED		samples, sum of sizes, then bytes, square root of variance and
 *				objects * 16, each as difference ~ to what OTHER would give for
 *				blocks of the average size (rounded down, at least 1) at the
 *				mean of the last row of that form
 *
 * The writer takes the first of ONE, EQUAL, EXACT, OTHER that gives the row's
 * three estimates when these are rounded: bytes and the square root of the
 * variance to 1, objects to 1/16.  So nothing that matters is lost: the error
 * of sampling is thousands of bytes.  All rounded figures, birth bytes
 * included, are cut at ARX_HEAP_MAX_FIGURE.
 */
#ifndef ARX_LIBARX_HEAP_FORMAT_CODING_H
#define ARX_LIBARX_HEAP_FORMAT_CODING_H

#include "libarx/heap_format.h"
#include "libarx/varint.h"

/* Forms of a row, in the order in which the writer tries them. */
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
