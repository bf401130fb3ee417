"""Table 3: what a reader of the view does to statements that are new."""
import glob
import os
import statistics
import subprocess
import time

import configurations
import report
import workloads

CONFIGURATIONS = (configurations.PGSS, configurations.KCACHE, configurations.ARX)
FILL_SHAPES, FILL_TIMES = 4800, 5
RATE, CLIENTS, SECONDS, READER_LEAD = 2000, workloads.CLIENTS_IN_TURN, 2, 0.5
MAX_NOISE = 1.25
# Each round: the plain table before and after the view, so that their own
# difference shows the noise.
PHASES = ("table", "view", "table again")


def measure(site, plan):
    """p50 and p99 in ms by configuration and phase, one of each round; rows of the view."""
    servers = {c: site.server(c) for c in CONFIGURATIONS}
    data = {c.key: {phase: [] for phase in PHASES} for c in CONFIGURATIONS}
    for configuration, server in servers.items():
        server.start()
        server.fill(FILL_SHAPES, FILL_TIMES)
        server.sql(f"CREATE TABLE plain AS SELECT * FROM {configuration.view}")
        data[configuration.key]["rows"] = int(server.sql("SELECT count(*) FROM plain")[0])
        server.freeze()
    first_shape = FILL_SHAPES
    for turn in range(plan.reader_rounds):
        for configuration, server in servers.items():
            server.thaw()
            for phase in PHASES:
                relation = configuration.view if phase == "view" else "plain"
                data[configuration.key][phase].append(run_phase(server, relation, first_shape))
                first_shape += RATE * SECONDS // CLIENTS
            server.freeze()
        report.progress(f"new statements beside a reader: round {turn + 1} of {plan.reader_rounds}")
    for server in servers.values():
        server.stop()
    return data


def run_phase(server, relation, first_shape):
    """p50 and p99 in ms of new statements while one client reads a relation in a loop."""
    prefix = server.folder + ".latency"
    reader = workloads.Workload("read_" + relation, "", "simple", f"SELECT * FROM {relation};\n")
    with subprocess.Popen(server.pgbench_command(reader, "-c", 1, "-T", SECONDS + 1), env=server.environment,
                          cwd=server.site.work, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as program:
        time.sleep(READER_LEAD)
        server.pgbench(workloads.SHAPES_NEW, "-c", CLIENTS, "-j", 1, "-R", RATE, "-T", SECONDS, "-l",
                       f"--log-prefix={prefix}", n=first_shape % workloads.SHAPES)
        program.wait()
    latencies = []
    for name in glob.glob(glob.escape(prefix) + ".*"):
        with open(name, encoding="ascii") as log:
            latencies += [int(line.split()[2]) / 1000 for line in log]      # from when it was due
        os.remove(name)
    latencies.sort()
    return {"p50": latencies[len(latencies) // 2], "p99": latencies[len(latencies) * 99 // 100]}


def paired(phases):
    """By round: the view against the mean of both plain tables, and these against each other."""
    rounds = list(zip(*([cell["p99"] for cell in phases[phase]] for phase in PHASES)))
    return [2 * v / (t + a) for t, v, a in rounds], [a / t for t, _, a in rounds]


def render(data):
    rows = []
    for configuration in CONFIGURATIONS:
        phases = data[configuration.key]
        ratio, noise = paired(phases)
        plain = [cell["p99"] for cell in phases["table"] + phases["table again"]]
        row = [f"{configuration.title} ({phases['rows']:,} rows)", report.spread(plain, 1),
               report.spread([cell["p99"] for cell in phases["view"]], 1), report.spread(ratio, 2),
               report.interval(ratio, 2), report.interval(noise, 2), "", ""]
        if configuration == configurations.ARX:
            row[-2:] = "as the plain table, within noise", verdict(ratio, noise)
        rows.append(row)
    heading = ["server", "p99, reader on a plain table (ms)", "p99, reader on the view (ms)", "ratio in a round",
               "bounds of its median", "the same, plain table to plain table", "target", "verdict"]
    return "\n".join((
        "## New statements while the view is read", "",
        f"{RATE:,} statements a second, each of a shape not seen for 15,000, by {CLIENTS} clients; latency from the",
        "moment each was due. One more client reads the whole view in a loop, or a plain copy of its rows.",
        f"Median (lowest–highest) of {len(data[configurations.ARX.key]['view'])} rounds.", "",
        report.table(heading, rows)))


def verdict(ratio, noise):
    """As the plain table: the view differs no more than two plain tables do.

    Where these differ much themselves nothing can be said.
    """
    low, high = report.median_interval(noise)
    allowed = max(high, 1 / low)
    if allowed > MAX_NOISE:
        return report.UNRESOLVED
    if statistics.median(ratio) <= allowed:
        return report.REACHED
    return report.verdict_at_most(allowed, *report.median_interval(ratio))
