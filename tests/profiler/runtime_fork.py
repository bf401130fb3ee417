#!/usr/bin/env python3
"""Processes that are forked, replaced, turned into daemons: each has its own true series."""
import os
import shutil
import subprocess
import sys

from runtime_tools import Skip, expect, run_tests, wait_for

NPARENT, NCHILD = 100, 10
built = {}


def family(place):
    if "family" not in built:
        built["family"] = place.build("fork_family.c")
    return built["family"]


def samples(snapshot, function):
    return sum(site.samples for site in snapshot.through(function))


def check_heir(place, mode):
    """A child starts with nothing, the parent keeps what is its own."""
    done = place.run(family(place), mode, ARXHEAP_SAMPLE="1", status=None)
    if done.returncode == 77:
        raise Skip("the C library has no such call")
    expect(done.returncode == 0, f"ended with {done.returncode}\n{done.stdout}{done.stderr}")
    child = place.last(done.folder, int(done.stdout))
    parent = next(s for s in place.read(place.files(done.folder)) if s.pid != child.pid)
    expect(child.parent_pid == parent.pid, f"{child.parent_pid} is not the parent's pid")
    expect(child.start_us > parent.start_us and child.sequence == 1, "not a series of its own")
    expect(samples(child, "parent_keeps") == 0, "the child lists what it inherited")
    expect(samples(child, "child_keeps") == NCHILD, "the child's own are missing")
    expect(NPARENT / 2 <= child.counters["inherited"] < NPARENT,
           f"{child.counters['inherited']} inherited, of {NPARENT} that half were freed of")
    expect(samples(parent, "parent_keeps") == NPARENT, "the parent lost samples")
    expect(samples(parent, "child_keeps") == 0, "the parent has samples of its child")


def a_forked_child_starts_with_nothing_and_its_parent_loses_nothing(place):
    check_heir(place, "inherit")


def so_does_a_child_of_a_bare_fork(place):
    check_heir(place, "bare")


def so_does_a_child_of_a_bare_clone(place):
    check_heir(place, "clone")


def children_of_one_parent_sample_different_allocations(place):
    done = place.run(family(place), "numbered", "6", ARXHEAP_SAMPLE="64k")
    chosen = []
    for pid in done.stdout.split():
        found = {site.label for site in place.last(done.folder, pid).through("main")}
        expect(20 <= len(found) <= 130, f"{len(found)} samples, not about 61")
        chosen.append(frozenset(found))
    expect(len(set(chosen)) == 6, "two children sampled the same allocations")
    common = frozenset.intersection(*chosen)
    expect(len(common) <= 3, f"all children sampled numbers {sorted(common)}")


def a_child_that_borrows_the_memory_leaves_the_profile_alone(place):
    done = place.run(family(place), "borrow", ARXHEAP_SAMPLE="1")
    snapshots = place.read(place.files(done.folder))
    expect(len(snapshots) == 1, f"snapshots of {[s.pid for s in snapshots]}")
    expect(snapshots[0].pid != int(done.stdout), "the profile is the child's now")
    expect(samples(snapshots[0], "parent_keeps") == NPARENT, "the parent lost samples")
    expect(snapshots[0].counters["inherited"] == 0, "the parent's are called inherited")


def a_program_that_execs_begins_a_new_series(place):
    done = place.run(family(place), "replace", ARXHEAP_SAMPLE="1")
    snapshots = place.read(place.files(done.folder))
    expect(len({s.pid for s in snapshots}) == 2, f"snapshots of {[s.pid for s in snapshots]}")
    for snapshot in snapshots:
        expect(samples(snapshot, "parent_keeps") == NPARENT, "samples of before the exec")


def a_storm_of_forks_beside_allocating_threads_hangs_nobody(place):
    place.run(family(place), "storm", "250", ARXHEAP_SAMPLE="1")
    place.run(family(place), "storm", "100", ARXHEAP_SAMPLE="64")


def threads_that_fork_at_the_same_time_hang_nobody(place):
    place.run(family(place), "storm_by_threads", "40", ARXHEAP_SAMPLE="1")


def a_library_that_locks_over_a_fork_does_not_deadlock(place):
    library = place.build("fork_handlers.c", "-shared", "-fPIC", name="libfork_handlers.so")
    program = place.build("fork_with_library.c", library, f"-Wl,-rpath,{place.folder}")
    place.run(program, ARXHEAP_SAMPLE="1")


def check_daemon(place, mode):
    folder = place.path(mode)
    shutil.rmtree(folder, ignore_errors=True)
    os.mkdir(folder)
    into = place.new_folder()
    environment = place.environment(into, ARXHEAP_SAMPLE="1", ARXHEAP_INTERVAL="20ms")
    program = subprocess.Popen([family(place), mode, folder], env=environment,
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)

    def enough():
        expect(program.poll() is None, f"ended with {program.returncode}")
        series = {}
        for name in place.files(into):
            pid = os.path.basename(name).split("-")[-2]
            series[pid] = series.get(pid, 0) + 1
        return any(n >= 6 for n in series.values())

    try:
        wait_for(lambda: os.path.exists(os.path.join(folder, "file23")), "all is closed")
        wait_for(enough, "snapshots are taken")
    finally:
        open(os.path.join(folder, "stop"), "w").close()
        status = program.wait(timeout=60)
    expect(status == 0, f"ended with {status}: 4 and 5 mean that its files were touched")


def a_program_that_closes_all_descriptors_keeps_its_files_and_its_snapshots(place):
    check_daemon(place, "close_all")


def so_does_a_daemon(place):
    check_daemon(place, "daemon")


def the_first_process_of_a_namespace_is_profiled(place):
    wrap = ("unshare", "--pid", "--fork")
    if os.geteuid() != 0 or subprocess.run([*wrap, "true"], capture_output=True).returncode != 0:
        raise Skip("needs the right to make a pid namespace")
    done = place.run(family(place), "inherit", wrap=wrap, ARXHEAP_SAMPLE="1")
    expect(samples(place.last(done.folder, 1), "parent_keeps") == NPARENT, "lost samples")
    expect(samples(place.last(done.folder, int(done.stdout)), "child_keeps") == NCHILD,
           "lost samples of the child")


if __name__ == "__main__":
    sys.exit(run_tests(a_forked_child_starts_with_nothing_and_its_parent_loses_nothing,
                       so_does_a_child_of_a_bare_fork,
                       so_does_a_child_of_a_bare_clone,
                       children_of_one_parent_sample_different_allocations,
                       a_child_that_borrows_the_memory_leaves_the_profile_alone,
                       a_program_that_execs_begins_a_new_series,
                       a_storm_of_forks_beside_allocating_threads_hangs_nobody,
                       threads_that_fork_at_the_same_time_hang_nobody,
                       a_library_that_locks_over_a_fork_does_not_deadlock,
                       a_program_that_closes_all_descriptors_keeps_its_files_and_its_snapshots,
                       so_does_a_daemon,
                       the_first_process_of_a_namespace_is_profiled))
