/*
 * heap_format.h
 *	  THE description of a heap snapshot file, and how to write and read one.
 *
 * A snapshot is what one process held at one moment: which call stacks own how
 * many live bytes, since when, under which label, and how sure that is.  The
 * preloaded runtime writes it; the arxheap command and the server read it.
 *
 *	file     = header section* end-section
 *	header   = magic[8] major:u16 minor:u16 header_bytes:u32 file_bytes:u64
 *			   crc:u32 zero:u32							(32 bytes)
 *	section  = kind:u32 crc:u32 bytes:u64 payload[bytes]	(16 + bytes)
 *
 * Numbers with a width are little-endian.  All others are LEB128 varints
 * (varint.h), 64 bits at most; signed ones (marked ~) are zig-zag coded: 0, -1,
 * 1, -2 ... become 0, 1, 2, 3.  A difference of two addresses is taken modulo
 * 2^64 and then read as a signed number.  A string is its length and its
 * bytes, without a terminator, UTF-8 or whatever bytes the system had.
 *
 * Checksums are CRC-32C: the header's of its header_bytes bytes with crc
 * itself zero, a section's of its payload followed by the 12 bytes of kind and
 * bytes.  file_bytes is the size of the whole file.  Sections stand in rising
 * order of kind, so each at most once; the end section is empty, has kind 0
 * and closes the file.  PROCESS is always there, and first.
 *
 * What a newer version may change.  The 32 bytes of the header keep their
 * meaning for ever.  A newer major may change all else: a reader refuses it.
 * A newer minor only adds: kinds, bytes at the end of the header and bytes at
 * the end of a payload, all of which a reader skips.
 *
 * Every count in a file is bounded by the bytes that follow it: a reader never
 * allocates, loops or indexes by a number that it has not checked.
 *
 * heap_format_coding.h tells the bytes of each section.  Estimates are written
 * rounded, bytes and the square root of the variance to 1, objects to 1/16, and
 * cut at ARX_HEAP_MAX_FIGURE; the error of sampling is thousands of bytes.
 *
 * What each file may hold at most is below; the writer keeps to it.
 */
#ifndef ARX_LIBARX_HEAP_FORMAT_H
#define ARX_LIBARX_HEAP_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARX_HEAP_MAGIC "ARXHEAP\n"
#define ARX_HEAP_MAJOR 1
#define ARX_HEAP_MINOR 0
#define ARX_HEAP_SUFFIX ".arxheap"
#define ARX_HEAP_HEADER_BYTES 32
#define ARX_HEAP_SECTION_BYTES 16 /* before a payload */

#define ARX_HEAP_MAX_FRAMES 256	 /* of one stack */
#define ARX_HEAP_MAX_STRING 4096 /* bytes of a path or name */
#define ARX_HEAP_MAX_BUILD_ID 64 /* bytes */
#define ARX_HEAP_MAX_MODULES 65536
#define ARX_HEAP_MAX_EPOCHS 4096
#define ARX_HEAP_NO_MODULE UINT32_MAX /* generated code, or unknown */
#define ARX_HEAP_MAX_FIGURE (INT64_C(1) << 62)
#define ARX_HEAP_FORESEEN_BITS 11
#define ARX_HEAP_FORESEEN (1 << ARX_HEAP_FORESEEN_BITS) /* entries */
#define ARX_HEAP_CODED_LABELS 256 /* that a section numbers */

/* Classes of a freed sample's life; see arx_heap_lifetime_class(). */
#define ARX_HEAP_LIFETIME_CLASSES 49

typedef enum ArxHeapSectionKind
{
	ARX_HEAP_END = 0,
	ARX_HEAP_PROCESS,  /* who was looked at, when, and how */
	ARX_HEAP_LEDGER,   /* what the resident memory consists of */
	ARX_HEAP_COUNTERS, /* what the runtime did, and could not do */
	ARX_HEAP_MODULES,  /* the objects loaded */
	ARX_HEAP_EPOCHS,   /* when samples were born */
	ARX_HEAP_SITES,	   /* stacks, each with what it owns by epoch */
	ARX_HEAP_CODE,	   /* names of generated code */
	ARX_HEAP_LABELS,   /* names of labels */
	ARX_HEAP_SYMBOLS,  /* names of functions, added by the command */
} ArxHeapSectionKind;

/* Why a snapshot was taken. */
typedef enum ArxHeapReason
{
	ARX_HEAP_REASON_INTERVAL = 0,
	ARX_HEAP_REASON_REQUEST,
	ARX_HEAP_REASON_GROWTH,
	ARX_HEAP_REASON_EXIT,
	ARX_HEAP_REASON_DISARM,
} ArxHeapReason;

/* A string inside the file's bytes, or the caller's; not terminated. */
typedef struct ArxHeapText
{
	const char *data;
	uint32_t length;
} ArxHeapText;

/* Who was looked at, when, and how. */
typedef struct ArxHeapProcess
{
	uint64_t pid; /* as the process itself sees it */
	uint64_t parent_pid;
	uint64_t pid_namespace; /* inode of /proc/self/ns/pid, 0 unknown */
	uint64_t start_us; /* UTC microseconds: the process began (or was forked) */
	uint64_t
		profile_start_us; /* UTC microseconds: this profile began (armed, or forked) */
	uint64_t taken_us;	 /* UTC microseconds */
	uint64_t elapsed_ms; /* from the profile's start, by the monotonic clock */
	uint64_t sequence;	 /* 1, 2, ... of this process */
	uint64_t reason;	 /* ArxHeapReason */
	uint64_t sample_bytes; /* mean bytes between samples now */
	uint64_t interval_ms;  /* between snapshots, 0 when only on demand */
	ArxHeapText boot_id;
	ArxHeapText host;
	ArxHeapText executable;
	ArxHeapText command; /* arguments, separated by blanks, cut at a limit */
	ArxHeapText runtime; /* version of the writer */
} ArxHeapProcess;

/*
 * What the resident memory consists of, in bytes.  All but the first two and
 * the ones named "reserved" add up to RSS, by definition of UNATTRIBUTED,
 * which is negative where memory was handed out but never touched.
 */
typedef enum ArxHeapLedger
{
	ARX_HEAP_LEDGER_RSS = 0,
	ARX_HEAP_LEDGER_PEAK_RSS,
	ARX_HEAP_LEDGER_LIVE,		   /* handed out by malloc, exact */
	ARX_HEAP_LEDGER_FRAGMENTATION, /* in pages with live blocks, not handed out */
	ARX_HEAP_LEDGER_RETAINED, /* free pages the allocator still holds, resident */
	ARX_HEAP_LEDGER_METADATA, /* the allocator's own */
	ARX_HEAP_LEDGER_PROFILER, /* this profiler's own */
	ARX_HEAP_LEDGER_STACKS,
	ARX_HEAP_LEDGER_ANONYMOUS, /* the program's own anonymous mappings */
	ARX_HEAP_LEDGER_FILE,	   /* file-backed and shared */
	ARX_HEAP_LEDGER_UNATTRIBUTED,
	ARX_HEAP_LEDGER_RESERVED, /* address space without access: not in RSS */
	ARX_HEAP_LEDGER_SWAP,	  /* not in RSS */
	ARX_HEAP_NLEDGER
} ArxHeapLedger;

/* What the runtime did, and what it could not do. */
typedef enum ArxHeapCounter
{
	ARX_HEAP_COUNT_SAMPLES = 0, /* taken since the profile's start */
	ARX_HEAP_COUNT_LIVE,		/* of these still alive */
	ARX_HEAP_COUNT_FREED,
	ARX_HEAP_COUNT_DROPPED_MEMORY, /* samples lost: ARXHEAP_MEMORY was full */
	ARX_HEAP_COUNT_DROPPED_RANGE, /* samples lost: address range full or absent */
	ARX_HEAP_COUNT_DROPPED_NESTED, /* samples lost: the profiler was at work in this thread */
	ARX_HEAP_COUNT_STACKS_TRUNCATED, /* deeper than the limit */
	ARX_HEAP_COUNT_STACKS_FAILED,	 /* unwinding ended before the root */
	ARX_HEAP_COUNT_SITES_DROPPED, /* not in this file: it would have been too large */
	ARX_HEAP_COUNT_MAPPINGS_DROPPED, /* mappings the ledger had no room for */
	ARX_HEAP_COUNT_LABELS_DROPPED,
	ARX_HEAP_COUNT_SNAPSHOTS, /* written by this process */
	ARX_HEAP_COUNT_SNAPSHOTS_FAILED,
	ARX_HEAP_COUNT_SNAPSHOTS_THINNED, /* removed to stay within the budget */
	ARX_HEAP_COUNT_MEMORY,			  /* the profiler's resident bytes */
	ARX_HEAP_COUNT_INHERITED, /* live samples older than the fork, not in this file */
	ARX_HEAP_COUNT_PAUSE_MAX_NS, /* longest hold of the sample table's lock by a snapshot */
	ARX_HEAP_COUNT_ERRNO, /* of the last failed snapshot, 0 none */
	ARX_HEAP_NCOUNTERS
} ArxHeapCounter;

/* A loaded object.  A frame's address is its pc minus bias: what ELF says. */
typedef struct ArxHeapModule
{
	uint64_t start;
	uint64_t end;
	uint64_t bias;
	ArxHeapText build_id; /* raw bytes */
	ArxHeapText path;
} ArxHeapModule;

/*
 * One level of a stack: an address inside the calling instruction, so that a
 * reader looks it up as it is (a return address less one).
 */
typedef struct ArxHeapFrame
{
	uint32_t module; /* index into MODULES, or ARX_HEAP_NO_MODULE */
	uint64_t address;
} ArxHeapFrame;

typedef enum ArxHeapSiteKind
{
	ARX_HEAP_SITE_MALLOC = 0, /* sampled */
	ARX_HEAP_SITE_MMAP,		  /* every accessible anonymous mapping: exact */
	ARX_HEAP_SITE_RESERVE, /* mappings without access: address space, not memory */
} ArxHeapSiteKind;

#define ARX_HEAP_SITE_TRUNCATED 1 /* flags: frames at the root are missing */
#define ARX_HEAP_SITE_BROKEN 2	  /* unwinding ended before the root */

/* The live samples of a site that were born in one epoch. */
typedef struct ArxHeapRow
{
	uint32_t epoch; /* index into EPOCHS */
	uint32_t samples;
	uint64_t size;	 /* their sizes, summed */
	double bytes;	 /* estimate: sum of S / p, p = 1 - exp(-S / R) */
	double variance; /* of it: sum of S^2 (1 - p) / p^2 */
	double objects;	 /* estimate: sum of 1 / p */
} ArxHeapRow;

/* A (stack, label) with all that is known of its allocations. */
typedef struct ArxHeapSite
{
	uint32_t kind;	/* ArxHeapSiteKind */
	uint32_t flags; /* ARX_HEAP_SITE_* */
	uint64_t label; /* 0 none */
	uint32_t nframes;
	const ArxHeapFrame *frames; /* from the root to the allocating call */
	uint64_t births;			/* samples ever taken here in this profile */
	double birth_bytes;			/* estimate of the bytes ever allocated here */
	uint64_t frees;				/* of these samples */
	uint32_t lifetimes[ARX_HEAP_LIFETIME_CLASSES]; /* frees by age at death */
	uint32_t nrows;
	const ArxHeapRow *rows; /* oldest epoch first */
} ArxHeapSite;

/* Generated code (from a perf map). */
typedef struct ArxHeapCode
{
	uint64_t address;
	uint64_t bytes;
	ArxHeapText name;
} ArxHeapCode;

typedef struct ArxHeapLabel
{
	uint64_t label;
	ArxHeapText name;
} ArxHeapLabel;

/* One function at an address; several where calls were inlined. */
typedef struct ArxHeapSymbol
{
	uint32_t module; /* or ARX_HEAP_NO_MODULE */
	uint64_t address;
	uint32_t depth; /* 0 the innermost inlined call, then outwards */
	uint32_t count; /* frames at this address */
	ArxHeapText function;
	ArxHeapText file; /* empty when unknown */
	uint32_t line;	  /* 0 when unknown */
} ArxHeapSymbol;

/* ---- estimates: one definition for writer and readers ----------------- */

/*
 * What a sampled block of size bytes (at least 1; 0 counts as 1) stands for
 * when samples are mean bytes apart: its chance to be sampled is
 * p = 1 - exp(-size / mean), and the Horvitz-Thompson estimates are
 *
 *		bytes     size / p
 *		variance  size^2 (1 - p) / p^2		of bytes
 *		objects   1 / p
 *
 * mean 0: everything is recorded, so p is 1.  Precise to the last digits at
 * any ratio of size to mean, and always finite.
 */
extern void arx_heap_weigh(uint64_t size, uint64_t mean, double *bytes,
						   double *variance, double *objects);

/*
 * Class of an age in milliseconds, 0 to ARX_HEAP_LIFETIME_CLASSES - 1: 0 is
 * below 128 ms, then come two to an octave with the edges 2^e and 1.5 * 2^e;
 * the last one is open, from 1.5 * 2^30 ms (18.6 days).
 */
extern int arx_heap_lifetime_class(uint64_t age_ms);

/* Lower edge of a class in milliseconds, inclusive; the class is valid. */
extern uint64_t arx_heap_lifetime_start(int lifetime_class);

/* CRC-32C (Castagnoli) of length bytes, going on from crc (0 at first). */
extern uint32_t arx_heap_crc(uint32_t crc, const void *bytes, size_t length);

/*
 * What writer and reader know alike at a place in a section, because later
 * entries are written as differences to it.  Only heap_format*.c look inside.
 */
typedef struct ArxHeapCoding
{
	uint64_t sample_bytes; /* of the process */
	uint32_t nmodules;
	uint32_t nepochs;
	/* from here on zero at the start of a section, but for mean */
	uint64_t mean;		 /* of the last row of form OTHER */
	uint64_t last_value; /* address or time of the entry before */
	uint32_t nframes;	 /* of the site before */
	uint32_t nlabels;
	ArxHeapFrame frames[ARX_HEAP_MAX_FRAMES];
	uint64_t last_address[256]; /* by module modulo 256 */
	ArxHeapFrame foreseen[ARX_HEAP_FORESEEN];
	uint64_t labels[ARX_HEAP_CODED_LABELS];
} ArxHeapCoding;

/* ---- writing ----------------------------------------------------------- */

/*
 * Takes bytes in order; returns false to end the writing.  Called with pieces
 * of at most the writer's buffer.
 */
typedef bool (*ArxHeapSink)(void *context, const void *bytes, size_t length);

/*
 * A writer makes two passes with the same calls: a counting one without a
 * sink, which learns each section's size and checksum, and a writing one.
 * That way a file goes out in order, through a small buffer, and nobody has
 * to hold it in memory or seek.  The calls are write_begin, all sections with
 * their entries, write_end, write_to, the same again, write_end.
 *
 * About 50 kB, the caller's; nothing is allocated, and the stack is used for
 * less than 1 kB.
 *
 * Wrong calls (sections out of order, more or fewer entries than announced,
 * epochs or rows that go back, an epoch that does not exist, a second pass that
 * differs) make the writing fail.  Strings are cut at ARX_HEAP_MAX_STRING.
 */
typedef struct ArxHeapWriter
{
	ArxHeapSink sink; /* NULL in the counting pass */
	void *context;
	bool failed;
	bool ended;		  /* the pass */
	uint32_t section; /* sections opened in this pass */
	uint32_t nsections;
	struct
	{
		uint32_t kind;
		uint32_t crc;
		uint64_t bytes;
	} sections[ARX_HEAP_SYMBOLS];
	/* of the open section */
	uint64_t section_bytes; /* so far */
	uint32_t section_crc;
	uint64_t entries_left;	 /* announced, not yet written */
	uint32_t functions_left; /* of the address in SYMBOLS */
	ArxHeapCoding coding;
	size_t used; /* of buffer: bytes the sink has not got yet */
	uint8_t buffer[4096];
} ArxHeapWriter;

/* Begins the counting pass. */
extern void arx_heap_write_begin(ArxHeapWriter *writer);

/* Begins the writing pass, after the counting one: emits the header. */
extern void
arx_heap_write_to(ArxHeapWriter *writer, ArxHeapSink sink, void *context);

/* Bytes of the whole file; valid after the counting pass. */
extern uint64_t arx_heap_write_size(const ArxHeapWriter *writer);

/*
 * Opens a section of count entries and closes the one before.  For PROCESS,
 * LEDGER and COUNTERS count is ignored: they have one entry; for SYMBOLS it is
 * the number of addresses, that is of symbols of depth 0.  Kinds come in
 * rising order, PROCESS first.
 */
extern void arx_heap_write_section(ArxHeapWriter *writer,
								   ArxHeapSectionKind kind, uint64_t count);
extern void
arx_heap_write_process(ArxHeapWriter *writer, const ArxHeapProcess *process);
extern void arx_heap_write_ledger(ArxHeapWriter *writer,
								  const int64_t ledger[ARX_HEAP_NLEDGER]);
extern void
arx_heap_write_counters(ArxHeapWriter *writer,
						const uint64_t counters[ARX_HEAP_NCOUNTERS]);
/*
 * Entries.  A build id that is longer than any is written as empty.  Epochs
 * are written in order of their ends.  Of a site with too many frames those
 * at the root are left out, which its flags then say; a frame whose module
 * does not exist is written as one of none.  All symbols of an address follow
 * each other, depth 0 first; their modules are not checked, so that a section
 * of names can be made for a file that exists.
 */
extern void
arx_heap_write_module(ArxHeapWriter *writer, const ArxHeapModule *module);
extern void arx_heap_write_epoch(ArxHeapWriter *writer, uint64_t end_ms);
extern void arx_heap_write_site(ArxHeapWriter *writer, const ArxHeapSite *site);
extern void arx_heap_write_code(ArxHeapWriter *writer, const ArxHeapCode *code);
extern void
arx_heap_write_label(ArxHeapWriter *writer, const ArxHeapLabel *label);
extern void
arx_heap_write_symbol(ArxHeapWriter *writer, const ArxHeapSymbol *symbol);

/*
 * Ends the pass; in the writing one hands the rest to the sink.  False when
 * the sink refused or the calls were wrong: what was written is no snapshot.
 */
extern bool arx_heap_write_end(ArxHeapWriter *writer);

/* ---- reading ----------------------------------------------------------- */

typedef enum ArxHeapReadStatus
{
	ARX_HEAP_READ_OK = 0,
	ARX_HEAP_READ_DONE,		 /* no more entries */
	ARX_HEAP_READ_FOREIGN,	 /* not a heap snapshot */
	ARX_HEAP_READ_NEWER,	 /* a major this reader does not know */
	ARX_HEAP_READ_TRUNCATED, /* shorter than it says */
	ARX_HEAP_READ_DAMAGED,	 /* a checksum or a bound does not hold */
} ArxHeapReadStatus;

/* Reads the caller's bytes, which stay in place and unchanged. */
typedef struct ArxHeapReader
{
	const uint8_t *bytes;
	size_t length;
	uint16_t major;
	uint16_t minor;
	uint64_t sample_bytes; /* of the process */
	struct
	{
		const uint8_t *start; /* behind the count */
		const uint8_t *end;
		uint64_t count;				  /* entries; of SYMBOLS addresses */
	} sections[ARX_HEAP_SYMBOLS + 1]; /* start NULL: not in the file */
	const char *error;	 /* what is wrong, in words, after a bad status */
	size_t error_offset; /* where in the file */
} ArxHeapReader;

/* Bytes of a section that are still to be read. */
typedef struct ArxHeapInput
{
	ArxHeapReader *reader; /* told of what is wrong */
	const uint8_t *pos;
	const uint8_t *end;
	bool failed; /* nothing more can be read */
} ArxHeapInput;

/*
 * A place in one section.  About 45 kB: holds what entries are written as
 * differences to.
 */
typedef struct ArxHeapCursor
{
	ArxHeapInput input;
	ArxHeapSectionKind kind;
	uint64_t left;		/* entries */
	uint32_t rows_left; /* of the site at hand */
	uint32_t last_epoch;
	uint32_t functions_left; /* of the address at hand */
	ArxHeapSymbol symbol;
	ArxHeapCoding coding;
} ArxHeapCursor;

/*
 * Checks a whole file in memory: header, sections, all checksums, and then
 * each entry of each section.  So after OK the functions below answer OK or
 * DONE only, unless the bytes are changed meanwhile; even then they stay within
 * the file and come to an end.  After anything but OK the reader says why in
 * error (a static string, half a sentence: "the file is cut off"), and is not
 * to be used.  Uses about 50 kB of stack.
 */
extern ArxHeapReadStatus
arx_heap_read_open(ArxHeapReader *reader, const void *bytes, size_t length);

/* Texts point into the file. */
extern ArxHeapReadStatus
arx_heap_read_process(ArxHeapReader *reader, ArxHeapProcess *process);
/* What is not in the file is 0. */
extern ArxHeapReadStatus
arx_heap_read_ledger(ArxHeapReader *reader, int64_t ledger[ARX_HEAP_NLEDGER]);
extern ArxHeapReadStatus
arx_heap_read_counters(ArxHeapReader *reader,
					   uint64_t counters[ARX_HEAP_NCOUNTERS]);

/*
 * Entries of a section, one by one; a section that is absent has none.  Each
 * answers DONE behind the last one, and on a cursor of another section.
 */
extern void arx_heap_read_start(ArxHeapReader *reader, ArxHeapSectionKind kind,
								ArxHeapCursor *cursor);
extern ArxHeapReadStatus
arx_heap_read_module(ArxHeapCursor *cursor, ArxHeapModule *module);
extern ArxHeapReadStatus
arx_heap_read_epoch(ArxHeapCursor *cursor, uint64_t *end_ms);
/*
 * site->frames points into the cursor and is good until the next call of
 * arx_heap_read_site().  site->rows is NULL: its nrows rows follow with
 * arx_heap_read_row(), which answers DONE behind the last one.  Rows that
 * were not asked for are skipped by the next arx_heap_read_site().
 */
extern ArxHeapReadStatus
arx_heap_read_site(ArxHeapCursor *cursor, ArxHeapSite *site);
extern ArxHeapReadStatus
arx_heap_read_row(ArxHeapCursor *cursor, ArxHeapRow *row);
extern ArxHeapReadStatus
arx_heap_read_code(ArxHeapCursor *cursor, ArxHeapCode *code);
extern ArxHeapReadStatus
arx_heap_read_label(ArxHeapCursor *cursor, ArxHeapLabel *label);
extern ArxHeapReadStatus
arx_heap_read_symbol(ArxHeapCursor *cursor, ArxHeapSymbol *symbol);

#endif
