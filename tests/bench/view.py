"""Table 4: how long reading the whole view takes."""
import re
import statistics

import configurations
import report

FILL_SHAPES, FILL_TIMES = 4800, 5
TARGET_MS = 32
REPEATS = 4                     # in one session, the first of them not counted
# Configuration, what is read, whether it is the figure with the target.
CASES = (
    (configurations.PGSS, "pg_stat_statements", False),
    (configurations.PGSS, "pg_stat_statements(false)", False),
    (configurations.PGSS, "plain", False),
    (configurations.KCACHE, "pg_stat_kcache_detail", False),
    (configurations.ARX, "arx_perf.statements", True),
    (configurations.ARX, "arx_perf.statements(false)", False),
    (configurations.ARX, "plain", False),
)


def measure(site, plan):
    """Milliseconds and rows of each case."""
    servers = {}
    for configuration in (configurations.PGSS, configurations.KCACHE, configurations.ARX):
        server = servers[configuration] = site.server(configuration)
        server.start()
        server.fill(FILL_SHAPES, FILL_TIMES)
        server.sql(f"CREATE TABLE plain AS SELECT * FROM {configuration.view}")
        server.freeze()
    data = [{"configuration": c.key, "relation": r, "ms": []} for c, r, _ in CASES]
    for _ in range(plan.view_rounds):
        for (configuration, relation, _), case in zip(CASES, data):
            server = servers[configuration]
            server.thaw()
            case["rows"] = int(server.sql(f"SELECT count(*) FROM {relation}")[0])
            case["ms"].append(read(server, relation))
            server.freeze()
    for server in servers.values():
        server.stop()
    report.progress("reading the view")
    return data


def read(server, relation):
    """Milliseconds until psql has all rows, the median of some readings in one session."""
    commands = ["\\timing on", "\\o /dev/null"] + [f"SELECT * FROM {relation}"] * REPEATS
    times = [float(found.group(1)) for line in server.sql(*commands)
             if (found := re.match(r"Time: ([\d.]+) ms", line))]
    return statistics.median(times[1:])


def render(data):
    rows = []
    for (configuration, relation, has_target), case in zip(CASES, data):
        row = [f"{configuration.title}: `{relation}`".replace("`plain`", "a plain table with the same rows"),
               f"{case['rows']:,}", report.spread(case["ms"], 1), report.interval(case["ms"], 1), "", ""]
        if has_target:
            bounds = report.median_interval(case["ms"])
            row[-2:] = f"at most {TARGET_MS} ms", report.verdict_at_most(TARGET_MS, *bounds)
        rows.append(row)
    return "\n".join((
        "## Reading the view", "",
        f"Until psql has all rows and texts of {FILL_SHAPES:,} statements that ran {FILL_TIMES} times each. Median "
        f"(lowest–highest) of {len(data[0]['ms'])} rounds.", "",
        report.table(["what is read", "rows", "ms", "bounds of the median", "target", "verdict"], rows)))
