#
# 010_preload.pl
#	  Without shared_preload_libraries there is one clear error and a doctor;
#	  with it twice, or with half of what it needs, the server serves.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use ArxPerf qw(new_node sql_error await_query);
use ArxDurable qw(children);

sub check_of
{
	my ($node, $name) = @_;
	return $node->safe_psql('postgres',
			"SELECT status, detail, hint FROM arx_perf.check() "
		  . "WHERE check_name = '$name'");
}

# --- not preloaded ---------------------------------------------------------

my $node = new_node('bare', shared_preload_libraries => undef);
ok(1, 'the extension can be created without preloading');

is( $node->safe_psql(
		'postgres',
		q{SELECT round(arx_perf.quantile(arx_perf.histogram_agg(v), 0.5))
		  FROM generate_series(1, 101) v}),
	51,
	'type histogram works without preloading');

my @relations = split /\n/,
  $node->safe_psql(
	'postgres', q{
	SELECT c.relname FROM pg_class c
	WHERE c.relnamespace = 'arx_perf'::regnamespace AND c.relkind = 'v'
	ORDER BY 1});
ok(@relations >= 5, 'there are views to try');

# Every function but those that work on their arguments alone (IMMUTABLE) and
# the doctor's own.
my @calls = split /\n/,
  $node->safe_psql(
	'postgres', q{
	SELECT format('%I(%s)', p.proname, (SELECT string_agg('NULL::' ||
		format_type(t, NULL), ', ' ORDER BY n)
		FROM unnest(p.proargtypes) WITH ORDINALITY AS a(t, n)
		WHERE n <= p.pronargs - p.pronargdefaults))
	FROM pg_proc p
	WHERE p.pronamespace = 'arx_perf'::regnamespace AND p.provolatile = 'v'
		AND p.prokind = 'f' AND p.proname NOT LIKE 'check%'
	ORDER BY 1});
ok(@calls >= 5, 'there are functions to try');

for my $what (@relations, @calls)
{
	my ($state, $message) =
	  sql_error($node, "SELECT * FROM arx_perf.$what");
	is($state, '55000', "not preloaded: $what fails");
	like(
		$message,
		qr/^arx_perf is not loaded at server start\n.*HINT:  Add "arx_perf" to shared_preload_libraries and restart/s,
		"not preloaded: $what says why and what to do");
}

is( check_of($node, 'preload'),
	'error|the library is not in shared_preload_libraries|'
	  . 'Add "arx_perf" to shared_preload_libraries and restart the server.',
	'not preloaded: check() says what to do');
like(check_of($node, 'version'),
	qr/^ok\|/, 'not preloaded: check() compares versions all the same');

is( $node->safe_psql(
		'postgres',
		"LOAD 'arx_perf'; CREATE TABLE t AS SELECT 1 AS a; SELECT a FROM t"),
	1,
	'LOAD in a session does no harm');
is(scalar sql_error($node, "LOAD 'arx_perf'; SELECT * FROM arx_perf.health"),
	'55000', 'LOAD in a session is no preloading');

$node->append_conf('postgresql.conf',
	"session_preload_libraries = 'arx_perf'");
$node->reload;
await_query($node, 'session_preload_libraries does no harm',
	q{SELECT current_setting('session_preload_libraries')}, 'arx_perf');
$node->stop;

# --- named twice, loaded again ---------------------------------------------

$node = new_node('twice',
	shared_preload_libraries => q{'arx_perf, $libdir/arx_perf, arx_perf'});
$node->safe_psql('postgres',
	"LOAD 'arx_perf'; CREATE TABLE t AS SELECT 1; SELECT arx_perf.reset()");
$node->safe_psql('postgres', 'SELECT count(*) FROM t') for 1 .. 3;
is( $node->safe_psql(
		'postgres', q{SELECT calls FROM arx_perf.statements
		WHERE query = 'SELECT count(*) FROM t'}),
	3,
	'named twice: each execution is counted once');
is( $node->safe_psql(
		'postgres',
		q{SELECT string_agg(check_name, ',') FROM arx_perf.check()
		WHERE status <> 'ok'}),
	'',
	'named twice: check() finds nothing wrong');
is(scalar children($node, 'arx_perf collector'),
	1, 'named twice: there is one collector');
is(scalar children($node, 'arx_perf keeper'),
	1, 'named twice: there is one keeper');

# --- no query identifiers --------------------------------------------------

my $before = $node->safe_psql('postgres',
	'SELECT executions FROM arx_perf.statements_info');
$node->append_conf('postgresql.conf', 'compute_query_id = off');
$node->reload;
await_query(
	$node,
	'compute_query_id = off: check() says so',
	q{SELECT status || ' ' || detail || ' ' || hint FROM arx_perf.check()
	  WHERE check_name = 'compute_query_id'},
	'error compute_query_id is off: no statement is counted '
	  . 'Set compute_query_id to auto and reload the configuration.');
$before = $node->safe_psql('postgres',
	'SELECT executions FROM arx_perf.statements_info');
is( $node->safe_psql(
		'postgres', 'SELECT executions FROM arx_perf.statements_info'),
	$before,
	'compute_query_id = off: views answer, and nothing is counted');
$node->append_conf('postgresql.conf', 'compute_query_id = on');
$node->reload;
await_query($node, 'compute_query_id = on is good as well',
	q{SELECT status FROM arx_perf.check()
	  WHERE check_name = 'compute_query_id'}, 'ok');
$node->stop;

# --- no background worker to be had ----------------------------------------

$node = new_node('no_workers', max_worker_processes => 0);
ok(1, 'max_worker_processes = 0: the server starts');
for my $worker (qw(collector keeper))
{
	like(
		check_of($node, "worker $worker"),
		qr/^error\|not running\|Raise max_worker_processes and restart the server/,
		"max_worker_processes = 0: check() tells that the $worker is missing");
}
$node->safe_psql('postgres', 'CREATE TABLE t (a int)');
$node->safe_psql('postgres', 'SELECT count(*) FROM t') for 1 .. 100;
is( $node->safe_psql(
		'postgres', q{SELECT calls FROM arx_perf.statements
		WHERE query = 'SELECT count(*) FROM t'}),
	100,
	'max_worker_processes = 0: whoever reads sees every execution');
$node->restart;
is( $node->safe_psql(
		'postgres', q{SELECT calls FROM arx_perf.statements
		WHERE query = 'SELECT count(*) FROM t'}),
	100,
	'max_worker_processes = 0: a clean restart loses nothing');
$node->stop;

done_testing();
