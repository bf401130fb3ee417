#!/usr/bin/env python3
"""Snapshots that mean harm: no control character of theirs reaches a terminal, none hangs or crashes the command."""
import os
import pathlib
import re
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("ARXHEAP_BUILD", ROOT / "profiler/build"))
CONTROL = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]")
number = 0
failed = 0


def check(holds, what, why=""):
    global number, failed
    number += 1
    failed += not holds
    print(f"{'ok' if holds else 'not ok'} {number} - {what}")
    if not holds:
        print(f"# {why}")


def arxheap(*words):
    return subprocess.run([BUILD / "arxheap", *words], capture_output=True, timeout=60)


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        writer = folder / "hostile_snapshot"
        subprocess.run(
            ["cc", "-std=gnu11", "-D_GNU_SOURCE", f"-I{ROOT}", "-o", writer,
             ROOT / "tests/profiler/hostile_snapshot.c", ROOT / "libarx/heap_format.c",
             ROOT / "libarx/heap_format_write.c", ROOT / "libarx/heap_format_write_site.c", "-lm"], check=True)
        names = folder / "names.arxheap"
        deep = folder / "deep.arxheap"
        subprocess.run([writer, names, "names"], check=True)
        subprocess.run([writer, deep, "deep"], check=True)

        for words in (["report", "--all", "--stacks"], ["report", "--all", "--json"], ["leaks", "--all", "--stacks"],
                      ["leaks", "--all", "--json"], ["inspect", "--all"], ["inspect", "--json"],
                      ["export", "--format", "folded", "-o", "-"], ["export", "--format", "speedscope", "-o", "-"],
                      ["flame", "-o", "-"], ["watch", "--once"], ["watch", "--json"]):
            run = arxheap(*words, names)
            found = CONTROL.search(run.stdout) or CONTROL.search(run.stderr)
            check(run.returncode == 0 and not found, f"{' '.join(words)} passes no control character on",
                  f"status {run.returncode}, {found}")

        evil = folder / "\033[31mx-7-60a24181e4000-000001.arxheap"
        evil.write_bytes(b"no snapshot")
        other = folder / "y-8-60a24181e4001-000001.arxheap"
        other.write_bytes(b"no snapshot")
        run = arxheap("report", folder)
        check(run.returncode == 2 and not CONTROL.search(run.stderr), "nor does a file's name in an error", run.stderr)

        for words in (["report", "--stacks", "--all"], ["flame", "-o", "-"], ["export", "-o", folder / "x.pb.gz"],
                      ["leaks", "--all"]):
            run = arxheap(*words, deep)
            check(run.returncode == 0 and len(run.stdout) < 20_000_000,
                  f"{words[0]} bounds the calls inlined at one address", f"status {run.returncode}")

        pipe = folder / "pipe"
        os.mkfifo(pipe)
        for command in ("report", "leaks", "flame", "inspect", "symbolize"):
            try:
                status, error = (run := arxheap(command, pipe)).returncode, run.stderr
            except subprocess.TimeoutExpired:
                status, error = None, "it hung"
            check(status == 2, f"{command} does not wait for a pipe", error)
    print(f"1..{number}")
    return failed > 0


raise SystemExit(main())
