#!/usr/bin/env python3
"""Measures what looking at sessions costs and how true it is, and prints one Markdown table a figure.

scripts/bench sampling prepares what this program needs: a server with arx_perf
and pg_wait_sampling installed, PgBouncer, an empty work folder, and a user that
is not root.
"""
import dataclasses
import os
import resource
import sys

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

# pylint: disable=wrong-import-position
import bench
import collector
import history
import pools
import throughput
import tick
import truth

TABLES = {"collector": collector, "tick": tick, "throughput": throughput, "truth": truth, "history": history,
          "pools": pools}


@dataclasses.dataclass
class Plan:
    """How much is measured."""
    window_seconds: float       # of CPU time
    collector_rounds: int
    tick_rounds: int
    throughput_rounds: int      # of each block
    throughput_blocks: int
    truth_rounds: int           # windows
    truth_seconds: int          # of each window
    history_seconds: int
    pool_sizes: tuple
    pool_seconds: int           # of each size


FULL = Plan(window_seconds=3, collector_rounds=7, tick_rounds=7, throughput_rounds=5, throughput_blocks=3,
            truth_rounds=60, truth_seconds=5, history_seconds=60, pool_sizes=(3, 4, 5, 8), pool_seconds=45)
QUICK = Plan(window_seconds=1, collector_rounds=2, tick_rounds=2, throughput_rounds=2, throughput_blocks=1,
             truth_rounds=8, truth_seconds=2, history_seconds=10, pool_sizes=(3, 4), pool_seconds=10)


def make_plan(arguments):
    plan = QUICK if arguments.quick else FULL
    if arguments.rounds:
        rounds = {field.name: arguments.rounds for field in dataclasses.fields(Plan) if field.name.endswith("_rounds")}
        plan = dataclasses.replace(plan, **rounds)
    return plan


def allow_many_files():
    """A thousand connections, in this process and in the postmaster."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def measure(site, arguments):
    where = bench.machine(site)
    print(f"# What sampling costs, and how true it is\n\n{where}\n", flush=True)
    allow_many_files()
    site.make_template(bench.SCALE)
    return {"machine": where} | bench.run_tables(site, TABLES, arguments.only, make_plan(arguments))


if __name__ == "__main__":
    sys.exit(bench.conduct(bench.options(TABLES).parse_args(), measure))
