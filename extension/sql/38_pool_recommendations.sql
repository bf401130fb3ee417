-- 38_pool_recommendations.sql
--    What size each connection pool should have, why, and what it would change.

CREATE FUNCTION arx_perf.pool_recommendations(
	OUT source text,
	OUT pgbouncer text,
	OUT pool text,
	OUT pool_mode text,
	OUT current integer,
	OUT recommended integer,
	OUT verdict text,
	OUT reason text,
	OUT rule_of_thumb integer,
	OUT wait_now double precision,
	OUT wait_then double precision,
	OUT wait_then_low double precision,
	OUT wait_then_high double precision,
	OUT estimated_improvement double precision,
	OUT improvement_low double precision,
	OUT improvement_high double precision,
	OUT p95_wait_now double precision,
	OUT p95_wait_then double precision,
	OUT wait_target double precision,
	OUT target_met boolean,
	OUT transactions bigint,
	OUT arrival_rate double precision,
	OUT service_time double precision,
	OUT service_cv2 double precision,
	OUT offered_load double precision,
	OUT utilization double precision,
	OUT busy_peak integer,
	OUT idle_in_transaction_share double precision,
	OUT apportioned boolean,
	OUT model_wait double precision,
	OUT model_agreement double precision,
	OUT model_error double precision,
	OUT sampling_error double precision,
	OUT queue_growth double precision,
	OUT cap integer,
	OUT capped_by text,
	OUT usl_sigma double precision,
	OUT usl_kappa double precision,
	OUT usl_peak double precision,
	OUT window_start timestamp with time zone,
	OUT window_end timestamp with time zone
)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'arx_pool_recommendations'
LANGUAGE C VOLATILE PARALLEL RESTRICTED ROWS 20;

COMMENT ON FUNCTION arx_perf.pool_recommendations() IS
	'Recommended size of each connection pool, with the model behind it';

CREATE VIEW arx_perf.pool_recommendations AS
	SELECT * FROM arx_perf.pool_recommendations();

COMMENT ON VIEW arx_perf.pool_recommendations IS
	'Recommended size of each connection pool, why, and what it would change';
COMMENT ON COLUMN arx_perf.pool_recommendations.source IS
	'pgbouncer: a pool of a PgBouncer; database: connections seen by the server';
COMMENT ON COLUMN arx_perf.pool_recommendations.pgbouncer IS
	'which PgBouncer; NULL for source database';
COMMENT ON COLUMN arx_perf.pool_recommendations.pool IS
	'database/user';
COMMENT ON COLUMN arx_perf.pool_recommendations.pool_mode IS
	'session, transaction or statement; NULL for source database';
COMMENT ON COLUMN arx_perf.pool_recommendations.current IS
	'connections it may have now; source database: most seen in the window';
COMMENT ON COLUMN arx_perf.pool_recommendations.recommended IS
	'connections it should have; NULL when no advice is given';
COMMENT ON COLUMN arx_perf.pool_recommendations.verdict IS
	'grow, shrink, right, not the problem, too few, unstable or unknown';
COMMENT ON COLUMN arx_perf.pool_recommendations.reason IS
	'why, in a sentence';
COMMENT ON COLUMN arx_perf.pool_recommendations.rule_of_thumb IS
	'the size by utilisation alone: above 0.8 with a queue 1.5 times, below 0.3 0.7 times';
COMMENT ON COLUMN arx_perf.pool_recommendations.wait_now IS
	'mean wait of a transaction for its connection, in ms: measured by PgBouncer; source database: by the model';
COMMENT ON COLUMN arx_perf.pool_recommendations.wait_then IS
	'predicted mean wait with the recommended size, in ms';
COMMENT ON COLUMN arx_perf.pool_recommendations.wait_then_low IS
	'the same with 20 % fewer arrivals, in ms';
COMMENT ON COLUMN arx_perf.pool_recommendations.wait_then_high IS
	'the same with 20 % more arrivals, in ms';
COMMENT ON COLUMN arx_perf.pool_recommendations.estimated_improvement IS
	'wait_now less wait_then, in ms';
COMMENT ON COLUMN arx_perf.pool_recommendations.improvement_low IS
	'the least of it for 20 % fewer to 20 % more arrivals, in ms';
COMMENT ON COLUMN arx_perf.pool_recommendations.improvement_high IS
	'the most of it for 20 % fewer to 20 % more arrivals, in ms';
COMMENT ON COLUMN arx_perf.pool_recommendations.p95_wait_now IS
	'95th percentile of the wait now, by the model, in ms';
COMMENT ON COLUMN arx_perf.pool_recommendations.p95_wait_then IS
	'95th percentile of the wait with the recommended size, by the model, in ms';
COMMENT ON COLUMN arx_perf.pool_recommendations.wait_target IS
	'what p95_wait_then should not exceed, in ms (arx_perf.pool_wait_target)';
COMMENT ON COLUMN arx_perf.pool_recommendations.target_met IS
	'does p95_wait_then stay within wait_target?';
COMMENT ON COLUMN arx_perf.pool_recommendations.transactions IS
	'transactions (session mode: sessions) in the window: the sample size of all of this';
COMMENT ON COLUMN arx_perf.pool_recommendations.arrival_rate IS
	'the same a second';
COMMENT ON COLUMN arx_perf.pool_recommendations.service_time IS
	'mean time that a transaction (session mode: a session) holds its connection, without the wait for it, in ms';
COMMENT ON COLUMN arx_perf.pool_recommendations.service_cv2 IS
	'squared coefficient of variation of that time, as the server measured it; NULL: not known, taken as 1';
COMMENT ON COLUMN arx_perf.pool_recommendations.offered_load IS
	'arrival_rate times service_time: connections busy on average';
COMMENT ON COLUMN arx_perf.pool_recommendations.utilization IS
	'offered_load by current';
COMMENT ON COLUMN arx_perf.pool_recommendations.busy_peak IS
	'most connections seen busy at once';
COMMENT ON COLUMN arx_perf.pool_recommendations.idle_in_transaction_share IS
	'of the time that connections are busy, the part in which the server waits for the client (0..1)';
COMMENT ON COLUMN arx_perf.pool_recommendations.apportioned IS
	'several users share the database: PgBouncer counts them together, so rate and wait are split by what was sampled';
COMMENT ON COLUMN arx_perf.pool_recommendations.model_wait IS
	'mean wait that the model gives for the current size, in ms';
COMMENT ON COLUMN arx_perf.pool_recommendations.model_agreement IS
	'measured wait by model_wait: 1 is full agreement; NULL where nothing can be compared';
COMMENT ON COLUMN arx_perf.pool_recommendations.model_error IS
	'error of the model''s waits, as a fraction';
COMMENT ON COLUMN arx_perf.pool_recommendations.sampling_error IS
	'error of a measured mean wait of so many transactions, as a fraction';
COMMENT ON COLUMN arx_perf.pool_recommendations.queue_growth IS
	'verdict unstable: clients in line more each second, at least';
COMMENT ON COLUMN arx_perf.pool_recommendations.cap IS
	'connections that it could have at most; NULL: no cap is known';
COMMENT ON COLUMN arx_perf.pool_recommendations.capped_by IS
	'what keeps recommended below what is needed: cpu, max_connections, scalability or configured';
COMMENT ON COLUMN arx_perf.pool_recommendations.usl_sigma IS
	'scaling law fitted to throughput by busy connections: share that queues; NULL: not fitted';
COMMENT ON COLUMN arx_perf.pool_recommendations.usl_kappa IS
	'the same: what the busy ones cost each other';
COMMENT ON COLUMN arx_perf.pool_recommendations.usl_peak IS
	'the same: busy connections at which throughput is highest';
COMMENT ON COLUMN arx_perf.pool_recommendations.window_start IS
	'the window in which was measured';
COMMENT ON COLUMN arx_perf.pool_recommendations.window_end IS
	'the window in which was measured';

-- Rights

REVOKE ALL ON FUNCTION arx_perf.pool_recommendations() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION arx_perf.pool_recommendations() TO pg_monitor;
GRANT SELECT ON arx_perf.pool_recommendations TO pg_monitor;
