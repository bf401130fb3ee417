#
# 050_accounting.pl
#	  No execution is lost or counted twice, whatever runs at the same time.

use strict;
use warnings FATAL => 'all';

use ArxPerf qw(new_node);
use ArxLoad qw(account account_ok health_value run_pgbench start_pgbench
  start_psql still_runs stop_process value write_script);
use PostgreSQL::Test::Utils;
use Test::More;

my $readers = write_script('readers.pgbench', <<'END');
SELECT must(executions - recorded - dropped >= 0 AND recorded >= 0,
	'waiting is negative', executions - recorded - dropped)
	FROM arx_perf.statements_info;
SELECT must(bool_and(calls = arx_perf.count(exec_time_histogram)),
	'histogram and calls differ', sum(calls)) FROM arx_perf.statements;
SELECT must(bool_and(value BETWEEN 0 AND 1e6), 'waiting', max(value)::numeric)
	FROM arx_perf.health WHERE metric = 'waiting';
SELECT count(*) FROM arx_perf.statement_errors;
END

my $own = write_script('own.pgbench', <<'END');
\set n random(1, 100)
SELECT count(*) FROM generate_series(1, :n);
BEGIN;
SAVEPOINT a;
INSERT INTO seen VALUES (:n);
ROLLBACK TO a;
COMMIT;
SELECT safe_divide(:n, 0);
END

# What fails, and where: executor, planner, executor of a prepared statement,
# utility, parse analysis (of no statement), failed transaction (likewise).
my $failing = write_script('failing.sql', join '', map { <<"END" } 1 .. 200);
SELECT 1 / (x - x) FROM generate_series(1, 3) x;
SELECT 1 / 0;
EXECUTE divide($_);
DROP TABLE not_there;
SELECT * FROM not_there;
BEGIN;
SELECT ('x' || x)::int FROM generate_series(1, 1) x;
SELECT 2;
ROLLBACK;
SELECT $_;
END
my $prepare = 'PREPARE divide(int) AS SELECT $1 / (x - x) AS divided'
  . ' FROM generate_series(1, 1) x';

sub setup
{
	my ($node) = @_;
	$node->safe_psql(
		'postgres', q{
		CREATE TABLE seen (n int);
		CREATE FUNCTION safe_divide(a int, b int) RETURNS int AS $$
		BEGIN
			RETURN a / b;
		EXCEPTION WHEN division_by_zero THEN
			RETURN NULL;
		END $$ LANGUAGE plpgsql;
		CREATE FUNCTION must(holds boolean, what text, value numeric)
		RETURNS boolean AS $$
		BEGIN
			IF NOT holds THEN
				RAISE EXCEPTION 'identity broken: %: %', what, value;
			END IF;
			RETURN true;
		END $$ LANGUAGE plpgsql});
	run_pgbench($node, 'tables for TPC-B', '-i', '-q', '-s', '2');
	return;
}

sub calls_of
{
	my ($node, $like) = @_;
	return value($node,
		"SELECT sum(calls) FROM arx_perf.statements WHERE query LIKE '$like'");
}

# Nothing was evicted, so what the statements count is what was recorded since
# the reset, and the difference stays as it was just after the reset.
sub load_and_compare
{
	my ($node, $what) = @_;
	$node->safe_psql('postgres', 'SELECT arx_perf.reset()');
	my $before = account_ok($node, "$what, before");
	is($before->{recorded}, $before->{counted},
		"$what: a reset sets the account back too");
	my @background = (
		start_pgbench($node, '-n', '-c', '2', '-T', '600', '-f', $readers),
		map { start_psql($node, '-c', $prepare, '-f', $failing) } 1 .. 4);

	run_pgbench($node, "$what: prepared TPC-B",
		qw(-n -c 16 -j 2 -t 50 -M prepared));
	run_pgbench($node, "$what: simple TPC-B",
		qw(-n -c 16 -j 2 -t 20 -M simple));
	run_pgbench($node, "$what: extended protocol",
		qw(-n -c 8 -t 100 -M extended -f), $own);
	run_pgbench($node, "$what: a connection for each transaction",
		qw(-n -c 4 -t 10 -C -f), $own);
	my $reader = shift @background;
	$_->finish for @background;
	ok(still_runs($reader), "$what: the readers went on to the end");
	stop_process($node, $reader);

	my $after = account_ok($node, "$what, after");
	is(value($node, 'SELECT dealloc FROM arx_perf.statements_info'), 0, "$what: nothing was evicted");
	is($after->{dropped}, $before->{dropped}, "$what: nothing was dropped");
	is( $after->{recorded} - $after->{counted},
		$before->{recorded} - $before->{counted},
		"$what: calls and errors of all statements are what was recorded");
	is(health_value($node, 'waiting'), 0, "$what: nothing waits");
	return;
}

sub check_counts
{
	my ($node, $what) = @_;
	my $tpcb = 16 * 50 + 16 * 20;
	my $own_runs = 8 * 100 + 4 * 10;
	my $failing_runs = 4 * 200;

	is(calls_of($node, 'INSERT INTO pgbench_history%'),
		$tpcb, "$what: history rows as pgbench has transactions");
	is(calls_of($node, 'UPDATE pgbench_accounts%'),
		$tpcb, "$what: account updates likewise");
	is(calls_of($node, 'SELECT count(*) FROM generate_series(%'),
		$own_runs, "$what: every run of the own script");
	is(calls_of($node, 'INSERT INTO seen%'),
		$own_runs, "$what: what was rolled back is counted");
	is(calls_of($node, 'ROLLBACK TO%'),
		$own_runs, "$what: ROLLBACK TO is counted");
	is(calls_of($node, 'SELECT safe_divide%'),
		$own_runs, "$what: an error caught in a function is none of the caller");
	is(calls_of($node, 'SELECT $1'),
		$failing_runs, "$what: what follows a failed statement");

	is( value(
			$node, q{
			SELECT (SELECT sum(errors) FROM arx_perf.statements)
				- count(*) FILTER (WHERE queryid IS NOT NULL)
			FROM arx_perf.statement_errors WHERE sqlstate LIKE '08%'}),
		5 * $failing_runs,
		"$what: statements that failed, but for the reader's that was ended");
	is( $node->safe_psql(
			'postgres', q{
			SELECT sqlstate, sum(count) FROM arx_perf.statement_errors
			WHERE queryid IS NOT NULL AND sqlstate NOT LIKE '08%' GROUP BY 1 ORDER BY 1}),
		join("\n",
			'22012|' . 3 * $failing_runs,
			"22P02|$failing_runs",
			"42P01|$failing_runs"),
		"$what: their errors by SQLSTATE");
	check_errors_of_no_statement($node, $what, $failing_runs);
	is(value($node, 'SELECT count(*) FROM pgbench_history'),
		$tpcb, "$what: the load did what was asked");
	$node->safe_psql('postgres', 'TRUNCATE pgbench_history');
	return;
}

# These come from the log hook, which may not wait: those that found a full ring
# are missing, and are counted.
sub check_errors_of_no_statement
{
	my ($node, $what, $runs) = @_;
	my %found = split /[|\n]/, $node->safe_psql(
		'postgres', q{
		SELECT sqlstate, sum(count) FROM arx_perf.statement_errors
		WHERE queryid IS NULL AND sqlstate NOT LIKE '08%' GROUP BY 1 ORDER BY 1});

	is(join(' ', sort keys %found),
		'25P02 42P01', "$what: errors of no statement");
	cmp_ok($found{$_}, '<=', $runs, "$what: $_ not more often than it was")
	  for sort keys %found;
	cmp_ok(
		$found{'25P02'} + $found{'42P01'} +
		  health_value($node, 'side_events_lost'),
		'>=', 2 * $runs,
		"$what: what is missing of these is counted as lost");
	return;
}

# Resets come and go: what is left cannot be foretold, the identities can.
sub reset_while_writing
{
	my ($node, $what) = @_;
	my $resets = write_script("resets_$what.pgbench", <<'END');
SELECT arx_perf.reset();
SELECT arx_perf.reset(queryid => 1);
SELECT arx_perf.reset(minmax_only => true);
SELECT arx_perf.reset(dbid => oid) FROM pg_database WHERE datname = 'postgres';
END
	my @background = (
		start_pgbench($node, '-n', '-c', '2', '-T', '600', '-f', $readers),
		start_pgbench($node, '-n', '-c', '3', '-T', '600', '-f', $resets));
	run_pgbench($node, "$what: load with resets",
		qw(-n -c 8 -j 2 -t 100 -f), $own);
	ok(still_runs($_), "$what: readers and resets went on to the end")
	  for @background;
	$_->signal('TERM') for @background;
	stop_process($node, $_) for @background;

	my $after = account_ok($node, "$what, after resets");
	cmp_ok($after->{counted}, '<=', $after->{recorded},
		"$what: statements count no more than was recorded");
	return;
}

for my $ring_size (32, 8)
{
	my $what = "ring of $ring_size";
	my $node = new_node("ring$ring_size",
		'arx_perf.ring_size' => $ring_size,
		max_connections => 60);
	setup($node);
	my $log_start = -s $node->logfile;
	load_and_compare($node, $what);
	check_counts($node, $what);
	reset_while_writing($node, $what);
	my $log = PostgreSQL::Test::Utils::slurp_file($node->logfile, $log_start);
	is(join("\n", $log =~ /^.*?ERROR:  identity broken.*|PANIC.*/mg),
		'', "$what: readers saw no broken identity");
	$node->stop;
}

done_testing();
