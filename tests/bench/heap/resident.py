"""Table 4: resident memory, of 400 MB in small blocks and of the profiler itself."""
import statistics

import preloads
import report

MEGABYTES, SIZE = 400, 64
TARGET_PERCENT = 0.5
SHOWN = (preloads.PLAIN, preloads.PLAIN_AGAIN, preloads.ARMED, preloads.INERT, preloads.PROFILER, preloads.HOOK,
         preloads.TCMALLOC, preloads.SAMPLING, preloads.NONE, preloads.HEAPTRACK)
# Bytes between samples: the more samples live, the more the profiler holds.
MEANS = (524288, 65536, 16384, 4096)
FIXED_BYTES, BYTES_A_SAMPLE = 4 * 1024 * 1024, 100


def resident(kit, preload):
    """Resident bytes with all blocks live; of ours, after a snapshot, and its own account."""
    command = [kit.load("live_load"), str(MEGABYTES), str(SIZE)]
    with kit.folder() as out, kit.started(command, preload, out, stdin=-1) as process:
        result = {"bytes": int(process.stdout.readline())}
        if preload.is_ours and preload.key != preloads.INERT.key:
            kit.take_snapshot(process.pid)
            process.stdin.write("\n")
            process.stdin.flush()
            result["bytes"] = int(process.stdout.readline())
            result.update(kit.counters(out))
        kit.finish(process, command)
    return result


def measure(kit, plan):
    data = {"held": {preload.key: [] for preload in SHOWN}, "means": {}}
    for turn in range(plan.memory_rounds):
        for preload in SHOWN:
            data["held"][preload.key].append(resident(kit, preload)["bytes"])
        report.progress(f"resident memory: round {turn + 1} of {plan.memory_rounds}")
    for mean in MEANS:
        preload = preloads.ARMED.with_settings(f"mean{mean}", "", ARXHEAP_SAMPLE=str(mean))
        data["means"][str(mean)] = [resident(kit, preload) for _ in range(plan.memory_rounds)]
    report.progress("resident memory of the profiler")
    return data


def render(data):
    live = MEGABYTES * 1e6
    base = {key: statistics.median(values) for key, values in data["held"].items()}
    rows = []
    for preload in SHOWN:
        key = preloads.PLAIN.key if preload.base == preload.key else preload.base
        added = [100 * (value - base[key]) / live for value in data["held"][preload.key]]
        row = [preload.title, f"{base[preload.key] / 1e6:.2f}", f"{report.spread(added, 2)} %", "", ""]
        if preload in (preloads.ARMED, preloads.INERT):
            row[3:] = f"at most {TARGET_PERCENT} %", report.verdict_at_most(TARGET_PERCENT, min(added), max(added))
        rows.append(row)
    return "\n".join((
        "## Resident memory", "",
        f"{MEGABYTES} MB of live {SIZE}-byte blocks, from 512 stacks of 30 frames. *Added*: to the same allocator",
        "without profiling (tcmalloc and the C library's malloc: to plain jemalloc), in percent of the live bytes;",
        "median (lowest–highest). arxheap has just written a snapshot.", "",
        report.table(["preload", "resident (MB)", "added", "target", "verdict"], rows), "",
        "The same with more samples. *Seen from outside*: resident bytes beyond plain jemalloc's; *own account*: what",
        "the snapshot says of itself.", "",
        own_table(data, base[preloads.PLAIN.key])))


def own_table(data, plain):
    rows = []
    for mean, runs in data["means"].items():
        cost = [run["bytes"] - plain for run in runs]
        samples = statistics.median(run["live"] for run in runs)
        limit = FIXED_BYTES + BYTES_A_SAMPLE * samples
        rows.append([f"{int(mean):,}", f"{samples:,.0f}", report.spread([each / 1e6 for each in cost], 2),
                     f"{statistics.median(run['memory'] for run in runs) / 1e6:.2f}",
                     f"at most {limit / 1e6:.2f} MB", report.verdict_at_most(limit, min(cost), max(cost)),
                     f"{statistics.median(run['dropped'] for run in runs):,.0f}"])
    return report.table(["bytes between samples", "live samples", "seen from outside (MB)", "own account (MB)",
                         "target", "verdict", "samples dropped"], rows)
