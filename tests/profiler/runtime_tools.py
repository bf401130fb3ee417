"""What the tests of the preloaded runtime share: building, running under the preload, reading.

Programs are in runtime_programs/.  Nothing is timed: waiting has a generous deadline, after which
a test fails, because what hangs under the preload is what these tests look for.
"""
import glob
import json
import os
import shutil
import subprocess
import tempfile

from snapshot_tools import BUILD, DEADLINE, HERE, LIBRARY, ROOT, wait_for

PROGRAMS = os.path.join(HERE, "runtime_programs")
ARXHEAP = os.path.join(BUILD, "arxheap")

COUNTERS = ("samples live freed dropped_memory dropped_range dropped_nested truncated failed "
            "sites_dropped mappings_dropped labels_dropped snapshots snapshots_failed thinned memory "
            "inherited pause errno").split()
TRUNCATED, BROKEN = 1, 2
MALLOC = 0


class Skip(Exception):
    """Raised by a test that cannot run here; the reason is its text."""


def expect(truth, what):
    if not truth:
        raise AssertionError(what)


class Site:
    """One site of a snapshot."""

    def __init__(self, snapshot, said):
        self.snapshot = snapshot
        for name in "kind flags label births frees rows samples size bytes variance objects".split():
            setattr(self, name, said[name])
        self.frames = said["frames"]  # [module or -1, address in the file, address in memory]

    def addresses(self):
        """In memory, the allocating call first."""
        return [frame[2] for frame in reversed(self.frames)]

    def names(self):
        """Functions by the objects' symbol tables, the allocating call first."""
        return [self.snapshot.place.name_at(self.snapshot.modules[m] if m >= 0 else None, address)
                for m, address, _ in reversed(self.frames)]


class Snapshot:
    def __init__(self, place, path, said):
        self.place, self.path, self.said = place, path, said
        for name in "pid parent_pid start_us sequence reason sample_bytes executable command".split():
            setattr(self, name, said[name])
        self.modules, self.codes, self.labels = said["modules"], said["codes"], said["labels"]
        self.counters = dict(zip(COUNTERS, said["counters"]))
        self.sites = [Site(self, site) for site in said["sites"]]

    def heap(self):
        return [site for site in self.sites if site.kind == MALLOC]

    def through(self, function):
        """Sites of malloc with this function on their stack."""
        return [site for site in self.heap() if function in site.names()]


class Place:
    """A folder of a test's own, with the programs built in it."""

    def __init__(self):
        self.folder = tempfile.mkdtemp()
        os.chmod(self.folder, 0o755)
        self.symbols = {}
        self.number = 0
        self.reader = self.build("heap_dump.c", "-I" + ROOT, *sorted(
            glob.glob(os.path.join(ROOT, "libarx", "heap_format*.c"))), "-lm")

    def path(self, name):
        return os.path.join(self.folder, name)

    def build(self, source, *more, name=None):
        """Compiles one of runtime_programs/; gives the program's path."""
        program = self.path(name or os.path.splitext(source)[0])
        if source.endswith((".cc", ".cpp")):
            compiler = [os.environ.get("CXX", "g++"), "-std=gnu++17"]
        else:
            compiler = [os.environ.get("CC", "cc"), "-std=gnu11"]
        subprocess.run([*compiler, "-D_GNU_SOURCE", "-O1", "-g", "-Wall", "-fno-builtin",
                        "-I" + ROOT, "-o", program,
                        os.path.join(PROGRAMS, source), *more, "-lpthread"], check=True)
        return program

    def new_folder(self):
        self.number += 1
        return self.path(f"snapshots{self.number}")

    @staticmethod
    def environment(folder, **settings):
        keep = {name: value for name, value in os.environ.items() if not name.startswith("ARXHEAP_")}
        return {**keep, "ARXHEAP_INTERVAL": "0", "ARXHEAP_GROWTH": "0", **settings,
                "ARXHEAP_DIR": folder, "LD_PRELOAD": LIBRARY}

    def run(self, *command, status=0, folder=None, wrap=(), text=True, given="", preexec=None,
            **settings):
        """
        Runs a program to its end under the preload.  Gives what it said and the folder of its
        snapshots; fails when it hangs or ends otherwise than expected (status None: any way).
        """
        folder = folder or self.new_folder()
        environment = self.environment(folder, **settings)
        if wrap:
            command = (*wrap, "env", "LD_PRELOAD=" + environment.pop("LD_PRELOAD"), *command)
        done = subprocess.run(command, env=environment, text=text, capture_output=True, input=given,
                              timeout=DEADLINE, preexec_fn=preexec, cwd=self.folder)
        expect(status is None or done.returncode == status,
               f"{' '.join(command)}: ended with {done.returncode}, not {status}\n{done.stdout[-2000:]}"
               f"\n{done.stderr[-2000:]}")
        done.folder = folder
        return done

    @staticmethod
    def files(folder, pid="*"):
        """Snapshots in the order in which they were taken."""
        return sorted(glob.glob(os.path.join(folder, f"*-{pid}-*.arxheap")),
                      key=lambda name: name.rsplit("-", 1)[1])

    def read(self, files):
        if not files:
            return []
        said = subprocess.run([self.reader, *files], check=True, capture_output=True, text=True)
        found = []
        for path, line in zip(files, said.stdout.splitlines()):
            one = json.loads(line)
            expect(one["error"] is None, f"{path}: {one['error']}")
            found.append(Snapshot(self, path, one))
        return found

    def last(self, folder, pid="*"):
        files = self.files(folder, pid)
        expect(files, f"no snapshot of process {pid}")
        return self.read(files[-1:])[0]

    def name_at(self, path, address):
        if path is None:
            return "?"
        if path not in self.symbols:
            table = []
            for option in ("-n", "-Dn"):
                said = subprocess.run(["nm", option, "--defined-only", path], text=True,
                                      capture_output=True).stdout
                parts = [line.split(None, 2) for line in said.splitlines()]
                table += [(int(p[0], 16), p[2].split("@")[0]) for p in parts
                          if len(p) == 3 and p[1] in "tTwWi"]
            self.symbols[path] = sorted(table)
        best = "?"
        low, high = 0, len(self.symbols[path])
        while low < high:
            middle = (low + high) // 2
            if self.symbols[path][middle][0] <= address:
                low = middle + 1
            else:
                high = middle
        if low > 0:
            best = self.symbols[path][low - 1][1]
        return best

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def run_tests(*tests, finish=None):
    """
    Runs each in a place that they share, and prints TAP; the name of a test is its sentence.  Calls
    finish, if given, before the place is removed.
    """
    place = Place()
    failed = False
    print(f"1..{len(tests)}")
    for number, test in enumerate(tests, 1):
        name = test.__name__.replace("_", " ")
        try:
            test(place)
            print(f"ok {number} - {name}", flush=True)
        except Skip as reason:
            print(f"ok {number} - {name} # SKIP {reason}", flush=True)
        except Exception as error:
            failed = True
            print(f"not ok {number} - {name}")
            print("# " + f"{type(error).__name__}: {error}".replace("\n", "\n# "), flush=True)
    if finish is not None:
        finish()
    place.close()
    return 1 if failed else 0
