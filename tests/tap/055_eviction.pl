#
# 055_eviction.pl
#	  Statements, texts and histograms beyond the limits: bounded and counted.

use strict;
use warnings FATAL => 'all';

use ArxPerf qw(await await_query new_node);
use ArxLoad qw(account account_ok distinct_select health_value row run_pgbench
  start_pgbench still_runs stop_process value write_script);
use PostgreSQL::Test::Utils;
use Test::More;

my $shapes = 0;

# $n statements never seen before.
sub new_statements
{
	my ($n) = @_;
	return join ";\n", map { distinct_select($shapes++) } 1 .. $n;
}

sub churn_beyond_the_limit
{
	my $node = new_node('churn', 'arx_perf.max_statements' => 100);
	my $steady = write_script('steady.pgbench',
		"SELECT count(*) AS steady FROM generate_series(1, 10);\n"
		  . "SELECT must(statements <= 100, 'too many') FROM arx_perf.statements_info;\n"
		  . "SELECT must(count(*) <= 100, 'too many rows') FROM arx_perf.statements;\n"
	);
	$node->safe_psql(
		'postgres', q{
		CREATE FUNCTION must(holds boolean, what text) RETURNS boolean AS $$
		BEGIN
			IF NOT holds THEN
				RAISE EXCEPTION 'limit broken: %', what;
			END IF;
			RETURN true;
		END $$ LANGUAGE plpgsql});
	my $before = account_ok($node, 'before the churn');
	my $reader = start_pgbench($node, '-n', '-T', '600', '-f', $steady);
	$node->poll_query_until('postgres',
		q{SELECT count(*) > 0 FROM arx_perf.statements WHERE query LIKE '%steady%'});
	my $since = value($node,
		q{SELECT stats_since FROM arx_perf.statements WHERE query LIKE '%steady%'});

	my $passes = 0;
	await(
		'three passes make room',
		sub {
			$node->safe_psql('postgres', new_statements(500));
			$passes =
			  value($node, 'SELECT evictions FROM arx_perf.statements_info');
			return $passes >= 3 && $shapes >= 2000;
		});
	ok(still_runs($reader), 'no reader saw more statements than the limit');
	is( value(
			$node,
			q{SELECT stats_since FROM arx_perf.statements WHERE query LIKE '%steady%'}
		),
		$since,
		'a statement in steady use was never evicted');
	stop_process($node, $reader);

	my $after = account_ok($node, 'after the churn');
	my ($statements, $max, $dealloc) = row($node,
		'SELECT statements, statements_max, dealloc FROM arx_perf.statements_info'
	);
	is($max, 100, 'the limit is as set');
	cmp_ok($statements, '<=', $max, 'not more statements than the limit');
	cmp_ok($dealloc, '>=', 5, 'statements evicted are counted');
	is(health_value($node, 'evicted'), $dealloc, 'health tells the same');
	cmp_ok($after->{dropped}, '>', $before->{dropped},
		'executions that found no entry are counted as dropped');
	cmp_ok($after->{executions} - $before->{executions},
		'>=', $shapes, 'and belong to the executions');
	cmp_ok(health_value($node, 'texts'), '<=', 100, 'not more texts than statements');
	is( value(
			$node,
			q{SELECT status FROM arx_perf.check() WHERE check_name = 'statement limit'}
		),
		'warning',
		'check() tells that statements were not recorded');
	nothing_kept($node, 'after a reset');
	$node->stop;
	return;
}

# What evicted statements held has come back: a few statements hold little.
sub nothing_kept
{
	my ($node, $what) = @_;
	$node->safe_psql('postgres', 'SELECT arx_perf.reset()');
	my ($entries, $texts, $bytes, $chunks) = row(
		$node, q{
		SELECT string_agg(value::text, '|' ORDER BY array_position(
			'{entries,texts,text_bytes,histogram_chunks}', metric))
		FROM arx_perf.health
		WHERE metric IN
			('entries', 'texts', 'text_bytes', 'histogram_chunks')});
	cmp_ok($entries, '<=', 2, "$what: the table is empty but for its readers");
	cmp_ok($texts, '<=', $entries, "$what: no text of others is kept");
	cmp_ok($bytes, '<=', 2000, "$what: nor its bytes");
	cmp_ok($chunks, '<=', 2, "$what: nor their histograms");
	return;
}

# Statements of about 12 kB, so that 1 MB holds some eighty of their texts.
sub long_statements
{
	my ($from, $to) = @_;
	my $filler = 'a' x 12_000;
	return join ";\n",
	  map { distinct_select($_) . " AS /* $filler */ long_$_" }
	  $from .. $to;
}

sub text_memory_runs_out
{
	my $node = new_node(
		'texts',
		'arx_perf.max_statements' => 500,
		'arx_perf.query_text_memory' => "'1MB'");
	my $is_long = q{query LIKE '%long\_%'};
	my $max = health_value($node, 'text_bytes_max');

	is($max, 1024 * 1024, 'the text memory is as set');
	$node->safe_psql('postgres', long_statements(1, 200));
	my ($calls, $with, $without) = row($node,
		"SELECT sum(calls), count(query), count(*) - count(query)"
		  . ' FROM arx_perf.statements WHERE calls > 0');
	cmp_ok($calls, '>=', 200, 'without room for texts all calls are counted');
	cmp_ok($without, '>', 50, 'texts that found no room are NULL');
	cmp_ok($with, '>', 50, 'the others are there');
	cmp_ok(health_value($node, 'text_bytes'),
		'<=', $max, 'texts take no more than their memory');
	cmp_ok(health_value($node, 'texts_refused'),
		'>', 0, 'refused texts are counted');
	is( value(
			$node,
			q{SELECT status FROM arx_perf.check() WHERE check_name = 'statement texts'}
		),
		'warning',
		'check() tells that the text memory is full');
	is( value($node, 'SELECT count(*) FROM arx_perf.statements WHERE query IS NULL'
			  . ' AND p50_exec_time IS NULL AND calls > 0'),
		0,
		'statements without a text have their times');

	my $ran_again = 'SELECT count(*) FROM arx_perf.statements WHERE calls = 2';
	cmp_ok(value($node, 'SELECT count(*) FROM arx_perf.statements'),
		'<', 300, 'there are entries left');
	$node->safe_psql('postgres',
		"SELECT arx_perf.reset(queryid => queryid) FROM arx_perf.statements WHERE $is_long"
	);
	$node->safe_psql('postgres', long_statements(150, 200));
	is(value($node, $ran_again),
		51, 'statements without a text go on counting');
	is(value($node, "$ran_again AND $is_long"),
		51, 'and their texts come back when there is room');
	nothing_kept($node, 'after a reset of texts');
	$node->safe_psql('postgres', long_statements(201, 240));
	is( value($node, "SELECT count(*) FROM arx_perf.statements WHERE $is_long"),
		40,
		'after a reset there is room for texts');
	$node->stop;
	return;
}

# 85 statements, each of times from a few microseconds to a quarter of a second
# and more in each round, which is beyond their share of the pool of chunks.
# Client n of pgbench runs two of them.
sub spread_out
{
	my ($round) = @_;
	my @sleeps = map { 2**($_ / 2) * (1 + $round / 4) } 2 .. 16;
	my @counts = map { int(2**($_ / 2) * (1 + $round / 4)) } 0, 16 .. 28;
	my $script = '';

	for my $shape (0 .. 84)
	{
		my $client = $shape % 43;
		my $select = distinct_select($shape);
		$script .= "\\if :client_id = $client\n";
		$script .= sprintf "$select, pg_sleep(%.3f),"
		  . " (SELECT count(*) FROM generate_series(1, %d));\n", @$_
		  for (map { [ $_ / 1000, 1 ] } @sleeps), (map { [ 0, $_ ] } @counts);
		$script .= "\\endif\n";
	}
	return $script;
}

sub histogram_pool_runs_out
{
	my $node = new_node('pool', 'arx_perf.max_statements' => 100);
	my $max = health_value($node, 'histogram_chunks_max');
	my $round = 0;

	await(
		'the pool of histogram chunks can be exhausted',
		sub {
			my $script = write_script("spread$round.pgbench", spread_out($round));
			run_pgbench($node, "round $round", qw(-n -c 43 -t 1 -f), $script);
			$round++;
			return health_value($node, 'histogram_lost') > 0 || $round > 6;
		});
	my ($lost, $missing) = row(
		$node, q{
		SELECT histogram_lost, missing FROM arx_perf.statements_info,
			(SELECT sum(calls - arx_perf.count(exec_time_histogram)) AS missing
			 FROM arx_perf.statements) s});
	cmp_ok($lost, '>', 0, 'calls that found no chunk are counted');
	is($missing, $lost, 'they are what the histograms lack');
	is(health_value($node, 'histogram_chunks'), $max, 'all chunks are in use');
	is( value(
			$node,
			q{SELECT status FROM arx_perf.health WHERE metric = 'histogram_lost'}
		),
		'warning',
		'health warns of it');
	account_ok($node, 'with no chunk left');
	nothing_kept($node, 'after a reset of histograms');
	$node->safe_psql('postgres', join ";\n",
		map { distinct_select($_) } 0 .. 84);
	is( value(
			$node,
			q{SELECT count(*) FROM arx_perf.statements
			WHERE arx_perf.count(exec_time_histogram) <> calls}
		),
		0,
		'after a reset there are chunks for each statement');
	$node->stop;
	return;
}

churn_beyond_the_limit();
text_memory_runs_out();
histogram_pool_runs_out();
done_testing();
