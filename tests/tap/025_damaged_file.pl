#
# 025_damaged_file.pl
#	  Whatever lies where the saved statistics should be: the server starts, puts
#	  it aside with one log line, and counts from zero.

use strict;
use warnings FATAL => 'all';

use File::Path qw(rmtree);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use ArxPerf qw(new_node await_query);
use ArxDurable qw(make_shop use_shop picture same_picture account_holds
  save_file read_save write_save crc32c log_size new_log_lines);

my %settings = (
	autovacuum => 'off',
	'arx_perf.save_interval' => "'1h'");
my $node = new_node('damaged', %settings);
my $file = save_file($node);
my $folder = $node->data_dir . '/pg_stat';

make_shop($node);
use_shop($node, 2);
my $picture = picture($node);
$node->stop;
my $good = read_save($node);

# with_crc($bytes): a file that is whole as far as its checksum tells.
sub with_crc
{
	return $_[0] . pack('L', crc32c($_[0]));
}

# put_at($bytes, $offset, $new): the bytes with others in that place.
sub put_at
{
	my ($bytes, $offset, $new) = @_;
	substr($bytes, $offset, length $new) = $new;
	return $bytes;
}

sub flip_bit
{
	my ($offset) = @_;
	return put_at($good, $offset,
		chr(ord(substr($good, $offset, 1)) ^ 1 << $offset % 8));
}

my $body = substr($good, 0, -4);
is(with_crc($body), $good, 'the checksum is CRC-32C of all before it');

# --- what is accepted ------------------------------------------------------

# start_with($prepare): puts something in the file's place and starts; returns
# where the log was.
sub start_with
{
	my ($prepare) = @_;
	my $offset = log_size($node);
	rmtree("$file.rejected");
	rmtree($file);
	$prepare->();
	$node->start;
	return $offset;
}

my $offset = start_with(sub { write_save($node, $good) });
same_picture($node, $picture, 'an undamaged file is read');
is(scalar new_log_lines($node, $offset, 'was put aside|could not'),
	0, 'an undamaged file: nothing to complain of');
$node->stop;

$offset = start_with(sub { });
same_picture($node, '', 'no file: statistics are empty');
is(scalar new_log_lines($node, $offset, 'was put aside|could not'),
	0, 'no file: nothing to complain of');
is( $node->safe_psql(
		'postgres', q{SELECT status FROM arx_perf.check()
		WHERE check_name = 'saved statistics'}),
	'ok',
	'no file: nothing to warn of');
$node->stop;

$offset = start_with(
	sub {
		write_save($node, $good);
		append_to_file("$file.tmp", 'what a crash during a save left');
	});
same_picture($node, $picture, 'a half-written new file does not matter');
$node->stop;
ok(!-e "$file.tmp", 'a half-written new file is replaced by the next save');

# --- what is rejected ------------------------------------------------------

# rejects($what, $prepare, $reason)
sub rejects
{
	my ($what, $prepare, $reason) = @_;
	subtest $what => sub {
		my $from = start_with($prepare);
		is(scalar new_log_lines($node, $from, 'was put aside'),
			1, 'one log line tells that it was put aside');
		is(scalar new_log_lines($node, $from, "cannot be used because $reason"),
			1, 'and why');
		ok(-e "$file.rejected", 'it is there to look into');
		same_picture($node, '', 'nothing of it is shown');
		account_holds($node, 'from zero');
		like(
			$node->safe_psql(
				'postgres', q{SELECT status, detail FROM arx_perf.check()
				WHERE check_name = 'saved statistics'}),
			qr/^warning\|the file of the last run could not be used/,
			'check() tells');
		use_shop($node, 1);
		my $new = picture($node);
		$node->restart;
		same_picture($node, $new, 'the next restart has what was counted since');
		$node->stop;
	};
	return;
}

sub rejects_bytes
{
	my ($what, $bytes, $reason) = @_;
	rejects($what, sub { write_save($node, $bytes) }, $reason);
	is(slurp_file("$file.rejected"), $bytes, "$what: kept as it was");
	return;
}

my $half = int(length($good) / 2);

rejects_bytes("cut to $_ bytes", substr($good, 0, $_), 'it is damaged')
  for 0, 1, 16, 91, $half, length($good) - 4, length($good) - 1;
rejects_bytes('longer than it was', "$good\0", 'it is damaged');
rejects_bytes("a bit flipped at $_", flip_bit($_), 'it is damaged')
  for 0, 10, 50, $half, length($good) - 5, length($good) - 1;
rejects_bytes('all zero', "\0" x length $good, 'it is damaged');
rejects_bytes('random text', "no statistics\n" x 1000, 'it is damaged');

# With a right checksum, so that it is for the reader to notice.
my $foreign = 'it was written by another';
rejects_bytes('foreign magic', with_crc(put_at($body, 0, 'FOREIGN!')),
	$foreign);
rejects_bytes('another system identifier',
	with_crc(put_at($body, 8, pack('Q', 4711))), $foreign);
rejects_bytes('another server version',
	with_crc(put_at($body, 16, pack('L', 14))), $foreign);

my $damaged = 'it is damaged';
my $text = index($body, 'DELETE FROM item');
ok($text > 0, 'there is a text to damage');
rejects_bytes('text of 4 GB',
	with_crc(put_at($body, $text - 4, pack('L', 0xffffffff))), $damaged);
rejects_bytes('text of 1 MB in a shorter file',
	with_crc(put_at($body, $text - 4, pack('L', 1024 * 1024))), $damaged);
rejects_bytes('text length off by one',
	with_crc(put_at($body, $text - 4, pack('L', 17))), $damaged);
rejects_bytes('text in no encoding',
	with_crc(put_at($body, $text - 8, pack('L', 9999))), $damaged);
rejects_bytes('histogram of no known form',
	with_crc(put_at($body, $text + 20, "\xff")), $damaged);
rejects_bytes('unknown record', with_crc(put_at($body, length($body) - 1, '?')),
	$damaged);
rejects_bytes('records after the end', with_crc($body . 'S'), $damaged);
rejects_bytes('records without an end', with_crc(substr($body, 0, -1)),
	$damaged);
rejects_bytes('half of the records', with_crc(substr($body, 0, $half)),
	$damaged);

rejects('a directory', sub { mkdir $file or die }, $damaged);

# The real thing: a file of another cluster, of the same version.
my $other = new_node('other', %settings);
$other->stop;
rejects_bytes('file of another cluster', read_save($other), $foreign);

# --- what cannot be read or written ----------------------------------------

$offset = start_with(sub { write_save($node, $good); chmod 0, $file });
is(scalar new_log_lines($node, $offset, 'could not read|was put aside'),
	1, 'unreadable: one log line');
like(
	$node->safe_psql(
		'postgres', q{SELECT status FROM arx_perf.check()
		WHERE check_name = 'saved statistics'}),
	qr/^warning/,
	'unreadable: check() tells');
same_picture($node, '', 'unreadable: statistics are empty');
account_holds($node, 'unreadable');
$node->stop;
rmtree($file);

# Nothing can be put aside: the log must not say that it was.
$offset = start_with(sub { write_save($node, 'damaged'); chmod 0500, $folder });
is(scalar new_log_lines($node, $offset, 'was put aside'),
	0, 'unwritable folder: the log does not claim to have put it aside');
is(scalar new_log_lines($node, $offset, "because $damaged"),
	1, 'unwritable folder: but that it is damaged');
same_picture($node, '', 'unwritable folder: statistics are empty');

$node->append_conf('postgresql.conf', "arx_perf.save_interval = '1s'");
$node->reload;
await_query($node, 'unwritable folder: saves that fail are counted',
	q{SELECT value >= 2 AND status = 'warning' FROM arx_perf.health
	  WHERE metric = 'save_failures'});
like(
	$node->safe_psql(
		'postgres', q{SELECT status, detail FROM arx_perf.check()
		WHERE check_name = 'saved statistics'}),
	qr/^error\|the latest save failed/,
	'unwritable folder: check() tells');
use_shop($node, 1);
account_holds($node, 'unwritable folder: counting goes on');
is( $node->safe_psql(
		'postgres', q{SELECT string_agg(metric, ',') FROM arx_perf.health
		WHERE component = 'keeper' AND status <> 'ok'}),
	'',
	'unwritable folder: the keeper itself is well');
chmod 0700, $folder;
await_query($node, 'writable again: saves succeed again',
	'SELECT last_save IS NOT NULL FROM arx_perf.statements_info');
unlike(
	$node->safe_psql(
		'postgres', q{SELECT status FROM arx_perf.check()
		WHERE check_name = 'saved statistics'}),
	qr/^error/,
	'writable again: check() tells no error');
$picture = picture($node);
$node->restart;
same_picture($node, $picture, 'writable again: a restart loses nothing');
$node->stop;

done_testing();
