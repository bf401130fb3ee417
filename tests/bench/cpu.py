"""Table 2: server CPU time of a transaction, in rounds that interleave the servers."""
import os
import random
import re
import statistics
import subprocess
import time

import configurations
import processes
import report
import server as servers_module
import workloads

# Workload, options of pgbench, options of an unmeasured run before, target.
CASES = (
    (workloads.ONE, "one", ("-c", 32, "-j", 2, "-t", 3200), None, 1.03),
    (workloads.CHURN, "churn", ("-c", 2, "-j", 2, "-T", 1), ("-c", 2, "-j", 2, "-T", 1), 1.15),
)
TITLES = {"one": "32 clients on one prepared `SELECT 1`",
          "churn": "15,625 statements at random where 5,000 fit, 2 clients, simple protocol"}
ROUNDS_BETWEEN_RESTARTS = 5
REAP_SECONDS = 30
FILL_SHAPES = 10000


def measure(site, plan):
    """Cells by case and configuration, one of each round."""
    servers = {c: site.server(c) for c in configurations.ALL}
    data = {case[1]: {c.key: [] for c in configurations.ALL} for case in CASES}
    shuffle = random.Random(1)
    for turn in range(plan.cpu_rounds):
        if turn % ROUNDS_BETWEEN_RESTARTS == 0:
            restart(servers.values(), first=turn == 0)
        for workload, key, options, before, _ in CASES:
            order = list(servers)
            shuffle.shuffle(order)
            for configuration in order:
                cell = warm_cell(servers[configuration], workload, options, before, turn)
                data[key][configuration.key].append(cell)
        report.progress(f"server CPU: round {turn + 1} of {plan.cpu_rounds}")
    data["dropped"] = dropped_share(servers[configurations.ARX])
    for server in servers.values():
        server.stop()
    return data


def restart(servers, first):
    """New processes, new shared memory, new addresses; statistics stay."""
    for server in servers:
        server.stop()
        server.start()
        if first:
            server.fill(FILL_SHAPES, 1)
        server.freeze()


def warm_cell(server, workload, options, before, turn):
    server.thaw()
    if before:
        run_cell(server, workload, before, 2 * turn)
    cell = run_cell(server, workload, options, 2 * turn + 1)
    server.freeze()
    return cell


def run_cell(server, workload, options, seed):
    """One run of pgbench: the server's CPU time for each transaction, and the CPU time of strangers."""
    others = set(processes.children(server.postmaster.pid))
    command = server.pgbench_command(workload, *options, f"--random-seed={seed}")
    machine, family, start = processes.machine_cpu(), processes.family_cpu(server.postmaster.pid), time.monotonic()
    with subprocess.Popen(command, env=server.environment, cwd=server.site.work, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as program:
        output = program.stdout.read()
        _, status, usage = os.wait4(program.pid, 0)
        program.returncode = status
    if status:
        raise servers_module.Failed(f"{' '.join(command)}\n{output[-3000:]}")
    # A backend's time is exact once its parent has reaped it.
    while not others.issuperset(processes.children(server.postmaster.pid)):
        if time.monotonic() - start > REAP_SECONDS:
            raise servers_module.Failed(f"a backend of {server.folder} does not end")
        time.sleep(0.005)
    family = processes.family_cpu(server.postmaster.pid) - family
    machine, wall = processes.machine_cpu() - machine, time.monotonic() - start
    count = int(re.search(r"transactions actually processed: (\d+)", output).group(1))
    return {"us": 1e6 * family / count, "foreign": max(machine - family - usage.ru_utime - usage.ru_stime, 0) / wall}


def dropped_share(server):
    """Of all executions under churn, those that found no room in the statement table."""
    workload, _, options, before, _ = CASES[1]
    account = "SELECT executions, dropped FROM arx_perf.statements_info"
    server.thaw()
    run_cell(server, workload, before, 1)
    old = [int(word) for word in server.sql(account)[0].split("|")]
    run_cell(server, workload, options, 2)
    new = [int(word) for word in server.sql(account)[0].split("|")]
    return (new[1] - old[1]) / (new[0] - old[0])


def ratios(cells, key):
    return [cell["us"] / none["us"] for cell, none in zip(cells[key], cells[configurations.NONE.key])]


def render(data):
    parts = ["## Server CPU time of a transaction", "",
             "Ratio to the server without a library in the same round: median (lowest–highest) of the rounds, and",
             "bounds of the median (95 %). CPU time of the postmaster and all its children, connecting included."]
    for _, key, _, _, target in CASES:
        cells = data[key]
        none = [cell["us"] for cell in cells[configurations.NONE.key]]
        rows = [["none (µs)", report.spread(none, 2), "", "", ""]]
        for configuration in configurations.ALL[1:]:
            values = ratios(cells, configuration.key)
            row = [configuration.title, report.spread(values, 2), report.interval(values, 2), "", ""]
            if configuration == configurations.ARX:
                row[3:] = f"at most {target}", report.verdict_at_most(target, *report.median_interval(values))
            rows.append(row)
        foreign = statistics.median(cell["foreign"] for each in cells.values() for cell in each)
        parts += ["", f"### {TITLES[key]}", "",
                  report.table(["server", "CPU time", "bounds of the median", "target", "verdict"], rows), "",
                  f"{len(none)} rounds; other programs used {foreign:.2f} cores in the median cell."]
    parts += ["arx_perf evicts at most once a second and counts what finds no room meanwhile: "
              f"{100 * data['dropped']:.0f} % of the executions here."]
    return "\n".join(parts)
