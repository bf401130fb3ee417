"""What the servers are made to do: pgbench scripts and the tables they need."""
import dataclasses
import os

COLUMNS = 25
SETUP = (
    f"CREATE TABLE wide (id int PRIMARY KEY, {', '.join(f'c{i} int' for i in range(1, COLUMNS + 1))})",
    f"INSERT INTO wide SELECT g, {', '.join(['g'] * COLUMNS)} FROM generate_series(1, 1000) g",
    "VACUUM ANALYZE",
)
# 300 MB of accounts would be paged in by each new backend; 100,000 rows are not.
BY_KEY = "\\set aid random(1, 100000)\nSELECT abalance FROM pgbench_accounts WHERE aid = :aid;\n"
SHAPE = "SELECT c:ca, c:cb, c:cc FROM wide WHERE id = :id;\n"


def shapes_at_random(columns):
    """Any three of so many columns: the number to the third power of shapes."""
    return "".join(f"\\set {name} random(1, {columns})\n" for name in ("ca", "cb", "cc")) + \
        "\\set id random(1, 1000)\n" + SHAPE


# Counts the variable n up: no client makes a shape twice, and no two make the
# same, until one has made as many as there are shapes for it.
CLIENTS_IN_TURN = 4
SHAPES = COLUMNS ** 3
SHAPES_IN_TURN = f"""\\set n (:n + 1) % :shapes
\\set shape :n + :client_id * {SHAPES // CLIENTS_IN_TURN}
\\set ca 1 + :shape % {COLUMNS}
\\set cb 1 + :shape / {COLUMNS} % {COLUMNS}
\\set cc 1 + :shape / {COLUMNS ** 2} % {COLUMNS}
\\set id random(1, 1000)
""" + SHAPE


@dataclasses.dataclass(frozen=True)
class Workload:
    key: str
    title: str
    protocol: str               # of pgbench -M
    script: str = ""            # empty: pgbench's own TPC-B
    variables: tuple = ()       # names and first values of its own variables
    warm: int = 150             # transactions until it repeats itself

    def arguments(self, folder):
        """What to add to a pgbench command; writes the script into the folder."""
        if not self.script:
            return ["-b", "tpcb-like"]
        path = os.path.join(folder, self.key + ".pgbench")
        if not os.path.exists(path):
            with open(path, "w", encoding="ascii") as file:
                file.write(self.script)
        return ["-f", path]


ONE = Workload("one", "prepared `SELECT 1`", "prepared", "SELECT 1;\n")
KEY = Workload("key", "prepared select by key", "prepared", BY_KEY)
KEY_SIMPLE = Workload("key_simple", "the same, simple protocol", "simple", BY_KEY)
TPCB = Workload("tpcb", "TPC-B, prepared", "prepared")
SHAPES_SEEN = Workload("shapes_seen", "125 shapes seen before, simple protocol", "simple", shapes_at_random(5),
                       warm=1000)
SHAPES_NEW = Workload("shapes_new", "shapes never seen, simple protocol", "simple", SHAPES_IN_TURN,
                      (("n", 0), ("shapes", SHAPES)))
CHURN = Workload("churn", "15,625 shapes at random, simple protocol", "simple", shapes_at_random(COLUMNS))
