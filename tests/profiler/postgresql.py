#!/usr/bin/env python3
"""A PostgreSQL server under the preload: it works as without, and its memory is seen.

The server is that of PG_CONFIG; its cluster is private, in a temporary folder, on a Unix socket.
Run by root, the test goes on as the user nobody: a server refuses to run as root.
"""
import os
import re
import signal
import subprocess
import sys

from runtime_tools import ARXHEAP, DEADLINE, expect, run_tests, wait_for

NAMED = re.compile(r"^(palloc|palloc0|repalloc|MemoryContextAlloc\w*|AllocSet\w+)$")


def leave_root():
    if os.geteuid() != 0:
        return
    python = next(path for path in ("/usr/bin/python3", sys.executable) if os.path.exists(path))
    os.environ["HOME"] = "/"
    os.execvp("setpriv", ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", python,
                          os.path.abspath(__file__)])


class Server:
    """A cluster, and a server that is started and stopped."""

    def __init__(self, place):
        config = os.environ.get("PG_CONFIG", "pg_config")
        self.bin = subprocess.run([config, "--bindir"], check=True, text=True,
                                  capture_output=True).stdout.strip()
        self.place = place
        self.folder = place.path("server")
        self.data = os.path.join(self.folder, "data")
        self.log = os.path.join(self.folder, "log")
        os.mkdir(self.folder)
        self.call("initdb", "-D", self.data, "-U", "tester", "-A", "trust", "-N", "--no-locale", "-E",
                  "UTF8")
        with open(os.path.join(self.data, "postgresql.conf"), "a", encoding="ascii") as conf:
            conf.write(f"listen_addresses = ''\nunix_socket_directories = '{self.folder}'\n"
                       "fsync = off\nrestart_after_crash = on\nmax_connections = 40\n"
                       "logging_collector = off\n")

    def call(self, program, *arguments, given=None, environment=None, fails=False):
        base = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        # To a file: the server, which goes on, would keep a pipe open.
        said = os.path.join(self.folder, "said")
        with open(said, "w", encoding="utf-8") as out:
            done = subprocess.run([os.path.join(self.bin, program), *arguments], stdout=out, text=True,
                                  stderr=subprocess.STDOUT, input=given, timeout=2 * DEADLINE,
                                  env={**base, "LC_ALL": "C", **(environment or {})})
        with open(said, encoding="utf-8") as text:
            answer = text.read()
        expect(fails or done.returncode == 0, f"{program} {' '.join(arguments)}: {answer[-3000:]}")
        return answer.strip()

    def start(self, **settings):
        """Starts it under the preload; its snapshots go to the folder returned."""
        into = self.place.new_folder()
        environment = self.place.environment(into, ARXHEAP_ONLY="postgres", **settings)
        self.call("pg_ctl", "-D", self.data, "-l", self.log, "-w", "start", environment=environment)
        return into

    def stop(self):
        self.call("pg_ctl", "-D", self.data, "-m", "fast", "-w", "stop")

    def end(self):
        if os.path.exists(os.path.join(self.data, "postmaster.pid")):
            self.call("pg_ctl", "-D", self.data, "-m", "immediate", "-w", "stop", fails=True)

    def psql(self, sql, **more):
        return self.call("psql", "-qAtX", "-v", "ON_ERROR_STOP=1", "-h", self.folder, "-U", "tester",
                         "-d", "postgres", given=sql, **more)

    def pgbench(self, *arguments):
        return self.call("pgbench", "-h", self.folder, "-U", "tester", *arguments, "postgres")

    def postmaster(self):
        with open(os.path.join(self.data, "postmaster.pid"), encoding="ascii") as file:
            return int(file.readline())


class Session:
    """A connection that stays."""

    def __init__(self, server):
        self.process = subprocess.Popen(
            [os.path.join(server.bin, "psql"), "-qAtX", "-h", server.folder, "-U", "tester", "-d",
             "postgres"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True)
        self.pid = int(self.ask("SELECT pg_backend_pid()"))

    def ask(self, sql):
        self.process.stdin.write(sql + ";\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def close(self):
        self.process.communicate("\\q\n", timeout=DEADLINE)


state = {}


def the_server_starts_and_its_clients_work(place):
    server = state["server"] = Server(place)
    state["armed"] = server.start(ARXHEAP_SAMPLE="16k")
    state["postmaster"] = server.postmaster()
    server.pgbench("-i", "-q", "-s", "2")
    for load in (("-S", "-c", "4", "-t", "300"), ("-c", "4", "-t", "100"),
                 ("-C", "-c", "3", "-t", "40"), ("-M", "prepared", "-S", "-c", "2", "-t", "200")):
        said = server.pgbench("-n", *load)
        processed = re.search(r"actually processed: (\d+)/(\d+)", said)
        expect(processed and processed[1] == processed[2], said)
    expect(server.psql("SELECT sum(abalance) = (SELECT sum(delta) FROM pgbench_history), "
                       "(SELECT count(*) FROM pgbench_history) FROM pgbench_accounts") == "t|520",
           "the books do not balance")


def parallel_workers_work(_):
    server = state["server"]
    settings = ("SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; "
                "SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2;")
    query = "SELECT count(*), sum(aid) FROM pgbench_accounts WHERE filler IS NOT NULL"
    plan = server.psql(f"{settings} EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) {query}")
    expect("Workers Launched: 2" in plan, plan)
    expect(server.psql(f"{settings} {query}") == "200000|20000100000", "another sum")


def a_backend_leaves_its_stacks_with_the_names_of_the_servers_allocator(place):
    server = state["server"]
    pid = server.psql("SELECT pg_backend_pid(); SELECT length(string_agg(filler, '')) > 1 FROM "
                      "pgbench_accounts").split()[0]
    wait_for(lambda: place.files(state["armed"], pid), "the backend has left a snapshot")
    snapshot = place.last(state["armed"], pid)
    expect(snapshot.parent_pid == state["postmaster"], "not a child of the postmaster")
    expect(snapshot.counters["samples"] > 50, f"{snapshot.counters['samples']} samples")
    broken = [site for site in snapshot.heap() if site.flags]
    expect(len(broken) <= len(snapshot.heap()) // 50, f"{len(broken)} stacks have no root")
    rooted = [site for site in snapshot.heap() if {"PostgresMain", "main"} & set(site.names())]
    expect(rooted, "no stack reaches main()")
    said = subprocess.run([ARXHEAP, "export", snapshot.path, "-f", "folded"], capture_output=True,
                          text=True, check=True).stdout
    names = set(re.split(r"[;\s]", said))
    expect(any(NAMED.match(name) for name in names), f"no name of the allocator in\n{said[:3000]}")
    expect("AllocSetContextCreateInternal" in names, f"contexts are made by nobody\n{said[:3000]}")


def a_killed_backend_restarts_the_server(_):
    server = state["server"]
    victim, witness = Session(server), Session(server)
    os.kill(victim.pid, signal.SIGKILL)
    wait_for(lambda: "all server processes terminated; reinitializing" in open(server.log).read(),
             "the postmaster notices")
    for session in (victim, witness):
        session.process.kill()
        session.process.communicate()
    wait_for(lambda: server.psql("SELECT 'up'", fails=True) == "up", "the server is back")
    expect(server.postmaster() == state["postmaster"], "another postmaster")
    said = server.pgbench("-n", "-S", "-c", "3", "-t", "100")
    expect("300/300" in said, said)


def the_postmaster_leaves_a_snapshot_and_the_log_is_clean(place):
    server = state["server"]
    server.stop()
    snapshot = place.last(state["armed"], state["postmaster"])
    expect(snapshot.executable.endswith("/postgres"), snapshot.executable)
    expect({"PostmasterMain"} & {n for s in snapshot.heap() for n in s.names()}, "no stack of its own")
    for other in place.read(place.files(state["armed"])[:50]):
        expect(other.executable.endswith("/postgres"), f"{other.executable} is profiled, too")
    with open(server.log, encoding="utf-8") as log:
        bad = [line for line in log if re.search(r"PANIC|ERROR|TRAP|arxheap", line)]
    expect(not bad, "".join(bad[:10]))


def one_backend_of_an_inert_server_is_armed_by_its_pid(place):
    server = state["server"]
    into = server.start(ARXHEAP_INERT="1")
    chosen, other = Session(server), Session(server)
    sql = "SELECT length(string_agg(repeat(md5(g::text), 300), '')) FROM generate_series(1, 2000) g"
    arm = subprocess.Popen([ARXHEAP, "arm", str(chosen.pid), "--sample", "16k", "--timeout", "60"],
                           env={**os.environ, "ARXHEAP_DIR": into}, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, text=True)
    while arm.poll() is None:
        expect(chosen.ask(sql) == "19200000", "a wrong answer")
        expect(other.ask(sql) == "19200000", "a wrong answer")
    expect(arm.returncode == 0, arm.stdout.read())
    arm.communicate()
    expect(chosen.ask(sql) == "19200000", "a wrong answer")
    pid = chosen.pid
    chosen.close()
    other.close()
    wait_for(lambda: place.files(into, pid), "the armed backend has left a snapshot")
    snapshot = place.last(into, pid)
    expect(snapshot.counters["samples"] > 10 and snapshot.sample_bytes == 16384,
           f"{snapshot.counters['samples']} samples, {snapshot.sample_bytes} bytes apart")
    server.stop()
    pids = {s.pid for s in place.read(place.files(into))}
    expect(pids == {pid}, f"snapshots of {pids}, not of {pid} alone")


def main():
    leave_root()
    return run_tests(the_server_starts_and_its_clients_work,
                     parallel_workers_work,
                     a_backend_leaves_its_stacks_with_the_names_of_the_servers_allocator,
                     a_killed_backend_restarts_the_server,
                     the_postmaster_leaves_a_snapshot_and_the_log_is_clean,
                     one_backend_of_an_inert_server_is_armed_by_its_pid,
                     finish=lambda: state["server"].end() if "server" in state else None)


if __name__ == "__main__":
    sys.exit(main())
