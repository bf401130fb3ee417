#
# 135_pgbouncer_hostile.pl
#	  Consoles that are wrong, silent or closed to us: each has a clear state,
#	  and nobody else is held up.

use strict;
use warnings FATAL => 'all';

use ArxBouncer;
use ArxPerf qw(new_node await await_query sql_error);
use IO::Socket::UNIX;
use PostgreSQL::Test::Utils;
use Test::More;

plan skip_all => 'needs PgBouncer' unless ArxBouncer::program();

my $services = PostgreSQL::Test::Utils::tempdir_short() . '/services';
$ENV{PGSERVICEFILE} = $services;
my $node = new_node(
	'hostile',
	autovacuum => 'off',
	'arx_perf.pgbouncer_interval' => "'100ms'");
my $bouncer = ArxBouncer->new(
	$node,
	auth_type => 'plain',
	users => { plain => 'p' });
$bouncer->start;
my $passfile = "$bouncer->{dir}/pgpass";

sub write_passwords
{
	my (%passwords) = @_;
	my $lines = join '',
	  map { "*:*:pgbouncer:$_:$passwords{$_}\n" } sort keys %passwords;
	unlink $passfile;
	append_to_file($passfile, $lines);
	chmod 0600, $passfile or die "$passfile: $!";
	return;
}

sub console
{
	my ($name, $user) = @_;
	return "name=$name " . $bouncer->conninfo($user) . " passfile=$passfile";
}

sub set_list
{
	my ($list) = @_;
	$list =~ s/'/''/g;
	return "ALTER SYSTEM SET arx_perf.pgbouncers = '$list'";
}

sub use_consoles
{
	my (@consoles) = @_;
	$node->safe_psql('postgres', set_list(join '; ', @consoles));
	$node->reload;
	return;
}

# The state of a console, as row and as answer of check().
sub await_state
{
	my ($what, $name, $state, $hint) = @_;
	return await_query(
		$node, $what, qq{
		SELECT state, status, coalesce(hint, '') LIKE '%$hint%'
		FROM arx_perf.pgbouncer_pools() p, arx_perf.check() c
		WHERE p.pgbouncer = '$name' AND p.pool IS NULL
		  AND c.check_name = 'pgbouncer $name'},
		"$state|" . ($state eq 'ok' ? 'ok' : 'error') . '|t');
}

# refused($what, $list, $message): the setting is not taken.
sub refused
{
	my ($what, $list, $message) = @_;
	my ($state, $text) = sql_error($node, set_list($list));
	is($state, '22023', "$what: refused");
	like($text, $message, "$what: with the reason");
	return $text;
}

# --- the setting -------------------------------------------------------------

my $text = refused('password', 'host=/tmp user=a password=hush',
	qr/must not contain a password.*HINT: .*passfile/s);
unlike($text =~ s/^STATEMENT.*//smr, qr/hush/, 'and does not show it');
refused(
	'password of a URI',
	'host=/tmp; postgresql://a:hush@localhost:1/',
	qr/must not contain a password/);
refused('password of a key', 'sslpassword=hush', qr/must not contain a sslpassword/);
for my $bad ('postgresql://a:hush@[::1', 'postgresql://a:%hush@h',
	'user=a password=my hush')
{
	my $message = refused("unreadable $bad", $bad, qr/What is wrong is not shown/);
	unlike($message =~ s/^STATEMENT.*//smr, qr/hush/, 'and does not show it');
}
refused('unknown option', 'host=/tmp nonsense=1',
	qr/cannot be read.*invalid connection option "nonsense"/s);
refused('open quote', "host='/tmp", qr/unterminated quoted string/);
refused('two of one name', 'host=/tmp; host=/tmp', qr/have one name.*name=/s);
refused('two hosts', 'host=/a,/b', qr/several hosts/);
refused('another database', 'host=/tmp dbname=postgres', qr/Leave dbname out/);
refused('nine consoles', join(';', map { "name=c$_ host=/tmp" } 1 .. 9),
	qr/at most 8/);
refused('no name', 'name= host=/tmp', qr/cannot be named/);
refused('long', 'name=a host=' . 'x' x 1100, qr/too long/);
is( sql_error($node, "SET arx_perf.pgbouncers = ''"),
	'55P02', 'nobody changes it in a session');
$node->safe_psql('postgres', 'CREATE ROLE guest LOGIN');
is( sql_error($node, 'SET ROLE guest; SHOW arx_perf.pgbouncers'),
	'42501', 'it is shown to superusers only');
is( sql_error($node, 'SET ROLE guest; SELECT * FROM arx_perf.pgbouncer_pools()'),
	'42501', 'and so are the rows, to who may monitor');

# --- consoles that cannot be used --------------------------------------------

# One that accepts and never answers, and one that nobody accepts.
my $silent_dir = PostgreSQL::Test::Utils::tempdir_short();
my $silent = IO::Socket::UNIX->new(
	Type => SOCK_STREAM,
	Local => "$silent_dir/.s.PGSQL.6432",
	Listen => 5) or die "cannot listen: $!";
write_passwords(stats => 's', plain => 'p', boss => 'wrong');
use_consoles(
	console('good', 'stats'),
	console('wrong', 'boss'),
	console('none', 'nobody_there'),
	console('plain', 'plain'),
	"name=silent host=$silent_dir user=stats",
	"name=away host=$bouncer->{dir} port=6433 user=stats",
	'name=missing service=there_is_none',
	"name=server host=" . $node->host . ' port=' . $node->port);
await_state('a good one', 'good', 'ok', '');
await_state('a wrong password', 'wrong', 'authentication failed', 'passfile=');
await_state('no password', 'none', 'authentication failed', 'passfile=');
await_state('a user without rights', 'plain', 'no rights', 'stats_users');
await_state('one that is silent', 'silent', 'no answer', 'silent');
await_state('nobody there', 'away', 'unreachable', 'running');
await_state('a service that is not there', 'missing', 'unreachable', 'running');
await_state('a server, no PgBouncer', 'server', 'refused', 'log');

append_to_file($services,
	"[bouncer]\nhost=$bouncer->{dir}\nuser=stats\npassword=s\n");
use_consoles('service=bouncer');
await_state('a service has the port of PgBouncer, unless it names one',
	'bouncer', 'ok', '');
use_consoles(
	console('good', 'stats'),
	console('wrong', 'boss'),
	console('none', 'nobody_there'),
	console('plain', 'plain'),
	"name=silent host=$silent_dir user=stats",
	"name=away host=$bouncer->{dir} port=6433 user=stats",
	'name=missing service=there_is_none',
	"name=server host=" . $node->host . ' port=' . $node->port);
await_state('the good one again', 'good', 'ok', '');

# Many looks at the good one while a connection to the silent one is tried:
# were they made one after the other, each would take 2 s more.
my $looks = q{SELECT value FROM arx_perf.health
	WHERE component = 'pgbouncer' AND metric = 'looks'};
my $failures = $looks =~ s/looks/failures/r;
my $fails = $node->safe_psql('postgres', $failures);
$node->reload;
await_query($node, 'all are tried at a reload', "SELECT ($failures) >= $fails + 7");
await_query(
	$node,
	'a silent one delays no other',
	q{SELECT min(extract(epoch FROM clock_timestamp() - observed_at)) < 1
	  FROM arx_perf.pgbouncer_pools() WHERE pgbouncer = 'good'});

# Between two tries of the silent one (back-off 1 s and more, each 2 s long) the
# good one is asked ten times a second.
my ($count) = $node->safe_psql('postgres', $looks);
await_query($node, 'looks go on', "SELECT ($looks) >= $count + 20");

# --- it is in nobody's way ---------------------------------------------------

$node->safe_psql('postgres', 'CREATE DATABASE doomed');
$node->safe_psql('postgres', 'DROP DATABASE doomed');
pass('DROP DATABASE does not wait for the gateway');

write_passwords(map { ($_ => 's') } qw(stats));
use_consoles(console('good', 'stats'));
await_state('a list that was mended', 'good', 'ok', '');
is( $node->safe_psql(
		'postgres', 'SELECT count(*) FROM arx_perf.pgbouncer_pools()'),
	1,
	'no console is left behind');

# A right password is taken at a reload, without waiting for the back-off.
write_passwords(stats => 'wrong');
$bouncer->restart;
await_state('a password that became wrong', 'good', 'authentication failed',
	'passfile=');
write_passwords(stats => 's');
$node->reload;
await_state('a password that was put right', 'good', 'ok', '');

# It can be stopped while a console is silent in the middle of a look.
my $gateway = q{SELECT substring(detail FROM 'process (\\d+)')
	FROM arx_perf.check() WHERE check_name = 'worker gateway'};
my $pid = $node->safe_psql('postgres', $gateway);
use_consoles("name=silent host=$silent_dir user=stats");
await_state('silent again', 'silent', 'no answer', 'silent');
kill 'STOP', $bouncer->pid;
use_consoles("name=silent host=$silent_dir user=stats",
	console('stopped', 'stats'));
await_state('a PgBouncer that was stopped', 'stopped', 'no answer', 'hangs');
kill 'TERM', $pid;
await_query($node, 'the gateway comes back when it is terminated',
	"SELECT ($gateway) <> '$pid'");
await_state('and asks again', 'silent', 'no answer', 'silent');
$node->stop('fast');
pass('a fast stop does not wait for a silent console');
kill 'CONT', $bouncer->pid;
$bouncer->stop;

done_testing();
