#!/usr/bin/env python3
"""When snapshots are taken, and of which process.  Prints TAP.  Needs cc."""
import os
import sys

from snapshot_tools import (DISARM, EXIT, GROWTH, INTERVAL, REQUEST, Program, Slot, run_tests,
                            wait_for)

INERT_BYTES = 4 * 1024 * 1024


def a_snapshot_comes_at_each_interval(place):
    program = Program(place, place.path("interval"), ARXHEAP_INTERVAL="50ms")
    program.tell("alloc 1000 1000")
    found = program.await_snapshots(4, INTERVAL)
    assert [s["sequence"] for s in found] == list(range(1, len(found) + 1)), found
    for number, snapshot in enumerate(found):
        assert snapshot["error"] is None, snapshot
        assert len(snapshot["epochs"]) == number + 1, snapshot["epochs"]
        assert snapshot["epochs"][-1] == snapshot["elapsed_ms"], snapshot
    assert program.end()[0] == 0


def no_snapshot_comes_by_itself_without_an_interval(place):
    program = Program(place, place.path("none"), ARXHEAP_AT_EXIT="0")
    program.tell("alloc 1000 1000")
    assert program.end()[0] == 0
    assert program.files() == [], program.files()


def a_snapshot_comes_when_it_is_asked_for(place):
    program = Program(place, place.path("request"))
    program.tell("alloc 1000 1000")
    slot = program.slot()
    for turn in range(1, 4):
        number = slot.ask_snapshot()
        wait_for(lambda: slot.get(Slot.DONE) == number, "the request is answered")
        assert slot.get(Slot.ERRNO) == 0
        found = program.snapshots()
        assert len(found) == turn and found[-1]["reason"] == REQUEST, found
        assert found[-1]["command"] == place.program, found[-1]["command"]
        assert found[-1]["live_bytes"] > 500000, found[-1]
    assert program.end()[0] == 0


def a_snapshot_comes_when_memory_has_grown(place):
    program = Program(place, place.path("growth"), ARXHEAP_GROWTH="20", ARXHEAP_SAMPLE="65536")
    program.tell("alloc 100000 1000")
    assert program.await_snapshots(1, GROWTH)[0]["live_bytes"] > 60e6
    assert program.end()[0] == 0


def the_last_snapshot_comes_at_exit(place):
    program = Program(place, place.path("exit"))
    program.tell("alloc 1000 1000")
    assert program.end()[0] == 0
    found = program.snapshots()
    assert [s["reason"] for s in found] == [EXIT], found
    assert 500e3 < found[0]["live_bytes"] < 2e6, found[0]


def a_process_without_samples_leaves_none(place):
    program = Program(place, place.path("nothing"), ARXHEAP_SAMPLE="4G")
    program.tell("alloc 10 10")
    slot = program.slot()
    assert program.end()[0] == 0
    assert program.files() == [], program.files()
    assert slot.get(Slot.STATE) == Slot.EXITED


def an_inert_process_is_armed_and_disarmed_from_outside(place):
    program = Program(place, place.path("inert"), ARXHEAP_INERT="1", ARXHEAP_INTERVAL="50ms")
    program.tell("alloc 1000 1000")
    slot = program.slot()
    assert slot.get(Slot.STATE) == Slot.INERT and slot.get(Slot.HAS_THREAD) == 0
    slot.put(Slot.WANT_ARMED, 1)
    slot.wake()
    program.tell(f"alloc {2 * INERT_BYTES // 100000} 100000")
    wait_for(lambda: slot.get(Slot.STATE) == Slot.ARMED, "it is armed")
    program.await_snapshots(2, INTERVAL)
    slot.put(Slot.WANT_ARMED, 0)
    slot.wake()
    program.await_snapshots(1, DISARM)
    assert slot.get(Slot.STATE) == Slot.INERT
    assert program.end()[0] == 0


def an_inert_process_answers_a_request(place):
    program = Program(place, place.path("inert_request"), ARXHEAP_INERT="1")
    slot = program.slot()
    number = slot.ask_snapshot()
    program.tell(f"alloc {2 * INERT_BYTES // 100000} 100000")
    wait_for(lambda: slot.get(Slot.DONE) == number, "the request is answered")
    assert slot.get(Slot.ERRNO) == 0
    assert [s["samples"] for s in program.snapshots()] == [0]
    assert program.end()[0] == 0


def each_child_writes_a_series_of_its_own(place):
    folder = place.path("fork")
    program = Program(place, folder)
    program.tell("alloc 3000 1000")
    for _ in range(3):
        program.tell("fork 1000 1000")
    assert program.end()[0] == 0
    found = place.read(place.files(folder))
    children = [s for s in found if s["parent_pid"] == program.pid]
    assert len(found) == 4 and len(children) == 3, found
    assert len({s["pid"] for s in children}) == 3
    for child in children:
        assert child["sequence"] == 1 and 500e3 < child["live_bytes"] < 2e6, child
    assert len({s["live_bytes"] for s in children}) > 1, "children sampled the same blocks"


def a_process_ends_with_its_last_own_thread(place):
    program = Program(place, place.path("main_ends"), ARXHEAP_INTERVAL="50ms")
    program.tell("alloc 1000 1000")
    program.await_snapshots(1)
    program.tell("main-ends")
    assert program.end()[0] == 0


def a_program_that_closes_all_descriptors_is_not_disturbed(place):
    own = place.path("own_file")
    program = Program(place, place.path("closed"), ARXHEAP_INTERVAL="5ms")
    program.tell("alloc 1000 1000")
    program.await_snapshots(1)
    for _ in range(50):
        program.tell(f"close {own}")
    before = len(program.files())
    program.await_snapshots(before + 3)
    assert program.end()[0] == 0
    assert os.path.getsize(own) == 0, "something wrote into the program's file"
    assert all(s["error"] is None and s["counters"][12] == 0 for s in program.snapshots())


def names_of_labels_and_generated_code_are_kept(place):
    program = Program(place, place.path("names"))
    program.tell("label 7 statement-seven")
    program.tell("alloc 1000 1000")
    program.tell("label 8 statement-eight")
    program.tell("free")
    program.tell("label 7 SELECT")
    program.tell("generated 1000 1000")
    map_file = f"/tmp/perf-{program.pid}.map"
    assert program.end()[0] == 0
    if os.path.exists(map_file):
        os.unlink(map_file)
    last = program.snapshots()[-1]
    assert last["labels"].get("7") == "SELECT", last["labels"]
    assert "js:generated" in last["codes"] and "older:generated" not in last["codes"], last
    assert place.program in last["modules"], last["modules"]


sys.exit(run_tests(
    a_snapshot_comes_at_each_interval,
    no_snapshot_comes_by_itself_without_an_interval,
    a_snapshot_comes_when_it_is_asked_for,
    a_snapshot_comes_when_memory_has_grown,
    the_last_snapshot_comes_at_exit,
    a_process_without_samples_leaves_none,
    an_inert_process_is_armed_and_disarmed_from_outside,
    an_inert_process_answers_a_request,
    each_child_writes_a_series_of_its_own,
    a_process_ends_with_its_last_own_thread,
    a_program_that_closes_all_descriptors_is_not_disturbed,
    names_of_labels_and_generated_code_are_kept,
))
