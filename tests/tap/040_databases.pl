#
# 040_databases.pl
#	  Statements of databases with different encodings are read from each of
#	  them: never an error, and each character that can be shown is.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use ArxPerf qw(new_node sql_error);
use ArxDurable qw(account_holds);

my $node = new_node('databases', autovacuum => 'off');
my %encoding = (
	in_utf8 => 'UTF8',
	in_latin1 => 'LATIN1',
	in_ascii => 'SQL_ASCII',
	in_japanese => 'EUC_JP');
for my $database (sort keys %encoding)
{
	$node->safe_psql('postgres',
			"CREATE DATABASE $database TEMPLATE template0 "
		  . "ENCODING '$encoding{$database}' LC_COLLATE 'C' LC_CTYPE 'C'");
	$node->safe_psql($database, 'CREATE EXTENSION arx_perf');
}

# run($database, $sql): bytes in, bytes out, nothing converted on the way.
sub run
{
	my ($database, $sql, %option) = @_;
	local $ENV{PGCLIENTENCODING} = $encoding{$database};
	my $out = '';
	my $rc = $node->psql($database, $sql, stdout => \$out, %option);
	return $rc == 0 ? $out : "failed with $rc";
}

# The same word in three encodings, words that some of them lack, and bytes
# that are no text in most.
my %green = (
	in_utf8 => "gr\xc3\xbcn",
	in_latin1 => "gr\xfcn",
	in_japanese => "gr\x8f\xab\xe4n");
my %japan = (in_utf8 => "\xe6\x97\xa5\xe6\x9c\xac", in_japanese => "\xc6\xfc\xcb\xdc");
my $invalid = "bad\xff\xfe";

run($_, "SELECT 1 AS \"$green{$_}\"") for sort keys %green;
run($_, "SELECT 1, 2 AS \"$japan{$_}\"") for sort keys %japan;
run('in_ascii', "SELECT 1 AS \"$invalid\"") for 1 .. 3;
run('in_ascii', "SELECT 1, 2 AS \"$green{in_utf8}\"");
run('in_ascii', "SELECT 1, 2, 3 -- $invalid\n AS plain");

# shown($from, $of, $where): the texts of one database, read in another.
sub shown
{
	my ($from, $of, $columns) = @_;
	return run($from,
			"SELECT query FROM arx_perf.statements WHERE datname = '$of' "
		  . "AND query ~ '^SELECT [\$]1"
		  . ', [$]\d' x ($columns - 1)
		  . "( |\$)' AND query !~ 'arx_perf'");
}

sub shows_all
{
	my ($when) = @_;
	for my $from (sort keys %green)
	{
		is(shown($from, $_, 1), "SELECT \$1 AS \"$green{$from}\"",
			"$when: of $_, read $from: each character") for sort keys %green;
	}
	for my $from (sort keys %japan)
	{
		is(shown($from, $_, 2), "SELECT \$1, \$2 AS \"$japan{$from}\"",
			"$when: of $_, read $from: each character") for sort keys %japan;
	}
	for my $of (sort keys %japan)
	{
		is(shown('in_latin1', $of, 2), 'SELECT $1, $2 AS "...',
			"$when: of $of, read in_latin1: cut where there is no character");
	}
	for my $of (sort keys %green)
	{
		is(shown('in_ascii', $of, 1), "SELECT \$1 AS \"$green{$of}\"",
			"$when: of $of, read in_ascii: the bytes as they were");
	}
	is(shown('in_ascii', 'in_ascii', 1), "SELECT \$1 AS \"$invalid\"",
		"$when: of in_ascii, read in_ascii: the bytes as they were");
	is(shown('in_latin1', 'in_ascii', 1), "SELECT \$1 AS \"$invalid\"",
		"$when: of in_ascii, read in_latin1: bytes are characters");
	is(shown($_, 'in_ascii', 1), 'SELECT $1 AS "bad...',
		"$when: of in_ascii, read $_: cut at the byte that is no character")
	  for qw(in_utf8 in_japanese);
	is(shown('in_utf8', 'in_ascii', 2),
		"SELECT \$1, \$2 AS \"$green{in_utf8}\"",
		"$when: of in_ascii, read in_utf8: bytes that are characters there");
	return;
}

shows_all('running');
is( run('in_utf8', q{SELECT sum(calls) FROM arx_perf.statements
		WHERE datname = 'in_ascii' AND query LIKE 'SELECT $1 AS "bad%'}),
	3,
	'bytes that are no text are counted like others');

# --- errors ----------------------------------------------------------------

# A text that is invalid in its own database fails before it is a statement.
isnt(run('in_utf8', "SELECT '$invalid'", on_error_stop => 1),
	'', 'invalid bytes are refused by the server');
run('in_ascii', "SELECT '$invalid'::int");
run('in_ascii', "SELECT \"$invalid\" FROM arx_perf.health");
run('in_latin1', "SELECT \"$green{in_latin1}\" FROM arx_perf.health");
is( run('in_utf8', q{SELECT sqlstate, sum(count)
		FROM arx_perf.statement_errors
		WHERE datname LIKE 'in%' GROUP BY 1 ORDER BY 1}),
	"22021|1\n22P02|1\n42703|2",
	'errors round such texts are counted');

# --- every view, from everywhere -------------------------------------------

# Names in another encoding are what the server's own catalogs show as well.
run('in_latin1', "CREATE ROLE \"m\xfcller\" LOGIN; "
	  . "CREATE DATABASE \"b\xfccher\" TEMPLATE template0; "
	  . "SET ROLE \"m\xfcller\"; SELECT 1, 2, 3, 4");
for my $from (sort keys %encoding)
{
	for my $view (
		qw(statements slow_statements statement_errors statements_info
		health check()))
	{
		unlike(
			run($from, "SET arx_perf.slow_threshold = 0; "
				  . "SELECT * FROM arx_perf.$view"),
			qr/^failed/,
			"$view can be read $from");
	}
}
account_holds($node, 'databases of many encodings');

# --- in the file -----------------------------------------------------------

$node->restart;
shows_all('after a restart');
$node->stop;

done_testing();
