/*
 * pg_compat.h
 *	  What differs between PostgreSQL 15 and 19, in the shape of the newest.
 *
 * Every PG_VERSION_NUM test of the project is in this folder.  Each entry says
 * what changed and in which major.  Include it after postgres.h.
 */
#ifndef ARX_PG_COMPAT_H
#define ARX_PG_COMPAT_H

#include "fmgr.h"
#include "nodes/nodes.h"
#include "nodes/parsenodes.h"
#include "nodes/plannodes.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/postmaster.h"
#include "storage/proc.h"
#include "utils/guc.h"
#include "utils/wait_event.h"

/* PG 16 moved the varlena macros out of postgres.h. */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

#if PG_VERSION_NUM < 150000
#error "arx_perf needs PostgreSQL 15 or newer"
#endif

/* Version of library and SQL objects; the same as in arx_perf.control. */
#define ARX_VERSION "1.0"

/* PG 18 lets a module state its name and version (9324c8c580). */
#if PG_VERSION_NUM >= 180000
#define ARX_MODULE_MAGIC(n, v) PG_MODULE_MAGIC_EXT(.name = n, .version = v)
#else
#define ARX_MODULE_MAGIC(n, v) PG_MODULE_MAGIC
#endif

/*
 * Number of this backend's PGPROC, 0 <= n < MaxBackends for every process that
 * runs statements.  PG 17 renamed it (MyProcNumber); before, PGPROC knew it.
 */
static inline int
arx_compat_proc_number(PGPROC *proc)
{
#if PG_VERSION_NUM >= 170000
	return (int) GetNumberFromPGProc(proc);
#else
	return proc->pgprocno;
#endif
}

/*
 * PG 17 lets an extension name its wait events (c9af054653).  Below, all of
 * them show as "Extension".
 */
static inline uint32
arx_compat_wait_event(const char *name)
{
#if PG_VERSION_NUM >= 170000
	return WaitEventExtensionNew(name);
#else
	return PG_WAIT_EXTENSION;
#endif
}

/*
 * Utility statements that are measured at the statement they run, not
 * themselves.  PG 17 counts DEALLOCATE (bb45156f34) because it normalises the
 * name; before, each name would be a statement of its own.
 */
static inline bool
arx_compat_utility_is_transparent(const Node *stmt)
{
#if PG_VERSION_NUM < 170000
	if (IsA(stmt, DeallocateStmt))
		return true;
#endif
	return IsA(stmt, ExecuteStmt) || IsA(stmt, PrepareStmt);
}

/*
 * Does a line of the server log follow an error of this process?  PG 19 has a
 * level for each kind of process.
 */
static inline bool
arx_compat_errors_are_logged(void)
{
#if PG_VERSION_NUM >= 190000
	int level = log_min_messages[MyBackendType];
#else
	int level = log_min_messages;
#endif

	/* LOG is below ERROR by number, but ranks above it in the server log. */
	return level <= ERROR && level != LOG;
}

/*
 * Was the plan taken from the plan cache, and which kind is it?  Known since
 * PG 19 (719dcf3c42).
 */
typedef enum ArxPlanKind
{
	ARX_PLAN_OTHER = 0,
	ARX_PLAN_GENERIC,
	ARX_PLAN_CUSTOM
} ArxPlanKind;

static inline ArxPlanKind
arx_compat_plan_kind(const PlannedStmt *stmt)
{
#if PG_VERSION_NUM >= 190000
	if (stmt->planOrigin == PLAN_STMT_CACHE_GENERIC)
		return ARX_PLAN_GENERIC;
	if (stmt->planOrigin == PLAN_STMT_CACHE_CUSTOM)
		return ARX_PLAN_CUSTOM;
#endif
	return ARX_PLAN_OTHER;
}

/*
 * Connections that ordinary users cannot have.  PG 16 renamed the superusers'
 * (ReservedBackends) and added those of pg_use_reserved_connections
 * (6e2775e4d4).
 */
static inline int
arx_compat_reserved_connections(void)
{
#if PG_VERSION_NUM >= 160000
	return SuperuserReservedConnections + ReservedConnections;
#else
	return ReservedBackends;
#endif
}

/* What this server cannot tell is NULL in the views, not zero. */
#define ARX_HAVE_PLAN_KIND (PG_VERSION_NUM >= 190000)
#define ARX_HAVE_WAL_BUFFERS_FULL (PG_VERSION_NUM >= 180000)
#define ARX_HAVE_PARALLEL_COUNTS (PG_VERSION_NUM >= 180000)
#define ARX_HAVE_LOCAL_IO_TIME (PG_VERSION_NUM >= 170000)
#define ARX_HAVE_JIT_DEFORM (PG_VERSION_NUM >= 170000)

/* The major version, for files that must not be read by another one. */
#define ARX_PG_MAJOR (PG_VERSION_NUM / 10000)

#endif /* ARX_PG_COMPAT_H */
