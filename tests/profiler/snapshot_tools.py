"""What the tests of snapshots share: programs that do as told, and reading.

Waiting is for conditions, with a generous deadline after which a test fails.
"""
import ctypes
import glob
import json
import mmap
import os
import shutil
import struct
import subprocess
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HERE = os.path.join(ROOT, "tests", "profiler")
BUILD = os.path.abspath(os.environ.get("ARXHEAP_BUILD", os.path.join(ROOT, "profiler", "build")))
LIBRARY = os.path.join(BUILD, "libarxheap.so")
DEADLINE = 60

INTERVAL, REQUEST, GROWTH, EXIT, DISARM = range(5)
SITES_DROPPED, SNAPSHOTS, FAILED, THINNED, ERRNO = 8, 11, 12, 13, 17


def wait_for(condition, what):
    """Calls condition until it gives something true, which is returned."""
    end = time.monotonic() + DEADLINE
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError("waited in vain until " + what)
        os.sched_yield()


class Slot:
    """A process's slot in the control file; see libarx/heap_control.h."""
    BYTES, FIRST = 128, 128
    STATE, WAKE, WANT_ARMED, WANT_SAMPLE = 24, 32, 36, 40
    WANTED, DONE, ERRNO, HAS_THREAD = 48, 52, 56, 60
    INERT, ARMED, EXITED = 1, 2, 4
    SYS_FUTEX, FUTEX_WAKE = 202, 1

    def __init__(self, folder, pid):
        with open(os.path.join(folder, "control"), "r+b") as file:
            self.map = mmap.mmap(file.fileno(), 0)
        self.at = wait_for(lambda: self.find(pid), "the process has a slot")

    def find(self, pid):
        for at in range(self.FIRST, len(self.map) - self.BYTES + 1, self.BYTES):
            owner, = struct.unpack_from("<Q", self.map, at)
            if owner >> 32 == pid:
                return at
        return None

    def get(self, field):
        return struct.unpack_from("<I", self.map, self.at + field)[0]

    def put(self, field, value):
        struct.pack_into("<I", self.map, self.at + field, value)

    def wake(self):
        self.put(self.WAKE, (self.get(self.WAKE) + 1) & 0xffffffff)
        word = ctypes.c_uint32.from_buffer(self.map, self.at + self.WAKE)
        ctypes.CDLL(None).syscall(self.SYS_FUTEX, ctypes.byref(word), self.FUTEX_WAKE, 1 << 30)
        del word

    def ask_snapshot(self):
        """Asks for one; returns the number to wait for in DONE."""
        number = self.get(self.DONE) + 1
        self.put(self.WANTED, number)
        self.wake()
        return number


class Program:
    """snapshot_program under the preload."""

    def __init__(self, place, folder, wrap=(), preexec=None, **settings):
        self.folder = folder
        self.place = place
        environment = {**os.environ, "ARXHEAP_DIR": folder, "ARXHEAP_INTERVAL": "0",
                       "ARXHEAP_GROWTH": "0", "ARXHEAP_SAMPLE": "4096", **settings,
                       "LD_PRELOAD": LIBRARY}
        self.process = subprocess.Popen([*wrap, place.program], env=environment, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, preexec_fn=preexec)
        self.pid = self.process.pid

    def tell(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if answer != "done\n":
            raise AssertionError(f"{command}: {answer!r} {self.process.poll()}")

    def end(self):
        """Ends it in order; gives its exit status and what it said on stderr."""
        said = self.process.communicate(timeout=DEADLINE)
        return self.process.returncode, said[1]

    def kill(self):
        self.process.kill()
        self.process.communicate()

    def files(self):
        return self.place.files(self.folder, self.pid)

    def snapshots(self):
        return self.place.read(self.files())

    def slot(self):
        control = os.path.join(self.folder, "control")
        wait_for(lambda: os.path.exists(control) and os.path.getsize(control) > 0,
                 "the control file is there")
        return Slot(self.folder, self.pid)

    def await_snapshots(self, n, reason=None):
        def enough():
            found = [s for s in self.snapshots() if reason is None or s.get("reason") == reason]
            return found if len(found) >= n else None
        return wait_for(enough, f"there are {n} snapshots (reason {reason})")


class Place:
    """A folder of a test's own, with the programs built in it."""

    def __init__(self):
        self.folder = tempfile.mkdtemp()
        os.chmod(self.folder, 0o755)
        self.program = self.build("snapshot_program.c", "-lpthread", "-ldl")
        self.reader = self.build("snapshot_read.c", *sorted(
            glob.glob(os.path.join(ROOT, "libarx", "heap_format*.c"))), "-lm")

    def build(self, source, *more):
        program = os.path.join(self.folder, os.path.splitext(source)[0])
        subprocess.run([os.environ.get("CC", "cc"), "-std=gnu11", "-D_GNU_SOURCE", "-O1", "-g",
                        "-Wall", "-I" + ROOT, "-o", program, os.path.join(HERE, source), *more],
                       check=True)
        return program

    def path(self, name):
        return os.path.join(self.folder, name)

    @staticmethod
    def files(folder, pid="*"):
        return sorted(glob.glob(os.path.join(folder, f"*-{pid}-*.arxheap")),
                      key=lambda name: name.rsplit("-", 1)[1])

    def read(self, files):
        if not files:
            return []
        said = subprocess.run([self.reader, *files], check=True, capture_output=True, text=True)
        return [json.loads(line) for line in said.stdout.splitlines()]

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def run_tests(*tests):
    """Runs each in a place that they share; a test gives a reason to skip it, or None."""
    place = Place()
    failed = False
    print(f"1..{len(tests)}")
    for number, test in enumerate(tests, 1):
        name = test.__name__.replace("_", " ")
        try:
            skipped = test(place)
            print(f"ok {number} - {name}" + (f" # SKIP {skipped}" if skipped else ""), flush=True)
        except Exception as error:
            failed = True
            print(f"not ok {number} - {name}")
            print("# " + f"{type(error).__name__}: {error}".replace("\n", "\n# "), flush=True)
    place.close()
    return 1 if failed else 0
