-- 39_pool_usage.sql
--    Connection pools of all kinds in one view.

CREATE VIEW arx_perf.pool_usage AS
	WITH present AS (
		SELECT
			p.*,
			pg_catalog.sum(p.connections) OVER (PARTITION BY p.userid) AS of_role,
			pg_catalog.sum(p.connections) OVER (PARTITION BY p.dbid) AS of_database,
			-- A superuser is not bound by the limit of his role.
			CASE WHEN r.rolconnlimit > 0 AND NOT r.rolsuper
				THEN r.rolconnlimit END AS role_limit,
			CASE WHEN d.datconnlimit > 0 THEN d.datconnlimit END AS database_limit
		FROM arx_perf.database_pools p
		LEFT JOIN pg_catalog.pg_database d ON d.oid = p.dbid
		LEFT JOIN pg_catalog.pg_roles r ON r.oid = p.userid
	), refused AS (
		SELECT c.datname, c.username, pg_catalog.sum(c.count)::bigint AS count
		FROM arx_perf.connection_rejections c
		WHERE c.sqlstate = '53300'
		GROUP BY c.datname, c.username
	)
	SELECT
		'database'::text AS source,
		NULL::text AS pgbouncer,
		'ok'::text AS state,
		p.datname || '/' || p.username AS pool,
		p.datname,
		p.username,
		p.application_name,
		p.client_addr,
		NULL::text AS pool_mode,
		p.connections AS size,
		p.connections AS clients,
		p.active,
		p.idle,
		p.idle_in_transaction,
		p.idle_in_transaction_aborted,
		NULL::integer AS waiting,
		NULL::double precision AS max_wait,
		NULL::double precision AS mean_wait,
		NULL::double precision AS p50_wait,
		NULL::double precision AS p95_wait,
		NULL::double precision AS p99_wait,
		NULL::bigint AS wait_samples,
		p.utilization,
		p.connections /
			pg_catalog.current_setting('max_connections')::double precision
			AS connections_fraction,
		p.of_role::double precision / p.role_limit AS role_limit_fraction,
		p.of_database::double precision / p.database_limit
			AS database_limit_fraction,
		p.connections_per_second,
		p.transactions_per_second,
		p.sessions,
		p.session_time_histogram,
		p.longest_idle_in_transaction,
		CASE WHEN p.userid IS NOT NULL THEN coalesce(f.count, 0) END AS rejected,
		p.peak,
		p.observed_at,
		NULL::text AS error
	FROM present p
	LEFT JOIN refused f ON f.datname = p.datname AND f.username = p.username
	UNION ALL
	SELECT * FROM arx_perf.pgbouncer_pools();

COMMENT ON VIEW arx_perf.pool_usage IS
	'Connection pools: those seen in the database and those of PgBouncers';
COMMENT ON COLUMN arx_perf.pool_usage.source IS
	'database: who holds connections here; pgbouncer: a pool of a PgBouncer';
COMMENT ON COLUMN arx_perf.pool_usage.pgbouncer IS
	'which PgBouncer; NULL for database';
COMMENT ON COLUMN arx_perf.pool_usage.state IS
	'ok, or what is wrong with the PgBouncer';
COMMENT ON COLUMN arx_perf.pool_usage.pool IS
	'database/user; NULL for all pools that are not kept apart';
COMMENT ON COLUMN arx_perf.pool_usage.datname IS
	'database';
COMMENT ON COLUMN arx_perf.pool_usage.username IS
	'user';
COMMENT ON COLUMN arx_perf.pool_usage.application_name IS
	'application_name of the sessions; NULL for pgbouncer';
COMMENT ON COLUMN arx_perf.pool_usage.client_addr IS
	'address of the client; NULL for a Unix socket and for pgbouncer';
COMMENT ON COLUMN arx_perf.pool_usage.pool_mode IS
	'session, transaction or statement; NULL for database';
COMMENT ON COLUMN arx_perf.pool_usage.size IS
	'connections to the server that the pool may have; database: that are open';
COMMENT ON COLUMN arx_perf.pool_usage.clients IS
	'clients of the pool; database: the same as size';
COMMENT ON COLUMN arx_perf.pool_usage.active IS
	'connections at work';
COMMENT ON COLUMN arx_perf.pool_usage.idle IS
	'connections free';
COMMENT ON COLUMN arx_perf.pool_usage.idle_in_transaction IS
	'connections that wait for their client in a transaction';
COMMENT ON COLUMN arx_perf.pool_usage.idle_in_transaction_aborted IS
	'the same, in a transaction that failed';
COMMENT ON COLUMN arx_perf.pool_usage.waiting IS
	'clients that wait for a connection; NULL for database: not to be seen there';
COMMENT ON COLUMN arx_perf.pool_usage.max_wait IS
	'how long the first of them waits now, in milliseconds';
COMMENT ON COLUMN arx_perf.pool_usage.mean_wait IS
	'mean wait for a connection in milliseconds, measured over arx_perf.pool_window';
COMMENT ON COLUMN arx_perf.pool_usage.p50_wait IS
	'median of the wait in milliseconds, estimated over the same time';
COMMENT ON COLUMN arx_perf.pool_usage.p95_wait IS
	'95th percentile of the wait in milliseconds, estimated';
COMMENT ON COLUMN arx_perf.pool_usage.p99_wait IS
	'99th percentile of the wait in milliseconds, estimated';
COMMENT ON COLUMN arx_perf.pool_usage.wait_samples IS
	'samples behind the estimates';
COMMENT ON COLUMN arx_perf.pool_usage.utilization IS
	'share of the connections that is in use, over the last minute, 0 to 1';
COMMENT ON COLUMN arx_perf.pool_usage.connections_fraction IS
	'share of max_connections (pgbouncer: max_client_conn) that the pool has, 0 to 1';
COMMENT ON COLUMN arx_perf.pool_usage.role_limit_fraction IS
	'share of the role''s CONNECTION LIMIT in use by all its pools; NULL: no limit';
COMMENT ON COLUMN arx_perf.pool_usage.database_limit_fraction IS
	'share of the database''s CONNECTION LIMIT in use by all its pools; NULL: no limit';
COMMENT ON COLUMN arx_perf.pool_usage.connections_per_second IS
	'connections opened a second, over the last minute';
COMMENT ON COLUMN arx_perf.pool_usage.transactions_per_second IS
	'transactions ended a second, over the last minute';
COMMENT ON COLUMN arx_perf.pool_usage.sessions IS
	'sessions that ended';
COMMENT ON COLUMN arx_perf.pool_usage.session_time_histogram IS
	'lengths of these sessions, in milliseconds';
COMMENT ON COLUMN arx_perf.pool_usage.longest_idle_in_transaction IS
	'how long the longest is idle in its transaction now, in milliseconds';
COMMENT ON COLUMN arx_perf.pool_usage.rejected IS
	'connections of this database and user refused for want of a free one';
COMMENT ON COLUMN arx_perf.pool_usage.peak IS
	'most connections seen at once';
COMMENT ON COLUMN arx_perf.pool_usage.observed_at IS
	'when the pool was looked at';
COMMENT ON COLUMN arx_perf.pool_usage.error IS
	'what the PgBouncer or the way to it answered last, when it failed';

GRANT SELECT ON arx_perf.pool_usage TO pg_monitor;
