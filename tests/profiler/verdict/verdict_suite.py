#!/usr/bin/env python3
"""Runs real programs under the profiler and checks what it says of them.

    verdict_suite.py                       two runs of each behaviour; prints TAP
    verdict_suite.py --runs 20             the figure of docs/leaks.md
    verdict_suite.py --only leak_pure --verbose

Ten behaviours are sound: no site of theirs may be called a leak.  Four leak: the function that does
must be called a leak, in at least 19 of 20 runs (in fewer runs, not less often than a program that
is found in 95 of 100 would be, but for bad luck), and the interval of the rate must hold the true
one, which the program itself counts, about as often as a 95 % interval promises.

Time is compressed, not faked: a snapshot each tenth of a second instead of each half a minute.
Needs cc.  ARXHEAP_BUILD is the folder with libarxheap.so and arxheap (default profiler/build).
"""
import argparse
import concurrent.futures
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
BUILD = os.path.abspath(os.environ.get("ARXHEAP_BUILD", os.path.join(ROOT, "profiler", "build")))
SOUND = """stationary random_walk heavy_tail_sessions fifo_cache lru_cache filling_cache load_ramp
           daily_cycle start_up_data batch_with_reset""".split()
LEAKS = "leak_pure leak_two_percent leak_half_percent leak_on_ramp".split()
INTERVAL = 0.1
WARM_UP = 20 * INTERVAL
UNLIKELY = 0.001


def build(folder):
    """Without built-ins: the compiler may leave out a malloc whose block nobody reads."""
    program = os.path.join(folder, "behaviours")
    subprocess.run(["cc", "-std=gnu11", "-O1", "-g", "-fno-builtin", "-fno-optimize-sibling-calls",
                    "-o", program,
                    os.path.join(HERE, "behaviours.c"), "-lm"], check=True)
    return program


def run_once(program, behaviour, seconds, seed, folder):
    """One run, then the findings on it and the truth about it."""
    os.mkdir(folder)
    environment = dict(os.environ, LD_PRELOAD=os.path.join(BUILD, "libarxheap.so"),
                       ARXHEAP_DIR=folder, ARXHEAP_INTERVAL=f"{INTERVAL * 1000:.0f}ms",
                       ARXHEAP_SAMPLE="16k")
    done = subprocess.run([program, behaviour, str(seconds), str(seed)], env=environment,
                          capture_output=True, text=True, timeout=60 + 5 * seconds)
    assert done.returncode == 0, done.stderr
    leaks = subprocess.run([os.path.join(BUILD, "arxheap"), "leaks", folder, "--all", "--json"],
                           capture_output=True, text=True, timeout=300)
    assert leaks.returncode == 0, leaks.stderr
    shutil.rmtree(folder)
    return json.loads(leaks.stdout), json.loads(done.stdout)


def in_program(finding):
    return "behaviours" in os.path.basename(finding.get("module") or "")


def of_function(findings, behaviour):
    """What is said of the behaviour's function; the worst, should it have several sites."""
    order = ["not enough samples", "churn", "warm-up", "bounded cache", "suspect", "leak"]
    mine = [f for f in findings if (f["function"] or "").split("(")[0] == behaviour]
    return max(mine, key=lambda f: order.index(f["verdict"]), default=None)


def true_rate(truth, finding):
    """Bytes an hour that leaked in the time that the finding is about."""
    by_tenth = truth["leaked_by_tenth"]
    seconds = truth["seconds"]
    first = finding.get("window_from_seconds", max(WARM_UP, seconds / 6))
    last = finding.get("window_to_seconds", seconds - finding["mature_age_seconds"])

    def leaked_by(when):
        tenths = when * 10
        whole = min(int(tenths), len(by_tenth) - 1)
        before = by_tenth[whole - 1] if whole > 0 else 0
        return before + (by_tenth[whole] - before) * (tenths - int(tenths))

    return (leaked_by(last) - leaked_by(first)) / (last - first) * 3600


def covers(finding, rate):
    return finding["bytes_per_hour_low"] <= rate <= finding["bytes_per_hour_high"]


def fewest_covered(runs):
    """So few of 95 % intervals hold the truth by chance once in a thousand times."""
    total = 0.0
    for held in range(runs + 1):
        total += math.comb(runs, held) * 0.95 ** held * 0.05 ** (runs - held)
        if total > UNLIKELY:
            return held
    return runs


class Outcome:
    """What the runs of one behaviour came to."""

    def __init__(self):
        self.verdicts = {}
        self.accused = []
        self.covered = 0
        self.failures = []
        self.evidence = None
        self.samples = 0

    def add(self, behaviour, findings, truth):
        mine = of_function(findings, behaviour)
        verdict = mine["verdict"] if mine else "no finding"
        self.verdicts[verdict] = self.verdicts.get(verdict, 0) + 1
        self.accused += [f for f in findings if f["verdict"] == "leak" and
                         (behaviour in SOUND or f is not mine) and
                         (in_program(f) or behaviour in SOUND)]
        if mine:
            self.evidence = mine["evidence"]
            self.samples += mine.get("mature_samples", 0)
            self.covered += behaviour in LEAKS and covers(mine, true_rate(truth, mine))

    def faults(self, behaviour, runs):
        faults = list(self.failures)
        faults += [f"accused: {f['function']}: {f['evidence']}" for f in self.accused]
        if behaviour in LEAKS:
            found = self.verdicts.get("leak", 0)
            if found < (runs - runs // 20 if runs >= 20 else fewest_covered(runs)):
                faults.append(f"called leak in {found} of {runs} runs")
            if self.covered < fewest_covered(runs):
                faults.append(f"the rate's interval holds the truth in {self.covered} of {runs}")
        return faults


def run_all(options, folder):
    program = build(folder)
    outcomes = {name: Outcome() for name in options.only or SOUND + LEAKS}
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        waiting = {}
        for number in range(options.runs):
            for name in outcomes:
                place = os.path.join(folder, f"{name}.{number}")
                seed = options.seed + number
                waiting[pool.submit(run_once, program, name, options.seconds, seed, place)] = name
        for future in concurrent.futures.as_completed(waiting):
            outcome = outcomes[waiting[future]]
            try:
                outcome.add(waiting[future], *future.result())
            except (AssertionError, OSError, ValueError, KeyError, subprocess.SubprocessError) as error:
                outcome.failures.append(f"{type(error).__name__}: {error}")
    return outcomes


def report(outcomes, options):
    failed = 0
    print(f"1..{len(outcomes)}")
    for number, (name, outcome) in enumerate(outcomes.items(), 1):
        faults = outcome.faults(name, options.runs)
        what = "is called a leak" if name in LEAKS else "is not called a leak"
        print(f"{'not ok' if faults else 'ok'} {number} - {name} {what}")
        said = ", ".join(f"{verdict} {n}" for verdict, n in sorted(outcome.verdicts.items()))
        rates = f"; the rate's interval holds the truth in {outcome.covered}" if name in LEAKS else ""
        print(f"#   {options.runs} runs: {said}{rates}; "
              f"{outcome.samples / options.runs:.0f} mature samples a run")
        if options.verbose and outcome.evidence:
            print(f"#   {outcome.evidence}")
        for fault in faults:
            print(f"#   {fault}")
        failed += bool(faults)
    return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=2, help="of each behaviour (default 2)")
    parser.add_argument("--seconds", type=float, default=18, help="of a run (default 18)")
    parser.add_argument("--jobs", type=int, default=14, help="programs at one time (default 14)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="+", choices=SOUND + LEAKS, metavar="BEHAVIOUR")
    parser.add_argument("--verbose", action="store_true", help="print the evidence of a run")
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="verdict.")
    try:
        return report(run_all(options, folder), options)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
