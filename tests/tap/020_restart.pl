#
# 020_restart.pl
#	  Statistics survive: a clean stop loses nothing, a crash only what ran
#	  after the last save.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use ArxPerf qw(new_node await);
use ArxDurable qw(make_shop use_shop picture same_picture
  account_holds await_saved kill_server await_answer children);

# A slow collector, so that what waits in rings is not drained by chance.
my $node = new_node(
	'restart',
	autovacuum => 'off',
	restart_after_crash => 'on',
	'arx_perf.save_interval' => "'1s'",
	'arx_perf.collector_interval' => "'60s'");
my $totals = 'SELECT executions, recorded, dropped, stats_reset '
  . 'FROM arx_perf.statements_info';

make_shop($node);
my $reset = $node->safe_psql('postgres',
	'SELECT stats_reset FROM arx_perf.statements_info');

sub reset_time_is_kept
{
	my ($when) = @_;
	is( $node->safe_psql(
			'postgres', 'SELECT stats_reset FROM arx_perf.statements_info'),
		$reset, "$when: stats_reset is kept");
	return;
}

# --- clean stops -----------------------------------------------------------

use_shop($node, 2);
my $picture = picture($node);
like($picture, qr/gr\xc3\xbcn|INSERT INTO item/, 'there is a picture');
like($picture, qr/22012/, 'there are errors in it');
like($picture, qr/withheld/, 'there is a withheld text in it');
account_holds($node, 'before any stop');

for my $mode (qw(fast smart))
{
	# Statements that nobody read, and so nobody but the stop can save.
	use_shop($node, 1);
	my $session = $node->safe_psql('postgres', $totals);
	my ($executions, $recorded, $dropped, $since) = split /\|/, $session;
	$picture = picture($node);
	$node->stop($mode);
	$node->start;
	# Since then: reading the totals, and the two queries of the picture.
	is( $node->safe_psql('postgres', $totals),
		join('|', $executions + 3, $recorded + 3, $dropped, $since),
		"$mode stop: every execution is there");
	same_picture($node, $picture, "$mode stop: not a number differs");
	account_holds($node, "$mode stop");
	reset_time_is_kept("$mode stop");
}

# What waits in the rings when the server stops is saved as well.
my $unread = q{SELECT sum(calls) FROM arx_perf.statements
	WHERE query = 'SELECT count(*) FROM item WHERE name = $1'};
$node->safe_psql('shop', q{SELECT count(*) FROM item WHERE name = 'a'})
  for 1 .. 10;
$node->restart;
is($node->safe_psql('postgres', $unread),
	10, 'clean stop: events in rings are saved');

# --- crashes ---------------------------------------------------------------

# crash($what, $code): a crash after a save; the code crashes and brings the
# server back.
sub crash
{
	my ($what, $code) = @_;
	use_shop($node, 1);
	my $picture = picture($node);
	await_saved($node, "$what: a save");
	$code->();
	same_picture($node, $picture, "$what: the saved statistics are there");
	account_holds($node, $what);
	reset_time_is_kept($what);
	use_shop($node, 1);
	isnt(picture($node), $picture, "$what: counting goes on");
	return;
}

crash('immediate stop', sub { $node->stop('immediate'); $node->start; });

crash(
	'kill -9 of a backend',
	sub {
		my $session = $node->background_psql('postgres');
		my $pid = $session->query('SELECT pg_backend_pid()');
		my ($keeper) = children($node, 'arx_perf keeper');
		kill 'KILL', $pid;
		await('kill -9 of a backend: the server notices',
			sub { !kill 0, $keeper });
		await_answer($node, 'kill -9 of a backend: the server is back');
		eval { $session->quit };
	});

crash(
	'kill -9 of the postmaster',
	sub {
		kill_server($node, 'kill -9 of the postmaster');
		$node->start;
	});

# What waits in the rings is part of a save, read by nobody.
$node->safe_psql('shop', q{SELECT count(*) FROM item WHERE name = 'a'})
  for 1 .. 5;
await_saved($node, 'a save, while nobody reads');
kill_server($node, 'a save, while nobody reads');
$node->start;
is($node->safe_psql('postgres', $unread),
	15, 'a save takes what waits in rings');

# --- what was not saved ----------------------------------------------------

# An immediate stop does not touch shared memory, which may be damaged: what
# ran after the last save is lost, and the account tells no lie about it.
$node->safe_psql('postgres', "ALTER SYSTEM SET arx_perf.save_interval = '1h'");
$node->restart;
$picture = picture($node);
use_shop($node, 1);
isnt(picture($node), $picture, 'more ran since the last save');
$node->stop('immediate');
$node->start;
same_picture($node, $picture,
	'immediate stop: the statistics are those of the last save');
account_holds($node, 'immediate stop without a save');

# The next second of the same life: a crash must not count twice what was read.
$node->stop('immediate');
$node->start;
same_picture($node, $picture, 'immediate stop, twice: the same again');
account_holds($node, 'immediate stop, twice');

# --- nothing to be saved ---------------------------------------------------

$node->safe_psql('postgres', 'ALTER SYSTEM SET arx_perf.save_interval = 0');
$node->restart;
use_shop($node, 1);
$node->restart;
same_picture($node, '', 'save_interval = 0: a restart starts from zero');
account_holds($node, 'save_interval = 0');
$node->stop;

done_testing();
