-- 36_pgbouncer.sql
--    Connection pools of the PgBouncers that arx_perf.pgbouncers names.

CREATE FUNCTION arx_perf.pgbouncer_pools(
	OUT source text,
	OUT pgbouncer text,
	OUT state text,
	OUT pool text,
	OUT datname text,
	OUT username text,
	OUT application_name text,
	OUT client_addr inet,
	OUT pool_mode text,
	OUT size int,
	OUT clients int,
	OUT active int,
	OUT idle int,
	OUT idle_in_transaction int,
	OUT idle_in_transaction_aborted int,
	OUT waiting int,
	OUT max_wait double precision,
	OUT mean_wait double precision,
	OUT p50_wait double precision,
	OUT p95_wait double precision,
	OUT p99_wait double precision,
	OUT wait_samples bigint,
	OUT utilization double precision,
	OUT connections_fraction double precision,
	OUT role_limit_fraction double precision,
	OUT database_limit_fraction double precision,
	OUT connections_per_second double precision,
	OUT transactions_per_second double precision,
	OUT sessions bigint,
	OUT session_time_histogram arx_perf.histogram,
	OUT longest_idle_in_transaction double precision,
	OUT rejected bigint,
	OUT peak int,
	OUT observed_at timestamp with time zone,
	OUT error text
)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'arx_pgbouncer_pools'
LANGUAGE C VOLATILE PARALLEL SAFE ROWS 20;

COMMENT ON FUNCTION arx_perf.pgbouncer_pools() IS
	'PgBouncer pools as last seen, or why their PgBouncer cannot be asked';

REVOKE ALL ON FUNCTION arx_perf.pgbouncer_pools() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION arx_perf.pgbouncer_pools() TO pg_monitor;
