/*
 * query_file_format.h
 *	  Header and record tags of the statistics file; for its writer and reader.
 */
#ifndef ARX_QUERY_FILE_FORMAT_H
#define ARX_QUERY_FILE_FORMAT_H

#include "port/pg_crc32c.h"

#include "query/query_entries.h"
#include "query/query_errors.h"

#define ARX_FILE_NAME PGSTAT_STAT_PERMANENT_DIRECTORY "/arx_perf.stat"
#define ARX_FILE_TEMP ARX_FILE_NAME ".tmp"
#define ARX_FILE_REJECTED ARX_FILE_NAME ".rejected"

#define ARX_FILE_MAGIC UINT64CONST(0x0154415453585241) /* "ARXSTAT", 1 */
#define ARX_FILE_STATEMENT 'S'
#define ARX_FILE_ERROR 'E'
#define ARX_FILE_END 'Z'

/* Any difference here makes a file foreign.  No padding. */
typedef struct ArxFileIdentity
{
	uint64 magic;
	uint64 system_identifier;
	uint32 pg_major;
	uint32 key_bytes;
	uint32 stats_bytes;
	uint32 error_bytes;
	uint32 histogram_version;
	uint32 histogram_buckets;
} ArxFileIdentity;

typedef struct ArxFileHeader
{
	ArxFileIdentity identity;
	int64 saved_at; /* TimestampTz */
	int64 stats_reset;
	uint64 recorded;
	uint64 dropped;
	uint64 evicted;
	uint64 evictions;
} ArxFileHeader;

extern void arx_query_file_identity(ArxFileIdentity *identity);

#endif /* ARX_QUERY_FILE_FORMAT_H */
