--
-- Pools: connections by who holds them
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS arx_perf;
RESET client_min_messages;

-- one view for all kinds of pools: what clients of it may rely on
SELECT attnum, attname, atttypid::regtype AS type FROM pg_attribute
 WHERE attrelid = 'arx_perf.pool_usage'::regclass AND attnum > 0 ORDER BY attnum;

-- this session is seen by the next looks
SET application_name = 'regress_pools';
CREATE FUNCTION await_pools(condition text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    holds boolean;
BEGIN
    FOR i IN 1 .. 1800 LOOP
        EXECUTE 'SELECT coalesce(bool_or(' || condition || '), false) FROM arx_perf.database_pools'
            ' WHERE application_name = ''regress_pools''' INTO holds;
        EXIT WHEN holds;
        PERFORM pg_sleep(0.1);
    END LOOP;
    RETURN holds;
END $$;
SELECT await_pools('active = 1 AND connections = 1');
SELECT source, pgbouncer, state, pool = current_database() || '/' || current_user AS pool,
       datname = current_database() AS datname, username = current_user AS username,
       application_name, client_addr, pool_mode, size, clients, active, idle,
       idle_in_transaction AS in_transaction, idle_in_transaction_aborted AS aborted
  FROM arx_perf.pool_usage WHERE application_name = 'regress_pools';
SELECT waiting, max_wait, mean_wait, p50_wait, p95_wait, p99_wait, wait_samples,
       utilization > 0 AND utilization <= 1 AS utilization,
       connections_fraction = 1.0 / current_setting('max_connections')::int AS connections_fraction,
       role_limit_fraction, database_limit_fraction, rejected, peak,
       observed_at BETWEEN now() - interval '1 min' AND clock_timestamp() AS observed_at, error
  FROM arx_perf.pool_usage WHERE application_name = 'regress_pools';

-- its transactions are counted, failed ones too
SELECT transactions AS transactions_before FROM arx_perf.database_pools
 WHERE application_name = 'regress_pools' \gset
SELECT 1 AS one;
SELECT 1 / 0;
BEGIN; SELECT 1 AS one; ROLLBACK;
SELECT await_pools('transactions >= 4 + ' || :transactions_before);

-- the session goes, and is in the histogram with its length
SELECT coalesce(sum(sessions), 0) AS sessions_before FROM arx_perf.database_pools
 WHERE application_name = 'regress_pools' \gset
\c
SELECT 1 AS one FROM pg_sleep(0);
SET application_name = 'regress_waits';
SELECT await_pools('sessions >= 1 AND arx_perf.count(session_time_histogram) = sessions AND connections = 0');
SELECT arx_perf.quantile(session_time_histogram, 1) > 0 AS has_length
  FROM arx_perf.pool_usage WHERE application_name = 'regress_pools';

-- a trace context is no pool of its own
SET application_name = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
DO $$
BEGIN
    FOR i IN 1 .. 1800 LOOP
        EXIT WHEN EXISTS (SELECT FROM arx_perf.database_pools
                          WHERE application_name = 'traceparent' AND connections > 0);
        PERFORM pg_sleep(0.1);
    END LOOP;
END $$;
SELECT application_name, size FROM arx_perf.pool_usage
 WHERE application_name LIKE '00-%' OR application_name = 'traceparent';
RESET application_name;

-- what the pools say of themselves
SELECT metric, unit, description FROM arx_perf.health WHERE component = 'pools'
   AND metric NOT LIKE 'pgbouncer%' ORDER BY metric COLLATE "C";
SELECT check_name, status FROM arx_perf.check()
 WHERE check_name IN ('connections', 'idle in transaction') ORDER BY check_name;

-- pg_monitor may read them, others may not
CREATE ROLE regress_pools_nobody;
SET ROLE regress_pools_nobody;
SELECT * FROM arx_perf.pool_usage;
SELECT * FROM arx_perf.database_pools;
SELECT * FROM arx_perf.database_pools();
SELECT * FROM arx_perf.connection_rejections;
RESET ROLE;
GRANT pg_monitor TO regress_pools_nobody;
SET ROLE regress_pools_nobody;
SELECT count(*) > 0 AS pools FROM arx_perf.pool_usage;
SELECT count(*) >= 0 AS rejections FROM arx_perf.connection_rejections;
RESET ROLE;
DROP ROLE regress_pools_nobody;
DROP FUNCTION await_pools(text);
