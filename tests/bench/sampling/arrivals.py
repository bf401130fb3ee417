"""Transactions that arrive at random, whether those before are answered or not.

pgbench can send so too, but does not tell how long each single transaction
waited: here each answer says how long the server worked for it.
"""
import queue
import random
import threading
import time

CLIENTS = 80
# Runs inside the server; what it returns is the time from the arrival of the statement there.
SERVE = """CREATE FUNCTION serve(seconds float8) RETURNS float8 LANGUAGE plpgsql AS
$$ BEGIN PERFORM pg_sleep(seconds); RETURN extract(epoch FROM clock_timestamp() - statement_timestamp()); END $$"""


class Arrivals:
    """A load of so many transactions a second; draw() gives the seconds that the next one takes."""

    def __init__(self, connect, rate, draw):
        self.rate, self.draw = rate, draw
        self.due, self.done = queue.SimpleQueue(), []
        self.is_over, self.failure = threading.Event(), None
        connections = [connect() for _ in range(CLIENTS)]
        self.threads = [threading.Thread(target=self.send, args=(each,), daemon=True) for each in connections]
        self.threads.append(threading.Thread(target=self.arrive, daemon=True))
        for thread in self.threads:
            thread.start()

    def arrive(self):
        chance, when = random.Random(1), time.monotonic()
        while not self.is_over.is_set():
            when += chance.expovariate(self.rate)
            time.sleep(max(when - time.monotonic(), 0))
            self.due.put(self.draw(chance))
        for _ in range(CLIENTS):
            self.due.put(None)

    def send(self, connection):
        try:
            for seconds in iter(self.due.get, None):
                start = time.monotonic()
                served = float(connection.query(f"SELECT serve({seconds:.6f})")[0][0])
                end = time.monotonic()
                self.done.append((end, end - start - served))
        except BaseException as failure:        # it must reach the thread that measures
            self.failure = failure
        connection.close()

    def waits(self, since):
        """Seconds that each transaction which ended since then spent outside the server, in this order."""
        if self.failure:
            raise self.failure
        return [wait for end, wait in sorted(list(self.done)) if end >= since]

    def stop(self):
        self.is_over.set()
        for thread in self.threads:
            thread.join()
