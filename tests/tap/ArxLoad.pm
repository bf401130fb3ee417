#
# ArxLoad.pm
#	  What the tests of capture share: load, the account, single statements.
#
# Works with the test modules of PostgreSQL 15 to 19.

package ArxLoad;

use strict;
use warnings FATAL => 'all';

use Exporter qw(import);
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT_OK = qw(account account_ok distinct_select health_value row
  run_pgbench still_runs start_pgbench start_psql stop_process value
  write_script);

# row($node, $sql, $dbname): the first row as a list of its columns.
sub row
{
	my ($node, $sql, $dbname) = @_;
	my $out = $node->safe_psql($dbname // 'postgres', $sql);
	my ($first) = split /\n/, $out;
	return split /\|/, $first // '', -1;
}

# value($node, $sql, $dbname): the first column of the first row.
sub value
{
	return (row(@_))[0];
}

# health_value($node, $metric): that metric of the component statements.
sub health_value
{
	my ($node, $metric) = @_;
	return value($node,
		"SELECT value FROM arx_perf.health WHERE component = 'statements'"
		  . " AND metric = '$metric'");
}

# account($node): the account as one statement sees it, itself not in it.
#	executions, recorded, dropped	as in statements_info
#	waiting							what is left: in the rings of backends
#	counted							sum of calls and errors over all statements
sub account
{
	my ($node) = @_;
	my %account;
	@account{qw(executions recorded dropped waiting counted)} = row(
		$node, q{
		SELECT i.executions, i.recorded, i.dropped,
			i.executions - i.recorded - i.dropped, s.counted
		FROM arx_perf.statements_info i,
			(SELECT coalesce(sum(calls + errors), 0) AS counted
			 FROM arx_perf.statements) s});
	return \%account;
}

# account_ok($node, $what): nobody runs a statement, so executions = recorded +
# dropped.  Returns the account.
sub account_ok
{
	my ($node, $what) = @_;
	my $account = account($node);
	is($account->{executions}, $account->{recorded} + $account->{dropped},
		"$what: executions = recorded + dropped");
	return $account;
}

# distinct_select($n): for each n below 2^24 a SELECT of its own shape, that is,
# with a query id of its own: the types of 24 constants spell n.
sub distinct_select
{
	my ($n) = @_;
	return 'SELECT '
	  . join(', ', map { $n >> $_ & 1 ? "'a'" : '1' } 0 .. 23);
}

# write_script($name, $text): the path of a new file with this text.
sub write_script
{
	my ($name, $text) = @_;
	my $path = PostgreSQL::Test::Utils::tempdir() . "/$name";
	PostgreSQL::Test::Utils::append_to_file($path, $text);
	return $path;
}

# run_pgbench($node, $what, @options): runs it to its end in the database
# postgres.  Counts as one test named $what.
sub run_pgbench
{
	my ($node, $what, @options) = @_;
	my ($out, $err);
	my $ok =
	  IPC::Run::run([ 'pgbench', @options, $node->connstr('postgres') ],
		'>', \$out, '2>', \$err);
	ok($ok, $what) or diag($err);
	return;
}

# start_pgbench($node, @options), start_psql($node, @options): starts one and
# returns at once, with a handle for stop_process() and IPC::Run.
sub start_pgbench
{
	my ($node, @options) = @_;
	return start_client('pgbench', @options, $node->connstr('postgres'));
}

sub start_psql
{
	my ($node, @options) = @_;
	return start_client('psql', '-XAtq', @options, '-d',
		$node->connstr('postgres'));
}

sub start_client
{
	my @command = @_;
	my ($out, $err) = ('', '');
	return IPC::Run::start(\@command, '<', \undef, '>', \$out, '2>', \$err);
}

# still_runs($handle): the client has not ended by itself.
sub still_runs
{
	my ($handle) = @_;
	$handle->pump_nb;
	return $handle->pumpable;
}

# stop_process($node, $handle, $signal): ends a client (TERM when left out) and
# waits until no backend but the one that asks runs a statement.
sub stop_process
{
	my ($node, $handle, $signal) = @_;
	$handle->signal($signal // 'TERM');
	eval { $handle->finish };
	$node->poll_query_until(
		'postgres', q{
		SELECT count(*) = 0 FROM pg_stat_activity
		WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()})
	  or die 'a backend goes on without its client';
	return;
}

1;
