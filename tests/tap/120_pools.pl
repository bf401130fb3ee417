#
# 120_pools.pl
#	  Who holds connections is seen as pg_stat_activity shows it; sessions and
#	  transactions are counted to the last one.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use ArxPerf qw(new_node await_query);
use ArxDurable qw(children);
use ArxLoad qw(row value write_script run_pgbench start_psql stop_process);

my $max_pools = 20;
my $node = new_node(
	'pools',
	autovacuum => 'off',
	restart_after_crash => 'on',
	max_connections => 40,
	'arx_perf.sample_interval' => "'20ms'",
	'arx_perf.max_pools' => $max_pools);

# health($metric): that metric of the pools.
sub health
{
	my ($metric) = @_;
	return value($node,
		"SELECT value FROM arx_perf.health WHERE component = 'pools'"
		  . " AND metric = '$metric'");
}

# open_session($application, @sql): a session that has run these.
sub open_session
{
	my ($application, @sql) = @_;
	local $ENV{PGAPPNAME} = $application;
	my $session = $node->background_psql('postgres', on_error_stop => 0);
	$session->query($_) for @sql;
	return $session;
}

# --- states ------------------------------------------------------------------

my @open = (
	open_session('in states'),
	open_session('in states'),
	open_session('in states', 'BEGIN; SELECT 1'),
	open_session('in states', 'BEGIN; SELECT 1'),
	open_session('in states', 'BEGIN; SELECT 1'));
my $failed = open_session('in states', 'BEGIN');
$failed->{stdin} .= "SELECT no_such_column;\n";
$failed->{run}->pump_nb;
my $sleeper;
{
	local $ENV{PGAPPNAME} = 'in states';
	$sleeper = start_psql($node, '-c', 'SELECT pg_sleep(1000)');
}
await_query(
	$node,
	'the server has seven sessions, one of each kind at least',
	q{SELECT string_agg(state || ' ' || n, ', ' ORDER BY state COLLATE "C")
	  FROM (SELECT state, count(*) AS n FROM pg_stat_activity
		WHERE application_name = 'in states' GROUP BY state) s},
	'active 1, idle 2, idle in transaction 3, '
	  . 'idle in transaction (aborted) 1');
await_query(
	$node,
	'the pool has them in the same states',
	q{SELECT connections, active, idle, idle_in_transaction,
		idle_in_transaction_aborted, other, peak
	  FROM arx_perf.database_pools WHERE application_name = 'in states'},
	'7|1|2|3|1|0|7');
await_query(
	$node,
	'pool_usage says the same and what share of the connections that is',
	q{SELECT source, state, pool = 'postgres/' || current_user, size, active,
		idle, idle_in_transaction, idle_in_transaction_aborted, client_addr,
		connections_fraction, waiting
	  FROM arx_perf.pool_usage WHERE application_name = 'in states'},
	'database|ok|t|7|1|2|3|1||0.175|');
await_query(
	$node,
	'the longest idle in transaction is that of pg_stat_activity',
	q{WITH truth AS (
		SELECT max(extract(epoch FROM p.observed_at - state_change)) * 1000 AS ms
		FROM pg_stat_activity, arx_perf.database_pools p
		WHERE p.application_name = 'in states' AND state LIKE 'idle in%')
	  SELECT ms > 0 AND abs(longest_idle_in_transaction - ms) < 1
		AND max_idle_in_transaction >= longest_idle_in_transaction
	  FROM truth, arx_perf.database_pools WHERE application_name = 'in states'});
await_query(
	$node,
	'means over time add up to the connections',
	q{SELECT abs(mean_active + mean_idle + mean_idle_in_transaction +
			mean_idle_in_transaction_aborted + mean_other - connections) < 0.5
		AND mean_idle_in_transaction BETWEEN 2.5 AND 3
	  FROM arx_perf.database_pools WHERE application_name = 'in states'});
is( value(
		$node, q{SELECT utilization BETWEEN 0.4 AND 0.8
		FROM arx_perf.pool_usage WHERE application_name = 'in states'}),
	't',
	'and five of seven connections are used');

# --- one application of two is killed, the other ends ---------------------------

my $before = value($node,
	q{SELECT sum(sessions) FROM arx_perf.database_pools
	  WHERE application_name = 'in states'});
is($before, 0, 'no session has ended before one ends');
$node->safe_psql('postgres',
	q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity
	  WHERE application_name = 'in states' AND state <> 'idle'});
await_query(
	$node,
	'sessions that are killed are counted',
	q{SELECT sessions, arx_perf.count(session_time_histogram), connections
	  FROM arx_perf.database_pools WHERE application_name = 'in states'},
	'5|5|2');
$_->{run}->kill_kill for @open, $failed;
eval { $sleeper->finish };
await_query(
	$node,
	'and those of which the client is gone',
	q{SELECT sessions, arx_perf.count(session_time_histogram), connections
	  FROM arx_perf.database_pools WHERE application_name = 'in states'},
	'7|7|0');

# --- short sessions -----------------------------------------------------------

# Each has its own connection, much shorter than the time between two looks.
# pgbench has one more of its own at its start.
my $pgbench_sessions = 1001;
$node->append_conf('postgresql.conf', "arx_perf.sample_interval = '10s'");
$node->reload;
my $nothing = write_script('one.sql', "SELECT 1;\n");
{
	local $ENV{PGAPPNAME} = 'short';
	run_pgbench($node, '1000 short sessions run',
		'-n', '-C', '-c', 4, '-t', 250, '-f', $nothing);
}
await_query(
	$node,
	'all short sessions are counted, in the histogram too, and churn shows',
	q{SELECT sessions, arx_perf.count(session_time_histogram),
		connections_per_second > 0, transactions
	  FROM arx_perf.database_pools WHERE application_name = 'short'},
	"$pgbench_sessions|$pgbench_sessions|t|1000");
await_query(
	$node,
	'all in all there were as many sessions as the server says (it may know '
	  . 'of this one)',
	q{SELECT d.sessions - p.sessions IN (0, 1) FROM
		(SELECT sum(sessions) AS sessions FROM arx_perf.database_pools) p,
		pg_stat_database d
	  WHERE d.datname = 'postgres'});

# With looks and ends of sessions at the same time nothing is counted twice, nor
# forgotten.
$node->append_conf('postgresql.conf', "arx_perf.sample_interval = '10ms'");
$node->reload;
{
	local $ENV{PGAPPNAME} = 'raced';
	run_pgbench($node, '2000 short sessions run while looks come often',
		'-n', '-C', '-c', 8, '-t', 250, '-f', $nothing);
}
await_query(
	$node,
	'each of them and each of their transactions is counted once',
	q{SELECT sessions, arx_perf.count(session_time_histogram), transactions
	  FROM arx_perf.database_pools WHERE application_name = 'raced'},
	'2001|2001|2000');
$node->append_conf('postgresql.conf', "arx_perf.sample_interval = '20ms'");
$node->reload;

# --- transactions -------------------------------------------------------------

my $sleep = write_script('sleep.sql',
	"BEGIN;\nSELECT pg_sleep(0.02);\nSELECT 1;\nEND;\n");
{
	local $ENV{PGAPPNAME} = 'counted';
	run_pgbench($node, 'four clients of a pool run 400 transactions',
		'-n', '-c', 4, '-t', 100, '-f', $sleep);
}
await_query(
	$node,
	'each of them is counted once, and took as long as it slept, or longer',
	q{SELECT transactions, mean_transaction_time BETWEEN 20 AND 2000,
		transaction_time_cv2 >= 0, peak BETWEEN 1 AND 4, sessions
	  FROM arx_perf.database_pools WHERE application_name = 'counted'},
	'400|t|t|t|5');

# --- names --------------------------------------------------------------------

$node->safe_psql('postgres',
	q{CREATE ROLE "d'or ""ü" LOGIN SUPERUSER; CREATE DATABASE "Zwölf ""'";});
$node->command_ok(
	[
		'psql', '-X', '-d',
		$node->connstr
		  . q{ dbname='Zwölf "\\'' user='d\\'or "ü'},
		'-c', 'SELECT 1'
	],
	'a session of strange names');
await_query(
	$node,
	'is in a pool of these names',
	q{SELECT pool, sessions FROM arx_perf.pool_usage WHERE pool LIKE 'Zw%'},
	q{Zwölf "'/d'or "ü|1});

# --- a database is dropped ------------------------------------------------------

$node->safe_psql('postgres', 'CREATE DATABASE gone');
{
	local $ENV{PGAPPNAME} = 'gone';
	$node->safe_psql('gone', 'SELECT 1');
}
$node->safe_psql('postgres', 'DROP DATABASE gone');
pass('DROP DATABASE waits for no look');
await_query(
	$node,
	'what was counted in a dropped database has no name',
	q{SELECT pool, datname, sessions FROM arx_perf.pool_usage
	  WHERE application_name = 'gone'},
	'||1');

# --- more pools than are kept -----------------------------------------------------

my ($kept, $ended) = row($node,
	q{SELECT sum(sessions) AS kept, (SELECT value FROM arx_perf.health
		WHERE component = 'pools' AND metric = 'sessions')
	  FROM arx_perf.database_pools});
is($kept, $ended, 'all sessions that ended are in some pool');
for my $i (1 .. $max_pools + 10)
{
	local $ENV{PGAPPNAME} = "many $i";
	$node->safe_psql('postgres', 'SELECT 1');
}
await_query(
	$node,
	'with more pools than are kept all sessions are still counted',
	q{SELECT sum(sessions) = (SELECT value FROM arx_perf.health
		WHERE component = 'pools' AND metric = 'sessions') AND
		count(*) FILTER (WHERE userid IS NULL) = 1
	  FROM arx_perf.database_pools});
cmp_ok(health('pools'), '<=', $max_pools, 'and no more than that are kept');
cmp_ok(health('dropped') + health('evicted'),
	'>', 0, 'and health tells that some were not');

# --- the collector is dead ----------------------------------------------------------

my $observed;
{
	my $session = open_session('stays');
	await_query($node, 'a session is seen',
		q{SELECT connections FROM arx_perf.database_pools
		  WHERE application_name = 'stays'}, 1);
	my ($collector) = children($node, 'arx_perf collector');
	# So that it is not stopped in the middle of a look.
	$node->append_conf('postgresql.conf', "arx_perf.sample_interval = '10s'");
	$node->reload;
	await_query($node, 'looks become rare', q{SELECT now() > last + interval '1 s'
		FROM (SELECT max(observed_at) AS last FROM arx_perf.database_pools) l});
	kill 'STOP', $collector;
	$observed = value($node,
		q{SELECT max(observed_at) FROM arx_perf.database_pools});
	is( value(
			$node,
			q{SELECT size FROM arx_perf.pool_usage
			  WHERE application_name = 'stays'}),
		1,
		'without a collector the last look is shown');
	{
		local $ENV{PGAPPNAME} = 'meanwhile';
		$node->safe_psql('postgres', 'SELECT 1');
	}
	await_query(
		$node,
		'and sessions that end are counted',
		q{SELECT sessions || ' ' || transactions FROM arx_perf.database_pools
		  WHERE application_name = 'meanwhile'},
		'1 1');
	is( value(
			$node, q{SELECT max(observed_at) FROM arx_perf.database_pools}),
		$observed,
		'observed_at says of when it is');
	kill 'CONT', $collector;
	$node->append_conf('postgresql.conf', "arx_perf.sample_interval = '20ms'");
	$node->reload;
	$session->{run}->kill_kill;
}
await_query($node, 'then looks go on',
	"SELECT max(observed_at) > '$observed' FROM arx_perf.database_pools");

# --- crash --------------------------------------------------------------------------

my $victim = open_session('crashes', 'SELECT 1');
my $pid = value($node,
	q{SELECT pid FROM pg_stat_activity WHERE application_name = 'crashes'});
kill 'KILL', $pid;
await_query($node, 'after a crash pools begin anew',
	q{SELECT count(*) = 0 FROM arx_perf.database_pools
	  WHERE application_name = 'short'});
await_query($node, 'and are looked at',
	q{SELECT count(*) > 0 FROM arx_perf.pool_usage WHERE active > 0});
eval { $victim->{run}->kill_kill };

$node->stop;
done_testing();
