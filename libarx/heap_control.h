/*
 * heap_control.h
 *	  The file through which profiled processes and the arxheap command talk.
 *
 * One file, ARX_HEAP_CONTROL_NAME in the snapshot folder, mapped shared by
 * every process that runs with the preload there.  A process claims a slot; a
 * command finds it by pid, writes a request and wakes whoever waits for it
 * (futex on the word "wake").  No signal, no socket, no descriptor stays open,
 * and an inert process looks at its slot only when it has allocated
 * ARX_HEAP_INERT_BYTES more.
 *
 * Everything in the file may have been written by someone else: a reader
 * trusts nothing in it, it only compares and copies.
 */
#ifndef ARX_LIBARX_HEAP_CONTROL_H
#define ARX_LIBARX_HEAP_CONTROL_H

#include <stdatomic.h>
#include <stdint.h>

#define ARX_HEAP_CONTROL_NAME "control"
#define ARX_HEAP_CONTROL_MAGIC 0x315254435852414cULL
#define ARX_HEAP_CONTROL_VERSION 1
#define ARX_HEAP_CONTROL_SLOTS 2048
#define ARX_HEAP_INERT_BYTES (4 * 1024 * 1024)

/* state, as the process last said */
typedef enum ArxHeapState
{
	ARX_HEAP_FREE = 0, /* slot not in use */
	ARX_HEAP_INERT,	   /* preloaded, does not sample */
	ARX_HEAP_ARMED,
	ARX_HEAP_REFUSED, /* cannot profile this process: see reason */
	ARX_HEAP_EXITED,  /* slot may be taken over */
} ArxHeapState;

/* reason, when refused or when sampling is impaired */
typedef enum ArxHeapRefusal
{
	ARX_HEAP_REFUSED_NOT = 0,
	ARX_HEAP_REFUSED_ALLOCATOR, /* another malloc is linked into the program */
	ARX_HEAP_REFUSED_RANGE,		/* no address range could be reserved */
	ARX_HEAP_REFUSED_MEMORY,	/* no private memory */
	ARX_HEAP_REFUSED_FORK, /* forked in the middle of the profiler's work */
} ArxHeapRefusal;

/* 128 bytes; two cache lines, so that neighbours do not disturb each other. */
typedef struct ArxHeapSlot
{
	_Atomic uint64_t owner;	   /* pid << 32 | low half of start_us; 0: free */
	_Atomic uint64_t start_us; /* UTC, of the process or its fork */
	_Atomic uint64_t namespace_id; /* inode of its pid namespace, 0 unknown */
	_Atomic uint32_t state;		   /* ArxHeapState */
	_Atomic uint32_t refusal;	   /* ArxHeapRefusal */
	/* requests: the command writes, the process answers */
	_Atomic uint32_t wake;		  /* bumped with every request: futex word */
	_Atomic uint32_t want_armed;  /* 0 inert, 1 armed */
	_Atomic uint64_t want_sample; /* bytes between samples, 0: keep */
	_Atomic uint32_t snapshot_wanted; /* number of the request */
	_Atomic uint32_t snapshot_done;	  /* number of the last one answered */
	_Atomic uint32_t snapshot_errno;  /* of the last answer, 0 fine */
	_Atomic uint32_t has_thread;	  /* 1: someone waits on "wake" */
	/* what list and watch show without reading a snapshot */
	_Atomic uint64_t samples;
	_Atomic uint64_t live_samples;
	_Atomic uint64_t live_bytes;	   /* estimate */
	_Atomic uint64_t dropped;		   /* samples lost, all reasons */
	_Atomic uint64_t last_snapshot_us; /* UTC, 0 none yet */
	_Atomic uint64_t sequence;		   /* of the last snapshot */
	uint64_t reserved[2];
} ArxHeapSlot;

typedef struct ArxHeapControlFile
{
	_Atomic uint64_t magic;
	_Atomic uint32_t version;
	_Atomic uint32_t slot_bytes;
	_Atomic uint64_t unlisted; /* processes that found no free slot */
	uint64_t reserved[13];
	ArxHeapSlot slots[ARX_HEAP_CONTROL_SLOTS];
} ArxHeapControlFile;

_Static_assert(sizeof(ArxHeapSlot) == 128, "slots are two cache lines");

#endif
