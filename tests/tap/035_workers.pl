#
# 035_workers.pl
#	  The background workers come back, take new settings, are in nobody's way,
#	  and go when the server goes.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use ArxPerf qw(new_node await await_query);
use ArxDurable qw(make_shop use_shop picture same_picture account_holds
  await_saved save_file read_save await_answer children);

my $node = new_node(
	'workers',
	autovacuum => 'off',
	restart_after_crash => 'on',
	'arx_perf.save_interval' => "'1s'");
make_shop($node);

# healthy($when): the doctor finds all workers running.
sub healthy
{
	my ($when) = @_;
	return await_query(
		$node,
		"$when: all workers run",
		q{SELECT count(*) = 3 FROM arx_perf.check()
		  WHERE check_name LIKE 'worker %' AND status = 'ok'});
}

# health($component, $metric): one number.
sub health
{
	my ($component, $metric) = @_;
	return $node->safe_psql('postgres',
			"SELECT value FROM arx_perf.health "
		  . "WHERE component = '$component' AND metric = '$metric'");
}

healthy('after start');

# --- they come back --------------------------------------------------------

# Terminating (what pg_terminate_backend sends) concerns the worker alone.
use_shop($node, 1);
my $picture = picture($node);
my ($postmaster) =
  split /\n/, slurp_file($node->data_dir . '/postmaster.pid');
for my $name (qw(collector keeper gateway))
{
	my ($pid) = children($node, "arx_perf $name");
	is($node->safe_psql('postgres',
			"SELECT detail FROM arx_perf.check() "
		  . "WHERE check_name = 'worker $name'"),
		"running as process $pid", "check() names the $name\'s process");
	kill 'TERM', $pid;
	await(
		"$name terminated: another one comes",
		sub {
			my @now = children($node, "arx_perf $name");
			return @now == 1 && $now[0] != $pid;
		});
	healthy("$name terminated");
}
same_picture($node, $picture, 'workers terminated: the statistics stay');
account_holds($node, 'workers terminated');

# Killed, the server restarts everybody, as after any such death.
for my $name (qw(collector keeper gateway))
{
	use_shop($node, 1);
	$picture = picture($node);
	await_saved($node, "$name: a save before it is killed");
	my ($pid) = children($node, "arx_perf $name");
	kill 'KILL', $pid;
	await("$name killed: it dies", sub { !kill 0, $pid });
	await_answer($node, "$name killed: the server is back");
	healthy("$name killed");
	same_picture($node, $picture, "$name killed: statistics of the last save");
	account_holds($node, "$name killed");
}

# --- in nobody's way -------------------------------------------------------

# Workers asleep for long must not hold up what waits for all processes.
$node->safe_psql('postgres',
	"ALTER SYSTEM SET arx_perf.collector_interval = '60s'");
$node->restart;
for my $command (
	'CREATE DATABASE short_lived TEMPLATE shop',
	'ALTER DATABASE short_lived RENAME TO renamed',
	'DROP DATABASE renamed')
{
	my $timed_out;
	$node->psql(
		'postgres', $command,
		timeout => $PostgreSQL::Test::Utils::timeout_default,
		timed_out => \$timed_out);
	ok(!$timed_out, "$command does not hang");
}
use_shop($node, 1);
$node->safe_psql('postgres', 'DROP DATABASE shop');
is( $node->safe_psql(
		'postgres', q{SELECT count(*) > 5 FROM arx_perf.statements
		WHERE dbid NOT IN (SELECT oid FROM pg_database) AND datname IS NULL}),
	't',
	'statements of a dropped database are shown without its name');

# --- settings --------------------------------------------------------------

my $ticks = health('collector', 'ticks');
$node->safe_psql('postgres',
	"ALTER SYSTEM SET arx_perf.collector_interval = '10ms'");
$node->reload;
await_query(
	$node,
	'collector_interval: a reload shortens it at once',
	qq{SELECT value > $ticks + 20 FROM arx_perf.health
	   WHERE component = 'collector' AND metric = 'ticks'});

$node->safe_psql('postgres', 'ALTER SYSTEM SET arx_perf.save_interval = 0');
$node->restart;
unlink save_file($node);
$ticks = health('keeper', 'ticks');
await_query(
	$node,
	'save_interval = 0: the keeper ticks',
	qq{SELECT value > $ticks + 1 FROM arx_perf.health
	   WHERE component = 'keeper' AND metric = 'ticks'});
ok(!-e save_file($node), 'save_interval = 0: and saves nothing');
like(
	$node->safe_psql(
		'postgres', q{SELECT status, detail FROM arx_perf.check()
		WHERE check_name = 'saved statistics'}),
	qr/^warning\|.*save_interval is 0/,
	'save_interval = 0: check() warns');
$node->safe_psql('postgres', "ALTER SYSTEM SET arx_perf.save_interval = '1s'");
$node->reload;
await('save_interval: a reload switches saving on',
	sub { -e save_file($node) });
await_saved($node, 'save_interval: and it goes on saving');

# --- they go ---------------------------------------------------------------

$node->safe_psql('postgres',
	"ALTER SYSTEM SET arx_perf.collector_interval = '60s'");
for my $mode (qw(smart fast immediate))
{
	$node->restart;
	my @workers = children($node, 'arx_perf ');
	is(scalar @workers, 3, "before a $mode stop there are three workers");
	{
		# Half of what the collector sleeps.
		local $ENV{PGCTLTIMEOUT} = 30;
		ok($node->stop($mode, fail_ok => 1),
			"$mode stop does not wait for sleeping workers");
	}
	await("$mode stop: the workers are gone",
		sub { !grep { kill 0, $_ } @workers });
	$node->start;
}
$node->stop;

# --- binary upgrade --------------------------------------------------------

my $saved = read_save($node);
my @ctl = ('pg_ctl', '-w', '-D', $node->data_dir, '-l', $node->logfile);
command_ok([ @ctl, '-o', '-b', 'start' ],
	'the server starts for a binary upgrade');
is(scalar children($node, 'arx_perf '),
	0, 'binary upgrade: there are no workers');
is( $node->safe_psql(
		'postgres', q{SELECT count(*) FROM arx_perf.check()
		WHERE check_name LIKE 'worker %' AND status = 'error'}),
	3,
	'binary upgrade: check() says so');
command_ok([ @ctl, '-m', 'fast', 'stop' ], 'it stops');
is(read_save($node), $saved, 'binary upgrade: the file is left alone');
$node->start;
healthy('after a binary upgrade');
$node->stop;

done_testing();
