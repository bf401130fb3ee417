"""Table 6: how long a thread of the program waits because a snapshot is taken."""
import time

import preloads
import report

TARGET_NS = 1e6
THREADS, BLOCKS, SIZE = 2, 45000, 1024
SNAPSHOTS_A_PHASE, PHASE_SECONDS = 5, 0.2     # at least
# 45,000 blocks of 1 kB, a sample in 4 kB: some 10,000 live samples.  Then the
# default interval; jemalloc's cannot be changed without losing the samples.
ARMED = preloads.ARMED.with_settings("armed4k", preloads.ARMED.title, ARXHEAP_SAMPLE="4096", ARXHEAP_INTERVAL="0")
PROFILER = preloads.PROFILER.with_settings("profiler4k", preloads.PROFILER.title,
                                           MALLOC_CONF="prof:true,lg_prof_sample:12")


def ask(process, command):
    process.stdin.write(command)
    process.stdin.flush()
    return process.stdout.readline().split()


def phases(kit, plan, preload, take):
    """Longest calls by phase: with snapshots, and as long without."""
    command = [kit.load("pause_load"), str(THREADS), str(BLOCKS), str(SIZE)]
    data = {"quiet": [], "busy": [], "snapshot_ms": []}
    with kit.folder() as out, kit.started(command, preload, out, stdin=-1) as process:
        process.stdout.readline()
        if preload.is_ours:
            kit.arxheap("arm", "--sample", preloads.MEAN, process.pid)
        take(process, out)          # the first one also makes what the others use
        ask(process, "g")
        for _ in range(plan.pause_rounds):
            ask(process, "m")
            start = time.monotonic()
            for _ in range(SNAPSHOTS_A_PHASE):
                took = time.monotonic()
                take(process, out)
                data["snapshot_ms"].append(1e3 * (time.monotonic() - took))
            wall = max(time.monotonic() - start, PHASE_SECONDS)
            time.sleep(max(start + wall - time.monotonic(), 0))
            data["busy"].append([int(word) for word in ask(process, "m")])
            time.sleep(wall)        # as long without a snapshot
            data["quiet"].append([int(word) for word in ask(process, "m")])
        if preload.is_ours:
            data.update(kit.counters(out))
        kit.finish(process, command)
    return data


def measure(kit, plan):
    data = {"armed": phases(kit, plan, ARMED, lambda process, out: kit.take_snapshot(process.pid)),
            "profiler": phases(kit, plan, PROFILER, lambda process, out: ask(process, "d"))}
    report.progress("pauses")
    return data


def render(data):
    rows = []
    for key, preload in (("armed", ARMED), ("profiler", PROFILER)):
        figures = data[key]
        whole = {phase: [pair[0] / 1e6 for pair in figures[phase]] for phase in ("busy", "quiet")}
        cut = {phase: max(pair[1] for pair in figures[phase]) / 1e6 for phase in ("busy", "quiet")}
        row = [preload.title, report.spread(figures["snapshot_ms"], 1), report.spread(whole["busy"], 3),
               report.spread(whole["quiet"], 3), f"{cut['busy']:.1f} / {cut['quiet']:.1f}", "", "", ""]
        if key == "armed":
            row[5:] = (f"{figures['pause_ns'] / 1e6:.3f}", "at most 1 ms",
                       verdict(figures["pause_ns"] / 1e6, whole["busy"], whole["quiet"]))
        rows.append(row)
    return "\n".join((
        "## Pause by a snapshot", "",
        f"{THREADS} threads that only allocate and free, {data['armed']['live']:,.0f} live samples of 4,096 stacks in each,",
        "made at an interval of 4 kB; then arxheap goes on at the default interval, jemalloc's profiler at the same.",
        f"{SNAPSHOTS_A_PHASE} snapshots, then as long without. Longest single malloc or free of any thread in such a",
        "phase, milliseconds, of the calls that the system did not interrupt: median (lowest–highest) of the phases.",
        "*Interrupted*: the longest of those it did, with and without snapshots. *Own count*: the longest hold of the",
        "table's lock that the runtime itself saw.", "",
        report.table(["preload", "one snapshot (ms)", "longest call, snapshots", "longest call, none",
                      "interrupted", "own count", "target", "verdict"], rows)))


def verdict(own, busy, quiet):
    """Reached when no pause is longer; what is as long without snapshots is not one of theirs."""
    if own > TARGET_NS / 1e6:
        return report.MISSED
    if max(busy) <= TARGET_NS / 1e6:
        return report.REACHED
    return report.UNRESOLVED if max(quiet) > TARGET_NS / 1e6 else report.MISSED

