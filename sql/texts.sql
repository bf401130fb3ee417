--
-- Texts: without credentials, one for each statement, cut at a limit
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS arx_perf;
RESET client_min_messages;
SELECT arx_perf.reset() IS NOT NULL AS reset;
\set VERBOSITY terse
\set SHOW_CONTEXT never

-- credentials are never stored, whether the statement succeeds or fails
SET client_min_messages = error;
SET arx_perf.track = 'all';
CREATE USER regress_arx_secret PASSWORD 'secret-4711';
CREATE ROLE regress_arx_secret2 LOGIN ENCRYPTED PASSWORD 'secret-4711';
ALTER ROLE regress_arx_secret PASSWORD 'secret-4711';
ALTER USER regress_arx_secret WITH PASSWORD 'secret-4711' CONNECTION LIMIT 3;
ALTER ROLE regress_arx_secret PASSWORD NULL;
ALTER ROLE regress_arx_missing PASSWORD 'secret-4711';
CREATE FOREIGN DATA WRAPPER regress_arx_fdw;
CREATE SERVER regress_arx_server FOREIGN DATA WRAPPER regress_arx_fdw OPTIONS (password 'secret-4711');
ALTER SERVER regress_arx_server OPTIONS (SET password 'secret-4711');
CREATE USER MAPPING FOR regress_arx_secret SERVER regress_arx_server
  OPTIONS (user 'client', password 'secret-4711');
ALTER USER MAPPING FOR regress_arx_secret SERVER regress_arx_server
  OPTIONS (SET password 'secret-4711');
CREATE SUBSCRIPTION regress_arx_sub CONNECTION 'host=nowhere password=secret-4711'
  PUBLICATION p WITH (connect = false, slot_name = NONE);
ALTER SUBSCRIPTION regress_arx_sub CONNECTION 'host=elsewhere password=secret-4711';
DROP SUBSCRIPTION regress_arx_sub;
DO $$BEGIN ALTER ROLE regress_arx_secret PASSWORD 'secret-4711'; END$$;
DO $$BEGIN EXECUTE 'ALTER ROLE regress_arx_secret PASSWORD ''secret-4711'''; END$$;
DO $$BEGIN EXECUTE format('CREATE ROLE regress_arx_secret PASSWORD %L', 'secret-4711'); END$$;
CREATE FUNCTION regress_arx_secret() RETURNS void LANGUAGE plpgsql AS
  $$BEGIN ALTER ROLE regress_arx_secret PASSWORD 'secret-4711'; END$$;
SELECT regress_arx_secret();
SELECT 1\; ALTER ROLE regress_arx_secret PASSWORD 'secret-4711'\; SELECT 2;
PREPARE p AS SELECT 'secret-4711' || $1;
EXECUTE p('secret-4711');
RESET client_min_messages;
SELECT count(*) AS secrets FROM arx_perf.statements WHERE query LIKE '%4711%';
SELECT count(*) AS secrets FROM arx_perf.statement_errors WHERE query LIKE '%4711%' OR message LIKE '%4711%';
-- their statistics are there, and who asks is told why there is no text
SELECT sum(calls) > 10 AS calls, sum(errors) AS errors FROM arx_perf.statements WHERE query LIKE '<withheld%';
SELECT DISTINCT query FROM arx_perf.statements WHERE query LIKE '<%';
SELECT count(*) AS not_asked_for FROM arx_perf.statements(false) WHERE query IS NOT NULL;
-- no more is withheld than must be
SELECT arx_perf.reset() IS NOT NULL AS reset;
ALTER ROLE regress_arx_secret CONNECTION LIMIT 7;
DROP SERVER regress_arx_server CASCADE;
DROP FOREIGN DATA WRAPPER regress_arx_fdw;
DROP FUNCTION regress_arx_secret;
DROP ROLE regress_arx_secret, regress_arx_secret2;
SELECT count(*) FROM arx_perf.statements WHERE query LIKE '<withheld%';
RESET arx_perf.track;

-- one text for each statement of a string
SELECT arx_perf.reset() IS NOT NULL AS reset;
SELECT 'one' AS first\; SELECT 2 AS second , 'two'\; SELECT 3.0 AS third, 'x', 'y';
SELECT query FROM arx_perf.statements WHERE query ~ 'first|second|third' ORDER BY query COLLATE "C";

-- comments are part of a text, but do not make another statement
SELECT arx_perf.reset() IS NOT NULL AS reset;
CREATE TABLE worded (id int);
SELECT /* comment 1 */ id FROM worded /* and 'another' */ WHERE id = 5;
SELECT /* comment 2 */ id FROM worded WHERE id = 6;
SELECT calls, query FROM arx_perf.statements WHERE query LIKE 'SELECT%worded%';

-- a text that was forgotten comes back with the next execution
PREPARE q AS SELECT count(*), 'again' FROM worded WHERE id > $1;
EXECUTE q(1);
SELECT arx_perf.reset() IS NOT NULL AS reset;
EXECUTE q(2);
EXECUTE q(3);
SELECT calls, query LIKE '%SELECT count(*), $_ FROM worded WHERE id > $1' AS its_text
  FROM arx_perf.statements WHERE queryid IN
       (SELECT queryid FROM arx_perf.statements WHERE rows = 2 AND calls = 2);

-- and one of a plan that was cached before its level was tracked comes with the first
CREATE FUNCTION worded_inside() RETURNS bigint LANGUAGE plpgsql AS
  'BEGIN RETURN (SELECT count(*) AS inside FROM worded); END';
SELECT worded_inside();
SET arx_perf.track = 'all';
SELECT worded_inside();
RESET arx_perf.track;
SELECT calls, toplevel, query FROM arx_perf.statements WHERE query LIKE '%AS inside%' AND query NOT LIKE 'CREATE%';

-- longer than arx_perf.query_text_max: cut, between characters and words
SHOW arx_perf.query_text_max;
SET arx_perf.track = 'all';
DO $$
BEGIN
  EXECUTE (SELECT 'SELECT count(*) AS long FROM (SELECT ' ||
                  string_agg(format('%s AS "número_%s"', i, i), ', ') || ') AS all_of_it'
             FROM generate_series(1, 1500) i);
  EXECUTE (SELECT 'SELECT ''' || repeat('é', 1000000) || ''' AS huge, id FROM worded');
END $$;
SELECT calls, octet_length(query) BETWEEN 16300 AND 16384 AS cut, length(query) < octet_length(query) AS whole_characters,
       query ~ 'FROM \(SELECT (\$\d+ AS "número_\d+", ){250}' AS its_text, query LIKE '%all_of_it' AS whole
  FROM arx_perf.statements WHERE query LIKE 'SELECT count(*) AS long%';
SELECT calls, query FROM arx_perf.statements WHERE query LIKE '%AS huge%' AND query NOT LIKE 'DO%';
RESET arx_perf.track;

DROP TABLE worded;
DROP FUNCTION worded_inside;
DEALLOCATE ALL;
