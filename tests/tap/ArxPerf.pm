#
# ArxPerf.pm
#	  What the TAP tests share: a server with the library, and ways to wait.
#
# Works with the test modules of PostgreSQL 15 to 19.

package ArxPerf;

use strict;
use warnings FATAL => 'all';

use Exporter qw(import);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

our @EXPORT_OK = qw(new_node sql_error await await_query pg_major);

# new_node($name, %settings): a running server with arx_perf preloaded and, in
# the database postgres, created.  %settings go into postgresql.conf as they
# are, so strings bring their own quotes; undef leaves a setting out, which is
# of use for shared_preload_libraries.  Keys that begin with a dash are for this
# function:
#	-start => 0				do not start the server (and so, create nothing)
#	-extension => 0			do not create the extension
#	-allows_streaming => 1	a standby will be made of it
#	-extra => [...]			options for initdb
sub new_node
{
	my ($name, %settings) = @_;
	my %option = (-start => 1, -extension => 1);
	for my $key (grep { /^-/ } keys %settings)
	{
		$option{$key} = delete $settings{$key};
	}

	my $node = PostgreSQL::Test::Cluster->new($name);
	$node->init(
		allows_streaming => $option{-allows_streaming} // 0,
		extra => [
			'--no-locale', '--encoding=UTF8', @{ $option{-extra} // [] }
		]);
	%settings = (
		shared_preload_libraries => "'arx_perf'",
		compute_query_id => 'auto',
		%settings);
	for my $key (sort keys %settings)
	{
		next unless defined $settings{$key};
		$node->append_conf('postgresql.conf', "$key = $settings{$key}");
	}
	return $node unless $option{-start};

	$node->start;
	$node->safe_psql('postgres', 'CREATE EXTENSION arx_perf')
	  if $option{-extension};
	return $node;
}

# pg_major($node): the server's major, 15 to 19.
sub pg_major
{
	my ($node) = @_;
	my $version = $node->safe_psql('postgres', 'SHOW server_version_num');
	return int($version / 10000);
}

# sql_error($node, $sql, %option): runs what must fail.  In list context the
# SQLSTATE and the message (with DETAIL and HINT lines), else the SQLSTATE;
# the empty string when it did not fail.  Options: dbname (postgres), and those
# of the cluster's psql().
sub sql_error
{
	my ($node, $sql, %option) = @_;
	my $dbname = delete $option{dbname} // 'postgres';
	my $stderr = '';
	$node->psql(
		$dbname, "\\set VERBOSITY verbose\n$sql",
		%option,
		on_error_stop => 1,
		on_error_die => 0,
		stderr => \$stderr);
	my ($state, $message) =
	  $stderr =~ /(?:ERROR|FATAL|PANIC):  (\w{5}): (.*)/s;
	$state //= '';
	return wantarray ? ($state, $message // $stderr) : $state;
}

# await($what, $condition): calls the code until it returns true; gives up
# after the time the server's own tests allow.  Counts as one test named $what.
sub await
{
	my ($what, $condition) = @_;
	my $deadline = time() + $PostgreSQL::Test::Utils::timeout_default;
	while (time() < $deadline)
	{
		return pass($what) if $condition->();
		usleep(50_000);
	}
	return fail("$what (waited in vain)");
}

# await_query($node, $what, $query, $expected): until the query gives this
# ('t' when left out).  Counts as one test, and tells what it gave last.
sub await_query
{
	my ($node, $what, $query, $expected) = @_;
	my $last = '';
	$expected //= 't';
	my $found = await(
		$what,
		sub {
			my ($rc, $out, $err) = $node->psql('postgres', $query);
			$last = $rc == 0 ? $out : $err;
			return $rc == 0 && $out eq $expected;
		});
	diag("expected \"$expected\", last was \"$last\"") unless $found;
	return $found;
}

1;
