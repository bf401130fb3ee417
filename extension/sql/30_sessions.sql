-- 30_sessions.sql
--    Sessions now, their history, and the load: views and functions.

CREATE FUNCTION arx_perf.session_history(
	IN since timestamp with time zone DEFAULT NULL,
	OUT sample_time timestamp with time zone,
	OUT sample_interval double precision,
	OUT spacing double precision,
	OUT gap double precision,
	OUT pid integer,
	OUT leader_pid integer,
	OUT backend_start timestamp with time zone,
	OUT datid oid,
	OUT datname text,
	OUT usesysid oid,
	OUT username text,
	OUT application_name text,
	OUT client_addr inet,
	OUT backend_type text,
	OUT state text,
	OUT wait_event_type text,
	OUT wait_event text,
	OUT queryid bigint,
	OUT toplevel_queryid bigint,
	OUT query_start timestamp with time zone,
	OUT xact_start timestamp with time zone,
	OUT blocker_pid integer,
	OUT blocker_queryid bigint
)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'arx_session_history'
LANGUAGE C VOLATILE PARALLEL SAFE ROWS 10000;

COMMENT ON FUNCTION arx_perf.session_history(timestamp with time zone) IS
	'What sessions did at each look of the last minutes, oldest first; since leaves out looks before';

CREATE VIEW arx_perf.session_history AS
	SELECT * FROM arx_perf.session_history(NULL);

COMMENT ON VIEW arx_perf.session_history IS
	'What sessions did at each look of the last minutes: those that worked, that were idle in a transaction, and busy processes of the server';
COMMENT ON COLUMN arx_perf.session_history.sample_time IS
	'when the look was taken';
COMMENT ON COLUMN arx_perf.session_history.sample_interval IS
	'time that this sample stands for, in milliseconds';
COMMENT ON COLUMN arx_perf.session_history.spacing IS
	'time since the look before, in milliseconds; 0 for the first one';
COMMENT ON COLUMN arx_perf.session_history.gap IS
	'time before this look for which no look stands, in milliseconds';
COMMENT ON COLUMN arx_perf.session_history.pid IS
	'process; NULL with all its names when they found no room';
COMMENT ON COLUMN arx_perf.session_history.leader_pid IS
	'for a parallel worker, the process that leads it';
COMMENT ON COLUMN arx_perf.session_history.backend_start IS
	'when the process started';
COMMENT ON COLUMN arx_perf.session_history.datid IS
	'database (pg_database.oid)';
COMMENT ON COLUMN arx_perf.session_history.datname IS
	'its name; NULL when it was dropped';
COMMENT ON COLUMN arx_perf.session_history.usesysid IS
	'user (pg_authid.oid)';
COMMENT ON COLUMN arx_perf.session_history.username IS
	'its name; NULL when it was dropped';
COMMENT ON COLUMN arx_perf.session_history.application_name IS
	'name of the application';
COMMENT ON COLUMN arx_perf.session_history.client_addr IS
	'address of the client; NULL for a Unix socket, or without the right to see it';
COMMENT ON COLUMN arx_perf.session_history.backend_type IS
	'kind of process, as in pg_stat_activity';
COMMENT ON COLUMN arx_perf.session_history.state IS
	'as in pg_stat_activity; NULL for processes of the server';
COMMENT ON COLUMN arx_perf.session_history.wait_event_type IS
	'class of the wait; CPU when it worked and none was reported';
COMMENT ON COLUMN arx_perf.session_history.wait_event IS
	'what it waited for; CPU: running, ready to run, or in a wait that the server does not report';
COMMENT ON COLUMN arx_perf.session_history.queryid IS
	'innermost statement that ran; while idle in transaction the last one; NULL without the right to see it';
COMMENT ON COLUMN arx_perf.session_history.toplevel_queryid IS
	'statement that the client sent; NULL without the right to see it';
COMMENT ON COLUMN arx_perf.session_history.query_start IS
	'when the clients statement began, to the millisecond';
COMMENT ON COLUMN arx_perf.session_history.xact_start IS
	'when the transaction began, to the millisecond';
COMMENT ON COLUMN arx_perf.session_history.blocker_pid IS
	'first process that held up the lock it waited for; 0 for a prepared transaction';
COMMENT ON COLUMN arx_perf.session_history.blocker_queryid IS
	'statement of that process, when it worked or was in a transaction; NULL without the right to see it';

CREATE FUNCTION arx_perf.session_history_info(
	OUT covered_from timestamp with time zone,
	OUT covered_to timestamp with time zone,
	OUT covered_seconds double precision,
	OUT history_seconds integer,
	OUT sample_interval integer,
	OUT looks bigint,
	OUT missed_time double precision,
	OUT samples bigint,
	OUT bytes bigint,
	OUT bytes_max bigint,
	OUT bytes_per_sample double precision,
	OUT sessions bigint,
	OUT sessions_max bigint,
	OUT statements bigint,
	OUT statements_max bigint,
	OUT unknown_samples bigint,
	OUT cut_samples bigint,
	OUT spelled_out_samples bigint,
	OUT early_looks bigint
)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'arx_session_history_info'
LANGUAGE C VOLATILE PARALLEL SAFE ROWS 1;

COMMENT ON FUNCTION arx_perf.session_history_info() IS
	'One row about the session history itself';

CREATE VIEW arx_perf.session_history_info AS
	SELECT * FROM arx_perf.session_history_info();

COMMENT ON VIEW arx_perf.session_history_info IS
	'One row about the session history itself: what it covers, what it takes, what was lost';
COMMENT ON COLUMN arx_perf.session_history_info.covered_from IS
	'from when on the history reaches';
COMMENT ON COLUMN arx_perf.session_history_info.covered_to IS
	'the newest look';
COMMENT ON COLUMN arx_perf.session_history_info.covered_seconds IS
	'time between them';
COMMENT ON COLUMN arx_perf.session_history_info.history_seconds IS
	'how many seconds are wanted (arx_perf.history_seconds)';
COMMENT ON COLUMN arx_perf.session_history_info.sample_interval IS
	'milliseconds between two looks, as set now; each look has its own';
COMMENT ON COLUMN arx_perf.session_history_info.looks IS
	'looks in memory';
COMMENT ON COLUMN arx_perf.session_history_info.missed_time IS
	'time between them that no look stands for, in milliseconds';
COMMENT ON COLUMN arx_perf.session_history_info.samples IS
	'sessions at these looks';
COMMENT ON COLUMN arx_perf.session_history_info.bytes IS
	'memory that they take, names and headers included';
COMMENT ON COLUMN arx_perf.session_history_info.bytes_max IS
	'how much there may be (arx_perf.history_memory)';
COMMENT ON COLUMN arx_perf.session_history_info.bytes_per_sample IS
	'memory that one sample takes on average, all included';
COMMENT ON COLUMN arx_perf.session_history_info.sessions IS
	'sessions that the history names';
COMMENT ON COLUMN arx_perf.session_history_info.sessions_max IS
	'how many it can name';
COMMENT ON COLUMN arx_perf.session_history_info.statements IS
	'pairs of query ids that the history names';
COMMENT ON COLUMN arx_perf.session_history_info.statements_max IS
	'how many it can name; further ones are stored in full';
COMMENT ON COLUMN arx_perf.session_history_info.unknown_samples IS
	'samples stored without pid and names, because too many sessions came and went';
COMMENT ON COLUMN arx_perf.session_history_info.cut_samples IS
	'samples left out, because there were too many at one look';
COMMENT ON COLUMN arx_perf.session_history_info.spelled_out_samples IS
	'samples with query ids in full: nothing is lost, but they take 20 bytes more';
COMMENT ON COLUMN arx_perf.session_history_info.early_looks IS
	'looks overwritten before they were history_seconds old';

CREATE FUNCTION arx_perf.active_sessions(
	IN include_idle boolean DEFAULT false,
	OUT datid oid,
	OUT datname text,
	OUT pid integer,
	OUT leader_pid integer,
	OUT usesysid oid,
	OUT username text,
	OUT application_name text,
	OUT client_addr inet,
	OUT client_hostname text,
	OUT client_port integer,
	OUT backend_start timestamp with time zone,
	OUT xact_start timestamp with time zone,
	OUT query_start timestamp with time zone,
	OUT state_change timestamp with time zone,
	OUT wait_event_type text,
	OUT wait_event text,
	OUT state text,
	OUT backend_xid xid,
	OUT backend_xmin xid,
	OUT queryid bigint,
	OUT query text,
	OUT backend_type text,
	OUT toplevel_queryid bigint,
	OUT blockers integer[],
	OUT blocker_count integer,
	OUT wait_start timestamp with time zone,
	OUT wait_time double precision,
	OUT wait_exact boolean,
	OUT cpu_user_time double precision,
	OUT cpu_sys_time double precision,
	OUT private_memory_bytes bigint,
	OUT context_bytes bigint,
	OUT context_bytes_age double precision
)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'arx_active_sessions'
LANGUAGE C VOLATILE STRICT PARALLEL SAFE ROWS 50;

COMMENT ON FUNCTION arx_perf.active_sessions(boolean) IS
	'Sessions as they are now; include_idle true: all of them';

CREATE VIEW arx_perf.active_sessions AS
	SELECT s.*, s.toplevel_queryid AS query_id
	FROM arx_perf.active_sessions(false) s;

COMMENT ON VIEW arx_perf.active_sessions IS
	'Sessions that work now, are idle in a transaction, or are busy processes of the server, each with its blockers, time in its wait, and resources';
COMMENT ON COLUMN arx_perf.active_sessions.datid IS
	'database (pg_database.oid)';
COMMENT ON COLUMN arx_perf.active_sessions.datname IS
	'its name';
COMMENT ON COLUMN arx_perf.active_sessions.pid IS
	'process';
COMMENT ON COLUMN arx_perf.active_sessions.leader_pid IS
	'for a parallel worker, the process that leads it';
COMMENT ON COLUMN arx_perf.active_sessions.usesysid IS
	'user (pg_authid.oid)';
COMMENT ON COLUMN arx_perf.active_sessions.username IS
	'its name';
COMMENT ON COLUMN arx_perf.active_sessions.application_name IS
	'name of the application';
COMMENT ON COLUMN arx_perf.active_sessions.client_addr IS
	'address of the client; NULL for a Unix socket';
COMMENT ON COLUMN arx_perf.active_sessions.client_hostname IS
	'name of the client, if log_hostname is on';
COMMENT ON COLUMN arx_perf.active_sessions.client_port IS
	'port of the client; -1 for a Unix socket';
COMMENT ON COLUMN arx_perf.active_sessions.backend_start IS
	'when the process started';
COMMENT ON COLUMN arx_perf.active_sessions.xact_start IS
	'when the transaction began';
COMMENT ON COLUMN arx_perf.active_sessions.query_start IS
	'when the statement of the client began';
COMMENT ON COLUMN arx_perf.active_sessions.state_change IS
	'when the state last changed';
COMMENT ON COLUMN arx_perf.active_sessions.wait_event_type IS
	'class of the wait; CPU when it works and none is reported';
COMMENT ON COLUMN arx_perf.active_sessions.wait_event IS
	'what it waits for; CPU: running, ready to run, or in a wait that the server does not report';
COMMENT ON COLUMN arx_perf.active_sessions.state IS
	'as in pg_stat_activity';
COMMENT ON COLUMN arx_perf.active_sessions.backend_xid IS
	'transaction id, if it has one';
COMMENT ON COLUMN arx_perf.active_sessions.backend_xmin IS
	'its xmin horizon';
COMMENT ON COLUMN arx_perf.active_sessions.queryid IS
	'innermost statement that runs; while none runs, the last one that the client sent';
COMMENT ON COLUMN arx_perf.active_sessions.query IS
	'what the client sent last, cut to track_activity_query_size';
COMMENT ON COLUMN arx_perf.active_sessions.backend_type IS
	'kind of process';
COMMENT ON COLUMN arx_perf.active_sessions.toplevel_queryid IS
	'statement that the client sent';
COMMENT ON COLUMN arx_perf.active_sessions.blockers IS
	'processes that hold up the lock it waits for, at most 8, as pg_blocking_pids() gives them; 0 for a prepared transaction; NULL when that part of the lock table was in use';
COMMENT ON COLUMN arx_perf.active_sessions.blocker_count IS
	'how many these are in all';
COMMENT ON COLUMN arx_perf.active_sessions.wait_start IS
	'when the present wait began; the earliest time possible unless wait_exact';
COMMENT ON COLUMN arx_perf.active_sessions.wait_time IS
	'how long it has lasted, in milliseconds; an upper bound unless wait_exact';
COMMENT ON COLUMN arx_perf.active_sessions.wait_exact IS
	'true where the server notes the time itself (heavyweight locks)';
COMMENT ON COLUMN arx_perf.active_sessions.cpu_user_time IS
	'CPU time of the process in user mode since it started, in milliseconds; NULL when not known';
COMMENT ON COLUMN arx_perf.active_sessions.cpu_sys_time IS
	'CPU time in the kernel, likewise';
COMMENT ON COLUMN arx_perf.active_sessions.private_memory_bytes IS
	'memory of the process that it shares with nobody; NULL when not known';
COMMENT ON COLUMN arx_perf.active_sessions.context_bytes IS
	'memory allocated in its memory contexts; NULL before its first statement ended';
COMMENT ON COLUMN arx_perf.active_sessions.context_bytes_age IS
	'how old that number is, in milliseconds';
COMMENT ON COLUMN arx_perf.active_sessions.query_id IS
	'as in pg_stat_activity: the same as toplevel_queryid';

CREATE FUNCTION arx_perf.average_active_sessions(
	IN since interval DEFAULT '5 minutes',
	OUT wait_class text,
	OUT samples bigint,
	OUT aas double precision,
	OUT aas_low double precision,
	OUT aas_high double precision,
	OUT share double precision,
	OUT share_low double precision,
	OUT share_high double precision,
	OUT cpus integer,
	OUT window_start timestamp with time zone,
	OUT window_end timestamp with time zone,
	OUT looks bigint,
	OUT covered double precision
)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'arx_average_active_sessions'
LANGUAGE C VOLATILE STRICT PARALLEL SAFE ROWS 12;

COMMENT ON FUNCTION arx_perf.average_active_sessions(interval) IS
	'Average number of sessions that work, by class of wait, over the last while, with 95 % intervals; CPU beside the number of CPUs';

CREATE FUNCTION arx_perf.load_digest(since interval DEFAULT '5 minutes')
RETURNS text
AS 'MODULE_PATHNAME', 'arx_load_digest_text'
LANGUAGE C VOLATILE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION arx_perf.load_digest(interval) IS
	'The load of the last while in one line, as arx_perf.log_digest_interval has it written to the server log';

-- Who may what: pg_monitor reads.  Query ids and texts are shown with the
-- privileges of pg_read_all_stats, or of the user whose session it is.

REVOKE ALL ON FUNCTION arx_perf.session_history(timestamp with time zone) FROM PUBLIC;
REVOKE ALL ON FUNCTION arx_perf.session_history_info() FROM PUBLIC;
REVOKE ALL ON FUNCTION arx_perf.active_sessions(boolean) FROM PUBLIC;
REVOKE ALL ON FUNCTION arx_perf.average_active_sessions(interval) FROM PUBLIC;
REVOKE ALL ON FUNCTION arx_perf.load_digest(interval) FROM PUBLIC;

GRANT EXECUTE ON FUNCTION arx_perf.session_history(timestamp with time zone) TO pg_monitor;
GRANT EXECUTE ON FUNCTION arx_perf.session_history_info() TO pg_monitor;
GRANT EXECUTE ON FUNCTION arx_perf.active_sessions(boolean) TO pg_monitor;
GRANT EXECUTE ON FUNCTION arx_perf.average_active_sessions(interval) TO pg_monitor;
GRANT EXECUTE ON FUNCTION arx_perf.load_digest(interval) TO pg_monitor;

GRANT SELECT ON arx_perf.session_history TO pg_monitor;
GRANT SELECT ON arx_perf.session_history_info TO pg_monitor;
GRANT SELECT ON arx_perf.active_sessions TO pg_monitor;
