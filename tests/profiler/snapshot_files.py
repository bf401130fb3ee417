#!/usr/bin/env python3
"""What snapshots are as files: whole, small, within a budget, or absent without
harm.  Prints TAP.  Needs cc; what needs root or a file system of its own is
skipped without them.
"""
import errno
import os
import resource
import subprocess
import sys
import threading

from snapshot_tools import (ERRNO, FAILED, SITES_DROPPED, SNAPSHOTS, THINNED, Program,
                            Slot, run_tests, wait_for)

MEGABYTE = 1024 * 1024
OTHER_USER = 65534


def size(path):
    """0 for a file that was removed meanwhile."""
    try:
        return os.path.getsize(path)
    except FileNotFoundError:
        return 0


def folder_bytes(folder):
    return sum(size(os.path.join(folder, name)) for name in os.listdir(folder)
               if name.endswith(".arxheap"))


def a_reader_never_sees_an_unfinished_file(place):
    folder = place.path("atomic")
    program = Program(place, folder, ARXHEAP_INTERVAL="2ms")
    program.tell("sites 2000 100")
    seen = set()
    stop = threading.Event()

    def allocate():
        while not stop.is_set():
            program.tell("alloc 1000 1000")
            program.tell("free")
            program.tell("sites 500 5000")

    worker = threading.Thread(target=allocate)
    worker.start()

    def enough():
        new = [path for path in program.files() if path not in seen]
        for path, snapshot in zip(new, place.read(new)):
            assert snapshot["error"] is None, f"{path}: {snapshot['error']}"
        seen.update(new)
        return len(seen) >= 100
    try:
        wait_for(enough, "a hundred files were read")
    finally:
        stop.set()
        worker.join()
    assert program.end()[0] == 0


def a_killed_process_leaves_only_whole_files(place):
    folder = place.path("killed")
    for turn in range(5):
        program = Program(place, folder, ARXHEAP_INTERVAL="1ms")
        program.tell("sites 2000 5000")
        program.await_snapshots(3)
        program.kill()
    found = place.read(place.files(folder))
    assert len(found) >= 15, len(found)
    assert [s["error"] for s in found if s["error"] is not None] == []


def what_a_dead_process_left_half_written_is_removed(place):
    folder = place.path("stale")
    os.mkdir(folder, 0o700)
    dead = subprocess.Popen(["true"])
    dead.wait()
    stale = os.path.join(folder, f"x-y-{dead.pid}-5f00-000001.arxheap.tmp")
    living = os.path.join(folder, f"x-{os.getpid()}-5f00-000001.arxheap.tmp")
    foreign = os.path.join(folder, "notes.arxheap.tmp")
    for path in (stale, living, foreign):
        open(path, "w").close()
    program = Program(place, folder, ARXHEAP_INTERVAL="5ms")
    program.tell("alloc 1000 1000")
    wait_for(lambda: not os.path.exists(stale), "the file of the dead process is gone")
    assert os.path.exists(living) and os.path.exists(foreign)
    assert program.end()[0] == 0


def a_series_is_thinned_within_its_budget_and_keeps_both_ends(place):
    folder = place.path("budget")
    program = Program(place, folder, ARXHEAP_INTERVAL="2ms", ARXHEAP_KEEP="64k")
    program.tell("sites 500 5000")
    last = wait_for(lambda: next((s for s in reversed(program.snapshots())
                                  if s["error"] is None and s["counters"][THINNED] > 20), None),
                    "files were thinned out")
    assert last["counters"][FAILED] == 0
    assert program.end()[0] == 0
    files = program.files()
    numbers = [s["sequence"] for s in program.snapshots()]
    total = folder_bytes(folder)
    assert total <= 64 * 1024, f"{total} bytes in {len(files)} files"
    assert numbers[0] == 1 and numbers[-1] == max(numbers), numbers
    assert numbers[-1] > len(numbers), "nothing was removed"
    assert numbers[-1] - numbers[-3] == 2, f"the newest are not complete: {numbers}"
    gaps = [after - before for before, after in zip(numbers, numbers[1:])]
    assert max(gaps) <= numbers[-1] / 2, f"the older half is not spread: {numbers}"


def a_folder_is_kept_within_its_budget_at_the_cost_of_the_dead(place):
    folder = place.path("folder_budget")
    dead = []
    for _ in range(6):
        program = Program(place, folder)
        program.tell("sites 500 5000")
        slot = program.slot()
        for _ in range(6):
            number = slot.ask_snapshot()
            wait_for(lambda: slot.get(Slot.DONE) == number, "the request is answered")
        assert program.end()[0] == 0
        dead.append(program.pid)
    living = Program(place, folder)
    living.tell("sites 500 5000")
    living.slot().ask_snapshot()
    living.await_snapshots(1)
    program = Program(place, folder, ARXHEAP_INTERVAL="1ms", ARXHEAP_KEEP="64k",
                      ARXHEAP_KEEP_ALL="128k")
    program.tell("sites 500 5000")
    wait_for(lambda: not place.files(folder, dead[0]), "the oldest series is gone")
    spare = 2 * size(living.files()[0])
    wait_for(lambda: folder_bytes(folder) <= 128 * 1024 + spare, "the folder is near its budget")
    assert len(living.files()) == 1, "a living process lost its snapshot"
    assert program.files()[0].endswith("000001.arxheap")
    assert living.end()[0] == 0 and program.end()[0] == 0


def two_processes_share_a_folder(place):
    folder = place.path("two")
    programs = [Program(place, folder, ARXHEAP_INTERVAL="5ms") for _ in range(2)]
    for number, program in enumerate(programs):
        program.tell(f"alloc {1000 * (number + 1)} 1000")
    for program in programs:
        program.await_snapshots(10)
    slots = {program.slot().at for program in programs}
    assert len(slots) == 2
    for program in programs:
        assert program.end()[0] == 0
        found = program.snapshots()
        assert [s["sequence"] for s in found] == list(range(1, len(found) + 1))
        assert all(s["error"] is None and s["pid"] == program.pid for s in found)


def two_thousand_sites_take_at_most_100_kB(place):
    program = Program(place, place.path("sites"))
    program.tell("sites 2000 20000")
    assert program.end()[0] == 0
    last = program.snapshots()[-1]
    assert last["sites"] >= 1900, last["sites"]
    assert last["bytes"] <= 100 * 1000, f"{last['bytes']} bytes for {last['sites']} sites"
    assert last["counters"][SITES_DROPPED] == 0


def a_snapshot_is_never_larger_than_a_megabyte(place):
    program = Program(place, place.path("large"), ARXHEAP_MEMORY="256M", ARXHEAP_SAMPLE="0",
                      ARXHEAP_DEPTH="30")
    program.tell("sites 150000 100")
    program.tell("alloc 1000 1000000")
    assert program.end()[0] == 0
    last = program.snapshots()[-1]
    assert last["error"] is None and last["bytes"] <= MEGABYTE, last["bytes"]
    assert last["counters"][SITES_DROPPED] > 0, last["counters"]
    assert last["live_bytes"] > 1e9, "the largest site was left out"


def memory_that_is_used_up_costs_sites_and_no_snapshot(place):
    program = Program(place, place.path("small_memory"), ARXHEAP_MEMORY="1M", ARXHEAP_SAMPLE="0")
    program.tell("sites 20000 100")
    assert program.end()[0] == 0
    return None if program.snapshots() else "the runtime has no memory to begin with"


def an_unwritable_folder_harms_nothing_and_is_counted(place):
    blocker = place.path("blocker")
    open(blocker, "w").close()
    program = Program(place, os.path.join(blocker, "folder"), ARXHEAP_INTERVAL="5ms")
    program.tell("alloc 100000 1000")
    status, said = program.end()
    assert status == 0 and said == "", (status, said)

    folder = place.path("later")
    program = Program(place, folder, ARXHEAP_INTERVAL="5ms")
    program.tell("alloc 1000 1000")
    slot = program.slot()
    program.await_snapshots(1)
    aside = place.path("aside")
    os.rename(folder, aside)
    open(folder, "w").close()
    number = slot.ask_snapshot()
    wait_for(lambda: slot.get(Slot.DONE) == number, "the request is answered")
    assert slot.get(Slot.ERRNO) == errno.ENOTDIR, slot.get(Slot.ERRNO)
    os.unlink(folder)
    os.rename(aside, folder)
    number = slot.ask_snapshot()
    wait_for(lambda: slot.get(Slot.DONE) == number, "the second request is answered")
    assert program.end()[0] == 0
    last = program.snapshots()[-1]
    assert last["counters"][FAILED] > 0 and last["counters"][ERRNO] == errno.ENOTDIR
    assert last["counters"][SNAPSHOTS] == last["sequence"]


def a_full_disk_harms_nothing_and_is_counted(place):
    folder = place.path("full")
    os.mkdir(folder, 0o700)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k,mode=700", "tmpfs", folder],
                             capture_output=True)
    if mounted.returncode != 0:
        return "no file system can be mounted"
    try:
        program = Program(place, folder, ARXHEAP_INTERVAL="2ms")
        program.tell("sites 500 5000")
        slot = program.slot()
        wait_for(lambda: slot.get(Slot.ERRNO) == errno.ENOSPC, "the disk is full")
        program.tell("alloc 1000 1000")
        for path in program.files()[1:]:
            os.unlink(path)
        found = wait_for(lambda: [s for s in program.snapshots() if s["error"] is None and
                                  s["counters"][FAILED] > 0], "there are snapshots again")
        assert found[0]["counters"][ERRNO] == errno.ENOSPC
        assert program.end()[0] == 0
        assert all(s["error"] is None for s in program.snapshots())
        assert not [n for n in os.listdir(folder) if n.endswith(".tmp")], os.listdir(folder)
    finally:
        subprocess.run(["umount", "-l", folder], check=True)
    return None


def a_limit_of_file_sizes_does_not_kill(place):
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
    program = Program(place, place.path("limit"), preexec=limit, ARXHEAP_INTERVAL="2ms")
    program.tell("sites 500 5000")
    status, said = program.end()
    assert status == 0, (status, said)
    assert program.files() == []


def a_folder_of_somebody_else_in_a_public_place_is_refused(place):
    if os.geteuid() != 0:
        return "only root can give a folder away"
    public = place.path("public")
    os.mkdir(public)
    os.chmod(public, 0o1777)
    planted = os.path.join(public, "planted")
    os.mkdir(planted, 0o777)
    os.chown(planted, OTHER_USER, OTHER_USER)
    link = os.path.join(public, "link")
    os.mkdir(place.path("target"), 0o700)
    os.symlink(place.path("target"), link)
    for folder in (planted, link):
        program = Program(place, folder, ARXHEAP_INTERVAL="5ms")
        program.tell("alloc 10000 1000")
        assert program.end()[0] == 0
        assert os.listdir(folder) == [], f"{folder}: {os.listdir(folder)}"
    return None


def files_are_the_users_alone(place):
    folder = os.path.join(place.path("new"), "below", "folder")
    program = Program(place, folder, preexec=lambda: os.umask(0))
    program.tell("alloc 1000 1000")
    assert program.end()[0] == 0
    assert os.stat(folder).st_mode & 0o777 == 0o700
    for path in [os.path.join(folder, "control"), *program.files()]:
        assert os.stat(path).st_mode & 0o777 == 0o600, path


sys.exit(run_tests(
    a_reader_never_sees_an_unfinished_file,
    a_killed_process_leaves_only_whole_files,
    what_a_dead_process_left_half_written_is_removed,
    a_series_is_thinned_within_its_budget_and_keeps_both_ends,
    a_folder_is_kept_within_its_budget_at_the_cost_of_the_dead,
    two_processes_share_a_folder,
    two_thousand_sites_take_at_most_100_kB,
    a_snapshot_is_never_larger_than_a_megabyte,
    memory_that_is_used_up_costs_sites_and_no_snapshot,
    an_unwritable_folder_harms_nothing_and_is_counted,
    a_full_disk_harms_nothing_and_is_counted,
    a_limit_of_file_sizes_does_not_kill,
    a_folder_of_somebody_else_in_a_public_place_is_refused,
    files_are_the_users_alone,
))
