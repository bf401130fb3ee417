#
# ArxDurable.pm
#	  What the tests of restarts, crashes and the saved file share: a load, a
#	  picture of what is known about it, and the file itself.
#
# The load runs in a database of its own, shop, and is looked at from the
# database postgres, so looking does not change the picture.

package ArxDurable;

use strict;
use warnings FATAL => 'all';

use Exporter qw(import);
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes;
use ArxPerf qw(await);

our @EXPORT_OK = qw(make_shop use_shop picture same_picture
  account_holds await_saved
  save_file read_save write_save crc32c log_size new_log_lines children
  kill_server await_answer);

# make_shop($node): the database and the role that the load uses.
sub make_shop
{
	my ($node) = @_;
	$node->safe_psql('postgres', 'CREATE ROLE keeper_of_shop LOGIN');
	$node->safe_psql('postgres', 'CREATE DATABASE shop');
	$node->safe_psql('shop',
			'CREATE TABLE item (id int PRIMARY KEY, name text);'
		  . 'GRANT ALL ON item TO keeper_of_shop;'
		  . 'GRANT CREATE ON SCHEMA public TO keeper_of_shop');
	return;
}

# use_shop($node, $rounds): statements of many kinds, some of which fail; what
# each round adds is the same.
sub use_shop
{
	my ($node, $rounds) = @_;
	my $round = <<'SQL';
INSERT INTO item SELECT i, 'thing ' || i FROM generate_series(1, 50) i;
UPDATE item SET name = 'gr\u00fcn' WHERE id < 10;
SELECT count(*) FROM item WHERE id IN (1, 2, 3);
SELECT i, repeat('x', i) FROM generate_series(1, 300) i ORDER BY 2;
SELECT 1 / (id - 1) FROM item;
SELECT 'not a number'::int;
SELECT id FROM no_such_table;
SET work_mem = '1MB';
ALTER ROLE keeper_of_shop PASSWORD 'secret';
CREATE TABLE copied AS SELECT * FROM item;
DROP TABLE copied;
DO $$ BEGIN PERFORM count(*) FROM item; END $$;
DELETE FROM item;
SQL
	$round =~ s/\\u00fc/\xc3\xbc/;
	for my $n (1 .. $rounds)
	{
		$node->psql('shop', "\\o /dev/null\n$round", on_error_stop => 0);
	}
	return;
}

# picture($node): all that is known about statements of shop: counters, times,
# histograms, texts, errors.  Equal pictures: nothing was lost, nothing added.
sub picture
{
	my ($node) = @_;
	return $node->safe_psql(
		'postgres', q{
		SELECT s FROM arx_perf.statements s WHERE s.datname = 'shop'
		ORDER BY s.queryid, s.userid, s.toplevel;
		SELECT e FROM arx_perf.statement_errors e WHERE e.datname = 'shop'
		ORDER BY e.queryid, e.userid, e.toplevel, e.sqlstate});
}

# same_picture($node, $expected, $name): nothing was lost, nothing added.
sub same_picture
{
	my ($node, $expected, $name) = @_;
	my $now = picture($node);
	return pass($name) if $now eq $expected;
	my %known = map { $_ => 1 } split /\n/, $expected;
	my %found = map { $_ => 1 } split /\n/, $now;
	my @lost = grep { !$found{$_} } sort keys %known;
	my @added = grep { !$known{$_} } sort keys %found;
	diag(sprintf('%d rows lost, %d added, such as', 0 + @lost, 0 + @added));
	diag(substr($_, 0, 200)) for grep { defined } ($lost[0], $added[0]);
	return fail($name);
}

# account_holds($node, $when): executions = recorded + dropped, and each
# recorded one is in the counters of a statement.
sub account_holds
{
	my ($node, $when) = @_;
	my $account = $node->safe_psql(
		'postgres', q{
		SELECT executions, recorded, dropped,
			(SELECT sum(calls + errors) FROM arx_perf.statements(false))
		FROM arx_perf.statements_info});
	my ($executions, $recorded, $dropped, $counted) = split /\|/, $account;
	my $good = ok(
		$executions > 0
		  && $executions == $recorded + $dropped
		  && $recorded == $counted,
		"$when: executions = recorded + dropped, recorded = calls + errors");
	diag("executions $executions, recorded $recorded, "
		  . "dropped $dropped, counted $counted")
	  unless $good;
	return $good;
}

# await_saved($node, $what): until a save began after this call, and ended.
# The first save seen may have begun before; the second one cannot have.  An
# idle server saves nothing, so something runs meanwhile, but nothing that reads
# the statistics.
sub await_saved
{
	my ($node, $what) = @_;
	my $last = join ' ', file_state(save_file($node));
	my $seen = 0;
	return await(
		$what,
		sub {
			$node->safe_psql('postgres', 'SELECT 1');
			my $state = join ' ', file_state(save_file($node));
			$seen++ if $state ne '' && $state ne $last;
			$last = $state;
			return $seen == 2;
		});
}

# Inode and time of change; nothing when there is no such file.
sub file_state
{
	return (Time::HiRes::stat($_[0]))[ 1, 9 ];
}

# save_file($node): path of the saved statistics.
sub save_file
{
	my ($node) = @_;
	return $node->data_dir . '/pg_stat/arx_perf.stat';
}

# read_save($node): its bytes.
sub read_save
{
	my ($node) = @_;
	open my $file, '<:raw', save_file($node) or die "no saved file: $!";
	local $/ = undef;
	my $bytes = <$file>;
	close $file;
	return $bytes;
}

# write_save($node, $bytes): puts other bytes in its place.
sub write_save
{
	my ($node, $bytes) = @_;
	open my $file, '>:raw', save_file($node) or die "cannot write: $!";
	print $file $bytes;
	close $file or die "cannot write: $!";
	return;
}

# crc32c($bytes): CRC-32C (Castagnoli; RFC 3720, appendix B.4).
sub crc32c
{
	my ($bytes) = @_;
	my @table = map {
		my $c = $_;
		$c = $c & 1 ? 0x82f63b78 ^ ($c >> 1) : $c >> 1 for 1 .. 8;
		$c
	} 0 .. 255;
	my $crc = 0xffffffff;
	$crc = $table[ ($crc ^ $_) & 0xff ] ^ ($crc >> 8)
	  for unpack('C*', $bytes);
	return $crc ^ 0xffffffff;
}

# log_size($node) and new_log_lines($node, $offset, $pattern): lines that the
# server wrote since then and that match.  Statements that were logged do not
# count: log_statement is on in these tests.
sub log_size
{
	my ($node) = @_;
	return -s $node->logfile // 0;
}

sub new_log_lines
{
	my ($node, $offset, $pattern) = @_;
	my $text = slurp_file($node->logfile, $offset);
	return grep { !/statement:/ && /$pattern/ } split /\n/, $text;
}

# What /proc says of a process; nothing when it is gone by now.
sub of_process
{
	my ($pid, $what) = @_;
	open my $file, '<', "/proc/$pid/$what" or return '';
	return join('', <$file>);
}

# children($node, $title): processes of this server whose title contains this.
sub children
{
	my ($node, $title) = @_;
	my ($postmaster) =
	  split /\n/, slurp_file($node->data_dir . '/postmaster.pid');
	my @found;
	for my $pid (map { substr($_, 6) } glob '/proc/[0-9]*')
	{
		push @found, $pid
		  if of_process($pid, 'status') =~ /^PPid:\t$postmaster$/m
		  && of_process($pid, 'cmdline') =~ /\Q$title\E/;
	}
	return @found;
}

# kill_server($node, $what): kill -9 of the postmaster, and waits until all its
# processes are gone: before that a new one refuses to start.
sub kill_server
{
	my ($node, $what) = @_;
	my ($postmaster) =
	  split /\n/, slurp_file($node->data_dir . '/postmaster.pid');
	my @all = ($postmaster, children($node, ''));
	$node->kill9;
	return await("$what: all processes end", sub { !grep { kill 0, $_ } @all });
}

# await_answer($node, $what): until the server, which restarts by itself,
# answers.
sub await_answer
{
	my ($node, $what) = @_;
	return await(
		$what,
		sub {
			my ($rc) = $node->psql('postgres', 'SELECT 1');
			return $rc == 0;
		});
}

1;
