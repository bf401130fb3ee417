--
-- arx_perf.reset(): what it forgets, and what stays
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS arx_perf;
RESET client_min_messages;
SELECT arx_perf.reset() IS NOT NULL AS reset;
\set VERBOSITY terse

SELECT current_database() AS here \gset
CREATE TABLE forgotten (id int);
INSERT INTO forgotten VALUES (0);
CREATE ROLE regress_arx_forgotten;
GRANT ALL ON forgotten TO regress_arx_forgotten;
CREATE VIEW seen AS
SELECT calls, errors, username, query FROM arx_perf.statements
 WHERE query LIKE '%forgotten%' AND query ~ '^(SELECT|DELETE|UPDATE)' ORDER BY query COLLATE "C", username;

-- all, and when
SELECT id FROM forgotten;
SELECT 1 / id FROM forgotten;
SELECT count(*) FROM arx_perf.statements WHERE query LIKE '%FROM forgotten';
SELECT count(*) FROM arx_perf.statement_errors;
SELECT clock_timestamp() AS before \gset
SELECT arx_perf.reset() AS at \gset
SELECT :'at'::timestamptz BETWEEN :'before' AND clock_timestamp() AS between,
       stats_reset = :'at' AS in_info, executions, recorded, dropped
  FROM arx_perf.statements_info;
SELECT count(*) FROM arx_perf.statements WHERE query LIKE '%FROM forgotten';
SELECT count(*) FROM arx_perf.statement_errors;
SELECT bool_and(stats_since >= :'at') AS all_since FROM arx_perf.statements;

-- what waits in the ring of this session is forgotten too
SELECT id FROM forgotten;
SELECT arx_perf.reset() IS NOT NULL AS reset;
SELECT count(*) FROM arx_perf.statements WHERE query LIKE '%FROM forgotten';

-- one user
SELECT id FROM forgotten;
SET ROLE regress_arx_forgotten;
SELECT id FROM forgotten;
SELECT 1 / id FROM forgotten;
RESET ROLE;
SELECT stats_reset AS all_at FROM arx_perf.statements_info \gset
SELECT arx_perf.reset('regress_arx_forgotten'::regrole) > :'all_at' AS later;
SELECT count(*) AS of_user FROM arx_perf.statements WHERE username = 'regress_arx_forgotten';
SELECT count(*) AS errors_of_user FROM arx_perf.statement_errors WHERE username = 'regress_arx_forgotten';
SELECT calls, username = current_user AS mine, query FROM seen;
SELECT stats_reset = :'all_at' AS not_a_reset_of_all FROM arx_perf.statements_info;

-- one database
\c postgres
SELECT 1 AS forgotten_elsewhere;
\c :here
\set VERBOSITY terse
SELECT count(*) > 0 AS elsewhere FROM arx_perf.statements WHERE datname = 'postgres';
SELECT arx_perf.reset(dbid => (SELECT oid FROM pg_database WHERE datname = 'postgres')) IS NOT NULL AS reset;
SELECT count(*) > 0 AS elsewhere FROM arx_perf.statements WHERE datname = 'postgres';
SELECT calls, username = current_user AS mine, query FROM seen WHERE query LIKE '%FROM forgotten';

-- one statement, of all users
SELECT id + 1 FROM forgotten;
SELECT 1 / id FROM forgotten;
SET ROLE regress_arx_forgotten;
SELECT id + 1 FROM forgotten;
RESET ROLE;
SELECT DISTINCT queryid FROM arx_perf.statements WHERE query = 'SELECT id + $1 FROM forgotten' \gset
SELECT arx_perf.reset(0, 0, :queryid) IS NOT NULL AS reset;
SELECT calls, errors, query FROM seen;
SELECT queryid FROM arx_perf.statements WHERE query = 'SELECT $1 / id FROM forgotten' \gset
SELECT arx_perf.reset(queryid => :queryid) IS NOT NULL AS reset;
SELECT calls, errors, query FROM seen;
SELECT count(*) FROM arx_perf.statement_errors WHERE sqlstate = '22012';

-- one statement of one user in one database, and no other
UPDATE forgotten SET id = 1;
SET ROLE regress_arx_forgotten;
UPDATE forgotten SET id = 2;
RESET ROLE;
SELECT DISTINCT queryid, dbid FROM arx_perf.statements WHERE query = 'UPDATE forgotten SET id = $1' \gset
SELECT arx_perf.reset('regress_arx_forgotten'::regrole, :dbid + 1, :queryid) IS NOT NULL AS reset;
SELECT count(*) FROM seen WHERE query LIKE 'UPDATE%';
SELECT arx_perf.reset('regress_arx_forgotten'::regrole, :dbid, :queryid) IS NOT NULL AS reset;
SELECT username = current_user AS mine, calls FROM seen WHERE query LIKE 'UPDATE%';

-- it counts anew
UPDATE forgotten SET id = 3;
SET ROLE regress_arx_forgotten;
UPDATE forgotten SET id = 4;
RESET ROLE;
SELECT username = current_user AS mine, calls FROM seen WHERE query LIKE 'UPDATE%' ORDER BY calls;

-- minima and maxima only
SELECT max(id) FROM forgotten;
SELECT max(id) FROM forgotten;
SELECT queryid, stats_since, total_exec_time, calls, plans, p50_exec_time
  FROM arx_perf.statements WHERE query = 'SELECT max(id) FROM forgotten' \gset
SELECT arx_perf.reset(queryid => :queryid, minmax_only => true) AS at \gset
SELECT calls = :calls AND plans = :plans AND total_exec_time = :total_exec_time
       AND p50_exec_time = :p50_exec_time AND stats_since = :'stats_since' AS the_rest_stays,
       min_exec_time, max_exec_time, min_plan_time, max_plan_time, minmax_stats_since = :'at' AS since
  FROM arx_perf.statements WHERE queryid = :queryid;
SELECT max(id) FROM forgotten;
SELECT calls, plans, min_exec_time = max_exec_time AS exec, min_plan_time = max_plan_time AS plan,
       abs(max_exec_time - (total_exec_time - :total_exec_time)) < 1e-6 AS of_last_call,
       minmax_stats_since = :'at' AS since, stats_since = :'stats_since' AS stats_since
  FROM arx_perf.statements WHERE queryid = :queryid;
SELECT stats_reset AS all_at FROM arx_perf.statements_info \gset
SELECT arx_perf.reset(minmax_only => true) AS at \gset
SELECT bool_and(minmax_stats_since = :'at') AS all_since, count(*) > 5 AS all_stay
  FROM arx_perf.statements WHERE stats_since < :'at';
SELECT stats_reset = :'all_at' AS not_a_reset_of_all FROM arx_perf.statements_info;

-- an argument NULL is no reset
SELECT arx_perf.reset(NULL) IS NULL AS nothing, arx_perf.reset(0, 0, NULL) IS NULL AS nothing;
SELECT count(*) > 5 AS still_there FROM arx_perf.statements;

DROP VIEW seen;
DROP TABLE forgotten;
DROP ROLE regress_arx_forgotten;
