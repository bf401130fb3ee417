/*
 * histogram.h
 *	  Log-linear latency histogram: bucket layout, quantiles, stored form.
 *
 * Values are durations in microseconds.  Each octave [2^e, 2^(e+1)) us, for
 * e = 0 .. 36, is cut into 32 buckets of equal width, so the edges are
 *
 *		2^e * (1 + k/32) us			e = 0 .. 36, k = 0 .. 31
 *
 * and the range runs from 1 us to 2^37 us, which is 38 hours and 10 minutes.
 * One underflow bucket stands before these 1184 and one overflow bucket after
 * them, so every value is counted somewhere:
 *
 *		index 0				below 1 us: also zero and negative values
 *		index 1 .. 1184		[2^e * (1 + k/32), 2^e * (1 + (k+1)/32)) us
 *							at index 1 + 32 e + k
 *		index 1185			2^37 us and above, +Infinity included
 *
 * A NaN is no duration; it goes to an end bucket (by its sign bit) so that
 * nothing is read or written out of bounds, but callers should refuse it.
 *
 * Error bound.  A bucket [a, b) answers with the one value m whose worst
 * relative error over the bucket is least.  That is where the error against
 * both edges is equal, m/a - 1 = 1 - m/b, hence
 *
 *		m = 2ab / (a + b)			(the harmonic mean of the edges)
 *		error = (b - a) / (b + a)
 *
 * With a = 2^e (32+k)/32 and b - a = 2^e/32 the error is 1 / (65 + 2k), at
 * most 1/65 = 1.54 %, for every value from 1 us to 2^37 us.  A quantile is the
 * value of one rank (see arx_histogram_rank), that value lies in the bucket
 * which holds the rank, and so the bound holds for every quantile too, however
 * the values are spread.  Nothing is interpolated inside a bucket: a guess
 * by rank can be wrong by the whole width of the bucket, 1/32 = 3.1 %, and m
 * by half of that.
 *
 * In memory.  Sixteen consecutive counts make a chunk of 128 bytes, two cache
 * lines.  A histogram in shared memory is a table of ARX_HISTOGRAM_NCHUNKS
 * references to chunks, of which the owner allocates those that are hit; the
 * functions named _chunked take an array of plain pointers, NULL for a chunk
 * that was never hit.  ArxHistogram is the dense form, for local use.
 *
 * Nothing here allocates, locks or fails except as stated.
 */
#ifndef ARX_LIBARX_HISTOGRAM_H
#define ARX_LIBARX_HISTOGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define ARX_HISTOGRAM_SUB_BITS 5 /* 32 buckets an octave */
#define ARX_HISTOGRAM_NOCTAVES 37
#define ARX_HISTOGRAM_NINNER (ARX_HISTOGRAM_NOCTAVES << ARX_HISTOGRAM_SUB_BITS)
#define ARX_HISTOGRAM_NBUCKETS (ARX_HISTOGRAM_NINNER + 2)
#define ARX_HISTOGRAM_UNDERFLOW 0
#define ARX_HISTOGRAM_OVERFLOW (ARX_HISTOGRAM_NBUCKETS - 1)

/* the range that the error bound covers, in microseconds */
#define ARX_HISTOGRAM_MIN_US 1.0
#define ARX_HISTOGRAM_MAX_US 137438953472.0 /* 2^37 */
#define ARX_HISTOGRAM_MAX_ERROR (1.0 / 65.0)

/* what the underflow bucket answers as a quantile, in microseconds */
#define ARX_HISTOGRAM_UNDERFLOW_US 0.5

/* chunks; slots beyond the last bucket stay zero */
#define ARX_HISTOGRAM_CHUNK_BITS 4
#define ARX_HISTOGRAM_CHUNK_SLOTS (1 << ARX_HISTOGRAM_CHUNK_BITS)
#define ARX_HISTOGRAM_CHUNK_BYTES (ARX_HISTOGRAM_CHUNK_SLOTS * 8)
#define ARX_HISTOGRAM_NCHUNKS \
	((ARX_HISTOGRAM_NBUCKETS + ARX_HISTOGRAM_CHUNK_SLOTS - 1) >> \
	 ARX_HISTOGRAM_CHUNK_BITS)
#define ARX_HISTOGRAM_NSLOTS (ARX_HISTOGRAM_NCHUNKS * ARX_HISTOGRAM_CHUNK_SLOTS)

/*
 * Stored form.  Byte 0 is the version, bytes 1 to 8 the sum of the values (an
 * IEEE double, little-endian, in milliseconds, finite, never -0), then for
 * each bucket with a count, in rising order, two LEB128 numbers: how many
 * buckets were left out since the one before (or since the start), and the
 * count.  There is exactly one way to write a histogram, so equal bytes mean
 * equal histograms and the other way round.
 *
 * A pair takes at most 10 bytes for the count and one for the gap; a gap that
 * needs two bytes leaves out more buckets than it costs.
 */
#define ARX_HISTOGRAM_VERSION 1
#define ARX_HISTOGRAM_HEADER_BYTES 9
#define ARX_HISTOGRAM_ENCODED_MAX \
	(ARX_HISTOGRAM_HEADER_BYTES + ARX_HISTOGRAM_NSLOTS * 11)

/* A total above this does not fit SQL's bigint and is refused. */
#define ARX_HISTOGRAM_MAX_TOTAL ((uint64_t) INT64_MAX)

typedef enum ArxHistogramStatus
{
	ARX_HISTOGRAM_OK = 0,
	ARX_HISTOGRAM_SHORT,		 /* input ends inside a part */
	ARX_HISTOGRAM_BAD_VERSION,	 /* not ARX_HISTOGRAM_VERSION */
	ARX_HISTOGRAM_BAD_SUM,		 /* sum not finite, or written as -0 */
	ARX_HISTOGRAM_BAD_VARINT,	 /* longer than needed, or above 64 bits */
	ARX_HISTOGRAM_BAD_INDEX,	 /* bucket beyond the last one */
	ARX_HISTOGRAM_ZERO_COUNT,	 /* empty bucket written down */
	ARX_HISTOGRAM_TOO_MANY,		 /* total above ARX_HISTOGRAM_MAX_TOTAL */
	ARX_HISTOGRAM_NOT_CONTAINED, /* subtrahend has more in a bucket */
} ArxHistogramStatus;

/*
 * Dense form, about 9.6 kB.  Zero bytes are an empty histogram.  total is
 * always the sum of counts; slots beyond the last bucket are zero.
 */
typedef struct ArxHistogram
{
	double sum_ms;
	uint64_t total;
	uint64_t counts[ARX_HISTOGRAM_NSLOTS];
} ArxHistogram;

/* Reads the stored form bucket by bucket; see arx_histogram_reader_open. */
typedef struct ArxHistogramReader
{
	const uint8_t *pos;
	const uint8_t *end;
	double sum_ms;
	uint64_t total; /* of the buckets read so far */
	int next_index; /* lowest index that the next bucket can have */
} ArxHistogramReader;

/*
 * Bucket index (0 .. ARX_HISTOGRAM_NBUCKETS - 1) of a value in microseconds.
 * Total: any double, NaN included, gives a valid index.
 *
 * The upper bits of an IEEE double, sign, exponent and the top of the
 * mantissa, are the logarithm that is wanted: one shift and one subtraction
 * number the buckets, negative values come out below and are clamped.
 */
static inline int
arx_histogram_bucket_us(double us)
{
	int64_t bits;
	int64_t index;

	memcpy(&bits, &us, sizeof(bits));
	index = (bits >> (52 - ARX_HISTOGRAM_SUB_BITS)) -
		((INT64_C(1023) << ARX_HISTOGRAM_SUB_BITS) - 1);
	if (index < ARX_HISTOGRAM_UNDERFLOW)
		index = ARX_HISTOGRAM_UNDERFLOW;
	if (index > ARX_HISTOGRAM_OVERFLOW)
		index = ARX_HISTOGRAM_OVERFLOW;
	return (int) index;
}

/*
 * The same for whole nanoseconds.  The product is never rounded across an
 * edge: 0.001 as a double is too large by 2.1e-17, less than half a unit in
 * the last place, so every product that is an edge comes out as that edge.
 */
static inline int
arx_histogram_bucket_ns(int64_t ns)
{
	return arx_histogram_bucket_us((double) ns * 0.001);
}

/* Which chunk holds a bucket, and where in it. */
static inline int
arx_histogram_chunk(int index)
{
	return index >> ARX_HISTOGRAM_CHUNK_BITS;
}

static inline int
arx_histogram_slot(int index)
{
	return index & (ARX_HISTOGRAM_CHUNK_SLOTS - 1);
}

/*
 * Lower edge of a bucket in microseconds, inclusive: -Infinity for the
 * underflow bucket.  index must be valid.
 */
extern double arx_histogram_lower_us(int index);

/*
 * Upper edge of a bucket in microseconds, exclusive: +Infinity for the
 * overflow bucket.  index must be valid.
 */
extern double arx_histogram_upper_us(int index);

/*
 * The value in microseconds that stands for a bucket: 2ab/(a+b) of its edges;
 * ARX_HISTOGRAM_UNDERFLOW_US for the underflow bucket; the lower edge, as the
 * only thing known, for the overflow bucket.  index must be valid.
 */
extern double arx_histogram_value_us(int index);

/*
 * Rank, 1 .. total, of the value that is the quantile q (0 .. 1) of total > 0
 * values: the nearest rank, max(1, ceil(q * total)), as percentile_disc of
 * PostgreSQL computes it, so both name the same value.
 */
extern uint64_t arx_histogram_rank(double q, uint64_t total);

/*
 * Several quantiles in one pass.  chunks has ARX_HISTOGRAM_NCHUNKS pointers;
 * total is the sum of all counts in them; q has nq numbers 0 .. 1 in rising
 * order.  Writes nq values in microseconds to out_us, NaN each when total is
 * 0.  If counts are missing, because somebody counts while this reads, the
 * last bucket that has a count answers (NaN if there is none).
 *
 * Whoever may free the chunks must be locked out; who adds to them need not
 * be, where an aligned uint64 is read in one piece.
 */
extern void
arx_histogram_quantiles_chunked(const uint64_t *const chunks[], uint64_t total,
								const double *q, int nq, double *out_us);

/* The same for the dense form. */
extern void arx_histogram_quantiles(const ArxHistogram *hist, const double *q,
									int nq, double *out_us);

/*
 * What a value in microseconds adds to a sum.  A finite value is itself; of
 * the others the nearest thing that is known: +Infinity is the lower edge of
 * the overflow bucket, -Infinity and NaN are 0.
 */
extern double arx_histogram_finite_us(double us);

/* Counts one value in microseconds and adds it to the sum. */
extern void arx_histogram_record(ArxHistogram *hist, double us);

/*
 * a + b as a sum that can be stored: kept within the finite doubles, and
 * never -0 or NaN (NaN counts as 0).
 */
extern double arx_histogram_add_sums(double a_ms, double b_ms);

/*
 * Adds src to dst.  ARX_HISTOGRAM_TOO_MANY, with dst unchanged, when the total
 * would be above ARX_HISTOGRAM_MAX_TOTAL.
 */
extern ArxHistogramStatus
arx_histogram_merge(ArxHistogram *dst, const ArxHistogram *src);

/*
 * Takes src from dst, which is how two readings of one growing histogram
 * become the histogram of the time between.  ARX_HISTOGRAM_NOT_CONTAINED, with
 * dst unchanged, when src has more than dst in any bucket.  A difference
 * without any value has the sum 0 whatever rounding left over.
 */
extern ArxHistogramStatus
arx_histogram_subtract(ArxHistogram *dst, const ArxHistogram *src);

/*
 * Writes the stored form into out, which must have room for
 * ARX_HISTOGRAM_ENCODED_MAX bytes; returns the bytes used.  The bytes are the
 * payload of the SQL type arx_perf.histogram, whose sum is in milliseconds.
 * A sum that is not finite is written as arx_histogram_add_sums would give it.
 */
extern size_t arx_histogram_encode_chunked(const uint64_t *const chunks[],
										   double sum_ms, uint8_t *out);
extern size_t arx_histogram_encode(const ArxHistogram *hist, uint8_t *out);

/*
 * Reads the stored form, which may come from anywhere: every fault is told and
 * nothing outside buf is touched.  On any answer but ARX_HISTOGRAM_OK the
 * contents of hist are undefined.
 */
extern ArxHistogramStatus
arx_histogram_decode(ArxHistogram *hist, const uint8_t *buf, size_t len);

/*
 * The same, bucket by bucket and without a dense copy.  open reads version and
 * sum.  Then each call of next sets *index and *count, or sets *index to -1 at
 * the end of good input; after any answer but ARX_HISTOGRAM_OK the reader is
 * not to be used further.  buf must outlive the reader.
 */
extern ArxHistogramStatus
arx_histogram_reader_open(ArxHistogramReader *reader, const uint8_t *buf,
						  size_t len);
extern ArxHistogramStatus
arx_histogram_reader_next(ArxHistogramReader *reader, int *index,
						  uint64_t *count);

/* A short lower-case phrase for a status, for a message's detail. */
extern const char *arx_histogram_status_text(ArxHistogramStatus status);

#endif /* ARX_LIBARX_HISTOGRAM_H */
