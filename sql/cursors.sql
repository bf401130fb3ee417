--
-- Cursors: one execution each, however they interleave and end
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS arx_perf;
RESET client_min_messages;
SELECT arx_perf.reset() IS NOT NULL AS reset;

CREATE TABLE cursed AS SELECT i AS id FROM generate_series(1, 100) i;
CREATE VIEW seen AS
SELECT substring(query FROM '^[A-Z]+') AS statement, sum(calls) AS calls,
       sum(rows) AS rows, sum(errors) AS errors
  FROM arx_perf.statements
 WHERE query NOT LIKE '%arx\_perf%' AND query NOT LIKE '%FROM seen%' AND toplevel
 GROUP BY 1 ORDER BY min(query) COLLATE "C";

-- what a client does with cursors are utilities; FETCH has the rows
SELECT arx_perf.reset() IS NOT NULL AS reset;
BEGIN;
DECLARE a CURSOR FOR SELECT id FROM cursed;
DECLARE b SCROLL CURSOR FOR SELECT -id FROM cursed;
FETCH 3 FROM a;
FETCH 2 FROM b;
FETCH 4 FROM a;
FETCH BACKWARD 1 FROM b;
FETCH 0 FROM a;
CLOSE a;
FETCH NEXT FROM b;
CLOSE b;
COMMIT;
SELECT * FROM seen;

-- a cursor WITH HOLD runs on at the end of its transaction
SELECT arx_perf.reset() IS NOT NULL AS reset;
BEGIN;
DECLARE h CURSOR WITH HOLD FOR SELECT id FROM cursed;
FETCH 1 FROM h;
COMMIT;
FETCH 2 FROM h;
CLOSE h;
SELECT * FROM seen;

-- cursors dropped by ROLLBACK, by an error, and by ROLLBACK TO
SELECT arx_perf.reset() IS NOT NULL AS reset;
BEGIN;
DECLARE a CURSOR FOR SELECT id FROM cursed;
FETCH 1 FROM a;
ROLLBACK;
BEGIN;
DECLARE a CURSOR FOR SELECT id FROM cursed;
SAVEPOINT s;
DECLARE b CURSOR FOR SELECT id FROM cursed;
FETCH 1 FROM b;
ROLLBACK TO s;
FETCH 2 FROM a;
SELECT 1 / (id - id) FROM cursed;
ROLLBACK;
SELECT count(*) FROM cursed;
SELECT * FROM seen;
SELECT executions = recorded + dropped AS all_accounted_for FROM arx_perf.statements_info;

-- what they run inside: one execution for each cursor, with its own rows
CREATE FUNCTION cursed_interleaved() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  a CURSOR FOR SELECT id AS cursor_a FROM cursed;
  b CURSOR FOR SELECT id, -id AS cursor_b FROM cursed WHERE id > 10;
  x int;
  y int;
BEGIN
  OPEN a;
  FETCH a INTO x;
  OPEN b;
  FETCH b INTO x, y;
  FETCH a INTO x;
  FETCH a INTO x;
  FETCH b INTO x, y;
  CLOSE a;
  FETCH b INTO x, y;
  FETCH b INTO x, y;
  CLOSE b;
END $$;
SET arx_perf.track = 'all';
SELECT arx_perf.reset() IS NOT NULL AS reset;
SELECT cursed_interleaved();
SELECT calls, rows, errors, toplevel, query FROM arx_perf.statements
 WHERE query ~ 'AS cursor_[ab]' ORDER BY query COLLATE "C";

-- and more of them at once than one would think
CREATE FUNCTION cursed_many(n int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  many refcursor[];
  c refcursor;
  x int;
BEGIN
  FOR i IN 1..n LOOP
    c := 'many_' || i;
    OPEN c FOR EXECUTE format('SELECT id AS many FROM cursed OFFSET %s', i);
    many[i] := c;
  END LOOP;
  FOR round IN 1..n LOOP
    FOR i IN round..n LOOP
      c := many[i];
      FETCH c INTO x;
    END LOOP;
  END LOOP;
  FOR i IN REVERSE n..1 LOOP
    IF i % 3 > 0 THEN
      c := many[i];
      CLOSE c;
    END IF;
  END LOOP;
  FOR i IN 1..n LOOP
    IF i % 3 = 0 THEN
      c := many[i];
      CLOSE c;
    END IF;
  END LOOP;
END $$;
SELECT cursed_many(20);
SELECT calls, rows, errors, toplevel, query FROM arx_perf.statements
 WHERE query LIKE 'SELECT%AS many%';

-- one that fails while it is open counts once as an error
CREATE FUNCTION cursed_failing() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  a CURSOR FOR SELECT 1 / (3 - id) AS failing FROM cursed;
  x int;
BEGIN
  FOR x IN a LOOP
    NULL;
  END LOOP;
EXCEPTION WHEN division_by_zero THEN
  NULL;
END $$;
SELECT cursed_failing();
SELECT calls, errors, toplevel, query FROM arx_perf.statements
 WHERE query LIKE 'SELECT%AS failing%';
SELECT executions = recorded + dropped AS all_accounted_for FROM arx_perf.statements_info;

RESET arx_perf.track;
DROP VIEW seen;
DROP TABLE cursed;
DROP FUNCTION cursed_interleaved, cursed_many, cursed_failing;
