#
# 060_peers.pl
#	  The numbers are those of pg_stat_statements, in columns of the same name.
#
# Both libraries measure the same statements of a workload that always does the
# same.  Counts must be equal.  Where they may differ, with the reason:
#
#	errors		pg_stat_statements counts the planning of a statement that fails, and
#				nothing of its execution; here what it did until then is in the row
#	query		of utilities before PostgreSQL 16: pg_stat_statements shows these
#				as they were sent, and the literals in them
#	query		of one statement at several levels: one text for all of them here
#	calls		of EXPLAIN without ANALYZE: pg_stat_statements counts the statement
#				explained, which did not run
#	userid		of SET ROLE and RESET ROLE: here it is who sent them, in
#				pg_stat_statements who is in force after them
#	times		each library reads the clock for itself, microseconds apart

use strict;
use warnings FATAL => 'all';

use ArxPerf qw(new_node pg_major);
use ArxLoad qw(row run_pgbench value write_script);
use Test::More;

my $node = new_node(
	'peers',
	shared_preload_libraries => "'pg_stat_statements, arx_perf'",
	'pg_stat_statements.track' => 'all',
	'pg_stat_statements.track_planning' => 'on',
	'arx_perf.track' => 'all',
	autovacuum => 'off',
	jit => 'off',
	max_parallel_workers_per_gather => 2,
	parallel_setup_cost => 0,
	parallel_tuple_cost => 0,
	min_parallel_table_scan_size => 0);
my $major = pg_major($node);

$node->safe_psql(
	'postgres', q{
	CREATE EXTENSION pg_stat_statements;
	CREATE ROLE other;
	CREATE TABLE item (id int PRIMARY KEY, name text, amount numeric);
	INSERT INTO item SELECT i, 'item ' || i, i / 7.0 FROM generate_series(1, 20000) i;
	CREATE TABLE audit (id int, was numeric);
	GRANT ALL ON item, audit TO other;
	CREATE FUNCTION note_change() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		INSERT INTO audit VALUES (old.id, old.amount);
		RETURN new;
	END $$;
	CREATE TRIGGER note AFTER UPDATE ON item
		FOR EACH ROW EXECUTE FUNCTION note_change();
	CREATE FUNCTION amount_of(int) RETURNS numeric LANGUAGE plpgsql AS $$
	DECLARE
		found numeric;
	BEGIN
		SELECT amount INTO found FROM item WHERE id = $1;
		RETURN found;
	END $$;
	CREATE FUNCTION total() RETURNS numeric LANGUAGE sql VOLATILE
		AS 'SELECT sum(amount) FROM item WHERE id < 50';
	CREATE PROCEDURE in_steps() LANGUAGE plpgsql AS $$
	BEGIN
		FOR i IN 1 .. 3 LOOP
			INSERT INTO audit VALUES (-i, i);
			COMMIT;
		END LOOP;
	END $$;
	VACUUM ANALYZE;
	CHECKPOINT});

# Each line runs as a statement of its own, in one session.
my $workload = q{
SELECT count(*) FROM item WHERE id < 100;
SELECT count(*) FROM item WHERE id < 200;
SELECT name FROM item WHERE id IN (1, 2, 3) ORDER BY 1;
SELECT name FROM item WHERE id IN (1, 2, 3, 4, 5) ORDER BY 1;
SELECT 'it''s', E'a\\nb', 1.5e3, -7, $tag$ text $tag$;
INSERT INTO item VALUES (100001, 'new', 1), (100002, 'newer', 2);
INSERT INTO item SELECT i, 'more', 0 FROM generate_series(100003, 100500) i;
UPDATE item SET amount = amount + 1 WHERE id BETWEEN 10 AND 20;
UPDATE item SET amount = amount + 1 WHERE id = 10 RETURNING amount;
WITH gone AS (DELETE FROM item WHERE id > 100400 RETURNING id) SELECT count(*) FROM gone;
WITH added AS (INSERT INTO audit VALUES (1, 1) RETURNING id) UPDATE item SET name = 'x' WHERE id = 5;
MERGE INTO item USING (VALUES (1), (999999)) v(n) ON id = n WHEN MATCHED THEN UPDATE SET name = 'm' WHEN NOT MATCHED THEN INSERT VALUES (n, 'merged', 0);
DELETE FROM item WHERE id = 999999;
TABLE audit LIMIT 3;
VALUES (1, 'a'), (2, 'b');
BEGIN;
SAVEPOINT a;
UPDATE item SET name = 'y' WHERE id = 7;
ROLLBACK TO SAVEPOINT a;
RELEASE a;
COMMIT;
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM item ORDER BY id;
FETCH 10 FROM c;
FETCH 20 FROM c;
DECLARE d CURSOR FOR SELECT name FROM item ORDER BY id DESC;
FETCH 5 FROM d;
FETCH 30 FROM c;
CLOSE d;
CLOSE c;
COMMIT;
PREPARE p(int) AS SELECT amount FROM item WHERE id = $1;
EXECUTE p(1);
EXECUTE p(2);
EXECUTE p(3);
EXECUTE p(4);
EXECUTE p(5);
EXECUTE p(6);
EXECUTE p(7);
DEALLOCATE p;
SELECT amount_of(3);
SELECT amount_of(i) FROM generate_series(1, 10) i;
SELECT total() FROM generate_series(1, 3);
CALL in_steps();
DO $$ BEGIN PERFORM amount_of(4); END $$;
SELECT count(*), sum(amount) FROM item WHERE name LIKE 'item%';
SET work_mem = '64kB';
SELECT count(*) FROM (SELECT i FROM generate_series(1, 50000) i ORDER BY i DESC) s;
RESET work_mem;
CREATE TEMP TABLE scratch AS SELECT i FROM generate_series(1, 5000) i;
SELECT count(*) FROM scratch;
UPDATE scratch SET i = i + 1;
CREATE TABLE made (a int);
INSERT INTO made VALUES (1);
CREATE INDEX made_a ON made (a);
CREATE MATERIALIZED VIEW counted AS SELECT count(*) FROM item;
REFRESH MATERIALIZED VIEW counted;
CREATE TABLE copied AS SELECT * FROM item WHERE id < 10;
COPY audit TO STDOUT;
COPY (SELECT id FROM item WHERE id < 5) TO STDOUT;
EXPLAIN (COSTS OFF) SELECT count(*) FROM item WHERE id < 100;
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT count(*) FROM item WHERE id < 100;
VACUUM made;
ANALYZE made;
DROP TABLE made, copied;
TRUNCATE audit;
SET ROLE other;
SELECT count(*) FROM item WHERE id < 300;
RESET ROLE;
SHOW server_version;
SELECT pg_sleep(0.05);
SELECT pg_sleep(0.05);
SELECT pg_sleep(0.05);
SELECT pg_sleep(0.05);
SELECT 1 / (id - id) FROM item WHERE id = 1;
};
my $extended = write_script('extended.pgbench', q{
\set id random(1, 20000)
SELECT name, :id FROM item WHERE id = :id;
UPDATE audit SET was = was + 1 WHERE id = :id;
});

sub run_workload
{
	$node->safe_psql('postgres',
		'SELECT pg_stat_statements_reset(), arx_perf.reset()');
	$node->psql('postgres', $workload, on_error_stop => 0) for 1 .. 2;
	run_pgbench($node, "load by $_ queries", qw(-n -t 20 -M), $_, '-f', $extended)
	  for qw(simple extended prepared);
	return;
}

# Every column, with its type.
sub has_all_columns
{
	my $missing = $node->safe_psql(
		'postgres', q{
		SELECT attname, format_type(atttypid, atttypmod)
		FROM pg_attribute WHERE attrelid = 'pg_stat_statements'::regclass AND attnum > 0
		EXCEPT
		SELECT attname, format_type(atttypid, atttypmod)
		FROM pg_attribute WHERE attrelid = 'arx_perf.statements'::regclass AND attnum > 0});
	is($missing, '', 'every column of pg_stat_statements is in our view');

	my $count_null = value(
		$node, q{
		SELECT string_agg(format('count(*) FILTER (WHERE %I IS NULL)', attname), '+')
		FROM pg_attribute WHERE attrelid = 'pg_stat_statements'::regclass AND attnum > 0});
	is( value($node, "SELECT $count_null FROM arx_perf.statements WHERE calls > 0"
			. " AND query NOT LIKE '%reset()'"),
		0,
		'and has a value on this server');
	return;
}

# What both have, and the columns in which they differ.
my $joined = q{
	FROM (SELECT * FROM pg_stat_statements) peer
	FULL JOIN (SELECT * FROM arx_perf.statements) own
		USING (userid, dbid, toplevel, queryid)
	WHERE coalesce(peer.query, own.query) !~
		'pg_stat_statements|arx_perf|^(RESET|SET) ROLE'};

sub same_statements
{
	is( $node->safe_psql(
			'postgres', qq{
			SELECT toplevel, queryid, peer.query, own.query $joined
			AND (peer.calls + peer.plans > 0) IS DISTINCT FROM
				(own.calls + own.plans > 0)}),
		'',
		'both have the same statements');
	cmp_ok(value($node, "SELECT count(*) $joined"),
		'>', 70, 'and the workload has many');
	is( $node->safe_psql(
			'postgres', qq{
			SELECT toplevel, peer.query, own.query $joined
			AND peer.query IS DISTINCT FROM own.query
			AND NOT EXISTS (SELECT FROM pg_stat_statements other
				WHERE other.queryid = peer.queryid AND other.query = own.query)
			AND ($major >= 16 OR peer.query ~* '^(select|insert|update|delete|with|table|values|merge) ')}),
		'',
		'with the same texts');
	return;
}

sub same_counts
{
	my ($columns) = row(
		$node, q{
		SELECT string_agg(attname, ' ' ORDER BY attnum) FROM pg_attribute
		WHERE attrelid = 'pg_stat_statements'::regclass AND attnum > 0
		AND atttypid IN ('bigint'::regtype, 'numeric'::regtype)
		AND attname <> 'queryid'});

	for my $column (split / /, $columns)
	{
		my $may_differ = 'own.errors = 0';
		$may_differ = 'true'
		  if $column =~ /^(calls|plans|rows)$/;
		$may_differ .= " AND peer.query !~ '^EXPLAIN .COSTS OFF'"
		  if $column eq 'calls';
		is( $node->safe_psql(
				'postgres', qq{
				SELECT toplevel, peer.$column, own.$column, peer.query $joined
				AND $may_differ AND peer.$column IS DISTINCT FROM own.$column}),
			'',
			"the same $column");
	}
	for my $column (qw(rows temp_blks_written local_blks_dirtied wal_records
		plans shared_blks_hit))
	{
		cmp_ok(
			value($node, "SELECT sum(own.$column) $joined AND own.$column > 0"),
			'>', 0, "and $column are not all zero");
	}
	return;
}

sub same_times
{
	my ($total, $peer, $min, $peer_min) = row(
		$node, qq{
		SELECT own.total_exec_time, peer.total_exec_time,
			own.min_exec_time, peer.min_exec_time $joined
		AND own.query LIKE 'SELECT pg_sleep%'});
	cmp_ok($min, '>=', 50, 'a sleep takes its time');
	cmp_ok($total, '>=', 400, 'all sleeps take theirs');
	cmp_ok(abs($total - $peer),
		'<=', 0.2 * $peer, 'for the peer within a fifth of it');
	cmp_ok(abs($min - $peer_min),
		'<=', 0.2 * $peer_min, 'the shortest likewise');
	is( value(
			$node, qq{
			SELECT count(*) $joined AND own.calls > 0 AND own.errors = 0 AND NOT
				(own.min_exec_time <= own.mean_exec_time AND
				 own.mean_exec_time <= own.max_exec_time AND
				 abs(own.mean_exec_time * own.calls - own.total_exec_time)
					<= 1e-6 * own.total_exec_time + 1e-6)}),
		0,
		'minimum, mean, maximum and total fit together');
	return;
}

run_workload();
has_all_columns();
same_statements();
same_counts();
same_times();
$node->stop;
done_testing();
