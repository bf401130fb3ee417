#
# 030_standby.pl
#	  A hot standby counts its own statements, saves them, and goes on counting
#	  when it is promoted.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use ArxPerf qw(new_node await_query);
use ArxLoad qw(start_psql);
use ArxDurable qw(make_shop use_shop picture same_picture account_holds
  await_saved kill_server save_file);

my $primary = new_node(
	'primary',
	-allows_streaming => 1,
	autovacuum => 'off',
	'arx_perf.save_interval' => "'1s'");
make_shop($primary);
use_shop($primary, 2);
await_saved($primary, 'the primary saved its statistics');
$primary->backup('copy');

my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'copy', has_streaming => 1);
ok(-e save_file($standby), 'the backup holds the file of the primary');
$standby->start;
$primary->wait_for_catchup($standby);

# --- its own statements, and only these ------------------------------------

same_picture($standby, '',
	'a new standby shows no statements that it did not run');
account_holds($standby, 'new standby');

# calls_of($node): how often this ran there.
my $select = 'SELECT count(*) FROM item WHERE name =';

sub calls_of
{
	my ($node) = @_;
	return $node->safe_psql('postgres',
			'SELECT coalesce(sum(calls), 0) FROM arx_perf.statements '
		  . "WHERE query = '$select \$1'");
}

$standby->safe_psql('shop', "$select 'a'") for 1 .. 5;
$standby->psql('shop', "INSERT INTO item VALUES (1, 'b')");
is(calls_of($standby), 5, 'the standby counts its statements');
is(calls_of($primary), 0, 'the primary does not count those of the standby');
is( $standby->safe_psql(
		'postgres', q{SELECT sqlstate, count FROM arx_perf.statement_errors
		WHERE datname = 'shop' AND sqlstate = '25006'}),
	'25006|1',
	'the standby counts its errors');
is( $standby->safe_psql(
		'postgres',
		q{SELECT string_agg(check_name || ': ' || detail, ', ')
		FROM arx_perf.check()
		WHERE status <> 'ok' AND check_name <> 'saved statistics'}),
	'',
	'check() finds nothing wrong on a standby');
account_holds($standby, 'standby');

# --- saved like any other --------------------------------------------------

my $picture = picture($standby);
await_saved($standby, 'the standby saves');
kill_server($standby, 'kill -9 of the standby');
$standby->start;
same_picture($standby, $picture,
	'kill -9 of the standby: the saved statistics are there');
account_holds($standby, 'kill -9 of the standby');

# Now only a clean stop saves.
$standby->append_conf('postgresql.conf', "arx_perf.save_interval = '1h'");
$standby->restart;
$standby->safe_psql('shop', "$select 'a'") for 1 .. 5;
$picture = picture($standby);
$standby->restart;
is(calls_of($standby), 10, 'clean stop of the standby: nothing is lost');
same_picture($standby, $picture,
	'clean stop of the standby: not a number differs');

like($standby->safe_psql('postgres', 'SELECT arx_perf.reset()'),
	qr/^\d{4}-/, 'reset works on a standby');
same_picture($standby, '', 'reset on a standby forgets');

# --- sessions, waits and pools -----------------------------------------------

# sees_sleeper($when): a session that sleeps is seen by each subject.
sub sees_sleeper
{
	my ($when) = @_;
	my $sleeper;
	{
		local $ENV{PGAPPNAME} = "sleeps $when";
		$sleeper = start_psql($standby, '-c', 'SELECT pg_sleep(600)');
	}
	my %views = (
		active_sessions => "wait_event = 'PgSleep'",
		session_history => "wait_event = 'PgSleep'",
		wait_profile => "wait_event = 'PgSleep'",
		database_pools => 'active = 1');
	for my $view (sort keys %views)
	{
		await_query(
			$standby,
			"$when: $view has a session that sleeps",
			"SELECT count(*) > 0 FROM arx_perf.$view
			 WHERE application_name = 'sleeps $when' AND $views{$view}");
	}
	# It does not notice that its client goes.
	$standby->safe_psql('postgres',
		"SELECT pg_terminate_backend(pid) FROM pg_stat_activity
		 WHERE application_name = 'sleeps $when'");
	eval { $sleeper->finish };
	return;
}

sees_sleeper('standby');

# --- promoted --------------------------------------------------------------

$standby->safe_psql('shop', "$select 'a'") for 1 .. 5;
$picture = picture($standby);
$standby->promote;
await_query($standby, 'promoted', 'SELECT pg_is_in_recovery()', 'f');
same_picture($standby, $picture, 'promotion keeps the statistics');
$standby->safe_psql('shop', "$select 'a'") for 1 .. 5;
is(calls_of($standby), 10, 'promoted: it goes on counting');
use_shop($standby, 1);
like(picture($standby), qr/INSERT INTO item/, 'promoted: writes are counted');
$picture = picture($standby);
$standby->restart;
same_picture($standby, $picture, 'promoted: a restart loses nothing');
is( $standby->safe_psql(
		'postgres', q{SELECT string_agg(check_name, ',') FROM arx_perf.check()
		WHERE check_name LIKE 'worker %' AND status = 'ok'}),
	'worker collector,worker keeper,worker gateway',
	'promoted: the workers run');
sees_sleeper('promoted');

$standby->stop;
$primary->stop;

done_testing();
