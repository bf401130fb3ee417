/*
 * histogram.c
 *	  Edges, quantiles, sums and the stored form of the latency histogram.
 *
 * The layout and the error bound are in the header.  The quantiles and the
 * writer walk chunks; for the dense form they get pointers into its counts,
 * so that there is one walk to get right.
 */
#include <float.h>
#include <math.h>

#include "libarx/histogram.h"
#include "libarx/varint.h"

_Static_assert(sizeof(double) == 8, "the layout is that of IEEE doubles");
_Static_assert(ARX_HISTOGRAM_NBUCKETS == 1186, "documented number of buckets");
_Static_assert(ARX_HISTOGRAM_NCHUNKS == 75, "documented number of chunks");

/*
 * Lower edge of inner bucket number 0 .. ARX_HISTOGRAM_NINNER, the last being
 * the upper edge of the range: the inverse of arx_histogram_bucket_us.
 */
static double
inner_edge_us(int inner)
{
	int64_t bits;
	double us;

	bits = ((INT64_C(1023) << ARX_HISTOGRAM_SUB_BITS) + inner)
		<< (52 - ARX_HISTOGRAM_SUB_BITS);
	memcpy(&us, &bits, sizeof(us));
	return us;
}

double
arx_histogram_lower_us(int index)
{
	if (index <= ARX_HISTOGRAM_UNDERFLOW)
		return -(double) INFINITY;
	return inner_edge_us(index - 1);
}

double
arx_histogram_upper_us(int index)
{
	if (index >= ARX_HISTOGRAM_OVERFLOW)
		return (double) INFINITY;
	return inner_edge_us(index);
}

double
arx_histogram_value_us(int index)
{
	double lower;
	double upper;

	if (index <= ARX_HISTOGRAM_UNDERFLOW)
		return ARX_HISTOGRAM_UNDERFLOW_US;
	if (index >= ARX_HISTOGRAM_OVERFLOW)
		return ARX_HISTOGRAM_MAX_US;
	lower = arx_histogram_lower_us(index);
	upper = arx_histogram_upper_us(index);
	return 2.0 * lower * upper / (lower + upper);
}

uint64_t
arx_histogram_rank(double q, uint64_t total)
{
	double wanted = q * (double) total;
	uint64_t rank;

	if (!(wanted > 1.0))
		return 1;
	if (wanted >= (double) total)
		return total;
	rank = (uint64_t) wanted;
	if ((double) rank < wanted)
		rank++;
	return rank;
}

void
arx_histogram_quantiles_chunked(const uint64_t *const chunks[], uint64_t total,
								const double *q, int nq, double *out_us)
{
	uint64_t seen = 0;
	double last_us = (double) NAN;
	int done = 0;

	for (int chunk = 0; chunk < ARX_HISTOGRAM_NCHUNKS; chunk++)
	{
		const uint64_t *counts = chunks[chunk];

		if (total == 0 || done == nq)
			break;
		if (counts == NULL)
			continue;
		for (int slot = 0; slot < ARX_HISTOGRAM_CHUNK_SLOTS; slot++)
		{
			uint64_t count = counts[slot];

			if (count == 0)
				continue;
			seen += count;
			last_us = arx_histogram_value_us(
				(chunk << ARX_HISTOGRAM_CHUNK_BITS) + slot);
			while (done < nq && seen >= arx_histogram_rank(q[done], total))
				out_us[done++] = last_us;
		}
	}
	while (done < nq)
		out_us[done++] = last_us;
}

/* Makes the dense counts look like chunks. */
static void
point_into_counts(const ArxHistogram *hist,
				  const uint64_t *chunks[ARX_HISTOGRAM_NCHUNKS])
{
	for (int chunk = 0; chunk < ARX_HISTOGRAM_NCHUNKS; chunk++)
		chunks[chunk] = hist->counts + chunk * ARX_HISTOGRAM_CHUNK_SLOTS;
}

void
arx_histogram_quantiles(const ArxHistogram *hist, const double *q, int nq,
						double *out_us)
{
	const uint64_t *chunks[ARX_HISTOGRAM_NCHUNKS];

	point_into_counts(hist, chunks);
	arx_histogram_quantiles_chunked(chunks, hist->total, q, nq, out_us);
}

double
arx_histogram_finite_us(double us)
{
	if (isfinite(us))
		return us;
	return us > 0 ? ARX_HISTOGRAM_MAX_US : 0.0;
}

void
arx_histogram_record(ArxHistogram *hist, double us)
{
	hist->counts[arx_histogram_bucket_us(us)]++;
	hist->total++;
	hist->sum_ms = arx_histogram_add_sums(hist->sum_ms,
										  arx_histogram_finite_us(us) * 0.001);
}

double
arx_histogram_add_sums(double a_ms, double b_ms)
{
	double sum = (isnan(a_ms) ? 0.0 : a_ms) + (isnan(b_ms) ? 0.0 : b_ms);

	if (isnan(sum) || sum == 0.0)
		return 0.0;
	if (sum > DBL_MAX)
		return DBL_MAX;
	if (sum < -DBL_MAX)
		return -DBL_MAX;
	return sum;
}

ArxHistogramStatus
arx_histogram_merge(ArxHistogram *dst, const ArxHistogram *src)
{
	if (dst->total > ARX_HISTOGRAM_MAX_TOTAL ||
		src->total > ARX_HISTOGRAM_MAX_TOTAL - dst->total)
		return ARX_HISTOGRAM_TOO_MANY;
	for (int index = 0; index < ARX_HISTOGRAM_NBUCKETS; index++)
		dst->counts[index] += src->counts[index];
	dst->total += src->total;
	dst->sum_ms = arx_histogram_add_sums(dst->sum_ms, src->sum_ms);
	return ARX_HISTOGRAM_OK;
}

ArxHistogramStatus
arx_histogram_subtract(ArxHistogram *dst, const ArxHistogram *src)
{
	for (int index = 0; index < ARX_HISTOGRAM_NBUCKETS; index++)
	{
		if (src->counts[index] > dst->counts[index])
			return ARX_HISTOGRAM_NOT_CONTAINED;
	}
	for (int index = 0; index < ARX_HISTOGRAM_NBUCKETS; index++)
		dst->counts[index] -= src->counts[index];
	dst->total -= src->total;
	dst->sum_ms = dst->total == 0
		? 0.0
		: arx_histogram_add_sums(dst->sum_ms, -src->sum_ms);
	return ARX_HISTOGRAM_OK;
}

static void
put_sum(uint8_t *out, double sum_ms)
{
	uint64_t bits;

	sum_ms = arx_histogram_add_sums(sum_ms, 0.0);
	memcpy(&bits, &sum_ms, sizeof(bits));
	for (int byte = 0; byte < 8; byte++)
		out[byte] = (uint8_t) (bits >> (8 * byte));
}

static double
get_sum(const uint8_t *in)
{
	uint64_t bits = 0;
	double sum_ms;

	for (int byte = 0; byte < 8; byte++)
		bits |= (uint64_t) in[byte] << (8 * byte);
	memcpy(&sum_ms, &bits, sizeof(sum_ms));
	return sum_ms;
}

size_t
arx_histogram_encode_chunked(const uint64_t *const chunks[], double sum_ms,
							 uint8_t *out)
{
	uint8_t *at = out + ARX_HISTOGRAM_HEADER_BYTES;
	int next_index = 0;

	out[0] = ARX_HISTOGRAM_VERSION;
	put_sum(out + 1, sum_ms);
	for (int chunk = 0; chunk < ARX_HISTOGRAM_NCHUNKS; chunk++)
	{
		/* volatile: each count is read once, as somebody may be counting */
		const volatile uint64_t *counts = chunks[chunk];

		if (counts == NULL)
			continue;
		for (int slot = 0; slot < ARX_HISTOGRAM_CHUNK_SLOTS; slot++)
		{
			uint64_t count = counts[slot];
			int index = (chunk << ARX_HISTOGRAM_CHUNK_BITS) + slot;

			if (count == 0)
				continue;
			at += arx_varint_put(at, (uint64_t) (index - next_index));
			at += arx_varint_put(at, count);
			next_index = index + 1;
		}
	}
	return (size_t) (at - out);
}

size_t
arx_histogram_encode(const ArxHistogram *hist, uint8_t *out)
{
	const uint64_t *chunks[ARX_HISTOGRAM_NCHUNKS];

	point_into_counts(hist, chunks);
	return arx_histogram_encode_chunked(chunks, hist->sum_ms, out);
}

ArxHistogramStatus
arx_histogram_reader_open(ArxHistogramReader *reader, const uint8_t *buf,
						  size_t len)
{
	if (len < 1)
		return ARX_HISTOGRAM_SHORT;
	if (buf[0] != ARX_HISTOGRAM_VERSION)
		return ARX_HISTOGRAM_BAD_VERSION;
	if (len < ARX_HISTOGRAM_HEADER_BYTES)
		return ARX_HISTOGRAM_SHORT;
	reader->pos = buf + ARX_HISTOGRAM_HEADER_BYTES;
	reader->end = buf + len;
	reader->sum_ms = get_sum(buf + 1);
	reader->total = 0;
	reader->next_index = 0;
	if (!isfinite(reader->sum_ms) ||
		(reader->sum_ms == 0.0 && signbit(reader->sum_ms)))
		return ARX_HISTOGRAM_BAD_SUM;
	return ARX_HISTOGRAM_OK;
}

static ArxHistogramStatus
read_number(ArxHistogramReader *reader, uint64_t *value)
{
	switch (arx_varint_get(&reader->pos, reader->end, value))
	{
		case ARX_VARINT_OK:
			return ARX_HISTOGRAM_OK;
		case ARX_VARINT_SHORT:
			return ARX_HISTOGRAM_SHORT;
		case ARX_VARINT_BAD:
			break;
	}
	return ARX_HISTOGRAM_BAD_VARINT;
}

ArxHistogramStatus
arx_histogram_reader_next(ArxHistogramReader *reader, int *index,
						  uint64_t *count)
{
	ArxHistogramStatus status;
	uint64_t gap;

	*index = -1;
	*count = 0;
	if (reader->pos == reader->end)
		return ARX_HISTOGRAM_OK;
	status = read_number(reader, &gap);
	if (status != ARX_HISTOGRAM_OK)
		return status;
	if (gap >= (uint64_t) (ARX_HISTOGRAM_NBUCKETS - reader->next_index))
		return ARX_HISTOGRAM_BAD_INDEX;
	status = read_number(reader, count);
	if (status != ARX_HISTOGRAM_OK)
		return status;
	if (*count == 0)
		return ARX_HISTOGRAM_ZERO_COUNT;
	if (*count > ARX_HISTOGRAM_MAX_TOTAL - reader->total)
		return ARX_HISTOGRAM_TOO_MANY;
	*index = reader->next_index + (int) gap;
	reader->total += *count;
	reader->next_index = *index + 1;
	return ARX_HISTOGRAM_OK;
}

ArxHistogramStatus
arx_histogram_decode(ArxHistogram *hist, const uint8_t *buf, size_t len)
{
	ArxHistogramReader reader;
	ArxHistogramStatus status;

	memset(hist, 0, sizeof(*hist));
	status = arx_histogram_reader_open(&reader, buf, len);
	while (status == ARX_HISTOGRAM_OK)
	{
		uint64_t count;
		int index;

		status = arx_histogram_reader_next(&reader, &index, &count);
		if (status != ARX_HISTOGRAM_OK)
			return status;
		if (index < 0)
		{
			hist->sum_ms = reader.sum_ms;
			hist->total = reader.total;
			return ARX_HISTOGRAM_OK;
		}
		hist->counts[index] = count;
	}
	return status;
}

const char *
arx_histogram_status_text(ArxHistogramStatus status)
{
	switch (status)
	{
		case ARX_HISTOGRAM_OK:
			return "no fault";
		case ARX_HISTOGRAM_SHORT:
			return "the data ends too early";
		case ARX_HISTOGRAM_BAD_VERSION:
			return "unknown format version";
		case ARX_HISTOGRAM_BAD_SUM:
			return "the sum is not a finite number";
		case ARX_HISTOGRAM_BAD_VARINT:
			return "a number is not in its shortest form or is too large";
		case ARX_HISTOGRAM_BAD_INDEX:
			return "a bucket lies beyond the last one";
		case ARX_HISTOGRAM_ZERO_COUNT:
			return "an empty bucket is written down";
		case ARX_HISTOGRAM_TOO_MANY:
			return "the total count is out of range";
		case ARX_HISTOGRAM_NOT_CONTAINED:
			return "a bucket has fewer values than are to be taken away";
	}
	return "unknown fault";
}
