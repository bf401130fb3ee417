"""Which functions the instructions of a sample go to, counted by callgrind."""
import collections
import glob
import os
import subprocess

import counting
import functions
import kit as kits
import preloads
import report

FRAMES, FEW = 40, 20000
SHOWN = 40
MEAN_SIZE = 669                 # of the blocks of pair_load
EVERY = preloads.ARMED.with_settings("every", "", ARXHEAP_SAMPLE="1")
PAIRS_A_SAMPLE = preloads.MEAN / MEAN_SIZE


def by_function(kit, preload, pairs):
    """Instructions of each function, without its callees, in one run."""
    counted = preload.with_settings(preload.key, preload.title, **kits.ALLOCATING)
    command = [kit.load("pair_load"), str(FRAMES), str(pairs)]
    with kit.folder() as out:
        under = ["valgrind", "--tool=callgrind", "--trace-children=yes", f"--callgrind-out-file={out}/calls.%p"]
        with kit.started(command, counted, out, under=under) as process:
            kit.finish(process, command)
        file = max(glob.glob(f"{out}/calls.*"), key=os.path.getsize)
        text = subprocess.run(["callgrind_annotate", "--threshold=100", "--show-percs=yes", "--auto=no", file],
                              check=True, text=True, stdout=subprocess.PIPE, env=dict(os.environ, LC_ALL="C")).stdout
    count = collections.Counter()
    for found in filter(None, map(functions.LINE.match, text.splitlines())):
        if found.group(2) != "PROGRAM TOTALS":
            count[functions.name_of(found.group(2))] += int(found.group(1).replace(",", ""))
    return count


def of_a_pair(kit, preload, pairs):
    """Instructions of a pair by function: the difference of a long and a short run."""
    low, high = by_function(kit, preload, FEW), by_function(kit, preload, FEW + pairs)
    return {name: (high[name] - low[name]) / pairs for name in high | low}


def measure(kit, plan):
    """Instructions of a sample by function, at the default interval and with every block a sample."""
    runs = [(preloads.INERT, plan.pairs), (preloads.ARMED, plan.pairs), (EVERY, FEW)]
    inert, armed, every = counting.in_parallel(lambda *run: of_a_pair(kit, *run), *zip(*runs))
    report.progress("functions")
    return {"rare": {name: PAIRS_A_SAMPLE * (armed.get(name, 0) - inert.get(name, 0)) for name in armed | inert},
            "every": {name: every.get(name, 0) - inert.get(name, 0) for name in every | inert}}


def render(data):
    names = sorted(data["rare"] | data["every"], key=lambda name: -abs(data["rare"].get(name, 0)))
    rows = [[f"`{name}`", f"{data['rare'].get(name, 0):,.0f}", f"{data['every'].get(name, 0):,.0f}"]
            for name in names if abs(data["rare"].get(name, 0)) >= 5][:SHOWN]
    total = [f"{sum(data[kind].values()):,.0f}" for kind in ("rare", "every")]
    return "\n".join((
        "## Functions", "",
        f"User instructions of a sample with {FRAMES} frames and of its free, by function, counted by callgrind: what",
        "arxheap takes more than inert. Once a sample in 512 kB on average, once with every block a sample.", "",
        report.table(["function", "one in 512 kB", "every block"], [["all", *total], *rows])))
