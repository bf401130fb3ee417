#
# normalize.pl
#	  Statement texts beside those of pg_stat_statements, and in databases
#	  whose bytes are not characters.
#
use strict;
use warnings FATAL => 'all';

use File::Basename qw(dirname);
use lib dirname(__FILE__);
use ArxPerf qw(new_node pg_major);
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node(
	'normalize',
	shared_preload_libraries => "'arx_perf, pg_stat_statements'",
	'pg_stat_statements.track' => "'all'",
	'arx_perf.track' => "'all'",
	'arx_perf.query_text_max' => 1048576);
$node->safe_psql('postgres', 'CREATE EXTENSION pg_stat_statements');

# Runs each statement in a session of its own, after both modules forgot all,
# and returns the texts that differ.  The statements must differ in more than
# constants and names of columns: a text is kept once for each query id.
sub texts_that_differ
{
	my ($statements) = @_;
	$node->safe_psql('postgres',
		'SELECT pg_stat_statements_reset(); SELECT arx_perf.reset()');
	for my $statement (@$statements)
	{
		my ($rc, $out, $err) = $node->psql('postgres', $statement);
		is($rc, 0, "runs: $statement") or diag($err);
	}
	return $node->safe_psql(
		'postgres', q{
		SELECT coalesce(p.query, '(none)') || ' <> ' || coalesce(a.query, '(none)')
		  FROM (SELECT * FROM pg_stat_statements WHERE calls > 0) p
		  LEFT JOIN arx_perf.statements a USING (userid, dbid, queryid, toplevel)
		 WHERE p.query NOT LIKE '%pg_stat_statements%'
		   AND p.query NOT LIKE '%arx_perf%'
		   AND p.query IS DISTINCT FROM a.query
		 ORDER BY 1});
}

$node->safe_psql('postgres',
	'CREATE TABLE t (id int, n numeric, note text, at date, done bool)');

my @statements = (
	q{SELECT 1, - 5, -  /* c */ 5, 1 - 5, .5, 5., 1e5, 1.5E-3},
	q{SELECT 'a''b', E'c\'d', $$e$$, $x$ $$ $x$, B'1', X'1F', U&'\0041', N'f'},
	q{SELECT U&'d!0061' UESCAPE '!', 'one'
	  -- it's 'one'
	  'two', 3},
	q{SELECT true, null, NOT false, null::int IS NULL, true IS TRUE},
	q{SELECT date '2020-01-01', interval '1' day, interval(3) '1 s', int '5'},
	q{SELECT float8 '1', '5'::int, cast('5' AS int), pg_catalog.int4 '7', bool 't'},
	q{SELECT extract(year FROM at), at AT TIME ZONE 'UTC' FROM t},
	q{SELECT normalize('abc', NFC), 'x' IS NFC NORMALIZED, trim(both 'x' FROM 'xax')},
	q{SELECT id FROM t WHERE id IN (1, 2 , 3) AND n IN (-1, - 2) AND note IN ('a')},
	q{SELECT id FROM t WHERE id = ANY (ARRAY[1, 2]) AND id BETWEEN SYMMETRIC 3 AND 1},
	q{SELECT id FROM t WHERE (id, n) IN ((1, 2), (3, 4)) LIMIT 5 OFFSET 6},
	q{SELECT id FROM t FETCH FIRST 3 ROWS ONLY},
	q{SELECT CASE id WHEN 1 THEN 'one' ELSE NULL END FROM t LIMIT ALL},
	q{INSERT INTO t VALUES (1, 2, 'é', '2020-01-01', true), (2, 3, '日本', null, 'f')},
	q{UPDATE t SET note = 'x' || note, n = n + 1 WHERE id = 7},
	q{WITH a AS (SELECT 1 AS x) SELECT x, 'é' AS "it's 5" FROM a /* '6' */},
	q{SELECT 'a' , '日本' AS 日本 -- 'trailing'
	  },
	q{SELECT(1),'x'AS"y"},
	q{VALUES (1, 'a'), (2, 'b')},
	q{PREPARE p (int, text) AS SELECT 8 FROM t WHERE note = $2 AND id = $1 AND n > 9;
	  EXECUTE p (1, 'x'); DEALLOCATE p},
	q{PREPARE p (int, int) AS SELECT 8 FROM t WHERE id IN ($1, $2, 3) AND n > 9;
	  EXECUTE p (1, 2)},
	q{SELECT 21 AS one\\; SELECT 22 AS two, 'b'; },
	q{SET work_mem = '5MB'; SET search_path TO public, pg_catalog},
	q{BEGIN; SAVEPOINT s; ROLLBACK TO s; RELEASE s; COMMIT},
	q{BEGIN; DECLARE c SCROLL CURSOR FOR VALUES (5); FETCH 1 FROM c; FETCH BACKWARD 2 IN c; CLOSE c; COMMIT},
	q{CREATE TEMP TABLE c (a int DEFAULT 5, b varchar(10) CHECK (b <> 'q'))},
	q{CREATE VIEW v AS SELECT id, 'lit' AS l FROM t WHERE id = 5},
	q{COPY (SELECT 1, 'x' FROM t) TO STDOUT (DELIMITER ';')},
	q{COMMENT ON TABLE t IS 'seven'},
	q{DO $$ BEGIN PERFORM 1 + 2, 'abc'; END $$},
	q{CREATE FUNCTION f(a int DEFAULT 5) RETURNS int LANGUAGE plpgsql AS
	  $$ BEGIN RETURN a + 6 + (SELECT count(*) FROM t WHERE note = 'f'); END $$},
	q{SELECT f(), f(3)},
	q{CREATE PROCEDURE r(int, text) LANGUAGE sql AS 'SELECT 11, 12, 13'},
	q{CALL r(5, 'abc')});

is(texts_that_differ(\@statements), '',
	'texts are those of pg_stat_statements');

# pg_stat_statements leaves the number in ("$15)"): ours must not.
$node->safe_psql('postgres',
	'SELECT -(77) AS negative FROM t WHERE id > - ( -78 )');
like(
	$node->safe_psql(
		'postgres',
		q{SELECT query FROM arx_perf.statements WHERE query LIKE '%AS negative FROM%'
			  AND query NOT LIKE '%arx_perf%'}),
	qr/^SELECT \$1 AS negative FROM t WHERE id > \$2$/,
	'a number in parentheses behind a minus sign is no exception');

# bytes that are no characters in any encoding
$node->safe_psql('postgres',
	q{CREATE DATABASE bytes ENCODING 'SQL_ASCII' TEMPLATE template0});
$node->safe_psql('bytes', 'CREATE EXTENSION arx_perf');
{
	local $ENV{PGCLIENTENCODING} = 'SQL_ASCII';
	$node->safe_psql('bytes', "SELECT '\xff\xfe', 5 AS \"\xe3\x81\" /* \xf0 */");
	is( $node->safe_psql(
			'bytes',
			q{SELECT octet_length(query) FROM arx_perf.statements
			   WHERE query LIKE 'SELECT $1, $2 AS%'}),
		29,
		'invalid bytes stay as they are');
}

# a failed statement leaves no trace of its literals, whatever its end
for my $text ("SELECT 'sesame", 'SELECT $q$sesame', "SELECT 1/0, 'sesame'",
	"BEGIN; SELECT 1/0; SELECT 'sesame'")
{
	my ($rc) = $node->psql('postgres', $text);
	isnt($rc, 0, "fails: $text");
}
is( $node->safe_psql(
		'postgres',
		q{SELECT count(*) FROM arx_perf.statements
		   WHERE query LIKE '%ses' || 'ame%'}),
	0,
	'no literal of a failed statement is kept');

$node->stop;
done_testing();
