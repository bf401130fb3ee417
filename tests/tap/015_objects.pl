#
# 015_objects.pl
#	  The library and its SQL objects come and go, and change, apart from each
#	  other: what was counted stays, and a difference is told, not guessed at.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use ArxPerf qw(new_node sql_error);
use ArxDurable qw(account_holds);

my $node = new_node('objects', autovacuum => 'off');
my $calls = q{SELECT sum(calls) FROM arx_perf.statements
	WHERE query = 'SELECT count(*) FROM t WHERE a = $1'};

sub version_check
{
	return $node->safe_psql('postgres',
			"SELECT status, detail, hint FROM arx_perf.check() "
		  . "WHERE check_name = 'version'");
}

# --- dropped, and created again --------------------------------------------

$node->safe_psql('postgres', 'CREATE TABLE t (a int)');
$node->safe_psql('postgres', 'SELECT count(*) FROM t WHERE a = 1');
$node->safe_psql('postgres', 'DROP EXTENSION arx_perf');
is(scalar sql_error($node, 'SELECT * FROM arx_perf.statements'),
	'42P01', 'dropped: the views are gone');
$node->safe_psql('postgres', 'SELECT count(*) FROM t WHERE a = 2') for 1 .. 5;
$node->safe_psql('postgres', 'CREATE EXTENSION arx_perf');
is($node->safe_psql('postgres', $calls),
	6, 'created again: it shows what ran before and meanwhile');
account_holds($node, 'created again');

$node->safe_psql('postgres', 'DROP EXTENSION arx_perf');
$node->restart;
$node->safe_psql('postgres', 'SELECT count(*) FROM t WHERE a = 3');
$node->safe_psql('postgres', 'CREATE EXTENSION arx_perf');
is($node->safe_psql('postgres', $calls),
	7, 'dropped during a restart: nothing is lost');

$node->safe_psql('postgres', 'CREATE DATABASE other');
$node->safe_psql('other', 'CREATE EXTENSION arx_perf');
is($node->safe_psql('other', $calls),
	7, 'created in a second database: it shows the same server');
is( $node->safe_psql(
		'postgres', 'BEGIN; DROP EXTENSION arx_perf; ROLLBACK;'
		  . 'SELECT count(*) > 0 FROM arx_perf.statements'),
	't',
	'a drop that is rolled back changes nothing');
is(scalar sql_error($node, 'CREATE EXTENSION arx_perf SCHEMA public'),
	'42710', 'created twice is an error of the server');

# --- SQL objects of another version ----------------------------------------

like(version_check(), qr/^ok\|library (\S+), SQL objects \1\|$/,
	'check() finds library and SQL objects of one version');
$node->safe_psql('postgres',
	"UPDATE pg_extension SET extversion = '0.9' WHERE extname = 'arx_perf'");
like(
	version_check(),
	qr/^error\|library \S+, SQL objects 0\.9\|Run ALTER EXTENSION arx_perf UPDATE\.$/,
	'other version: check() says so and what to do');
$node->safe_psql('postgres',
	"UPDATE pg_extension SET extversion = default_version "
	  . 'FROM pg_available_extensions a '
	  . "WHERE a.name = extname AND extname = 'arx_perf'");

# A function of the same C symbol with a column less, or one more than the
# library gives; each view's function in turn.
for my $function (
	qw(statements statement_error_counts statements_info health
	check_library))
{
	my ($arguments, $symbol) = split /\|/,
	  $node->safe_psql(
		'postgres', qq{
		SELECT pg_get_function_arguments(oid), prosrc FROM pg_proc
		WHERE pronamespace = 'arx_perf'::regnamespace
			AND proname = '$function'});
	(my $fewer = $arguments) =~ s/, OUT \w+ [^,]*$//;
	for my $case ([ 'less', $fewer ], [ 'more', "$arguments, OUT extra text" ])
	{
		my ($what, $declared) = @$case;
		$node->safe_psql('postgres',
				"CREATE FUNCTION public.$function$what($declared) "
			  . "RETURNS SETOF record AS 'arx_perf', '$symbol' LANGUAGE C");
		my ($state, $message) =
		  sql_error($node, "SELECT * FROM public.$function$what()");
		is($state, '42804', "$function with a column $what fails");
		like(
			$message,
			qr/library gives \d+ columns where its SQL objects declare \d+\n.*HINT:  Run ALTER EXTENSION arx_perf UPDATE\./s,
			"$function with a column $what says why and what to do");
	}
}

# A view that lost a column goes on with those it has.
$node->safe_psql('postgres',
		'CREATE VIEW narrow AS SELECT query, calls '
	  . 'FROM arx_perf.statements(true)');
is( $node->safe_psql('postgres', $calls =~ s/arx_perf\.statements/narrow/r),
	7,
	'a view of fewer columns answers');

# A function that this library no longer has, or does not have yet.
is( scalar sql_error(
		$node,
		q{CREATE FUNCTION public.later() RETURNS int
		AS 'arx_perf', 'arx_of_another_version' LANGUAGE C}),
	'42883',
	'a function that the library lacks is an error of the server');
account_holds($node, 'after all that');

done_testing();
