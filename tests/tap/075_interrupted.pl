#
# 075_interrupted.pl
#	  Statements that are cancelled, terminated, time out or lose a race count
#	  with their SQLSTATE; what fails while no statement runs counts with none.

use strict;
use warnings FATAL => 'all';

use ArxPerf qw(await_query new_node sql_error);
use ArxLoad qw(account_ok row start_psql value);
use Test::More;

my $node = new_node(
	'interrupted',
	deadlock_timeout => "'100ms'",
	client_connection_check_interval => "'100ms'",
	lock_timeout => 0);
$node->safe_psql('postgres',
	'CREATE TABLE t (a int PRIMARY KEY, b int); INSERT INTO t VALUES (1, 0), (2, 0);'
	  . 'GRANT SELECT ON t TO PUBLIC'
);

sub reset_all
{
	$node->safe_psql('postgres', 'SELECT arx_perf.reset()');
	return;
}

# Waits until a session of this name is in this state (and waits for that).
sub await_session
{
	my ($name, $state, $wait) = @_;
	my $and = defined $wait ? "AND wait_event_type = '$wait'" : '';
	return await_query($node, "$name is $state",
		"SELECT count(*) > 0 FROM pg_stat_activity WHERE application_name = '$name'"
		  . " AND state = '$state' $and");
}

# A session of its own, known by its name.
sub session
{
	my ($name, %option) = @_;
	my $session = $node->background_psql('postgres', on_error_stop => 0, %option);
	$session->query_safe("SET application_name = '$name'");
	return $session;
}

# Sends a statement and does not wait for its end.
sub send_statement
{
	my ($session, $sql) = @_;
	$session->query_until(qr/sent/, "\\echo sent\n$sql;\n");
	return;
}

# The rows of statement_errors for statements like this, with their calls.
sub failed_as
{
	my ($like) = @_;
	return $node->safe_psql(
		'postgres', qq{
		SELECT e.sqlstate, e.count, s.errors, s.calls
		FROM arx_perf.statement_errors e
		JOIN arx_perf.statements s USING (userid, dbid, queryid, toplevel)
		WHERE s.query LIKE '$like' ORDER BY 1});
}

# Errors of no statement.
sub failed_alone
{
	return $node->safe_psql('postgres',
		'SELECT sqlstate, count FROM arx_perf.statement_errors'
		  . ' WHERE queryid IS NULL ORDER BY 1');
}

sub cancelled
{
	my $session = session('cancelled');
	reset_all();
	send_statement($session, 'SELECT pg_sleep(600)');
	await_session('cancelled', 'active', 'Timeout');
	$node->safe_psql('postgres',
		"SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'cancelled'"
	);
	await_session('cancelled', 'idle');
	is(failed_as('SELECT pg\_sleep%'),
		'57014|1|1|0', 'a cancelled statement counts with 57014');
	my ($total, $error) = row($node,
		q{SELECT total_exec_time, total_error_time FROM arx_perf.statements
		WHERE query LIKE 'SELECT pg\_sleep%'});
	is($total, 0, 'its time is none of a good end');
	cmp_ok($error, '>', 0, 'but of a failure');
	is( value($node, q{SELECT message FROM arx_perf.statement_errors
			WHERE sqlstate = '57014'}),
		'canceling statement due to user request',
		'with its wording');

	$session->query('SET statement_timeout = 50');
	$session->query('SELECT pg_sleep(601)');
	$session->query('RESET statement_timeout');
	is(failed_as('SELECT pg\_sleep%'),
		'57014|2|2|0', 'so does one that ran out of time');
	$session->quit;
	return;
}

sub terminated
{
	reset_all();
	my $client = start_psql($node, '-c', "SET application_name = 'terminated'",
		'-c', 'SELECT pg_sleep(602)');
	await_session('terminated', 'active', 'Timeout');
	$node->safe_psql('postgres',
		"SELECT pg_terminate_backend(pid, 100000) FROM pg_stat_activity WHERE application_name = 'terminated'"
	);
	$client->finish;
	is(failed_as('SELECT pg\_sleep%'),
		'57P01|1|1|0', 'a terminated session counts with its statement');
	is(failed_alone(), '', 'and not besides');

	# A utility that waits, and a statement in a function.
	my $holder = session('holder');
	$holder->query_safe('BEGIN; LOCK TABLE t');
	for my $sql ('LOCK TABLE t', 'DO $$ BEGIN PERFORM pg_sleep(603); END $$')
	{
		reset_all();
		$client = start_psql($node, '-c', "SET application_name = 'ended'",
			'-c', "BEGIN; $sql");
		await_session('ended', 'active', $sql =~ /LOCK/ ? 'Lock' : 'Timeout');
		$node->safe_psql('postgres',
			"SELECT pg_terminate_backend(pid, 100000) FROM pg_stat_activity WHERE application_name = 'ended'"
		);
		$client->finish;
		my ($word) = $sql =~ /^(\w+)/;
		is(failed_as("$word%"), '57P01|1|1|0', "$word likewise");
	}
	$holder->quit;
	return;
}

# The server notices within client_connection_check_interval.
sub client_gone
{
	reset_all();
	my $client = start_psql($node, '-c', "SET application_name = 'gone'",
		'-c', 'SELECT pg_sleep(604)');
	await_session('gone', 'active', 'Timeout');
	$client->signal('KILL');
	eval { $client->finish };
	await_query($node, 'the session of a killed client ends',
		"SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name = 'gone'");
	is(failed_as('SELECT pg\_sleep%'),
		'08006|1|1|0', 'a killed client counts with its statement');
	is(failed_alone(), '', 'and not besides');
	return;
}

sub lock_timeout
{
	my $holder = session('holder');
	my $waiter = session('waiter');
	reset_all();
	$holder->query_safe('BEGIN; UPDATE t SET b = b + 1 WHERE a = 1');
	$waiter->query_safe("SET lock_timeout = '50ms'");
	$waiter->query('UPDATE t SET b = b + 2 WHERE a = 1');
	is(failed_as('UPDATE t%'), '55P03|1|1|1', 'lock_timeout counts with 55P03');
	$waiter->query('SELECT b FROM t WHERE a = 1 FOR UPDATE NOWAIT');
	is(failed_as('SELECT b FROM t%'), '55P03|1|1|0', 'and NOWAIT');
	$holder->query_safe('COMMIT');
	$_->quit for $holder, $waiter;
	return;
}

sub deadlock
{
	my $one = session('one');
	my $two = session('two');
	reset_all();
	$one->query_safe('BEGIN; UPDATE t SET b = b + 1 WHERE a = 1');
	$two->query_safe('BEGIN; UPDATE t SET b = b + 1 WHERE a = 2');
	send_statement($one, 'UPDATE t SET b = b + 1 WHERE a = 2');
	await_session('one', 'active', 'Lock');
	send_statement($two, 'UPDATE t SET b = b + 1 WHERE a = 1');
	await_query($node, 'one of two gives up',
		q{SELECT count(*) = 1 FROM pg_stat_activity
		WHERE application_name IN ('one', 'two')
		AND state = 'idle in transaction (aborted)'});
	await_query($node, 'the other goes on',
		q{SELECT count(*) = 1 FROM pg_stat_activity
		WHERE application_name IN ('one', 'two') AND state = 'idle in transaction'});
	is(failed_as('UPDATE t%'), '40P01|1|1|3', 'a deadlock counts with 40P01');
	$_->query('ROLLBACK') for $one, $two;
	$_->quit for $one, $two;
	return;
}

sub serialization_failure
{
	my $one = session('one');
	reset_all();
	$one->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM t');
	$node->safe_psql('postgres', 'UPDATE t SET b = b + 1 WHERE a = 1');
	$one->query('UPDATE t SET b = b + 1 WHERE a = 1');
	$one->query('ROLLBACK');
	is(failed_as('UPDATE t%'), '40001|1|1|1',
		'a serialization failure counts with 40001');

	$one->quit;
	return;
}

# The end of a transaction is after the end of COMMIT, which ran well.
sub failed_commit
{
	$node->safe_psql('postgres',
		'CREATE TABLE late (a int UNIQUE DEFERRABLE INITIALLY DEFERRED)');
	reset_all();
	$node->psql('postgres',
		"BEGIN;\nINSERT INTO late VALUES (1);\nINSERT INTO late VALUES (1);\nCOMMIT;",
		on_error_stop => 0);
	is(failed_alone(), '23505|1', 'a failed end of a transaction is of no statement');
	is(failed_as('%'), '', 'and of none only');
	is( value(
			$node, q{SELECT calls FROM arx_perf.statements WHERE query = 'COMMIT'}),
		1,
		'COMMIT is counted');
	return;
}

# 25P03 strikes while no statement runs.
sub idle_in_transaction
{
	my $session = session('idle');
	reset_all();
	$session->query_safe("SET idle_in_transaction_session_timeout = '50ms'");
	$session->query('BEGIN; SELECT 5 AS before_idling');
	await_query($node, 'an idle session ends',
		"SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name = 'idle'");
	is(failed_alone(), '25P03|1', 'its end is no failure of a statement');
	is(failed_as('%'), '', 'of none at all');
	is( value(
			$node,
			q{SELECT calls FROM arx_perf.statements WHERE query LIKE '%before_idling'}
		),
		1,
		'what it ran before is counted');
	eval { $session->quit };
	return;
}

# Sessions that end, or are ended, between statements.
sub ended_while_idle
{
	my $session = session('bored');
	reset_all();
	$session->query_safe('SELECT 6 AS before_the_end');
	await_session('bored', 'idle');
	$node->safe_psql('postgres',
		"SELECT pg_terminate_backend(pid, 100000) FROM pg_stat_activity WHERE application_name = 'bored'"
	);
	is(failed_alone(), '57P01|1', 'a session ended between statements');
	is(failed_as('%'), '', 'fails none');
	eval { $session->quit };
	return;
}

# Failures count whether or not the server log shows them, and levels are right
# after them.
sub failures_not_logged
{
	$node->safe_psql(
		'postgres', q{
		CREATE FUNCTION fails_quietly() RETURNS int LANGUAGE plpgsql
			SET log_min_messages = panic AS $$
		BEGIN
			RETURN 1 / 0;
		END $$;
		CREATE FUNCTION turns_quiet() RETURNS int LANGUAGE plpgsql AS $$
		BEGIN
			PERFORM set_config('log_min_messages', 'panic', true);
			RETURN 2 / 0;
		END $$;
		CREATE FUNCTION catches(name text) RETURNS int LANGUAGE plpgsql AS $$
		BEGIN
			EXECUTE format('SELECT %I()', name);
			RETURN 1;
		EXCEPTION WHEN division_by_zero THEN
			RETURN 0;
		END $$});
	for my $level (qw(warning panic))
	{
		for my $sql ('SELECT 1 / (a - a) AS fails FROM t',
			'SELECT fails_quietly()', 'SELECT turns_quiet()',
			'DO $$ BEGIN PERFORM fails_quietly(); END $$')
		{
			reset_all();
			$node->psql(
				'postgres',
				join(";\n",
					"SET log_min_messages = $level",
					$sql, $sql, $sql, 'SELECT 77 AS afterwards'),
				on_error_stop => 0);
			my ($word) = $sql =~ /^(\w+ *\w+)/;
			is( value(
					$node, q{
					SELECT string_agg(concat_ws(' ', toplevel, calls, errors), ', ')
					FROM arx_perf.statements
					WHERE query ~ 'fails|turns|^DO'}),
				't 0 3',
				"three failures of $sql with log_min_messages = $level");
			is( value(
					$node, q{
					SELECT string_agg(concat_ws(' ', toplevel, calls, errors), ', ')
					FROM arx_perf.statements WHERE query ~ 'afterwards'}),
				't 1 0',
				'and what follows is at top level');
			is(failed_alone(), '', 'and no error of no statement');
		}
		reset_all();
		$node->psql(
			'postgres',
			join(";\n",
				"SET log_min_messages = $level",
				"SELECT catches('fails_quietly')",
				"SELECT catches('turns_quiet')",
				'SELECT 1 / (a - a) AS fails FROM t',
				"SELECT catches('fails_quietly')"),
			on_error_stop => 0);
		is( $node->safe_psql(
				'postgres', q{
				SELECT toplevel, calls, errors FROM arx_perf.statements
				WHERE query ~ 'catches|AS fails' ORDER BY calls}),
			"t|0|1\nt|3|0",
			'errors that are caught are none of the caller');
	}
	return;
}

# Many failures in a row, with nothing in between: in the executor, at its
# start, in the planner, in a utility.
sub many_failures
{
	my $n = 500;
	$node->safe_psql('postgres',
		'CREATE ROLE poor; CREATE TABLE rich (a int)');
	for my $case (
		[ 'SELECT 1 / (a - a) AS one_of_many FROM t', '22012' ],
		[ 'SELECT a AS one_of_many FROM rich', '42501' ],
		[ 'SELECT 1 / 0 AS one_of_many', '22012' ],
		[ 'DROP TABLE one_of_many', '42P01' ])
	{
		my ($sql, $state) = @$case;
		reset_all();
		$node->psql(
			'postgres',
			"SET ROLE poor;\n" . "$sql;\n" x $n,
			on_error_stop => 0);
		is( $node->safe_psql(
				'postgres', q{
				SELECT sum(errors), sum(calls) FROM arx_perf.statements
				WHERE query LIKE '%one\_of\_many%'}),
			"$n|0",
			"$n failures in a row of $sql");
		is( $node->safe_psql(
				'postgres', q{
				SELECT sqlstate, count FROM arx_perf.statement_errors
				WHERE queryid IS NOT NULL}),
			"$state|$n",
			"all with $state");
		my $account = account_ok($node, 'after many failures');
		is($account->{dropped}, 0, 'none was dropped');
	}
	return;
}

cancelled();
failures_not_logged();
many_failures();
terminated();
client_gone();
lock_timeout();
deadlock();
serialization_failure();
failed_commit();
idle_in_transaction();
ended_while_idle();
account_ok($node, 'in the end');
$node->stop;
done_testing();
