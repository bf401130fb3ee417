"""User instructions of a server's processes, counted by valgrind.

The whole server runs in valgrind, one client at a time.  A backend's count is
known when it ends, and holds its start and end as well; so a workload is run
with few and with many transactions, and the difference divided by the
difference.  The few are run before and after the many, for what each fork
inherits from a postmaster that goes on working.
"""
import concurrent.futures
import os
import re
import time

import processes

FEW = 200
EXIT_SECONDS = 120

CACHEGRIND = ("--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null")
TOTAL = re.compile(r"I\s+refs:\s+([\d,]+)")


def in_parallel(function, *lists):
    """The function's results for the lists' members, as many at a time as there are processors.

    Counts do not depend on what else the machine does; after a failure no
    further one is begun.
    """
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [pool.submit(function, *arguments) for arguments in zip(*lists)]
        try:
            return [job.result() for job in jobs]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


class CountedServer:
    """A server in valgrind.  options: the tool and its own options."""

    def __init__(self, server, options, settings=()):
        self.server, self.logs = server, server.folder + ".valgrind"
        self.shapes = 0
        os.makedirs(self.logs, exist_ok=True)
        self.seen = set()
        server.start(["valgrind", *options, "--trace-children=yes", f"--log-file={self.logs}/%p"], settings)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.stop()

    def ended(self):
        """Instructions by process id, of the processes that ended since last asked."""
        found = {}
        for name in os.listdir(self.logs):
            if name not in self.seen:
                with open(os.path.join(self.logs, name), encoding="utf-8", errors="replace") as log:
                    total = TOTAL.search(log.read())
                if total:
                    found[int(name)] = int(total.group(1).replace(",", ""))
        self.seen.update(map(str, found))
        return found

    def run(self, workload, transactions):
        """Process id and instructions of the backend that ran so many of them."""
        self.ended()
        others = set(processes.children(self.server.postmaster.pid))
        self.server.pgbench(workload, "-c", 1, "-t", transactions, f"--random-seed={transactions}",
                            **({"n": self.shapes} if workload.variables else {}))
        if workload.variables:
            self.shapes += transactions
        limit = time.monotonic() + EXIT_SECONDS
        while not others.issuperset(processes.children(self.server.postmaster.pid)):
            if time.monotonic() > limit:
                raise TimeoutError(f"a backend of {self.server.folder} does not end")
            time.sleep(0.05)
        return max(self.ended().items(), key=lambda item: item[1])

    def per_transaction(self, workload, many):
        """Instructions of one transaction, from runs of FEW and of many more."""
        self.run(workload, workload.warm)
        before = self.run(workload, FEW)[1]
        more = self.run(workload, many)[1]
        after = self.run(workload, FEW)[1]
        return (more - (before + after) / 2) / (many - FEW)
