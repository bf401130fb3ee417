#
# 125_rejected.pl
#	  Connections that are refused are counted by whom and why, also when
#	  there are very many, and when their names are made up.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use ArxPerf qw(new_node await_query);
use ArxLoad qw(value row);

my $max_connections = 10;
my $node = new_node(
	'rejected',
	autovacuum => 'off',
	max_connections => $max_connections,
	superuser_reserved_connections => 2,
	max_wal_senders => 0,
	password_encryption => "'scram-sha-256'");
$node->safe_psql(
	'postgres', q{
	CREATE ROLE one LOGIN CONNECTION LIMIT 1;
	CREATE ROLE two LOGIN;
	CREATE ROLE secret LOGIN PASSWORD 'right';
	CREATE ROLE nologin NOLOGIN;
	CREATE DATABASE small CONNECTION LIMIT 1;
	CREATE DATABASE closed ALLOW_CONNECTIONS false;
	CREATE DATABASE private;
	REVOKE CONNECT ON DATABASE private FROM PUBLIC});
unlink $node->data_dir . '/pg_hba.conf';
$node->append_conf('pg_hba.conf', <<'EOT');
local all secret scram-sha-256
local all outside reject
local all all trust
EOT
$node->reload;

# connect_as($user, $database, %env): tries; true when it came in.
sub connect_as
{
	my ($user, $database, %env) = @_;
	local %ENV = (%ENV, PGPASSWORD => 'wrong', %env);
	my ($out, $err);
	return IPC::Run::run(
		[
			'psql', '-XAtq', '-c', 'SELECT 1', '-d',
			$node->connstr($database) . " user='$user'"
		],
		'>', \$out, '2>', \$err);
}

sub hold
{
	my ($user, $database) = @_;
	my $session = $node->background_psql($database,
		extra_params => [ '-U', $user ]);
	return $session;
}

# refused($what, $user, $database, $sqlstate, $reason, $times)
sub refused
{
	my ($what, $user, $database, $sqlstate, $reason, $times) = @_;
	for (1 .. $times)
	{
		connect_as($user, $database) and fail("$what: came in");
	}
	return await_query(
		$node,
		"$what: $reason",
		"SELECT sqlstate, reason, count, last_time <= now()
		 FROM arx_perf.connection_rejections
		 WHERE datname = '$database' AND username = '$user'
			AND reason = '$reason'",
		"$sqlstate|$reason|$times|t");
}

is(value($node, 'SELECT count(*) FROM arx_perf.connection_rejections'),
	0, 'at first nobody was refused');

# --- limits --------------------------------------------------------------------

{
	my $held = hold('one', 'postgres');
	refused('the limit of a role', 'one', 'postgres', '53300',
		'role connection limit', 2);
	await_query(
		$node,
		'pool_usage shows it as used up, and who was refused',
		q{SELECT role_limit_fraction, database_limit_fraction, rejected
		  FROM arx_perf.pool_usage WHERE username = 'one'
		  AND size = 1},
		'1||2');
	$held->quit;
}
{
	my $held = hold('two', 'small');
	refused('the limit of a database', 'two', 'small', '53300',
		'database connection limit', 3);
	await_query(
		$node,
		'pool_usage shows it as used up',
		q{SELECT role_limit_fraction, database_limit_fraction, rejected
		  FROM arx_perf.pool_usage WHERE datname = 'small' AND size = 1},
		'|1|3');
	$held->quit;
}
await_query($node, 'both connections are given back',
	q{SELECT count(*) = 0 FROM pg_stat_activity WHERE usename IN ('one', 'two')});
{
	my @held = map { hold('two', 'postgres') } 1 .. $max_connections - 2;

	refused('what superusers have reserved', 'two', 'postgres', '53300',
		'remaining connections are reserved', 2);
	await_query(
		$node,
		'check() warns when nearly all connections are in use',
		q{SELECT status, detail FROM arx_perf.check()
		  WHERE check_name = 'connections'},
		'warning|9 of 10 connections are in use');
	my $user = value($node, 'SELECT current_user');
	my @more = map { hold($user, 'postgres') } 1 .. 2;
	connect_as('two', 'postgres') and fail('came in');
	connect_as($user, 'postgres') and fail('came in');
	$_->quit for @more;
	await_query(
		$node,
		'max_connections used up: too many connections, whoever comes',
		q{SELECT sqlstate, sum(count), count(*)
		  FROM arx_perf.connection_rejections
		  WHERE reason = 'too many connections' AND datname = 'postgres'
		  GROUP BY sqlstate},
		'53300|2|2');
	$_->quit for @held;
}

# --- other reasons --------------------------------------------------------------

refused('a wrong password', 'secret', 'postgres', '28P01',
	'authentication failed', 2);
ok(connect_as('secret', 'postgres', PGPASSWORD => 'right'),
	'the right one comes in');
refused('a wrong database', 'two', 'nowhere', '3D000', 'no such database', 2);
refused('a wrong role', 'nobody', 'postgres', '28000', 'no such role', 1);
refused('no right to log in', 'nologin', 'postgres', '28000',
	'role may not log in', 1);
refused('pg_hba.conf', 'outside', 'postgres', '28000',
	'not allowed by pg_hba.conf', 1);
refused('a closed database', 'two', 'closed', '55000',
	'database accepts no connections', 1);
refused('no CONNECT privilege', 'two', 'private', '42501',
	'no CONNECT privilege', 1);
is( value(
		$node, q{SELECT sum(count) - (SELECT value FROM arx_perf.health
			WHERE component = 'pools' AND metric = 'rejections')
		FROM arx_perf.connection_rejections}),
	0,
	'health counts them all');
is( value($node, q{SELECT coalesce(sum(sessions), 0) FROM arx_perf.pool_usage
		WHERE username IN ('nobody', 'nologin', 'outside')
			OR datname IN ('nowhere', 'closed', 'private')}),
	0,
	'and none of them was a session');

# --- many ------------------------------------------------------------------------

my $before = value($node,
	'SELECT sum(count) FROM arx_perf.connection_rejections');
my ($names, $rounds, $width) = (100, 10, 10);
for my $round (1 .. $rounds)
{
	my @clients;
	for my $i (1 .. $width)
	{
		my $name = ($round - 1) * $width + $i;
		my ($out, $err);
		push @clients,
		  IPC::Run::start(
			[
				'psql', '-XAtq', '-c', 'SELECT 1', '-d',
				$node->connstr('postgres') . " user='made up $name'"
			],
			'>', \$out, '2>', \$err);
	}
	$_->finish for @clients;
}
await_query(
	$node,
	'with more names than there are rows every one is still counted',
	"SELECT sum(count) - $before FROM arx_perf.connection_rejections",
	$names);
await_query(
	$node,
	'those without a row by their reason, or by the server being full',
	q{SELECT bool_and(username IS NULL) AND sum(count) > 0
	  FROM arx_perf.connection_rejections
	  WHERE datname IS NULL AND reason IN ('no such role',
		'too many connections')});
cmp_ok(
	value($node, 'SELECT count(*) FROM arx_perf.connection_rejections()'),
	'<=', 64 + 18, 'and rows are bounded');
ok(connect_as('two', 'postgres'), 'whoever may comes in');

$node->stop;
done_testing();
