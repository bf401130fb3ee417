#!/usr/bin/env python3
"""Programs that end in unusual ways under the preload, and estimates of blocks that are resized."""
import math
import os
import subprocess
import sys

from runtime_tools import HERE, Skip, expect, run_tests

BYTES = 5000 * 1025


def program(place):
    path = place.path("process_edges")
    if not os.path.exists(path):
        subprocess.run([os.environ.get("CC", "cc"), "-std=gnu11", "-D_GNU_SOURCE", "-O1", "-g",
                        "-fno-builtin", "-w", "-o", path, os.path.join(HERE, "process_edges.c"),
                        "-lpthread"], check=True)
    return path


def exit_in_a_signal_handler_does_not_hang(place):
    for i in range(60):
        place.run(program(place), "exit-in-handler", str(1000 + 97 * i), ARXHEAP_SAMPLE="1")


def malloc_is_no_point_where_threads_are_cancelled(place):
    for _ in range(10):
        place.run(program(place), "cancel", ARXHEAP_SAMPLE="1")


def streams_are_flushed_when_the_first_thread_ended_before(place):
    for _ in range(10):
        done = place.run(program(place), "end-first", ARXHEAP_SAMPLE="1", ARXHEAP_INTERVAL="1ms")
        expect(done.stdout == "said at the end\n", f"it said {done.stdout!r}")
        last = place.last(done.folder)
        expect(last.reason == 3, "its last snapshot is not the one at exit")
        expect(any(path.endswith("process_edges") for path in last.modules), "it has no modules")
        expect(last.counters["failed"] == 0, "stacks could not be walked")


def ratio(place, *way):
    """Estimate over truth; many runs."""
    found = []
    for _ in range(60):
        done = place.run(program(place), *way, ARXHEAP_SAMPLE="16k", ARXHEAP_MAPPINGS="0")
        found.append(sum(site.bytes for site in place.last(done.folder).heap()) / BYTES)
    mean = sum(found) / len(found)
    error = math.sqrt(sum((x - mean) ** 2 for x in found) / (len(found) - 1) / len(found))
    return mean, error


def expect_true(place, *way):
    """Within five standard errors, and a percent that the first size class may be off."""
    mean, error = ratio(place, *way)
    expect(abs(mean - 1) < 5 * error + 0.01, f"{mean:.3f} of the truth, +- {error:.3f}")


def blocks_that_keep_their_size_are_estimated_without_bias(place):
    expect_true(place, "plain")


def blocks_that_grew_in_steps_are_estimated_without_bias(place):
    expect_true(place, "steps")


def blocks_that_shrank_and_grew_again_are_estimated_without_bias(place):
    expect_true(place, "cycle", "1")
    expect_true(place, "cycle", "20")


def every_byte_counts_once_when_every_block_is_a_sample(place):
    done = place.run(program(place), "tiny", ARXHEAP_SAMPLE="1")
    tiny = [site for site in place.last(done.folder).heap() if site.samples == 5000]
    expect(len(tiny) == 1 and tiny[0].bytes == 5000, f"{[site.bytes for site in tiny]}")


def a_sampled_process_can_make_itself_a_user_namespace(place):
    if subprocess.run(["unshare", "--user", "true"], capture_output=True).returncode != 0:
        raise Skip("no user namespace can be made here")
    place.run("unshare", "--user", "true", ARXHEAP_SAMPLE="1")


if __name__ == "__main__":
    sys.exit(run_tests(
        exit_in_a_signal_handler_does_not_hang,
        malloc_is_no_point_where_threads_are_cancelled,
        streams_are_flushed_when_the_first_thread_ended_before,
        blocks_that_keep_their_size_are_estimated_without_bias,
        blocks_that_grew_in_steps_are_estimated_without_bias,
        blocks_that_shrank_and_grew_again_are_estimated_without_bias,
        every_byte_counts_once_when_every_block_is_a_sample,
        a_sampled_process_can_make_itself_a_user_namespace,
    ))
