-- The window begins anew when a pool's size changes, so all of it is after.
SELECT format('==> The mean wait for a connection %s from %s ms to %s ms; %s',
              CASE WHEN a.wait_now < b.wait_now THEN 'shrank' ELSE 'went' END,
              round(b.wait_now::numeric, 1), round(a.wait_now::numeric, 2),
              CASE WHEN b.wait_then IS NULL THEN 'none was predicted'
                   ELSE format('predicted %s (%s - %s)', round(b.wait_then::numeric, 2),
                              round(b.wait_then_low::numeric, 2),
                              round(b.wait_then_high::numeric, 2))
              END) AS outcome,
       format('    as PgBouncer counts it: %s transactions before, %s a second; %s after, %s a second',
              b.transactions, round(b.arrival_rate::numeric),
              a.transactions, round(a.arrival_rate::numeric)) AS numbers
FROM advice AS b
JOIN arx_perf.pool_recommendations AS a USING (source, pgbouncer, pool)
\gset
\echo :outcome
\echo :numbers
