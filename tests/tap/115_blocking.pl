#
# 115_blocking.pl
#	  Blockers, waiters and the head of each chain are those that the server
#	  names, and waits are counted once each.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use ArxPerf qw(new_node await await_query);
use ArxWaits
  qw(session send_statement finish pid_of await_wait forget end_session);

my $node = new_node(
	'blocking',
	autovacuum => 'off',
	log_lock_waits => 'on',
	deadlock_timeout => "'10ms'",
	max_prepared_transactions => 2,
	'arx_perf.max_blockings' => 50,
	'arx_perf.sample_interval' => "'10ms'");
my %session;

# sessions(@names): each a session of that name, in %session.
sub sessions
{
	$session{$_} = session($node, $_) for @_;
	return;
}

# waits($name, $sql): that session runs this and waits for a lock.
sub waits
{
	my ($name, $sql) = @_;
	send_statement($session{$name}, $sql);
	await_wait($node, $name, 'Lock');
	return;
}

# seen($what, $where): a row like this comes.
sub seen
{
	my ($what, $where) = @_;
	return await_query($node, $what,
		"SELECT count(*) > 0 FROM arx_perf.blocking WHERE $where");
}

# pairs($where): "blocker > waiter" with head, lock, mode and relation.
sub pairs
{
	my ($where) = @_;
	return $node->safe_psql(
		'postgres', qq{
		SELECT coalesce(blocker_application_name, blocker_backend_type)
			|| ' > ' || waiter_application_name || ' ('
			|| coalesce(head_application_name, head_backend_type) || '): '
			|| lock_type || ' ' || lock_mode || coalesce(' ' || relation, '')
		FROM arx_perf.blocking WHERE $where ORDER BY 1});
}

# done(@names): they end what they are at.
sub done
{
	finish($session{$_}, 'COMMIT') for @_;
	return;
}

sub value
{
	my ($columns, $where) = @_;
	return $node->safe_psql('postgres',
		"SELECT $columns FROM arx_perf.blocking WHERE $where");
}

$node->safe_psql('postgres',
	    'CREATE TABLE account (id int PRIMARY KEY, v int);'
	  . 'INSERT INTO account SELECT i, 0 FROM generate_series(1, 10) i');
sessions('a' .. 'd');
my $update = 'UPDATE account SET v = v + 1 WHERE id =';

# --- rows -------------------------------------------------------------------

forget($node);
$session{a}->query_safe('BEGIN');
$session{a}->query_safe("$update 1");
waits('b', "$update 1");
seen(
	'who waits for a row waits for a transaction',
	q{waiter_application_name = 'b' AND samples > 10});
is(pairs('true'), 'a > b (a): transactionid ShareLock account',
	'the table of the row is known');
is( value(
		"blocker_pid, blocker_state, blocker_backend_type, is_head",
		"waiter_application_name = 'b'"),
	pid_of($node, 'a') . '|idle in transaction|client backend|t',
	'a blocker idle in its transaction is named');
is( value('blocker_queryid', "waiter_application_name = 'b'"),
	$node->safe_psql('postgres',
		"SELECT query_id FROM pg_stat_activity WHERE application_name = 'a'"),
	'its statement is the one that it ran last');
is( $node->safe_psql(
		'postgres', q{
		SELECT s.query FROM arx_perf.blocking b
		JOIN pg_stat_activity a ON a.application_name = 'b'
			AND a.query_id = b.waiter_queryid
		JOIN arx_perf.statements s ON s.queryid = b.blocker_queryid}),
	'UPDATE account SET v = v + $1 WHERE id = $2',
	'statements of both can be looked up');
is( $node->safe_psql(
		'postgres', q{
		SELECT b.max_wait_time =
				round(extract(epoch FROM b.last_seen - l.waitstart) * 1000, 3),
			b.blocker_transaction_age =
				round(extract(epoch FROM b.last_seen - a.xact_start) * 1000, 3),
			b.waits
		FROM arx_perf.blocking b, pg_locks l, pg_stat_activity a
		WHERE NOT l.granted AND a.application_name = 'a'}),
	't|t|1',
	'the longest wait and the age of the transaction are exact');

# The row's own lock is what the next one waits for.
waits('c', "$update 1");
seen(
	'the next one waits for the first in the queue',
	q{waiter_application_name = 'c' AND samples > 10});
is( pairs(q{waiter_application_name = 'c'}),
	'b > c (a): tuple ExclusiveLock account',
	'and the head of its chain is the one that nobody blocks');
is(value('is_head, head_state', "waiter_application_name = 'c'"),
	'f|idle in transaction', 'whose state is told');
is( $node->safe_psql(
		'postgres', q{
		SELECT bool_and(b.blocker_pid = ANY (pg_blocking_pids(a.pid)))
		FROM arx_perf.blocking b JOIN pg_stat_activity a
			ON a.application_name = b.waiter_application_name}),
	't',
	'all are blockers by pg_blocking_pids(), too');

# While somebody holds the lock, the others in the queue are no blockers.
waits('d', "$update 1");
seen('the one after that is seen',
	q{waiter_application_name = 'd' AND samples > 10});
is( pairs(q{waiter_application_name = 'd'}),
	'b > d (a): tuple ExclusiveLock account',
	'it waits for the holder only, not for those ahead in the queue');
$session{a}->query_safe('COMMIT');
done('b', 'c', 'd');

# --- a chain of two rows ----------------------------------------------------

forget($node);
for my $step ([ 'a', 1 ], [ 'b', 2 ])
{
	$session{ $step->[0] }->query_safe('BEGIN');
	$session{ $step->[0] }->query_safe("$update $step->[1]");
}
waits('b', "$update 1");
waits('c', "$update 2");
seen('a chain is followed',
	q{waiter_application_name = 'c' AND head_application_name = 'a'});
is( pairs('true'),
	"a > b (a): transactionid ShareLock account\n"
	  . 'b > c (a): transactionid ShareLock account',
	'a chain of two: both wait, the second for the first');
done('a', 'b', 'c');

# --- relations, and a queue -------------------------------------------------

forget($node);
$session{a}->query_safe('BEGIN');
$session{a}->query_safe('SELECT count(*) FROM account');
waits('b', 'BEGIN; LOCK TABLE account');
waits('c', "$update 3");
waits('d', 'SELECT count(*) FROM account');
seen('the last in the queue is seen',
	q{waiter_application_name = 'd' AND samples > 10});
is( pairs('true'),
	"a > b (a): relation AccessExclusiveLock account\n"
	  . "b > c (a): relation RowExclusiveLock account\n"
	  . 'b > d (a): relation AccessShareLock account',
	'nobody who holds it is in the way of the others: the one in the queue is');
is( $node->safe_psql(
		'postgres', q{
		SELECT array_agg(DISTINCT b.blocker_pid) = pg_blocking_pids(a.pid)
		FROM arx_perf.blocking b JOIN pg_stat_activity a
			ON a.application_name = b.waiter_application_name
		WHERE a.application_name IN ('b', 'd') GROUP BY a.pid}),
	"t\nt",
	'they are the blockers by pg_blocking_pids()');
done('a', 'b', 'c', 'd');

# --- advisory locks, several holders ----------------------------------------

forget($node);
$session{$_}->query_safe('SELECT pg_advisory_lock_shared(7)') for 'a' .. 'c';
waits('d', 'SELECT pg_advisory_lock(7)');
seen('all who hold a lock block',
	q{waiter_application_name = 'd' AND blocker_application_name = 'c'});
is( pairs('true'),
	join("\n", map { "$_ > d (a): advisory ExclusiveLock" } 'a' .. 'c'),
	'a lock that three hold: each blocks')
  or diag('the head may be any of them');
is(value('count(*)', 'relid IS NOT NULL OR NOT is_head AND head_pid = blocker_pid'),
	0, 'an advisory lock is about no relation');
$session{$_}->query_safe('SELECT pg_advisory_unlock_all()') for 'a' .. 'c';
finish($session{d}, 'SELECT pg_advisory_unlock_all()');

# --- a prepared transaction -------------------------------------------------

forget($node);
$node->safe_psql('postgres', 'CREATE ROLE "the ""owner""" SUPERUSER');
$session{a}->query_safe('SET SESSION AUTHORIZATION "the ""owner"""');
$session{a}->query_safe('BEGIN');
$session{a}->query_safe("$update 4");
$session{a}->query_safe("PREPARE TRANSACTION 'left behind'");
waits('b', "$update 4");
seen('a prepared transaction blocks',
	q{blocker_backend_type = 'prepared transaction' AND samples > 10});
is( value(
		'blocker_user, blocker_pid IS NULL, blocker_state, is_head, head_user,'
		  . ' head_state, relation, waiter_application_name', 'true'),
	'the "owner"|t|prepared|t|the "owner"|prepared|account|b',
	'it is named by its owner, without a process');
$node->safe_psql('postgres', "ROLLBACK PREPARED 'left behind'");
done('b');

# --- a deadlock -------------------------------------------------------------

forget($node);
for my $step ([ 'c', 5 ], [ 'd', 6 ])
{
	$session{ $step->[0] }->query_safe("SET deadlock_timeout = '1h'");
	$session{ $step->[0] }->query_safe('BEGIN');
	$session{ $step->[0] }->query_safe("$update $step->[1]");
}
waits('c', "$update 6");
waits('d', "$update 5");
seen('both sides of a deadlock are seen',
	q{waiter_application_name = 'd' AND samples > 10});
is( $node->safe_psql(
		'postgres', q{
		SELECT blocker_application_name, waiter_application_name
		FROM arx_perf.blocking WHERE is_head IS NOT NULL ORDER BY 1}),
	"c|d\nd|c",
	'each blocks the other, and looks go on');
$node->safe_psql('postgres', 'SELECT pg_cancel_backend(' . pid_of($node, 'd') . ')');
done('d', 'c');

# --- waits are counted once -------------------------------------------------

my $log = -s $node->logfile;
forget($node);
$session{b}->query_safe("SET deadlock_timeout = '10ms'");
for my $n (1 .. 3)
{
	$session{c}->query_safe('BEGIN');
	$session{c}->query_safe("$update 7");
	waits('b', "$update 7");
	seen("wait $n is seen", qq{waiter_application_name = 'b' AND waits = $n});
	await_query($node, "wait $n is seen again",
		"SELECT max(samples) >= 5 * $n FROM arx_perf.blocking");
	done('c', 'b');
}
my $logged = () =
  slurp_file($node->logfile, $log) =~ /still waiting for ShareLock on transaction/g;
is(value('waits', "waiter_application_name = 'b'"),
	3, 'three waits are counted as three');
is($logged, 3, 'as many as the server logs');

# --- another database, and rights -------------------------------------------

$node->safe_psql('postgres', 'CREATE DATABASE other');
$node->safe_psql('other', 'CREATE EXTENSION arx_perf');
is( $node->safe_psql(
		'other', q{
		SELECT datname, relation IS NULL, relid IS NOT NULL
		FROM arx_perf.blocking}),
	'postgres|t|t',
	'of a relation of another database the number is shown');

# --- too many rows ----------------------------------------------------------

forget($node);
$session{a}->query_safe('SELECT pg_advisory_lock(9)');
for my $n (1 .. 60)
{
	$session{b}->query_safe("SET application_name = 'waiter $n'");
	send_statement($session{b}, 'SELECT pg_advisory_lock(9)');
	$node->poll_query_until('postgres',
		"SELECT sum(waits) = $n FROM arx_perf.blocking")
	  or die 'a wait was not seen';
	$node->safe_psql('postgres',
		    'SELECT pg_cancel_backend(pid) FROM pg_stat_activity '
		  . "WHERE application_name = 'waiter $n'");
	finish($session{b}, 'SELECT 1');
}
is(value('sum(waits)', 'true'),
	60, 'too many rows: waits are folded, and none is lost');
is( value(
		"waits >= 10 AND waiter_queryid IS NULL AND head_pid IS NULL,"
		  . ' lock_type, lock_mode',
		"blocker_application_name = '(other)'"),
	't|advisory|ExclusiveLock',
	'too many rows: they are folded by type and mode');
is(value('count(*) <= 50', "blocker_application_name <> '(other)'"),
	't', 'too many rows: the limit holds');

end_session($node, 'a' .. 'd');
$node->stop('immediate');

done_testing();
