"""Table 2: instructions of whole programs, of their start, and of an exception."""
import os
import shutil
import statistics
import tempfile

import applications
import counting
import kit as kits
import preloads
import report

SHOWN = (preloads.NONE, preloads.PLAIN, preloads.PLAIN_AGAIN, preloads.ARMED, preloads.INERT, preloads.PROFILER,
         preloads.TCMALLOC, preloads.SAMPLING)
TARGETS = {"sqlite": 1.008}
TITLES = {"sqlite": "SQLite", "heavy": "PostgreSQL, heavy query", "node": "Node.js"}
THROWS, TIMED_THROWS, TIMED_RUNS = 200, 5000, 7
THROWERS = (preloads.NONE, preloads.PLAIN, preloads.ARMED, preloads.INERT, preloads.PROFILER, preloads.SAMPLING,
            preloads.HEAPTRACK)


def sqlite(kit, preload):
    with open(os.path.join(kits.HERE, "sqlite_work.sql"), encoding="ascii") as script:
        return kit.instructions(["sqlite3", ":memory:"], preload, stdin=script)


def heavy(kit, preload):
    """A backend by itself, each with its own copy of the data."""
    with tempfile.TemporaryDirectory(dir=kit.work) as folder:
        data, script = os.path.join(folder, "data"), os.path.join(folder, "script")
        kit.site.run(["cp", "-a", kit.site.template, data])
        with open(script, "w", encoding="ascii") as file:
            file.writelines(" ".join(part.split()) + ";\n" for part in applications.HEAVY.script.split(";")[:-1])
        with open(script, encoding="ascii") as file:
            return kit.instructions([kit.site.program("postgres"), "--single", "-D", data, "postgres"], preload,
                                    stdin=file)


def node(kit, preload):
    return kit.instructions(["node", os.path.join(kits.HERE, "node_work.js"), "1"], preload)


def start(kit, preload):
    return kit.instructions(["true"], preload)


def throw_command(kit, times):
    return [kit.load("throw_load"), kit.load("throwing.so"), str(times)]


def throw(kit, preload):
    """Instructions of an exception through eleven frames."""
    few, many = (kit.instructions(throw_command(kit, times), preload, kits.ALLOCATING)
                 for times in (THROWS, 2 * THROWS))
    return (many - few) / THROWS


def measure(kit, plan):
    if not os.path.exists(kit.site.template):
        kit.site.make_template(1)
    cases = [("sqlite", sqlite, SHOWN, 1), ("heavy", heavy, SHOWN, 1), ("start", start, SHOWN, 1),
             ("throw", throw, THROWERS[:-1], 1)]
    if shutil.which("node"):
        cases.append(("node", node, SHOWN, plan.repetitions))
    data = {}
    for name, function, shown, times in cases:
        chosen = [preload for preload in shown for _ in range(times)]
        data[name] = {preload.key: [] for preload in shown}
        for preload, count in zip(chosen, counting.in_parallel(function, [kit] * len(chosen), chosen)):
            data[name][preload.key].append(count)
        report.progress(f"instructions: {name}")
    data["throw_ns"] = {preload.key: [float(kit.output(throw_command(kit, TIMED_THROWS), preload))
                                      for _ in range(TIMED_RUNS)] for preload in THROWERS}
    return data


def ratio_of(figures, preload):
    """To plain jemalloc, and how far a second plain jemalloc is from the first."""
    plain = statistics.median(figures[preloads.PLAIN.key])
    return (statistics.median(figures[preload.key]) / plain,
            abs(statistics.median(figures[preloads.PLAIN_AGAIN.key]) / plain - 1))


def program_rows(data):
    rows = []
    for preload in SHOWN:
        row = [preload.title]
        for name in TITLES:
            if name not in data:
                row.append("not installed")
            elif preload == preloads.PLAIN:
                row.append(f"{statistics.median(data[name][preload.key]) / 1e6:,.0f} million")
            else:
                row.append(f"{ratio_of(data[name], preload)[0]:.4f}")
        rows.append([*row, f"{data['start'][preload.key][0] / 1e6:.2f} million"])
    row = ["target and verdict"]
    for name in TITLES:
        ratio, noise = ratio_of(data[name], preloads.ARMED) if name in data else (0, 0)
        target = TARGETS.get(name)
        row.append(f"at most {target}: {report.verdict_at_most(target, ratio - noise, ratio + noise)}" if target else "")
    return [*rows, [*row, ""]]


def render(data):
    throws = [[preload.title, f"{data['throw'][preload.key][0]:,.0f}" if preload.key in data["throw"] else "",
               report.spread([ns / 1000 for ns in data["throw_ns"][preload.key]], 1)] for preload in THROWERS]
    return "\n".join((
        "## Instructions of programs", "",
        "User instructions counted by valgrind, as ratios to plain jemalloc: a script of SQLite (JSON, indexes, sorts,",
        "aggregates), the heavy query by a single backend of PostgreSQL, the work of Node.js, all with start and end (and",
        "arxheap's snapshot at the end); and the life of `/bin/true`.", "",
        report.table(["preload", *TITLES.values(), "`/bin/true`"], program_rows(data)), "",
        "A C++ exception through eleven frames, in a library that a C program loaded. A preload that links libunwind",
        "takes exceptions over. heaptrack takes itself out of programs in valgrind; times are those of a run by itself.", "",
        report.table(["preload", "instructions a throw", "µs a throw"], throws)))
