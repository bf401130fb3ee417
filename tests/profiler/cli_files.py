#!/usr/bin/env python3
"""Bad files and bad places: a clear error, exit status 2, and nothing lost.  Prints TAP."""
import os
import random
import shutil
import stat
import subprocess
import sys

from cli_tools import ARXHEAP, arxheap, expect, refused, take_snapshots
from snapshot_tools import run_tests

READERS = (("report",), ("leaks",), ("export", "-f", "folded"), ("flame", "-o", "-"),
           ("symbolize",), ("inspect",), ("watch", "--once"))
NOBODY = 65534
_sound = {}


def sound_file(place):
    """A sound snapshot's bytes and name; made once."""
    if not _sound:
        _sound["folder"], files = take_snapshots(place, "sound", 1)
        _sound["name"] = os.path.basename(files[0])
        with open(files[0], "rb") as file:
            _sound["bytes"] = file.read()
    return _sound["bytes"]


def bad_file(place, name, content):
    sound_file(place)
    folder = place.path(name)
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, _sound["name"])
    with open(path, "wb") as file:
        file.write(content)
    return path


def each_reader_refuses(path, content):
    for reader in READERS:
        done = arxheap(*reader, path, status=2)
        expect("error: " in done.stderr, f"{reader}: {done.stderr!r}")
        expect(path in done.stderr or "none of the snapshots" in done.stderr, done.stderr)
        with open(path, "rb") as file:
            expect(file.read() == content, f"{reader} changed the file")
    expect(os.listdir(os.path.dirname(path)) == [os.path.basename(path)], "something was left")


def a_truncated_file_is_refused(place):
    whole = sound_file(place)
    for length in (0, 7, 31, 40, len(whole) // 2, len(whole) - 1):
        content = whole[:length]
        each_reader_refuses(bad_file(place, "cut", content), content)


def a_file_with_any_bit_flipped_is_refused(place):
    whole = sound_file(place)
    chance = random.Random(7)
    for _ in range(12):
        content = bytearray(whole)
        content[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        each_reader_refuses(bad_file(place, "flipped", bytes(content)), bytes(content))


def a_foreign_file_is_refused(place):
    content = b"\x7fELF" + bytes(500)
    path = bad_file(place, "foreign", content)
    each_reader_refuses(path, content)
    expect("not a heap snapshot" in arxheap("inspect", path, status=2).stdout, "inspect")


def a_newer_version_is_refused_by_its_name(place):
    content = bytearray(sound_file(place))
    content[8] = 9
    path = bad_file(place, "newer", bytes(content))
    each_reader_refuses(path, bytes(content))
    expect("newer" in arxheap("inspect", path, "--json", status=2).stdout, "inspect")


def inspect_tells_where_a_file_is_damaged(place):
    content = bytearray(sound_file(place))
    content[-30] ^= 0xff
    done = arxheap("inspect", bad_file(place, "where", bytes(content)), status=2)
    expect("at byte " in done.stderr, done.stderr)
    expect("DOES NOT FIT" in done.stdout or "cut off" in done.stdout, done.stdout)


def leaks_uses_the_sound_files_and_names_the_others(place):
    folder, files = take_snapshots(place, "mixed", 2)
    with open(files[0], "r+b") as file:
        file.truncate(100)
    done = arxheap("leaks", folder, "--json")
    expect(files[0] in done.stderr and "left out" in done.stderr, done.stderr)


def a_missing_file_or_folder_is_named(place):
    for reader in READERS:
        done = arxheap(*reader, place.path("nothing-here"), status=2)
        expect("nothing-here" in done.stderr and "No such file" in done.stderr, done.stderr)
    empty = place.path("empty")
    os.mkdir(empty)
    refused("report", empty, saying="no snapshot in folder", hint="arxheap snapshot PID")
    refused("diff", empty, saying="no snapshot in folder")


def diff_refuses_snapshots_of_two_processes(place):
    _, first = take_snapshots(place, "first", 1)
    _, second = take_snapshots(place, "second", 1)
    refused("diff", first[0], second[0], saying="", hint="two snapshots of one process")


def diff_needs_two_snapshots(place):
    folder, _ = take_snapshots(place, "single", 1)
    refused("diff", folder, saying="only one snapshot")


def symbolize_keeps_all_other_bytes_and_is_repeatable(place):
    _, files = take_snapshots(place, "named", 1)
    os.chmod(files[0], 0o640)
    with open(files[0], "rb") as file:
        before = file.read()
    arxheap("symbolize", files[0])
    with open(files[0], "rb") as file:
        after = file.read()
    expect(len(after) > len(before), "no names were written")
    expect(after[32:len(before) - 16] == before[32:-16], "other sections changed")
    expect(stat.S_IMODE(os.stat(files[0]).st_mode) == 0o640, "the mode changed")
    arxheap("inspect", files[0])
    report = arxheap("report", files[0], "--no-symbols", "--all").stdout
    expect("snapshot_program.c:" in report, "the names are not used")
    arxheap("symbolize", files[0], "--no-symbols")
    with open(files[0], "rb") as file:
        expect(file.read() == after, "a second time is not the same")


def an_unwritable_folder_leaves_the_snapshot_as_it_is(place):
    if os.geteuid() != 0:
        return "needs root to become another user"
    folder, files = take_snapshots(place, "unwritable", 1)
    os.chmod(folder, 0o755)
    os.chmod(files[0], 0o644)
    with open(files[0], "rb") as file:
        before = file.read()
    for arguments in (("symbolize", files[0]), ("flame", files[0], "-o", folder + "/x.svg"),
                      ("export", files[0], "-o", folder + "/x.gz")):
        done = subprocess.run([ARXHEAP, *arguments], capture_output=True, text=True,
                              preexec_fn=lambda: os.setuid(NOBODY))
        expect(done.returncode == 2 and "Permission denied" in done.stderr, done)
    with open(files[0], "rb") as file:
        expect(file.read() == before, "changed")
    expect(sorted(os.listdir(folder)) == ["control", os.path.basename(files[0])], "something was left")
    return None


def a_full_disk_leaves_the_snapshot_as_it_is(place):
    mount = place.path("full")
    os.mkdir(mount)
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", mount],
                                           capture_output=True).returncode != 0:
        return "needs a small file system"
    try:
        _, files = take_snapshots(place, "copy", 1)
        path = os.path.join(mount, os.path.basename(files[0]))
        shutil.copy(files[0], path)
        with open(path, "rb") as file:
            before = file.read()
        with open(os.path.join(mount, "filler"), "wb", buffering=0) as filler:
            try:
                while filler.write(bytes(4096)):
                    pass
            except OSError:
                pass
        left = sorted(os.listdir(mount))
        for arguments in (("symbolize", path), ("flame", path, "-o", mount + "/x.html"),
                          ("export", path, "-f", "folded", "-o", mount + "/x.folded")):
            done = arxheap(*arguments, status=2)
            expect("No space left" in done.stderr, done.stderr)
            expect(sorted(os.listdir(mount)) == left, "something was left")
        with open(path, "rb") as file:
            expect(file.read() == before, "changed")
    finally:
        subprocess.run(["umount", mount], check=True)
    return None


if __name__ == "__main__":
    sys.exit(run_tests(a_truncated_file_is_refused, a_file_with_any_bit_flipped_is_refused,
                       a_foreign_file_is_refused, a_newer_version_is_refused_by_its_name,
                       inspect_tells_where_a_file_is_damaged,
                       leaks_uses_the_sound_files_and_names_the_others,
                       a_missing_file_or_folder_is_named, diff_refuses_snapshots_of_two_processes,
                       diff_needs_two_snapshots, symbolize_keeps_all_other_bytes_and_is_repeatable,
                       an_unwritable_folder_leaves_the_snapshot_as_it_is,
                       a_full_disk_leaves_the_snapshot_as_it_is))
