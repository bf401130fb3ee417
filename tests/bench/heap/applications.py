"""Table 3: CPU time of Node.js, PostgreSQL and Redis, in rounds that interleave the preloads."""
import os
import random
import shutil
import signal
import statistics
import subprocess
import time

import configurations
import cpu
import kit as kits
import preloads
import processes
import report
import server as servers
import workloads

TARGET = 1.01
NODE_TURNS = 8
REDIS_REQUESTS = 150000
REDIS_SECONDS = 60
REDIS_LOAD = ("-q", "-c", "8", "-P", "16", "-r", "100000", "-d", "200", "-t", "set,get,lpush,lpop,sadd,hset")
HEAVY = workloads.Workload("heavy", "heavy query", "simple", """
SET work_mem = '256MB';
SELECT sum(length(x)) FROM (SELECT string_agg(md5(i::text), ',' ORDER BY i % 997) x
  FROM generate_series(1, 60000) i GROUP BY i % 300) q;
SELECT count(*) FROM (SELECT jsonb_object_agg(i::text, md5(i::text)) o
  FROM generate_series(1, 40000) i GROUP BY i % 50) q WHERE o ? '17';
SELECT count(*), sum(length(b.t)) FROM (SELECT i, md5(i::text) t FROM generate_series(1, 60000) i) a
  JOIN (SELECT i * 7 % 60000 AS i, repeat(i::text, 3) t FROM generate_series(1, 60000) i) b USING (i);
SELECT count(DISTINCT md5((i % 30000)::text)) FROM generate_series(1, 60000) i;
""")
SELECTS = ("-c", 2, "-j", 2, "-t", 20000)
HEAVIES = ("-c", 1, "-t", 4)
SERVED = (preloads.PLAIN, preloads.PLAIN_AGAIN, preloads.ARMED, preloads.INERT, preloads.PROFILER, preloads.SAMPLING)
SHOWN = (*SERVED, preloads.HEAPTRACK)
TITLES = {"node": "Node.js: JSON, buffers, hashes, compression", "redis": "Redis: redis-benchmark, six commands",
          "select": "PostgreSQL: pgbench, prepared select by key, 2 clients", "heavy": "PostgreSQL: heavy query"}
# heaptrack records every call: a few rounds show what that takes.
HEAPTRACK_ROUNDS = 3


def measure(kit, plan):
    """Cells by program and preload, one of each round."""
    data = {}
    if shutil.which("node"):
        data["node"] = rounds(kit, plan, "Node.js", node, SHOWN)
    data["redis"] = rounds(kit, plan, "Redis", redis, SERVED)
    data.update(postgres(kit, plan))
    return data


def rounds(kit, plan, title, function, shown):
    cells = {preload.key: [] for preload in shown}
    shuffle = random.Random(1)
    for turn in range(plan.rounds):
        order = [p for p in shown if p != preloads.HEAPTRACK or turn < HEAPTRACK_ROUNDS]
        shuffle.shuffle(order)
        for preload in order:
            machine, start = processes.machine_cpu(), time.monotonic()
            mine, others = function(kit, preload)
            machine, wall = processes.machine_cpu() - machine, time.monotonic() - start
            cells[preload.key].append({"us": 1e6 * mine, "foreign": max(machine - mine - others, 0) / wall})
        report.progress(f"CPU of {title}: round {turn + 1} of {plan.rounds}")
    return cells


def node(kit, preload):
    """CPU seconds of one run, and of its helpers."""
    command = ["node", os.path.join(kits.HERE, "node_work.js"), str(NODE_TURNS)]
    with kit.folder() as out, kit.started(command, preload, out, stdout=subprocess.DEVNULL,
                                          stderr=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = status
    if status:
        raise kits.Failed(f"node ended with status {status} under {preload.title}")
    return usage.ru_utime + usage.ru_stime, 0


def redis(kit, preload):
    """CPU seconds of a server for one run of redis-benchmark, and of that."""
    with kit.folder() as out:
        # The server is the file checker by another name, and that is in redis-tools.
        program, socket = os.path.join(out, "redis-server"), os.path.join(out, "socket")
        os.symlink(shutil.which("redis-check-rdb"), program)
        command = [program, "--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no"]
        with kit.started(command, preload, out, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            wait_for(socket, process)
            before, helper = processes.read_stat(process.pid)[1], children_cpu()
            load = ["redis-benchmark", "-s", socket, "-n", str(REDIS_REQUESTS), *REDIS_LOAD]
            subprocess.run(load, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            used = processes.read_stat(process.pid)[1] - before
            helper = children_cpu() - helper
            process.send_signal(signal.SIGTERM)
            process.wait()
    return used, helper


def children_cpu():
    times = os.times()
    return times.children_user + times.children_system


def wait_for(socket, process):
    limit = time.monotonic() + REDIS_SECONDS
    while not (os.path.exists(socket) and
               subprocess.run(["redis-cli", "-s", socket, "ping"], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, check=False).returncode == 0):
        if process.poll() is not None or time.monotonic() > limit:
            raise kits.Failed("redis-server does not start")
        time.sleep(0.02)


def postgres(kit, plan):
    """A server for each preload, all asleep but the one at work."""
    site = kit.site
    if not os.path.exists(site.template):
        site.make_template(1)
    fleet = {}
    for preload in SERVED:
        folder = os.path.join(kit.work, f"pg_{preload.key}")
        os.makedirs(folder, exist_ok=True)
        fleet[preload] = site.server(configurations.Configuration(preload.key, preload.title)), folder
    cases = (("select", workloads.KEY, SELECTS), ("heavy", HEAVY, HEAVIES))
    data = {key: {preload.key: [] for preload in SERVED} for key, *_ in cases}
    shuffle = random.Random(1)
    for turn in range(plan.rounds):
        if turn % cpu.ROUNDS_BETWEEN_RESTARTS == 0:
            restart(kit, fleet)
        for key, workload, options in cases:
            order = list(SERVED)
            shuffle.shuffle(order)
            for preload in order:
                data[key][preload.key].append(cpu.warm_cell(fleet[preload][0], workload, options, None, turn))
        report.progress(f"CPU of PostgreSQL: round {turn + 1} of {plan.rounds}")
    for server, folder in fleet.values():
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    return data


def restart(kit, fleet):
    for preload, (server, folder) in fleet.items():
        server.stop()
        server.start(["env", *kit.settings(preload, folder)])
        server.freeze()


def render(data):
    parts = ["## CPU time of programs", "",
             "Ratio to plain jemalloc in the same round: median (lowest–highest) of the rounds, and bounds of the median",
             "(95 %). Servers: CPU time of the server with all its processes and threads, snapshots included. A figure is",
             "resolved when its bounds are, widened by what the second plain jemalloc differs from the first."]
    for key, cells in data.items():
        plain = [cell["us"] for cell in cells[preloads.PLAIN.key]]
        rows = [["plain jemalloc (ms)", report.spread([us / 1000 for us in plain], 3), "", "", ""]]
        for preload in SHOWN[1:]:
            if preload.key in cells:
                rows.append(row_of(cells, preload, plain))
        foreign = statistics.median(cell["foreign"] for each in cells.values() for cell in each)
        parts += ["", f"### {TITLES[key]}", "",
                  report.table(["preload", "CPU time", "bounds of the median", "target", "verdict"], rows), "",
                  f"{len(plain)} rounds; other programs used {foreign:.2f} cores in the median cell."]
    if "node" not in data:
        parts += ["", "Node.js is not installed: not measured."]
    parts += ["", "heaptrack is not run with servers: it locks up a forked backend of PostgreSQL."]
    return "\n".join(parts)


def row_of(cells, preload, plain):
    values = [cell["us"] / us for cell, us in zip(cells[preload.key], plain)]
    row = [preload.title, report.spread(values, 3), report.interval(values, 3), "", ""]
    if preload in (preloads.ARMED, preloads.INERT):
        again = [cell["us"] / us for cell, us in zip(cells[preloads.PLAIN_AGAIN.key], plain)]
        noise = max(abs(bound - 1) for bound in report.median_interval(again))
        low, high = report.median_interval(values)
        row[3:] = f"at most {TARGET}", report.verdict_at_most(TARGET, low - noise, high + noise)
    return row
