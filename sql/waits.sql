--
-- arx_perf.wait_profile and arx_perf.blocking: what one session sees of itself,
-- who may see what, and the reset
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS arx_perf;
RESET client_min_messages;
SELECT arx_perf.waits_reset() IS NOT NULL AS reset;
\set VERBOSITY terse

-- a wait is seen, sooner or later
SET application_name = 'regress_waits';
DO $$
BEGIN
	FOR i IN 1 .. 3000 LOOP
		EXIT WHEN EXISTS (SELECT FROM arx_perf.wait_profile
			WHERE application_name = 'regress_waits' AND wait_event = 'PgSleep');
		PERFORM pg_sleep(0.1);
	END LOOP;
END
$$;
SELECT DISTINCT wait_event_type, wait_event, datname = current_database() AS here,
       username = current_user AS mine, backend_type,
       queryid IS NOT NULL AS has_query,
       samples > 0 AS seen, wait_time > 0 AS has_time,
       wait_time_low <= wait_time AS low, share > 0 AND share <= 1 AS has_share,
       share_low <= share AND share <= share_high AS between,
       first_seen <= last_seen AND first_seen >= stats_since AS times
  FROM arx_perf.wait_profile
 WHERE application_name = 'regress_waits' AND wait_event = 'PgSleep';
SELECT bool_and(dbid = d.oid AND userid = r.oid) AS same
  FROM arx_perf.wait_profile w
  JOIN pg_database d USING (datname) JOIN pg_roles r ON rolname = username;
SELECT count(*) AS not_counted FROM arx_perf.wait_profile
 WHERE wait_event_type = 'Activity' OR backend_type LIKE 'arx\_perf%';
SELECT count(*) AS in_database_time FROM arx_perf.wait_profile
 WHERE backend_type NOT IN ('client backend', 'parallel worker') AND share IS NOT NULL;
SELECT count(*) AS blockers FROM arx_perf.blocking
 WHERE waiter_application_name = 'regress_waits';

-- what the collector says of both
SELECT component, metric, unit, status FROM arx_perf.health
 WHERE component IN ('waits', 'blocking')
 ORDER BY component COLLATE "C", metric COLLATE "C";
SELECT check_name, status, detail, hint FROM arx_perf.check()
 WHERE check_name IN ('wait limit', 'blocking limit') ORDER BY check_name COLLATE "C";

-- rights
CREATE ROLE regress_waits_plain;
CREATE ROLE regress_waits_monitor IN ROLE pg_monitor;
SET ROLE regress_waits_plain;
SELECT count(*) FROM arx_perf.wait_profile;
SELECT count(*) FROM arx_perf.blocking;
SELECT arx_perf.waits_reset();
RESET ROLE;
GRANT SELECT ON arx_perf.wait_profile, arx_perf.blocking TO regress_waits_plain;
GRANT EXECUTE ON FUNCTION arx_perf.wait_profile(), arx_perf.blocking() TO regress_waits_plain;
SET ROLE regress_waits_plain;
SELECT count(*) > 0 AS rows, count(queryid) AS query_ids FROM arx_perf.wait_profile;
SELECT count(*) >= 0 AS readable FROM arx_perf.blocking;
SELECT arx_perf.waits_reset();
SET ROLE regress_waits_monitor;
SELECT count(queryid) > 0 AS query_ids FROM arx_perf.wait_profile;
SELECT count(*) >= 0 AS readable FROM arx_perf.blocking;
SELECT arx_perf.waits_reset();
RESET ROLE;
GRANT EXECUTE ON FUNCTION arx_perf.waits_reset() TO regress_waits_monitor;
SET ROLE regress_waits_monitor;
SELECT arx_perf.waits_reset() IS NOT NULL AS may_reset;
RESET ROLE;

-- reset
SELECT clock_timestamp() AS before \gset
SELECT arx_perf.waits_reset() AS at \gset
SELECT :'at'::timestamptz BETWEEN :'before' AND clock_timestamp() AS between;
SELECT count(*) AS older FROM arx_perf.wait_profile WHERE first_seen < :'at' OR stats_since <> :'at';
DO $$
BEGIN
	FOR i IN 1 .. 3000 LOOP
		EXIT WHEN EXISTS (SELECT FROM arx_perf.wait_profile);
		PERFORM pg_sleep(0.1);
	END LOOP;
END
$$;
SELECT count(*) > 0 AS goes_on, bool_and(stats_since = :'at' AND first_seen > :'at') AS newer
  FROM arx_perf.wait_profile;

REVOKE ALL ON FUNCTION arx_perf.waits_reset() FROM regress_waits_monitor;
REVOKE ALL ON arx_perf.wait_profile, arx_perf.blocking FROM regress_waits_plain;
REVOKE ALL ON FUNCTION arx_perf.wait_profile(), arx_perf.blocking() FROM regress_waits_plain;
DROP ROLE regress_waits_plain, regress_waits_monitor;
RESET application_name;
