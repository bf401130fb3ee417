-- 90_grants.sql
--    Who may what: pg_monitor reads, superusers reset, PUBLIC gets nothing
--    but the harmless (type histogram, library_version).
--
-- Within the views, query ids and texts are shown with the privileges of
-- pg_read_all_stats, or to the user whose statement it is.

REVOKE ALL ON FUNCTION arx_perf.statements(boolean, timestamp with time zone) FROM PUBLIC;
REVOKE ALL ON FUNCTION arx_perf.statement_error_counts() FROM PUBLIC;
REVOKE ALL ON FUNCTION arx_perf.statements_info() FROM PUBLIC;
REVOKE ALL ON FUNCTION arx_perf.reset(oid, oid, bigint, boolean) FROM PUBLIC;
REVOKE ALL ON FUNCTION arx_perf.health() FROM PUBLIC;
REVOKE ALL ON FUNCTION arx_perf.check_library() FROM PUBLIC;
REVOKE ALL ON FUNCTION arx_perf.check() FROM PUBLIC;

GRANT EXECUTE ON FUNCTION arx_perf.statements(boolean, timestamp with time zone) TO pg_monitor;
GRANT EXECUTE ON FUNCTION arx_perf.statement_error_counts() TO pg_monitor;
GRANT EXECUTE ON FUNCTION arx_perf.statements_info() TO pg_monitor;
GRANT EXECUTE ON FUNCTION arx_perf.health() TO pg_monitor;
GRANT EXECUTE ON FUNCTION arx_perf.check_library() TO pg_monitor;
GRANT EXECUTE ON FUNCTION arx_perf.check() TO pg_monitor;

GRANT SELECT ON arx_perf.statements TO pg_monitor;
GRANT SELECT ON arx_perf.slow_statements TO pg_monitor;
GRANT SELECT ON arx_perf.statement_errors TO pg_monitor;
GRANT SELECT ON arx_perf.statements_info TO pg_monitor;
GRANT SELECT ON arx_perf.health TO pg_monitor;
