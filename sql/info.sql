--
-- What the extension says of itself: account, health, check
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS arx_perf;
RESET client_min_messages;
SELECT arx_perf.reset() IS NOT NULL AS reset;
\set VERBOSITY terse

-- each execution is recorded or counted as dropped
CREATE TABLE informed (id int);
SELECT arx_perf.reset() IS NOT NULL AS reset;
SELECT executions, recorded, dropped FROM arx_perf.statements_info;
INSERT INTO informed VALUES (0);
SELECT 1 / id FROM informed;
DO 'BEGIN PERFORM id FROM informed; END';
SELECT id FROM informed;
SELECT id FROM informed;
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM informed;
FETCH c;
ROLLBACK;
SELEC 1;
SELECT executions, recorded, dropped FROM arx_perf.statements_info;
SELECT sum(calls + errors) AS in_statements FROM arx_perf.statements;
-- also with more of them than a ring holds, and at all levels
SET arx_perf.track = 'all';
SELECT executions AS executions_before FROM arx_perf.statements_info \gset
DO $$
BEGIN
  FOR i IN 1..200 LOOP
    PERFORM id FROM informed;
    EXECUTE 'SELECT count(*) FROM informed';
  END LOOP;
END $$;
SELECT executions - :executions_before AS executions, dropped,
       executions = recorded + dropped AS balanced
  FROM arx_perf.statements_info;
RESET arx_perf.track;

-- the rest of it
SELECT count(*) AS in_view FROM arx_perf.statements \gset
SELECT dealloc, evictions, histogram_lost, statements >= :in_view AS statements, statements_max,
       stats_reset < clock_timestamp() AS stats_reset,
       coalesce(last_save < clock_timestamp(), true) AS last_save
  FROM arx_perf.statements_info;

-- health: a row each, with what it means, and nothing wrong
SELECT component, metric, unit FROM arx_perf.health;
SELECT count(*) AS without_a_description FROM arx_perf.health
 WHERE coalesce(description, '') = '' OR unit IS NULL OR metric IS NULL OR component IS NULL;
-- what earlier tests may have lost is a warning; all else is well
SELECT component, metric, value, status FROM arx_perf.health
 WHERE status <> CASE WHEN metric IN ('side_events_lost', 'errors_overwritten', 'texts_refused') AND value > 0
                      THEN 'warning' ELSE 'ok' END;
SELECT h.metric, h.value = i.number AS same_as_info
  FROM arx_perf.health h
  JOIN (SELECT 'dropped', dropped FROM arx_perf.statements_info
         UNION ALL SELECT 'entries_max', statements_max FROM arx_perf.statements_info
         UNION ALL SELECT 'evicted', dealloc FROM arx_perf.statements_info
         UNION ALL SELECT 'waiting', 0) i (metric, number)
    ON h.component = 'statements' AND h.metric = i.metric
 ORDER BY h.metric COLLATE "C";
SELECT value AS shared_memory FROM arx_perf.health WHERE metric = 'shared_memory_bytes' \gset
SELECT sum(allocated_size) AS its_segments FROM pg_shmem_allocations WHERE name LIKE 'arx\_perf%' \gset
-- its locks are in the server's own array of locks, 128 bytes each
SELECT :shared_memory <= 48 * 1024 * 1024 AS at_most_48_mb,
       :shared_memory - :its_segments BETWEEN 0 AND 128 * 1024 AS all_of_it;

-- check: all is well
SELECT check_name, status, detail IS NOT NULL AS detail, hint FROM arx_perf.check();
-- and what is not it tells, with a hint
SET compute_query_id = off;
SET arx_perf.track = 'none';
SELECT check_name, status, detail, hint FROM arx_perf.check() WHERE status <> 'ok';
RESET arx_perf.track;
SELECT arx_perf.reset() IS NOT NULL AS reset;
SELECT id FROM informed;
SELECT count(*) AS without_query_ids FROM arx_perf.statements;
RESET compute_query_id;

DROP TABLE informed;
