#
# 100_sessions.pl
#	  Sessions that really do something are seen doing it, now and in history.
#
# Each session is held in its state by the test, so what the views say of it can
# be compared with what the server itself says.

use strict;
use warnings FATAL => 'all';

use IPC::Run;
use POSIX ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use ArxPerf qw(new_node await await_query pg_major);
use ArxLoad qw(row value);

my $node = new_node(
	'sessions',
	'arx_perf.sample_interval' => "'10ms'",
	autovacuum_naptime => "'1s'",
	max_prepared_transactions => 5,
	max_worker_processes => 16,
	wal_level => 'replica');
my %session;

# hold($name, $sql): a client of that application name runs this and stays; the
# last statement may take for ever.
sub hold
{
	my ($name, $sql) = @_;
	my %client = (in => "SET application_name = '$name';\n$sql;\n", out => '');
	$client{handle} = IPC::Run::start(
		[ 'psql', '-XAtq', '-d', $node->connstr('postgres') ],
		'<', \$client{in}, '>', \$client{out}, '2>&1');
	$client{handle}->pump while length $client{in};
	$session{$name} = \%client;
	return;
}

# pid($name): its process.
sub pid
{
	my ($name) = @_;
	return value($node,
		"SELECT pid FROM pg_stat_activity WHERE application_name = '$name'"
		  . " AND backend_type = 'client backend'");
}

# seen($what, $name, $condition): the history has a sample of it that meets this.
sub seen
{
	my ($what, $name, $condition) = @_;
	return await_query(
		$node, $what,
		"SELECT count(*) > 0 FROM arx_perf.session_history "
		  . "WHERE application_name = '$name' AND $condition");
}

# is_now($what, $name, $expression): true for it in active_sessions.
sub is_now
{
	my ($what, $name, $expression) = @_;
	return await_query(
		$node, $what, qq{
		SELECT $expression FROM arx_perf.active_sessions a
		JOIN pg_stat_activity s USING (pid)
		WHERE a.application_name = '$name'
			AND a.backend_type = 'client backend'});
}

$node->safe_psql(
	'postgres', q{
	CREATE TABLE locked (id int PRIMARY KEY, v int);
	INSERT INTO locked VALUES (1, 0), (2, 0), (3, 0);
	CREATE TABLE wide AS SELECT i, repeat('x', 500) AS filler
		FROM generate_series(1, 1000) i;
	CREATE FUNCTION outer_one() RETURNS void LANGUAGE plpgsql AS
		'BEGIN PERFORM pg_sleep(1000); END'});

# --- statements that have not ended ----------------------------------------

hold('long', 'SELECT pg_sleep(1000)');
seen('a long statement is in the history before it ends',
	'long', "state = 'active' AND wait_event = 'PgSleep'");
my ($pid, $sleep_id) =
  row($node,
	"SELECT pid, query_id FROM pg_stat_activity WHERE application_name = 'long'"
  );
is( value(
		$node, qq{SELECT count(*) > 0
		AND bool_and(queryid = $sleep_id AND toplevel_queryid = $sleep_id
			AND wait_event_type = 'Timeout' AND backend_type = 'client backend'
			AND datname = 'postgres' AND username = current_user)
		FROM arx_perf.session_history
		WHERE pid = $pid AND wait_event = 'PgSleep'}),
	't',
	'with its query id, wait, database and user');
is( value(
		$node, qq{SELECT count(DISTINCT h.query_start) = 1
		AND bool_and(s.query_start - h.query_start
			BETWEEN interval '0' AND interval '1 ms')
		FROM arx_perf.session_history h JOIN pg_stat_activity s USING (pid)
		WHERE pid = $pid AND h.wait_event = 'PgSleep'}),
	't',
	'and its start, to the millisecond');

hold('nested', 'SELECT outer_one()');
seen(
	'inside a function the inner statement is shown, and the outer one',
	'nested',
	"queryid = $sleep_id AND toplevel_queryid ="
	  . " (SELECT query_id FROM pg_stat_activity"
	  . " WHERE application_name = 'nested')");
is_now('and so it is now', 'nested',
	"a.queryid = $sleep_id AND a.toplevel_queryid = s.query_id"
	  . ' AND s.query_id <> a.queryid');

# --- time in a wait --------------------------------------------------------

is_now(
	'a wait that the server does not time has an upper bound',
	'long',
	'NOT wait_exact AND wait_start >= a.query_start AND wait_time >= 0 AND'
	  . ' wait_time <= 1000 * extract(epoch FROM clock_timestamp() - a.query_start)'
);
my ($since) = row($node,
	"SELECT wait_start FROM arx_perf.active_sessions WHERE pid = $pid");
await_query(
	$node,
	'the collector goes on looking',
	"SELECT count(*) > 5 FROM arx_perf.session_history(clock_timestamp()"
	  . " - interval '1 hour') WHERE sample_time > '$since' AND pid = $pid");
is( value(
		$node,
		"SELECT wait_start FROM arx_perf.active_sessions WHERE pid = $pid"),
	$since,
	'and its beginning stays while the wait lasts');

# --- idle in transaction ---------------------------------------------------

hold('idle', 'BEGIN; SELECT count(*) FROM wide');
seen(
	'a transaction that waits for its client',
	'idle',
	"state = 'idle in transaction' AND wait_event = 'ClientRead'"
	  . ' AND xact_start IS NOT NULL AND queryid = toplevel_queryid');
is_now('its wait began when it became idle',
	'idle', 'a.wait_start = s.state_change AND NOT wait_exact');
hold('aborted', 'BEGIN; SELECT 1 / 0');
seen('one that failed', 'aborted', "state = 'idle in transaction (aborted)'");

# --- locks -----------------------------------------------------------------

hold('holder', 'BEGIN; UPDATE locked SET v = 1 WHERE id = 1');
seen('who holds the lock', 'holder', "state = 'idle in transaction'");
hold('waiter', 'UPDATE locked SET v = 2 WHERE id = 1');
is_now('the waiter waits', 'waiter', "a.wait_event_type = 'Lock'");
hold('second', 'UPDATE locked SET v = 3 WHERE id = 1');
is_now('the second one waits', 'second', "a.wait_event_type = 'Lock'");
for my $name (qw(waiter second))
{
	is_now("$name: blockers as pg_blocking_pids() has them",
		$name, 'blockers = pg_blocking_pids(pid) AND blocker_count = 1');
	is_now(
		"$name: its wait is timed by the server",
		$name,
		'wait_exact AND wait_start ='
		  . ' (SELECT waitstart FROM pg_locks l WHERE l.pid = a.pid'
		  . ' AND NOT granted)');
}
my $holder = pid('holder');
seen('the history names who blocks',
	'waiter', "wait_event_type = 'Lock' AND blocker_pid = $holder");
seen(
	'and what that one did last',
	'waiter',
	"blocker_queryid = (SELECT query_id FROM pg_stat_activity"
	  . " WHERE pid = $holder)");
is( value(
		$node,
		'SELECT count(*) FROM arx_perf.session_history'
		  . " WHERE wait_event_type <> 'Lock' AND blocker_pid IS NOT NULL"),
	0,
	'who waits for no lock is blocked by nobody');

$node->safe_psql(
	'postgres', q{
	BEGIN; UPDATE locked SET v = 1 WHERE id = 2;
	PREPARE TRANSACTION 'prepared'});
hold('behind', 'UPDATE locked SET v = 2 WHERE id = 2');
is_now('a prepared transaction is process 0',
	'behind', "blockers = '{0}' AND blockers = pg_blocking_pids(pid)");
seen('in the history too',
	'behind', "wait_event_type = 'Lock' AND blocker_pid = 0");

# --- parallel workers ------------------------------------------------------

hold(
	'leader', q{
	SET min_parallel_table_scan_size = 0; SET parallel_setup_cost = 0;
	SET parallel_tuple_cost = 0; SET max_parallel_workers_per_gather = 2;
	SELECT count(*) FROM wide WHERE pg_sleep(1000) IS NOT NULL});
await_query(
	$node,
	'parallel workers are seen, with their leader and its statement', q{
	SELECT count(*) > 0 AND bool_and(h.leader_pid = s.pid
			AND h.queryid = s.query_id AND h.application_name = 'leader')
	FROM arx_perf.session_history h, pg_stat_activity s
	WHERE h.backend_type = 'parallel worker' AND h.wait_event = 'PgSleep'
		AND s.application_name = 'leader'
		AND s.backend_type = 'client backend'});
is( value(
		$node, q{
		SELECT count(*) > 0 AND bool_and(a.leader_pid = s.leader_pid)
		FROM arx_perf.active_sessions a JOIN pg_stat_activity s USING (pid)
		WHERE a.backend_type = 'parallel worker'}),
	't',
	'now too');

# --- processes of the server -----------------------------------------------

$node->safe_psql(
	'postgres', q{
	ALTER TABLE wide SET (autovacuum_vacuum_threshold = 1,
		autovacuum_vacuum_scale_factor = 0,
		autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1);
	DELETE FROM wide WHERE i > 10});
await_query(
	$node,
	'an autovacuum worker is named', q{
	SELECT count(*) > 0 FROM arx_perf.session_history
	WHERE backend_type = 'autovacuum worker' AND datname = 'postgres'
		AND wait_event = 'VacuumDelay'});
# A checkpoint that takes its time.
hold('checkpoint', "SELECT pg_backup_start('slow', false)");
await_query(
	$node,
	'a checkpointer at work is named', q{
	SELECT count(*) > 0 FROM arx_perf.session_history
	WHERE backend_type = 'checkpointer' AND state IS NULL
		AND wait_event = 'CheckpointWriteDelay' AND username IS NULL});

# --- all of them against pg_stat_activity ----------------------------------

my @held = sort keys %session;
is( value(
		$node, q{
		SELECT string_agg(application_name, ' ' ORDER BY application_name)
		FROM arx_perf.active_sessions
		WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()}),
	"@held",
	'all that are held are active now');
my @columns = qw(datid datname usesysid client_addr client_hostname client_port
  backend_start xact_start query_start state_change state backend_xid
  backend_xmin query backend_type leader_pid application_name);
my $both = join ', ', @columns;
is( value(
		$node, qq{
		SELECT count(*) FROM (
			(SELECT pid, $both, username AS usename, query_id,
				wait_event_type, wait_event FROM arx_perf.active_sessions
			 WHERE pid <> pg_backend_pid() AND datname IS NOT NULL
				AND backend_type = 'client backend')
			EXCEPT ALL
			SELECT pid, $both, usename, query_id, wait_event_type, wait_event
			FROM pg_stat_activity) different}),
	0,
	'each has the columns of pg_stat_activity');

# --- resources -------------------------------------------------------------

# Fields of /proc/PID/FILE after the name in parentheses.
sub of_process
{
	my ($file) = @_;
	my $text = slurp_file($file);
	$text =~ s/^.*\)//s;
	return split ' ', $text;
}

hold(
	'busy', q{
	BEGIN; DO 'BEGIN PERFORM md5(i::text) FROM generate_series(1, 400000) i; END';
	CREATE TEMP TABLE t AS SELECT generate_series(1, 10000) i; SELECT count(*) FROM t});
is_now('it has worked and is idle',
	'busy', "a.state = 'idle in transaction' AND a.query LIKE '%count%'");
my $busy = pid('busy');
my @stat = of_process("/proc/$busy/stat");
my @statm = of_process("/proc/$busy/statm");
my ($user, $sys, $private, $contexts, $age) = row(
	$node, qq{
	SELECT cpu_user_time, cpu_sys_time, private_memory_bytes, context_bytes,
		context_bytes_age FROM arx_perf.active_sessions WHERE pid = $busy});
my $tick = 1000 / POSIX::sysconf(POSIX::_SC_CLK_TCK());
cmp_ok($user, '==', $stat[11] * $tick, 'CPU time in user mode as in /proc');
cmp_ok($sys, '==', $stat[12] * $tick, 'and in the kernel');
cmp_ok($user + $sys, '>', 0, 'and there was some');
cmp_ok(
	$private, '==',
	($statm[1] - $statm[2]) * POSIX::sysconf(POSIX::_SC_PAGESIZE()),
	'private memory as in /proc');
cmp_ok($contexts, '>', 100_000, 'it has allocated memory contexts');
cmp_ok($age, '>=', 0, 'and it is told when they were looked at');

# --- without the collector -------------------------------------------------

my $collector = value($node,
	"SELECT substring(detail FROM '[0-9]+') FROM arx_perf.check()"
	  . " WHERE check_name = 'worker collector'");
kill 'STOP', $collector;
is_now('with the collector stopped blockers are found all the same',
	'second', 'blockers = pg_blocking_pids(pid) AND wait_exact');
is_now(
	'and times of waits still have a bound',
	'long',
	'NOT wait_exact AND wait_start >= a.query_start AND wait_time >= 0');
kill 'CONT', $collector;

$_->{handle}->kill_kill for values %session;
$node->stop('immediate');

done_testing();
