#
# 080_bad_input.pl
#	  Texts and sessions beyond what is usual: the server answers as without
#	  us, what ran is counted, and no literal shows.

use strict;
use warnings FATAL => 'all';

use ArxPerf qw(await new_node pg_major sql_error);
use ArxLoad qw(account_ok distinct_select row value write_script);
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node(
	'bad',
	'arx_perf.track' => 'all',
	'arx_perf.max_statements' => 10000,
	max_stack_depth => "'7MB'",
	log_statement => 'none',
	log_min_error_statement => 'panic');
my $major = pg_major($node);

sub reset_all
{
	$node->safe_psql('postgres', 'SELECT arx_perf.reset()');
	return;
}

# Calls, errors and length of the texts of statements like this.
sub stored
{
	my ($like) = @_;
	return $node->safe_psql(
		'postgres', qq{
		SELECT calls, errors, octet_length(query) FROM arx_perf.statements
		WHERE query LIKE '$like' ORDER BY calls});
}

sub run_file
{
	my ($name, $text) = @_;
	my ($rc, $out, $err) = $node->psql('postgres', undef,
		extra_params => [ '-f', write_script($name, $text) ],
		on_error_stop => 0);
	return ($out, $err);
}

sub long_texts
{
	reset_all();
	my ($out) = run_file('literal.sql',
		"SELECT length('" . 'secret ' x 150_000 . "') AS long_literal;\n");
	is($out, 1_050_000, 'a statement with a literal of 1 MB runs');
	is(stored('SELECT length($1)%'), '1|0|33', 'and has a short text');

	my $max = value($node, q{SELECT setting FROM pg_settings
		WHERE name = 'arx_perf.query_text_max'});
	($out) = run_file('comment.sql',
		"SELECT 7 AS long_comment /* " . "\x{c3}\x{a4}" x 500_000 . " */;\n");
	is($out, 7, 'a statement with a comment of 1 MB runs');
	my ($calls, $length, $valid) = row($node,
		q{SELECT calls, octet_length(query), query ~ 'ä$' FROM arx_perf.statements
		WHERE query LIKE 'SELECT $1 AS long\_comment%'});
	is($calls, 1, 'is counted');
	cmp_ok($length, '<=', $max, 'and its text is cut');
	cmp_ok($length, '>=', $max - 4, 'at the limit');
	is($valid, 't', 'between two characters');
	return;
}

sub long_list
{
	reset_all();
	for my $n (10_000, 9_999)
	{
		my ($out) = run_file("list$n.sql",
			"SELECT count(*) AS listed FROM generate_series(1, 20000) i WHERE i IN ("
			  . join(', ', 1 .. $n) . ");\n");
		is($out, $n, "a list of $n elements");
	}
	my ($statements, $calls, $length) = row($node,
		q{SELECT count(*), sum(calls), max(octet_length(query))
		FROM arx_perf.statements WHERE query LIKE '%AS listed%'});
	is($calls, 2, 'both lists are counted');
	is($statements, $major >= 18 ? 1 : 2, 'as the server tells them apart');
	cmp_ok($length, '<', $major >= 18 ? 200 : 16385, 'with a bounded text');
	return;
}

sub broken_texts
{
	reset_all();
	my $junk = join '', map { chr(1 + $_ * 37 % 255) } 0 .. 4000;
	$junk =~ s/[;\\]//g;
	my %broken = (
		comment => 'SELECT 1 /* open',
		nested => 'SELECT 1 /* /* */ open',
		quote => "SELECT 'open",
		dollar => 'SELECT $tag$open',
		junk => $junk,
		bytes => "SELECT '\x{ff}\x{fe}\x{80}'",
		cut => "SELECT '\x{c3}'",);
	for my $name (sort keys %broken)
	{
		# By -c, as psql holds back what is incomplete in a file.
		my ($stdout, $stderr);
		IPC::Run::run(
			[
				'psql', '-XAt', '-d', $node->connstr('postgres'),
				'-c', $broken{$name}
			],
			'>', \$stdout, '2>', \$stderr);
		like($stderr, qr/ERROR/, "$name: the server refuses the text");
	}
	is(value($node, 'SELECT 1'), 1, 'the server goes on');
	is( value(
			$node,
			q{SELECT string_agg(DISTINCT sqlstate, ' ' ORDER BY sqlstate)
			FROM arx_perf.statement_errors WHERE queryid IS NULL}
		),
		'22021 42601',
		'these are errors of no statement');
	is( value(
			$node,
			q{SELECT count(*) FROM arx_perf.statement_errors
			WHERE message ~ 'open|tag'}
		),
		0,
		'whose wording shows nothing of the text');
	return;
}

sub many_cursors
{
	reset_all();
	my $n = 2000;
	my ($out, $err) = run_file('cursors.sql',
		"BEGIN;\n"
		  . join('',
			map { "DECLARE c$_ CURSOR FOR SELECT i AS from_cursor FROM generate_series(1, 3) i;\n" }
			  1 .. $n)
		  . join('', map { "FETCH 1 FROM c$_;\n" } 1 .. $n)
		  . join('', map { "CLOSE c$_;\n" } 1 .. $n / 2)
		  . "COMMIT;\nSELECT 'done';\n");
	is($err, '', "$n cursors open at once");
	like($out, qr/done$/, 'are closed by hand or by COMMIT');
	is( value(
			$node,
			q{SELECT sum(calls) FROM arx_perf.statements WHERE query LIKE 'FETCH%'}
		),
		$n,
		'each FETCH is counted');
	account_ok($node, 'with many cursors');

	# Aborted: cursors go without an end of their execution.
	($out, $err) = run_file('aborted.sql',
		"BEGIN;\n"
		  . join('',
			map { "DECLARE c$_ CURSOR FOR SELECT i FROM generate_series(1, 3) i;\nFETCH 1 FROM c$_;\n" }
			  1 .. 100)
		  . "SELECT 1 / (i - i) FROM generate_series(1, 1) i;\nROLLBACK;\nSELECT 'done';\n");
	like($out, qr/done$/, 'a failed transaction closes its cursors');
	account_ok($node, 'with cursors of a failed transaction');
	return;
}

sub deep_nesting
{
	reset_all();
	$node->safe_psql(
		'postgres', q{
		CREATE FUNCTION deep(n int) RETURNS int LANGUAGE plpgsql AS $$
		BEGIN
			IF n = 0 THEN
				RETURN 0;
			END IF;
			RETURN (SELECT 1 + deep(n - 1) AS nested);
		END $$;
		CREATE FUNCTION endless(n int) RETURNS int LANGUAGE plpgsql AS $$
		BEGIN
			RETURN (SELECT 1 + endless(n + 1) AS nested_endless);
		END $$});
	is(value($node, 'SELECT deep(200)'), 200, 'a function 200 levels deep');
	is( $node->safe_psql(
			'postgres',
			q{SELECT toplevel, sum(calls), sum(errors) FROM arx_perf.statements
			WHERE query ~ 'AS nested[)]$|^SELECT deep' GROUP BY 1 ORDER BY 1}
		),
		"f|200|0\nt|1|0",
		'every level is counted');
	is(sql_error($node, 'SELECT endless(1)'),
		'54001', 'a function without end meets the limit of the stack');
	is( value(
			$node,
			q{SELECT string_agg(toplevel || ' ' || errors || ' ' || calls, ', ')
			FROM arx_perf.statements WHERE query ~ '^SELECT endless'}
		),
		'true 1 0',
		'and is one failure at top level');
	cmp_ok(
		value(
			$node,
			q{SELECT errors FROM arx_perf.statements WHERE query ~ 'nested_endless'}
		),
		'>', 10,
		'and one at each level');
	is(value($node, 'SELECT deep(5)'), 5, 'afterwards levels are right again');
	is( value(
			$node,
			q{SELECT calls FROM arx_perf.statements
			WHERE query ~ '^SELECT deep' AND toplevel}
		),
		2,
		'for statements at top level');
	account_ok($node, 'after deep nesting');
	return;
}

sub many_savepoints
{
	reset_all();
	my $n = 300;
	my ($out, $err) = run_file('savepoints.sql',
		"CREATE TABLE kept (a int);\nBEGIN;\n"
		  . join('',
			map { "SAVEPOINT s$_;\nINSERT INTO kept VALUES ($_);\n" } 1 .. $n)
		  . "ROLLBACK TO s200;\nCOMMIT;\nSELECT count(*) FROM kept;\n");
	is($out, 199, "$n savepoints");
	is( value(
			$node,
			q{SELECT sum(calls) FROM arx_perf.statements WHERE query LIKE 'SAVEPOINT%'}
		),
		$n,
		'each is counted');
	is( value(
			$node,
			q{SELECT sum(calls) FROM arx_perf.statements WHERE query LIKE 'INSERT INTO kept%'}
		),
		$n,
		'and what was rolled back');
	return;
}

# The text went with the entry; what runs on comes without parse analysis.
sub text_of_prepared_statements
{
	my $node = new_node('texts', 'arx_perf.max_statements' => 100);
	my $session = $node->background_psql('postgres');
	$session->query_safe(
		q{PREPARE again(text) AS SELECT $1 AS prepared, 'top secret' AS hidden,
			4711 AS number, E'esc\'aped' AS x, $q$dollar secret$q$ AS y /* remark */});
	$session->query_safe(q{EXECUTE again('other secret')});
	my ($queryid, $text) = row($node,
		q{SELECT queryid, query FROM arx_perf.statements WHERE query LIKE '%AS prepared%'});
	like($text, qr/AS prepared/, 'a prepared statement has a text');
	$node->safe_psql('postgres', 'SELECT arx_perf.reset()');
	is( value(
			$node,
			"SELECT count(*) FROM arx_perf.statements WHERE queryid = $queryid"),
		0, 'that goes with a reset');
	$session->query_safe(q{EXECUTE again('other secret')}) for 1 .. 3;
	my ($calls, $again) = row($node,
		"SELECT calls, query FROM arx_perf.statements WHERE queryid = $queryid");
	is($calls, 3, 'it goes on counting');
	like($again // '', qr/AS prepared/, 'and gets a text again');
	unlike($again // '', qr/secret|4711|esc/, 'without its literals');

	# Pushed out by others instead of reset; it comes back when there is room.
	my $shape = 0;
	await(
		'a statement not in use is evicted',
		sub {
			$node->safe_psql('postgres', join ";\n",
				map { distinct_select($shape++) } 1 .. 400);
			return value($node,
				"SELECT count(*) FROM arx_perf.statements WHERE queryid = $queryid")
			  == 0;
		});
	await(
		'its text comes back when it runs again',
		sub {
			$session->query_safe(q{EXECUTE again('other secret')});
			$again = value($node,
				"SELECT query FROM arx_perf.statements WHERE queryid = $queryid");
			return ($again // '') =~ /AS prepared/;
		});
	unlike($again // '', qr/secret|4711|esc/, 'without its literals as well');
	$session->quit;
	$node->stop;
	return;
}

sub settings_of_superusers
{
	$node->safe_psql('postgres', 'CREATE ROLE plain LOGIN');
	for my $setting (qw(track track_utility track_planning track_cpu))
	{
		my $value = $setting eq 'track' ? "'none'" : 'off';
		is( sql_error(
				$node, "SET ROLE plain; SET arx_perf.$setting = $value"),
			'42501',
			"a user cannot switch arx_perf.$setting");
		is( sql_error(
				$node,
				"SET SESSION AUTHORIZATION plain; ALTER ROLE plain SET arx_perf.$setting = $value"),
			'42501',
			'nor for his next sessions');
	}
	is(sql_error($node, 'SET arx_perf.no_such_setting = 1'),
		'42602', 'nobody can make up a setting');
	return;
}

long_texts();
long_list();
broken_texts();
many_cursors();
deep_nesting();
many_savepoints();
text_of_prepared_statements();
settings_of_superusers();
account_ok($node, 'in the end');
is( () = PostgreSQL::Test::Utils::slurp_file($node->logfile) =~
	  /terminated by signal|PANIC/g,
	0,
	'no crash');
$node->stop;
done_testing();
