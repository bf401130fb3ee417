#!/usr/bin/env python3
"""V8 maps its heap by itself: the ledger shows it, with node's own functions."""
import json
import os
import shutil
import subprocess
import time

from ledger_tools import KINDS, LIBRARY, PARTS, Place, Tap

MIB = 2**20
SCRIPT = """
let keep = [];
for (let i = 0; i < 600000; i++) keep.push({ i, text: 'x' + i });
console.log(JSON.stringify(process.memoryUsage()));
process.stdin.on('data', () => {
    console.log(JSON.stringify(process.memoryUsage()));
    process.exit(keep.length ? 0 : 1);
});
"""
SLACK = 4 * MIB


def status_bytes(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as status:
        lines = dict(line.split(":", 1) for line in status)
    return int(lines["VmRSS"].split()[0]) * 1024


def sequence_of(name):
    return int(name.rsplit("-", 1)[1].split(".")[0])


def wait_for_next(folder, pid):
    """The newest snapshot of the process that was begun after this call."""
    def newest():
        names = os.listdir(folder) if os.path.isdir(folder) else []
        return max((sequence_of(name) for name in names
                    if f"-{pid}-" in name and name.endswith(".arxheap")), default=0)
    begun = newest()
    while newest() < begun + 2:
        time.sleep(0.02)


def look_at_node(place):
    folder = os.path.join(place.folder, "node")
    environment = {**os.environ, "LD_PRELOAD": LIBRARY, "ARXHEAP_DIR": folder,
                   "ARXHEAP_INTERVAL": "250ms"}
    with subprocess.Popen(["node", "-e", SCRIPT], env=environment, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as node:
        before = json.loads(node.stdout.readline())
        wait_for_next(folder, node.pid)
        rss = status_bytes(node.pid)
        snapshot = place.newest(folder)
        node.stdin.write("end\n")
        node.stdin.flush()
        after = json.loads(node.stdout.readline())
        # a collection in between may have given some back
        said = {name: min(before[name], after[name]) for name in before}
        return said, rss, snapshot, node.wait()


def check(tap, place, said, rss, snapshot):
    heap = [site for site in snapshot.sites if KINDS[site["kind"]] == "mmap"]
    bytes_mapped = snapshot.bytes_of("mmap")
    node = os.path.realpath(shutil.which("node"))
    names = {place.function_at(path, address) for site in heap for path, address in site["frames"]
             if os.path.realpath(path) == node}
    tap.ok(bytes_mapped >= said["heapTotal"] - SLACK, "V8's heap is in the ledger",
           f"V8 {said['heapTotal']}, ledger {bytes_mapped}")
    tap.ok(snapshot.ledger["anonymous"] >= said["heapUsed"] - SLACK,
           "what V8 uses of it is resident in anonymous mappings",
           f"V8 {said['heapUsed']}, ledger {snapshot.ledger['anonymous']}")
    if any(names):
        tap.ok(any("AllocatePage" in name for name in names), "its stacks show V8's own functions",
               sorted(names)[:20])
    else:
        tap.skip("its stacks show V8's own functions", "this node has no table of its functions")
    tap.ok(all(len(site["frames"]) > 3 for site in heap if site["samples"] > 0),
           "no stack is cut short")
    tap.ok(snapshot.dropped == 0, "nothing was dropped", snapshot.dropped)
    tap.ok(sum(snapshot.ledger[part] for part in PARTS) == snapshot.ledger["rss"],
           "the parts add up to RSS", snapshot.ledger)
    tap.ok(abs(snapshot.ledger["rss"] - rss) <= 16 * MIB, "RSS is what the system said then",
           f"system {rss}, ledger {snapshot.ledger['rss']}")
    tap.ok(abs(snapshot.ledger["unattributed"]) <= 0.15 * rss,
           "at most 15 % of RSS is not attributed", snapshot.ledger)


def main():
    tap = Tap()
    if shutil.which("node") is None:
        print("1..0 # SKIP node is not installed")
        return
    place = Place()
    try:
        said, rss, snapshot, code = look_at_node(place)
        tap.ok(code == 0, "node ends as it would", code)
        check(tap, place, said, rss, snapshot)
    finally:
        place.close()
    tap.done()


main()
