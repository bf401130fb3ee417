#
# 110_waits.pl
#	  The wait profile shows what sessions wait for: as many samples as there
#	  are sessions at each look, under the names that the server gives.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes;
use ArxPerf qw(new_node await await_query pg_major);
use ArxDurable qw(children);
use ArxLoad qw(start_psql stop_process write_script);
use ArxWaits qw(session send_statement await_wait forget await_looks end_session);

my $node = new_node(
	'waits',
	autovacuum => 'off',
	max_parallel_workers => 4,
	wal_level => 'replica',
	max_wal_senders => 2,
	'arx_perf.track' => 'all',
	'arx_perf.sample_interval' => "'10ms'");
my $major = pg_major($node);
my @sessions;

# background($name, $sql): a session of that name that runs this.
sub background
{
	my ($name, $sql, %option) = @_;
	my $session = session($node, $name, %option);
	send_statement($session, $sql);
	push @sessions, $session;
	return $session;
}

# rows($columns, $where): of the profile.
sub rows
{
	my ($columns, $where) = @_;
	return $node->safe_psql('postgres',
		"SELECT $columns FROM arx_perf.wait_profile WHERE $where ORDER BY 1");
}

# seen($what, $where): a row like this comes.
sub seen
{
	my ($what, $where) = @_;
	return await_query($node, $what,
		"SELECT count(*) > 0 FROM arx_perf.wait_profile WHERE $where");
}

my $looks = q{(SELECT value FROM arx_perf.health
	WHERE component = 'waits' AND metric = 'looks')};

# Older than all sessions that stay, so that its rows can be frozen.
$node->safe_psql('postgres',
	'CREATE TABLE pinned AS SELECT generate_series(1, 10) AS a');

# --- as many samples as sessions --------------------------------------------

background('sleeper', 'SELECT pg_sleep(6000)') for 1 .. 3;
await_wait($node, 'sleeper', 'Timeout', 3);
my $holder = session($node, 'key holder');
$holder->query_safe('SELECT pg_advisory_lock(1)');
background('locker', 'SELECT pg_advisory_lock(1)');
await_wait($node, 'locker', 'Lock');
forget($node);
await_looks($node, 100);

# Views are read one after the other, so a look may come between; but it does
# not always.
await_query(
	$node,
	'each look sees all of three sleepers and one who waits for a lock',
	qq{SELECT sum(samples) FILTER (WHERE wait_event = 'PgSleep') = 3 * $looks
		AND sum(samples) FILTER (WHERE wait_event = 'advisory') = $looks
		AND count(*) = 2
	   FROM arx_perf.wait_profile
	   WHERE application_name IN ('sleeper', 'locker')});
is( rows(
		'wait_event_type, wait_event, datname, username, backend_type',
		"application_name = 'sleeper'"),
	'Timeout|PgSleep|postgres|'
	  . $node->safe_psql('postgres', 'SELECT current_user')
	  . '|client backend',
	'the wait has the names that the server gives');
is( rows('wait_event_type, wait_event', "application_name = 'locker'"),
	'Lock|advisory', 'the wait for a lock has its names');
is( rows(
		'wait_time = 10 * samples AND wait_time_low <= wait_time
		AND wait_time <= wait_time_high AND wait_time_low > 0.8 * wait_time
		AND wait_time_high < 1.2 * wait_time',
		"application_name = 'sleeper'"),
	't',
	'the time is samples times interval, and steady numbers are narrow');
is( $node->safe_psql(
		'postgres', q{
		SELECT abs(s.share / l.share - 3) < 1e-9
			AND s.share BETWEEN s.share_low AND s.share_high
			AND l.share BETWEEN l.share_low AND l.share_high
		FROM arx_perf.wait_profile() s, arx_perf.wait_profile() l
		WHERE s.application_name = 'sleeper' AND l.application_name = 'locker'
			AND s.samples = 3 * l.samples
		UNION ALL SELECT true LIMIT 1}),
	't',
	'three times the sessions have three times the share');
await_query(
	$node,
	'shares of database time add up to one',
	q{SELECT abs(sum(share) - 1) < 1e-9 FROM arx_perf.wait_profile});
await_query(
	$node,
	'samples of all rows are the samples that were taken',
	q{SELECT sum(samples) = (SELECT value FROM arx_perf.health
		WHERE component = 'waits' AND metric = 'samples')
	  FROM arx_perf.wait_profile});

# --- which statement --------------------------------------------------------

$node->safe_psql('postgres',
	'CREATE FUNCTION inside(s float8) RETURNS void LANGUAGE plpgsql '
	  . 'AS $$ BEGIN PERFORM pg_sleep(s); END $$; SELECT inside(0.001)');
background('caller', 'SELECT inside(6000)');
seen('a statement inside of a function is seen', q{application_name = 'caller'});
is( $node->safe_psql(
		'postgres', q{
		SELECT DISTINCT s.query, s.toplevel FROM arx_perf.wait_profile w
		JOIN arx_perf.statements s
			ON s.queryid = w.queryid AND s.userid = w.userid AND s.dbid = w.dbid
		WHERE w.application_name = 'caller' AND wait_event = 'PgSleep'}),
	'SELECT pg_sleep(s)|f',
	'its wait counts for the innermost statement');

# --- states -----------------------------------------------------------------

my $idler = session($node, 'idler');
$idler->query_safe('BEGIN; SELECT 1');
background('busy', 'DO $$ BEGIN LOOP END LOOP; END $$');
forget($node);
await_looks($node, 50);
is(rows('samples', "application_name = 'idler'"),
	'', 'a session idle in a transaction is not database time');
is( rows(
		'DISTINCT wait_event_type, wait_event, queryid IS NOT NULL',
		"application_name = 'busy' AND samples > 5"),
	'CPU|CPU|t',
	'a busy loop is on the CPU');
await_query(
	$node,
	'each look sees the busy loop',
	qq{SELECT sum(samples) = $looks FROM arx_perf.wait_profile
	   WHERE application_name = 'busy'});
end_session($node, 'busy', 'idler', 'caller');

# --- parallel workers -------------------------------------------------------

my $force = $major >= 16 ? 'debug_parallel_query' : 'force_parallel_mode';
$node->safe_psql('postgres', 'CREATE TABLE one AS SELECT 1 AS a');
my $leader = session($node, 'leader');
$leader->query_safe("SET $force = on");
send_statement($leader, 'SELECT pg_sleep(6000) FROM one');
push @sessions, $leader;
seen(
	'a parallel worker that sleeps is database time',
	q{application_name = 'leader' AND backend_type = 'parallel worker'
	  AND wait_event = 'PgSleep' AND share > 0});
is( rows(
		'count(DISTINCT queryid) = 1 AND count(*) = count(queryid)',
		"application_name = 'leader' AND wait_event <> 'CPU'"),
	't',
	'leader and worker run one statement');
end_session($node, 'leader');

# --- the end of a transaction -----------------------------------------------

$node->safe_psql('postgres',
	"ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
$node->reload;
background('committer', 'INSERT INTO one VALUES (2)');
seen(
	'the wait at commit counts for the statement that commits',
	q{application_name = 'committer' AND wait_event = 'SyncRep'
	  AND queryid IN (SELECT s.queryid FROM arx_perf.statements s
		WHERE s.query LIKE 'INSERT INTO one %')});
$node->safe_psql('postgres', 'ALTER SYSTEM RESET synchronous_standby_names');
$node->reload;
end_session($node, 'committer');

# --- a session that was ended -----------------------------------------------

# Newcomers get the places of those that were ended, and wait for a lock before
# they know their statement.
my $owner = session($node, 'owner');
$owner->query_safe('BEGIN; LOCK TABLE one');
background('ended', 'BEGIN; LOCK TABLE one');
await_wait($node, 'ended', 'Lock');
end_session($node, 'ended');
for (1 .. 2)
{
	my $newcomer = $node->background_psql('postgres', on_error_stop => 0);
	send_statement($newcomer, 'TABLE one');
	push @sessions, $newcomer;
}
await_query(
	$node,
	'the statement of a session that was ended is not that of a newcomer', q{
	SELECT count(*) = 2 AND count(queryid) = 0 FROM arx_perf.active_sessions
	WHERE query = 'TABLE one;' AND wait_event = 'relation'});
$owner->query_safe('ROLLBACK');

# --- names of waits ---------------------------------------------------------

# Rows in the page that the cursor is at must be frozen, so VACUUM waits until
# nobody has the page pinned.
my $cursor = session($node, 'cursor');
$cursor->query_safe('BEGIN');
$cursor->query_safe('DECLARE c CURSOR FOR SELECT * FROM pinned');
$cursor->query_safe('FETCH 1 FROM c');
background('vacuum', 'VACUUM (FREEZE) pinned');
seen(
	'the wait for a pinned buffer has one name on all servers',
	q{application_name = 'vacuum' AND wait_event_type = 'BufferPin'
	  AND wait_event = 'BufferPin' AND samples > 5});
$cursor->query_safe('COMMIT');

# --- processes of the server ------------------------------------------------

# A backup that need not be fast begins with a checkpoint that takes its time.
$node->safe_psql('postgres', 'CREATE TABLE dirty (a text)');
$node->safe_psql('postgres',
	"INSERT INTO dirty SELECT repeat('x', 1000) FROM generate_series(1, 10000)");
background('backup', "SELECT pg_backup_start('slow', false)");
seen(
	'the checkpointer is seen at its work, outside of database time',
	q{backend_type = 'checkpointer' AND share IS NULL AND userid IS NULL
	  AND application_name = '' AND wait_time > 0});
is(rows('count(*)', "wait_event_type = 'Activity'"),
	0, 'no process of the server is seen in its main loop');
is(rows('count(*)', "backend_type LIKE 'arx_perf%'"),
	0, 'the collector does not see itself');
end_session($node, 'backup');

# --- names with quotes and multibyte characters -----------------------------

my $strange = qq{we"ird 'n\xc3\xa4me' \xe6\x97\xa5\xe6\x9c\xac};
(my $identifier = $strange) =~ s/"/""/g;
(my $literal = $strange) =~ s/'/''/g;
$node->safe_psql('postgres', qq{CREATE DATABASE "$identifier"});
$node->safe_psql('postgres', qq{CREATE ROLE "$identifier" LOGIN});
my $named = session($node, q{it's "an" app}, dbname => $strange);
$named->query_safe(qq{SET SESSION AUTHORIZATION "$identifier"});
send_statement($named, 'SELECT pg_sleep(6000)');
push @sessions, $named;
seen('names with quotes and multibyte characters are shown as they are',
	    qq{application_name = 'it''s "an" app' AND datname = '$literal'}
	  . qq{ AND wait_event = 'PgSleep'});

# --- a database goes --------------------------------------------------------

my $timed_out;
my $dbid = $node->safe_psql('postgres',
	"SELECT oid FROM pg_database WHERE datname = '$literal'");
$node->psql(
	'postgres', qq{DROP DATABASE "$identifier" WITH (FORCE)},
	timeout => $PostgreSQL::Test::Utils::timeout_default,
	timed_out => \$timed_out);
ok(!$timed_out, 'DROP DATABASE does not hang while sessions are looked at');
is( rows('DISTINCT datname IS NULL, application_name', "dbid = $dbid"),
	q{t|it's "an" app}, 'waits of a dropped database are shown without name');

# --- reset ------------------------------------------------------------------

my $at = forget($node);
seen('after a reset it goes on', "application_name = 'sleeper'");
is( rows(
		"bool_and(stats_since = '$at' AND first_seen >= '$at')", 'true'),
	't',
	'after a reset nothing older is shown');

my ($collector) = children($node, 'arx_perf collector');
kill 'STOP', $collector;
await(
	'the collector is stopped',
	sub { slurp_file("/proc/$collector/status") =~ /^State:\tT/m });
is(rows('count(*) > 0', 'true'),
	't', 'the profile can be read while the collector is stopped');
$at = $node->safe_psql('postgres', 'SELECT arx_perf.waits_reset()');
is(rows('count(*)', 'true'),
	0, 'a reset while the collector is stopped: nothing older is shown');
is($node->safe_psql('postgres', 'SELECT count(*) FROM arx_perf.blocking'),
	0, 'nor any blocker');
kill 'CONT', $collector;
seen('when the collector goes on, so does the profile',
	"application_name = 'sleeper' AND stats_since = '$at'");

my ($pid) = children($node, 'arx_perf collector');
kill 'TERM', $pid;
await(
	'the collector was ended and another one came',
	sub {
		my @now = children($node, 'arx_perf collector');
		return @now == 1 && $now[0] != $pid;
	});
my $before = rows('samples', "application_name = 'sleeper'");
is($at, rows('min(stats_since)', 'true'), 'it goes on with the same counts');
await_query($node, 'and adds to them',
	"SELECT samples > $before FROM arx_perf.wait_profile "
	  . "WHERE application_name = 'sleeper'");
$node->stop('immediate');

# --- too many rows ----------------------------------------------------------

$node = new_node(
	'many',
	autovacuum => 'off',
	'arx_perf.max_waits' => 100,
	'arx_perf.sample_interval' => "'10ms'");
is( $node->safe_psql(
		'postgres',
		"SELECT status FROM arx_perf.check() WHERE check_name = 'wait limit'"),
	'ok',
	'check() finds room for waits');
my $many = start_psql($node, '-f', write_script('many.sql', join '',
		map { "SET application_name = 'app $_'; SELECT pg_sleep(0.02);\n" }
		  1 .. 5000));
await_query(
	$node,
	'too many rows: the oldest are folded',
	q{SELECT value > 50 FROM arx_perf.health
	  WHERE component = 'waits' AND metric = 'evicted'});
await_query(
	$node,
	'too many rows: the sum of samples is right',
	q{SELECT sum(samples) = (SELECT value FROM arx_perf.health
		WHERE component = 'waits' AND metric = 'samples')
	  FROM arx_perf.wait_profile});
await_query(
	$node,
	'too many rows: shares still add up to one',
	q{SELECT abs(sum(share) - 1) < 1e-9 FROM arx_perf.wait_profile});
is( rows(
		'count(*) <= 100', "application_name <> '(other)'"),
	't',
	'too many rows: the limit holds');
is( rows(
		'wait_event_type, wait_event, queryid IS NULL AND dbid IS NULL
		AND userid IS NULL AND backend_type IS NULL AND samples > 20
		AND share > 0 AND wait_time_low < wait_time',
		q{application_name = '(other)' AND wait_event = 'PgSleep'}),
	'Timeout|PgSleep|t',
	'too many rows: they are folded by wait');
like(
	$node->safe_psql(
		'postgres',
		"SELECT status, detail, hint FROM arx_perf.check() "
		  . "WHERE check_name = 'wait limit'"),
	qr/^warning\|not all waits fit: \d+ were folded into "\(other\)"\|Raise arx_perf.max_waits.$/,
	'check() says that there is too little room');
stop_process($node, $many);
$node->stop;

done_testing();
