#
# 065_load_orders.pl
#	  Whatever is loaded beside us, in whatever order: both count the same.

use strict;
use warnings FATAL => 'all';

use ArxPerf qw(new_node pg_major);
use ArxLoad qw(account_ok value);
use PostgreSQL::Test::Utils;
use Test::More;

my $workload = q{
CREATE TABLE t (a int);
INSERT INTO t SELECT generate_series(1, 100);
ALTER TABLE t ADD b text;
CREATE INDEX t_a ON t (a);
SELECT count(*) FROM t WHERE a < 10;
SELECT count(*) FROM t WHERE a < 20;
BEGIN;
UPDATE t SET b = 'x' WHERE a = 1;
SAVEPOINT s;
ROLLBACK TO s;
COMMIT;
PREPARE p(int) AS SELECT a FROM t WHERE a = $1;
EXECUTE p(1);
EXECUTE p(2);
DEALLOCATE p;
DO $$ BEGIN PERFORM 1 FROM t; CREATE TABLE u (a int); DROP TABLE u; END $$;
SET work_mem = '1MB';
RESET work_mem;
VACUUM t;
SELECT 1 / (a - a) FROM t;
DROP TABLE not_there;
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) SELECT count(*) FROM t;
CREATE TABLE v AS SELECT a FROM t;
DROP TABLE t, v;
};

# Settings of each library, and the extension to create for it.
my %setting_of = (
	pg_stat_statements => [ 'pg_stat_statements.track' => 'all' ],
	auto_explain => [
		'auto_explain.log_min_duration' => 0,
		'auto_explain.log_analyze' => 'on',
		'auto_explain.log_nested_statements' => 'on'
	],
	pg_stat_kcache => [ 'pg_stat_kcache.track' => "'all'" ],
	pg_wait_sampling => [ 'pg_wait_sampling.profile_queries' => 'on' ],);

# All orders of a list.
sub orders
{
	my @list = @_;
	return [] unless @list;
	return map {
		my $first = $_;
		map { [ $first, @$_ ] } orders(grep { $_ ne $first } @list);
	} @list;
}

sub position
{
	my ($name, $order) = @_;
	my ($at) = grep { $order->[$_] eq $name } 0 .. $#$order;
	return $at;
}

# pg_stat_kcache asks to be loaded after pg_stat_statements.
sub is_allowed
{
	my ($order) = @_;
	my $kcache = position('pg_stat_kcache', $order);
	return 1 unless defined $kcache;
	return $kcache > position('pg_stat_statements', $order);
}

sub run_in_order
{
	my ($node, @order) = @_;
	my $what = join ' ', map { s/^pg_//r } @order;
	my $libraries = join ', ', @order;

	$node->adjust_conf('postgresql.conf', 'shared_preload_libraries',
		"'$libraries'");
	$node->restart;
	my $log_start = -s $node->logfile;
	$node->safe_psql('postgres',
		'SELECT pg_stat_statements_reset(), arx_perf.reset()');
	$node->psql('postgres', $workload, on_error_stop => 0);

	my $joined = q{FROM pg_stat_statements peer
		FULL JOIN arx_perf.statements own
			USING (userid, dbid, toplevel, queryid)
		WHERE coalesce(peer.query, own.query) !~
			'pg_stat_statements|arx_perf|^EXPLAIN'};
	is( $node->safe_psql(
			'postgres', qq{
			SELECT toplevel, peer.calls, own.calls, peer.query, own.query
			$joined AND coalesce(peer.calls, 0) <> coalesce(own.calls, 0)}),
		'',
		"$what: the same calls");
	is( $node->safe_psql(
			'postgres', qq{
			SELECT toplevel, peer.rows, own.rows, peer.query $joined
			AND peer.calls > 0 AND peer.rows IS DISTINCT FROM own.rows}),
		'',
		"$what: the same rows");
	is( value(
			$node, q{
			SELECT string_agg(split_part(query, ' ', 1) || ' ' || calls, ', '
				ORDER BY query COLLATE "C") FROM arx_perf.statements
			WHERE toplevel AND query ~
				'^(ALTER|BEGIN|COMMIT|DO|DROP|EXPLAIN|ROLLBACK|SAVEPOINT|VACUUM)'
			AND calls > 0}),
		'ALTER 1, BEGIN 1, COMMIT 1, DO 1, DROP 1, EXPLAIN 1, '
		  . 'ROLLBACK 1, SAVEPOINT 1, VACUUM 1',
		"$what: utilities are counted");
	is( value(
			$node, q{
			SELECT string_agg(sqlstate || ' ' || split_part(query, ' ', 1), ', '
				ORDER BY sqlstate)
			FROM arx_perf.statement_errors WHERE query !~ 'arx_perf'}),
		'22012 SELECT, 42P01 DROP',
		"$what: errors are counted with their statements");
	account_ok($node, $what);
	unlike(
		PostgreSQL::Test::Utils::slurp_file($node->logfile, $log_start),
		qr/terminated by signal|PANIC/,
		"$what: no crash");
	return;
}

# These are packages of their own; a library without one is left out.
sub is_there
{
	my ($node, $library) = @_;
	my $folder = $node->config_data('--pkglibdir');
	return -e "$folder/$library.so";
}

my $node = new_node(
	'orders',
	'arx_perf.track' => 'all',
	shared_preload_libraries => "'pg_stat_statements, arx_perf'",
	map { @$_ } @setting_of{qw(pg_stat_statements auto_explain)});
$node->safe_psql('postgres', 'CREATE EXTENSION pg_stat_statements');

run_in_order($node, @$_)
  for orders(qw(arx_perf pg_stat_statements auto_explain));

SKIP:
{
	my @others = grep { is_there($node, $_) } qw(pg_stat_kcache pg_wait_sampling);
	skip 'neither pg_stat_kcache nor pg_wait_sampling is installed', 1
	  unless @others;
	for my $library (@others)
	{
		my %settings = @{ $setting_of{$library} };
		$node->append_conf('postgresql.conf', "$_ = $settings{$_}")
		  for sort keys %settings;
	}
	run_in_order($node, @$_)
	  for grep { is_allowed($_) }
	  orders(qw(arx_perf pg_stat_statements), @others);
}
$node->stop;
done_testing();
