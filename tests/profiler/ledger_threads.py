#!/usr/bin/env python3
"""The ledger agrees with the system's list of mappings, whatever threads do."""
from ledger_tools import Place, Tap


def compare(tap, said, snapshot, name):
    for line in said.splitlines():
        kind, number = line.split()
        tap.ok(int(number) > 0 or kind == "reserved", f"{name}: there is something {kind}", line)
        tap.ok(snapshot.bytes_of(kind) == int(number),
               f"{name}: the ledger has as many bytes {kind} as the system",
               f"system {number}, ledger {snapshot.bytes_of(kind)}")
    tap.ok(snapshot.dropped == 0, f"{name}: nothing was dropped", snapshot.dropped)
    tap.ok(all(site["births"] - site["frees"] == site["samples"] for site in snapshot.sites),
           f"{name}: births less frees are the regions of each site", snapshot.sites)


def main():
    tap, place = Tap(), Place()
    try:
        program = place.build("ledger_threads.c")
        for threads in (1, 2, 16):
            said, snapshot = place.run(program, str(threads), "50000")
            compare(tap, said, snapshot, f"{threads} threads")
        said, snapshot = place.run(program, "many", "20000")
        compare(tap, said, snapshot, "20000 regions")
        tap.ok(sum(site["samples"] for site in snapshot.sites) == 10000,
               "regions that the system joins stay apart")
        said, snapshot = place.run(program, "many", "100000")
        live = sum(site["samples"] for site in snapshot.sites)
        tap.ok(snapshot.dropped >= 100000 - 32767 and live <= 32767,
               "more regions than there is room for are counted as dropped",
               f"dropped {snapshot.dropped}, live {live}")
    finally:
        place.close()
    tap.done()


main()
