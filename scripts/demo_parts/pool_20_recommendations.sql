-- Kept: it is applied, and compared with what comes of it.
CREATE TABLE recommendations AS
SELECT * FROM arx_perf.pool_recommendations WHERE pool LIKE '%/shop';
CREATE VIEW advice AS
SELECT * FROM recommendations WHERE source = 'pgbouncer';
\echo '== arx_perf.pool_recommendations (waits in ms; range: load 20 % lower to 20 % higher) =='
SELECT source,
       pool,
       current,
       recommended,
       verdict,
       round(wait_now::numeric, 1) AS wait_now,
       round(wait_then::numeric, 1) AS wait_then,
       round(wait_then_low::numeric, 1) || ' - ' || round(wait_then_high::numeric, 1) AS range,
       rule_of_thumb AS "thumb rule"
FROM recommendations
ORDER BY source DESC;
\echo '== ... and why =='
\pset format unaligned
\pset tuples_only on
SELECT rtrim(regexp_replace(source || ': ' || reason, '(.{1,94})( |$)', E'    \\1\n', 'g'), E'\n')
FROM recommendations
ORDER BY source DESC;
SELECT format(E'    %s transactions, %s a second, each holds a connection for %s ms (cv2 %s):\n'
              '    %s connections busy on average, %s %% of %s; measured by modelled wait %s'
              ' (by chance +- %s %%)',
              transactions, round(arrival_rate::numeric, 1), round(service_time::numeric, 1),
              coalesce(round(service_cv2::numeric, 2)::text, 'unknown'),
              round(offered_load::numeric, 2), round(100 * utilization::numeric), current,
              round(model_agreement::numeric, 2), round(100 * sampling_error::numeric))
FROM advice;
\echo
