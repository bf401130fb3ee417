-- 20_statements.sql
--    Statement statistics: the views, their functions, and reset.
--
-- One shape on every server version: columns that a version lacks are NULL.

CREATE FUNCTION arx_perf.statements(
	IN showtext boolean DEFAULT true,
	IN seen_since timestamp with time zone DEFAULT NULL,
	OUT userid oid,
	OUT dbid oid,
	OUT toplevel boolean,
	OUT queryid bigint,
	OUT query text,
	OUT plans bigint,
	OUT total_plan_time double precision,
	OUT min_plan_time double precision,
	OUT max_plan_time double precision,
	OUT mean_plan_time double precision,
	OUT stddev_plan_time double precision,
	OUT calls bigint,
	OUT total_exec_time double precision,
	OUT min_exec_time double precision,
	OUT max_exec_time double precision,
	OUT mean_exec_time double precision,
	OUT stddev_exec_time double precision,
	OUT rows bigint,
	OUT shared_blks_hit bigint,
	OUT shared_blks_read bigint,
	OUT shared_blks_dirtied bigint,
	OUT shared_blks_written bigint,
	OUT local_blks_hit bigint,
	OUT local_blks_read bigint,
	OUT local_blks_dirtied bigint,
	OUT local_blks_written bigint,
	OUT temp_blks_read bigint,
	OUT temp_blks_written bigint,
	OUT blk_read_time double precision,
	OUT blk_write_time double precision,
	OUT shared_blk_read_time double precision,
	OUT shared_blk_write_time double precision,
	OUT local_blk_read_time double precision,
	OUT local_blk_write_time double precision,
	OUT temp_blk_read_time double precision,
	OUT temp_blk_write_time double precision,
	OUT wal_records bigint,
	OUT wal_fpi bigint,
	OUT wal_bytes numeric,
	OUT wal_buffers_full bigint,
	OUT jit_functions bigint,
	OUT jit_generation_time double precision,
	OUT jit_inlining_count bigint,
	OUT jit_inlining_time double precision,
	OUT jit_optimization_count bigint,
	OUT jit_optimization_time double precision,
	OUT jit_emission_count bigint,
	OUT jit_emission_time double precision,
	OUT jit_deform_count bigint,
	OUT jit_deform_time double precision,
	OUT parallel_workers_to_launch bigint,
	OUT parallel_workers_launched bigint,
	OUT generic_plan_calls bigint,
	OUT custom_plan_calls bigint,
	OUT stats_since timestamp with time zone,
	OUT minmax_stats_since timestamp with time zone,
	OUT datname text,
	OUT username text,
	OUT errors bigint,
	OUT total_error_time double precision,
	OUT p50_exec_time double precision,
	OUT p95_exec_time double precision,
	OUT p99_exec_time double precision,
	OUT p999_exec_time double precision,
	OUT exec_time_histogram arx_perf.histogram,
	OUT cpu_user_time double precision,
	OUT cpu_sys_time double precision,
	OUT last_seen timestamp with time zone
)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'arx_statements'
LANGUAGE C VOLATILE PARALLEL SAFE;

COMMENT ON FUNCTION arx_perf.statements(boolean, timestamp with time zone) IS
	'Statistics of each statement; showtext false leaves texts out, seen_since those that did not run since then';

CREATE VIEW arx_perf.statements AS
	SELECT * FROM arx_perf.statements(true);

COMMENT ON VIEW arx_perf.statements IS
	'Statistics of each statement, as pg_stat_statements and more: latency quantiles, errors, CPU time';
COMMENT ON COLUMN arx_perf.statements.userid IS
	'user who ran the statement (pg_authid.oid)';
COMMENT ON COLUMN arx_perf.statements.dbid IS
	'database it ran in (pg_database.oid)';
COMMENT ON COLUMN arx_perf.statements.toplevel IS
	'true when a client sent it, false when a function or utility ran it';
COMMENT ON COLUMN arx_perf.statements.queryid IS
	'query identifier of the server; NULL without the right to see it';
COMMENT ON COLUMN arx_perf.statements.query IS
	'text with constants as $n; NULL while it is not known or did not fit into memory';
COMMENT ON COLUMN arx_perf.statements.plans IS
	'calls of the planner (arx_perf.track_planning)';
COMMENT ON COLUMN arx_perf.statements.total_plan_time IS
	'time spent planning, in milliseconds';
COMMENT ON COLUMN arx_perf.statements.min_plan_time IS
	'shortest planning, in milliseconds';
COMMENT ON COLUMN arx_perf.statements.max_plan_time IS
	'longest planning, in milliseconds';
COMMENT ON COLUMN arx_perf.statements.mean_plan_time IS
	'mean planning time, in milliseconds';
COMMENT ON COLUMN arx_perf.statements.stddev_plan_time IS
	'standard deviation of planning time, in milliseconds';
COMMENT ON COLUMN arx_perf.statements.calls IS
	'executions that ended well';
COMMENT ON COLUMN arx_perf.statements.total_exec_time IS
	'time these took, in milliseconds';
COMMENT ON COLUMN arx_perf.statements.min_exec_time IS
	'shortest of these, in milliseconds';
COMMENT ON COLUMN arx_perf.statements.max_exec_time IS
	'longest of these, in milliseconds';
COMMENT ON COLUMN arx_perf.statements.mean_exec_time IS
	'mean of these, in milliseconds';
COMMENT ON COLUMN arx_perf.statements.stddev_exec_time IS
	'standard deviation of these, in milliseconds';
COMMENT ON COLUMN arx_perf.statements.rows IS
	'rows retrieved or affected';
COMMENT ON COLUMN arx_perf.statements.shared_blks_hit IS
	'shared blocks found in the buffer cache';
COMMENT ON COLUMN arx_perf.statements.shared_blks_read IS
	'shared blocks read';
COMMENT ON COLUMN arx_perf.statements.shared_blks_dirtied IS
	'shared blocks dirtied';
COMMENT ON COLUMN arx_perf.statements.shared_blks_written IS
	'shared blocks written by the statement itself';
COMMENT ON COLUMN arx_perf.statements.local_blks_hit IS
	'blocks of temporary tables found in the local cache';
COMMENT ON COLUMN arx_perf.statements.local_blks_read IS
	'blocks of temporary tables read';
COMMENT ON COLUMN arx_perf.statements.local_blks_dirtied IS
	'blocks of temporary tables dirtied';
COMMENT ON COLUMN arx_perf.statements.local_blks_written IS
	'blocks of temporary tables written';
COMMENT ON COLUMN arx_perf.statements.temp_blks_read IS
	'blocks of temporary files read (sorts, hashes)';
COMMENT ON COLUMN arx_perf.statements.temp_blks_written IS
	'blocks of temporary files written';
COMMENT ON COLUMN arx_perf.statements.blk_read_time IS
	'time reading shared and local blocks, in milliseconds (track_io_timing); as PostgreSQL 15 and 16 name it';
COMMENT ON COLUMN arx_perf.statements.blk_write_time IS
	'time writing shared and local blocks, in milliseconds (track_io_timing); as PostgreSQL 15 and 16 name it';
COMMENT ON COLUMN arx_perf.statements.shared_blk_read_time IS
	'time reading shared blocks, in milliseconds (track_io_timing); NULL before PostgreSQL 17';
COMMENT ON COLUMN arx_perf.statements.shared_blk_write_time IS
	'time writing shared blocks, in milliseconds (track_io_timing); NULL before PostgreSQL 17';
COMMENT ON COLUMN arx_perf.statements.local_blk_read_time IS
	'time reading local blocks, in milliseconds (track_io_timing); NULL before PostgreSQL 17';
COMMENT ON COLUMN arx_perf.statements.local_blk_write_time IS
	'time writing local blocks, in milliseconds (track_io_timing); NULL before PostgreSQL 17';
COMMENT ON COLUMN arx_perf.statements.temp_blk_read_time IS
	'time reading temporary files, in milliseconds (track_io_timing)';
COMMENT ON COLUMN arx_perf.statements.temp_blk_write_time IS
	'time writing temporary files, in milliseconds (track_io_timing)';
COMMENT ON COLUMN arx_perf.statements.wal_records IS
	'WAL records written';
COMMENT ON COLUMN arx_perf.statements.wal_fpi IS
	'full page images in these';
COMMENT ON COLUMN arx_perf.statements.wal_bytes IS
	'bytes of WAL written';
COMMENT ON COLUMN arx_perf.statements.wal_buffers_full IS
	'times the WAL buffers were full; NULL before PostgreSQL 18';
COMMENT ON COLUMN arx_perf.statements.jit_functions IS
	'functions compiled by JIT';
COMMENT ON COLUMN arx_perf.statements.jit_generation_time IS
	'time generating JIT code, in milliseconds';
COMMENT ON COLUMN arx_perf.statements.jit_inlining_count IS
	'executions in which functions were inlined';
COMMENT ON COLUMN arx_perf.statements.jit_inlining_time IS
	'time inlining, in milliseconds';
COMMENT ON COLUMN arx_perf.statements.jit_optimization_count IS
	'executions that were optimised';
COMMENT ON COLUMN arx_perf.statements.jit_optimization_time IS
	'time optimising, in milliseconds';
COMMENT ON COLUMN arx_perf.statements.jit_emission_count IS
	'executions in which code was emitted';
COMMENT ON COLUMN arx_perf.statements.jit_emission_time IS
	'time emitting code, in milliseconds';
COMMENT ON COLUMN arx_perf.statements.jit_deform_count IS
	'executions in which tuple deforming was compiled; NULL before PostgreSQL 17';
COMMENT ON COLUMN arx_perf.statements.jit_deform_time IS
	'time compiling it, in milliseconds; NULL before PostgreSQL 17';
COMMENT ON COLUMN arx_perf.statements.parallel_workers_to_launch IS
	'parallel workers planned; NULL before PostgreSQL 18';
COMMENT ON COLUMN arx_perf.statements.parallel_workers_launched IS
	'parallel workers launched; NULL before PostgreSQL 18';
COMMENT ON COLUMN arx_perf.statements.generic_plan_calls IS
	'calls with a generic plan from the plan cache; NULL before PostgreSQL 19';
COMMENT ON COLUMN arx_perf.statements.custom_plan_calls IS
	'calls with a custom plan from the plan cache; NULL before PostgreSQL 19';
COMMENT ON COLUMN arx_perf.statements.stats_since IS
	'since when this row counts';
COMMENT ON COLUMN arx_perf.statements.minmax_stats_since IS
	'since when minima and maxima count';
COMMENT ON COLUMN arx_perf.statements.datname IS
	'name of the database';
COMMENT ON COLUMN arx_perf.statements.username IS
	'name of the user';
COMMENT ON COLUMN arx_perf.statements.errors IS
	'executions that failed, were cancelled or timed out';
COMMENT ON COLUMN arx_perf.statements.total_error_time IS
	'time these took, in milliseconds; not in total_exec_time';
COMMENT ON COLUMN arx_perf.statements.p50_exec_time IS
	'median execution time, in milliseconds; relative error at most 1.6 %';
COMMENT ON COLUMN arx_perf.statements.p95_exec_time IS
	'95th percentile of execution time, in milliseconds; relative error at most 1.6 %';
COMMENT ON COLUMN arx_perf.statements.p99_exec_time IS
	'99th percentile of execution time, in milliseconds; relative error at most 1.6 %';
COMMENT ON COLUMN arx_perf.statements.p999_exec_time IS
	'99.9th percentile of execution time, in milliseconds; relative error at most 1.6 %';
COMMENT ON COLUMN arx_perf.statements.exec_time_histogram IS
	'execution times of all calls, in milliseconds';
COMMENT ON COLUMN arx_perf.statements.cpu_user_time IS
	'CPU time in user mode, in milliseconds, shared out by elapsed time (docs/statements.md states the error)';
COMMENT ON COLUMN arx_perf.statements.cpu_sys_time IS
	'CPU time in the kernel, in milliseconds, shared out likewise';
COMMENT ON COLUMN arx_perf.statements.last_seen IS
	'when it last ended';


CREATE VIEW arx_perf.slow_statements AS
	SELECT * FROM arx_perf.statements
	WHERE mean_exec_time > 1000 * extract(epoch FROM
		pg_catalog.current_setting('arx_perf.slow_threshold', true)::interval)
	ORDER BY mean_exec_time DESC
	LIMIT 20;

COMMENT ON VIEW arx_perf.slow_statements IS
	'The 20 statements with the highest mean time above arx_perf.slow_threshold; columns as in arx_perf.statements';

-- Its columns are those of arx_perf.statements, and so are their comments.
DO $$
DECLARE
	col record;
BEGIN
	FOR col IN
		SELECT attname, pg_catalog.col_description(attrelid, attnum) AS comment
		FROM pg_catalog.pg_attribute
		WHERE attrelid = 'arx_perf.statements'::pg_catalog.regclass
			AND attnum > 0
	LOOP
		EXECUTE pg_catalog.format(
			'COMMENT ON COLUMN arx_perf.slow_statements.%I IS %L',
			col.attname, col.comment);
	END LOOP;
END $$;

CREATE FUNCTION arx_perf.statement_error_counts(
	OUT userid oid,
	OUT dbid oid,
	OUT toplevel boolean,
	OUT queryid bigint,
	OUT sqlstate text,
	OUT count bigint,
	OUT message text,
	OUT first_seen timestamp with time zone,
	OUT last_seen timestamp with time zone
)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'arx_statement_errors'
LANGUAGE C VOLATILE PARALLEL SAFE;

COMMENT ON FUNCTION arx_perf.statement_error_counts() IS
	'Errors by statement and SQLSTATE, without names and texts';

CREATE VIEW arx_perf.statement_errors AS
	SELECT e.userid, e.dbid, r.rolname::text AS username,
		d.datname::text AS datname, e.queryid, e.toplevel, e.sqlstate,
		e.count, e.message, e.first_seen, e.last_seen, s.query
	FROM arx_perf.statement_error_counts() e
	LEFT JOIN arx_perf.statements(true) s
		USING (userid, dbid, queryid, toplevel)
	LEFT JOIN pg_catalog.pg_roles r ON r.oid = e.userid
	LEFT JOIN pg_catalog.pg_database d ON d.oid = e.dbid;

COMMENT ON VIEW arx_perf.statement_errors IS
	'How often which statement failed with which SQLSTATE';
COMMENT ON COLUMN arx_perf.statement_errors.userid IS
	'user who ran the statement (pg_authid.oid)';
COMMENT ON COLUMN arx_perf.statement_errors.dbid IS
	'database it ran in (pg_database.oid)';
COMMENT ON COLUMN arx_perf.statement_errors.username IS
	'name of the user';
COMMENT ON COLUMN arx_perf.statement_errors.datname IS
	'name of the database';
COMMENT ON COLUMN arx_perf.statement_errors.queryid IS
	'query identifier; NULL for an error of no statement (syntax error, failed COMMIT) or without the right to see it';
COMMENT ON COLUMN arx_perf.statement_errors.toplevel IS
	'true when a client sent the statement';
COMMENT ON COLUMN arx_perf.statement_errors.sqlstate IS
	'error code, as in the appendix "PostgreSQL Error Codes"';
COMMENT ON COLUMN arx_perf.statement_errors.count IS
	'how often';
COMMENT ON COLUMN arx_perf.statement_errors.message IS
	'the message as written in the servers source, with %s in place of values; NULL when it was not logged';
COMMENT ON COLUMN arx_perf.statement_errors.first_seen IS
	'first time';
COMMENT ON COLUMN arx_perf.statement_errors.last_seen IS
	'last time';
COMMENT ON COLUMN arx_perf.statement_errors.query IS
	'text of the statement; NULL while it is not known';

CREATE FUNCTION arx_perf.statements_info(
	OUT dealloc bigint,
	OUT stats_reset timestamp with time zone,
	OUT statements bigint,
	OUT statements_max bigint,
	OUT executions bigint,
	OUT recorded bigint,
	OUT dropped bigint,
	OUT histogram_lost bigint,
	OUT evictions bigint,
	OUT last_save timestamp with time zone
)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'arx_statements_info'
LANGUAGE C VOLATILE PARALLEL SAFE ROWS 1;

COMMENT ON FUNCTION arx_perf.statements_info() IS
	'One row about the statement statistics themselves';

CREATE VIEW arx_perf.statements_info AS
	SELECT * FROM arx_perf.statements_info();

COMMENT ON VIEW arx_perf.statements_info IS
	'One row about the statement statistics themselves; executions = recorded + dropped + those waiting in rings';
COMMENT ON COLUMN arx_perf.statements_info.dealloc IS
	'statements dropped to make room';
COMMENT ON COLUMN arx_perf.statements_info.stats_reset IS
	'when all statistics were last reset';
COMMENT ON COLUMN arx_perf.statements_info.statements IS
	'statements in memory';
COMMENT ON COLUMN arx_perf.statements_info.statements_max IS
	'how many there may be (arx_perf.max_statements)';
COMMENT ON COLUMN arx_perf.statements_info.executions IS
	'executions that ended, well or badly';
COMMENT ON COLUMN arx_perf.statements_info.recorded IS
	'executions added to a statement';
COMMENT ON COLUMN arx_perf.statements_info.dropped IS
	'executions not recorded because no entry was free';
COMMENT ON COLUMN arx_perf.statements_info.histogram_lost IS
	'calls that are in the counters but in no histogram';
COMMENT ON COLUMN arx_perf.statements_info.evictions IS
	'passes that made room';
COMMENT ON COLUMN arx_perf.statements_info.last_save IS
	'when the statistics were last saved to disk';

CREATE FUNCTION arx_perf.reset(
	userid oid DEFAULT 0,
	dbid oid DEFAULT 0,
	queryid bigint DEFAULT 0,
	minmax_only boolean DEFAULT false
)
RETURNS timestamp with time zone
AS 'MODULE_PATHNAME', 'arx_reset'
LANGUAGE C VOLATILE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION arx_perf.reset(oid, oid, bigint, boolean) IS
	'Forgets the statistics of a user, a database, a statement, or (0) of all; returns the time of the reset';
