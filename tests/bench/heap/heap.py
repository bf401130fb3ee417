#!/usr/bin/env python3
"""Measures what arxheap costs, beside its peers, and prints one Markdown table a figure.

scripts/bench heap prepares what this program needs: the built profiler, the
peers, an empty work folder, and a user that is not root.
"""
import argparse
import dataclasses
import json
import os
import signal
import sys

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

# pylint: disable=wrong-import-position
import accuracy
import applications
import bench
import breakdown
import kit as kits
import pairs
import pauses
import programs
import report
import resident
import samples
import server
import verdicts

TABLES = {"pairs": pairs, "programs": programs, "applications": applications, "resident": resident,
          "samples": samples, "pauses": pauses, "accuracy": accuracy, "verdicts": verdicts}
ON_REQUEST = {"functions": breakdown}


@dataclasses.dataclass
class Plan:
    """How much is measured."""
    pairs: int                  # of malloc and free, under valgrind
    repetitions: int            # of a count in which chance has a share
    rounds: int                 # of what is timed
    memory_rounds: int
    pause_rounds: int
    verdict_runs: int           # of each program of the verdict suite


FULL = Plan(pairs=2000000, repetitions=3, rounds=15, memory_rounds=5, pause_rounds=20, verdict_runs=20)
QUICK = Plan(pairs=1000000, repetitions=1, rounds=5, memory_rounds=2, pause_rounds=5, verdict_runs=1)


def parse_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True, help="folder with libarxheap.so and arxheap")
    parser.add_argument("--bindir", required=True, help="folder of PostgreSQL's programs")
    parser.add_argument("--work", required=True)
    parser.add_argument("--only", action="append", choices=[*TABLES, *ON_REQUEST])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--json")
    return parser.parse_args()


def make_plan(arguments):
    plan = QUICK if arguments.quick else FULL
    if arguments.rounds:
        plan = dataclasses.replace(plan, rounds=arguments.rounds)
    return plan


def run(kit, arguments):
    """Prints each table as soon as it is there; returns the figures."""
    plan, where = make_plan(arguments), bench.machine(kit.site)
    print(f"# What arxheap costs\n\n{where}\n", flush=True)
    kit.build_loads()
    data = {"machine": where}
    for name, module in (TABLES | ON_REQUEST).items():
        if name in (arguments.only or TABLES):
            data[name] = module.measure(kit, plan)
            print(module.render(data[name]) + "\n", flush=True)
    return data


def main():
    arguments = parse_arguments()
    try:
        kit = kits.Kit(arguments.build, arguments.bindir, os.path.abspath(arguments.work))
    except kits.Failed as failure:
        print(f"error: {failure}", file=sys.stderr)
        return 1

    def leave(*_):
        kit.stop_all()
        os._exit(1)                 # not sys.exit(): that would wait for threads

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, leave)
    try:
        data = run(kit, arguments)
    except (kits.Failed, server.Failed, FileNotFoundError) as failure:
        print(f"error: {failure}", file=sys.stderr)
        return 1
    finally:
        kit.stop_all()
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump(data, file, indent=1)
    report.progress("done")
    return 0


if __name__ == "__main__":
    sys.exit(main())
