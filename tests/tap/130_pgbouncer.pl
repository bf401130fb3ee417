#
# 130_pgbouncer.pl
#	  What is told of the pools of a real PgBouncer is what it says itself, over
#	  its restarts, absences and changes.

use strict;
use warnings FATAL => 'all';

use ArxBouncer;
use ArxPerf qw(new_node await await_query);
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;

plan skip_all => 'needs PgBouncer' unless ArxBouncer::program();

my $node = new_node(
	'pooled',
	autovacuum => 'off',
	'arx_perf.pgbouncer_interval' => "'100ms'");
my $os_user = getpwuid($<);
my $odd_name = "o'dd \"na;me\" \x{c3}\x{a4}";
my $bouncer = ArxBouncer->new(
	$node,
	default_pool_size => 2,
	databases => {
		tight => 'dbname=postgres',
		other => 'dbname=postgres user=forced pool_size=5',
		shared => 'dbname=postgres max_db_connections=5',
		whole => 'dbname=postgres pool_mode=session'
	},
	users => { anne => 'a', bob => 'b', forced => 'f' });
$node->safe_psql('postgres',
	'CREATE ROLE anne LOGIN; CREATE ROLE bob LOGIN; CREATE ROLE forced LOGIN');
$node->safe_psql('postgres',
	'CREATE DATABASE "' . ($odd_name =~ s/"/""/gr) . '"');
$bouncer->start;

# Points arx_perf.pgbouncers at these consoles.
sub use_consoles
{
	my (@consoles) = @_;
	my $list = join('; ', @consoles);
	$list =~ s/'/''/g;
	$node->safe_psql('postgres',
		"ALTER SYSTEM SET arx_perf.pgbouncers = '$list'");
	$node->reload;
	return;
}

# Of the rows of one pool: these columns.
sub pool
{
	my ($columns, $pool) = @_;
	$pool =~ s/'/''/g;
	return $node->safe_psql('postgres',
		"SELECT $columns FROM arx_perf.pool_usage "
		  . "WHERE source = 'pgbouncer' AND pool = '$pool'");
}

sub await_pool
{
	my ($what, $condition, $pool) = @_;
	$pool =~ s/'/''/g;
	return await_query($node, $what,
		"SELECT $condition FROM arx_perf.pool_usage "
		  . "WHERE source = 'pgbouncer' AND pool = '$pool'");
}

# A session through the pooler that stays: psql with its standard input open.
# Returns when it has answered as expected; without an expectation, at once.
sub session
{
	my ($database, $user, $sql, $expected) = @_;
	my $session = { in => $sql . "\n", out => '', err => '' };
	$expected //= '';
	$session->{run} = IPC::Run::start(
		[ 'psql', '-XAtq', '-d', $bouncer->connection($database, $user) ],
		'<', \$session->{in}, '>', \$session->{out}, '2>', \$session->{err});
	$session->{run}->pump
	  until $session->{in} eq '' && $session->{out} =~ /^\Q$expected\E$/m;
	return $session;
}

sub end_session
{
	my ($session, $sql) = @_;
	$session->{in} = "$sql\n";
	$session->{run}->finish;
	return $session->{out};
}

# Load on one pool for some transactions, each 20 ms of service.
sub load
{
	my ($database, $user, $clients, $transactions) = @_;
	my $script = "$bouncer->{dir}/load.sql";
	append_to_file($script, "SELECT pg_sleep(0.02);\n") unless -e $script;
	my ($out, $err) = ('', '');
	return IPC::Run::run(
		[
			'pgbench', '-n', '-f', $script, '-c', $clients, '-t', $transactions,
			$bouncer->connection($database, $user)
		],
		'>', \$out, '2>', \$err) || diag($err);
}

sub totals
{
	my ($database) = @_;
	my ($row) = grep { $_->{database} eq $database } $bouncer->rows('SHOW STATS');
	return $row;
}

# --- appearance --------------------------------------------------------------

use_consoles('name=main ' . $bouncer->conninfo);
await_query(
	$node,
	'a console without pools is one row',
	q{SELECT state, pool IS NULL, error IS NULL, observed_at IS NOT NULL
	  FROM arx_perf.pool_usage WHERE pgbouncer = 'main'},
	'ok|t|t|t');
my ($version) = map { $_->{version} } $bouncer->rows('SHOW VERSION');
await_query(
	$node,
	'check() names its version',
	q{SELECT status, detail FROM arx_perf.check()
	  WHERE check_name = 'pgbouncer main'},
	"ok|$version answers");

# --- the rows are those of SHOW POOLS ----------------------------------------

my @holders = map { session('tight', 'anne', 'BEGIN; SELECT 1;', 1) } 1 .. 2;
my @waiters = map { session('tight', 'anne', 'SELECT 2;') } 1 .. 3;
my $idler = session('other', 'bob', 'SELECT 3;', 3);
my $odd = session($odd_name, 'anne', 'BEGIN; SELECT 4;', 4);
await_pool('clients that wait are seen', 'waiting = 3 AND active = 2',
	'tight/anne');
await_pool('a pool with a user of its own is seen',
	'clients = 1 AND idle = 1', 'other/forced');
await_pool('a name with quotes and bytes of UTF-8 is seen', 'active = 1',
	"$odd_name/anne");
for my $row (grep { $_->{database} ne 'pgbouncer' } $bouncer->rows('SHOW POOLS'))
{
	is( pool(
			'datname, username, pool_mode, clients, active, idle, waiting',
			"$row->{database}/$row->{user}"),
		join('|',
			@$row{qw(database user pool_mode)},
			$row->{cl_active} + $row->{cl_waiting},
			$row->{sv_active},
			$row->{sv_idle} + $row->{sv_used} + $row->{sv_tested},
			$row->{cl_waiting}),
		"pool $row->{database}/$row->{user} is as SHOW POOLS has it");
}
is( $node->safe_psql(
		'postgres', 'SELECT count(*) FROM arx_perf.pgbouncer_pools()'),
	3,
	'the console itself is no pool');
await_pool(
	'sizes are those of the configuration',
	'size = 2 AND connections_fraction = 5 / 200.0 AND role_limit_fraction IS NULL',
	'tight/anne');
await_pool('a database may have its own size', 'size = 5', 'other/forced');
await_pool('the longest wait grows', 'max_wait > 500', 'tight/anne');
end_session($_, 'COMMIT;') for @holders;
is(end_session($_, ''), "2\n", 'a client that waited is served') for @waiters;
end_session($odd, 'COMMIT;');
end_session($idler, '');

# A limit of the database binds all its pools together.
@holders = map { session('shared', $_, 'BEGIN; SELECT 1;', 1) } qw(anne bob bob);
await_query(
	$node,
	'a limit of the database leaves a pool what the others have not',
	q{SELECT string_agg(pool || ' ' || cap, ', ' ORDER BY pool)
	  FROM arx_perf.pool_recommendations WHERE pool LIKE 'shared/%'},
	'shared/anne 3, shared/bob 4');
end_session($_, 'COMMIT;') for @holders;

# --- waits -------------------------------------------------------------------

# Totals over exactly the load, asked by psql and by the gateway: the window is
# made anew by the restart.
$bouncer->restart;
await_query(
	$node,
	'a restart is counted',
	q{SELECT value >= 1 FROM arx_perf.health
	  WHERE component = 'pgbouncer' AND metric = 'restarts'});
ok(load('tight', 'anne', 1, 1), 'one transaction makes the pool known');
await_pool('the pool is back after a restart', q{state = 'ok'}, 'tight/anne');
await_pool('looks have begun', 'transactions_per_second IS NOT NULL',
	'tight/anne');
is( $node->safe_psql(
		'postgres',
		q{SELECT value FROM arx_perf.health
		  WHERE component = 'pgbouncer' AND metric = 'restarts'}),
	'1',
	'it is counted once');
my $from = totals('tight');
ok(load('tight', 'anne', 10, 60), 'load on a pool that is too small');
my $to = totals('tight');
my $count = $to->{total_xact_count} - $from->{total_xact_count};
my $mean = ($to->{total_wait_time} - $from->{total_wait_time}) / $count / 1000;
cmp_ok($count, '==', 600, 'PgBouncer counted the load');
cmp_ok($mean, '>', 0, 'and its waits');
await_pool("mean wait is that of PgBouncer's totals ($mean ms)",
	"abs(mean_wait / $mean - 1) < 0.02", 'tight/anne');
await_pool(
	'percentiles are estimated from enough samples, in order',
	'wait_samples >= 30 AND p50_wait <= p95_wait AND p95_wait <= p99_wait '
	  . 'AND p50_wait > mean_wait / 4',
	'tight/anne');
await_pool('the peak is the size of the pool', 'peak = 2', 'tight/anne');
# In session mode it is sessions that take a connection, however many
# transactions they have.
ok(load('whole', 'anne', 1, 250), 'one session of many transactions');
await_pool('its transactions are seen', 'transactions_per_second > 0',
	'whole/anne');
is( $node->safe_psql(
		'postgres',
		q{SELECT recommended IS NULL, coalesce(transactions, 0) < 10, reason ~ 'session'
		  FROM arx_perf.pool_recommendations WHERE pool = 'whole/anne'}),
	't|t|t',
	'advice is not drawn from transactions in session mode');

# --- a change of the configuration -------------------------------------------

$bouncer->set(default_pool_size => 7);
$node->reload;
await_pool('another pool size is seen after RELOAD',
	'size = 7 AND peak IS NOT NULL', 'tight/anne');
ok(load('tight', 'anne', 1, 20), 'load on a pool that is large enough');
await_pool(
	'mean and percentiles of waits are of the same time, since the change',
	'mean_wait < 1 AND wait_samples = 0 AND p95_wait IS NULL', 'tight/anne');
is( $node->safe_psql(
		'postgres',
		q{SELECT verdict = 'shrink' FROM arx_perf.pool_recommendations
		  WHERE pool IN ('tight/anne', 'other/forced') AND verdict = 'shrink'}),
	'',
	'no pool is made smaller for the quiet of a moment');

# --- absence -----------------------------------------------------------------

$bouncer->stop;
await_query(
	$node,
	'a stop is told',
	q{SELECT error <> '' AND observed_at < clock_timestamp()
	  FROM arx_perf.pool_usage
	  WHERE pool IS NULL AND pgbouncer = 'main' AND state = 'unreachable'});
is(pool('state, observed_at IS NOT NULL', 'tight/anne'),
	'stale|t', 'old pools are not shown as if fresh');
await_query(
	$node,
	'check() says so, and what to do',
	q{SELECT status, detail LIKE 'unreachable: %', hint LIKE 'Is this PgBouncer%'
	  FROM arx_perf.check() WHERE check_name = 'pgbouncer main'},
	'error|t|t');
$bouncer->start;
$node->reload;
await_query($node, 'a start is seen',
	q{SELECT status FROM arx_perf.check() WHERE check_name = 'pgbouncer main'},
	'ok');

# --- the list ----------------------------------------------------------------

my $second = ArxBouncer->new($node);
$second->start;
use_consoles('name=main ' . $bouncer->conninfo, $second->conninfo('boss'));
await_query(
	$node,
	'a console is added by a reload, named by its address',
	"SELECT count(*) FROM arx_perf.check() WHERE status = 'ok' AND check_name "
	  . "IN ('pgbouncer main', 'pgbouncer $second->{dir}:6432')",
	'2');
use_consoles($second->conninfo);
await_query(
	$node,
	'a console is removed by a reload',
	q{SELECT string_agg(DISTINCT pgbouncer, ',')
	  FROM arx_perf.pool_usage},
	"$second->{dir}:6432");
use_consoles();
await_query($node, 'no console, no rows',
	q{SELECT count(*) FROM arx_perf.pool_usage WHERE source = 'pgbouncer'},
	'0');
$second->stop;
$bouncer->stop;
$node->stop;

done_testing();
