--
-- arx_perf.statements: what is counted for a statement
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS arx_perf;
RESET client_min_messages;
SELECT arx_perf.reset() IS NOT NULL AS reset;

CREATE TABLE counted (id int PRIMARY KEY, note text);
CREATE VIEW seen AS
SELECT * FROM arx_perf.statements
 WHERE query LIKE '%counted%' AND query NOT LIKE 'CREATE%';

-- calls and rows; one row for statements that differ in constants only
INSERT INTO counted SELECT i, 'note ' || i FROM generate_series(1, 10) i;
UPDATE counted SET note = 'five' WHERE id <= 5;
UPDATE counted SET note = 'six' WHERE id <= 6;
SELECT id FROM counted WHERE id = 3;
SELECT id FROM counted WHERE id = 4;
SELECT id FROM counted WHERE id = 400;
DELETE FROM counted WHERE id > 7 RETURNING id;
SELECT calls, rows, errors, toplevel, query FROM seen
 WHERE calls > 0 ORDER BY query COLLATE "C";

-- whose, where and when
SELECT bool_and(userid = (SELECT oid FROM pg_roles WHERE rolname = current_user)) AS userid,
       bool_and(username = current_user) AS username,
       bool_and(dbid = (SELECT oid FROM pg_database WHERE datname = current_database())) AS dbid,
       bool_and(datname = current_database()) AS datname
  FROM seen;
SELECT clock_timestamp() AS before \gset
SELECT max(note) FROM counted;
SELECT last_seen BETWEEN :'before'::timestamptz - interval '1 s' AND clock_timestamp() AS last_seen,
       stats_since BETWEEN :'before' AND clock_timestamp() AS stats_since,
       minmax_stats_since = stats_since AS minmax_stats_since
  FROM seen WHERE query = 'SELECT max(note) FROM counted';
SELECT query_id AS mine, 'counted' AS what FROM pg_stat_activity WHERE pid = pg_backend_pid() \gset
SELECT count(*) AS found_by_queryid FROM arx_perf.statements WHERE queryid = :mine;

-- blocks and WAL
INSERT INTO counted SELECT i, repeat('x', 500) FROM generate_series(100, 1100) i;
SELECT shared_blks_hit > 50 AS hit, shared_blks_dirtied > 50 AS dirtied,
       local_blks_hit + local_blks_read + local_blks_dirtied + local_blks_written AS local,
       temp_blks_read + temp_blks_written AS temp,
       wal_records >= 1000 AS wal_records, wal_bytes > 500000 AS wal_bytes
  FROM seen WHERE query LIKE 'INSERT%repeat%';
SET temp_buffers = '800kB';
CREATE TEMP TABLE counted_local (id int, note text);
INSERT INTO counted_local SELECT i, repeat('x', 1000) FROM generate_series(1, 2000) i;
SELECT local_blks_hit > 200 AS hit, local_blks_dirtied > 200 AS dirtied,
       local_blks_written > 100 AS written, wal_bytes < 10000 AS no_wal
  FROM seen WHERE query LIKE 'INSERT INTO counted_local%';
SELECT count(note) FROM counted_local;
SELECT local_blks_read > 100 AS read FROM seen WHERE query LIKE 'SELECT count(note) FROM counted_local';

-- temporary files, and time for them only when the server measures it
SET work_mem = '64kB';
SET track_io_timing = off;
SELECT count(*) FROM (SELECT i AS counted FROM generate_series(1, 20000) i ORDER BY i DESC OFFSET 1) s;
SELECT temp_blks_written > 10 AS written, temp_blks_read > 10 AS read,
       temp_blk_write_time AS write_time, temp_blk_read_time AS read_time
  FROM seen WHERE query LIKE 'SELECT count(*) FROM (SELECT i AS counted%';
SET track_io_timing = on;
SELECT count(*) FROM (SELECT i AS counted_timed, i FROM generate_series(1, 20000) i ORDER BY 1 DESC OFFSET 1) s;
SELECT temp_blk_write_time > 0 AS write_time, temp_blk_read_time > 0 AS read_time
  FROM seen WHERE query LIKE '%counted_timed%';
RESET track_io_timing;
RESET work_mem;

-- a parallel statement is one call, with the blocks of its workers, once
SELECT pg_relation_size('counted') / 8192 AS pages \gset
BEGIN;
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
SET LOCAL max_parallel_workers_per_gather = 2;
SET LOCAL arx_perf.track = 'all';
SELECT count(*) AS in_parallel FROM counted;
COMMIT;
SELECT calls, rows, toplevel, shared_blks_hit + shared_blks_read >= :pages AS all_blocks,
       shared_blks_hit + shared_blks_read < 2 * :pages + 100 AS once,
       coalesce(parallel_workers_to_launch, 2) AS planned,
       coalesce(parallel_workers_launched, 2) BETWEEN 0 AND 2 AS launched
  FROM seen WHERE query LIKE '%in_parallel%';

-- CPU time, when it is wanted
SELECT count(*) AS counted_cpu FROM generate_series(1, 200000);
SET arx_perf.track_cpu = off;
SELECT count(*) AS counted_no_cpu FROM generate_series(1, 200000, 1);
RESET arx_perf.track_cpu;
SELECT query, cpu_user_time + cpu_sys_time > 0 AS cpu FROM seen
 WHERE query LIKE '%cpu%' ORDER BY query COLLATE "C";

-- JIT, where the server has it
SET jit = on;
SET jit_above_cost = 0;
SELECT sum(id) AS counted_jit FROM counted;
RESET jit_above_cost;
RESET jit;
SELECT (jit_functions > 0) = pg_jit_available() AS functions,
       (jit_emission_count = 1) = pg_jit_available() AS emission_count,
       (jit_generation_time > 0) = pg_jit_available() AS generation_time
  FROM seen WHERE query LIKE '%counted_jit%';

-- NULL is what this server cannot tell, and nothing else
SELECT current_setting('server_version_num')::int / 10000 AS major \gset
SELECT bool_and((shared_blk_read_time IS NULL AND shared_blk_write_time IS NULL
                 AND local_blk_read_time IS NULL AND local_blk_write_time IS NULL
                 AND jit_deform_count IS NULL AND jit_deform_time IS NULL) = (:major < 17)) AS below_17,
       bool_and((wal_buffers_full IS NULL AND parallel_workers_to_launch IS NULL
                 AND parallel_workers_launched IS NULL) = (:major < 18)) AS below_18,
       bool_and((generic_plan_calls IS NULL AND custom_plan_calls IS NULL) = (:major < 19)) AS below_19
  FROM seen;

-- what two calls must look like, the longer one first or last
SELECT max(i) AS counted_twice FROM generate_series(1, 10) i;
SELECT max(i) AS counted_twice FROM generate_series(1, 50000) i;
SELECT sum(i) AS counted_twice FROM generate_series(1, 50000) i;
SELECT sum(i) AS counted_twice FROM generate_series(1, 10) i;
SELECT calls, abs(mean_exec_time - (min_exec_time + max_exec_time) / 2) < 1e-6 AS mean,
       abs(stddev_exec_time - (max_exec_time - min_exec_time) / 2) < 1e-6 AS stddev,
       abs(total_exec_time - (min_exec_time + max_exec_time)) < 1e-6 AS total, query
  FROM seen WHERE query LIKE '%counted_twice%' ORDER BY query COLLATE "C";

-- what every row must look like
SET extra_float_digits = 0;
SELECT bool_and(arx_perf.count(exec_time_histogram) = calls) AS histogram_has_each_call,
       bool_and(abs(arx_perf.sum(exec_time_histogram) - total_exec_time) <= 1e-9 * total_exec_time) AS histogram_sum,
       bool_and(abs(total_exec_time - mean_exec_time * calls) <= 1e-6 * total_exec_time) AS total_is_mean_by_calls,
       bool_and(mean_exec_time BETWEEN min_exec_time * (1 - 1e-9) AND max_exec_time * (1 + 1e-9)) AS mean_between,
       bool_and(stddev_exec_time <= (max_exec_time - min_exec_time) / 2 * (1 + 1e-6)) AS stddev_bounded,
       bool_and(p50_exec_time <= p95_exec_time AND p95_exec_time <= p99_exec_time
                AND p99_exec_time <= p999_exec_time) AS quantiles_ascend,
       bool_and(p50_exec_time >= min_exec_time / 1.016) FILTER (WHERE min_exec_time > 0.001) AS not_below_min,
       bool_and(p999_exec_time <= max_exec_time * 1.016) FILTER (WHERE min_exec_time > 0.001) AS not_above_max,
       bool_and(cpu_user_time >= 0 AND cpu_sys_time >= 0) AS cpu
  FROM arx_perf.statements WHERE calls > 0;
SELECT count(*) > 10 AS several,
       bool_and(min_exec_time = max_exec_time AND max_exec_time = total_exec_time
                AND stddev_exec_time = 0) AS one_time,
       bool_and(abs(p50_exec_time / max_exec_time - 1) <= 0.016
                AND abs(p999_exec_time / max_exec_time - 1) <= 0.016) AS quantile_within_error
  FROM arx_perf.statements WHERE calls = 1 AND max_exec_time > 0.001;

-- slow ones are the slowest 20 above the threshold
SET arx_perf.slow_threshold = '0';
SELECT count(*) AS slow, bool_and(mean_exec_time <= before) AS slowest_first
  FROM (SELECT mean_exec_time, lag(mean_exec_time, 1, 'infinity') OVER () AS before
          FROM arx_perf.slow_statements) s;
SELECT (SELECT min(mean_exec_time) FROM arx_perf.slow_statements)
       >= (SELECT mean_exec_time FROM arx_perf.statements ORDER BY 1 DESC OFFSET 40 LIMIT 1) AS the_slowest;
SET arx_perf.slow_threshold = '2d';
SELECT count(*) AS slow FROM arx_perf.slow_statements;
RESET arx_perf.slow_threshold;

DROP VIEW seen;
DROP TABLE counted;
