\echo '== arx_perf.active_sessions: the ten oldest transactions (times in ms) =='
SELECT pid,
       application_name AS application,
       round(extract(epoch FROM clock_timestamp() - xact_start) * 1000) AS xact_age,
       replace(state, 'transaction', 'xact') AS state,
       coalesce(nullif(wait_event_type, 'CPU') || ':' || wait_event, 'CPU') AS wait,
       round(wait_time::numeric) AS waited,
       array_to_string(blockers, ',') AS blockers,
       round((cpu_user_time + cpu_sys_time)::numeric) AS cpu,
       round(private_memory_bytes / 1048576.0, 1) AS "MB"
FROM arx_perf.active_sessions
WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
ORDER BY xact_start
LIMIT 10;
