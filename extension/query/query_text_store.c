/*
 * query_text_store.c
 *	  A DSA area inside our own segment, never larger than it was at start.
 */
#include "postgres.h"

#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "core/settings.h"
#include "query/query_text_store.h"

/* How long a full store refuses without trying. */
#define FULL_USECS (10 * USECS_PER_SEC)

typedef struct SharedTextState
{
	pg_atomic_uint64 count;
	pg_atomic_uint64 bytes;
	pg_atomic_uint64 full_until; /* TimestampTz; 0: not full */
} SharedTextState;

static SharedTextState *state;
static dsa_area *area;

static Size
area_size(void)
{
	return Max((Size) arx_query_text_memory * 1024, dsa_minimum_size());
}

Size
arx_text_shmem_size(void)
{
	return add_size(MAXALIGN(sizeof(SharedTextState)), area_size());
}

/*
 * The area's local handle is made in the postmaster and inherited, so that a
 * backend needs no memory of its own for it.
 */
void
arx_text_shmem_attach(void *segment, int tranche, bool found)
{
	MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);
	char *place = (char *) segment + MAXALIGN(sizeof(SharedTextState));

	state = segment;
	if (!found)
	{
		pg_atomic_init_u64(&state->count, 0);
		pg_atomic_init_u64(&state->bytes, 0);
		pg_atomic_init_u64(&state->full_until, 0);
		area = dsa_create_in_place(place, area_size(), tranche, NULL);
		dsa_set_size_limit(area, area_size());
	}
	else
		area = dsa_attach_in_place(place, NULL);
	MemoryContextSwitchTo(old);
}

bool
arx_text_is_full(void)
{
	uint64 until = pg_atomic_read_u64(&state->full_until);

	return until != 0 && (uint64) GetCurrentTimestamp() < until;
}

dsa_pointer
arx_text_store(const char *text, uint32 len, int encoding)
{
	Size size = offsetof(ArxStoredText, data) + len;
	dsa_pointer made;
	ArxStoredText *stored;

	if (arx_text_is_full())
		return InvalidDsaPointer;
	made = dsa_allocate_extended(area, size, DSA_ALLOC_NO_OOM);
	if (!DsaPointerIsValid(made))
	{
		pg_atomic_write_u64(&state->full_until,
							(uint64) (GetCurrentTimestamp() + FULL_USECS));
		return InvalidDsaPointer;
	}
	stored = dsa_get_address(area, made);
	stored->sharers = 1;
	stored->len = len;
	stored->encoding = encoding;
	memcpy(stored->data, text, len);
	pg_atomic_fetch_add_u64(&state->count, 1);
	pg_atomic_fetch_add_u64(&state->bytes, size);
	return made;
}

void
arx_text_share(dsa_pointer text)
{
	ArxStoredText *stored = dsa_get_address(area, text);

	stored->sharers++;
}

void
arx_text_release(dsa_pointer text)
{
	ArxStoredText *stored = dsa_get_address(area, text);

	if (--stored->sharers > 0)
		return;
	pg_atomic_fetch_sub_u64(&state->count, 1);
	pg_atomic_fetch_sub_u64(&state->bytes,
							offsetof(ArxStoredText, data) + stored->len);
	dsa_free(area, text);
	pg_atomic_write_u64(&state->full_until, 0);
}

const ArxStoredText *
arx_text_get(dsa_pointer text)
{
	return dsa_get_address(area, text);
}

uint64
arx_text_count(void)
{
	return pg_atomic_read_u64(&state->count);
}

uint64
arx_text_bytes(void)
{
	return pg_atomic_read_u64(&state->bytes);
}
