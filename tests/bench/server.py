"""Private servers: one data folder for each configuration, all copies of one template."""
import itertools
import os
import shutil
import signal
import subprocess
import time

import processes
import workloads

SETTINGS = """
listen_addresses = ''
shared_buffers = 256MB
max_connections = 100
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
max_wal_size = 8GB
checkpoint_timeout = 1h
autovacuum = off
bgwriter_lru_maxpages = 0
jit = off
max_parallel_workers_per_gather = 0
log_min_messages = warning
"""
START_SECONDS = 120
ports = itertools.count(5433)       # they only name the sockets


class Failed(Exception):
    """A program that had to succeed did not; says which, and what it wrote."""


class Site:
    """The programs of one PostgreSQL and a work folder with the template."""

    def __init__(self, bindir, work):
        self.bindir, self.work = bindir, work
        self.template = os.path.join(work, "template")
        self.servers = []
        self.is_closing = False

    def program(self, name):
        return os.path.join(self.bindir, name)

    def path(self, *names):
        return os.path.join(self.work, *names)

    def run(self, command, **options):
        """Runs a program to its end and returns its output."""
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              stdin=subprocess.DEVNULL, cwd=self.work, **options)
        if done.returncode:
            raise Failed(f"{' '.join(command)}\n{done.stdout[-3000:]}")
        return done.stdout

    def make_template(self, scale):
        self.run([self.program("initdb"), "-D", self.template, "-U", "postgres", "-A", "trust",
                  "-E", "UTF8", "--locale=C", "-N"])
        with open(os.path.join(self.template, "postgresql.conf"), "a", encoding="utf-8") as conf:
            conf.write(SETTINGS + f"unix_socket_directories = '{self.work}'\n")
        server = Server(self, self.template)
        server.start()
        self.run([self.program("pgbench"), "-i", "-q", "-s", str(scale)], env=server.environment)
        server.sql(*workloads.SETUP)
        server.stop()

    def server(self, configuration):
        """A stopped server with its own copy of the data."""
        folder = self.path(configuration.key)
        shutil.rmtree(folder, ignore_errors=True)
        self.run(["cp", "-a", "--reflink=auto", self.template, folder])
        with open(os.path.join(folder, "postgresql.conf"), "a", encoding="utf-8") as conf:
            conf.write(f"shared_preload_libraries = '{','.join(configuration.preload)}'\n")
            conf.writelines(line + "\n" for line in configuration.settings)
        server = Server(self, folder)
        if configuration.to_create:
            server.start()
            server.sql(*(f"CREATE EXTENSION {name}" for name in configuration.to_create))
            server.stop()
        return server

    def stop_all(self):
        """At once and for good: no server starts any more."""
        self.is_closing = True
        for server in self.servers:
            server.stop(signal.SIGQUIT)


class Server:
    """One data folder and, while it runs, its postmaster."""

    def __init__(self, site, folder):
        self.site, self.folder, self.port = site, folder, next(ports)
        self.log = folder + ".log"
        self.postmaster = None
        self.frozen = False
        self.environment = dict(os.environ, PGHOST=site.work, PGPORT=str(self.port), PGUSER="postgres",
                                PGDATABASE="postgres")
        site.servers.append(self)

    def start(self, under=(), settings=()):
        """under: a program, with its arguments, to run the server in."""
        if self.site.is_closing:
            raise Failed("interrupted")
        command = [*under, self.site.program("postgres"), "-D", self.folder, "-p", str(self.port)]
        for line in settings:
            command += ["-c", line]
        with open(self.log, "a", encoding="utf-8") as log:
            self.postmaster = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                               cwd=self.site.work)
        limit = time.monotonic() + START_SECONDS
        while not self.answers():
            if self.postmaster.poll() is not None or time.monotonic() > limit:
                self.stop(signal.SIGQUIT)
                with open(self.log, encoding="utf-8", errors="replace") as log:
                    raise Failed(f"{' '.join(command)}\n{log.read()[-3000:]}")
            time.sleep(0.1)

    def answers(self):
        return subprocess.run([self.site.program("pg_isready"), "-q"], env=self.environment,
                              check=False).returncode == 0

    def stop(self, how=signal.SIGINT):
        if self.postmaster is None:
            return
        self.thaw()
        if self.postmaster.poll() is None:
            self.postmaster.send_signal(how)
            try:
                self.postmaster.wait(START_SECONDS)
            except subprocess.TimeoutExpired:
                self.postmaster.kill()
                self.postmaster.wait()
        self.postmaster = None

    def freeze(self):
        """Stops all its processes in their tracks, so that an idle server costs nothing."""
        if not self.frozen:
            self.signal_all(signal.SIGSTOP)
            self.frozen = True

    def thaw(self):
        if self.frozen:
            self.signal_all(signal.SIGCONT)
            self.frozen = False

    def signal_all(self, number):
        """The postmaster first: while it is stopped no child comes."""
        self.postmaster.send_signal(number)
        for pid in processes.children(self.postmaster.pid):
            try:
                os.kill(pid, number)
            except ProcessLookupError:      # it ended in between
                pass

    def sql(self, *commands):
        """Runs commands, each by itself, and returns the rows as lines of text."""
        arguments = [self.site.program("psql"), "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1"]
        for command in commands:
            arguments += ["-c", command]
        return self.site.run(arguments, env=self.environment).splitlines()

    def pgbench(self, workload, *options, **variables):
        """Runs pgbench on a workload and returns what it printed."""
        return self.site.run(self.pgbench_command(workload, *options, **variables), env=self.environment)

    def pgbench_command(self, workload, *options, **variables):
        command = [self.site.program("pgbench"), "-n", "-M", workload.protocol, *map(str, options)]
        for name, value in {**dict(workload.variables), **variables}.items():
            command += ["-D", f"{name}={value}"]
        return command + workload.arguments(self.site.work)

    def fill(self, shapes, times):
        """Runs so many statements, each so many times."""
        self.pgbench(workloads.SHAPES_NEW, "-c", 1, "-t", shapes * times, shapes=shapes)
