/*
 * health.c
 *	  Walks the subjects for health and check, and adds what is of no subject.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "compat/pg_compat_jumble.h"
#include "compat/pg_compat.h"
#include "core/health.h"
#include "core/row_writer.h"
#include "core/subsystem.h"

PG_FUNCTION_INFO_V1(arx_health);
PG_FUNCTION_INFO_V1(arx_check);
PG_FUNCTION_INFO_V1(arx_library_version);

struct ArxHealth
{
	ArxRowWriter row;
};

static const char *
status_name(ArxHealthStatus status)
{
	static const char *const names[] = {"ok", "warning", "error"};

	return names[status];
}

static void
end_health(ArxHealth *health, const char *unit, ArxHealthStatus status,
		   const char *description)
{
	arx_put_text(&health->row, unit);
	arx_put_text(&health->row, status_name(status));
	arx_put_text(&health->row, description);
	arx_row_end(&health->row);
}

void
arx_health_add(ArxHealth *health, const char *component, const char *metric,
			   double value, const char *unit, ArxHealthStatus status,
			   const char *description)
{
	arx_put_text(&health->row, component);
	arx_put_text(&health->row, metric);
	arx_put_float8(&health->row, value);
	end_health(health, unit, status, description);
}

void
arx_health_add_unknown(ArxHealth *health, const char *component,
					   const char *metric, const char *unit,
					   ArxHealthStatus status, const char *description)
{
	arx_put_text(&health->row, component);
	arx_put_text(&health->row, metric);
	arx_put_null(&health->row);
	end_health(health, unit, status, description);
}

void
arx_check_add(ArxHealth *health, const char *name, ArxHealthStatus status,
			  const char *detail, const char *hint)
{
	arx_put_text(&health->row, name);
	arx_put_text(&health->row, status_name(status));
	arx_put_text(&health->row, detail);
	arx_put_text(&health->row, hint);
	arx_row_end(&health->row);
}

/* arx_perf.health: component, metric, value, unit, status, description */
Datum
arx_health(PG_FUNCTION_ARGS)
{
	ArxHealth health;

	arx_rows_begin(&health.row, fcinfo);
	arx_health_add(&health, "memory", "shared_memory_bytes",
				   (double) arx_subsystems_shmem_bytes(), "bytes", ARX_OK,
				   "shared memory reserved at server start");
	for (int i = 0; arx_subsystems()[i]; i++)
		if (arx_subsystems()[i]->health)
			arx_subsystems()[i]->health(&health);
	return (Datum) 0;
}

static void
check_query_id(ArxHealth *health)
{
	const char *now = GetConfigOption("compute_query_id", true, false);

	if (IsQueryIdEnabled())
		arx_check_add(health, "compute_query_id", ARX_OK,
					  psprintf("compute_query_id is %s", now), NULL);
	else
		arx_check_add(
			health, "compute_query_id", ARX_ERROR,
			psprintf("compute_query_id is %s: no statement is counted", now),
			"Set compute_query_id to auto and reload the configuration.");
}

/*
 * arx_perf.check_library(): name, status, detail, hint.  Unlike all others it
 * answers without preloading, because that is what it is asked for.
 */
Datum
arx_check(PG_FUNCTION_ARGS)
{
	ArxHealth health;

	InitMaterializedSRF(fcinfo, 0);
	health.row.result = (ReturnSetInfo *) fcinfo->resultinfo;
	health.row.n = 0;
	if (!arx_subsystems_are_ready)
	{
		arx_check_add(
			&health, "preload", ARX_ERROR,
			"the library is not in shared_preload_libraries",
			"Add \"arx_perf\" to shared_preload_libraries and restart the "
			"server.");
		return (Datum) 0;
	}
	arx_check_add(&health, "preload", ARX_OK,
				  "the library was loaded at server start", NULL);
	check_query_id(&health);
	for (int i = 0; arx_subsystems()[i]; i++)
		if (arx_subsystems()[i]->check)
			arx_subsystems()[i]->check(&health);
	return (Datum) 0;
}

/* arx_perf.library_version() */
Datum
arx_library_version(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(ARX_VERSION));
}
