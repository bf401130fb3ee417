"""What the tests of the ledgers share: building, running, reading.

Each test prints TAP and works in a folder of its own.
"""
import bisect
import json
import os
import shutil
import subprocess
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get("ARXHEAP_BUILD", os.path.join(ROOT, "profiler", "build")))
HERE = os.path.join(ROOT, "tests", "profiler")
LIBRARY = os.path.join(BUILD, "libarxheap.so")

# In the order of ArxHeapLedger and of the first of ArxHeapCounter.
LEDGER = ("rss peak live fragmentation retained metadata profiler stacks anonymous file "
          "unattributed reserved swap").split()
PARTS = LEDGER[2:11]
MAPPINGS_DROPPED = 9
KINDS = {1: "mmap", 2: "reserved"}


class Tap:
    def __init__(self):
        self.count = 0

    def ok(self, good, name, why=""):
        self.count += 1
        print(f"{'ok' if good else 'not ok'} {self.count} - {name}")
        if not good and why:
            print("# " + str(why).replace("\n", "\n# "))

    def skip(self, name, why):
        self.count += 1
        print(f"ok {self.count} - {name} # SKIP {why}")

    def done(self):
        print(f"1..{self.count}")


class Snapshot:
    """What ledger_read prints of the newest snapshot in a folder."""

    def __init__(self, said):
        self.ledger = dict(zip(LEDGER, said["ledger"]))
        self.dropped = said["counters"][MAPPINGS_DROPPED]
        self.sites = said["sites"]

    def bytes_of(self, kind):
        return sum(site["bytes"] for site in self.sites if KINDS[site["kind"]] == kind)


class Place:
    """A temporary folder with the programs built in it."""

    def __init__(self):
        self.folder = tempfile.mkdtemp()
        self.symbols = {}
        self.reader = self.build("ledger_read.c", "-I" + ROOT, *(
            os.path.join(ROOT, "libarx", name) for name in sorted(os.listdir(os.path.join(ROOT, "libarx")))
            if name.startswith("heap_format") and name.endswith(".c")), "-lm")

    def build(self, source, *more):
        program = os.path.join(self.folder, os.path.splitext(source)[0])
        subprocess.run(["cc", "-std=gnu11", "-D_GNU_SOURCE", "-O1", "-g", "-Wall", "-o", program,
                        os.path.join(HERE, source), *more, "-lpthread"], check=True)
        return program

    def run(self, *command, folder="snapshots", **environment):
        """Runs a program under the preload; gives what it said and its last snapshot."""
        into = os.path.join(self.folder, folder)
        shutil.rmtree(into, ignore_errors=True)
        settings = {"LD_PRELOAD": LIBRARY, "ARXHEAP_DIR": into, "ARXHEAP_INTERVAL": "0",
                    "ARXHEAP_SAMPLE": "1", **environment}
        result = subprocess.run(command, env={**os.environ, **settings}, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if result.returncode != 0:
            raise RuntimeError(f"{command[0]} ended with {result.returncode}: {result.stderr}")
        return result.stdout, self.newest(into)

    def newest(self, folder, pid=None):
        """The newest snapshot in a folder, of any process or of one."""
        names = os.listdir(folder) if os.path.isdir(folder) else []
        files = [os.path.join(folder, name) for name in names
                 if name.endswith(".arxheap") and (pid is None or f"-{pid}-" in name)]
        if not files:
            raise RuntimeError("no snapshot was written")
        said = subprocess.run([self.reader, max(files, key=os.path.getmtime)], check=True,
                              stdout=subprocess.PIPE, text=True).stdout
        return Snapshot(json.loads(said))

    def function_at(self, path, address):
        """The function of a program that holds an address, by its symbol table."""
        if path not in self.symbols:
            lines = subprocess.run(["nm", "-n", "--defined-only", path], text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
            parts = [line.split(None, 2) for line in lines.splitlines()]
            self.symbols[path] = [(int(p[0], 16), p[2]) for p in parts
                                  if len(p) == 3 and p[1] in "tTwW"]
        table = self.symbols[path]
        at = bisect.bisect_right(table, (address, "\x7f")) - 1
        return table[at][1] if at >= 0 else ""

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)
