#!/usr/bin/env python3
"""Threads, coroutines, signal handlers and libraries that come and go, all of them allocating."""
import sys

from runtime_tools import BROKEN, expect, run_tests

built = {}


def crowd(place, mode, **settings):
    if "crowd" not in built:
        built["crowd"] = place.build("thread_crowd.c")
    done = place.run(built["crowd"], mode, **{"ARXHEAP_SAMPLE": "1", **settings})
    return place.last(done.folder)


def samples(snapshot, function):
    return sum(site.samples for site in snapshot.through(function))


def samples_outlive_their_thread_and_are_freed_by_any(place):
    snapshot = crowd(place, "crowd")
    expect(samples(snapshot, "thread_keeps") == 2000, f"{samples(snapshot, 'thread_keeps')} of 2000")
    expect(samples(snapshot, "thread_passes_on") == 0, "a block that another thread freed lives on")
    sites = snapshot.through("thread_keeps")
    expect(len(sites) == 1, f"{len(sites)} stacks for one")
    names = sites[0].names()
    expect(names[:2] == ["thread_keeps", "come_and_go"] and not sites[0].flags, f"{names}")


def a_thread_on_the_smallest_stack_is_sampled(place):
    snapshot = crowd(place, "tiny")
    expect([(s.samples, s.size) for s in snapshot.through("thread_keeps")] == [(1, 5000)], "not seen")


def coroutines_have_stacks_of_their_own(place):
    snapshot = crowd(place, "coroutines")
    expect(samples(snapshot, "coroutine_keeps") == 20, "samples are missing")
    for site in snapshot.through("coroutine_keeps"):
        expect(site.names()[:2] == ["coroutine_keeps", "run_coroutine"], f"{site.names()}")
        expect("main" not in site.names(), "the scheduler's stack is below that of a coroutine")


def interrupted(place, mode):
    snapshot = crowd(place, mode)
    made = sum(site.births for site in snapshot.through("prepare"))
    gone = sum(site.frees for site in snapshot.through("prepare"))
    expect(made == gone == 4000, f"{made} made, {gone} freed, of 4000")
    return snapshot


def a_signal_handler_may_free_and_resize_samples_while_the_program_computes(place):
    snapshot = interrupted(place, "computing")
    expect(sum(site.births for site in snapshot.through("handle")) > 0, "handlers are not sampled")


def a_signal_handler_may_free_and_resize_samples_while_the_profiler_works(place):
    for mode in ("naming", "mapping"):
        snapshot = interrupted(place, mode)
        expect(snapshot.counters["dropped_nested"] > 0, "no handler met the profiler at work")


def plugins(place):
    if "host" not in built:
        built["host"] = place.build("plugin_host.c")
        for number, frame in ((1, 1000), (2, 2000)):
            built[number] = place.build("plugin_code.c", "-shared", "-fPIC",
                                        f"-DPLUGIN_ALLOCATES=plugin{number}_allocates",
                                        f"-DPLUGIN_FRAME={frame}", name=f"libplugin{number}.so")
    return built["host"], built[1], built[2]


def a_storm_of_loading_and_unloading_breaks_no_stack(place):
    host, first, second = plugins(place)
    done = place.run(host, "storm", first, second, ARXHEAP_SAMPLE="1")
    snapshot = place.last(done.folder)
    expect(not any(site.flags & BROKEN for site in snapshot.heap() if site.births), "a broken stack")
    expect(snapshot.counters["failed"] == 0, f"{snapshot.counters['failed']} stacks failed")


def a_library_that_was_unloaded_keeps_its_name(place):
    host, first, _ = plugins(place)
    folder = place.new_folder()
    snapshot = place.last(place.run(host, "gone", first, folder + "/*.arxheap", folder=folder,
                                    ARXHEAP_SAMPLE="1", ARXHEAP_INTERVAL="20ms").folder)
    expect(snapshot.sequence > 1, "no snapshot after the unloading")
    sites = [site for site in snapshot.heap() if site.size == 11111]
    expect([site.names()[:3] for site in sites] ==
           [["plugin1_allocates", "plugin_call", "main"]], f"{[site.names() for site in sites]}")


def a_library_at_the_place_of_another_has_its_own_names(place):
    host, first, second = plugins(place)
    done = place.run(host, "swap", first, second, ARXHEAP_SAMPLE="1")
    expect(done.stdout == "same\n", "the second library is elsewhere: nothing was tested")
    snapshot = place.last(done.folder)
    sites = [site for site in snapshot.heap() if site.size == 22222]
    expect([site.names()[:3] for site in sites] ==
           [["plugin2_allocates", "plugin_call", "main"]], f"{[s.names() for s in sites]}")
    expect(not sites[0].flags, f"flags {sites[0].flags}")


if __name__ == "__main__":
    sys.exit(run_tests(samples_outlive_their_thread_and_are_freed_by_any,
                       a_thread_on_the_smallest_stack_is_sampled,
                       coroutines_have_stacks_of_their_own,
                       a_signal_handler_may_free_and_resize_samples_while_the_program_computes,
                       a_signal_handler_may_free_and_resize_samples_while_the_profiler_works,
                       a_storm_of_loading_and_unloading_breaks_no_stack,
                       a_library_that_was_unloaded_keeps_its_name,
                       a_library_at_the_place_of_another_has_its_own_names))
