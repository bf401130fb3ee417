--
-- arx_perf.track and toplevel: which level of a statement is counted
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS arx_perf;
RESET client_min_messages;
SELECT arx_perf.reset() IS NOT NULL AS reset;

CREATE TABLE leveled (id int);
CREATE TABLE leveled_log (id int);
CREATE VIEW seen AS
SELECT toplevel, calls, rows, query FROM arx_perf.statements
 WHERE query LIKE '%leveled%' AND query NOT LIKE 'CREATE%' AND calls > 0
 ORDER BY query COLLATE "C", toplevel;
CREATE FUNCTION leveled_plpgsql(n int) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
  FOR i IN 1..n LOOP
    INSERT INTO leveled SELECT i FROM generate_series(1, 2);
  END LOOP;
  RETURN (SELECT count(*) FROM leveled);
END $$;
CREATE FUNCTION leveled_sql() RETURNS bigint LANGUAGE sql VOLATILE AS $$
  DELETE FROM leveled;
  SELECT count(*) FROM leveled;
$$;
CREATE FUNCTION leveled_inlined(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 + 1';
CREATE FUNCTION leveled_set() RETURNS SETOF int LANGUAGE sql STABLE AS 'SELECT id FROM leveled';
CREATE FUNCTION leveled_folded() RETURNS bigint LANGUAGE plpgsql IMMUTABLE AS
  'BEGIN RETURN (SELECT max(id) FROM leveled); END';
CREATE FUNCTION leveled_trigger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO leveled_log VALUES (new.id);
  RETURN new;
END $$;

-- DISCARD PLANS makes cached statements come with their texts again

-- none: nothing at all
SET arx_perf.track = 'none';
SELECT arx_perf.reset() IS NOT NULL AS reset;
DISCARD PLANS;
SELECT leveled_plpgsql(1);
SELECT count(*) FROM leveled;
SELECT count(*) AS statements FROM arx_perf.statements;

-- top: what the client sends
SET arx_perf.track = 'top';
SELECT leveled_plpgsql(2);
SELECT leveled_sql();
SELECT leveled_folded();
SELECT count(*) FROM leveled;
SELECT * FROM seen;

-- all: and what runs inside, told apart from the same sent by the client
SET arx_perf.track = 'all';
SELECT arx_perf.reset() IS NOT NULL AS reset;
DISCARD PLANS;
SELECT leveled_plpgsql(3);
SELECT count(*) FROM leveled;
SELECT * FROM seen;

-- SQL functions: their statements count, unless they melt into the caller's
SELECT arx_perf.reset() IS NOT NULL AS reset;
DISCARD PLANS;
SELECT leveled_sql();
SELECT leveled_sql();
SELECT leveled_inlined(id) FROM leveled;
SELECT count(*) FROM leveled_set();
SELECT * FROM seen;

-- triggers run in the executor, those AFTER at its end
CREATE TRIGGER before_row BEFORE INSERT ON leveled
  FOR EACH ROW EXECUTE FUNCTION leveled_trigger();
CREATE TRIGGER after_row AFTER INSERT ON leveled
  FOR EACH ROW EXECUTE FUNCTION leveled_trigger();
SELECT arx_perf.reset() IS NOT NULL AS reset;
DISCARD PLANS;
INSERT INTO leveled VALUES (1), (2), (3);
SELECT * FROM seen;
SET arx_perf.track = 'top';
SELECT arx_perf.reset() IS NOT NULL AS reset;
DISCARD PLANS;
INSERT INTO leveled VALUES (4), (5), (6);
SELECT * FROM seen;
DROP TRIGGER before_row ON leveled;
DROP TRIGGER after_row ON leveled;

-- deferred triggers run at the end of the transaction, but are not the client's
CREATE CONSTRAINT TRIGGER deferred_row AFTER INSERT ON leveled DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION leveled_trigger();
SELECT arx_perf.reset() IS NOT NULL AS reset;
DISCARD PLANS;
INSERT INTO leveled VALUES (7);
BEGIN;
INSERT INTO leveled VALUES (8);
COMMIT;
SELECT * FROM seen;
SET arx_perf.track = 'all';
SELECT arx_perf.reset() IS NOT NULL AS reset;
DISCARD PLANS;
BEGIN;
INSERT INTO leveled VALUES (9);
COMMIT;
SELECT * FROM seen;
DROP TRIGGER deferred_row ON leveled;

-- what a planner calls is inside too
SET arx_perf.track = 'all';
SELECT arx_perf.reset() IS NOT NULL AS reset;
DISCARD PLANS;
SELECT leveled_folded();
SELECT toplevel, calls, query FROM seen;

-- DO and EXPLAIN ANALYZE run their statement inside
SELECT arx_perf.reset() IS NOT NULL AS reset;
DISCARD PLANS;
DO 'BEGIN PERFORM id FROM leveled; END';
\o /dev/null
EXPLAIN ANALYZE DELETE FROM leveled WHERE false;
\o
SELECT toplevel, sum(calls) AS calls FROM arx_perf.statements
 WHERE query LIKE '%leveled%' GROUP BY toplevel ORDER BY toplevel;

-- a prepared statement is the client's
PREPARE p AS SELECT count(*) FROM leveled WHERE id > $1;
SELECT arx_perf.reset() IS NOT NULL AS reset;
DISCARD PLANS;
EXECUTE p(1);
EXECUTE p(2);
SELECT toplevel, sum(calls) AS calls, sum(rows) AS rows FROM arx_perf.statements
 WHERE query LIKE '%leveled%' GROUP BY toplevel;
DEALLOCATE p;

-- the level is right again after errors at any depth
CREATE FUNCTION leveled_deep(n int) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
  IF n = 0 THEN
    RETURN (SELECT 1 / count(*) FROM leveled WHERE false);
  END IF;
  RETURN (SELECT leveled_deep(n - 1) FROM leveled LIMIT 1);
END $$;
\set SHOW_CONTEXT never
SELECT leveled_deep(5);
DO 'BEGIN PERFORM leveled_deep(3); EXCEPTION WHEN division_by_zero THEN NULL; END';
SELECT leveled_folded() + leveled_deep(2);
EXPLAIN ANALYZE SELECT leveled_deep(2);
SELECT arx_perf.reset() IS NOT NULL AS reset;
DISCARD PLANS;
SELECT count(*) FROM leveled;
SELECT * FROM seen;
SET arx_perf.track = 'top';
SELECT count(*) FROM leveled;
SELECT * FROM seen;

RESET arx_perf.track;
DROP VIEW seen;
DROP TABLE leveled, leveled_log;
DROP FUNCTION leveled_plpgsql, leveled_sql, leveled_inlined, leveled_set,
  leveled_folded, leveled_trigger, leveled_deep;
