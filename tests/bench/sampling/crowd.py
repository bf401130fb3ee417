"""Sessions for the samplers to look at: idle ones, and active ones of two kinds."""
import contextlib
import subprocess
import time

import libpq
import server as servers_module
import workloads

ACTIVE = 50
SLEEPING, IN_LINE = 25, 24      # and one that holds the lock: together ACTIVE
LOCK = 4711                     # any number
SHORT = workloads.Workload("short", "", "prepared", "SELECT pg_sleep(0.02);\n")
LOADS = {"long": f"{SLEEPING} in one long sleep, {IN_LINE} in line for one lock, and its holder",
         "short": f"{ACTIVE} with statements of 20 ms, one after the other"}
DEADLINE_SECONDS = 120


def wait_until_active(control, number):
    """Until so many of them are active, a tenth more or less: some are between two statements."""
    limit = time.monotonic() + DEADLINE_SECONDS
    query = ("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' "
             "AND backend_type = 'client backend' AND application_name IN ('crowd', 'pgbench')")
    while abs(int(control.query(query)[0][0]) - number) > number // 10:
        if time.monotonic() > limit:
            raise servers_module.Failed(f"there are not {number} active sessions")
        time.sleep(0.2)


@contextlib.contextmanager
def idle(server, number):
    """So many sessions that do nothing."""
    sessions = [libpq.connect(server, "crowd") for _ in range(number)]
    yield
    for session in sessions:
        session.close()


@contextlib.contextmanager
def active(server, control, load):
    """ACTIVE sessions of a kind."""
    kinds = {"long": long_statements, "short": short_statements}
    with kinds[load](server, control):
        wait_until_active(control, ACTIVE)
        yield
    wait_until_active(control, 0)


@contextlib.contextmanager
def long_statements(server, control):
    sessions = [libpq.connect(server, "crowd") for _ in range(ACTIVE)]
    sessions[0].query(f"SELECT pg_advisory_lock({LOCK})")
    for session in sessions[:SLEEPING + 1]:
        session.begin("SELECT pg_sleep(86400)")
    for session in sessions[SLEEPING + 1:]:
        session.begin(f"SELECT pg_advisory_lock({LOCK})")
    yield
    control.query(f"SELECT pg_terminate_backend(pid) FROM unnest(ARRAY{[s.pid for s in sessions]}) pid")
    for session in sessions:
        session.close()


@contextlib.contextmanager
def short_statements(server, _):
    command = server.pgbench_command(SHORT, "-c", ACTIVE, "-j", 1, "-T", 86400)
    with subprocess.Popen(command, env=server.environment, cwd=server.site.work, stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as program:
        try:
            yield
        finally:
            program.terminate()
