\echo '== arx_perf.slow_statements: mean above arx_perf.slow_threshold =='
SELECT calls,
       round(mean_exec_time::numeric, 1) AS mean,
       round(p50_exec_time::numeric, 1) AS p50,
       round(p99_exec_time::numeric, 1) AS p99,
       round((cpu_user_time + cpu_sys_time)::numeric, 1) AS cpu,
       left(regexp_replace(query, '\s+', ' ', 'g'), 60) AS statement
FROM arx_perf.slow_statements
ORDER BY mean_exec_time DESC
LIMIT 8;
