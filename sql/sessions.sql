--
-- Sessions now, their history, and the load
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS arx_perf;
RESET client_min_messages;
\set VERBOSITY terse

-- waits until the history holds a look that was taken after this call
CREATE PROCEDURE await_look() LANGUAGE plpgsql AS $$
DECLARE
  asked timestamptz := clock_timestamp();
BEGIN
  FOR i IN 1..18000 LOOP
    EXIT WHEN (SELECT covered_to > asked FROM arx_perf.session_history_info);
    PERFORM pg_sleep(0.01);
  END LOOP;
END $$;
CALL await_look();

-- this session: as in pg_stat_activity
SET application_name = 'this one';
SELECT a.datid = s.datid AS datid, a.datname = s.datname AS datname, a.usesysid = s.usesysid AS usesysid,
       a.username = s.usename AS username, a.application_name, s.application_name,
       a.client_addr IS NOT DISTINCT FROM s.client_addr AS client_addr,
       a.client_hostname IS NOT DISTINCT FROM s.client_hostname AS client_hostname,
       a.client_port = s.client_port AS client_port, a.backend_start = s.backend_start AS backend_start
  FROM arx_perf.active_sessions a JOIN pg_stat_activity s USING (pid)
 WHERE pid = pg_backend_pid();
BEGIN;
CREATE TEMP TABLE gives_an_xid ();
SELECT a.xact_start = s.xact_start AS xact_start, a.query_start = s.query_start AS query_start,
       a.state_change = s.state_change AS state_change, a.state, s.state, a.wait_event_type, a.wait_event,
       a.backend_xid = s.backend_xid AS backend_xid, a.backend_xmin = s.backend_xmin AS backend_xmin,
       a.queryid = s.query_id AS queryid, a.toplevel_queryid = s.query_id AS toplevel_queryid,
       a.query = s.query AS query, a.backend_type, a.leader_pid
  FROM arx_perf.active_sessions a JOIN pg_stat_activity s USING (pid)
 WHERE pid = pg_backend_pid();
COMMIT;
SELECT blockers, blocker_count, wait_start, wait_time, wait_exact,
       cpu_user_time >= 0 AS cpu_user_time, cpu_sys_time >= 0 AS cpu_sys_time,
       private_memory_bytes > 0 AS private_memory_bytes
  FROM arx_perf.active_sessions WHERE pid = pg_backend_pid();

-- all processes that are there all the time
SELECT count(*) > 4 AS processes,
       bool_and(a.backend_start = s.backend_start) AS backend_start,
       bool_and(a.backend_type = s.backend_type) AS backend_type,
       bool_and(a.datid IS NOT DISTINCT FROM s.datid) AS datid,
       bool_and(a.usesysid IS NOT DISTINCT FROM s.usesysid) AS usesysid,
       bool_and(a.application_name = s.application_name) AS application_name
  FROM arx_perf.active_sessions(true) a JOIN pg_stat_activity s USING (pid)
 WHERE s.backend_type <> 'autovacuum worker';
SELECT backend_type FROM arx_perf.active_sessions(true)
 WHERE backend_type IN ('checkpointer', 'walwriter', 'background writer')
 ORDER BY backend_type COLLATE "C";
SELECT count(*) AS idle FROM arx_perf.active_sessions WHERE state = 'idle';

-- history: this session is seen at work; inner and outer statement differ
DO $$
BEGIN
  FOR i IN 1..18000 LOOP
    EXIT WHEN (SELECT count(*) > 2 FROM arx_perf.session_history(now())
                WHERE pid = pg_backend_pid() AND queryid <> toplevel_queryid);
    PERFORM pg_sleep(0.01);
  END LOOP;
END $$;
SELECT DISTINCT h.datname = current_database() AS datname, h.datid = d.oid AS datid,
       h.username = current_user AS username, h.usesysid = current_user::regrole AS usesysid,
       h.application_name, h.client_addr IS NOT DISTINCT FROM inet_client_addr() AS client_addr,
       h.backend_type, h.state, h.backend_start = s.backend_start AS backend_start,
       h.sample_interval, h.spacing > 0 AS spacing, h.gap >= 0 AS gap,
       h.query_start <= h.sample_time AS query_start, h.xact_start = h.query_start AS xact_start
  FROM arx_perf.session_history h JOIN pg_stat_activity s USING (pid)
  JOIN pg_database d ON d.datname = current_database()
 WHERE pid = pg_backend_pid() AND h.application_name = 'this one' AND h.queryid <> h.toplevel_queryid;
SELECT count(DISTINCT toplevel_queryid) AS statements, count(DISTINCT query_start) AS executions
  FROM arx_perf.session_history
 WHERE pid = pg_backend_pid() AND queryid <> toplevel_queryid AND application_name = 'this one';
SELECT count(*) AS neither_active_nor_in_transaction FROM arx_perf.session_history
 WHERE backend_type = 'client backend' AND (state IS NULL OR state = 'idle');
SELECT count(*) AS own_workers FROM arx_perf.session_history WHERE backend_type LIKE 'arx%';

-- what it says of itself
CALL await_look();
SELECT looks > 0 AS looks, samples > 0 AS samples, covered_from < covered_to AS covered,
       covered_seconds > 0 AS covered_seconds, history_seconds, sample_interval,
       missed_time >= 0 AS missed_time, bytes BETWEEN 1 AND bytes_max AS bytes, bytes_max,
       bytes_per_sample = bytes::float8 / samples AS bytes_per_sample,
       sessions BETWEEN 1 AND sessions_max AS sessions,
       statements BETWEEN 1 AND statements_max AS statements,
       unknown_samples, cut_samples, spelled_out_samples, early_looks
  FROM arx_perf.session_history_info;

-- average active sessions: classes add up to the total, shares to 1
SELECT wait_class FROM arx_perf.average_active_sessions();
WITH load AS MATERIALIZED (SELECT * FROM arx_perf.average_active_sessions('1 hour')),
     class AS (SELECT * FROM load WHERE wait_class NOT IN ('total', 'idle in transaction'))
SELECT t.samples > 0 AS total, t.samples = (SELECT sum(samples) FROM class) AS samples,
       abs(t.aas - (SELECT sum(aas) FROM class)) < 1e-9 AS aas,
       abs((SELECT sum(share) FROM class) - 1) < 1e-9 AS share,
       (SELECT bool_and(aas_low <= aas AND aas <= aas_high) FROM load) AS aas_interval,
       (SELECT bool_and(share_low <= share AND share <= share_high) FROM load) AS share_interval,
       t.cpus > 0 AS cpus, t.window_end - t.window_start = interval '1 hour' AS window,
       t.covered > 0 AND t.covered < 1 AS covered
  FROM load t WHERE wait_class = 'total';
SELECT * FROM arx_perf.average_active_sessions('0');
SELECT * FROM arx_perf.average_active_sessions('-1 s');
SELECT wait_class, samples, aas, aas_low, aas_high, share, looks, covered
  FROM arx_perf.average_active_sessions('1 microsecond') WHERE wait_class = 'total';

-- the digest
SELECT arx_perf.load_digest('1 hour') ~
  '^load of the last 3600 s: [0-9.]+ average active sessions \([0-9.]+ to [0-9.]+\) on \d+ CPUs, \d+ % of the time looked at; .*; idle in transaction [0-9.]+; top statements -?\d+ \([0-9.]+\).*; longest statement [0-9.]+ s \(process \d+, statement -?\d+\); longest transaction [0-9.]+ s \(process \d+' AS digest;
SELECT arx_perf.load_digest('1 microsecond');
SELECT arx_perf.load_digest('0');

-- health and check
SELECT metric FROM arx_perf.health WHERE component = 'sessions' AND status <> 'ok';
SELECT status, detail ~ '^reaches back \d+ s of the 600 s wanted$' AS detail, hint
  FROM arx_perf.check() WHERE check_name = 'session history';

-- an ordinary user: none of it
CREATE ROLE regress_arx_nobody;
SET ROLE regress_arx_nobody;
SELECT * FROM arx_perf.session_history;
SELECT * FROM arx_perf.session_history_info;
SELECT * FROM arx_perf.active_sessions;
SELECT * FROM arx_perf.session_history(NULL);
SELECT * FROM arx_perf.session_history_info();
SELECT * FROM arx_perf.active_sessions(true);
SELECT * FROM arx_perf.average_active_sessions();
SELECT arx_perf.load_digest();
RESET ROLE;

-- who may call it but not read the statistics: no query ids, no texts
GRANT EXECUTE ON FUNCTION arx_perf.active_sessions(boolean),
  arx_perf.session_history(timestamptz) TO regress_arx_nobody;
GRANT SELECT ON arx_perf.active_sessions, arx_perf.session_history TO regress_arx_nobody;
SET ROLE regress_arx_nobody;
SELECT a.query, s.query, a.queryid, a.toplevel_queryid, a.state, a.wait_event, a.client_port, a.backend_start,
       a.backend_type, a.blockers, a.cpu_user_time, a.private_memory_bytes, a.context_bytes
  FROM arx_perf.active_sessions a JOIN pg_stat_activity s USING (pid) WHERE pid = pg_backend_pid();
SELECT count(*) > 0 AS samples, count(queryid), count(toplevel_queryid), count(blocker_queryid)
  FROM arx_perf.session_history;
RESET ROLE;
-- pg_monitor: all of it
GRANT pg_monitor TO regress_arx_nobody;
SET ROLE regress_arx_nobody;
SELECT query LIKE '%this very text%' AS query, queryid IS NOT NULL AS queryid
  FROM arx_perf.active_sessions WHERE pid = pg_backend_pid();
SELECT count(queryid) > 0 AS queryid, count(toplevel_queryid) > 0 AS toplevel_queryid
  FROM arx_perf.session_history;
SELECT count(*) AS info FROM arx_perf.session_history_info;
SELECT count(*) > 10 AS classes FROM arx_perf.average_active_sessions();
SELECT arx_perf.load_digest() LIKE 'load of the last 300 s: %' AS digest;
RESET ROLE;

DROP OWNED BY regress_arx_nobody;
DROP ROLE regress_arx_nobody;
DROP PROCEDURE await_look;
