#!/usr/bin/env python3
"""Stacks of samples are those that the C library's own unwinder finds for the same call."""
import re
import subprocess
import sys

from runtime_tools import BROKEN, LIBRARY, TRUNCATED, expect, run_tests


def told_stacks(said):
    """{(name, size): return addresses, innermost first} as a program printed them."""
    stacks = {}
    for line in said.splitlines():
        name, *numbers = line.split()
        if numbers:
            stacks[name, int(numbers[0])] = [int(number) for number in numbers[1:]]
    return stacks


def compare(place, program, count, **settings):
    """The stacks of a program's snapshot are those that it printed; gives the snapshot."""
    done = place.run(program, ARXHEAP_SAMPLE="1", **settings)
    told = told_stacks(done.stdout)
    snapshot = place.last(done.folder)
    expect(len(told) == count, f"{len(told)} stacks were told, not {count}:\n{done.stdout}")
    wrong = []
    for (name, size), truth in told.items():
        sites = [site for site in snapshot.heap() if site.size == size and site.samples == 1]
        expect(len(sites) == 1, f"{name}: {len(sites)} samples of {size} bytes")
        # A frame is inside its call: one below the return address.
        mine = [address + 1 for address in sites[0].addresses()[1:]]
        if name == "signal_handler":
            # The trampoline is no frame; what was interrupted stands there itself.
            truth = [truth[0], truth[2] + 1, *truth[3:]]
        same = mine == truth
        if not same or sites[0].flags:
            wrong.append(f"{name}: flags {sites[0].flags}\n  found {show(snapshot, mine)}\n  truth "
                         f"{show(snapshot, truth)}")
    expect(not wrong, "\n".join(wrong))
    return snapshot


def function_at(snapshot, address):
    for site in snapshot.sites:
        for module, in_file, in_memory in site.frames:
            if module >= 0 and in_memory in (address, address - 1):
                return snapshot.place.name_at(snapshot.modules[module], in_file)
    return ""


def show(snapshot, addresses):
    return " ".join(f"{address:x}:{function_at(snapshot, address)}" for address in addresses)


def truth_for(*options):
    def test(place):
        program = place.build("stack_truth.c", *options, name="truth" + "".join(options))
        compare(place, program, 12)
    return test


stacks_are_true_without_optimisation = truth_for("-O0")
stacks_are_true_with_optimisation = truth_for("-O2")
stacks_are_true_with_frame_pointers = truth_for("-O2", "-fno-omit-frame-pointer")
stacks_are_true_without_frame_pointers = truth_for("-O3", "-fomit-frame-pointer")
stacks_are_true_through_the_procedure_linkage_table = truth_for("-O2", "-fcf-protection=none",
                                                                "-Wl,-z,lazy", "-no-pie")
for name, test in list(globals().items()):
    if name.startswith("stacks_are_true"):
        test.__name__ = name


def cpp_stacks_are_true_and_throwing_works(place):
    for options in (("-O0",), ("-O2",)):
        program = place.build("stack_truth_cpp.cc", *options, name="cpp" + "".join(options))
        compare(place, program, 5)


def a_stack_beyond_the_limit_is_marked_and_counted(place):
    program = place.build("stack_truth.c", "-O2", name="truth_deep")
    done = place.run(program, ARXHEAP_SAMPLE="1", ARXHEAP_DEPTH="20")
    snapshot = place.last(done.folder)
    (name, size), truth = next(item for item in told_stacks(done.stdout).items()
                               if item[0][0] == "recursion")
    site = next(site for site in snapshot.heap() if site.size == size)
    expect(len(truth) > 60 and len(site.frames) == 20, f"{name}: {len(truth)} {len(site.frames)}")
    expect(site.flags == TRUNCATED, f"flags {site.flags}")
    expect([a + 1 for a in site.addresses()[1:]] == truth[:19], "other frames")
    expect(snapshot.counters["truncated"] >= 1, "not counted")
    expect(not any(s.flags & BROKEN for s in snapshot.heap() if s.births), "a broken stack")


def the_library_needs_no_unwinder_and_exports_none(_):
    said = subprocess.run(["readelf", "-Wd", LIBRARY], capture_output=True, text=True, check=True)
    needed = set(re.findall(r"NEEDED.*\[(.*)\]", said.stdout))
    allowed = {"libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2"}
    expect(needed <= allowed, f"needs {needed - allowed}")
    said = subprocess.run(["nm", "-D", "--defined-only", LIBRARY], capture_output=True, text=True,
                          check=True)
    names = [line.split()[-1] for line in said.stdout.splitlines()]
    expect("malloc" in names, "no malloc")
    wrong = [name for name in names if re.match(r"_Unwind|unw_|__gxx|__cxa|backtrace|je_|ah_|arx_", name)]
    expect(not wrong, f"exports {wrong}")


if __name__ == "__main__":
    sys.exit(run_tests(stacks_are_true_without_optimisation,
                       stacks_are_true_with_optimisation,
                       stacks_are_true_with_frame_pointers,
                       stacks_are_true_without_frame_pointers,
                       stacks_are_true_through_the_procedure_linkage_table,
                       cpp_stacks_are_true_and_throwing_works,
                       a_stack_beyond_the_limit_is_marked_and_counted,
                       the_library_needs_no_unwinder_and_exports_none))
