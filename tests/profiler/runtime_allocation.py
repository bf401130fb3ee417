#!/usr/bin/env python3
"""malloc() and its family under the preload: rules kept, births kept, sampling goes on."""
import sys

from runtime_tools import LIBRARY, Skip, expect, run_tests

MEANS = ("1", "4k", "512k")


def obeys(place, program):
    for mean in MEANS:
        said = place.run(program, ARXHEAP_SAMPLE=mean).stdout
        expect(said == "done\n", f"with samples {mean} apart:\n{said}")


def every_way_to_allocate_keeps_its_rules(place):
    obeys(place, place.build("allocation_rules.c"))


def cpp_operators_keep_their_rules_and_are_seen(place):
    program = place.build("allocation_cpp.cc")
    obeys(place, program)
    snapshot = place.last(place.run(program, ARXHEAP_SAMPLE="1").folder)
    sites = snapshot.through("_ZL13made_with_newm")
    expect(any(site.size == 5000 for site in sites), f"{[site.size for site in sites]}")
    expect(not snapshot.through("_Unwind_RaiseException"), "a throw holds memory")


def jemalloc_functions_keep_their_rules_and_are_seen(place):
    try:
        program = place.build("allocation_jemalloc.c", "-ljemalloc")
    except Exception as error:
        raise Skip("no jemalloc to link with") from error
    obeys(place, program)
    snapshot = place.last(place.run(program, ARXHEAP_SAMPLE="1").folder)
    expect(any(site.size == 123456 for site in snapshot.through("main")), "mallocx() was not seen")


def cpp_operators_of_a_linked_jemalloc_do_not_mix_with_ours(place):
    try:
        program = place.build("allocation_jemalloc_cpp.cc", "-ljemalloc")
    except Exception as error:
        raise Skip("no jemalloc to link with") from error
    obeys(place, program)
    snapshot = place.last(place.run(program, ARXHEAP_SAMPLE="1").folder)
    sites = snapshot.through("_ZL13made_with_newv")
    expect(sum(site.size for site in sites) == 77777, "operator new was not seen")


def a_resized_block_keeps_its_birth(place):
    program = place.build("allocation_births.c")
    snapshot = place.last(place.run(program, ARXHEAP_SAMPLE="1").folder)
    born = sorted(site.size for site in snapshot.through("born_here"))
    sizes = [50, 105, 777, 10000, 40 << 20]
    expect(sum(born) == sum(sizes), f"{born}, not {sizes}")
    expect(sum(site.samples for site in snapshot.through("born_here")) == 5, "five live")
    expect(not any(site.samples for site in snapshot.through("resized_there")),
           "a resized sample counts as born where it was resized")
    deaths = sum(site.frees for site in snapshot.through("born_here"))
    expect(deaths == 2, f"{deaths} of 2 deaths were seen")


def a_huge_request_does_not_end_the_sampling(place):
    program = place.build("allocation_goes_on.c")
    for mean in MEANS:
        snapshot = place.last(place.run(program, ARXHEAP_SAMPLE=mean).folder)
        expect(any(site.size == 50 << 20 for site in snapshot.through("went_on")),
               f"with samples {mean} apart nothing was sampled behind it")


def no_frame_of_the_profiler_is_on_a_stack(place):
    program = place.build("allocation_stacks.c")
    snapshot = place.last(place.run(program, ARXHEAP_SAMPLE="1").folder)
    wanted = {f"by_{name}" for name in ("malloc calloc realloc_new realloc_grown reallocarray "
              "posix_memalign aligned_alloc memalign valloc pvalloc mallocx").split()}
    expect(not any(path == LIBRARY for path in snapshot.modules), "the library is on a stack")
    first = {site.names()[0] for site in snapshot.through("main")}
    expect(wanted <= first, f"not the innermost frame: {wanted - first}")


if __name__ == "__main__":
    sys.exit(run_tests(every_way_to_allocate_keeps_its_rules,
                       cpp_operators_keep_their_rules_and_are_seen,
                       jemalloc_functions_keep_their_rules_and_are_seen,
                       cpp_operators_of_a_linked_jemalloc_do_not_mix_with_ours,
                       a_resized_block_keeps_its_birth,
                       a_huge_request_does_not_end_the_sampling,
                       no_frame_of_the_profiler_is_on_a_stack))
