\echo '== arx_perf.wait_profile: what clients waited for, with the error of looking now and then =='
SELECT coalesce(nullif(p.wait_event_type, 'CPU') || ':' || p.wait_event, 'CPU') AS wait,
       p.application_name AS application,
       p.samples,
       round(p.wait_time::numeric) AS "ms",
       round(100 * p.share::numeric, 1) AS "share %",
       round(100 * p.share_low::numeric, 1) || ' - ' || round(100 * p.share_high::numeric, 1)
           AS "95 %",
       left(regexp_replace(s.query, '\s+', ' ', 'g'), 28) AS statement
FROM arx_perf.wait_profile AS p
LEFT JOIN LATERAL (
    SELECT query FROM arx_perf.statements AS s
    -- what runs inside a function is told by the client's statement
    WHERE s.queryid IN (p.queryid, p.toplevel_queryid)
    ORDER BY s.queryid = p.queryid DESC
    LIMIT 1
) AS s ON true
WHERE p.share IS NOT NULL
ORDER BY p.wait_time DESC
LIMIT 10;
