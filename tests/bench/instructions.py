"""Table 1: user instructions that a library adds to a transaction."""
import re
import time

import configurations
import counting
import report
import workloads

WORKLOADS = (workloads.ONE, workloads.KEY, workloads.KEY_SIMPLE, workloads.TPCB, workloads.SHAPES_SEEN,
             workloads.SHAPES_NEW)
CONFIGURATIONS = (*configurations.ALL, configurations.ARX_AGAIN)
# At most so many, and in any case fewer than pg_stat_statements.
LIMITS = {workloads.ONE: 1000, workloads.SHAPES_NEW: 8000}
COLLECTOR_EVENTS = 3000
COLLECTOR_RING = 4096           # holds them all, so that nobody else drains

TICKS_SECONDS = 3               # some ticks of the collector


def measure(site, plan):
    """Instructions by workload and configuration, and the collector's by event."""
    servers = {c: site.server(c) for c in CONFIGURATIONS}
    counts = counting.in_parallel(count, servers.values(), servers, [plan] * len(servers))
    data = {c.key: result for c, result in zip(servers, counts)}
    two = servers[configurations.ARX], servers[configurations.ARX_AGAIN]
    idle, busy = counting.in_parallel(collector, two, (counting.FEW, COLLECTOR_EVENTS))
    return {"per_transaction": {w.key: {key: value[w.key] for key, value in data.items()} for w in WORKLOADS},
            "collector_per_event": (busy - idle) / (COLLECTOR_EVENTS - counting.FEW)}


def count(server, configuration, plan):
    with counting.CountedServer(server, counting.CACHEGRIND) as counted:
        result = {w.key: counted.per_transaction(w, plan.transactions) for w in WORKLOADS}
    report.progress(f"instructions: {configuration.title}")
    return result


def collector(server, events):
    """Instructions of the collector in a server's life with so many executions.

    What it does when nothing happens is in there too, and cancels out in the
    difference of two lives with as many ticks, about.  That no connection is
    the collector's hides it from pg_stat_activity; its last words in the log,
    of level debug3, name it.
    """
    settings = (f"arx_perf.ring_size={COLLECTOR_RING}", "arx_perf.save_interval=0",
                "log_min_messages=debug3", "log_line_prefix=%b:%p: ")
    with counting.CountedServer(server, counting.CACHEGRIND, settings) as counted:
        counted.run(workloads.ONE, events)
        time.sleep(TICKS_SECONDS)       # to ask would drain
    with open(server.log, encoding="utf-8", errors="replace") as log:
        pid = re.findall(r"^arx_perf collector:(\d+):", log.read(), re.M)[-1]
    return counted.ended()[int(pid)]


def render(data):
    rows = []
    for workload in WORKLOADS:
        figures = data["per_transaction"][workload.key]
        none = figures[configurations.NONE.key]
        added = {key: value - none for key, value in figures.items()}
        row = [workload.title, f"{none:,.0f}"]
        row += [f"{added[c.key]:+,.0f}" for c in CONFIGURATIONS[1:]]
        rows.append(row + target_and_verdict(workload, added))
    heading = ["user instructions a transaction", "none", *(c.title for c in CONFIGURATIONS[1:])]
    return "\n".join((
        "## Instructions added to a transaction", "",
        "The backend's user instructions, counted by valgrind: all of the server without a library, then what",
        "each adds. Draining is included: with one busy client the backend drains its own ring. What happens by the",
        "clock (reading the process clock, a tick of the collector) happens more often a transaction than",
        "outside valgrind, most of all on a busy machine.", "",
        report.table(heading + ["target for arx_perf", "verdict"], rows), "",
        f"An event that the collector drains costs the collector {data['collector_per_event']:,.0f} instructions,",
        "and the backend so many less."))


def target_and_verdict(workload, added):
    """The noise of a figure is what the second server of a kind shows, with a library or without."""
    limit = min(added[configurations.PGSS.key], LIMITS.get(workload, float("inf")))
    both = added[configurations.ARX.key], added[configurations.ARX_AGAIN.key]
    noise = abs(added[configurations.NONE_AGAIN.key])
    text = "below pg_stat_statements"
    if workload in LIMITS:
        text += f", at most {LIMITS[workload]:+,}"
    return [text, report.verdict_at_most(limit, min(both) - noise, max(both) + noise)]
