#
# 105_history.pl
#	  The session history when things go wrong: collector stopped or dead,
#	  memory too small, too many names.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use ArxPerf qw(new_node await await_query);
use ArxLoad qw(row value run_pgbench start_pgbench start_psql stop_process
  write_script);
use ArxDurable qw(children);

# info($node, $column): one number of session_history_info.
sub info
{
	my ($node, $column) = @_;
	return value($node, "SELECT $column FROM arx_perf.session_history_info");
}

# await_looks($node, $what): until a look was taken after now.
sub await_looks
{
	my ($node, $what) = @_;
	my $now = value($node, 'SELECT clock_timestamp()');
	return await_query($node, $what,
		"SELECT covered_to > '$now' FROM arx_perf.session_history_info");
}

# end_clients($node, $handle): ends a client whose backend would not notice.
sub end_clients
{
	my ($node, $handle) = @_;
	$node->safe_psql(
		'postgres', q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity
		WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()});
	stop_process($node, $handle);
	return;
}

my $sleep = write_script('sleep.sql', "SELECT pg_sleep(1000);\n");

# --- memory of an ordinary load --------------------------------------------

my $node = new_node(
	'history',
	autovacuum => 'off',
	fsync => 'off',
	'arx_perf.sample_interval' => "'10ms'");
run_pgbench($node, 'the load can be made', '-i', '-q', '-s', '2');
my $load = start_pgbench($node, '-n', '-c', '50', '-j', '2', '-T', '3600');
await_query($node, '50 sessions at work',
	'SELECT samples > 10000 FROM arx_perf.session_history_info');
cmp_ok(info($node, 'bytes_per_sample'),
	'<=', 16, 'a sample takes at most 16 bytes, all included');
note(info($node, 'bytes_per_sample') . ' bytes a sample');
is( value(
		$node, q{SELECT unknown_samples + cut_samples + spelled_out_samples
		+ early_looks FROM arx_perf.session_history_info}),
	0,
	'and nothing is lost');
is( value(
		$node, q{SELECT count(*) FROM arx_perf.session_history
		WHERE backend_type = 'client backend' AND state = 'active'
			AND queryid IS NULL AND wait_event_type = 'Lock'}),
	0,
	'who waits for a lock has a statement');
stop_process($node, $load);

# --- collector stopped -----------------------------------------------------

# An idle server is looked at all the same.
my $looks = info($node, 'looks');
await_query($node, 'looks at an idle server count',
	"SELECT looks > $looks + 20 FROM arx_perf.session_history_info");

my $sleeper = start_psql($node, '-c', 'SELECT pg_sleep(1000)');
await_query(
	$node,
	'somebody sleeps all the time',
	q{SELECT count(*) > 0 FROM arx_perf.session_history
	  WHERE wait_event = 'PgSleep'});
my ($collector) = children($node, 'arx_perf collector');
kill 'STOP', $collector;
my ($from, $samples) =
  row($node, 'SELECT covered_from, samples FROM arx_perf.session_history_info');
await_query($node, 'the collector is stopped for two seconds',
	q{SELECT clock_timestamp() - covered_to > interval '2 s'
	  FROM arx_perf.session_history_info});
is(value($node, 'SELECT count(*) FROM arx_perf.session_history'),
	$samples, 'the history is readable while the collector is stopped');
my $last = info($node, 'covered_to');
kill 'CONT', $collector;
await_looks($node, 'it goes on');
is( value(
		$node, qq{SELECT missed_time >= 1900 AND covered_from = '$from'
		FROM arx_perf.session_history_info}),
	't',
	'the time without looks is told');
is( value(
		$node, q{SELECT abs(covered_seconds
			- extract(epoch FROM covered_to - covered_from)) < 0.5
		FROM arx_perf.session_history_info}),
	't',
	'and is part of what the history covers');
is( value(
		$node, qq{SELECT count(*) FROM arx_perf.session_history
		WHERE sample_time > '$last' AND wait_event = 'PgSleep'
			AND gap >= 1900 AND spacing >= 1900}),
	1,
	'the first look after it tells how long nobody looked');
is( value(
		$node, q{SELECT covered < 0.95
		FROM arx_perf.average_active_sessions(
			clock_timestamp() - (SELECT covered_to - interval '3 s'
				FROM arx_perf.session_history_info))
		WHERE wait_class = 'total'}),
	't',
	'averages say that they cover only a part');

# --- collector dead --------------------------------------------------------

my $before = info($node, 'covered_to');
kill 'TERM', $collector;
await('the collector ends', sub { !kill 0, $collector });
is( value(
		$node,
		"SELECT covered_from = '$from' FROM arx_perf.session_history_info"),
	't',
	'the history is there without it');
await_looks($node, 'a new one goes on');
is( value(
		$node,
		qq{SELECT covered_from = '$from' AND covered_to > '$before'
		FROM arx_perf.session_history_info}),
	't',
	'and adds to the same history');
is( value(
		$node, q{SELECT abs(covered_seconds
			- extract(epoch FROM covered_to - covered_from)) < 0.5
		FROM arx_perf.session_history_info}),
	't',
	'the time between them is a gap');

end_clients($node, $sleeper);

# --- how far back ----------------------------------------------------------

await_query($node, 'more than ten seconds are there',
	'SELECT covered_seconds > 11 FROM arx_perf.session_history_info');
$node->safe_psql('postgres', 'ALTER SYSTEM SET arx_perf.history_seconds = 10');
$node->reload;
await_query(
	$node,
	'history_seconds: older looks go, and none that is wanted',
	q{SELECT covered_seconds BETWEEN 9 AND 10.1
	  FROM arx_perf.session_history_info});
is(info($node, 'early_looks'), 0, 'none was overwritten before its time');
$node->stop;

# --- too many names --------------------------------------------------------

$node = new_node(
	'small',
	autovacuum => 'off',
	'arx_perf.sample_interval' => "'10ms'",
	'arx_perf.history_memory' => "'256kB'");
my $names = info($node, 'sessions_max');
my $renamer = start_psql(
	$node, '-c', q{DO $$BEGIN FOR i IN 1..1000000 LOOP
		PERFORM set_config('application_name', 'name ' || i, false);
		PERFORM pg_sleep(0.01); END LOOP; END$$});
await_query($node, 'more names than there is room for',
	'SELECT unknown_samples > 0 FROM arx_perf.session_history_info');
end_clients($node, $renamer);
is(info($node, 'sessions'), $names, 'all room for names is taken');
# Who asks has no name either, so the number grows while it is asked for.
my @unknown = (info($node, 'unknown_samples'));
push @unknown,
  value($node,
	'SELECT count(*) FROM arx_perf.session_history WHERE pid IS NULL');
push @unknown, info($node, 'unknown_samples');
ok( $unknown[0] <= $unknown[1] && $unknown[1] <= $unknown[2],
	"samples without a name are there, and counted (@unknown)");
is( value(
		$node, q{SELECT count(*) FROM arx_perf.session_history
		WHERE pid IS NULL AND num_nonnulls(datid, datname, username,
			application_name, backend_type, queryid, toplevel_queryid) > 2}),
	0,
	'they have no name at all');
is( value(
		$node, q{SELECT status = 'warning' AND hint IS NOT NULL
		FROM arx_perf.check() WHERE check_name = 'session history'}),
	't',
	'check() says so');

# --- too little memory -----------------------------------------------------

my $sleepers =
  start_pgbench($node, '-n', '-c', '40', '-f', $sleep, '-T', '3600');
await_query($node, 'the ring is overwritten',
	'SELECT early_looks > 100 FROM arx_perf.session_history_info');
is( value(
		$node, q{SELECT covered_seconds < history_seconds AND bytes <= bytes_max
			AND bytes > bytes_max / 2 FROM arx_perf.session_history_info}),
	't',
	'it says how far back it really reaches');
is( value(
		$node, q{SELECT status = 'warning'
			AND detail ~ '^reaches back \d+ s of the 600 s wanted: it is full'
		FROM arx_perf.check() WHERE check_name = 'session history'}),
	't',
	'check() says so');
# Names that no look refers to any more make room for others.
await_query(
	$node,
	'names are free again when their looks have gone',
	q{SELECT count(*) > 0 AND bool_and(pid IS NOT NULL)
	  FROM arx_perf.session_history(clock_timestamp() - interval '1 s')});
# While looks are overwritten, what is read is whole: each has all 40.
my $named = value($node, 'SELECT clock_timestamp()');
await_looks($node, 'looks with names only');
for my $round (1 .. 10)
{
	my $wrong = value(
		$node, qq{
		SELECT count(*) FROM (
			SELECT sample_time, count(*) FILTER (WHERE wait_event = 'PgSleep'
				AND application_name = '105_history.pl'
				AND username = current_user AND datname = 'postgres' AND queryid IS NOT NULL) AS n
			FROM arx_perf.session_history(greatest('$named',
				clock_timestamp() - interval '1 s'))
			GROUP BY 1) look
		WHERE n <> 40});
	is($wrong, 0, "looks are whole while others are overwritten ($round)");
	last if $wrong > 0;
}
my $unknown = info($node, 'unknown_samples');
$node->safe_psql('postgres',
	"SET application_name = 'late'; SELECT pg_sleep(0.5)");
is( value(
		$node, q{SELECT count(*) > 0 FROM arx_perf.session_history
		WHERE application_name = 'late' AND wait_event = 'PgSleep'}),
	't',
	'and new sessions are named');
is(info($node, 'unknown_samples'), $unknown, 'none is unknown any more');

# --- a reader that is stopped while it reads -------------------------------

await_query($node, 'all looks have names',
	q{SELECT bool_and(pid IS NOT NULL) FROM arx_perf.session_history});
my $reader = start_pgbench(
	$node, '-n', '-T', '3600', '-f',
	write_script(
		'read.sql', q{
		SELECT 1 / (NOT EXISTS (SELECT FROM arx_perf.session_history(NULL) h
			GROUP BY h.sample_time
			HAVING count(*) FILTER (WHERE h.wait_event = 'PgSleep'
				AND h.backend_type = 'client backend'
				AND h.application_name = '105_history.pl'
				AND h.username = current_user) <> 40))::int AS whole;}));
for my $round (1 .. 3)
{
	my ($pid, $begun);
	await(
		"it reads ($round)",
		sub {
			($pid, $begun) = row($node,
				q{SELECT pid, query_start FROM pg_stat_activity
				  WHERE query LIKE '%AS whole%' AND state = 'active'
				  AND pid <> pg_backend_pid()});
			return $pid;
		});
	kill 'STOP', $pid;
	my $early = info($node, 'early_looks + looks');
	await_query($node, "it is stopped while all is overwritten ($round)",
		"SELECT early_looks > $early FROM arx_perf.session_history_info");
	kill 'CONT', $pid;
	await_query($node, "it goes on, and finds nothing but whole looks ($round)",
		"SELECT query_start > '$begun' FROM pg_stat_activity WHERE pid = $pid");
}

end_clients($node, $reader);
eval { $sleepers->finish };
$node->stop;

done_testing();
