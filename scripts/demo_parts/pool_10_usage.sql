\echo
\echo '== arx_perf.pool_usage: of PgBouncer and in the database (waits in ms, p95 estimated) =='
SELECT source,
       pool,
       application_name AS application,
       size,
       clients,
       active,
       waiting,
       round(mean_wait::numeric, 1) AS mean,
       round(p95_wait::numeric, 1) AS p95,
       round(100 * utilization::numeric) AS "busy %",
       round(transactions_per_second::numeric, 1) AS "tps"
FROM arx_perf.pool_usage
WHERE size > 0 AND username <> 'postgres'
ORDER BY source DESC, pool;
