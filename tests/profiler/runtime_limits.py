#!/usr/bin/env python3
"""Little memory, little address space, and programs that cannot be profiled: none is harmed."""
import os
import shutil
import subprocess
import sys

from runtime_tools import ARXHEAP, DEADLINE, Skip, expect, run_tests

built = {}


def limited(place):
    if "limited" not in built:
        built["limited"] = place.build("limited_memory.c")
    return built["limited"]


def what_finds_no_room_in_the_tables_is_dropped_and_counted(place):
    done = place.run(limited(place), "live", ARXHEAP_SAMPLE="1", ARXHEAP_MEMORY="1M")
    snapshot = place.last(done.folder)
    counters = snapshot.counters
    kept = sum(site.samples for site in snapshot.through("allocate_here"))
    expect(counters["dropped_memory"] > 50000, f"{counters['dropped_memory']} dropped")
    expect(1000 < kept < 50000, f"{kept} kept")
    expect(100000 <= kept + counters["dropped_memory"] <= 100100, "some are neither kept nor counted")
    expect(counters["memory"] <= 1 << 20, f"{counters['memory']} bytes resident")


def a_small_address_space_is_shared_with_the_program(place):
    for limit in ("2000000", "700000", "400000", "100000", "60000"):
        wrap = ("bash", "-c", f'ulimit -v {limit}; exec "$@"', "limited")
        done = place.run(limited(place), "limited", wrap=wrap, ARXHEAP_SAMPLE="16k")
        if place.files(done.folder):
            snapshot = place.last(done.folder)
            expect(snapshot.through("allocate_here"), f"nothing seen with {limit} kB")
        else:
            expect("runs unprofiled" in done.stderr, f"neither profile nor reason with {limit} kB")
            expect(limit in ("400000", "100000", "60000"), f"not profiled with {limit} kB: {done.stderr}")


def a_program_that_limits_itself_gets_all_of_its_limit(place):
    for mean in ("1", "512k"):
        place.run(limited(place), "run_out", ARXHEAP_SAMPLE=mean)


def a_program_with_its_own_malloc_runs_unprofiled_and_it_is_said_once(place):
    program = place.build("own_malloc.c")
    done = place.run(program, ARXHEAP_SAMPLE="1")
    expect(done.stdout == "done\n", done.stdout)
    expect(done.stderr.count("\n") == 1 and "another malloc" in done.stderr, done.stderr)
    expect(not place.files(done.folder), "a snapshot all the same")
    expect(place.run(program, ARXHEAP_QUIET="1").stderr == "", "not quiet")


def run_command(place, program, *wrap):
    environment = {**place.environment(place.new_folder()), "LD_PRELOAD": ""}
    return subprocess.run([*wrap, ARXHEAP, "run", "--", *program], capture_output=True, text=True,
                          timeout=DEADLINE, env=environment)


def a_static_program_runs_unprofiled_and_it_is_said(place):
    program = place.build("limited_memory.c", "-static", name="static_program")
    done = run_command(place, [program, "limited"])
    expect(done.returncode == 0 and "runs unprofiled" in done.stderr and "static" in done.stderr, f"{done.returncode}: {done.stderr}")
    place.run(program, "limited")


def a_setuid_program_runs_unprofiled_and_it_is_said(place):
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        raise Skip("needs root, to make one")
    program = place.path("setuid_program")
    shutil.copy(limited(place), program)
    os.chmod(program, 0o4755)
    done = run_command(place, [program, "limited"], "setpriv", "--reuid=nobody", "--regid=nogroup",
                       "--clear-groups")
    expect(done.returncode == 0 and "runs unprofiled" in done.stderr and "setuid" in done.stderr,
           f"{done.returncode}: {done.stderr}")


def only_the_programs_that_were_named_are_profiled(place):
    done = place.run(limited(place), "limited", ARXHEAP_SAMPLE="1", ARXHEAP_ONLY="other:names")
    expect(not place.files(done.folder), "profiled")
    done = place.run(limited(place), "limited", ARXHEAP_SAMPLE="1", ARXHEAP_ONLY="x:limited_memory")
    expect(place.files(done.folder), "not profiled")


if __name__ == "__main__":
    sys.exit(run_tests(what_finds_no_room_in_the_tables_is_dropped_and_counted,
                       a_small_address_space_is_shared_with_the_program,
                       a_program_that_limits_itself_gets_all_of_its_limit,
                       a_program_with_its_own_malloc_runs_unprofiled_and_it_is_said_once,
                       a_static_program_runs_unprofiled_and_it_is_said,
                       a_setuid_program_runs_unprofiled_and_it_is_said,
                       only_the_programs_that_were_named_are_profiled))
