/*
 * export_pprof.c
 *	  pprof's profile.proto, compressed.
 *
 * Field numbers are those of github.com/google/pprof/proto/profile.proto.
 * Samples come first, and while they are written the tables fill of what they
 * refer to: locations, functions, strings; these follow.  Ids begin at 1.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exporters/export_stack.h"
#include "exporters/gzip_stream.h"
#include "exporters/intern_table.h"
#include "exporters/json_text.h"
#include "exporters/profile_export.h"
#include "libarx/protobuf.h"

#define MESSAGE_BYTES ((size_t) 256 * 1024)

enum
{
	PROFILE_SAMPLE_TYPE = 1,
	PROFILE_SAMPLE = 2,
	PROFILE_MAPPING = 3,
	PROFILE_LOCATION = 4,
	PROFILE_FUNCTION = 5,
	PROFILE_STRING_TABLE = 6,
	PROFILE_TIME_NANOS = 9,
	PROFILE_DURATION_NANOS = 10,
	PROFILE_PERIOD_TYPE = 11,
	PROFILE_PERIOD = 12,
	PROFILE_COMMENT = 13,
	PROFILE_DEFAULT_SAMPLE_TYPE = 14,
};

/* What is known of a location beside its key. */
typedef struct Location
{
	const ArxProfileFunction *const *functions; /* the last one innermost */
	uint32_t nfunctions;
} Location;

typedef struct Pprof
{
	const ArxProfile *profile;
	ArxGzipStream *out;
	ArxProfileArena *arena;
	ArxProtobuf message;	/* one top-level field at a time */
	bool failed;			/* one was too large */
	ArxInternTable strings; /* number 0 is "" */
	ArxInternTable functions;
	ArxInternTable locations; /* keys are frames */
	Location *places;		  /* by number of location */
	size_t places_room;
	bool *unnamed; /* by module: something in it has no name */
} Pprof;

static uint64_t
string_id(Pprof *pprof, const char *text)
{
	return arx_intern_text(&pprof->strings, text);
}

/* Writes the finished message and begins the next one. */
static void
emit(Pprof *pprof)
{
	pprof->failed = pprof->failed || pprof->message.failed;
	arx_gzip_write(pprof->out, pprof->message.bytes, pprof->message.used);
	arx_protobuf_start(&pprof->message, pprof->message.bytes, MESSAGE_BYTES);
}

static void
write_value_type(Pprof *pprof, uint32_t field, const char *type,
				 const char *unit)
{
	size_t opened = arx_protobuf_open(&pprof->message, field);

	arx_protobuf_number(&pprof->message, 1, string_id(pprof, type));
	arx_protobuf_number(&pprof->message, 2, string_id(pprof, unit));
	arx_protobuf_close(&pprof->message, opened);
}

static void
write_number(Pprof *pprof, uint32_t field, uint64_t number)
{
	arx_protobuf_number(&pprof->message, field, number);
	emit(pprof);
}

static void
write_header(Pprof *pprof)
{
	const ArxHeapProcess *process = &pprof->profile->process;

	write_value_type(pprof, PROFILE_SAMPLE_TYPE, "inuse_objects", "count");
	write_value_type(pprof, PROFILE_SAMPLE_TYPE, "inuse_space", "bytes");
	write_value_type(pprof, PROFILE_SAMPLE_TYPE, "alloc_space", "bytes");
	write_value_type(pprof, PROFILE_PERIOD_TYPE, "space", "bytes");
	emit(pprof);
	write_number(pprof, PROFILE_PERIOD, process->sample_bytes);
	write_number(pprof, PROFILE_TIME_NANOS, process->taken_us * 1000);
	write_number(pprof, PROFILE_DURATION_NANOS,
				 process->elapsed_ms * UINT64_C(1000000));
	write_number(pprof, PROFILE_DEFAULT_SAMPLE_TYPE,
				 string_id(pprof, "inuse_space"));
	write_number(
		pprof, PROFILE_COMMENT,
		string_id(pprof,
				  arx_arena_format(pprof->arena, "%s, process %" PRIu64,
								   process->command.data, process->pid)));
}

/* The number of the location at a frame, + 1. */
static uint64_t
location_id(Pprof *pprof, const ArxHeapFrame *frame,
			const ArxProfileFunction *const *functions, uint32_t nfunctions)
{
	char key[sizeof(frame->module) + sizeof(frame->address)];
	uint32_t number;
	bool added;

	memcpy(key, &frame->module, sizeof(frame->module));
	memcpy(key + sizeof(frame->module), &frame->address,
		   sizeof(frame->address));
	number = arx_intern(&pprof->locations, key, sizeof(key), &added);
	if (added)
	{
		pprof->places = arx_array_grow(pprof->places, number,
									   &pprof->places_room, sizeof(Location));
		pprof->places[number] = (Location){functions, nfunctions};
	}
	return (uint64_t) number + 1;
}

/* From the innermost one on; inlined functions are part of their location. */
static void
write_locations(Pprof *pprof, const ArxProfileSite *site)
{
	static const ArxProfileFunction mappings = {
		.name = ARX_MAPPINGS_ROOT, .named = true, .module = ""};
	static const ArxProfileFunction *const root[1] = {&mappings};
	static const ArxHeapFrame nowhere = {ARX_HEAP_NO_MODULE, 0};
	uint32_t end = site->nfunctions;
	size_t opened = arx_protobuf_open(&pprof->message, 1);

	for (uint32_t i = site->nframes; i-- > 0 && end > 0;)
	{
		uint32_t first = end - 1;

		while (first > 0 && site->functions[first]->inlined)
			first--;
		arx_protobuf_packed(&pprof->message,
							location_id(pprof, &site->frames[i],
										&site->functions[first], end - first));
		end = first;
	}
	if (arx_export_root(site) != NULL)
		arx_protobuf_packed(&pprof->message,
							location_id(pprof, &nowhere, root, 1));
	arx_protobuf_close(&pprof->message, opened);
}

static void
write_label(Pprof *pprof, const ArxProfileSite *site)
{
	size_t opened;

	if (site->label == 0)
		return;
	opened = arx_protobuf_open(&pprof->message, 3);
	if (site->label_name[0] != '\0')
	{
		arx_protobuf_number(&pprof->message, 1, string_id(pprof, "label"));
		arx_protobuf_number(&pprof->message, 2,
							string_id(pprof, site->label_name));
	}
	else
	{
		arx_protobuf_number(&pprof->message, 1, string_id(pprof, "label_id"));
		arx_protobuf_number(&pprof->message, 3, site->label);
	}
	arx_protobuf_close(&pprof->message, opened);
}

static void
write_sample(Pprof *pprof, const ArxProfileSite *site)
{
	size_t opened = arx_protobuf_open(&pprof->message, PROFILE_SAMPLE);
	size_t values;

	write_locations(pprof, site);
	values = arx_protobuf_open(&pprof->message, 2);
	arx_protobuf_packed(&pprof->message,
						(uint64_t) arx_export_round(site->objects));
	arx_protobuf_packed(&pprof->message,
						(uint64_t) arx_export_round(site->bytes));
	arx_protobuf_packed(&pprof->message,
						(uint64_t) arx_export_round(site->birth_bytes));
	arx_protobuf_close(&pprof->message, values);
	write_label(pprof, site);
	arx_protobuf_close(&pprof->message, opened);
	emit(pprof);
}

/* The number of a function, + 1; it is itself whatever the line. */
static uint64_t
function_id(Pprof *pprof, const ArxProfileFunction *function)
{
	uint32_t key[2] = {
		(uint32_t) string_id(pprof, function->name),
		(uint32_t) string_id(pprof,
							 function->file != NULL ? function->file : "")};

	return (uint64_t) arx_intern(&pprof->functions, key, sizeof(key), NULL) + 1;
}

/* What has no name is left without a line, for pprof to look up itself. */
static void
write_location(Pprof *pprof, uint32_t number)
{
	const Location *place = &pprof->places[number];
	size_t opened = arx_protobuf_open(&pprof->message, PROFILE_LOCATION);
	ArxHeapFrame frame;

	memcpy(&frame.module, pprof->locations.keys[number].bytes,
		   sizeof(frame.module));
	memcpy(&frame.address,
		   pprof->locations.keys[number].bytes + sizeof(frame.module),
		   sizeof(frame.address));
	arx_protobuf_number(&pprof->message, 1, (uint64_t) number + 1);
	if (frame.module != ARX_HEAP_NO_MODULE)
	{
		arx_protobuf_number(&pprof->message, 2, (uint64_t) frame.module + 1);
		frame.address += pprof->profile->modules[frame.module].bias;
	}
	arx_protobuf_number(&pprof->message, 3, frame.address);
	for (uint32_t i = place->nfunctions; i-- > 0;)
	{
		const ArxProfileFunction *function = place->functions[i];
		size_t line;

		if (!function->named)
		{
			if (frame.module != ARX_HEAP_NO_MODULE)
				pprof->unnamed[frame.module] = true;
			continue;
		}
		line = arx_protobuf_open(&pprof->message, 4);
		arx_protobuf_number(&pprof->message, 1, function_id(pprof, function));
		arx_protobuf_number(&pprof->message, 2, function->line);
		arx_protobuf_close(&pprof->message, line);
	}
	arx_protobuf_close(&pprof->message, opened);
	emit(pprof);
}

static void
write_mapping(Pprof *pprof, uint32_t number)
{
	const ArxProfileModule *module = &pprof->profile->modules[number];
	char build_id[2 * ARX_HEAP_MAX_BUILD_ID + 1] = "";
	size_t opened = arx_protobuf_open(&pprof->message, PROFILE_MAPPING);

	for (uint32_t i = 0;
		 i < module->build_id_bytes && i < ARX_HEAP_MAX_BUILD_ID; i++)
		sprintf(build_id + 2 * i, "%02x", module->build_id[i]);
	arx_protobuf_number(&pprof->message, 1, (uint64_t) number + 1);
	arx_protobuf_number(&pprof->message, 2, module->start);
	arx_protobuf_number(&pprof->message, 3, module->end);
	arx_protobuf_number(&pprof->message, 5, string_id(pprof, module->path));
	arx_protobuf_number(&pprof->message, 6, string_id(pprof, build_id));
	for (uint32_t has = 7; has <= 10 && !pprof->unnamed[number]; has++)
		arx_protobuf_number(&pprof->message, has, 1);
	arx_protobuf_close(&pprof->message, opened);
	emit(pprof);
}

static void
write_function(Pprof *pprof, uint32_t number)
{
	size_t opened = arx_protobuf_open(&pprof->message, PROFILE_FUNCTION);
	uint32_t key[2];

	memcpy(key, pprof->functions.keys[number].bytes, sizeof(key));
	arx_protobuf_number(&pprof->message, 1, (uint64_t) number + 1);
	arx_protobuf_number(&pprof->message, 2, key[0]);
	arx_protobuf_number(&pprof->message, 3, key[0]);
	arx_protobuf_number(&pprof->message, 4, key[1]);
	arx_protobuf_close(&pprof->message, opened);
	emit(pprof);
}

/* pprof takes UTF-8 only: what is not becomes '?'. */
static void
write_string(Pprof *pprof, uint32_t number)
{
	const ArxInternKey *key = &pprof->strings.keys[number];
	char *text = (char *) (uintptr_t) key->bytes;

	for (size_t i = 0, step; i < key->length; i += step)
	{
		step = arx_character_bytes(text + i, key->length - i);
		if (step == 0)
		{
			text[i] = '?';
			step = 1;
		}
	}
	arx_protobuf_head(&pprof->message, PROFILE_STRING_TABLE, key->length);
	emit(pprof);
	arx_gzip_write(pprof->out, key->bytes, key->length);
}

static void
write_profile(Pprof *pprof)
{
	const ArxProfile *profile = pprof->profile;

	string_id(pprof, "");
	write_header(pprof);
	for (size_t i = 0; i < profile->nsites; i++)
		if (arx_export_has(&profile->sites[i]))
			write_sample(pprof, &profile->sites[i]);
	for (uint32_t i = 0; i < pprof->locations.nkeys; i++)
		write_location(pprof, i);
	for (uint32_t i = 0; i < profile->nmodules; i++)
		write_mapping(pprof, i);
	for (uint32_t i = 0; i < pprof->functions.nkeys; i++)
		write_function(pprof, i);
	for (uint32_t i = 0; i < pprof->strings.nkeys; i++)
		write_string(pprof, i);
}

bool
arx_export_pprof(const ArxProfile *profile, FILE *out)
{
	ArxProfileArena *arena = arx_arena_new();
	Pprof pprof = {.profile = profile,
				   .out = arx_gzip_open(out),
				   .arena = arena,
				   .strings = {.arena = arena},
				   .functions = {.arena = arena},
				   .locations = {.arena = arena}};
	bool written = false;

	pprof.unnamed = arx_arena_get(arena, profile->nmodules, sizeof(bool));
	arx_protobuf_start(&pprof.message, arx_arena_get(arena, MESSAGE_BYTES, 1),
					   MESSAGE_BYTES);
	if (pprof.out != NULL)
	{
		write_profile(&pprof);
		written = arx_gzip_close(pprof.out);
		if (pprof.failed)
			errno = EOVERFLOW;
		written = written && !pprof.failed;
	}
	free(pprof.places);
	arx_arena_free(arena);
	return written;
}
