"""Table 4: estimates of active sessions and of waits beside what is known of the load."""
import math
import statistics
import time

import libpq
import phases
import report
import samplers

INTERVAL = 100                          # ms
TARGET = 0.95
# Class of wait, by what a session of the load does.
CLASSES = {"active": "total", "sleep": "Timeout", "lock": "Lock", "io": "IO", "cpu": "CPU"}
EVENTS = {"sleep": ("Timeout", "PgSleep"), "lock": ("Lock", "advisory"), "io": ("IO", "DataFileRead")}
TITLES = {"active": "all", "sleep": "sleep (Timeout)", "lock": "advisory lock (Lock)", "io": "reading (IO)",
          "cpu": "CPU"}


def measure(site, plan):
    """Estimates and truth of each window."""
    server = site.server(samplers.BOTH)
    server.start(settings=phases.SETTINGS)
    server.sql(*phases.SETUP)
    control = libpq.connect(server)
    samplers.set_interval(control, INTERVAL)
    load = phases.Phases(server)
    time.sleep(samplers.SETTLE_SECONDS)
    windows, peer = [], peer_counts(control, load)
    for turn in range(plan.truth_rounds):
        start = time.time()
        control.query("SELECT arx_perf.waits_reset()")
        load.note_active(start, time.time())
        time.sleep(plan.truth_seconds)
        start = time.time()
        window = {"mean": average(control, plan.truth_seconds), "rows": profile(control)}
        last, peer = peer, peer_counts(control, load)
        load.note_active(start, time.time())
        window["peer"] = {kind: (peer[kind][0] - last[kind][0]) * INTERVAL / 1e3 / (peer[kind][1] - last[kind][1])
                          for kind in EVENTS}
        window["peer_at"] = last["sleep"][1], peer["sleep"][1]
        windows.append(window)
        if turn % 10 == 9:
            report.progress(f"truth: window {turn + 1} of {plan.truth_rounds}")
    load.stop()
    for window in windows:
        window["truth"] = load.truth(*window["mean"]["at"])
        window["peer_truth"] = load.truth(*window["peer_at"])
        window["rows"] = [row | row_truth(load, row) for row in window["rows"]]
    server.stop()
    return windows


def interval(words):
    """Value, low and high of an estimate; None where it is not known."""
    return [None if word is None else float(word) for word in words]


def average(control, seconds):
    """What average_active_sessions() says of the last seconds, by kind."""
    rows = control.query("SELECT wait_class, aas, aas_low, aas_high, share, share_low, share_high, "
                         "extract(epoch FROM window_start), extract(epoch FROM window_end) "
                         f"FROM arx_perf.average_active_sessions('{seconds} s')")
    rows = {row[0]: row[1:] for row in rows}
    found = {kind: {"aas": interval(rows[name][:3]), "share": interval(rows[name][3:6])}
             for kind, name in CLASSES.items()}
    return {**found, "at": interval(rows["total"][6:])}


def profile(control):
    """What wait_profile says since its reset of the waits of each session of the load."""
    rows = control.query("SELECT wait_event_type, wait_event, application_name, wait_time, wait_time_low, wait_time_high, "
                         "share, share_low, share_high, extract(epoch FROM stats_since), "
                         "extract(epoch FROM clock_timestamp()) FROM arx_perf.wait_profile")
    found = []
    for kind, event in EVENTS.items():
        for number in range(phases.SESSIONS):
            its = [row for row in rows if row[:3] == [*event, phases.application(number)]]
            # Two rows, of two statements, would be two parts of what is known.
            if len(its) == 1:
                found.append({"kind": kind, "number": number, "time": interval(its[0][3:6]),
                              "share": interval(its[0][6:9]), "at": interval(its[0][9:])})
    return found


def row_truth(load, row):
    """What is known of a row of the profile: milliseconds, and the share of database time."""
    start, end = row["at"]
    waited, active = load.truth(start, end, row["number"])[row["kind"]], load.truth(start, end)["active"]
    return {"true_time": 1e3 * (end - start) * waited, "true_share": waited / active}


def peer_counts(control, load):
    """What pg_wait_sampling has counted of the load's sessions, by kind, and when."""
    rows = control.query("SELECT event_type, sum(count), extract(epoch FROM clock_timestamp()) "
                         f"FROM pg_wait_sampling_profile WHERE pid = ANY (ARRAY{load.pids}) GROUP BY event_type")
    now = time.time()
    counts = {row[0]: int(row[1]) for row in rows}
    return {kind: (counts.get(CLASSES[kind], 0), now) for kind in EVENTS}


def held(pairs):
    """How many of (truth, (value, low, high)) have the truth in the interval."""
    return sum(low <= truth <= upper(high) for truth, (_, low, high) in pairs)


def upper(high):
    return math.inf if high is None else high


def verdict(count, total):
    """Reached when the share seen is; missed when that can hardly be chance."""
    if count >= TARGET * total:
        return report.REACHED
    return report.MISSED if share_bounds(count, total)[1] < TARGET else report.UNRESOLVED


def share_bounds(count, total):
    """Wilson's 95 % interval of a share."""
    z, share = 1.96, count / total
    middle = share + z * z / (2 * total)
    width = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    return (middle - width) / (1 + z * z / total), (middle + width) / (1 + z * z / total)


def root_mean_square(values):
    return math.sqrt(statistics.fmean(value * value for value in values))


def row_of(title, pairs, peer=""):
    """Of an estimate in many windows."""
    errors = [estimate[0] - truth for truth, estimate in pairs]
    count, total = held(pairs), len(pairs)
    return [title, f"{statistics.fmean(truth for truth, _ in pairs):.3f}", f"{statistics.fmean(errors):+.3f}",
            f"{root_mean_square(errors):.3f}",
            f"{statistics.median((upper(high) - low) / 2 for _, (_, low, high) in pairs):.3f}",
            f"{count:,} of {total:,}", f"{100 * count / total:.1f} %", verdict(count, total), peer]


def means(windows, kind):
    return [(window["truth"][kind], window["mean"][kind]["aas"]) for window in windows]


def shares(windows, kind):
    return [(window["truth"][kind] / window["truth"]["active"], window["mean"][kind]["share"]) for window in windows]


def of_profile(figure):
    def pairs(windows, kind):
        return [(row["true_" + figure], row[figure]) for window in windows for row in window["rows"]
                if row["kind"] == kind]
    return pairs


def render(data):
    rows = []
    for kind, title in TITLES.items():
        peer = ""
        if kind in EVENTS:
            errors = [window["peer"][kind] - window["peer_truth"][kind] for window in data]
            peer = f"{statistics.fmean(errors):+.3f}, {root_mean_square(errors):.3f}"
        rows.append(row_of(f"average active sessions, {title}", means(data, kind), peer))
    for name, figure, kinds in (("share of database time", shares, list(TITLES)[1:]),
                                ("`wait_profile`, time (ms) of a session", of_profile("time"), EVENTS),
                                ("`wait_profile`, share of a session", of_profile("share"), EVENTS)):
        rows += [row_of(f"{name}, {TITLES[kind]}", figure(data, kind)) for kind in kinds if figure(data, kind)]
    looks = [window["mean"]["at"][1] - window["mean"]["at"][0] for window in data]
    return "\n".join((
        "## Estimates beside the truth", "",
        f"{phases.SESSIONS} sessions go from phase to phase at random, a look every {INTERVAL} ms; {len(data)} windows of "
        f"{statistics.median(looks):.0f} s, one after the other.",
        "Truth: what each phase wrote down by the server's clock. *Held*: the 95 % interval that is stated holds it.",
        f"Target: in at least {100 * TARGET:.0f} % of windows; not resolved: fewer did, but chance can do that.",
        "*Error*: estimate less truth, its mean and its root mean square. *±*: median of half the interval. What",
        "was never seen in a window has no row in `wait_profile`, so of what is rare it shows the larger ones.",
        "pg_wait_sampling states no interval and does not know CPU; its errors, mean and root mean square, are those",
        "of its counts times its period.", "",
        report.table(["estimate", "truth, mean", "mean error", "r.m.s. error", "±", "held", "share", "verdict",
                      "pg_wait_sampling, errors"], rows)))
