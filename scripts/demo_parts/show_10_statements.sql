\echo '== arx_perf.statements: where the time goes (times in ms) =='
SELECT calls,
       round(total_exec_time::numeric) AS total,
       round(mean_exec_time::numeric, 3) AS mean,
       round(p50_exec_time::numeric, 3) AS p50,
       round(p95_exec_time::numeric, 3) AS p95,
       round(p99_exec_time::numeric, 3) AS p99,
       rows,
       left(regexp_replace(query, '\s+', ' ', 'g'), 32) AS statement
FROM arx_perf.statements
WHERE datname = current_database()
ORDER BY total_exec_time DESC
LIMIT 12;
