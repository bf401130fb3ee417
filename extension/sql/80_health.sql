-- 80_health.sql
--    What the extension says of itself, and what is missing.

CREATE FUNCTION arx_perf.health(
	OUT component text,
	OUT metric text,
	OUT value double precision,
	OUT unit text,
	OUT status text,
	OUT description text
)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'arx_health'
LANGUAGE C VOLATILE PARALLEL SAFE ROWS 30;

COMMENT ON FUNCTION arx_perf.health() IS
	'Own numbers of the extension: memory, workers, drops, evictions';

CREATE VIEW arx_perf.health AS
	SELECT * FROM arx_perf.health();

COMMENT ON VIEW arx_perf.health IS
	'Own numbers of the extension: memory, workers, drops, evictions';
COMMENT ON COLUMN arx_perf.health.component IS
	'memory, collector, keeper, statements';
COMMENT ON COLUMN arx_perf.health.metric IS
	'what is counted';
COMMENT ON COLUMN arx_perf.health.value IS
	'the number; NULL when it is not known yet';
COMMENT ON COLUMN arx_perf.health.unit IS
	'bytes, ms, s, or empty for a count';
COMMENT ON COLUMN arx_perf.health.status IS
	'ok, warning or error';
COMMENT ON COLUMN arx_perf.health.description IS
	'what it means';

CREATE FUNCTION arx_perf.check_library(
	OUT check_name text,
	OUT status text,
	OUT detail text,
	OUT hint text
)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'arx_check'
LANGUAGE C VOLATILE PARALLEL SAFE ROWS 10;

COMMENT ON FUNCTION arx_perf.check_library() IS
	'The part of arx_perf.check() that the library answers';

CREATE FUNCTION arx_perf.library_version()
RETURNS text
AS 'MODULE_PATHNAME', 'arx_library_version'
LANGUAGE C STABLE PARALLEL SAFE;

COMMENT ON FUNCTION arx_perf.library_version() IS
	'Version of the library that this server runs';

CREATE FUNCTION arx_perf.check(
	OUT check_name text,
	OUT status text,
	OUT detail text,
	OUT hint text
)
RETURNS SETOF record
LANGUAGE sql VOLATILE PARALLEL SAFE ROWS 10
BEGIN ATOMIC
	SELECT c.check_name, c.status, c.detail, c.hint
	FROM arx_perf.check_library() c
	UNION ALL
	SELECT 'version',
		CASE WHEN e.extversion = arx_perf.library_version()
			THEN 'ok' ELSE 'error' END,
		pg_catalog.format('library %s, SQL objects %s',
			arx_perf.library_version(), e.extversion),
		CASE WHEN e.extversion <> arx_perf.library_version()
			THEN 'Run ALTER EXTENSION arx_perf UPDATE.' END
	FROM pg_catalog.pg_extension e
	WHERE e.extname = 'arx_perf';
END;

COMMENT ON FUNCTION arx_perf.check() IS
	'A doctor: what is missing or wrong, and what to do about it';
