\echo '== arx_perf.health: what the extension itself costs and loses =='
CREATE TEMP TABLE health AS
SELECT *, status <> 'ok' OR metric IN ('shared_memory_bytes', 'lateness_max', 'look_time',
    'missed', 'executions', 'recorded', 'dropped', 'evicted', 'lost', 'history_bytes') AS is_shown
FROM arx_perf.health;
SELECT component, metric, trim_scale(round(value::numeric, 3)) AS value, unit, status
FROM health
WHERE is_shown;
SELECT '    and ' || count(*) || ' metrics more, all ok' AS more FROM health WHERE NOT is_shown
\gset
\echo :more
\echo
\echo '== arx_perf.check(): what is missing, and what to do =='
SELECT check_name, status, left(detail, 70) AS detail, hint FROM arx_perf.check();
