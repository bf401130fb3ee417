#!/usr/bin/env python3
"""arm, disarm, snapshot, list and watch: talking to running processes.  Prints TAP."""
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time

from cli_tools import ARXHEAP, arxheap, expect, refused
from snapshot_tools import DEADLINE, Program, Slot, run_tests, wait_for

NOBODY = 65534


def start(place, name, **settings):
    program = Program(place, place.path(name), **settings)
    program.control = program.slot()
    wait_for(lambda: program.control.get(Slot.STATE) != 0, "the process says its state")
    return program


def in_background(*arguments):
    return subprocess.Popen([ARXHEAP, *arguments], text=True, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE)


def arm_begins_and_disarm_ends_sampling(place):
    program = start(place, "arm", ARXHEAP_INERT="1")
    pid = str(program.pid)
    refused("snapshot", pid, saying="is not armed", hint="arxheap arm")
    arming = in_background("arm", pid, "--sample", "4k", "--timeout", "50", "--json")
    while arming.poll() is None:
        program.tell("alloc 64 1000000")
        program.tell("free")
    said = json.loads(arming.communicate()[0])
    expect(said["state"] == "armed" and said["pid"] == program.pid, said)
    program.tell("alloc 2000 1000")
    path = arxheap("snapshot", pid).stdout.strip()
    expect(os.path.isfile(path), path)
    expect(json.loads(arxheap("report", path, "--json").stdout)["sample_bytes"] == 4096, "the rate")
    expect("is inert" in arxheap("disarm", pid).stdout, "disarm")
    expect(program.control.get(Slot.STATE) == Slot.INERT, "the slot")
    program.end()


def snapshot_gives_the_new_file(place):
    program = start(place, "snapshot")
    program.tell("alloc 1000 1000")
    first = arxheap("snapshot", str(program.pid)).stdout.strip()
    second = json.loads(arxheap("snapshot", str(program.pid), "--json").stdout)
    expect(first != second["snapshot"] and os.path.getsize(second["snapshot"]) == second["bytes"],
           second)
    program.kill()


def a_process_is_named_by_its_id_while_it_runs_and_later(place):
    program = start(place, "by-id")
    program.tell("alloc 1000 1000")
    refused("report", str(program.pid), saying="has no snapshot", hint="arxheap snapshot")
    arxheap("snapshot", str(program.pid))
    expect("snapshot_program" in arxheap("report", str(program.pid)).stdout, "while it runs")
    program.kill()
    said = arxheap("report", str(program.pid), ARXHEAP_DIR=program.folder).stdout
    expect("snapshot_program" in said, "later")


def unknown_processes_are_refused(place):
    child = subprocess.Popen(["true"])
    child.wait()
    for command in ("arm", "disarm", "snapshot"):
        refused(command, str(child.pid), saying="no process has the id", hint="arxheap list")
        refused(command, "0", saying="no process has the id")
        refused(command, "99999999999999", saying="no process has the id")
        refused(command, str(os.getpid()), saying="runs without the profiler", hint="arxheap run")


def a_process_of_another_user_is_refused(place):
    if os.geteuid() != 0:
        return "needs root to become another user"
    program = start(place, "foreign")
    for command in ("arm", "snapshot"):
        done = subprocess.run([ARXHEAP, command, str(program.pid)], capture_output=True, text=True,
                              preexec_fn=lambda: os.setuid(NOBODY))
        expect(done.returncode == 2 and "not permitted" in done.stderr and "hint: " in done.stderr, done)
    program.kill()
    return None


def a_process_without_control_file_is_refused(place):
    program = Program(place, "/proc/no-folder-here")
    program.tell("alloc 1 1")
    refused("arm", str(program.pid), saying="no control file", hint="ARXHEAP_DIR")
    program.kill()


def a_stopped_process_is_told_after_the_timeout(place):
    program = start(place, "stopped")
    program.tell("alloc 1000 1000")
    arxheap("snapshot", str(program.pid))
    os.kill(program.pid, signal.SIGSTOP)
    refused("snapshot", str(program.pid), "--timeout", "300ms", saying="did not answer", hint="--timeout")
    os.kill(program.pid, signal.SIGCONT)
    program.kill()


def a_process_that_dies_meanwhile_is_told(place):
    program = start(place, "dies")
    program.tell("alloc 1000 1000")
    os.kill(program.pid, signal.SIGSTOP)
    asking = in_background("snapshot", str(program.pid), "--timeout", "60")
    wanted = program.control.get(Slot.DONE) + 1
    wait_for(lambda: program.control.get(Slot.WANTED) == wanted, "the request is there")
    program.kill()
    _, said = asking.communicate(timeout=DEADLINE)
    expect(asking.returncode == 2 and "ended before it answered" in said, said)


def a_refused_process_says_why(place):
    program = start(place, "refused")
    # Stopped, it does not put its own state over the one that is tried here.
    os.kill(program.pid, signal.SIGSTOP)
    program.control.put(Slot.STATE, 3)
    program.control.put(28, 2)
    refused("snapshot", str(program.pid), "--timeout", "20", saying="no range of addresses")
    listed = json.loads(arxheap("list", program.folder, "--json").stdout)["processes"]
    expect("no range of addresses" in listed[0]["refusal"], listed)
    program.control.put(28, 4000000000)
    refused("snapshot", str(program.pid), "--timeout", "20", saying="does not know")
    program.kill()


def garbage_in_the_control_file_is_survived(place):
    program = start(place, "garbage")
    program.tell("alloc 1000 1000")
    arxheap("snapshot", str(program.pid))
    os.kill(program.pid, signal.SIGSTOP)
    start_of_owner = program.control.get(0)
    program.control.put(0, start_of_owner ^ 1)
    refused("snapshot", str(program.pid), saying="has no slot")
    program.control.put(0, start_of_owner)
    with open("/dev/urandom", "rb") as source:
        noise = source.read(128 * 2048)
    program.control.map[128:] = noise[:len(program.control.map) - 128]
    arxheap("list", program.folder, "--json")
    refused("snapshot", str(program.pid), saying="has no slot")
    program.control.map[0:8] = bytes(8)
    refused("snapshot", str(program.pid), saying="not a control file of this version")
    expect("note: " in arxheap("list", program.folder).stderr, "list says nothing")
    program.kill()
    with open(os.path.join(program.folder, "control"), "r+b") as file:
        file.truncate(100)
    expect("note: " in arxheap("list", program.folder).stderr, "list of a short file")


def list_tells_running_from_ended(place):
    program = start(place, "list")
    program.tell("alloc 1000 1000")
    arxheap("snapshot", str(program.pid))
    said = json.loads(arxheap("list", program.folder, "--json").stdout)["processes"]
    expect([entry["state"] for entry in said] == ["armed"], said)
    expect(said[0]["pid"] == program.pid and len(said[0]["snapshots"]) == 1, said)
    program.kill()
    said = json.loads(arxheap("list", program.folder, "--json").stdout)["processes"]
    expect([entry["state"] for entry in said] == ["ended"], said)
    expect(re.search(r"^\s*pid  program", arxheap("list", program.folder).stdout), "table")


def a_process_in_another_namespace_is_found(place):
    unshare = ["unshare", "--pid", "--fork", "--mount-proc"]
    if os.geteuid() != 0 or subprocess.run([*unshare, "true"], capture_output=True).returncode != 0:
        return "needs namespaces"
    program = Program(place, place.path("space"), wrap=unshare)
    program.tell("alloc 1000 1000")
    children = f"/proc/{program.pid}/task/{program.pid}/children"
    with open(children, encoding="utf-8") as file:
        pid = file.read().split()[0]
    path = arxheap("snapshot", pid).stdout.strip()
    expect(re.search(r"/snapshot_prog\w*-1-", path) and os.path.isfile(path), path)
    listed = json.loads(arxheap("list", program.folder, "--json").stdout)["processes"]
    inside = [entry for entry in listed if entry["inner_pid"] == 1]
    expect([entry["pid"] for entry in inside] == [int(pid)], inside)
    program.end()
    return None


def watch_in_a_pipe_prints_one_view(place):
    program = start(place, "watch")
    program.tell("alloc 4000 1000")
    arxheap("snapshot", str(program.pid))
    said = arxheap("watch", str(program.pid), "--once").stdout
    expect("now: armed, RSS" in said and "sum = RSS" in said and "\033" not in said, said)
    expect(json.loads(arxheap("watch", program.folder, "--json").stdout)["state"] == "armed", "json")
    program.kill()
    expect("has ended" in arxheap("watch", program.folder, "--once").stdout, "after the end")


def read_until(terminal, text):
    seen = b""
    end = time.monotonic() + DEADLINE
    while text not in seen and time.monotonic() < end:
        if select.select([terminal], [], [], 1)[0]:
            seen += os.read(terminal, 65536)
    expect(text in seen, f"{text!r} not in {seen!r}")
    return seen


def watch_restores_the_terminal(place):
    try:
        for descriptor in pty.openpty():
            os.close(descriptor)
    except OSError as error:
        return f"no terminal can be had: {error}"
    program = start(place, "terminal")
    program.tell("alloc 4000 1000")
    arxheap("snapshot", str(program.pid))
    for way in ("key", "signal"):
        terminal, inner = pty.openpty()
        before = termios.tcgetattr(inner)
        process = subprocess.Popen([ARXHEAP, "watch", str(program.pid), "--every", "100ms"],
                                   stdin=inner, stdout=inner, stderr=inner,
                                   env={**os.environ, "TERM": "xterm"})
        read_until(terminal, b"q ends")
        expect(termios.tcgetattr(inner) != before, "keys are not read one by one")
        if way == "key":
            os.write(terminal, b"q")
        else:
            process.send_signal(signal.SIGINT)
        read_until(terminal, b"\033[?25h\033[?1049l")
        expect(process.wait(timeout=DEADLINE) == 0, "exit status")
        expect(termios.tcgetattr(inner) == before, "the terminal is not as it was")
        os.close(terminal)
        os.close(inner)
    program.kill()


if __name__ == "__main__":
    sys.exit(run_tests(arm_begins_and_disarm_ends_sampling, snapshot_gives_the_new_file,
                       a_process_is_named_by_its_id_while_it_runs_and_later,
                       unknown_processes_are_refused, a_process_of_another_user_is_refused,
                       a_process_without_control_file_is_refused,
                       a_stopped_process_is_told_after_the_timeout,
                       a_process_that_dies_meanwhile_is_told, a_refused_process_says_why,
                       garbage_in_the_control_file_is_survived, list_tells_running_from_ended,
                       a_process_in_another_namespace_is_found, watch_in_a_pipe_prints_one_view,
                       watch_restores_the_terminal))
