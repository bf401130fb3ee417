"""A server in which arx_perf and pg_wait_sampling look at the same sessions."""
import random
import time

import configurations
import libpq
import processes
import server as servers_module

# Milliseconds between two looks; the longest that arx_perf can be set to is as good as off.
OFF = 10000
BOTH = configurations.Configuration("both", "", ("arx_perf", "pg_wait_sampling"))
SETTINGS = ("arx_perf.sample_interval", "pg_wait_sampling.profile_period", "pg_wait_sampling.history_period")
SETTLE_SECONDS = 0.7
NAPPER = "DO $$ BEGIN LOOP PERFORM pg_sleep({}); END LOOP; END $$"


def set_interval(control, interval, names=SETTINGS):
    """Sets the time between two looks, in ms, of the samplers with these settings."""
    for name in names:
        control.query(f"ALTER SYSTEM SET {name} = {interval}")
    control.query("SELECT pg_reload_conf()")


def sampler_health(control):
    """What arx_perf.health says of the sampler, by metric."""
    rows = control.query("SELECT metric, value FROM arx_perf.health WHERE component = 'sampler'")
    return {metric: float(value) for metric, value in rows}


class Samplers:
    """The two collectors, and a session that only sleeps as long as they do between two looks."""

    def __init__(self, server):
        self.server = server
        self.control = libpq.connect(server)
        self.pids = {}
        for key, title in (("arx", "arx_perf collector"), ("pgws", "pg_wait_sampling collector")):
            self.pids[key] = processes.find_child(server.postmaster.pid, title)
            if self.pids[key] is None:
                raise servers_module.Failed(f"there is no process {title} in {server.folder}")
        # A process that the peer sees waiting at all its looks: it tells how many these are.
        self.always = self.control.query("SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'")[0][0]
        self.napper = None

    def set_interval(self, interval):
        set_interval(self.control, interval)
        if self.napper:
            self.control.query(f"SELECT pg_terminate_backend({self.napper.pid})")
            self.napper.close()
        self.napper = libpq.connect(self.server)
        self.napper.begin(NAPPER.format(interval / 1000))
        self.pids["napper"] = self.napper.pid
        time.sleep(SETTLE_SECONDS)

    def peer_looks(self):
        return int(self.control.query("SELECT coalesce(sum(count), 0) FROM pg_wait_sampling_profile "
                                      f"WHERE pid = {self.always}")[0][0])

    def window(self, seconds):
        """What the collectors did meanwhile: share of a core, looks, and how long a look took."""
        # To be asked for its looks costs the peer's collector CPU time: not inside the window.
        peer, before = self.peer_looks(), sampler_health(self.control)
        cpu, start = self.cpu(), time.monotonic()
        time.sleep(seconds)
        wall = time.monotonic() - start
        spent = {key: value - cpu[key] for key, value in self.cpu().items()}
        after, looks = sampler_health(self.control), {}
        looks["arx"] = after["ticks"] - before["ticks"]
        looks["pgws"] = self.peer_looks() - peer
        in_looks = after["look_time"] * after["ticks"] - before["look_time"] * before["ticks"]
        return {"percent": {key: 100 * value / wall for key, value in spent.items()},
                "rate": {key: value / wall for key, value in looks.items()},
                "us_a_look": {key: 1e6 * spent[key] / max(value, 1) for key, value in looks.items()},
                "look_ms": in_looks / max(looks["arx"], 1)}

    def cpu(self):
        return {key: processes.run_seconds(pid) for key, pid in self.pids.items()}


def shuffled(values, turn):
    """The values in an order that differs from turn to turn, and not from run to run."""
    order = list(values)
    random.Random(turn).shuffle(order)
    return order
