/*
 * heap_format_write_site.c
 *	  Writes the sites of a heap snapshot: their frames and their rows.
 */
#include <math.h>

#include "libarx/heap_format_coding.h"

/* The label, or its number when it was there before. */
static void
put_site_label(ArxHeapWriter *writer, uint64_t label)
{
	ArxHeapCoding *coding = &writer->coding;
	uint32_t i = 0;

	if (label == 0)
	{
		arx_heap_put_number(writer, 0);
		return;
	}
	while (i < coding->nlabels && coding->labels[i] != label)
		i++;
	arx_heap_put_number(writer, i + 1);
	if (i < coding->nlabels)
		return;
	arx_heap_put_number(writer, label);
	if (i < ARX_HEAP_CODED_LABELS)
		coding->labels[coding->nlabels++] = label;
}

/* A frame that the file can hold: its module exists, or is none. */
static ArxHeapFrame
sound_frame(const ArxHeapCoding *coding, const ArxHeapFrame *frame)
{
	ArxHeapFrame sound = *frame;

	if (sound.module >= coding->nmodules)
		sound.module = ARX_HEAP_NO_MODULE;
	return sound;
}

static bool
is_same_frame(const ArxHeapFrame *a, const ArxHeapFrame *b)
{
	return a->module == b->module && a->address == b->address;
}

/* How many of the frames that are known from level on are foreseen in a row. */
static uint32_t
count_foreseen(ArxHeapCoding *coding, uint32_t level)
{
	uint32_t n = 0;

	while (level + n < coding->nframes)
	{
		const ArxHeapFrame *frame = &coding->frames[level + n];

		if (frame->address == 0 ||
			!is_same_frame(frame, arx_heap_coding_foreseen(coding, level + n)))
			break;
		n++;
	}
	return n;
}

/* A run: what is foreseen from level on, and one frame that is not. */
static uint32_t
put_run(ArxHeapWriter *writer, uint32_t level)
{
	ArxHeapCoding *coding = &writer->coding;
	uint32_t run = count_foreseen(coding, level);
	const ArxHeapFrame *frame;
	ArxHeapFrame *foreseen;
	uint64_t *last;

	level += run;
	if (level == coding->nframes)
	{
		arx_heap_put_number(writer, 2 * run);
		return level;
	}
	frame = &coding->frames[level];
	foreseen = arx_heap_coding_foreseen(coding, level);
	if (foreseen->address != 0 && foreseen->module == frame->module)
	{
		arx_heap_put_number(writer, 2 * run);
		arx_heap_put_difference(writer, frame->address, foreseen->address);
	}
	else
	{
		last = &coding->last_address[frame->module & 255];
		arx_heap_put_number(writer, 2 * run + 1);
		arx_heap_put_number(writer, frame->module + 1U);
		arx_heap_put_difference(writer, frame->address, *last);
		*last = frame->address;
	}
	*foreseen = *frame;
	return level + 1;
}

static void
put_frames(ArxHeapWriter *writer, const ArxHeapFrame *frames, uint32_t n)
{
	ArxHeapCoding *coding = &writer->coding;
	uint32_t level = 0;

	for (; level < n && level < coding->nframes; level++)
	{
		ArxHeapFrame frame = sound_frame(coding, &frames[level]);

		if (!is_same_frame(&frame, &coding->frames[level]))
			break;
	}
	arx_heap_put_number(writer, level);
	arx_heap_put_number(writer, n - level);
	for (uint32_t i = level; i < n; i++)
		coding->frames[i] = sound_frame(coding, &frames[i]);
	coding->nframes = n;
	while (level < n)
		level = put_run(writer, level);
}

static void
put_lifetimes(ArxHeapWriter *writer, const uint32_t *lifetimes)
{
	int next = 0;
	int n = 0;

	for (int i = 0; i < ARX_HEAP_LIFETIME_CLASSES; i++)
		n += lifetimes[i] > 0;
	arx_heap_put_number(writer, (uint64_t) n);
	for (int i = 0; i < ARX_HEAP_LIFETIME_CLASSES; i++)
	{
		uint64_t frees = (uint64_t) lifetimes[i] << ARX_HEAP_LIFETIME_GAP_BITS;
		unsigned gap = (unsigned) (i - next);

		if (frees == 0)
			continue;
		if (gap < ARX_HEAP_LIFETIME_GAP_LONG)
			arx_heap_put_number(writer, frees + gap);
		else
		{
			arx_heap_put_number(writer, frees + ARX_HEAP_LIFETIME_GAP_LONG);
			arx_heap_put_number(writer, gap - ARX_HEAP_LIFETIME_GAP_LONG);
		}
		next = i + 1;
	}
}

/* Do blocks of one size, sampled at this mean, give the row's estimates? */
static bool
is_equal(const ArxHeapRow *row, const ArxHeapFigures *figures, uint64_t mean)
{
	ArxHeapFigures equal =
		arx_heap_average_blocks(row->samples, row->size, mean);

	return row->samples > 0 && row->size % row->samples == 0 &&
		equal.bytes == figures->bytes &&
		equal.deviation == figures->deviation &&
		equal.objects16 == figures->objects16;
}

static bool
is_exact(const ArxHeapRow *row, const ArxHeapFigures *figures)
{
	return figures->deviation == 0 &&
		figures->objects16 == 16 * (int64_t) row->samples &&
		figures->bytes == arx_heap_round_figure((double) row->size);
}

/* The mean at which blocks of one size stand for what the row says: from
 * bytes = size / (1 - exp(-size / mean)); 0 when there is none. */
static uint64_t
solve_mean(const ArxHeapRow *row)
{
	double size;
	double bytes;
	double mean;

	if (row->samples == 0)
		return 0;
	size = (double) row->size / row->samples;
	bytes = row->bytes / row->samples;
	if (!(bytes > size))
		return 0;
	mean = -size / log1p(-size / bytes);
	return (uint64_t) arx_heap_round_figure(mean);
}

static ArxHeapForm
choose_form(const ArxHeapCoding *coding, const ArxHeapRow *row,
			const ArxHeapFigures *figures, uint64_t *mean)
{
	if (is_equal(row, figures, coding->sample_bytes))
		return row->samples == 1 ? ARX_HEAP_FORM_ONE : ARX_HEAP_FORM_EQUAL;
	if (is_exact(row, figures))
		return ARX_HEAP_FORM_EXACT;
	*mean = solve_mean(row);
	if (*mean > 0 && is_equal(row, figures, *mean))
		return ARX_HEAP_FORM_OTHER;
	return ARX_HEAP_FORM_MIXED;
}

/* The estimates, as differences to those of blocks of the average size. */
static void
put_mixed(ArxHeapWriter *writer, const ArxHeapRow *row,
		  const ArxHeapFigures *figures)
{
	ArxHeapFigures base =
		arx_heap_average_blocks(row->samples, row->size, writer->coding.mean);

	arx_heap_put_number(writer, row->size);
	arx_heap_put_difference(writer, (uint64_t) figures->bytes,
							(uint64_t) base.bytes);
	arx_heap_put_difference(writer, (uint64_t) figures->deviation,
							(uint64_t) base.deviation);
	arx_heap_put_difference(writer, (uint64_t) figures->objects16,
							(uint64_t) base.objects16);
}

static void
put_row(ArxHeapWriter *writer, const ArxHeapRow *row, uint32_t last_epoch)
{
	ArxHeapFigures figures = arx_heap_round_row(row);
	uint64_t mean = 0;
	ArxHeapForm form = choose_form(&writer->coding, row, &figures, &mean);
	uint64_t epochs = row->epoch - last_epoch;

	arx_heap_put_number(writer, (epochs << ARX_HEAP_FORM_BITS) + form);
	if (form != ARX_HEAP_FORM_ONE)
		arx_heap_put_number(writer, row->samples);
	switch (form)
	{
		case ARX_HEAP_FORM_ONE:
		case ARX_HEAP_FORM_EXACT:
			arx_heap_put_number(writer, row->size);
			break;
		case ARX_HEAP_FORM_EQUAL:
			arx_heap_put_number(writer, row->size / row->samples);
			break;
		case ARX_HEAP_FORM_OTHER:
			arx_heap_put_number(writer, row->size / row->samples);
			arx_heap_put_difference(writer, mean, writer->coding.mean);
			writer->coding.mean = mean;
			break;
		case ARX_HEAP_FORM_MIXED:
			put_mixed(writer, row, &figures);
			break;
	}
}

static void
put_rows(ArxHeapWriter *writer, const ArxHeapRow *rows, uint32_t n)
{
	uint32_t epoch = 0;

	arx_heap_put_number(writer, n);
	for (uint32_t i = 0; i < n; i++)
	{
		if (rows[i].epoch < epoch || rows[i].epoch >= writer->coding.nepochs)
		{
			writer->failed = true;
			return;
		}
		put_row(writer, &rows[i], epoch);
		epoch = rows[i].epoch;
	}
}

void
arx_heap_write_site(ArxHeapWriter *writer, const ArxHeapSite *site)
{
	const ArxHeapFrame *frames = site->frames;
	uint32_t nframes = site->nframes;
	uint64_t flags = site->flags;
	double expected = (double) site->births * writer->coding.sample_bytes;

	if (site->kind > ARX_HEAP_SITE_RESERVE)
		writer->failed = true;
	if (!arx_heap_take_entry(writer, ARX_HEAP_SITES))
		return;
	if (nframes > ARX_HEAP_MAX_FRAMES)
	{
		frames += nframes - ARX_HEAP_MAX_FRAMES;
		nframes = ARX_HEAP_MAX_FRAMES;
		flags |= ARX_HEAP_SITE_TRUNCATED;
	}
	arx_heap_put_number(writer,
						(flags << ARX_HEAP_SITE_KIND_BITS) + site->kind);
	put_site_label(writer, site->label);
	put_frames(writer, frames, nframes);
	arx_heap_put_number(writer, site->births);
	arx_heap_put_difference(writer,
							(uint64_t) arx_heap_round_figure(site->birth_bytes),
							(uint64_t) arx_heap_round_figure(expected));
	arx_heap_put_number(writer, site->frees);
	put_lifetimes(writer, site->lifetimes);
	put_rows(writer, site->rows, site->nrows);
}
