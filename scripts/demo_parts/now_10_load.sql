\echo
\echo '== arx_perf.average_active_sessions(): how many sessions are busy, with what, on how many CPUs =='
SELECT wait_class,
       round(aas::numeric, 2) AS sessions,
       round(aas_low::numeric, 2) || ' - ' || round(aas_high::numeric, 2) AS "95 % interval",
       round(100 * share::numeric) AS "share %",
       cpus
FROM arx_perf.average_active_sessions(:seconds * interval '1 s')
WHERE samples > 0
ORDER BY wait_class <> 'total', share IS NULL, aas DESC;
