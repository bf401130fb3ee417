--
-- Errors: counted by statement and SQLSTATE, worded without values
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS arx_perf;
RESET client_min_messages;
SELECT arx_perf.reset() IS NOT NULL AS reset;
\set VERBOSITY terse

CREATE TABLE erring (id int PRIMARY KEY, note text);
INSERT INTO erring SELECT i, 'note-4711' FROM generate_series(0, 9) i;
CREATE TABLE erring_child (id int REFERENCES erring DEFERRABLE INITIALLY DEFERRED);
CREATE ROLE regress_arx_erring;
CREATE VIEW seen AS
SELECT sqlstate, count, toplevel, username = current_user AS mine,
       datname = current_database() AS here, message, query
  FROM arx_perf.statement_errors
 ORDER BY sqlstate, query COLLATE "C", toplevel;

-- while it runs, in the executor
SELECT arx_perf.reset() IS NOT NULL AS reset;
SELECT 10 / id FROM erring;
SELECT 11 / id FROM erring;
INSERT INTO erring VALUES (1, 'secret-4711');
SELECT note::int FROM erring;
SELECT * FROM seen;

-- while it is planned
SELECT arx_perf.reset() IS NOT NULL AS reset;
SELECT 1 / 0 AS folded;
SELECT * FROM seen;
SET arx_perf.track_planning = off;
SELECT arx_perf.reset() IS NOT NULL AS reset;
SELECT 1 / 0 AS folded;
SELECT * FROM seen;
RESET arx_perf.track_planning;

-- before its executor runs: a missing privilege, whose user it is
SELECT arx_perf.reset() IS NOT NULL AS reset;
SET ROLE regress_arx_erring;
SELECT note FROM erring;
RESET ROLE;
SELECT sqlstate, count, username, message, query FROM arx_perf.statement_errors;
SELECT calls, errors, rows, username FROM arx_perf.statements WHERE query LIKE '%FROM erring';
SELECT no_such_column FROM erring;
SELECT sqlstate, count, username = current_user AS mine, message, query FROM arx_perf.statement_errors
 WHERE sqlstate <> '42501';

-- the same when the server logs no errors: without its wording
SELECT arx_perf.reset() IS NOT NULL AS reset;
SET log_min_messages = 'fatal';
SET ROLE regress_arx_erring;
SELECT note FROM erring;
RESET ROLE;
SELECT 10 / id FROM erring;
RESET log_min_messages;
SELECT sqlstate, count, username = current_user AS mine, message, query
  FROM arx_perf.statement_errors ORDER BY sqlstate;

-- none of many in a row is missed
SELECT executions AS executions_before, dropped AS dropped_before FROM arx_perf.statements_info \gset
SET ROLE regress_arx_erring;
\set ECHO none
\set VERBOSITY sqlstate
SELECT CASE WHEN i % 13 = 0 THEN 'RESET work_mem' ELSE 'SELECT max(id) FROM erring' END
  FROM generate_series(1, 65) i \gexec
\set VERBOSITY terse
\set ECHO all
RESET ROLE;
SELECT executions - :executions_before - 4 AS executions, dropped - :dropped_before AS dropped
  FROM arx_perf.statements_info;
SELECT sqlstate, count, message, query FROM arx_perf.statement_errors WHERE query LIKE '%max(id)%';
SELECT calls, errors FROM arx_perf.statements WHERE query LIKE '%max(id)%';

-- nor is the wording of any
SELECT arx_perf.reset() IS NOT NULL AS reset;
\set ECHO none
\set VERBOSITY sqlstate
SELECT CASE WHEN i % 7 = 0 THEN 'RESET work_mem'
       ELSE 'SELECT 10 / id' || repeat(', id', i) || ' FROM erring' END
  FROM generate_series(1, 49) i \gexec
\set VERBOSITY terse
\set ECHO all
SELECT sqlstate, message, sum(count) AS count, count(*) AS statements
  FROM arx_perf.statement_errors GROUP BY 1, 2;

-- in a utility
SELECT arx_perf.reset() IS NOT NULL AS reset;
DROP TABLE erring_missing;
COPY erring FROM stdin;
1	secret-4711
\.
ALTER ROLE regress_arx_missing PASSWORD 'secret-4711';
SELECT * FROM seen;

-- timeout
SELECT arx_perf.reset() IS NOT NULL AS reset;
BEGIN;
SET LOCAL statement_timeout = '200ms';
SELECT pg_sleep(3600);
ROLLBACK;
SELECT * FROM seen;

-- of no statement: not understood, in a failed transaction, at commit
SELECT arx_perf.reset() IS NOT NULL AS reset;
SELEC 'secret-4711';
SELECT 'secret-4711'::int;
SELECT no_such_column;
BEGIN;
SELECT 12 / id FROM erring;
SELECT 1;
SELECT 2;
ROLLBACK;
BEGIN;
INSERT INTO erring_child VALUES (4711);
COMMIT;
SELECT queryid IS NULL AS of_none, sqlstate, count, toplevel, message, query
  FROM arx_perf.statement_errors ORDER BY sqlstate, message;
SELECT calls, errors, query FROM arx_perf.statements
 WHERE query ~ 'COMMIT|INSERT' ORDER BY query COLLATE "C";

-- a caught error is the inner statement's only
CREATE FUNCTION erring_caught() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 13 / id FROM erring;
EXCEPTION WHEN division_by_zero THEN
  RETURN 'caught';
END $$;
CREATE FUNCTION erring_not_caught() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 14 / id FROM erring;
END $$;
CREATE FUNCTION erring_raise(state text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'secret-%', 4711 USING ERRCODE = state;
END $$;
SET arx_perf.track = 'all';
SELECT arx_perf.reset() IS NOT NULL AS reset;
SELECT erring_caught();
SELECT erring_caught();
SELECT * FROM seen;
SELECT toplevel, calls, errors, query FROM arx_perf.statements
 WHERE query ~ '^SELECT .*erring' ORDER BY query COLLATE "C";

-- one that is not, is the outer's as well; a later one is not mistaken for it
SELECT arx_perf.reset() IS NOT NULL AS reset;
SELECT erring_not_caught();
SELECT erring_caught();
SELEC 1;
SELECT * FROM seen;

-- caught in a deferred trigger, which runs after the client's statement
CREATE FUNCTION erring_late() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 20 / id FROM erring;
  RETURN NULL;
EXCEPTION WHEN division_by_zero THEN
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER late AFTER UPDATE ON erring DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION erring_late();
SELECT arx_perf.reset() IS NOT NULL AS reset;
BEGIN;
UPDATE erring SET note = 'late' WHERE id = 1;
COMMIT;
SELECT * FROM seen;
SELECT dropped FROM arx_perf.statements_info;
DROP TRIGGER late ON erring;

-- at the client's level only: one
SET arx_perf.track = 'top';
SELECT arx_perf.reset() IS NOT NULL AS reset;
SELECT erring_not_caught();
SELECT erring_caught();
DO 'BEGIN PERFORM erring_not_caught(); END';
SELECT erring_raise('UE001');
SELECT erring_raise('UE002');
SELECT * FROM seen;

-- what a function with its owner's rights fails in is its caller's
CREATE FUNCTION erring_definer() RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  PERFORM 15 / id FROM erring;
END $$;
SELECT arx_perf.reset() IS NOT NULL AS reset;
SET ROLE regress_arx_erring;
SELECT erring_definer();
RESET ROLE;
SELECT username, sqlstate, count, message, query FROM arx_perf.statement_errors;
SELECT username, errors FROM arx_perf.statements WHERE query = 'SELECT erring_definer()';

-- two kinds of one statement, beside the calls that went well
SELECT arx_perf.reset() IS NOT NULL AS reset;
PREPARE p(text, int) AS SELECT count($1::int / $2) FROM erring;
EXECUTE p('1', 1);
EXECUTE p('1', 0);
EXECUTE p('secret-4711', 1);
EXECUTE p('1', 0);
EXECUTE p('2', 2);
SELECT sqlstate, count, message, first_seen <= last_seen AS in_time
  FROM arx_perf.statement_errors ORDER BY sqlstate;
SELECT calls, errors, rows, arx_perf.count(exec_time_histogram), total_error_time > 0 AS error_time
  FROM arx_perf.statements WHERE query LIKE '%count($1::int / $2)%';
DEALLOCATE p;

-- only errors: no call, so no quantile
SELECT arx_perf.reset() IS NOT NULL AS reset;
SELECT 16 / id FROM erring;
SELECT calls, errors, rows, total_exec_time, mean_exec_time, p50_exec_time, p999_exec_time,
       arx_perf.count(exec_time_histogram), total_error_time > 0 AS error_time,
       shared_blks_hit + shared_blks_read > 0 AS blocks
  FROM arx_perf.statements WHERE query LIKE '%FROM erring';

-- none of it: nothing is counted
SET arx_perf.track = 'none';
SELECT arx_perf.reset() IS NOT NULL AS reset;
SELECT 17 / id FROM erring;
SELEC 1;
SELECT count(*) FROM arx_perf.statement_errors;
RESET arx_perf.track;

-- errors of statements add up, and no value was kept
SELECT 18 / id FROM erring;
SELECT 19 / id FROM erring WHERE note > 'secret-4711';
SELECT bool_and(s.errors = e.count) AS errors_add_up
  FROM arx_perf.statements s
  JOIN (SELECT userid, dbid, queryid, toplevel, sum(count) AS count
          FROM arx_perf.statement_errors GROUP BY 1, 2, 3, 4) e
 USING (userid, dbid, queryid, toplevel);
SELECT count(*) AS secrets FROM arx_perf.statement_errors
 WHERE message LIKE '%4711%' OR query LIKE '%4711%';

DROP VIEW seen;
DROP TABLE erring, erring_child;
DROP FUNCTION erring_caught, erring_not_caught, erring_raise, erring_definer, erring_late;
DROP ROLE regress_arx_erring;
