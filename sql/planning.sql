--
-- arx_perf.track_planning: how often and how long the planner worked
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS arx_perf;
RESET client_min_messages;
SELECT arx_perf.reset() IS NOT NULL AS reset;

CREATE TABLE planned AS SELECT i AS id FROM generate_series(1, 100) i;
ANALYZE planned;
CREATE VIEW seen AS
SELECT calls, plans, generic_plan_calls, custom_plan_calls,
       total_plan_time > 0 AS plan_time,
       abs(total_plan_time - mean_plan_time * plans) <= 1e-6 * total_plan_time AS mean,
       mean_plan_time BETWEEN min_plan_time * (1 - 1e-9) AND max_plan_time * (1 + 1e-9) AS mean_between,
       stddev_plan_time <= (max_plan_time - min_plan_time) / 2 * (1 + 1e-6) AS stddev_bounded,
       arx_perf.count(exec_time_histogram) = calls AS histogram_of_calls_only
  FROM arx_perf.statements
 WHERE query LIKE '%FROM planned%' AND query NOT LIKE 'CREATE%';
SELECT current_setting('server_version_num')::int >= 190000 AS plans_told_apart \gset

-- a plain statement is planned each time
SELECT arx_perf.reset() IS NOT NULL AS reset;
SELECT count(*) FROM planned WHERE id > 50;
SELECT count(*) FROM planned WHERE id > 60;
SELECT calls, plans, plan_time, mean, mean_between, stddev_bounded, histogram_of_calls_only,
       generic_plan_calls IS NOT DISTINCT FROM CASE WHEN :'plans_told_apart' THEN 0 END AS generic,
       custom_plan_calls IS NOT DISTINCT FROM CASE WHEN :'plans_told_apart' THEN 0 END AS custom
  FROM seen;

-- a generic plan is made once
SET plan_cache_mode = force_generic_plan;
PREPARE generic(int) AS SELECT count(*) FROM planned WHERE id < $1;
EXECUTE generic(10);
EXECUTE generic(20);
EXECUTE generic(30);
SELECT calls, plans, plan_time, mean, mean_between,
       generic_plan_calls IS NOT DISTINCT FROM CASE WHEN :'plans_told_apart' THEN 3 END AS generic,
       custom_plan_calls IS NOT DISTINCT FROM CASE WHEN :'plans_told_apart' THEN 0 END AS custom
  FROM seen WHERE calls = 3;

-- a custom plan for each call
SET plan_cache_mode = force_custom_plan;
PREPARE custom(int) AS SELECT max(id) FROM planned WHERE id < $1;
EXECUTE custom(10);
EXECUTE custom(20);
EXECUTE custom(30);
EXECUTE custom(40);
SELECT calls, plans, plan_time, mean, mean_between,
       generic_plan_calls IS NOT DISTINCT FROM CASE WHEN :'plans_told_apart' THEN 0 END AS generic,
       custom_plan_calls IS NOT DISTINCT FROM CASE WHEN :'plans_told_apart' THEN 4 END AS custom
  FROM seen WHERE calls = 4;
RESET plan_cache_mode;

-- EXPLAIN plans inside: level 1, and no call
SET arx_perf.track = 'all';
SELECT arx_perf.reset() IS NOT NULL AS reset;
EXPLAIN (COSTS off) SELECT min(id) FROM planned;
SELECT toplevel, calls, plans, min_exec_time, max_exec_time, p50_exec_time
  FROM arx_perf.statements
 WHERE query LIKE '%min(id) FROM planned%' AND NOT toplevel;
SET arx_perf.track = 'top';
SELECT arx_perf.reset() IS NOT NULL AS reset;
EXPLAIN (COSTS off) SELECT min(id) FROM planned;
SELECT toplevel, calls, plans FROM arx_perf.statements
 WHERE query LIKE '%min(id) FROM planned%';
RESET arx_perf.track;

-- blocks that the planner reads belong to the statement
SELECT arx_perf.reset() IS NOT NULL AS reset;
CREATE TABLE planned_fresh (id int PRIMARY KEY);
\c -
SELECT * FROM planned_fresh WHERE id = 1;
SELECT plans, rows, shared_blks_hit + shared_blks_read > 0 AS blocks
  FROM arx_perf.statements WHERE query LIKE 'SELECT * FROM planned_fresh%';

-- off: no planning, the rest as before
SET arx_perf.track_planning = off;
SELECT arx_perf.reset() IS NOT NULL AS reset;
SELECT count(*) FROM planned WHERE id > 50;
SELECT calls, plans, total_plan_time, min_plan_time, max_plan_time, mean_plan_time, stddev_plan_time,
       total_exec_time > 0 AS exec_time
  FROM arx_perf.statements WHERE query LIKE '%FROM planned%';
RESET arx_perf.track_planning;

DROP VIEW seen;
DROP TABLE planned, planned_fresh;
