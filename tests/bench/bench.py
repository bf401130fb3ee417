#!/usr/bin/env python3
"""Measures what arx_perf costs, beside its peers, and prints one Markdown table a figure.

scripts/bench prepares what this program needs: a server with arx_perf and the
peers installed, an empty work folder, and a user that is not root.
"""
import argparse
import dataclasses
import json
import os
import platform
import signal
import sys
import time

import cpu
import functions
import instructions
import memory
import readers
import report
import server
import view
import workloads

TABLES = {"instructions": instructions, "cpu": cpu, "readers": readers, "view": view, "memory": memory}
# Branches of TPC-B: its one client shall find its rows in shared buffers.
SCALE = 2


@dataclasses.dataclass
class Plan:
    """How much is measured."""
    transactions: int           # under valgrind, of the longer run
    cpu_rounds: int
    reader_rounds: int
    view_rounds: int


FULL = Plan(transactions=1200, cpu_rounds=13, reader_rounds=9, view_rounds=15)
QUICK = Plan(transactions=600, cpu_rounds=3, reader_rounds=3, view_rounds=5)


def options(tables):
    """What every benchmark of a server takes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--bindir", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--only", action="append", choices=tables)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--json")
    return parser


def parse_arguments():
    parser = options(TABLES)
    parser.add_argument("--functions", choices=[w.key for w in instructions.WORKLOADS])
    return parser.parse_args()


def make_plan(arguments):
    plan = QUICK if arguments.quick else FULL
    if arguments.rounds:
        plan = Plan(plan.transactions, arguments.rounds, arguments.rounds, arguments.rounds)
    return plan


def machine(site):
    """One line about where this runs."""
    model = "unknown processor"
    with open("/proc/cpuinfo", encoding="utf-8") as cpuinfo:
        for line in cpuinfo:
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    version = site.run([site.program("postgres"), "--version"]).strip()
    return (f"{version}; {os.cpu_count()} x {model}; Linux {platform.release()}; "
            f"{time.strftime('%Y-%m-%d %H:%M UTC', time.gmtime())}; "
            f"load average at the start {os.getloadavg()[0]:.2f}")


def run(site, arguments):
    """Prints each table as soon as it is there; returns the figures."""
    plan, where = make_plan(arguments), machine(site)
    print(f"# What arx_perf costs\n\n{where}\n", flush=True)
    site.make_template(SCALE)
    data = {"machine": where}
    if arguments.functions:
        workload = next(w for w in instructions.WORKLOADS if w.key == arguments.functions)
        data["functions"] = functions.measure(site, plan, workload)
        print(functions.render(data["functions"]))
        return data
    return data | run_tables(site, TABLES, arguments.only, plan)


def run_tables(site, tables, only, plan):
    """Measures and prints each table, or only those; returns the figures."""
    data = {}
    for name, module in tables.items():
        if not only or name in only:
            data[name] = module.measure(site, plan)
            print(module.render(data[name]) + "\n", flush=True)
    return data


def main():
    return conduct(parse_arguments(), run)


def conduct(arguments, measure):
    """Calls measure(site, arguments), writes the figures that it returns, leaves no server; the exit status."""
    site = server.Site(arguments.bindir, arguments.work)

    def leave(*_):
        site.stop_all()
        os._exit(1)                 # not sys.exit(): that would wait for threads

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, leave)
    try:
        data = measure(site, arguments)
    except server.Failed as failure:
        print(f"error: {failure}", file=sys.stderr)
        return 1
    finally:
        site.stop_all()
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump(data, file, indent=1)
    report.progress("done")
    return 0


if __name__ == "__main__":
    sys.exit(main())
