#!/usr/bin/env python3
"""What the arxheap command prints of snapshots, for people and for programs.  Prints TAP."""
import gzip
import json
import os
import re
import sys
import xml.etree.ElementTree

from cli_tools import arxheap, expect, take_snapshots
from snapshot_tools import Program, Slot, run_tests, wait_for

LEAK_KEYS = {"verdict", "bytes_per_hour", "bytes_per_hour_low", "bytes_per_hour_high", "live_bytes",
             "samples", "function", "file", "line", "stack", "label", "evidence"}
VERDICTS = {"leak", "suspect", "bounded cache", "warm-up", "churn", "not enough samples"}
_taken = {}


def taken(place):
    """A folder with three snapshots, and these; taken once."""
    if not _taken:
        _taken["all"] = take_snapshots(place, "output", 3)
    return _taken["all"]


def json_of(*arguments):
    return json.loads(arxheap(*arguments, "--json").stdout)


def every_command_that_reads_gives_json(place):
    folder, files = taken(place)
    output = place.path("out")
    for arguments in (("list", folder), ("report", folder), ("report", files[0]), ("diff", folder),
                      ("diff", files[0], files[2]), ("leaks", folder, "--all"), ("inspect", files[0]),
                      ("symbolize", files[0]), ("watch", folder),
                      ("flame", folder, "-o", output + ".svg"),
                      ("export", folder, "-o", output + ".pb.gz")):
        expect(json_of(*arguments), arguments)


def report_shows_estimates_with_interval_and_samples(place):
    folder, _ = taken(place)
    said = arxheap("report", folder, "--all").stdout
    expect(re.search(r"^ *\d+\.\d+ ± \d+\.\d+ MiB +\d+ +\d+\.\d %  allocate \(snapshot_program\.c:\d+\)",
                     said, re.M), said)
    expect(re.search(r"^Live heap: \d+\.\d+ ± \d+\.\d+ MiB \(\d+ samples, \d+ sites; "
                     r"one sample in 4 KiB\)", said, re.M), said)
    expect("Lost: " in said and "\033" not in said, said)
    expect(not re.search(r"[ \t]$", said, re.M), "blanks at the end of a line")


def the_ledger_adds_up_to_rss(place):
    folder, _ = taken(place)
    ledger = json_of("report", folder)["ledger"]
    parts = [ledger[name] for name in ("live", "fragmentation", "retained", "metadata", "profiler",
                                       "stacks", "anonymous", "file", "unattributed")]
    expect(sum(parts) == ledger["rss"] > 0, ledger)
    expect("sum = RSS" in arxheap("report", folder).stdout, "not said")


def small_sites_are_summed_up_unless_asked_for(place):
    folder, _ = taken(place)
    few, every = json_of("report", folder, "--top", "0"), json_of("report", folder, "--top", "0", "--all")
    limit = 3 * few["sample_bytes"]
    heap = [site for site in every["sites"] if site["kind"] == "malloc"]
    small = [site for site in heap if site["live_bytes"] < limit]
    expect(small and len(small) < len(heap), "the program has small and large sites")
    expect(all(site["live_bytes"] >= limit for site in few["sites"] if site["kind"] == "malloc"), few)
    expect(few["sites_hidden"] == len(small) and every["sites_hidden"] == 0, few["sites_hidden"])
    expect(f"{len(small)} sites below 12 KiB" in arxheap("report", folder).stdout, "not said")
    top = json_of("report", folder, "--all", "--top", "1")["sites"]
    expect(len([site for site in top if site["kind"] == "malloc"]) == 1, top)


def report_takes_the_newest_snapshot_of_a_folder(place):
    folder, files = taken(place)
    expect(json_of("report", folder)["sequence"] == json_of("report", files[-1])["sequence"], "newest")


def diff_is_the_difference(place):
    _, files = taken(place)
    change = json_of("diff", files[0], files[2], "--all", "--top", "0")
    before, after = (json_of("report", file, "--all", "--top", "0") for file in (files[0], files[2]))
    samples = [sum(site["samples"] for site in of["sites"]) for of in (before, after, change)]
    expect(samples[2] == samples[1] - samples[0] > 0, samples)
    expect(change["ledger"]["rss"] == after["ledger"]["rss"] - before["ledger"]["rss"], "ledger")
    expect(re.search(r"^ *\+\d", arxheap("diff", files[0], files[2]).stdout, re.M), "no sign")


def leaks_json_has_the_promised_keys(place):
    folder, _ = taken(place)
    entries = json_of("leaks", folder, "--all")
    expect(isinstance(entries, list) and entries, "no array")
    for entry in entries:
        expect(LEAK_KEYS <= set(entry), LEAK_KEYS - set(entry))
        expect(entry["verdict"] in VERDICTS, entry["verdict"])
        expect(isinstance(entry["stack"], list) and isinstance(entry["evidence"], str), entry)
    only = json_of("leaks", folder, "--min-verdict", "leak")
    expect(all(entry["verdict"] == "leak" for entry in only), only)
    expect(arxheap("leaks", folder, "--fail").returncode == 0, "--fail without a leak")


def labels_are_shown_and_control_characters_are_not(place):
    program = Program(place, place.path("labels"))
    control = program.slot()
    program.tell("label 7 evil\033]0;title\a\x9b")
    program.tell("alloc 500 1000")
    number = control.ask_snapshot()
    wait_for(lambda: control.get(Slot.DONE) == number, "the snapshot is written")
    program.kill()
    for arguments in (("report", "--all"), ("report", "--stacks"), ("leaks", "--all"), ("inspect",)):
        said = arxheap(*arguments, program.files()[0]).stdout
        expect("evil?" in said, said)
        expect(not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", said), repr(said))
    labels = {site["label"] for site in json_of("report", program.files()[0])["sites"]}
    expect(any(label and label.startswith("evil\033]0;title\a") for label in labels), labels)


def flame_and_export_write_whole_files(place):
    folder, files = taken(place)
    svg, html = place.path("h.svg"), place.path("h.html")
    arxheap("flame", folder, "-o", svg)
    xml.etree.ElementTree.parse(svg)
    arxheap("flame", "--diff", files[0], files[2], "-o", html)
    with open(html, encoding="utf-8") as file:
        expect(file.read().lstrip().lower().startswith("<!doctype html"), "html")
    pprof = place.path("h.pb.gz")
    arxheap("export", folder, "-o", pprof)
    with gzip.open(pprof) as file:
        expect(b"inuse_space" in file.read(), "pprof")
    folded = arxheap("export", folder, "-f", "folded").stdout
    expect(all(re.search(r" \d+$", line) for line in folded.splitlines()) and folded, "folded")
    expect(json.loads(arxheap("export", folder, "-f", "speedscope").stdout)["profiles"], "speedscope")
    expect(not [name for name in os.listdir(place.folder) if name.endswith(".tmp")], "left behind")


def several_processes_in_a_folder_are_told_apart(place):
    folder = place.path("several")
    pids = []
    for _ in range(2):
        program = Program(place, folder)
        program.tell("alloc 300 1000")
        program.end()
        pids.append(program.pid)
    done = arxheap("report", folder)
    expect("2 processes wrote here" in done.stderr and "--pid" in done.stderr, done.stderr)
    for pid in pids:
        expect(json_of("report", folder, "--pid", str(pid))["pid"] == pid, pid)
    expect({entry["pid"] for entry in json_of("leaks", folder, "--all")} == set(pids), "leaks")


def progress_is_told_when_asked_for(place):
    folder, files = taken(place)
    expect("reading snapshots" in arxheap("leaks", folder, "--progress").stderr, "leaks")
    expect("naming addresses" in arxheap("symbolize", files[0], "--progress").stderr, "symbolize")
    expect(arxheap("leaks", folder).stderr == "", "without being asked")


if __name__ == "__main__":
    sys.exit(run_tests(every_command_that_reads_gives_json,
                       report_shows_estimates_with_interval_and_samples, the_ledger_adds_up_to_rss,
                       small_sites_are_summed_up_unless_asked_for,
                       report_takes_the_newest_snapshot_of_a_folder, diff_is_the_difference,
                       leaks_json_has_the_promised_keys,
                       labels_are_shown_and_control_characters_are_not,
                       flame_and_export_write_whole_files,
                       several_processes_in_a_folder_are_told_apart, progress_is_told_when_asked_for))
