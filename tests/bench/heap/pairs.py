"""Table 1: instructions added to a pair of malloc and free."""
import statistics

import counting
import kit as kits
import preloads
import report

FRAMES = (10, 40, 110)
STACKS = {10: 1}                # shallow code allocates in few places; others 512
FEW = 100000
SAMPLED = (preloads.ARMED, preloads.PROFILER, preloads.HOOK, preloads.SAMPLING)
EXACT = (preloads.PLAIN, preloads.PLAIN_AGAIN, preloads.INERT, preloads.TCMALLOC)
SHOWN = (preloads.PLAIN, preloads.PLAIN_AGAIN, preloads.ARMED, preloads.INERT, preloads.PROFILER, preloads.HOOK,
         preloads.TCMALLOC, preloads.SAMPLING)
TARGETS = {preloads.ARMED: {10: 14, 40: 17, 110: 20}, preloads.INERT: {10: 9, 40: 9, 110: 9}}


def per_pair(kit, preload, frames, few, many):
    """Instructions of one pair: the difference of a long and a short run."""
    short, long = (kit.instructions([kit.load("pair_load"), str(frames), str(pairs), str(STACKS.get(frames, 512))],
                                    preload, kits.ALLOCATING)
                   for pairs in (few, many))
    return (long - short) / (many - few)


def measure(kit, plan):
    """Instructions by frames and preload: a figure for each repetition."""
    runs = [(frames, preload) for frames in FRAMES for preload in EXACT]
    runs += [(frames, preload) for frames in FRAMES for preload in SAMPLED for _ in range(plan.repetitions)]
    figures = counting.in_parallel(
        lambda frames, preload: per_pair(kit, preload, frames, FEW, FEW + plan.pairs), *zip(*runs))
    data = {str(frames): {preload.key: [] for preload in SHOWN} for frames in FRAMES}
    for (frames, preload), figure in zip(runs, figures):
        data[str(frames)][preload.key].append(figure)
    report.progress("instructions of a pair")
    return data


def added(figures, preload):
    """Figures less those of the same allocator without profiling; the latter less plain jemalloc's."""
    base = preloads.PLAIN.key if preload.base == preload.key else preload.base
    return [figure - figures[base][0] for figure in figures[preload.key]]


def render(data):
    rows = []
    for preload in SHOWN:
        row = [preload.title]
        for frames in FRAMES:
            figures = data[str(frames)]
            if preload == preloads.PLAIN:
                row += [f"{figures[preload.key][0]:.1f}", ""]
                continue
            values = added(figures, preload)
            text = f"{statistics.median(values):+.1f}"
            if len(values) > 1:
                text += f" ({min(values):.1f}–{max(values):.1f})"
            values = [round(value, 1) for value in values]      # what is shown is what is judged
            target = TARGETS.get(preload, {}).get(frames)
            row += [text, f"{target:+}: {report.verdict_at_most(target, min(values), max(values))}" if target else ""]
        rows.append(row)
    heading = ["user instructions a pair"]
    for frames in FRAMES:
        heading += [f"{frames} frames", "target"]
    return "\n".join((
        "## Instructions added to a malloc+free pair", "",
        "User instructions counted by valgrind: all of a pair with plain jemalloc, then what the others add. jemalloc's",
        "profiler and arxheap are compared with plain jemalloc, sampling of tcmalloc with tcmalloc that does not",
        "sample, and tcmalloc with plain jemalloc. A sample in 512 kB on average everywhere; median (lowest–highest)",
        "of the repetitions where chance has a share. One stack of 10 frames, 512 of the others; tcmalloc cuts stacks",
        "at 30. Writing snapshots is not in here. heaptrack has no figure: its preload takes itself out of programs",
        "in valgrind.", "",
        report.table(heading, rows)))
