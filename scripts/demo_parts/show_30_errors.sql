\echo '== arx_perf.statement_errors: what failed, and why =='
SELECT sqlstate,
       condition,
       sum(count) AS count,
       max(last_seen)::time(0) AS last_seen,
       left(regexp_replace(max(query), '\s+', ' ', 'g'), 54) AS statement
FROM arx_perf.statement_errors
GROUP BY sqlstate, condition, queryid
ORDER BY count DESC
LIMIT 10;
