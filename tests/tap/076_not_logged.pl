#
# 076_not_logged.pl
#	  Failures belong to their statement where no log line or no handler of
#	  the statement tells of them.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Utils;
use Test::More;
use ArxPerf qw(new_node await_query);

my $node = new_node('not_logged');
$node->safe_psql('postgres', q{
	CREATE TABLE locked_up (i int);
	REVOKE ALL ON locked_up FROM PUBLIC;
	CREATE ROLE stranger LOGIN;
	CREATE TABLE watched (i int);
	CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS
		$$BEGIN PERFORM pg_sleep(600); RETURN NULL; END$$;
	CREATE TRIGGER linger AFTER INSERT ON watched
		FOR EACH ROW EXECUTE FUNCTION linger();
});

sub failures_of
{
	my ($pattern) = @_;
	return $node->safe_psql('postgres', qq{
		SELECT sqlstate, count FROM arx_perf.statement_errors
		WHERE query ~ '$pattern' ORDER BY 1});
}

# LOG is below ERROR by number, but above it in the server log.  The operator
# gives each a query id of its own.
my %operator = (log => '+', panic => '-', error => '*');
for my $level (sort keys %operator)
{
	$node->safe_psql('postgres',
		"ALTER ROLE stranger SET log_min_messages = $level");
	$node->psql(
		'postgres', "SELECT i $operator{$level} 1 AS at_$level FROM locked_up",
		extra_params => [ '-U', 'stranger' ]);
	is(failures_of("at_$level"), '42501|1',
		"a missing privilege counts with log_min_messages = $level");
}

# A session that ends in an AFTER trigger never comes back to the statement.
my $in;
my $out = '';
my $err = '';
my $session = IPC::Run::start(
	[ 'psql', '-X', '-d', $node->connstr('postgres'),
		'-c', 'INSERT INTO watched VALUES (1)' ],
	'<', \$in, '>', \$out, '2>', \$err);
ok( $node->poll_query_until('postgres', q{
		SELECT count(*) = 1 FROM pg_stat_activity
		WHERE query ~ '^INSERT INTO watched' AND wait_event = 'PgSleep'}),
	'the statement is in its trigger');
$node->safe_psql('postgres', q{
	SELECT pg_terminate_backend(pid) FROM pg_stat_activity
	WHERE query ~ '^INSERT INTO watched'});
$session->finish;
await_query(
	$node, 'its end counts as the failure of the statement',
	q{
		SELECT count(*) = 1 FROM arx_perf.statement_errors
		WHERE query ~ '^INSERT INTO watched' AND sqlstate = '57P01'});

$node->stop;
done_testing();
