/*
 * histogram_type.h
 *	  SQL type arx_perf.histogram: between its varlena and the plain form.
 *
 * The payload of the varlena is the stored form of libarx/histogram.h, with
 * the sum in milliseconds; whoever makes those bytes makes a histogram.
 */
#ifndef ARX_HISTOGRAM_TYPE_H
#define ARX_HISTOGRAM_TYPE_H

#include "postgres.h"

#include "fmgr.h"

#include "libarx/histogram.h"

/* SQL speaks milliseconds, the buckets microseconds. */
#define ARX_US_PER_MS 1000.0

/* A new varlena in the current memory context. */
extern bytea *arx_histogram_type_make(const ArxHistogram *hist);
extern bytea *
arx_histogram_type_make_chunked(const uint64_t *const chunks[], double sum_ms);

/*
 * Fills hist from a detoasted varlena.  Raises ERRCODE_DATA_CORRUPTED when the
 * bytes are not a histogram, as every reader of stored bytes here does.
 */
extern void arx_histogram_type_load(ArxHistogram *hist, const bytea *datum);

/* The same for reading bucket by bucket. */
extern void
arx_histogram_type_open(ArxHistogramReader *reader, const bytea *datum);

/* The next bucket; false at the end. */
extern bool
arx_histogram_type_next(ArxHistogramReader *reader, int *index, uint64 *count);

/* Raises the error for a total that does not fit a bigint. */
extern void arx_histogram_type_raise_too_many(void);

#endif /* ARX_HISTOGRAM_TYPE_H */
