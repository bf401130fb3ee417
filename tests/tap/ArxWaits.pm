#
# ArxWaits.pm
#	  What the tests of waits and blockers share: sessions that wait, and the
#	  looks of the collector.
#
# Works with the test modules of PostgreSQL 15 to 19.

package ArxWaits;

use strict;
use warnings FATAL => 'all';

use Exporter qw(import);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use ArxPerf qw(await_query);

our @EXPORT_OK =
  qw(session send_statement finish pid_of await_wait forget await_looks
  end_session);

# session($node, $name, %option): a psql of its own, known by its application
# name.  Options: dbname (postgres), and those of background_psql().
sub session
{
	my ($node, $name, %option) = @_;
	my $dbname = delete $option{dbname} // 'postgres';
	my $session = $node->background_psql(
		$dbname,
		on_error_stop => 0,
		timeout => 10 * $PostgreSQL::Test::Utils::timeout_default,
		%option);
	(my $quoted = $name) =~ s/'/''/g;
	$session->query_safe("SET application_name = '$quoted'");
	$session->query_safe('SET client_min_messages = error');
	return $session;
}

# finish($session, $sql): waits until what was sent has ended, well or badly,
# and then runs this.
sub finish
{
	my ($session, $sql) = @_;
	$session->query($sql);
	$session->{stderr} = '';
	return;
}

# send_statement($session, $sql): does not wait for its end.
sub send_statement
{
	my ($session, $sql) = @_;
	$session->query_until(qr/sent/, "\\echo sent\n$sql;\n");
	return;
}

# end_session($node, @names): ends these sessions whatever they do.
sub end_session
{
	my ($node, @names) = @_;
	my $list = join ', ', map { "'$_'" } @names;
	$node->safe_psql('postgres',
			'SELECT pg_terminate_backend(pid) FROM pg_stat_activity '
		  . "WHERE application_name IN ($list)");
	$node->poll_query_until('postgres',
			'SELECT count(*) = 0 FROM pg_stat_activity '
		  . "WHERE application_name IN ($list)")
	  or die 'a session goes on';
	return;
}

# pid_of($node, $name): of the session with this application name.
sub pid_of
{
	my ($node, $name) = @_;
	return $node->safe_psql('postgres',
		"SELECT pid FROM pg_stat_activity WHERE application_name = '$name'");
}

# await_wait($node, $name, $class, $n): until the server says that n sessions (1
# when left out) of that name are in a wait of that class.
sub await_wait
{
	my ($node, $name, $class, $n) = @_;
	$n //= 1;
	return await_query($node, "$name: $n waiting ($class)",
			"SELECT count(*) = $n FROM pg_stat_activity "
		  . "WHERE application_name = '$name' AND wait_event_type = '$class'");
}

# forget($node): resets, and waits for the look that does so.
sub forget
{
	my ($node) = @_;
	my $at = $node->safe_psql('postgres', 'SELECT arx_perf.waits_reset()');
	$node->poll_query_until('postgres',
			'SELECT value > 0 FROM arx_perf.health '
		  . "WHERE component = 'waits' AND metric = 'looks'")
	  or die 'no look was taken';
	return $at;
}

# await_looks($node, $n): until n looks were taken since the last reset.
sub await_looks
{
	my ($node, $n) = @_;
	$node->poll_query_until('postgres',
			"SELECT value >= $n FROM arx_perf.health "
		  . "WHERE component = 'waits' AND metric = 'looks'")
	  or die 'looks are not taken';
	return;
}

1;
