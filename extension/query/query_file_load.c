/*
 * query_file_load.c
 *	  Reads the statistics file at server start.
 *
 * The whole file is checked against its CRC before the first record is used,
 * and each record is still checked against its bounds: a file on disk is
 * nothing to crash on.
 */
#include "postgres.h"

#include <sys/stat.h>
#include <unistd.h>

#include "access/xlog.h"
#include "mb/pg_wchar.h"
#include "pgstat.h"
#include "storage/fd.h"

#include "core/settings.h"
#include "query/query_file.h"
#include "query/query_file_format.h"
#include "query/query_table.h"

typedef struct Reader
{
	FILE *file;
	uint64 left; /* bytes before the CRC at the end */
} Reader;

static bool
take(Reader *reader, void *to, size_t len)
{
	if (len > reader->left || (len > 0 && fread(to, len, 1, reader->file) != 1))
		return false;
	reader->left -= len;
	return true;
}

/* Does the CRC at the end fit?  Leaves the file at its start. */
static bool
checksum_fits(Reader *reader)
{
	char buf[BLCKSZ];
	struct stat st;
	pg_crc32c crc;
	pg_crc32c stored;
	uint64 left;

	if (fstat(fileno(reader->file), &st) != 0 ||
		st.st_size < (off_t) (sizeof(ArxFileHeader) + 1 + sizeof(crc)))
		return false;
	reader->left = left = (uint64) st.st_size - sizeof(crc);
	INIT_CRC32C(crc);
	while (left > 0)
	{
		size_t len = Min(left, sizeof(buf));

		if (fread(buf, len, 1, reader->file) != 1)
			return false;
		COMP_CRC32C(crc, buf, len);
		left -= len;
	}
	FIN_CRC32C(crc);
	if (fread(&stored, sizeof(stored), 1, reader->file) != 1)
		return false;
	rewind(reader->file);
	return EQ_CRC32C(crc, stored);
}

/* The histogram of one statement into the copy's own slots. */
static bool
take_histogram(Reader *reader, ArxQueryCopy *copy, uint8 *encoded)
{
	ArxHistogramReader buckets;
	uint32 len;
	int index;
	uint64 count;

	if (!take(reader, &len, sizeof(len)) || len > ARX_HISTOGRAM_ENCODED_MAX ||
		!take(reader, encoded, len) ||
		arx_histogram_reader_open(&buckets, encoded, len) != ARX_HISTOGRAM_OK)
		return false;
	for (;;)
	{
		uint64 *chunk;

		if (arx_histogram_reader_next(&buckets, &index, &count) !=
			ARX_HISTOGRAM_OK)
			return false;
		if (index < 0)
			return true;
		chunk = copy->slots[arx_histogram_chunk(index)];
		copy->chunks[arx_histogram_chunk(index)] = chunk;
		chunk[arx_histogram_slot(index)] = count;
	}
}

static bool
take_statement(Reader *reader, ArxQueryCopy *copy, uint8 *encoded, char *text)
{
	uint32 text_len;

	memset(copy, 0, sizeof(*copy));
	if (!take(reader, &copy->key, sizeof(copy->key)) ||
		!take(reader, &copy->stats, sizeof(copy->stats)) ||
		!take(reader, &copy->text_state, sizeof(copy->text_state)) ||
		!take(reader, &copy->text_encoding, sizeof(copy->text_encoding)) ||
		!take(reader, &text_len, sizeof(text_len)) ||
		text_len > ARX_QUERY_TEXT_LIMIT ||
		(text_len > 0 && !PG_VALID_BE_ENCODING(copy->text_encoding)) ||
		!take(reader, text, text_len) ||
		!take_histogram(reader, copy, encoded) || copy->key.queryid == 0)
		return false;
	copy->text = text_len > 0 ? text : NULL;
	copy->text_len = (int) text_len;
	return true;
}

static bool
take_records(Reader *reader)
{
	ArxQueryCopy *copy = palloc(sizeof(*copy));
	uint8 *encoded = palloc(ARX_HISTOGRAM_ENCODED_MAX);
	char *text = palloc(ARX_QUERY_TEXT_LIMIT);
	bool good = true;
	char tag = 0;

	while (good && take(reader, &tag, 1) && tag != ARX_FILE_END)
	{
		ArxQueryError error;

		if (tag == ARX_FILE_STATEMENT &&
			take_statement(reader, copy, encoded, text))
			arx_query_restore(copy);
		else if (tag == ARX_FILE_ERROR && take(reader, &error, sizeof(error)))
		{
			error.message[sizeof(error.message) - 1] = '\0';
			arx_query_error_restore(&error);
		}
		else
			good = false;
	}
	pfree(copy);
	pfree(encoded);
	pfree(text);
	return good && tag == ARX_FILE_END && reader->left == 0;
}

static void
take_totals(const ArxFileHeader *header)
{
	ArxSharedQueryTotals *totals = arx_query_totals;

	pg_atomic_write_u64(&totals->recorded, header->recorded);
	pg_atomic_write_u64(&totals->dropped, header->dropped);
	pg_atomic_write_u64(&totals->evicted, header->evicted);
	pg_atomic_write_u64(&totals->evictions, header->evictions);
	pg_atomic_write_u64(&totals->stats_reset, (uint64) header->stats_reset);
	pg_atomic_write_u64(&totals->before_start,
						header->recorded + header->dropped);
	pg_atomic_write_u64(&totals->last_save, (uint64) header->saved_at);
}

/* Takes back what was read before a record turned out bad. */
static void
forget_all(void)
{
	for (uint32 i = 0; i < arx_query_entries_limit(); i++)
	{
		ArxQueryKey key = arx_query_entry_at(i)->key;

		if (key.queryid != 0)
			arx_query_remove(i, &key);
	}
	arx_query_errors_reset(InvalidOid, InvalidOid, 0);
}

/* Why the file cannot be used, or NULL when it was. */
static const char *
read_file(Reader *reader)
{
	ArxFileIdentity ours;
	ArxFileHeader header;

	if (!checksum_fits(reader))
		return "it is damaged";
	arx_query_file_identity(&ours);
	if (!take(reader, &header, sizeof(header)) ||
		memcmp(&header.identity, &ours, sizeof(ours)) != 0)
		return "it was written by another cluster, server version or format";
	if (!take_records(reader))
	{
		forget_all();
		return "it is damaged";
	}
	take_totals(&header);
	return NULL;
}

/* The file is of no use: out of the way with it, and one line in the log. */
static ArxLoadState
reject(const char *fault)
{
	if (rename(ARX_FILE_NAME, ARX_FILE_REJECTED) == 0)
		ereport(LOG,
				errmsg("arx_perf starts with empty statistics: file \"%s\" was "
					   "put aside as \"%s\"",
					   ARX_FILE_NAME, ARX_FILE_REJECTED),
				errdetail("It cannot be used because %s.", fault));
	else
		ereport(
			LOG, errcode_for_file_access(),
			errmsg("arx_perf starts with empty statistics: file \"%s\" could "
				   "not be put aside as \"%s\": %m",
				   ARX_FILE_NAME, ARX_FILE_REJECTED),
			errdetail("It cannot be used because %s.", fault));
	return ARX_LOAD_REJECTED;
}

ArxLoadState
arx_query_file_load(void)
{
	Reader reader = {0};
	const char *fault;

	/* The first start of a copy: these are statistics of another server. */
	if (access(BACKUP_LABEL_FILE, F_OK) == 0 &&
		access(ARX_FILE_NAME, F_OK) == 0)
		return reject("it came with a base backup of another server");
	reader.file = AllocateFile(ARX_FILE_NAME, PG_BINARY_R);
	if (reader.file == NULL)
	{
		if (errno == ENOENT)
			return ARX_LOAD_NO_FILE;
		return reject("it could not be read");
	}
	fault = read_file(&reader);
	FreeFile(reader.file);
	return fault ? reject(fault) : ARX_LOAD_DONE;
}
