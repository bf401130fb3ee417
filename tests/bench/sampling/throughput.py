"""Table 3: what sampling takes from the throughput of a select-only load."""
import re
import subprocess
import time

import configurations
import libpq
import report
import samplers
import server as servers_module
import workloads

TARGET_PERCENT = 1
CLIENTS = 2
STATES = {"off": samplers.OFF, "off again": samplers.OFF, "100 ms": 100, "10 ms": 10}
PGWS = configurations.Configuration("pgws", "pg_wait_sampling", ("pg_wait_sampling",))
# Configuration, the settings of its sampler, blocks for each block of the others.
CASES = (
    (configurations.ARX, samplers.SETTINGS[:1], 2),
    (PGWS, samplers.SETTINGS[1:], 1),
    (configurations.NONE, (), 1),
)
WARM_SECONDS = 3
TPS = re.compile(r"progress: [\d.]+ s, ([\d.]+) tps")


def measure(site, plan):
    """Transactions a second by configuration and state, one of each round."""
    servers = {case[0]: site.server(case[0]) for case in CASES}
    data = {case[0].key: {state: [] for state in STATES} for case in CASES}
    for block in range(plan.throughput_blocks):
        for configuration, settings, times in CASES:
            for turn in range(times):
                run_block(servers[configuration], settings, data[configuration.key], plan.throughput_rounds,
                          block * times + turn)
        report.progress(f"throughput: block {block + 1} of {plan.throughput_blocks}")
    return data


def run_block(server, settings, cells, rounds, seed):
    """One pgbench that goes on while the sampler is set to one state after the other, each for a second."""
    server.start()
    control = libpq.connect(server)
    seconds = WARM_SECONDS + rounds * len(STATES)
    command = server.pgbench_command(workloads.KEY, "-c", CLIENTS, "-j", CLIENTS, "-T", seconds + 1, "-P", 1,
                                     f"--random-seed={seed + 1}")
    with subprocess.Popen(command, env=server.environment, cwd=server.site.work, stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as program:
        for _ in range(WARM_SECONDS):
            read_second(program)
        for turn in range(rounds):
            for state in samplers.shuffled(STATES, seed * rounds + turn):
                # In all states alike, so that to change costs all of them the same.
                samplers.set_interval(control, STATES[state], settings)
                cells[state].append(read_second(program))
        program.terminate()
    control.close()
    server.stop()
    time.sleep(1)


def read_second(program):
    """Transactions a second in the second that ends now."""
    for line in program.stderr:
        found = TPS.match(line)
        if found:
            return float(found.group(1))
    raise servers_module.Failed("pgbench ended before its time")


def losses(cells, state):
    """Percent of the throughput that the state takes, by round."""
    return [100 * (1 - value / off) for value, off in zip(cells[state], cells["off"])]


def render(data):
    rows = []
    for configuration, _, _ in CASES:
        cells = data[configuration.key]
        rows.append([f"{configuration.title}, off (tps)", report.spread(cells["off"], 0), "", "", ""])
        for state in list(STATES)[1:]:
            values = losses(cells, state)
            row = [f"{configuration.title}, {state}", report.spread(values, 1), report.interval(values, 2), "", ""]
            if configuration == configurations.ARX and state == "100 ms":
                row[3:] = (f"at most {TARGET_PERCENT}",
                           report.verdict_at_most(TARGET_PERCENT, *report.median_interval(values)))
            rows.append(row)
    counts = ", ".join(f"{len(data[c.key]['off'])} ({c.title})" for c, _, _ in CASES)
    return "\n".join((
        "## Throughput of a select-only load", "",
        f"{CLIENTS} clients, prepared select by key, on {CLIENTS} threads of pgbench. While it runs the interval is changed",
        f"each second, in random order; off is {samplers.OFF} ms, and with no library only the reload is left. Percent",
        "fewer transactions than off in the same round, negative for more: median (lowest–highest) of the rounds, and",
        f"bounds of the median (95 %). Rounds: {counts}.", "",
        report.table(["server, interval", "less (%)", "bounds of the median", "target", "verdict"], rows)))
