\echo '== arx_perf.blocking: who made whom wait for a lock (times in ms) =='
SELECT relation,
       lock_type,
       waiter_application_name AS waiter,
       blocker_application_name AS blocker,
       replace(blocker_state, 'transaction', 'xact') AS state,
       is_head AS head,
       waits,
       round(wait_time::numeric) AS wait_time,
       round(max_wait_time::numeric) AS longest
FROM arx_perf.blocking
WHERE datname = current_database()
ORDER BY blocking.wait_time DESC
LIMIT 4;
