#
# 070_cpu.pl
#	  CPU time of statements against what the kernel says of the process.
#
# CPU time is estimated between two readings of the clock, 1 ms of execution
# apart, and what is missing at one is given out until the next: statements may
# exceed the time they took by 1 ms of user and 1 ms of system time, not more.
#
# The kernel's figure is utime + stime of /proc/<pid>/stat: right to one tick
# (10 ms) at each reading.  It holds all the process does, statements only what
# is between start and end of planning and execution.

use strict;
use warnings FATAL => 'all';

use ArxPerf qw(new_node);
use ArxLoad qw(row value write_script);
use POSIX qw();
use PostgreSQL::Test::Utils;
use Test::More;

plan skip_all => 'no /proc here' unless -r "/proc/$$/stat";

my $tick_ms = 1000 / POSIX::sysconf(POSIX::_SC_CLK_TCK());
my $node = new_node(
	'cpu',
	autovacuum => 'off',
	jit => 'off',
	max_worker_processes => 16,
	parallel_setup_cost => 0,
	parallel_tuple_cost => 0,
	min_parallel_table_scan_size => 0,
	max_parallel_workers_per_gather => 0);
my $session = $node->background_psql('postgres');
my $backend = $session->query_safe('SELECT pg_backend_pid()');
my ($postmaster) =
  PostgreSQL::Test::Utils::slurp_file($node->data_dir . '/postmaster.pid') =~
  /^(\d+)/;

# CPU time of a process in ms, and of its children that have ended.
sub cpu_of
{
	my ($pid) = @_;
	my $stat = PostgreSQL::Test::Utils::slurp_file("/proc/$pid/stat");
	my @field = split / /, $stat =~ s/^.*\) //sr;
	return (
		($field[11] + $field[12]) * $tick_ms,
		($field[13] + $field[14]) * $tick_ms);
}

# Runs a statement in the session; returns the CPU time of its process.
sub cpu_of_running
{
	my (@sql) = @_;
	my ($before) = cpu_of($backend);
	$session->query_safe($_) for @sql;
	my ($after) = cpu_of($backend);
	return $after - $before;
}

# What statements like this took: calls, CPU, planning and execution, in ms.
sub measured
{
	my ($like) = @_;
	return row(
		$node, qq{
		SELECT sum(calls), sum(cpu_user_time + cpu_sys_time),
			sum(total_exec_time + total_plan_time)
		FROM arx_perf.statements WHERE query LIKE '$like'});
}

sub reset_all
{
	$node->safe_psql('postgres', 'SELECT arx_perf.reset()');
	return;
}

my $busy = 'SELECT count(*) AS busy, sum(i % 7) FROM generate_series(1, 2000000) i';

# 15 %: two readings of 10 ms each in 500 ms are 4 %, parsing and the reply are
# not the statement's; the rest is for machines whose kernel counts by ticks.
sub long_statement
{
	reset_all();
	my $kernel = cpu_of_running($busy, $busy);
	my ($calls, $cpu, $elapsed) = measured('%AS busy%');
	is($calls, 2, 'the busy statement ran twice');
	cmp_ok($kernel, '>=', 100, 'and kept its process busy');
	cmp_ok(abs($cpu - $kernel),
		'<=', 0.15 * $kernel, "CPU time within 15 % of the kernel's figure")
	  or diag("statement $cpu ms, process $kernel ms");
	cmp_ok($cpu, '<=', $elapsed + 2, 'and not more than time elapsed');
	return;
}

# A sleep between busy statements gets none of their time.  Waking up once
# costs some microseconds; 5 ms leave room for page faults after the wait.
sub sleeping_statement
{
	reset_all();
	my $kernel = cpu_of_running($busy, 'SELECT pg_sleep(0.2)',
		$busy, 'SELECT pg_sleep(0.2)', 'SELECT pg_sleep(0.2)');
	my ($calls, $cpu, $elapsed) = measured('SELECT pg\_sleep%');
	my ($busy_calls, $busy_cpu) = measured('%AS busy%');
	is($calls, 3, 'sleeps between busy statements');
	cmp_ok($elapsed, '>=', 600, 'take their time');
	cmp_ok($cpu, '<=', 15, 'but no CPU time') or diag("$cpu ms");
	cmp_ok(abs($busy_cpu - $kernel),
		'<=', 0.15 * $kernel, 'and busy ones get no less because of them')
	  or diag("statement $busy_cpu ms, process $kernel ms");
	return;
}

# Nothing is exact for a statement of less than a millisecond, but sums are: never
# more than the process used, or than the time statements took.  Running these
# takes about 300 microseconds each, parsing and replying 30 to 100; so at least
# half of what the process used is theirs.
sub short_statements
{
	my $n = 1500;
	my $file = write_script('short.sql', join '',
		map { "SELECT sum(i) AS short FROM generate_series(1, $_) i;\n" }
		  map { 6000 + $_ % 1000 } 1 .. $n);
	reset_all();
	my $kernel = cpu_of_running("\\o /dev/null\n\\i $file\n\\o");
	my ($calls, $cpu, $elapsed) = measured('%AS short%');
	is($calls, $n, 'a stream of short statements');
	cmp_ok($cpu, '<=', $kernel + 2 * $tick_ms,
		'their CPU time is not more than that of the process');
	cmp_ok($cpu, '<=', $elapsed + 2, 'nor than the time they took');
	cmp_ok($cpu, '>=', 0.5 * $kernel, 'and at least half of the process')
	  or diag("statements $cpu ms, process $kernel ms");
	is( value(
			$node,
			q{SELECT count(*) FROM arx_perf.statements
			WHERE cpu_user_time < 0 OR cpu_sys_time < 0}
		),
		0,
		'no CPU time is negative');
	return;
}

sub switched_off
{
	reset_all();
	$session->query_safe("SET arx_perf.track_cpu = off");
	cpu_of_running($busy);
	$session->query_safe("RESET arx_perf.track_cpu");
	my ($calls, $cpu) = measured('%AS busy%');
	is($calls, 1, 'without track_cpu a statement is counted');
	is($cpu, 0, 'but not its CPU time');
	return;
}

# The postmaster's account of children that ended has all that the workers
# used, from fork to exit; autovacuum is off, and no other client comes or goes
# in between.  Starting a worker is not the statement's: hence 20 %, and two ticks
# of the kernel's account.
sub parallel_statement
{
	my $query = 'SELECT count(*) AS parallel, sum(sqrt(a)) FROM wide WHERE a % 3 = 0';
	my $plan = $session->query_safe(
		"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) $query");
	like($plan, qr/Workers Launched: 2/, 'two workers can be had');
	reset_all();

	my ($kernel, $children) = (cpu_of($backend), cpu_of($postmaster))[ 0, 3 ];
	$session->query_safe($query);
	$kernel = (cpu_of($backend))[0] - $kernel;
	$children = (cpu_of($postmaster))[1] - $children;
	my ($calls, $cpu) = measured('%AS parallel%');

	is($calls, 1, 'a parallel statement is one call');
	cmp_ok($children, '>=', 50, 'its workers did the work');
	cmp_ok(abs($cpu - $kernel - $children),
		'<=', 0.2 * ($kernel + $children) + 2 * $tick_ms,
		'leader and workers are counted once')
	  or diag("statement $cpu ms, leader $kernel ms, workers $children ms");
	is( value(
			$node,
			q{SELECT string_agg(toplevel || ' ' || rows, ', ')
			FROM arx_perf.statements WHERE query LIKE '%AS parallel%'}
		),
		'true 1',
		'with one row of the view, at top level');
	return;
}

# Inside a function the workers' share is that of the statement in the function,
# and of its caller, as blocks are.
sub parallel_statement_in_function
{
	for my $track (qw(top all))
	{
		reset_all();
		$session->query_safe("SET arx_perf.track = '$track'");
		my $before = (cpu_of($postmaster))[1];
		$session->query_safe('SELECT in_function()');
		my $children = (cpu_of($postmaster))[1] - $before;
		$session->query_safe('RESET arx_perf.track');
		cmp_ok($children, '>=', 50, "$track: workers of a function do work");
		for my $like ('SELECT in\_function%', '%AS nested%')
		{
			next if $track eq 'top' && $like =~ /nested/;
			my ($calls, $cpu) = measured($like);
			is($calls, 1, "$track: $like is one call");
			cmp_ok(abs($cpu - $children),
				'<=', 0.2 * $children + 2 * $tick_ms,
				'with the CPU time of the workers')
			  or diag("statement $cpu ms, workers $children ms");
		}
	}
	is( value(
			$node,
			q{SELECT string_agg(DISTINCT toplevel::text, ', ')
			FROM arx_perf.statements WHERE query LIKE '%AS nested%'}
		),
		'false',
		'and not at top level');
	return;
}

$session->query_safe(
	q{CREATE TABLE wide AS SELECT i AS a, repeat('x', 20) AS b
	FROM generate_series(1, 3000000) i});
$session->query_safe('VACUUM ANALYZE wide');
$session->query_safe(
	q{CREATE FUNCTION in_function() RETURNS SETOF bigint LANGUAGE plpgsql AS $$
	BEGIN
		RETURN QUERY SELECT count(*) AS nested FROM wide WHERE sqrt(a) > 3;
	END $$});
long_statement();
sleeping_statement();
short_statements();
switched_off();
$session->query_safe('SET max_parallel_workers_per_gather = 2');
$session->query_safe('SET parallel_leader_participation = off');
parallel_statement_in_function();
parallel_statement();
$session->quit;
$node->stop;
done_testing();
