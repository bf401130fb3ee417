/*
 * query_file.h
 *	  Saves the statistics to pg_stat/arx_perf.stat and reads them back.
 *
 * The file (all numbers in the machine's own form; a file of another machine,
 * format, server version or cluster is not read):
 *
 *		ArxFileHeader
 *		'S' statements: ArxQueryKey, ArxQueryStats, text state (uint32),
 *			text encoding (uint32), text length (uint32), text, histogram
 *			length (uint32), histogram in its stored form (libarx/histogram.h)
 *		'E' errors: ArxQueryError
 *		'Z' CRC-32C of everything before it (uint32)
 *
 * It is written to a temporary file, synced and renamed, so there is always a
 * whole one: after a crash the statistics are those of the last save.
 */
#ifndef ARX_QUERY_FILE_H
#define ARX_QUERY_FILE_H

#include "postgres.h"

typedef enum ArxLoadState
{
	ARX_LOAD_NO_FILE = 0,
	ARX_LOAD_DONE,
	ARX_LOAD_REJECTED /* put aside as arx_perf.stat.rejected; logged */
} ArxLoadState;

/*
 * Writes the file.  False, with one log line and the old file untouched, when
 * that failed.  Allocates in CurrentMemoryContext.  Takes the locks of readers.
 */
extern bool arx_query_file_save(void);

/*
 * Reads the file into the empty table.  Raises no error: a file that is not
 * ours is put aside, and what does not fit the table is left out.
 */
extern ArxLoadState arx_query_file_load(void);

#endif /* ARX_QUERY_FILE_H */
