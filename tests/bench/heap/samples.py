"""Table 5: what one sample costs, with a stack of 30 frames."""
import math
import statistics

import counting
import pairs
import preloads
import report

TARGET_NS = 3000
FRAMES = 30
PAIRS, RARE_PAIRS = 20000, 200000
SIZE, RARE_SIZE = 64, 4096
FEW, MANY = 2000, 12000         # pairs of the counted runs
EVERY = {preloads.ARMED: {"ARXHEAP_SAMPLE": "1"}, preloads.PROFILER: {"MALLOC_CONF": "prof:true,lg_prof_sample:0"},
         preloads.HOOK: {"MALLOC_CONF": "prof:true,prof_active:false,lg_prof_sample:0"},
         preloads.SAMPLING: {"TCMALLOC_SAMPLE_PARAMETER": "1"}}
# What each is compared with: itself where it does not sample.
UNSAMPLED = {preloads.ARMED: preloads.INERT, preloads.PROFILER: preloads.PLAIN, preloads.HOOK: preloads.PLAIN,
             preloads.SAMPLING: preloads.TCMALLOC}


def times(kit, preload, count, size):
    """Nanoseconds of each malloc, and of each free."""
    output = kit.output([kit.load("sample_load"), str(count), str(size)], preload)
    lines = [line.split() for line in output.splitlines()]
    return [int(line[0]) for line in lines], [int(line[1]) for line in lines]


def every(kit, preload):
    """Median nanoseconds that a sample adds to malloc and to free, all blocks being samples."""
    always = preload.with_settings(preload.key, preload.title, **EVERY[preload])
    sampled = [statistics.median(values) for values in times(kit, always, PAIRS, SIZE)]
    base = [statistics.median(values) for values in times(kit, UNSAMPLED[preload], PAIRS, SIZE)]
    return sum(sampled) - sum(base)


def rare(kit, preload):
    """The same at the default interval: the slowest mallocs are those that sample.

    Of them the median is taken, so that it does not matter where exactly they
    begin.  A block of 4 kB is a sample with a probability of 0.8 %.
    """
    share = 1 - math.exp(-RARE_SIZE / preloads.MEAN)
    count = round(RARE_PAIRS * share)
    result = 0
    for values in times(kit, preload, RARE_PAIRS, RARE_SIZE):
        values.sort()
        result += statistics.median(values[-count:]) - statistics.median(values)
    return result


def counted(kit, preload):
    """Instructions of a sample: a pair with every block sampled, less one with none."""
    always = preload.with_settings(preload.key, preload.title, **EVERY[preload])
    return (pairs.per_pair(kit, always, FRAMES, FEW, MANY) -
            pairs.per_pair(kit, UNSAMPLED[preload], FRAMES, FEW, MANY))


def measure(kit, plan):
    counts = counting.in_parallel(counted, [kit] * len(EVERY), EVERY)
    data = {preload.key: {"instructions": count, "every": [], "rare": []} for preload, count in zip(EVERY, counts)}
    for _ in range(plan.rounds):
        for preload in EVERY:
            data[preload.key]["every"].append(every(kit, preload))
            data[preload.key]["rare"].append(rare(kit, preload))
    report.progress("cost of a sample")
    return data


def render(data):
    rows = []
    for preload in EVERY:
        figures = data[preload.key]
        row = [preload.title, f"{figures['instructions']:,.0f}", report.spread(figures["every"], 0),
               report.spread(figures["rare"], 0), "", ""]
        if preload == preloads.ARMED:
            bounds = [report.median_interval(figures[kind]) for kind in ("every", "rare")]
            row[4:] = f"at most {TARGET_NS:,}", report.verdict_at_most(
                TARGET_NS, max(low for low, _ in bounds), max(high for _, high in bounds))
        rows.append(row)
    return "\n".join((
        "## Cost of one sample", "",
        f"With a stack of {FRAMES} frames, recording its birth and its death: what a sampled malloc and its free take",
        "more than others. *Every block*: 64 bytes each, all sampled, nothing between them. *One in 128*: blocks of",
        "4 kB at the default interval; the slowest mallocs and the slowest frees, as many as samples are expected, are",
        "taken for the sampled ones, and other interruptions with them. Median over the samples of a run, then median",
        "(lowest–highest) of the runs.", "",
        report.table(["preload", "instructions", "every block (ns)", "one in 128 (ns)", "target (ns)", "verdict"],
                     rows)))
