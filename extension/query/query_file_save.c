/*
 * query_file_save.c
 *	  Writes the statistics file: temporary file, sync, rename.
 */
#include "postgres.h"

#include <unistd.h>

#include "access/xlog.h"
#include "pgstat.h"
#include "storage/fd.h"
#include "utils/timestamp.h"

#include "compat/pg_compat.h"
#include "core/settings.h"
#include "query/query_file.h"
#include "query/query_file_format.h"
#include "query/query_health.h"
#include "query/query_table.h"

typedef struct Writer
{
	FILE *file;
	pg_crc32c crc;
	uint64 bytes;
	bool failed;
} Writer;

void
arx_query_file_identity(ArxFileIdentity *identity)
{
	memset(identity, 0, sizeof(*identity));
	identity->magic = ARX_FILE_MAGIC;
	identity->system_identifier = GetSystemIdentifier();
	identity->pg_major = ARX_PG_MAJOR;
	identity->key_bytes = sizeof(ArxQueryKey);
	identity->stats_bytes = sizeof(ArxQueryStats);
	identity->error_bytes = sizeof(ArxQueryError);
	identity->histogram_version = ARX_HISTOGRAM_VERSION;
	identity->histogram_buckets = ARX_HISTOGRAM_NBUCKETS;
}

static void
put(Writer *writer, const void *data, size_t len)
{
	COMP_CRC32C(writer->crc, data, len);
	writer->bytes += len;
	if (len > 0 && !writer->failed && fwrite(data, len, 1, writer->file) != 1)
		writer->failed = true;
}

static void
put_tag(Writer *writer, char tag)
{
	put(writer, &tag, 1);
}

static void
put_uint32(Writer *writer, uint32 value)
{
	put(writer, &value, sizeof(value));
}

static void
put_header(Writer *writer)
{
	ArxFileHeader header;
	ArxQueryAccount account;

	memset(&header, 0, sizeof(header));
	arx_query_file_identity(&header.identity);
	header.saved_at = GetCurrentTimestamp();
	header.stats_reset =
		(int64) pg_atomic_read_u64(&arx_query_totals->stats_reset);
	arx_query_account(&account);
	header.recorded = account.recorded;
	header.dropped = account.dropped;
	header.evicted = pg_atomic_read_u64(&arx_query_totals->evicted);
	header.evictions = pg_atomic_read_u64(&arx_query_totals->evictions);
	put(writer, &header, sizeof(header));
}

static void
put_statement(Writer *writer, const ArxQueryCopy *copy, uint8 *encoded)
{
	double sum_ms = (double) copy->stats.exec.total / 1e6;
	size_t len = arx_histogram_encode_chunked(copy->chunks, sum_ms, encoded);

	put_tag(writer, ARX_FILE_STATEMENT);
	put(writer, &copy->key, sizeof(copy->key));
	put(writer, &copy->stats, sizeof(copy->stats));
	put_uint32(writer, copy->text_state);
	put_uint32(writer, (uint32) copy->text_encoding);
	put_uint32(writer, copy->text ? (uint32) copy->text_len : 0);
	if (copy->text)
		put(writer, copy->text, copy->text_len);
	put_uint32(writer, (uint32) len);
	put(writer, encoded, len);
}

static void
put_all(Writer *writer)
{
	ArxQueryCopy *copy = palloc(sizeof(*copy));
	uint8 *encoded = palloc(ARX_HISTOGRAM_ENCODED_MAX);
	Size buf_size = 1024;
	char *buf = palloc(buf_size);
	ArxQueryError error;
	pg_crc32c crc;

	put_header(writer);
	for (uint32 i = 0; i < arx_query_entries_limit(); i++)
		if (arx_query_copy(i, copy, true, &buf, &buf_size) &&
			!arx_query_is_unused(&copy->stats))
			put_statement(writer, copy, encoded);
	for (int i = 0; i < arx_query_errors_max(); i++)
	{
		if (!arx_query_error_copy(i, &error))
			continue;
		put_tag(writer, ARX_FILE_ERROR);
		put(writer, &error, sizeof(error));
	}
	put_tag(writer, ARX_FILE_END);
	crc = writer->crc;
	FIN_CRC32C(crc);
	put(writer, &crc, sizeof(crc));
	pfree(copy);
	pfree(encoded);
	pfree(buf);
}

static bool
finish(Writer *writer)
{
	if (fflush(writer->file) != 0 || pg_fsync(fileno(writer->file)) != 0)
		writer->failed = true;
	if (FreeFile(writer->file) != 0)
		writer->failed = true;
	if (!writer->failed)
		return durable_rename(ARX_FILE_TEMP, ARX_FILE_NAME, LOG) == 0;
	ereport(LOG, errcode_for_file_access(),
			errmsg("could not write file \"%s\": %m", ARX_FILE_TEMP));
	unlink(ARX_FILE_TEMP);
	return false;
}

bool
arx_query_file_save(void)
{
	Writer writer = {0};

	INIT_CRC32C(writer.crc);
	writer.file = AllocateFile(ARX_FILE_TEMP, PG_BINARY_W);
	if (writer.file == NULL)
	{
		ereport(LOG, errcode_for_file_access(),
				errmsg("could not create file \"%s\": %m", ARX_FILE_TEMP));
		return false;
	}
	put_all(&writer);
	if (!finish(&writer))
		return false;
	pg_atomic_write_u64(&arx_query_totals->save_bytes, writer.bytes);
	pg_atomic_write_u64(&arx_query_totals->last_save,
						(uint64) GetCurrentTimestamp());
	pg_atomic_fetch_add_u64(&arx_query_totals->saves, 1);
	return true;
}
