#
# 023_never_run.pl
#	  Statements that were analysed and never run do not fill the table for good.

use strict;
use warnings FATAL => 'all';

use Test::More;
use ArxPerf qw(new_node await_query);

my $limit = 100;
my $node = new_node(
	'never_run',
	'arx_perf.max_statements' => $limit,
	'arx_perf.collector_interval' => "'10ms'");

# More of them than fit, none executed, and a restart that could keep them.
# Each has one more column, so each is a statement of its own.
my @prepared =
  map { "PREPARE p$_ AS SELECT " . join(', ', (1) x $_) } 1 .. $limit + 10;
$node->safe_psql('postgres', join(";\n", @prepared));
$node->restart;

is( $node->safe_psql(
		'postgres', 'SELECT statements < 20 FROM arx_perf.statements_info'),
	't', 'after a restart they take no room');

# Fill the table again in the same way, and then come with new statements.
$node->safe_psql('postgres', join(";\n", @prepared));
await_query(
		$node, 'a statement that runs takes the place of one that never did',
		q{
		SELECT calls > 0 FROM (SELECT 1 AS newcomer) n,
			LATERAL (SELECT coalesce(sum(calls), 0) AS calls
				FROM arx_perf.statements WHERE query ~ 'newcomer') s});

$node->stop;
done_testing();
