"""What every table needs: the built loads, and running a program under a preload."""
import contextlib
import json
import os
import shutil
import subprocess
import tempfile

import counting
import preloads
import server

HERE = os.path.dirname(os.path.abspath(__file__))
LOADS = ("pair_load", "live_load", "sample_load", "pause_load", "truth_load", "throw_load")
C_FLAGS = ("-std=gnu11", "-D_GNU_SOURCE", "-O2", "-g", "-Wall", "-Wextra", "-Werror")
SHARED = ("-O2", "-g", "-shared", "-fPIC")
# Under valgrind a program takes some fifty times as long, so that what happens
# by the clock would count fifty times too often.
COUNTED = {"ARXHEAP_INTERVAL": "0"}
# Where a long run is compared with a short one: no snapshot at the end either,
# since it is longer after a long run.
ALLOCATING = {"ARXHEAP_INTERVAL": "0", "ARXHEAP_GROWTH": "0", "ARXHEAP_AT_EXIT": "0"}


class Failed(Exception):
    """A program that had to succeed did not; says which, and what it wrote."""


class Kit:
    """The loads' folder, the runtime, its command, and a work folder."""

    def __init__(self, build, bindir, work):
        self.work, self.bin = work, os.path.join(work, "bin")
        self.site = server.Site(bindir, work)   # of PostgreSQL
        self.runtime = os.path.join(os.path.abspath(build), "libarxheap.so")
        self.command = os.path.join(os.path.abspath(build), "arxheap")
        self.running = set()
        if not os.path.exists(self.runtime):
            raise Failed(f"there is no {self.runtime}; build the profiler first")

    def load(self, name):
        return os.path.join(self.bin, name)

    def build_loads(self):
        os.makedirs(self.bin, exist_ok=True)
        compiler = os.environ.get("CC", "cc")
        for name in LOADS:
            self.check([compiler, *C_FLAGS, "-pthread", f"{name}.c", "load.c", "-o", self.load(name), "-lm", "-ldl"])
        self.check([compiler, *C_FLAGS, *SHARED, "jemalloc_hook.c", "-o", self.load("jemalloc_hook.so"), "-ldl"])
        self.check([os.environ.get("CXX", "c++"), *SHARED, "throwing.cc", "-o", self.load("throwing.so")])

    def check(self, command):
        self.finish(subprocess.Popen(command, cwd=HERE, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                     stderr=subprocess.STDOUT, text=True), command)

    def settings(self, preload, out):
        """NAME=VALUE for each variable of the preload."""
        def fill(text):
            return text.replace("{out}", out).replace("{bin}", self.bin).replace("{ours}", self.runtime)

        pairs = [f"{name}={fill(value)}" for name, value in preload.settings]
        if preload.libraries:
            paths = [preloads.find(fill(library)) for library in preload.libraries]
            pairs.append("LD_PRELOAD=" + ":".join(paths))
        return pairs

    @contextlib.contextmanager
    def folder(self):
        """A folder for what one run writes."""
        path = tempfile.mkdtemp(dir=self.work)
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)

    @contextlib.contextmanager
    def started(self, command, preload, out, under=(), **options):
        """A running program; it is killed in the end if it still runs."""
        whole = [*under, "env", *self.settings(preload, out), *command]
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True,
                   "cwd": out, **options}
        with subprocess.Popen(whole, **options) as process:
            self.running.add(process)
            try:
                yield process
            finally:
                if process.poll() is None:
                    process.kill()
                self.running.discard(process)

    def finish(self, process, command):
        """Waits for a program's end; what it wrote on its two channels."""
        output, errors = process.communicate()
        if process.returncode:
            raise Failed(f"{' '.join(command)} ended with {process.returncode}\n"
                         f"{((output or '') + (errors or ''))[-3000:]}")
        return output, errors or ""

    def output(self, command, preload, **options):
        """Runs a program to its end and returns what it printed."""
        with self.folder() as out, self.started(command, preload, out, **options) as process:
            return self.finish(process, command)[0]

    def instructions(self, command, preload, settings=None, **options):
        """User instructions of a program from its first to its last, counted by valgrind."""
        under = ["valgrind", *counting.CACHEGRIND, "--trace-children=yes"]
        counted = preload.with_settings(preload.key, preload.title, **(settings or COUNTED))
        with self.folder() as out, self.started(command, counted, out, under=under, **options) as process:
            errors = self.finish(process, command)[1]
        found = counting.TOTAL.findall(errors)
        if not found:
            raise Failed(f"valgrind did not count {' '.join(command)}\n{errors[-3000:]}")
        return int(found[-1].replace(",", ""))

    def arxheap(self, *arguments):
        """What the command prints."""
        command = [self.command, *map(str, arguments)]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   text=True, cwd=self.work)
        return self.finish(process, command)[0]

    def take_snapshot(self, pid):
        """Has a process write a snapshot; its file."""
        return self.arxheap("snapshot", pid).strip()

    def counters(self, folder):
        """What the last snapshot in a folder says of the profiler itself."""
        counters = json.loads(self.arxheap("report", "--json", "--top", 1, snapshots(folder)[-1]))["counters"]
        return {"live": counters["live"], "memory": counters["memory"], "pause_ns": counters["pause_max_ns"],
                "dropped": sum(value for name, value in counters.items() if name.startswith("dropped"))}

    def stop_all(self):
        self.site.stop_all()
        for process in list(self.running):
            process.kill()


def snapshots(folder):
    """Snapshot files in a folder, oldest first."""
    names = [name for name in os.listdir(folder) if name.endswith(".arxheap")]
    return sorted((os.path.join(folder, name) for name in names), key=lambda path: (os.path.getmtime(path), path))

