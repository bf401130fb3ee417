-- 32_waits.sql
--    What sessions wait for, and who blocks whom.

CREATE FUNCTION arx_perf.wait_profile(
	OUT wait_event_type text,
	OUT wait_event text,
	OUT queryid bigint,
	OUT toplevel_queryid bigint,
	OUT dbid oid,
	OUT userid oid,
	OUT datname text,
	OUT username text,
	OUT application_name text,
	OUT backend_type text,
	OUT samples bigint,
	OUT wait_time double precision,
	OUT wait_time_low double precision,
	OUT wait_time_high double precision,
	OUT share double precision,
	OUT share_low double precision,
	OUT share_high double precision,
	OUT first_seen timestamp with time zone,
	OUT last_seen timestamp with time zone,
	OUT stats_since timestamp with time zone
)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'arx_wait_profile_rows'
LANGUAGE C VOLATILE PARALLEL SAFE ROWS 1000;

COMMENT ON FUNCTION arx_perf.wait_profile() IS
	'What sessions waited for, by statement and session, from looks at all processes';

CREATE VIEW arx_perf.wait_profile AS
	SELECT * FROM arx_perf.wait_profile();

COMMENT ON VIEW arx_perf.wait_profile IS
	'What sessions waited for, by wait, statement, database, user, application and kind of process; estimated from looks, with the error';
COMMENT ON COLUMN arx_perf.wait_profile.wait_event_type IS
	'class of the wait as in pg_stat_activity, by the names of PostgreSQL 15 to 18 on 19 too; CPU when no wait is reported';
COMMENT ON COLUMN arx_perf.wait_profile.wait_event IS
	'name of the wait; CPU for running, ready to run, or in a wait that the server does not report';
COMMENT ON COLUMN arx_perf.wait_profile.queryid IS
	'innermost statement that ran, or, while none did (at commit, in a parallel worker), the client''s (arx_perf.statements.queryid); NULL for none, in rows "(other)", or without the right to see it';
COMMENT ON COLUMN arx_perf.wait_profile.toplevel_queryid IS
	'statement that the client sent, in which it ran; NULL likewise';
COMMENT ON COLUMN arx_perf.wait_profile.dbid IS
	'database (pg_database.oid); NULL for processes that are in none';
COMMENT ON COLUMN arx_perf.wait_profile.userid IS
	'user (pg_authid.oid); NULL for processes of the server';
COMMENT ON COLUMN arx_perf.wait_profile.datname IS
	'name of the database';
COMMENT ON COLUMN arx_perf.wait_profile.username IS
	'name of the user';
COMMENT ON COLUMN arx_perf.wait_profile.application_name IS
	'application_name of the session; "(other)" in a row into which others were folded to make room';
COMMENT ON COLUMN arx_perf.wait_profile.backend_type IS
	'kind of process as in pg_stat_activity; NULL in rows "(other)"';
COMMENT ON COLUMN arx_perf.wait_profile.samples IS
	'times a session was seen in this wait';
COMMENT ON COLUMN arx_perf.wait_profile.wait_time IS
	'estimated time spent in it, all sessions together, in milliseconds';
COMMENT ON COLUMN arx_perf.wait_profile.wait_time_low IS
	'lower end of its 95 % interval';
COMMENT ON COLUMN arx_perf.wait_profile.wait_time_high IS
	'upper end of its 95 % interval; NULL before there are two looks';
COMMENT ON COLUMN arx_perf.wait_profile.share IS
	'estimated share of database time (active client backends and their parallel workers), 0 to 1; NULL for processes of the server';
COMMENT ON COLUMN arx_perf.wait_profile.share_low IS
	'lower end of its 95 % interval';
COMMENT ON COLUMN arx_perf.wait_profile.share_high IS
	'upper end of its 95 % interval';
COMMENT ON COLUMN arx_perf.wait_profile.first_seen IS
	'when it was first seen since stats_since';
COMMENT ON COLUMN arx_perf.wait_profile.last_seen IS
	'when it was last seen';
COMMENT ON COLUMN arx_perf.wait_profile.stats_since IS
	'since when all rows count: last reset, or start of the server';

CREATE FUNCTION arx_perf.blocking(
	OUT dbid oid,
	OUT datname text,
	OUT relid oid,
	OUT relation text,
	OUT lock_type text,
	OUT lock_mode text,
	OUT blocker_user text,
	OUT blocker_application_name text,
	OUT blocker_backend_type text,
	OUT blocker_queryid bigint,
	OUT waiter_user text,
	OUT waiter_application_name text,
	OUT waiter_backend_type text,
	OUT waiter_queryid bigint,
	OUT waits bigint,
	OUT samples bigint,
	OUT wait_time double precision,
	OUT wait_time_low double precision,
	OUT wait_time_high double precision,
	OUT max_wait_time double precision,
	OUT blocker_transaction_age double precision,
	OUT blocker_pid integer,
	OUT blocker_state text,
	OUT is_head boolean,
	OUT head_pid integer,
	OUT head_state text,
	OUT head_user text,
	OUT head_application_name text,
	OUT head_backend_type text,
	OUT head_queryid bigint,
	OUT first_seen timestamp with time zone,
	OUT last_seen timestamp with time zone,
	OUT stats_since timestamp with time zone
)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'arx_blocking_rows'
LANGUAGE C VOLATILE PARALLEL SAFE ROWS 100;

COMMENT ON FUNCTION arx_perf.blocking() IS
	'Who made whom wait for a lock, from looks at the lock manager';

CREATE VIEW arx_perf.blocking AS
	SELECT * FROM arx_perf.blocking();

COMMENT ON VIEW arx_perf.blocking IS
	'Who made whom wait for a lock, by lock, blocker and waiter; estimated from looks, with the error';
COMMENT ON COLUMN arx_perf.blocking.dbid IS
	'database of the waiter (pg_database.oid)';
COMMENT ON COLUMN arx_perf.blocking.datname IS
	'name of the database';
COMMENT ON COLUMN arx_perf.blocking.relid IS
	'relation that the lock is on, or whose row is waited for (pg_class.oid); NULL when it is about none, or not known';
COMMENT ON COLUMN arx_perf.blocking.relation IS
	'name of the relation; NULL outside of its database, or when it was dropped';
COMMENT ON COLUMN arx_perf.blocking.lock_type IS
	'what is locked, as pg_locks.locktype';
COMMENT ON COLUMN arx_perf.blocking.lock_mode IS
	'mode that was waited for';
COMMENT ON COLUMN arx_perf.blocking.blocker_user IS
	'user of the blocker; of a prepared transaction its owner';
COMMENT ON COLUMN arx_perf.blocking.blocker_application_name IS
	'application_name of the blocker; "(other)" in a row into which others were folded to make room';
COMMENT ON COLUMN arx_perf.blocking.blocker_backend_type IS
	'kind of process of the blocker, or "prepared transaction"';
COMMENT ON COLUMN arx_perf.blocking.blocker_queryid IS
	'statement that the blocker ran, or had run last while it was idle in transaction; NULL when not known or without the right to see it';
COMMENT ON COLUMN arx_perf.blocking.waiter_user IS
	'user of the waiter';
COMMENT ON COLUMN arx_perf.blocking.waiter_application_name IS
	'application_name of the waiter';
COMMENT ON COLUMN arx_perf.blocking.waiter_backend_type IS
	'kind of process of the waiter';
COMMENT ON COLUMN arx_perf.blocking.waiter_queryid IS
	'statement that waited; NULL when not known or without the right to see it';
COMMENT ON COLUMN arx_perf.blocking.waits IS
	'distinct waits seen';
COMMENT ON COLUMN arx_perf.blocking.samples IS
	'times the waiter was seen waiting for the blocker';
COMMENT ON COLUMN arx_perf.blocking.wait_time IS
	'estimated time waited, in milliseconds';
COMMENT ON COLUMN arx_perf.blocking.wait_time_low IS
	'lower end of its 95 % interval';
COMMENT ON COLUMN arx_perf.blocking.wait_time_high IS
	'upper end of its 95 % interval; NULL before there are two looks';
COMMENT ON COLUMN arx_perf.blocking.max_wait_time IS
	'how long the longest of these waits had taken when last seen, in milliseconds';
COMMENT ON COLUMN arx_perf.blocking.blocker_transaction_age IS
	'oldest age of the blocker''s transaction when seen, in milliseconds; NULL when not known';
COMMENT ON COLUMN arx_perf.blocking.blocker_pid IS
	'process of the blocker at last sight; NULL for a prepared transaction';
COMMENT ON COLUMN arx_perf.blocking.blocker_state IS
	'state of the blocker at last sight, as pg_stat_activity.state, or "prepared"';
COMMENT ON COLUMN arx_perf.blocking.is_head IS
	'true when the blocker itself waited for no lock at last sight: it is the head of the chain';
COMMENT ON COLUMN arx_perf.blocking.head_pid IS
	'process of the head of the chain at last sight; NULL for a prepared transaction';
COMMENT ON COLUMN arx_perf.blocking.head_state IS
	'its state, as blocker_state';
COMMENT ON COLUMN arx_perf.blocking.head_user IS
	'its user';
COMMENT ON COLUMN arx_perf.blocking.head_application_name IS
	'its application_name';
COMMENT ON COLUMN arx_perf.blocking.head_backend_type IS
	'its kind, as blocker_backend_type';
COMMENT ON COLUMN arx_perf.blocking.head_queryid IS
	'its statement, as blocker_queryid';
COMMENT ON COLUMN arx_perf.blocking.first_seen IS
	'when it was first seen since stats_since';
COMMENT ON COLUMN arx_perf.blocking.last_seen IS
	'when it was last seen';
COMMENT ON COLUMN arx_perf.blocking.stats_since IS
	'since when all rows count: last reset, or start of the server';

CREATE FUNCTION arx_perf.waits_reset()
RETURNS timestamp with time zone
AS 'MODULE_PATHNAME', 'arx_waits_reset'
LANGUAGE C VOLATILE PARALLEL RESTRICTED;

COMMENT ON FUNCTION arx_perf.waits_reset() IS
	'Forgets what arx_perf.wait_profile and arx_perf.blocking count; returns the time of the reset';

REVOKE ALL ON FUNCTION arx_perf.wait_profile() FROM PUBLIC;
REVOKE ALL ON FUNCTION arx_perf.blocking() FROM PUBLIC;
REVOKE ALL ON FUNCTION arx_perf.waits_reset() FROM PUBLIC;

GRANT EXECUTE ON FUNCTION arx_perf.wait_profile() TO pg_monitor;
GRANT EXECUTE ON FUNCTION arx_perf.blocking() TO pg_monitor;

GRANT SELECT ON arx_perf.wait_profile TO pg_monitor;
GRANT SELECT ON arx_perf.blocking TO pg_monitor;
