-- 35_pools.sql
--    Connections in the database by who holds them, and those refused.

CREATE FUNCTION arx_perf.database_pools(
	OUT userid oid,
	OUT dbid oid,
	OUT application_name text,
	OUT client_addr inet,
	OUT connections integer,
	OUT active integer,
	OUT idle integer,
	OUT idle_in_transaction integer,
	OUT idle_in_transaction_aborted integer,
	OUT other integer,
	OUT peak integer,
	OUT mean_active double precision,
	OUT mean_idle double precision,
	OUT mean_idle_in_transaction double precision,
	OUT mean_idle_in_transaction_aborted double precision,
	OUT mean_other double precision,
	OUT looks bigint,
	OUT longest_idle_in_transaction double precision,
	OUT max_idle_in_transaction double precision,
	OUT transactions bigint,
	OUT mean_transaction_time double precision,
	OUT transaction_time_cv2 double precision,
	OUT utilization double precision,
	OUT connections_per_second double precision,
	OUT transactions_per_second double precision,
	OUT sessions bigint,
	OUT session_time_histogram arx_perf.histogram,
	OUT observed_at timestamp with time zone
)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'arx_database_pools'
LANGUAGE C VOLATILE PARALLEL SAFE ROWS 50;

COMMENT ON FUNCTION arx_perf.database_pools() IS
	'Connections of clients by database, user, application and client address';

CREATE VIEW arx_perf.database_pools AS
	SELECT
		d.datname::text AS datname,
		r.rolname::text AS username,
		p.*
	FROM arx_perf.database_pools() p
	LEFT JOIN pg_catalog.pg_database d ON d.oid = p.dbid
	LEFT JOIN pg_catalog.pg_roles r ON r.oid = p.userid;

COMMENT ON VIEW arx_perf.database_pools IS
	'Connections of clients by database, user, application and client address';
COMMENT ON COLUMN arx_perf.database_pools.datname IS
	'name of the database; NULL when it was dropped, or for all others';
COMMENT ON COLUMN arx_perf.database_pools.username IS
	'name of the user; NULL when it was dropped, or for all others';
COMMENT ON COLUMN arx_perf.database_pools.userid IS
	'user; NULL in the row of all pools that are not kept apart';
COMMENT ON COLUMN arx_perf.database_pools.dbid IS
	'database; NULL in that row';
COMMENT ON COLUMN arx_perf.database_pools.application_name IS
	'application_name of its sessions; "traceparent" for all trace contexts';
COMMENT ON COLUMN arx_perf.database_pools.client_addr IS
	'address of the client; NULL for a Unix socket';
COMMENT ON COLUMN arx_perf.database_pools.connections IS
	'connections open, in whatever state';
COMMENT ON COLUMN arx_perf.database_pools.active IS
	'connections that run a statement';
COMMENT ON COLUMN arx_perf.database_pools.idle IS
	'connections that wait for their client, in no transaction';
COMMENT ON COLUMN arx_perf.database_pools.idle_in_transaction IS
	'connections that wait for their client, in a transaction';
COMMENT ON COLUMN arx_perf.database_pools.idle_in_transaction_aborted IS
	'the same, in a transaction that failed';
COMMENT ON COLUMN arx_perf.database_pools.other IS
	'connections whose state is not reported (track_activities is off)';
COMMENT ON COLUMN arx_perf.database_pools.peak IS
	'most connections that a look has seen';
COMMENT ON COLUMN arx_perf.database_pools.mean_active IS
	'mean number of active connections over time, since the pool was first seen';
COMMENT ON COLUMN arx_perf.database_pools.mean_idle IS
	'the same for idle';
COMMENT ON COLUMN arx_perf.database_pools.mean_idle_in_transaction IS
	'the same for idle_in_transaction';
COMMENT ON COLUMN arx_perf.database_pools.mean_idle_in_transaction_aborted IS
	'the same for idle_in_transaction_aborted';
COMMENT ON COLUMN arx_perf.database_pools.mean_other IS
	'the same for other';
COMMENT ON COLUMN arx_perf.database_pools.looks IS
	'looks that saw a connection of it';
COMMENT ON COLUMN arx_perf.database_pools.longest_idle_in_transaction IS
	'how long the longest is idle in its transaction now, in milliseconds';
COMMENT ON COLUMN arx_perf.database_pools.max_idle_in_transaction IS
	'the longest that a look has seen, in milliseconds';
COMMENT ON COLUMN arx_perf.database_pools.transactions IS
	'transactions that ended';
COMMENT ON COLUMN arx_perf.database_pools.mean_transaction_time IS
	'their mean time from first statement to end, in milliseconds';
COMMENT ON COLUMN arx_perf.database_pools.transaction_time_cv2 IS
	'squared coefficient of variation of that time';
COMMENT ON COLUMN arx_perf.database_pools.utilization IS
	'share of the connections'' time of the last minute in which they were active or in a transaction, 0 to 1';
COMMENT ON COLUMN arx_perf.database_pools.connections_per_second IS
	'connections opened a second, over the last minute';
COMMENT ON COLUMN arx_perf.database_pools.transactions_per_second IS
	'transactions ended a second, over the last minute';
COMMENT ON COLUMN arx_perf.database_pools.sessions IS
	'sessions that ended';
COMMENT ON COLUMN arx_perf.database_pools.session_time_histogram IS
	'lengths of these sessions, in milliseconds, off by at most 7.6 %';
COMMENT ON COLUMN arx_perf.database_pools.observed_at IS
	'time of the look that the numbers of connections are of';

CREATE FUNCTION arx_perf.connection_rejections(
	OUT datname text,
	OUT username text,
	OUT sqlstate text,
	OUT reason text,
	OUT count bigint,
	OUT last_time timestamp with time zone
)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'arx_connection_rejections'
LANGUAGE C VOLATILE PARALLEL SAFE ROWS 20;

COMMENT ON FUNCTION arx_perf.connection_rejections() IS
	'Connections that were refused, as counted';

-- Two rows may have one name when the first of its kind came at once.
CREATE VIEW arx_perf.connection_rejections AS
	SELECT
		c.datname,
		c.username,
		c.sqlstate,
		c.reason,
		pg_catalog.sum(c.count)::bigint AS count,
		pg_catalog.max(c.last_time) AS last_time
	FROM arx_perf.connection_rejections() c
	GROUP BY c.datname, c.username, c.sqlstate, c.reason;

COMMENT ON VIEW arx_perf.connection_rejections IS
	'Connections that were refused since the server started';
COMMENT ON COLUMN arx_perf.connection_rejections.datname IS
	'database that the client asked for; NULL when not known or not kept';
COMMENT ON COLUMN arx_perf.connection_rejections.username IS
	'user that the client gave; NULL when not known or not kept';
COMMENT ON COLUMN arx_perf.connection_rejections.sqlstate IS
	'what the client was told';
COMMENT ON COLUMN arx_perf.connection_rejections.reason IS
	'why, in words';
COMMENT ON COLUMN arx_perf.connection_rejections.count IS
	'how often';
COMMENT ON COLUMN arx_perf.connection_rejections.last_time IS
	'when last';

REVOKE ALL ON FUNCTION arx_perf.database_pools() FROM PUBLIC;
REVOKE ALL ON FUNCTION arx_perf.connection_rejections() FROM PUBLIC;

GRANT EXECUTE ON FUNCTION arx_perf.database_pools() TO pg_monitor;
GRANT EXECUTE ON FUNCTION arx_perf.connection_rejections() TO pg_monitor;

GRANT SELECT ON arx_perf.database_pools TO pg_monitor;
GRANT SELECT ON arx_perf.connection_rejections TO pg_monitor;
