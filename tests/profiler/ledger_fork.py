#!/usr/bin/env python3
"""A child's ledger: its own mappings have stacks, its parent's are memory."""
import os

from ledger_tools import PARTS, Place, Tap

MIB = 2**20


def main():
    tap, place = Tap(), Place()
    try:
        program = place.build("ledger_fork.c")
        said, parent = place.run(program)
        child = place.newest(os.path.join(place.folder, "snapshots"), int(said))
        tap.ok(parent.bytes_of("mmap") == 48 * MIB, "the parent's mappings are as they were",
               parent.sites)
        tap.ok(parent.ledger["anonymous"] == 48 * MIB, "all of them are resident", parent.ledger)
        tap.ok(child.bytes_of("mmap") == 7 * MIB, "the child's sites are its own", child.sites)
        tap.ok(all(site["births"] - site["frees"] == site["samples"] for site in child.sites),
               "births less frees are the regions of each site of the child", child.sites)
        tap.ok(child.ledger["anonymous"] == (7 + 36) * MIB,
               "what the child has of its parent's is resident memory", child.ledger)
        tap.ok(sum(child.ledger[part] for part in PARTS) == child.ledger["rss"],
               "the child's parts add up to RSS", child.ledger)
    finally:
        place.close()
    tap.done()


main()
