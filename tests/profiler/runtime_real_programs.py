#!/usr/bin/env python3
"""Programs that everybody has: under the preload they say and do the same as without."""
import glob
import os
import shutil
import signal
import subprocess
import sys

from runtime_tools import DEADLINE, LIBRARY, Skip, expect, run_tests, wait_for

PERL = """
my %seen; my @list;
for my $i (1 .. 40000) { $seen{"key $i"} = [$i, $i * 2]; push @list, "x" x ($i % 300) }
my $sum = 0; $sum += length for @list; $sum += $_->[1] for values %seen;
my $pid = fork() // die; if ($pid == 0) { my @more = map { "y" x $_ } 1 .. 2000; exit scalar(@more) % 256 }
waitpid $pid, 0; print "$sum ", $? >> 8, " ", `echo inner`;
"""
PYTHON = """
import json, subprocess, sys, threading, zlib
rows = [{"id": i, "name": "n%d" % i, "more": list(range(i % 20))} for i in range(20000)]
text = json.dumps(rows)
sizes = []
def work(): sizes.append(len(zlib.compress(text.encode())))
threads = [threading.Thread(target=work) for _ in range(4)]
[t.start() for t in threads]; [t.join() for t in threads]
print(len(text), len(set(sizes)), len(json.loads(text)),
      subprocess.run([sys.executable, "-c", "print('inner')"], capture_output=True).stdout)
"""
BASH = """
declare -A seen; for i in {1..4000}; do seen[$i]="value $i"; done
echo ${#seen[@]} $(echo inner | cat | tr a-z A-Z) ; (exit 7); echo $?
while read -r line; do last=$line; done < <(seq 5000); echo $last
"""
SQL = """
CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, amount REAL);
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)
INSERT INTO t SELECT i, 'name ' || (i * 7919 % 60000), i * 1.5 FROM n;
CREATE INDEX by_name ON t (name);
SELECT count(*), sum(amount), min(name) FROM t WHERE name LIKE 'name 1%';
SELECT a.id FROM t a JOIN t b ON a.name = b.name ORDER BY a.amount DESC LIMIT 3;
PRAGMA integrity_check;
"""
CPP = """
#include <iostream>
#include <map>
#include <string>
int main() { std::map<std::string, int> m; for (int i = 0; i < 9; i++) m[std::to_string(i)] = i;
  std::cout << m.size() << std::endl; }
"""
NODE = """
function keepBuffers(kept) { for (let i = 0; i < 400; i++) kept.push(makeBuffer(i)); return kept; }
function makeBuffer(i) { return Buffer.allocUnsafeSlow(40000 + i); }
const kept = []; for (let i = 0; i < 20; i++) keepBuffers(kept);
const text = JSON.stringify(Array.from({length: 20000}, (_, i) => ({i, name: 'n' + i})));
require('zlib').gzip(text, (error, packed) => {
  console.log(kept.length, text.length, packed.length > 1000, error); });
"""


def find(name):
    path = shutil.which(name)
    if path is None or path.startswith("/root/"):
        path = os.path.join("/usr/bin", name)
    if not os.path.exists(path):
        raise Skip(f"no {name}")
    return path


def same(place, *command, given="", profiled=True, **settings):
    """Runs it without and with the preload; gives its last snapshot."""
    plain = subprocess.run(command, input=given, text=True, capture_output=True, timeout=DEADLINE,
                           cwd=place.folder)
    for mean in ("1k", "512k"):
        done = place.run(*command, given=given, status=None, **{"ARXHEAP_SAMPLE": mean, **settings})
        for what in ("returncode", "stdout", "stderr"):
            expect(getattr(done, what) == getattr(plain, what), f"{command[0]}: another {what}: "
                   f"{getattr(done, what)!r}, not {getattr(plain, what)!r}"[:1500])
        if mean == "1k":
            found = place.files(done.folder)
    expect(found or not profiled, "no snapshot")
    return place.read(found)


def perl_works(place):
    same(place, find("perl"), "-e", PERL)


def python_works(place):
    same(place, find("python3"), "-c", PYTHON)


def bash_works(place):
    same(place, find("bash"), "-c", BASH)


def sqlite_works(place):
    snapshots = same(place, find("sqlite3"), given=SQL)
    expect(snapshots[0].counters["samples"] > 100, "hardly any samples")


def a_compiler_works(place):
    compiler = find("g++")
    source = place.path("small.cc")
    with open(source, "w", encoding="ascii") as file:
        file.write(CPP)
    snapshots = same(place, compiler, "-O1", "-S", "-o", "-", source)
    expect(any(s.executable.endswith("/cc1plus") for s in snapshots), "cc1plus is not profiled")


def a_debugger_works(place):
    same(place, find("gdb"), "--version", profiled=False)
    same(place, find("gdb"), "-q", "-batch", "-ex", "info line main", "-ex", "print 6 * 7",
         place.reader, profiled=False)


def javascript_functions_are_named(place):
    node = find("node")
    same(place, node, "-e", NODE)
    done = place.run(node, "--perf-basic-prof", "--interpreted-frames-native-stack", "-e", NODE,
                     ARXHEAP_SAMPLE="16k")
    snapshot = place.last(done.folder)
    for name in glob.glob(f"/tmp/perf-{snapshot.pid}.map"):
        os.remove(name)
    expect(any("makeBuffer" in name for name in snapshot.codes), f"{snapshot.codes[:40]}")
    deep = [site for site in snapshot.heap() if any(module < 0 for module, _, _ in site.frames)]
    expect(deep and not all(site.flags for site in deep), "no stack goes through JavaScript")


def redis_serves_under_load(place):
    client, bench = find("redis-cli"), find("redis-benchmark")
    folder = place.path("redis")
    os.mkdir(folder)
    # The server is the file checker by another name; so its package, which would
    # start a service, is not needed.
    server = os.path.join(folder, "redis-server")
    os.symlink(find("redis-check-rdb"), server)
    socket = os.path.join(folder, "socket")
    into = place.new_folder()
    process = subprocess.Popen([server, "--port", "0", "--unixsocket", socket, "--dir", folder,
                                "--appendonly", "yes"], stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True,
                               env=place.environment(into, ARXHEAP_SAMPLE="16k"))

    def ask(*words):
        return subprocess.run([client, "-s", socket, *words], capture_output=True, text=True,
                              timeout=DEADLINE).stdout.strip()

    try:
        wait_for(lambda: ask("PING") == "PONG", "the server answers")
        subprocess.run([bench, "-s", socket, "-q", "-n", "8000", "-r", "3000", "-d", "200", "-t",
                        "set,get,lpush,hset"], check=True, capture_output=True, timeout=DEADLINE)
        ask("SET", "truth", "held")
        ask("BGSAVE")
        wait_for(lambda: "rdb_bgsave_in_progress:0" in ask("INFO", "persistence"), "it has saved")
        expect("rdb_last_bgsave_status:ok" in ask("INFO", "persistence"), "saving failed")
        expect(ask("MEMORY", "PURGE") == "OK" and "jemalloc" in ask("INFO", "memory"), "no jemalloc")
        ask("DEBUG", "RELOAD")
        expect(ask("GET", "truth") == "held", "lost what it held")
        for key in ("a", "b"):
            ask("DEL", key)
    finally:
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=DEADLINE)[0]
    expect(process.returncode == 0, said[-2000:])
    snapshot = place.last(into, process.pid)
    expect(snapshot.counters["samples"] > 50, "hardly any samples")
    expect(sum(s.samples for s in snapshot.heap()) > 20, "nothing lives")


def a_hundred_programs_say_their_version_as_before(place):
    """
    Unknown options are as good: what counts is that all is the same.  (groff is left out: its
    parts speak in any order.)
    """
    tried = 0

    def say(path, environment, patience):
        done = subprocess.run([path, "--version"], stdin=subprocess.DEVNULL, env=environment,
                              capture_output=True, timeout=patience, cwd=place.folder)
        return done.returncode, done.stdout, done.stderr

    names = sorted(glob.glob("/usr/bin/*"))
    skip = ("sudo", "su", "login", "passwd", "reboot", "halt", "poweroff", "shutdown", "screen", "tmux",
            "x-", "groff", "top", "watch", "less", "more", "vi", "nano", "yes", "issues", "arxheap", "run")
    wrong = []
    environment = place.environment(place.new_folder(), ARXHEAP_SAMPLE="512", ARXHEAP_QUIET="1")
    for path in names[::max(1, len(names) // 160)]:
        name = os.path.basename(path)
        if name.startswith(skip) or not os.access(path, os.X_OK) or \
                open(path, "rb").read(4) != b"\x7fELF":
            continue
        try:
            said = [say(path, None, 5), say(path, None, 5)]
        except (subprocess.TimeoutExpired, OSError):
            continue  # waits for something, or is no program
        if said[0] != said[1]:
            continue
        tried += 1
        under = say(path, environment, DEADLINE)
        if under != said[0]:
            wrong.append(f"{path}: {under!r}, not {said[0]!r}"[:300])
        if tried == 100:
            break
    expect(not wrong, "\n".join(wrong))
    expect(tried >= 20, f"only {tried} programs were there to try")


if __name__ == "__main__":
    expect(os.path.exists(LIBRARY), f"there is no {LIBRARY}")
    sys.exit(run_tests(perl_works,
                       python_works,
                       bash_works,
                       sqlite_works,
                       a_compiler_works,
                       a_debugger_works,
                       javascript_functions_are_named,
                       redis_serves_under_load,
                       a_hundred_programs_say_their_version_as_before))
