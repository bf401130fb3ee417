"""What the tests of the arxheap command share: calling it, and snapshots to read."""
import os
import subprocess

from snapshot_tools import BUILD, DEADLINE, Program, Slot, wait_for

ARXHEAP = os.path.join(BUILD, "arxheap")
COMMANDS = ("run arm disarm snapshot list report diff leaks flame export symbolize inspect "
            "watch").split()


def arxheap(*arguments, status=0, **settings):
    """Calls the command; fails unless it exits with this status."""
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith("ARXHEAP_")}
    environment["LC_ALL"] = "C.UTF-8"
    done = subprocess.run([ARXHEAP, *arguments], env={**environment, **settings}, text=True,
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=DEADLINE)
    expect(done.returncode == status, f"arxheap {' '.join(arguments)}: exit status "
           f"{done.returncode}, not {status}\n{done.stderr}")
    return done


def expect(truth, what):
    if not truth:
        raise AssertionError(what)


def refused(*arguments, saying, status=2, hint=None, **settings):
    """Calls the command, which must refuse on stderr in these words, and print nothing else."""
    done = arxheap(*arguments, status=status, **settings)
    expect(done.stderr.startswith("error: "), f"no error: {done.stderr!r}")
    expect(saying in done.stderr, f"not said: {saying!r} in {done.stderr!r}")
    expect(done.stderr.count("\nerror: ") == 0, f"more than one error: {done.stderr!r}")
    if hint:
        expect("\nhint: " in done.stderr and hint in done.stderr, f"no hint: {done.stderr!r}")
    expect(done.stdout == "", f"printed {done.stdout!r}")
    return done


def take_snapshots(place, name, count=2):
    """A folder with so many snapshots of one ended process; the files, oldest first."""
    folder = place.path(name)
    program = Program(place, folder, ARXHEAP_AT_EXIT="0")
    control = program.slot()
    for number in range(count):
        program.tell("sites 40 3000")
        program.tell("alloc 500 1000")
        wanted = control.ask_snapshot()
        wait_for(lambda n=wanted: control.get(Slot.DONE) == n, "the snapshot is written")
    program.kill()
    files = place.files(folder)
    expect(len(files) == count, f"{len(files)} files")
    return folder, files
