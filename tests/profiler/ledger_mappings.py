#!/usr/bin/env python3
"""Each way to map memory shows with its bytes, regions and function."""
from ledger_tools import KINDS, Place, Tap


def by_function(place, program, snapshot, functions):
    """(function, kind) -> [bytes, regions], by the innermost frame that is named."""
    found = {}
    for site in snapshot.sites:
        names = [place.function_at(path, address) for path, address in site["frames"]
                 if path == program]
        name = next((name for name in names if name in functions), None)
        entry = found.setdefault((name, KINDS[site["kind"]]), [0, 0])
        entry[0] += site["bytes"]
        entry[1] += site["samples"]
    return found


def main():
    tap, place = Tap(), Place()
    try:
        program = place.build("ledger_mappings.c")
        said, snapshot = place.run(program)
        expected = {(line.split()[0], line.split()[1]): [int(x) for x in line.split()[2:]]
                    for line in said.splitlines()}
        found = by_function(place, program, snapshot, {name for name, _ in expected})
        for key, numbers in expected.items():
            tap.ok(found.get(key, [0, 0]) == numbers,
                   f"{key[0]}() owns {numbers[0]} bytes, {key[1]}, in {numbers[1]} regions",
                   f"found {found.get(key)}")
        tap.ok(all(site["births"] - site["frees"] == site["samples"] for site in snapshot.sites),
               "births less frees are the regions of each site", snapshot.sites)
        tap.ok(snapshot.dropped == 0, "nothing was dropped", snapshot.dropped)
        said, snapshot = place.run(program, ARXHEAP_MAPPINGS="0")
        tap.ok(snapshot.sites == [], "ARXHEAP_MAPPINGS=0 keeps no ledger", snapshot.sites)
    finally:
        place.close()
    tap.done()


main()
