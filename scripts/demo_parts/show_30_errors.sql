\echo '== arx_perf.statement_errors: what failed, and why =='
SELECT sqlstate,
       sum(count) AS count,
       left(max(message), 38) AS message,
       left(regexp_replace(max(query), '\s+', ' ', 'g'), 44) AS statement
FROM arx_perf.statement_errors
GROUP BY sqlstate, queryid
ORDER BY count DESC
LIMIT 10;
