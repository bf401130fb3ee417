#
# ArxBouncer.pm
#	  A real PgBouncer for a test, on a Unix socket in a folder of its own.

package ArxBouncer;

use strict;
use warnings FATAL => 'all';

use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my @running;

# program(): path of the program; the empty string when there is none.
sub program
{
	for my $dir (split(/:/, $ENV{PATH} // ''), '/usr/sbin', '/usr/local/sbin')
	{
		return "$dir/pgbouncer" if -x "$dir/pgbouncer";
	}
	return '';
}

# new($node, %option): configured but not started, for the databases of a
# server.  Options:
#	databases => {name => 'more of its line'}, beside '*'; plain names
#	users => {name => password} for its auth_file; "stats" may use the console
#	per_user => {name => 'pool_size=2'} for the section [users]
#	any other: settings of the section [pgbouncer]
sub new
{
	my ($class, $node, %option) = @_;
	my $self = bless {
		node => $node,
		dir => PostgreSQL::Test::Utils::tempdir_short(),
		databases => delete $option{databases} // {},
		users => delete $option{users} // {},
		per_user => delete $option{per_user} // {},
		settings => {
			auth_type => 'trust',
			stats_users => 'stats',
			admin_users => 'boss',
			pool_mode => 'transaction',
			max_client_conn => 200,
			%option
		},
	}, $class;
	$self->write_files;
	return $self;
}

sub write_files
{
	my ($self) = @_;
	my $dir = $self->{dir};
	my $node = $self->{node};
	my $server = 'host=' . $node->host . ' port=' . $node->port;
	my $ini = "[databases]\n";
	for my $name (sort keys %{ $self->{databases} })
	{
		$ini .= "$name = $server $self->{databases}{$name}\n";
	}
	$ini .= "* = $server\n[users]\n";
	$ini .= "$_ = $self->{per_user}{$_}\n" for sort keys %{ $self->{per_user} };
	$ini .= "[pgbouncer]\n";
	my %settings = (
		listen_port => 6432,
		unix_socket_dir => $dir,
		auth_file => "$dir/users",
		logfile => "$dir/log",
		pidfile => "$dir/pid",
		%{ $self->{settings} });
	$ini .= "$_ = $settings{$_}\n" for sort keys %settings;

	my %users = (stats => 's', boss => 'b', getpwuid($<) => 'o',
		%{ $self->{users} });
	my $users = '';
	for my $name (sort keys %users)
	{
		$users .= sprintf "\"%s\" \"%s\"\n",
		  map { s/"/""/gr } ($name, $users{$name});
	}
	PostgreSQL::Test::Utils::append_to_file("$dir/ini.new", $ini);
	PostgreSQL::Test::Utils::append_to_file("$dir/users.new", $users);
	rename "$dir/$_.new", "$dir/$_" or die "$dir/$_: $!" for qw(ini users);
	return;
}

# conninfo($user): of its admin console.
sub conninfo
{
	my ($self, $user) = @_;
	return "host=$self->{dir} user=" . ($user // 'stats');
}

sub start
{
	my ($self) = @_;
	my $log = "$self->{dir}/start";
	IPC::Run::run([ program(), '-d', "$self->{dir}/ini" ],
		'>', $log, '2>', $log)
	  or BAIL_OUT('PgBouncer does not start: ' . slurp_file($log));
	push @running, $self;
	$self->await_state('it answers', sub { $self->try_console('SHOW VERSION') });
	return;
}

sub pid
{
	my ($self) = @_;
	my $file = "$self->{dir}/pid";
	return -s $file ? slurp_file($file) + 0 : 0;
}

# stop(): at once, without waiting for clients.
sub stop
{
	my ($self) = @_;
	my $pid = $self->pid;
	return unless $pid;
	# Its signals changed their meanings in 1.23; this command did not.
	$self->try_console('SHUTDOWN', 'boss');
	$self->await_state('it is gone', sub { !kill 0, $pid });
	unlink "$self->{dir}/pid";
	@running = grep { $_ != $self } @running;
	return;
}

sub restart
{
	my ($self) = @_;
	$self->stop;
	$self->start;
	return;
}

# set(%settings): writes its configuration anew, and has it read.
sub set
{
	my ($self, %settings) = @_;
	$self->{settings} = { %{ $self->{settings} }, %settings };
	$self->write_files;
	$self->try_console('RELOAD', 'boss') // BAIL_OUT('cannot reload');
	return;
}

sub await_state
{
	my ($self, $what, $condition) = @_;
	for (1 .. 20 * $PostgreSQL::Test::Utils::timeout_default)
	{
		return if $condition->();
		usleep(50_000);
	}
	BAIL_OUT("PgBouncer: waited in vain until $what");
	return;
}

# try_console($command, $user): what its console answers, columns separated by
# tabs, the names of the columns first; undef when it fails.
sub try_console
{
	my ($self, $command, $user) = @_;
	my ($out, $err) = ('', '');
	local $ENV{PGPASSWORD} =
	  { stats => 's', boss => 'b' }->{ $user // 'stats' };
	my $ok = IPC::Run::run(
		[
			'psql', '-XAw', '-F', "\t", '-P', 'footer=off', '-d',
			$self->conninfo($user) . ' port=6432 dbname=pgbouncer', '-c', $command
		],
		'>', \$out, '2>', \$err);
	return $ok ? $out : undef;
}

# rows($command): its answer as a list of hashes.
sub rows
{
	my ($self, $command) = @_;
	my $answer = $self->try_console($command) // BAIL_OUT("$command failed");
	my ($head, @lines) = split /\n/, $answer;
	my @columns = split /\t/, $head;
	my @rows;
	for my $line (@lines)
	{
		my %row;
		@row{@columns} = split /\t/, $line, -1;
		push @rows, \%row;
	}
	return @rows;
}

# connection($database, $user): a connection string through it.
sub connection
{
	my ($self, $database, $user) = @_;
	s/([\\'])/\\$1/g for ($database, $user);
	return "host=$self->{dir} port=6432 dbname='$database' user='$user'";
}

END
{
	my $status = $?;
	kill 'KILL', grep { $_ } map { $_->pid } @running;
	$? = $status;
}

1;
