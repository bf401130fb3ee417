#!/usr/bin/env python3
"""Estimates of live bytes against programs that know the truth.

Bounds are wide enough that a right profiler fails once in a million runs.
"""
import math
import os
import subprocess
import sys

from runtime_tools import ARXHEAP, expect, run_tests, wait_for

built = {}


def program(place):
    if "truth" not in built:
        built["truth"] = place.build("estimate_truth.c")
    return built["truth"]


def by_label(snapshot):
    """{label: (bytes, variance, samples, size)} of what was malloc'ed."""
    found = {}
    for site in snapshot.heap():
        sums = found.setdefault(site.label, [0.0, 0.0, 0, 0])
        for i, more in enumerate((site.bytes, site.variance, site.samples, site.size)):
            sums[i] += more
    return found


def truth(said):
    return {int(label): int(size) for label, size in (line.split() for line in said.splitlines())}


def expect_near(name, found, true):
    live, variance = found[:2]
    error = (live - true) / max(math.sqrt(variance), 1)
    expect(abs(error) < 5, f"{name}: {live:.0f}, not {true}: {live / true:.3f} times, {error:.1f} sigmas")


def intervals_of_many_sites_hold_the_truth(place):
    done = place.run(program(place), "many", ARXHEAP_SAMPLE="32k")
    found, true = by_label(place.last(done.folder)), truth(done.stdout)
    missed = [label for label in true
              if abs(found[label][0] - true[label]) > 1.96 * math.sqrt(found[label][1])]
    # 300 sites, 5 % of which may miss: 15, and 40 or more once in ten million runs.
    expect(len(missed) < 40, f"{len(missed)} of {len(true)} intervals miss the truth")
    total = [sum(found[label][i] for label in true) for i in (0, 1)]
    expect_near("all sites", total, sum(true.values()))


def blocks_that_are_resized_are_estimated_without_bias(place):
    done = place.run(program(place), "resized", ARXHEAP_SAMPLE="64k")
    found, true = by_label(place.last(done.folder)), truth(done.stdout)
    names = {1: "doubled", 2: "grown in small steps", 3: "grown in pages", 4: "shrunk and grown, large",
             5: "shrunk and grown, small"}
    wrong = []
    for label, size in true.items():
        try:
            expect_near(names[label], found[label], size)
        except AssertionError as error:
            wrong.append(str(error))
    expect(not wrong, "\n".join(wrong))


def everything_is_exact_when_everything_is_sampled(place):
    done = place.run(program(place), "labelled", ARXHEAP_SAMPLE="1")
    snapshot = place.last(done.folder)
    found, true = by_label(snapshot), truth(done.stdout)
    expect({label: found[label][0] for label in true} == true, f"{found}")
    expect(all(found[label][1] == 0 for label in true), "an exact figure has a variance")


def labels_belong_to_their_thread_and_have_names(place):
    done = place.run(program(place), "labelled", ARXHEAP_SAMPLE="1")
    snapshot = place.last(done.folder)
    expect({label: name for label, name in snapshot.labels.items() if label != "0"} ==
           {str(i): f"tenant {i}" for i in range(1, 5)}, f"{snapshot.labels}")
    for i in range(1, 5):
        sums = by_label(snapshot)[i]
        expect(sums[2:] == [50, 5000], f"label {i}: {sums}")


class Told:
    """The program that does as it is told."""

    def __init__(self, place, **settings):
        self.place, self.folder = place, place.new_folder()
        self.process = subprocess.Popen([program(place), "obey"], text=True, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE,
                                        env=place.environment(self.folder, **settings))

    def tell(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        expect(self.process.stdout.readline() == "done\n", f"{line}: {self.process.poll()}")

    def ask(self, *command):
        """A command of arxheap for it, which allocates meanwhile so that it notices."""
        asked = subprocess.Popen([ARXHEAP, command[0], str(self.process.pid), *command[1:], "--timeout",
                                  "30"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                 env={**os.environ, "ARXHEAP_DIR": self.folder})
        while asked.poll() is None:
            self.tell("63 4")
            self.tell("free 63")
        said = asked.communicate()[0]
        expect(asked.returncode == 0, f"{command}: {said}")

    def arm(self, mean):
        """Returns when the interval is in force: a snapshot comes after what was asked before."""
        self.ask("arm", "--sample", mean)
        self.ask("snapshot")

    def labels(self):
        self.ask("snapshot")
        return by_label(self.place.last(self.folder, self.process.pid))

    def end(self):
        self.process.communicate()


def arming_disarming_and_other_intervals_leave_true_estimates(place):
    told = Told(place, ARXHEAP_INERT="1")
    told.tell("1 20")
    told.arm("32k")
    told.tell("2 20")
    found = told.labels()
    expect(1 not in found, "what was allocated inert is estimated")
    expect_near("after arming", found[2], 20000000)
    told.arm("8k")
    told.tell("3 20")
    found = told.labels()
    expect_near("another interval", found[3], 20000000)
    expect_near("before another interval", found[2], 20000000)
    expect(found[3][2] > 2 * found[2][2], f"{found[3][2]} samples, {found[2][2]} before")
    told.ask("disarm")
    told.tell("4 20")
    told.tell("free 2")
    wait_for(lambda: place.last(told.folder).reason == 4, "a snapshot on disarming")
    told.arm("16k")
    told.tell("62 20")  # a thread that did not sample looks after some MiB
    told.tell("5 20")
    found = told.labels()
    expect(4 not in found, "what was allocated disarmed is estimated")
    expect(2 not in found or found[2][2] == 0, "what was freed disarmed lives on")
    expect_near("kept over the disarming", found[3], 20000000)
    expect_near("armed again", found[5], 20000000)
    told.end()


if __name__ == "__main__":
    sys.exit(run_tests(intervals_of_many_sites_hold_the_truth,
                       blocks_that_are_resized_are_estimated_without_bias,
                       everything_is_exact_when_everything_is_sampled,
                       labels_belong_to_their_thread_and_have_names,
                       arming_disarming_and_other_intervals_leave_true_estimates))
