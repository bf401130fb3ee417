"""A load of which it is known at each moment what it does.

Some sessions go from phase to phase: nothing, sleep, waiting for a lock that
nobody lets go of, reading a table from the disk, computing.  Each phase writes
down by the server's clock when its statement arrived, and when what it is for
began and ended; of a scan, how much of it was reading is known from the
server's own timing of its reads.
"""
import json
import os
import random
import threading
import time

import libpq

SESSIONS = 8
LOCK = 4712                             # any number; held all the time by a session that is idle
WEIGHTS = {"idle": 30, "sleep": 25, "lock": 20, "io": 30, "cpu": 10}
SHORTEST, LONGEST = 0.03, 0.35          # seconds of a phase; a scan takes what it takes
# Of 1 kB, in a table for each session: else one would wait for the read of another.
COLD_ROWS = 30000
SETTINGS = ("shared_buffers=16MB", "track_io_timing=on")    # the table does not fit
SETUP = (
    """CREATE FUNCTION phase(number int, kind text, seconds float8,
    OUT came float8, OUT began float8, OUT ended float8, OUT plan json) LANGUAGE plpgsql AS $$
DECLARE until timestamptz;
BEGIN
    came := extract(epoch FROM statement_timestamp());
    PERFORM set_config('lock_timeout', greatest(round(seconds * 1000), 1)::text, true);
    until := clock_timestamp() + seconds * interval '1 second';
    began := extract(epoch FROM clock_timestamp());
    IF kind = 'sleep' THEN
        PERFORM pg_sleep(seconds);
    ELSIF kind = 'lock' THEN
        BEGIN
            PERFORM pg_advisory_xact_lock(%d);
        EXCEPTION WHEN lock_not_available THEN
        END;
    ELSIF kind = 'io' THEN
        EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, COSTS OFF, FORMAT JSON) SELECT count(*) FROM cold' || number
            INTO plan;
    ELSE
        WHILE clock_timestamp() < until LOOP
        END LOOP;
    END IF;
    ended := extract(epoch FROM clock_timestamp());
END $$""" % LOCK,
    *(f"CREATE TABLE cold{number} AS SELECT 'x'::char(1000) FROM generate_series(1, {COLD_ROWS})"
      for number in range(SESSIONS)),
    "VACUUM FREEZE", "CHECKPOINT")


def application(number):
    """The name by which a session is known."""
    return f"phases{number}"


class Phases:
    """The running load; done holds (session, kind, from, to, weight), where kind may be that it was active."""

    def __init__(self, server):
        self.server, self.done, self.failure = server, [], None
        self.is_over = threading.Event()
        self.holder = libpq.connect(server)
        self.holder.query(f"SELECT pg_advisory_lock({LOCK})")
        self.cold = [os.path.join(server.folder, self.holder.query(f"SELECT pg_relation_filepath('cold{number}')")[0][0])
                     for number in range(SESSIONS)]
        for path in self.cold:
            flush(path)
        self.sessions = [libpq.connect(server, application(number)) for number in range(SESSIONS)]
        self.pids = [session.pid for session in self.sessions]
        self.threads = [threading.Thread(target=self.work, args=each, daemon=True)
                        for each in enumerate(self.sessions)]
        for thread in self.threads:
            thread.start()

    def work(self, number, session):
        chance = random.Random(number)
        try:
            while not self.is_over.is_set():
                kind = chance.choices(list(WEIGHTS), WEIGHTS.values())[0]
                seconds = chance.uniform(SHORTEST, LONGEST)
                if kind == "idle":
                    time.sleep(seconds)
                else:
                    self.run(number, session, kind, seconds)
        except BaseException as failure:        # it must reach the thread that measures
            self.failure = failure
        session.close()

    def run(self, number, session, kind, seconds):
        if kind == "io":
            forget(self.cold[number])
        came, began, ended, plan = session.query(f"SELECT * FROM phase({number}, '{kind}', {seconds:.4f})")[0]
        came, began, ended = float(came), float(began), float(ended)
        share = reading_seconds(json.loads(plan)) / (ended - began) if plan else 1.0
        self.done.append((number, kind, began, ended, share))
        self.note_active(came, ended, number)

    def note_active(self, start, end, number=None):
        """A session was active then; also for those that look at the load, since they are seen as well."""
        self.done.append((number, "active", start, end, 1.0))

    def truth(self, start, end, number=None):
        """Mean number of sessions active, and in each kind of wait, in a window that is over; of all, or of one."""
        if self.failure:
            raise self.failure
        sums = dict.fromkeys(("active", "sleep", "lock", "io", "cpu"), 0.0)
        for session, kind, since, until, weight in list(self.done):
            if number in (None, session):
                sums[kind] += weight * max(min(until, end) - max(since, start), 0)
        # What is neither of the waits is work.
        sums["cpu"] = sums["active"] - sums["sleep"] - sums["lock"] - sums["io"]
        return {kind: value / (end - start) for kind, value in sums.items()}

    def stop(self):
        self.is_over.set()
        for thread in self.threads:
            thread.join()
        self.holder.close()


def reading_seconds(plan):
    """Of a scan; the names differ between majors."""
    return sum(value for name, value in plan[0]["Plan"].items() if name.endswith("I/O Read Time")) / 1e3


def flush(path):
    """To the disk: what is not there cannot be forgotten.  fsync of the server is off."""
    with open(path, "rb") as file:
        os.fsync(file.fileno())


def forget(path):
    """Has the system forget a file that it has read."""
    with open(path, "rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
