\echo '== what a mean hides: the histogram of SELECT pg_sleep(CASE ...) =='
WITH statement AS (
    SELECT mean_exec_time, exec_time_histogram
    FROM arx_perf.statements
    WHERE query LIKE 'SELECT pg_sleep(CASE%'
), bars AS (
    SELECT width_bucket((b.lower + b.upper) / 2, 0, 400, 20) AS bar, sum(b.count) AS calls,
           max(s.mean_exec_time) AS mean
    FROM statement AS s, arx_perf.buckets(s.exec_time_histogram) AS b
    GROUP BY 1
)
SELECT 20 * (n - 1) || ' to ' || 20 * n AS ms,
       coalesce(calls, 0) AS calls,
       coalesce(repeat('#', ceil(40.0 * calls / max(calls) OVER ())::int), '') AS "share",
       CASE WHEN (SELECT max(mean) FROM bars) BETWEEN 20 * (n - 1) AND 20 * n
            THEN 'the mean is here' ELSE '' END AS " "
FROM generate_series(1, (SELECT max(bar) FROM bars)) AS n
LEFT JOIN bars ON bar = n
ORDER BY n;
