"""Table 6: memory of the session history."""
import time

import configurations
import crowd
import libpq
import report
import samplers

INTERVAL, SECONDS = 100, 600            # of the history that is spoken of
TARGET = 16                             # bytes
FIGURES = ("looks", "samples", "bytes", "bytes_per_sample", "sessions", "cut_samples", "unknown_samples")


def measure(site, plan):
    """What session_history_info says, by load."""
    data = {}
    for load in crowd.LOADS:
        server = site.server(configurations.ARX)
        server.start()
        control = libpq.connect(server)
        samplers.set_interval(control, INTERVAL, samplers.SETTINGS[:1])
        with crowd.active(server, control, load):
            time.sleep(plan.history_seconds)
            row = control.query(f"SELECT {', '.join(FIGURES)} FROM arx_perf.session_history_info")[0]
        data[load] = {name: float(value) for name, value in zip(FIGURES, row)}
        control.close()
        server.stop()
        report.progress(f"history: {crowd.LOADS[load]}")
    return data


def render(data):
    rows = []
    for load, found in data.items():
        each = found["bytes_per_sample"]
        whole = each * SECONDS * 1000 / INTERVAL * crowd.ACTIVE
        rows.append([crowd.LOADS[load], f"{found['looks']:,.0f}", f"{found['samples']:,.0f}", f"{found['bytes']:,.0f}",
                     f"{found['cut_samples'] + found['unknown_samples']:,.0f}", f"{each:.2f}", f"at most {TARGET}",
                     report.verdict_at_most(TARGET, each, each), f"{whole / 1e6:.2f}"])
    return "\n".join((
        "## Memory of the session history", "",
        f"{crowd.ACTIVE} active sessions, a look every {INTERVAL} ms, as `arx_perf.session_history_info` tells it: names",
        f"of sessions and headers of looks included. *{SECONDS} s*: what as many would take for so long.", "",
        report.table(["sessions", "looks", "samples", "bytes", "cut or without a name", "bytes a sample", "target",
                      "verdict", f"{SECONDS} s (MB)"], rows)))
