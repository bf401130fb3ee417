\echo '== arx_perf.health: the extension itself =='
SELECT component, metric, value, unit, status FROM arx_perf.health;
\echo '== arx_perf.check(): what is missing, and what to do =='
SELECT check_name, status, left(detail, 70) AS detail, hint FROM arx_perf.check();
