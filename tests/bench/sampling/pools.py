"""Table 5: predicted waits for a connection pool beside PgBouncer's own, and what the advice brings."""
import statistics
import time

import arrivals
import bouncer
import configurations
import libpq
import report
import server as servers_module

RATE, SERVICE = 100, 0.02       # a second, seconds
KINDS = {"exponential": lambda chance: chance.expovariate(1 / SERVICE), "constant": lambda chance: SERVICE}
TOO_SMALL = 3
NEAR = 0.15                     # of the prediction
SMALL_MS = 0.1                  # below: PgBouncer's own handling
PARTS, STUDENT = 12, 2.201      # of a window, and the quantile of Student's t for the mean of so many
SETTLE_SECONDS, NOTICE_SECONDS = 1, 60      # after a change of size: what we wait, and its notice may take at most
COLUMNS = ("current", "recommended", "rule_of_thumb", "wait_now", "wait_then", "wait_then_low", "wait_then_high",
           "p95_wait_then", "wait_target", "transactions", "arrival_rate", "service_time", "service_cv2",
           "model_wait", "model_error", "sampling_error")


def measure(site, plan):
    """What was advised and measured, by kind of service and size."""
    server = site.server(configurations.ARX)
    port = next(servers_module.ports)
    server.start(settings=(f"arx_perf.pgbouncers=host={site.work} port={port} user=postgres",))
    server.sql(arrivals.SERVE)
    pool = bouncer.Bouncer(server, port, TOO_SMALL)
    data = {"unlimited": {}}
    for kind, draw in KINDS.items():
        load = arrivals.Arrivals(lambda: pool.connect("postgres"), RATE, draw)
        data[kind] = {}
        look(server, pool, load, plan, data[kind], TOO_SMALL, kind)
        advised = data[kind][TOO_SMALL]["advice"]["recommended"]
        for size in sorted({*plan.pool_sizes, int(advised or TOO_SMALL)} - {TOO_SMALL}):
            look(server, pool, load, plan, data[kind], size, kind)
        data["unlimited"][kind] = look_unlimited(pool, load, plan)
        load.stop()
    pool.stop()
    server.stop()
    return data


def look(server, pool, load, plan, found, size, kind):
    """Gives the pool a size and measures the load."""
    pool.resize(size)
    limit = time.monotonic() + NOTICE_SECONDS
    while advice(server, plan.pool_seconds)["current"] != size:
        if time.monotonic() > limit:
            raise servers_module.Failed(f"pool_recommendations does not notice that the pool has {size} connections")
        time.sleep(0.5)
    time.sleep(SETTLE_SECONDS)
    before, since = pool.totals(), time.monotonic()
    time.sleep(plan.pool_seconds)
    after = pool.totals()
    count = after["transactions"] - before["transactions"]
    waits = load.waits(since)
    row = advice(server, plan.pool_seconds)
    found[size] = {"wait": (after["wait_us"] - before["wait_us"]) / count / 1e3, "count": count,
                   "p95": percentile(waits), "above": share_above(waits, row["wait_target"] / 1e3), "advice": row}
    report.progress(f"pools: {kind} service, {size} connections")


def look_unlimited(pool, load, plan):
    """What the clients' clocks show where nobody waits for a connection: handling, and the machine."""
    pool.resize(arrivals.CLIENTS)
    time.sleep(plan.pool_seconds / 4)
    since = time.monotonic()
    time.sleep(plan.pool_seconds / 2)
    return percentile(load.waits(since))


def percentile(waits):
    return 1e3 * sorted(waits)[int(0.95 * len(waits))]


def share_above(waits, target):
    """Percent of the waits that are longer, with bounds (95 %).

    Long waits come together, so the bounds are from PARTS stretches of the
    window and not from single waits.
    """
    size = len(waits) // PARTS
    parts = [waits[part * size:(part + 1) * size] for part in range(PARTS)]
    shares = [100 * sum(wait > target for wait in part) / size for part in parts]
    mean, width = statistics.fmean(shares), STUDENT * statistics.stdev(shares) / PARTS ** 0.5
    return mean, max(mean - width, 0), mean + width


def advice(server, seconds):
    """The row of pool_recommendations; times in ms."""
    session = libpq.connect(server)
    session.query(f"SET arx_perf.pool_window = {max(int(seconds), 10)}")
    rows = session.query(f"SELECT verdict, reason, {', '.join(COLUMNS)} FROM arx_perf.pool_recommendations "
                         "WHERE source = 'pgbouncer' AND pool = 'postgres/postgres'")
    session.close()
    row = rows[0] if rows else [None] * (2 + len(COLUMNS))      # not there before its first look
    numbers = {name: None if value is None else float(value) for name, value in zip(COLUMNS, row[2:])}
    return {"verdict": row[0], "reason": row[1], **numbers}


def judge(measured, row):
    """Is a measured wait near the prediction, or in the range that was stated with it?"""
    predicted, (low, high) = row["model_wait"], stated_range(row)
    if low is None:
        return f"no prediction: {row['verdict']}"
    if max(measured, predicted) < SMALL_MS:
        return f"{report.REACHED}: both below {SMALL_MS} ms"
    off = measured / predicted - 1 if predicted else float("inf")
    if abs(off) <= NEAR:
        return f"{report.REACHED}: {100 * off:+.0f} %"
    return f"{report.REACHED if low <= measured <= high else report.MISSED}: {100 * off:+.0f} %"


def stated_range(row):
    """What the model says of the measured wait of so many transactions, 95 %."""
    if None in (row["model_wait"], row["model_error"], row["sampling_error"]):
        return None, None
    width = row["model_error"] + 1.96 * row["sampling_error"]
    return row["model_wait"] * max(1 - width, 0), row["model_wait"] * (1 + width)


def text(value, digits=2):
    return "" if value is None else f"{value:.{digits}f}"


def render(data):
    rows = []
    for kind in KINDS:
        for size, found in sorted(data[kind].items()):
            row = found["advice"]
            low, high = stated_range(row)
            rows.append([f"{kind}, {size}", f"{found['count']:,}", text(row["arrival_rate"], 1),
                         text(row["service_time"]), text(row["service_cv2"]), text(row["model_wait"]),
                         f"{text(low)}–{text(high)}", text(found["wait"]),
                         judge(found["wait"], row)])
    return "\n".join((
        "## Predicted wait for a pool", "",
        f"{RATE} transactions a second arrive at random from {arrivals.CLIENTS} clients before a PgBouncer in transaction",
        f"mode; each sleeps {1e3 * SERVICE:.0f} ms, exponentially distributed or constant. Prediction: `model_wait` of",
        "`arx_perf.pool_recommendations`, from arrival rate, service time and its variation; range: with `model_error`",
        "and twice `sampling_error`. Measured: total wait by transactions, as PgBouncer counts them. Times in ms.",
        f"Target: within {100 * NEAR:.0f} % or in the range.", "",
        report.table(["service, connections", "transactions", "λ (1/s)", "S", "Cs²", "predicted wait", "range",
                      "measured wait", "verdict"], rows), "",
        "## Advised size, applied", "", *render_applied(data)))


def render_applied(data):
    rows = []
    for kind in KINDS:
        sizes = data[kind]
        row = sizes[TOO_SMALL]["advice"]
        size = int(row["recommended"] or TOO_SMALL)
        then = sizes[size]
        verdict = "no advice"
        if size != TOO_SMALL:
            verdict = report.verdict_at_most(5, *then["above"][1:])
        rows.append([f"{kind}: {TOO_SMALL} → {size}", text(row["rule_of_thumb"], 0), text(sizes[TOO_SMALL]["wait"]),
                     f"{text(row['wait_then'])} ({text(row['wait_then_low'])}–{text(row['wait_then_high'])})",
                     text(then["wait"]), text(sizes[TOO_SMALL]["p95"]), text(row["p95_wait_then"]),
                     text(then["p95"]), f"at most {text(row['wait_target'], 0)}",
                     "{:.1f} ({:.1f}–{:.1f})".format(*then["above"]), verdict, text(data["unlimited"][kind])])
    yield f"What was advised at {TOO_SMALL} connections, applied by RELOAD. Percentiles are of the clients' own clocks: the"
    yield "time of each transaction less the time that the server worked for it, so all handling by PgBouncer is in there. In"
    yield "parentheses: predicted for 20 % fewer and more arrivals. *Above*: percent of transactions that waited longer"
    yield f"than the target, with bounds (95 %) from {PARTS} parts of the window; the target is reached where all of these"
    yield f"are at most 5. *Handling*: the percentile with {arrivals.CLIENTS} connections, where nobody waits for one."
    yield "Times in ms."
    yield ""
    yield report.table(["service: size", "rule of thumb", "mean wait before", "predicted", "measured", "95 % before",
                        "predicted", "measured", "target", "above (%)", "verdict", "handling"], rows)
    for kind in KINDS:
        yield f"\n{kind.capitalize()}: “{data[kind][TOO_SMALL]['advice']['reason']}”"
