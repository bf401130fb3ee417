/*
 * heap_format_read_entries.c
 *	  Reads the entries of a heap snapshot's sections, one by one.
 *
 * Once something is out of bounds the input has failed: every number is 0 from
 * there on, every text empty, and each entry is refused.
 */
#include <string.h>

#include "libarx/heap_format_coding.h"

void
arx_heap_read_start(ArxHeapReader *reader, ArxHeapSectionKind kind,
					ArxHeapCursor *cursor)
{
	memset(cursor, 0, sizeof(*cursor));
	cursor->input.reader = reader;
	cursor->kind = kind;
	cursor->coding.sample_bytes = reader->sample_bytes;
	cursor->coding.nmodules =
		(uint32_t) reader->sections[ARX_HEAP_MODULES].count;
	cursor->coding.nepochs = (uint32_t) reader->sections[ARX_HEAP_EPOCHS].count;
	arx_heap_coding_begin(&cursor->coding);
	if ((uint32_t) kind > ARX_HEAP_SYMBOLS)
		return;
	cursor->input.pos = reader->sections[kind].start;
	cursor->input.end = reader->sections[kind].end;
	cursor->left = reader->sections[kind].count;
}

/* Takes one from the entries that are left: OK, or why there is none. */
static ArxHeapReadStatus
take_entry(ArxHeapCursor *cursor, ArxHeapSectionKind kind)
{
	if (cursor->kind != kind)
		return ARX_HEAP_READ_DONE;
	if (cursor->input.failed)
		return ARX_HEAP_READ_DAMAGED;
	if (cursor->left == 0)
		return ARX_HEAP_READ_DONE;
	cursor->left--;
	return ARX_HEAP_READ_OK;
}

static ArxHeapReadStatus
entry_status(const ArxHeapCursor *cursor)
{
	return cursor->input.failed ? ARX_HEAP_READ_DAMAGED : ARX_HEAP_READ_OK;
}

ArxHeapReadStatus
arx_heap_read_module(ArxHeapCursor *cursor, ArxHeapModule *module)
{
	ArxHeapReadStatus status = take_entry(cursor, ARX_HEAP_MODULES);
	ArxHeapInput *input = &cursor->input;

	if (status != ARX_HEAP_READ_OK)
		return status;
	module->start = cursor->coding.last_value + arx_heap_get_difference(input);
	module->end =
		module->start + arx_heap_get_number(input, UINT64_MAX - module->start);
	module->bias = module->start - arx_heap_get_difference(input);
	module->build_id = arx_heap_get_text(input, ARX_HEAP_MAX_BUILD_ID);
	module->path = arx_heap_get_text(input, ARX_HEAP_MAX_STRING);
	cursor->coding.last_value = module->end;
	return entry_status(cursor);
}

ArxHeapReadStatus
arx_heap_read_epoch(ArxHeapCursor *cursor, uint64_t *end_ms)
{
	ArxHeapReadStatus status = take_entry(cursor, ARX_HEAP_EPOCHS);
	uint64_t *last = &cursor->coding.last_value;

	if (status != ARX_HEAP_READ_OK)
		return status;
	*last += arx_heap_get_number(&cursor->input, UINT64_MAX - *last);
	*end_ms = *last;
	return entry_status(cursor);
}

static uint64_t
get_label(ArxHeapInput *input, ArxHeapCoding *coding)
{
	uint64_t number = arx_heap_get_number(input, coding->nlabels + 1);
	uint64_t label;

	if (number == 0)
		return 0;
	if (number <= coding->nlabels)
		return coding->labels[number - 1];
	label = arx_heap_get_number(input, UINT64_MAX);
	if (coding->nlabels < ARX_HEAP_CODED_LABELS)
		coding->labels[coding->nlabels++] = label;
	return label;
}

/* A module's number, written plus 1 so that none is 0. */
static uint32_t
get_module(ArxHeapInput *input, const ArxHeapCoding *coding)
{
	uint64_t number = arx_heap_get_number(input, coding->nmodules);

	return number == 0 ? ARX_HEAP_NO_MODULE : (uint32_t) number - 1;
}

/* The frame that ends a run. */
static ArxHeapFrame
get_frame(ArxHeapInput *input, ArxHeapCoding *coding,
		  const ArxHeapFrame *foreseen, bool far)
{
	ArxHeapFrame frame = *foreseen;
	uint64_t *last;

	if (far)
	{
		frame.module = get_module(input, coding);
		last = &coding->last_address[frame.module & 255];
		frame.address = *last + arx_heap_get_difference(input);
		*last = frame.address;
	}
	else if (foreseen->address == 0)
		arx_heap_input_fail(input, "a frame was not foreseen");
	else
		frame.address += arx_heap_get_difference(input);
	return frame;
}

/* Frames from level on: some that are foreseen, and one that is not. */
static uint32_t
get_run(ArxHeapInput *input, ArxHeapCoding *coding, uint32_t level)
{
	uint32_t left = coding->nframes - level;
	uint32_t head = (uint32_t) arx_heap_get_number(input, 2 * left);
	uint32_t run = head / 2;
	ArxHeapFrame *foreseen;

	for (uint32_t i = 0; i < run; i++, level++)
	{
		coding->frames[level] = *arx_heap_coding_foreseen(coding, level);
		if (coding->frames[level].address == 0)
			arx_heap_input_fail(input, "a frame was not foreseen");
	}
	if (run == left)
		return level;
	foreseen = arx_heap_coding_foreseen(coding, level);
	*foreseen = get_frame(input, coding, foreseen, head & 1);
	coding->frames[level] = *foreseen;
	return level + 1;
}

static void
get_frames(ArxHeapInput *input, ArxHeapCoding *coding)
{
	uint32_t shared = (uint32_t) arx_heap_get_number(input, coding->nframes);
	uint32_t more =
		(uint32_t) arx_heap_get_number(input, ARX_HEAP_MAX_FRAMES - shared);
	uint32_t level = shared;

	coding->nframes = shared + more;
	while (level < coding->nframes && !input->failed)
		level = get_run(input, coding, level);
}

static void
get_lifetimes(ArxHeapInput *input, uint32_t *lifetimes)
{
	uint64_t n = arx_heap_get_number(input, ARX_HEAP_LIFETIME_CLASSES);
	uint64_t at = 0;

	memset(lifetimes, 0, ARX_HEAP_LIFETIME_CLASSES * sizeof(*lifetimes));
	for (uint64_t i = 0; i < n; i++, at++)
	{
		uint64_t head = arx_heap_get_number(
			input, (UINT64_C(1) << (32 + ARX_HEAP_LIFETIME_GAP_BITS)) - 1);
		unsigned gap = head & ((1 << ARX_HEAP_LIFETIME_GAP_BITS) - 1);

		at += gap;
		if (gap == ARX_HEAP_LIFETIME_GAP_LONG)
			at += arx_heap_get_number(input, ARX_HEAP_LIFETIME_CLASSES);
		if (at >= ARX_HEAP_LIFETIME_CLASSES)
		{
			arx_heap_input_fail(input, "a class of lifetimes does not exist");
			return;
		}
		lifetimes[at] = (uint32_t) (head >> ARX_HEAP_LIFETIME_GAP_BITS);
	}
}

/* A rounded figure, from its difference to what was to be expected. */
static int64_t
get_figure(ArxHeapInput *input, int64_t expected)
{
	uint64_t figure = (uint64_t) expected + arx_heap_get_difference(input);

	if (figure > (uint64_t) ARX_HEAP_MAX_FIGURE)
	{
		arx_heap_input_fail(input, "an estimate is out of bounds");
		return 0;
	}
	return (int64_t) figure;
}

/* Reads the rows of the site at hand that nobody asked for. */
static void
skip_rows(ArxHeapCursor *cursor)
{
	ArxHeapRow row;

	while (cursor->rows_left > 0 &&
		   arx_heap_read_row(cursor, &row) == ARX_HEAP_READ_OK)
		;
}

ArxHeapReadStatus
arx_heap_read_site(ArxHeapCursor *cursor, ArxHeapSite *site)
{
	ArxHeapInput *input = &cursor->input;
	ArxHeapCoding *coding = &cursor->coding;
	ArxHeapReadStatus status;
	uint64_t head;
	double expected;

	skip_rows(cursor);
	status = take_entry(cursor, ARX_HEAP_SITES);
	if (status != ARX_HEAP_READ_OK)
		return status;
	head = arx_heap_get_number(
		input, (UINT64_C(1) << (32 + ARX_HEAP_SITE_KIND_BITS)) - 1);
	site->kind = head & ((1 << ARX_HEAP_SITE_KIND_BITS) - 1);
	site->flags = (uint32_t) (head >> ARX_HEAP_SITE_KIND_BITS);
	if (site->kind > ARX_HEAP_SITE_RESERVE)
		arx_heap_input_fail(input, "a kind of site does not exist");
	site->label = get_label(input, coding);
	get_frames(input, coding);
	site->nframes = coding->nframes;
	site->frames = coding->frames;
	site->births = arx_heap_get_number(input, UINT64_MAX);
	expected = (double) site->births * (double) coding->sample_bytes;
	site->birth_bytes =
		(double) get_figure(input, arx_heap_round_figure(expected));
	site->frees = arx_heap_get_number(input, UINT64_MAX);
	get_lifetimes(input, site->lifetimes);
	site->nrows = (uint32_t) arx_heap_get_number(input, UINT32_MAX);
	site->rows = NULL;
	if (site->nrows > arx_heap_input_left(input) / 2)
		arx_heap_input_fail(input, "a site has more rows than there is room");
	cursor->rows_left = input->failed ? 0 : site->nrows;
	cursor->last_epoch = 0;
	return entry_status(cursor);
}

/* The sum of samples blocks of one size. */
static void
set_size(ArxHeapInput *input, ArxHeapRow *row, uint64_t size)
{
	if (row->samples == 0 || size > UINT64_MAX / row->samples)
		arx_heap_input_fail(input, "a row's blocks are too many or too large");
	else
		row->size = size * row->samples;
}

static void
get_mixed(ArxHeapInput *input, const ArxHeapCoding *coding, ArxHeapRow *row)
{
	ArxHeapFigures base;
	double deviation;

	row->size = arx_heap_get_number(input, UINT64_MAX);
	base = arx_heap_average_blocks(row->samples, row->size, coding->mean);
	row->bytes = (double) get_figure(input, base.bytes);
	deviation = (double) get_figure(input, base.deviation);
	row->variance = deviation * deviation;
	row->objects = (double) get_figure(input, base.objects16) / 16;
}

/* What the form of the row says, behind epoch and samples. */
static void
get_estimates(ArxHeapInput *input, ArxHeapCoding *coding, unsigned form,
			  ArxHeapRow *row)
{
	uint64_t size;

	if (form == ARX_HEAP_FORM_MIXED)
	{
		get_mixed(input, coding, row);
		return;
	}
	size = arx_heap_get_number(input, UINT64_MAX);
	if (form == ARX_HEAP_FORM_EXACT)
	{
		row->size = size;
		row->bytes = (double) size;
		row->objects = row->samples;
		return;
	}
	set_size(input, row, size);
	if (form == ARX_HEAP_FORM_OTHER)
	{
		coding->mean += arx_heap_get_difference(input);
		arx_heap_equal_blocks(row, size, coding->mean);
	}
	else
		arx_heap_equal_blocks(row, size, coding->sample_bytes);
}

ArxHeapReadStatus
arx_heap_read_row(ArxHeapCursor *cursor, ArxHeapRow *row)
{
	ArxHeapInput *input = &cursor->input;
	uint64_t head;
	unsigned form;

	if (input->failed && cursor->kind == ARX_HEAP_SITES)
		return ARX_HEAP_READ_DAMAGED;
	if (cursor->rows_left == 0)
		return ARX_HEAP_READ_DONE;
	cursor->rows_left--;
	memset(row, 0, sizeof(*row));
	head = arx_heap_get_number(input, UINT32_MAX);
	form = head & ((1 << ARX_HEAP_FORM_BITS) - 1);
	head = (head >> ARX_HEAP_FORM_BITS) + cursor->last_epoch;
	if (form > ARX_HEAP_FORM_MIXED)
		arx_heap_input_fail(input, "a form of row does not exist");
	if (head >= cursor->coding.nepochs)
		arx_heap_input_fail(input, "a row's epoch does not exist");
	cursor->last_epoch = row->epoch = (uint32_t) head;
	row->samples = 1;
	if (form != ARX_HEAP_FORM_ONE)
		row->samples = (uint32_t) arx_heap_get_number(input, UINT32_MAX);
	get_estimates(input, &cursor->coding, form, row);
	return entry_status(cursor);
}

ArxHeapReadStatus
arx_heap_read_code(ArxHeapCursor *cursor, ArxHeapCode *code)
{
	ArxHeapReadStatus status = take_entry(cursor, ARX_HEAP_CODE);
	ArxHeapInput *input = &cursor->input;

	if (status != ARX_HEAP_READ_OK)
		return status;
	code->address = cursor->coding.last_value + arx_heap_get_difference(input);
	code->bytes = arx_heap_get_number(input, UINT64_MAX - code->address);
	code->name = arx_heap_get_text(input, ARX_HEAP_MAX_STRING);
	cursor->coding.last_value = code->address;
	return entry_status(cursor);
}

ArxHeapReadStatus
arx_heap_read_label(ArxHeapCursor *cursor, ArxHeapLabel *label)
{
	ArxHeapReadStatus status = take_entry(cursor, ARX_HEAP_LABELS);

	if (status != ARX_HEAP_READ_OK)
		return status;
	label->label = arx_heap_get_number(&cursor->input, UINT64_MAX);
	label->name = arx_heap_get_text(&cursor->input, ARX_HEAP_MAX_STRING);
	return entry_status(cursor);
}

/* Goes on to the next address; its functions follow. */
static ArxHeapReadStatus
next_symbol_address(ArxHeapCursor *cursor)
{
	ArxHeapReadStatus status = take_entry(cursor, ARX_HEAP_SYMBOLS);
	ArxHeapInput *input = &cursor->input;
	ArxHeapSymbol *symbol = &cursor->symbol;
	uint64_t *last;

	if (status != ARX_HEAP_READ_OK)
		return status;
	symbol->module = get_module(input, &cursor->coding);
	last = &cursor->coding.last_address[symbol->module & 255];
	*last += arx_heap_get_difference(input);
	symbol->address = *last;
	symbol->count = (uint32_t) arx_heap_get_number(input, UINT32_MAX);
	if (symbol->count == 0 || symbol->count > arx_heap_input_left(input) / 3)
		arx_heap_input_fail(input,
							"an address has an impossible number of "
							"functions");
	cursor->functions_left = symbol->count;
	return entry_status(cursor);
}

ArxHeapReadStatus
arx_heap_read_symbol(ArxHeapCursor *cursor, ArxHeapSymbol *symbol)
{
	ArxHeapInput *input = &cursor->input;
	ArxHeapReadStatus status = ARX_HEAP_READ_OK;

	if (cursor->functions_left == 0 || input->failed)
		status = next_symbol_address(cursor);
	if (status != ARX_HEAP_READ_OK)
		return status;
	*symbol = cursor->symbol;
	symbol->depth = symbol->count - cursor->functions_left--;
	symbol->function = arx_heap_get_text(input, ARX_HEAP_MAX_STRING);
	symbol->file = arx_heap_get_text(input, ARX_HEAP_MAX_STRING);
	symbol->line = (uint32_t) arx_heap_get_number(input, UINT32_MAX);
	return entry_status(cursor);
}
