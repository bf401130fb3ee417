"""Which functions the instructions of a transaction go to, counted by callgrind."""
import collections
import os
import re

import configurations
import counting
import report

SHOWN = 45                      # rows of each table
LINE = re.compile(r"^\s*([\d,]+) \([^)]*\)\s+(\S.*)$")


def options(server):
    return ("--tool=callgrind", "--separate-threads=no", f"--callgrind-out-file={server.folder}.calls.%p")


def by_function(server, pid, inclusive):
    """Instructions of each function of a process that has ended, callees included or not."""
    text = server.site.run(["callgrind_annotate", "--threshold=100", "--show-percs=yes", "--auto=no",
                            f"--inclusive={'yes' if inclusive else 'no'}",
                            f"{server.folder}.calls.{pid}"], env=dict(os.environ, LC_ALL="C"))
    count = collections.Counter()
    for line in text.splitlines():
        found = LINE.match(line)
        if found and found.group(2) != "PROGRAM TOTALS":
            count[name_of(found.group(2))] += int(found.group(1).replace(",", ""))
    return count


def name_of(place):
    """The function's name from "file:function [object]"; the object's name for one without."""
    where, _, library = place.partition(" [")
    name = where.rpartition(":")[2].split("'")[0]
    if name.startswith("0x"):
        name = f"(unnamed, {os.path.basename(library.rstrip(']'))})"
    return name


def count(server, workload, many):
    """Two counters, without and with callees: instructions a transaction by function."""
    with counting.CountedServer(server, options(server)) as counted:
        counted.run(workload, workload.warm)
        few = counted.run(workload, counting.FEW)[0]
        more = counted.run(workload, many)[0]
    result = []
    for inclusive in (False, True):
        low, high = by_function(server, few, inclusive), by_function(server, more, inclusive)
        result.append({name: (high[name] - low[name]) / (many - counting.FEW) for name in high | low})
    return result


def measure(site, plan, workload):
    servers = [site.server(c) for c in (configurations.NONE, configurations.ARX)]
    none, arx = counting.in_parallel(count, servers, [workload] * 2, [plan.transactions] * 2)
    return {"workload": workload.title, "none": none, "arx": arx}


def render(data):
    parts = [f"## Functions: what arx_perf adds to a transaction, {data['workload']}", "",
             "A function that also runs without the library shows the difference. Static functions of a server that",
             "was stripped of symbols are one row."]
    for title, none, arx in zip(("without callees", "with callees"), data["none"], data["arx"]):
        added = {name: arx.get(name, 0) - none.get(name, 0) for name in none | arx}
        order = sorted((name for name in added if abs(added[name]) >= 1), key=lambda name: -abs(added[name]))
        rows = [[f"`{name}`", f"{added[name]:+,.0f}", f"{none.get(name, 0):,.0f}"] for name in order[:SHOWN]]
        parts += ["", report.table([f"instructions a transaction, {title}", "added", "without the library"], rows)]
    return "\n".join(parts)
