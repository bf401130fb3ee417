#!/usr/bin/env python3
"""The ledger of resident memory adds up, and names what a program did.

Each program uses 96 MiB in one way; what is compared may differ by 4 MiB, which
is what the program, its libraries and the profiler need for themselves.
"""
from ledger_tools import PARTS, Place, Tap

MIB = 2**20
AMOUNT = 96
SLACK = 4 * MIB
# jemalloc counts its index of addresses as its own before it touches it: 2 MiB
# for each GiB of address space that it meets.
INDEX_SLACK = 8 * MIB

# way -> part of the ledger -> MiB it must show beyond those of a program that
# does nothing; what is not named shows none.
EXPECTED = {
    # jemalloc pads a large block with a page, so that not all begin on one cache line
    "live": {"live": 96, "fragmentation": 6},
    "untouched": {"live": 96, "unattributed": -96},
    "fragmented": {"live": 6, "fragmentation": 90},
    "retained": {"retained": 96},
    "mapped": {"anonymous": 48},
    "shared": {"file": 48},
    "stacks": {"stacks": 96},
}


def run(place, program, way):
    # few samples, so that their own pages do not show; freed pages stay
    said, snapshot = place.run(program, way, str(AMOUNT), ARXHEAP_SAMPLE="65536",
                               MALLOC_CONF="dirty_decay_ms:-1")
    system = dict(line.rsplit(None, 1) for line in said.splitlines())
    return {name.rstrip(":"): int(value) for name, value in system.items()}, snapshot.ledger


def near(value, expected, slack=SLACK):
    return abs(value - expected) <= slack


def check_system(tap, way, system, ledger):
    tap.ok(sum(ledger[part] for part in PARTS) == ledger["rss"], f"{way}: the parts add up to RSS",
           ledger)
    for name, number in (("rss", "VmRSS"), ("rss", "Rss"), ("peak", "VmHWM")):
        tap.ok(near(ledger[name], system[number]), f"{way}: {name} is the system's {number}",
               f"system {system[number]}, ledger {ledger[name]}")
    tap.ok(near(ledger["file"], system["RssFile"] + system["RssShmem"]),
           f"{way}: file-backed and shared pages are the system's", ledger["file"])


def main():
    tap, place = Tap(), Place()
    try:
        program = place.build("ledger_rss.c")
        _, base = run(place, program, "nothing")
        for way, parts in EXPECTED.items():
            system, ledger = run(place, program, way)
            check_system(tap, way, system, ledger)
            for part in PARTS:
                expected = parts.get(part, 0) * MIB
                slack = INDEX_SLACK if part in ("metadata", "unattributed") else SLACK
                tap.ok(near(ledger[part] - base[part], expected, slack),
                       f"{way}: {part} shows {parts.get(part, 0)} MiB",
                       f"{(ledger[part] - base[part]) / MIB:.2f} MiB")
    finally:
        place.close()
    tap.done()


main()
