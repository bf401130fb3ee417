"""Table 2: how long a look takes with many backends."""
import contextlib

import crowd
import report
import samplers

CONNECTED = (100, 1000)
INTERVAL = 10                           # ms: many looks in a short time
TARGET_MS = 0.5


def measure(site, plan):
    """Windows by number of sessions and load; the longest look."""
    server = site.server(samplers.BOTH)
    server.start(settings=(f"max_connections={max(CONNECTED) + 100}",))
    both = samplers.Samplers(server)
    both.set_interval(INTERVAL)
    data, connected = {"windows": {}}, 0
    with contextlib.ExitStack() as sessions:
        for number in CONNECTED:
            sessions.enter_context(crowd.idle(server, number - crowd.ACTIVE - connected))
            connected = number - crowd.ACTIVE
            data["windows"][number] = {}
            for load in crowd.LOADS:
                with crowd.active(server, both.control, load):
                    data["windows"][number][load] = [both.window(plan.window_seconds) for _ in range(plan.tick_rounds)]
                report.progress(f"tick: {number} sessions, {crowd.LOADS[load]}")
        data["health"] = samplers.sampler_health(both.control)
        server.stop()
    return data


def render(data):
    rows = []
    for number, loads in data["windows"].items():
        for load, windows in loads.items():
            look = [window["look_ms"] for window in windows]
            cpu = {key: [window["us_a_look"][key] for window in windows] for key in ("arx", "pgws")}
            row = [f"{number:,}; {crowd.LOADS[load]}", report.spread(look, 3), "", "", report.spread(cpu["arx"], 0),
                   report.spread(cpu["pgws"], 0)]
            if number == max(CONNECTED):
                row[2:4] = f"at most {TARGET_MS}", report.verdict_at_most(TARGET_MS, *report.median_interval(look))
            rows.append(row)
    count = len(windows)
    health = data["health"]
    return "\n".join((
        "## Time of a look", "",
        f"A look every {INTERVAL} ms; {crowd.ACTIVE} active sessions, the others idle. *Look*: mean time of a look in a",
        "window, by the collector's own clock, all subjects together, as `arx_perf.health` tells it. *CPU*: all CPU time",
        f"of the collector in a window, waking up included, divided by the looks. Median (lowest–highest)",
        f"of {count} windows.", "",
        report.table(["sessions", "look (ms)", "target", "verdict", "CPU a look (µs)",
                      "pg_wait_sampling, CPU a look (µs)"], rows), "",
        f"The longest of all {health['ticks']:,.0f} looks took {health['look_time_max']:.3f} ms, interruptions by other",
        f"processes included; {health['missed']:,.0f} were missed."))
