"""Table 1: CPU time of the collector."""
import crowd
import report
import samplers

CONNECTED = 100
TARGETS = {100: 0.2, 10: 1.0}           # percent of a core, by ms between two looks
INTERVALS = (samplers.OFF, *TARGETS)


def measure(site, plan):
    """Windows by load and interval."""
    server = site.server(samplers.BOTH)
    server.start(settings=("max_connections=200",))
    both = samplers.Samplers(server)
    data = {}
    with crowd.idle(server, CONNECTED - crowd.ACTIVE):
        for load in crowd.LOADS:
            with crowd.active(server, both.control, load):
                data[load] = measure_load(both, plan)
            report.progress(f"collector: {crowd.LOADS[load]}")
    server.stop()
    return data


def measure_load(both, plan):
    windows = {interval: [] for interval in INTERVALS}
    for turn in range(plan.collector_rounds):
        for interval in samplers.shuffled(INTERVALS, turn):
            both.set_interval(interval)
            windows[interval].append(both.window(plan.window_seconds))
    return windows


def render(data):
    rows = []
    for load, windows in data.items():
        for interval in INTERVALS:
            own = [window["percent"]["arx"] for window in windows[interval]]
            row = [f"{crowd.LOADS[load]}; {interval} ms", rate(windows[interval], "arx"), report.spread(own, 3),
                   "", "", rate(windows[interval], "pgws"), percent(windows[interval], "pgws"),
                   percent(windows[interval], "napper")]
            if interval in TARGETS:
                limit = TARGETS[interval]
                row[3:5] = f"at most {limit}", report.verdict_at_most(limit, *report.median_interval(own))
            rows.append(row)
    count = len(data["long"][INTERVALS[0]])
    return "\n".join((
        "## CPU time of the collector", "",
        f"{CONNECTED} connected sessions, {crowd.ACTIVE} of them active. Percent of one core that the collector's",
        f"process ran: median (lowest–highest) of {count} windows. Both libraries are in one server and look at the",
        "same sessions in the same windows. *Only sleeps*: a backend in a loop of `pg_sleep` of the same interval, the",
        f"least that anything costs here that wakes up so often. {samplers.OFF} ms is as good as off: what the collector does",
        "besides looking, once a second.", "",
        report.table(["load; interval", "looks a second", "arx_perf (%)", "target", "verdict",
                      "looks a second", "pg_wait_sampling (%)", "only sleeps (%)"], rows)))


def percent(windows, key):
    return report.spread([window["percent"][key] for window in windows], 3)


def rate(windows, key):
    return f"{sum(window['rate'][key] for window in windows) / len(windows):.1f}"
