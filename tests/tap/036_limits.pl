#
# 036_limits.pl
#	  Both ends of arx_perf.max_statements, and how much memory that takes.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use ArxPerf qw(new_node);
use ArxDurable qw(make_shop use_shop picture same_picture account_holds);

# A segment begins at a cache line, and so takes whole ones.  What segments do
# not show are the locks: a cache line each.
my $line = 128;
my $locks;

sub memory_is_told
{
	my ($node, $when) = @_;
	my ($told, $segments, $connections) = split /\|/,
	  $node->safe_psql(
		'postgres', qq{
		SELECT (SELECT value::bigint FROM arx_perf.health
				WHERE metric = 'shared_memory_bytes'),
			(SELECT sum((size + $line - 1) / $line * $line)
				FROM pg_shmem_allocations WHERE name LIKE 'arx_perf%'),
			current_setting('max_connections')});
	my $rest = ($told - $segments) / $line;
	my $good =
	  ok( $rest == int($rest)
		  && $rest > $connections
		  && $rest < $connections + 200,
		"$when: health tells the bytes of all segments and locks");
	diag("told $told, segments $segments") unless $good;
	$locks //= $rest;
	is($rest, $locks, "$when: the number of locks is the same");
	return $told;
}

sub set_limit
{
	my ($node, $limit) = @_;
	is($node->safe_psql('postgres', 'SHOW arx_perf.max_statements'),
		$limit, "max_statements = $limit: the server runs");
	return memory_is_told($node, "max_statements = $limit");
}

# --- as installed ----------------------------------------------------------

my $node = new_node('defaults');
my $bytes = set_limit($node, 5000);
cmp_ok($bytes, '<=', 48 * 1024 * 1024,
	'at default settings it is at most 48 MB');
$node->stop;

# --- the least -------------------------------------------------------------

$node = new_node(
	'least',
	autovacuum => 'off',
	'arx_perf.max_statements' => 100);
cmp_ok(set_limit($node, 100), '<', $bytes,
	'fewer statements take less memory');
my $sql = join '', map { 'SELECT ' . join(', ', (1) x $_) . ";\n" } 1 .. 150;
$node->safe_psql('postgres', $sql);
is( $node->safe_psql(
		'postgres', q{SELECT statements <= 100 AND statements > 50
		FROM arx_perf.statements_info}),
	't',
	'more statements than fit: the limit holds');
is( $node->safe_psql(
		'postgres', q{SELECT dealloc + dropped > 0 AND
			executions = recorded + dropped FROM arx_perf.statements_info}),
	't',
	'more statements than fit: each is recorded, evicted or dropped');
is($node->safe_psql('postgres', 'SHOW arx_perf.max_statements'),
	100, 'the server goes on');
$node->restart;
is( $node->safe_psql(
		'postgres', q{SELECT statements <= 100 AND statements > 50 AND
			executions = recorded + dropped FROM arx_perf.statements_info}),
	't',
	'more statements than fit: a restart keeps what there was');

# A file of more statements than there is room for.
$node->stop;
my $large = new_node(
	'large',
	autovacuum => 'off',
	'arx_perf.max_statements' => 2000);
$large->safe_psql('postgres', $sql);
my $many = $large->safe_psql('postgres',
	'SELECT statements FROM arx_perf.statements_info');
cmp_ok($many, '>', 150, 'there is a server with more statements');
$large->stop;
$large->append_conf('postgresql.conf', 'arx_perf.max_statements = 100');
$large->start;
is( $large->safe_psql(
		'postgres', q{SELECT statements <= 100 AND statements > 50
		FROM arx_perf.statements_info}),
	't',
	'a smaller limit: the server starts with as many as fit');
is( $large->safe_psql(
		'postgres',
		'SELECT executions = recorded + dropped FROM arx_perf.statements_info'
	),
	't',
	'a smaller limit: the account holds');
$large->stop;

# --- the most --------------------------------------------------------------

my ($available) =
  slurp_file('/proc/meminfo') =~ /^MemAvailable:\s+(\d+) kB$/m;
SKIP:
{
	skip 'a million statements take 3.5 GB of memory', 1
	  if $available < 6 * 1024 * 1024;
	$node = new_node(
		'most',
		autovacuum => 'off',
		'arx_perf.max_statements' => 1000000);
	cmp_ok(set_limit($node, 1000000), '>', $bytes,
		'more statements take more memory');
	make_shop($node);
	use_shop($node, 2);
	my $picture = picture($node);
	account_holds($node, 'a million statements');
	$node->restart;
	same_picture($node, $picture,
		'a million statements: a restart loses nothing');
	$node->stop;
}

done_testing();
