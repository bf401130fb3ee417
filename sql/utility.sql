--
-- Utility statements: what counts, and how many rows
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS arx_perf;
RESET client_min_messages;
SELECT arx_perf.reset() IS NOT NULL AS reset;

CREATE TABLE used (id int);
-- by their first words, because servers differ in what they normalise
CREATE VIEW seen AS
SELECT substring(query FROM '^[A-Z]+(?: [A-Z]{4,})?') AS statement,
       sum(calls) AS calls, sum(rows) AS rows, sum(errors) AS errors,
       bool_and(toplevel) AS toplevel
  FROM arx_perf.statements
 WHERE query NOT LIKE '%arx\_perf%' AND query NOT LIKE '%FROM seen%'
 GROUP BY 1 ORDER BY min(substring(query FROM '^[A-Z ]+')) COLLATE "C";

-- rows of those that have any
SELECT arx_perf.reset() IS NOT NULL AS reset;
COPY used FROM stdin;
1
2
3
\.
COPY (SELECT id FROM used WHERE id < 3) TO stdout;
CREATE TABLE used_copy AS SELECT id FROM used;
SELECT id INTO used_into FROM used WHERE id > 1;
CREATE MATERIALIZED VIEW used_matview AS SELECT id FROM used;
INSERT INTO used VALUES (4);
REFRESH MATERIALIZED VIEW used_matview;
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM used;
FETCH 2 FROM c;
FETCH ALL FROM c;
MOVE BACKWARD ALL IN c;
CLOSE c;
COMMIT;
TRUNCATE used;
SELECT * FROM seen;

-- transaction commands
SELECT arx_perf.reset() IS NOT NULL AS reset;
BEGIN;
SAVEPOINT one;
INSERT INTO used VALUES (1);
SAVEPOINT two;
ROLLBACK TO SAVEPOINT two;
RELEASE SAVEPOINT one;
COMMIT;
BEGIN;
ROLLBACK;
START TRANSACTION;
COMMIT AND CHAIN;
ROLLBACK;
SELECT * FROM seen;

-- DO and CALL are one call each, whatever they run, also when they commit
CREATE PROCEDURE used_commit(n int) LANGUAGE plpgsql AS $$
BEGIN
  FOR i IN 1..n LOOP
    INSERT INTO used VALUES (i);
    COMMIT;
  END LOOP;
  INSERT INTO used VALUES (n + 1);
  ROLLBACK;
END $$;
SELECT arx_perf.reset() IS NOT NULL AS reset;
CALL used_commit(3);
CALL used_commit(3);
DO 'BEGIN INSERT INTO used VALUES (1); COMMIT; INSERT INTO used VALUES (2); END';
SELECT * FROM seen;
SET arx_perf.track = 'all';
SELECT arx_perf.reset() IS NOT NULL AS reset;
DISCARD PLANS;
CALL used_commit(3);
SELECT toplevel, calls, rows, substring(query FROM '\w+') AS statement
  FROM arx_perf.statements WHERE query LIKE '%used%' AND calls > 0 ORDER BY query COLLATE "C";
RESET arx_perf.track;

-- EXPLAIN is counted; what it explains is not, unless it runs inside
SELECT arx_perf.reset() IS NOT NULL AS reset;
EXPLAIN (COSTS off) SELECT count(*) FROM used;
SELECT * FROM seen;
SET arx_perf.track = 'all';
SELECT arx_perf.reset() IS NOT NULL AS reset;
EXPLAIN (COSTS off) SELECT count(*) FROM used;
SELECT sum(calls) AS calls FROM arx_perf.statements WHERE query LIKE '%FROM used%';
RESET arx_perf.track;

-- PREPARE and EXECUTE show as the statement that they run
SELECT arx_perf.reset() IS NOT NULL AS reset;
PREPARE used_p AS INSERT INTO used VALUES ($1);
EXECUTE used_p(1);
EXECUTE used_p(2);
SELECT calls, rows, query LIKE '%INSERT INTO used VALUES ($1)' AS its_text, query LIKE 'EXECUTE%' AS execute
  FROM arx_perf.statements WHERE query LIKE '%used%';
DEALLOCATE used_p;

-- costs of a utility are counted as others' are
SELECT arx_perf.reset() IS NOT NULL AS reset;
CREATE TABLE used_wal AS SELECT repeat('x', 100) AS x FROM generate_series(1, 1000);
CREATE INDEX used_index ON used_wal (x);
SELECT substring(query FROM '^\w+ \w+') AS statement, shared_blks_hit > 0 AS hit,
       wal_records > 0 AS wal_records, total_exec_time > 0 AS time, plans, arx_perf.count(exec_time_histogram)
  FROM arx_perf.statements WHERE query LIKE 'CREATE%' ORDER BY 1;

-- off: no utility at all
SET arx_perf.track_utility = off;
SELECT arx_perf.reset() IS NOT NULL AS reset;
COPY used FROM stdin;
1
\.
BEGIN;
INSERT INTO used VALUES (1);
COMMIT;
DO 'BEGIN INSERT INTO used VALUES (1); END';
CREATE TABLE used_no AS SELECT id FROM used;
VACUUM used;
SET work_mem = '1MB';
RESET work_mem;
SELECT * FROM seen;
SELECT sum(calls) AS with_or_without_text FROM arx_perf.statements;
RESET arx_perf.track_utility;

DROP VIEW seen;
DROP MATERIALIZED VIEW used_matview;
DROP TABLE used, used_copy, used_into, used_wal, used_no;
DROP PROCEDURE used_commit;
