--
-- Who may read and reset what
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS arx_perf;
RESET client_min_messages;
SELECT arx_perf.reset() IS NOT NULL AS reset;

CREATE ROLE regress_arx_nobody;
CREATE ROLE regress_arx_monitor IN ROLE pg_monitor;
CREATE ROLE regress_arx_own;
GRANT SELECT ON arx_perf.statements, arx_perf.statement_errors TO regress_arx_own;
GRANT EXECUTE ON FUNCTION arx_perf.statements(boolean, timestamptz),
  arx_perf.statement_error_counts() TO regress_arx_own;
CREATE TABLE private (id int);
INSERT INTO private VALUES (0);
GRANT SELECT ON private TO regress_arx_nobody, regress_arx_monitor, regress_arx_own;

-- each of them leaves a statement and an error
SELECT 1 / id AS superuser FROM private;
SELECT id AS superuser FROM private;
SET ROLE regress_arx_nobody;
SELECT 1 / id AS nobody FROM private WHERE id IS NOT NULL;
SELECT id AS nobody FROM private WHERE id = 1;
RESET ROLE;
SET ROLE regress_arx_own;
SELECT 1 / id AS own FROM private WHERE id < 2;
SELECT id AS own FROM private WHERE id < 2;
RESET ROLE;

-- an ordinary user: none of it
SET ROLE regress_arx_nobody;
SELECT * FROM arx_perf.statements;
SELECT * FROM arx_perf.slow_statements;
SELECT * FROM arx_perf.statement_errors;
SELECT * FROM arx_perf.statements_info;
SELECT * FROM arx_perf.health;
SELECT * FROM arx_perf.check();
SELECT * FROM arx_perf.check_library();
SELECT * FROM arx_perf.statements(true);
SELECT * FROM arx_perf.statements(false, now());
SELECT * FROM arx_perf.statement_error_counts();
SELECT * FROM arx_perf.statements_info();
SELECT * FROM arx_perf.health();
SELECT arx_perf.reset();
SELECT arx_perf.reset(0, 0, 1);
SET arx_perf.track = 'none';
SET arx_perf.track_utility = off;
SET arx_perf.track_planning = off;
SET arx_perf.track_cpu = off;
-- but the harmless
SET arx_perf.slow_threshold = '1s';
SELECT arx_perf.library_version() IS NOT NULL AS library_version;
SELECT arx_perf.quantile(arx_perf.histogram_agg(i), 0) > 0 AS histogram FROM generate_series(1, 10) i;
RESET ROLE;

-- pg_monitor: all, with texts and ids of everybody, but no reset
SET ROLE regress_arx_monitor;
SELECT username = session_user AS superuser, username LIKE 'regress%' AS regress,
       queryid IS NOT NULL AS queryid, calls, errors, query
  FROM arx_perf.statements WHERE query LIKE '%FROM private%' ORDER BY query COLLATE "C";
SELECT queryid IS NOT NULL AS queryid, sqlstate, count, message, query
  FROM arx_perf.statement_errors WHERE sqlstate = '22012' ORDER BY query COLLATE "C";
SELECT count(*) >= 0 AS slow_statements FROM arx_perf.slow_statements;
SELECT count(*) AS statements_info FROM arx_perf.statements_info;
SELECT count(*) > 0 AS health FROM arx_perf.health;
SELECT count(*) > 0 AS "check" FROM arx_perf.check();
SELECT arx_perf.reset();
RESET ROLE;

-- granted the view and its function, without pg_read_all_stats: his own only
SET ROLE regress_arx_own;
SELECT username = current_user AS mine, queryid IS NULL AS no_queryid, query
  FROM arx_perf.statements
 WHERE userid <> 'regress_arx_own'::regrole OR query LIKE '%FROM private%'
 GROUP BY 1, 2, 3 ORDER BY query COLLATE "C";
SELECT username = current_user AS mine, queryid IS NULL AS no_queryid, message IS NULL AS no_message,
       sqlstate, count, query
  FROM arx_perf.statement_errors WHERE sqlstate = '22012' ORDER BY query COLLATE "C";
SELECT count(*) AS texts_not_asked_for FROM arx_perf.statements(false) WHERE query IS NOT NULL;
SELECT count(*) AS others_ids FROM arx_perf.statements(false)
 WHERE queryid IS NOT NULL AND userid <> 'regress_arx_own'::regrole;
RESET ROLE;
-- nor what others called it, or said about it
SELECT id AS private_to_superuser FROM private ORDER BY 1 /* private comment */;
SET ROLE regress_arx_own;
SELECT id AS private_to_own FROM private ORDER BY 1;
SELECT query FROM arx_perf.statements WHERE query LIKE '%private_to%';
RESET ROLE;
-- the same with it: all
GRANT pg_read_all_stats TO regress_arx_own;
SET ROLE regress_arx_own;
SELECT count(*) AS hidden FROM arx_perf.statements WHERE queryid IS NULL OR query LIKE '<insuff%';
RESET ROLE;

-- reset only for whom it was granted to
GRANT EXECUTE ON FUNCTION arx_perf.reset(oid, oid, bigint, boolean) TO regress_arx_nobody;
SET ROLE regress_arx_nobody;
SELECT arx_perf.reset() IS NOT NULL AS reset;
RESET ROLE;
SELECT count(*) AS left FROM arx_perf.statements WHERE query LIKE '%FROM private%';

DROP TABLE private;
REVOKE SELECT ON arx_perf.statements, arx_perf.statement_errors FROM regress_arx_own;
REVOKE EXECUTE ON FUNCTION arx_perf.statements(boolean, timestamptz),
  arx_perf.statement_error_counts() FROM regress_arx_own;
REVOKE EXECUTE ON FUNCTION arx_perf.reset(oid, oid, bigint, boolean) FROM regress_arx_nobody;
-- statements of a role that is gone stay, without its name
SET ROLE regress_arx_nobody;
SELECT 'gone';
RESET ROLE;
DROP ROLE regress_arx_nobody, regress_arx_monitor, regress_arx_own;
SELECT calls, username FROM arx_perf.statements WHERE query = 'SELECT $1';
