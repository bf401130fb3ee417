#!/usr/bin/env python3
"""What the arxheap command says of itself, and to those who use it wrongly.  Prints TAP."""
import os
import re
import subprocess
import sys

from cli_tools import ARXHEAP, COMMANDS, arxheap, expect, refused
from snapshot_tools import ROOT, run_tests

CLI = os.path.join(ROOT, "profiler", "cli")
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")


def options_of(command):
    said = arxheap(command, "--help").stdout
    return {option for line in said.splitlines() if line.lstrip().startswith("-")
            for option in OPTION.findall(line[:28])}


def help_lists_all_commands(_):
    said = arxheap("--help").stdout
    for command in COMMANDS:
        expect(re.search(rf"^  {command} ", said, re.M), command)
    expect(arxheap("help").stdout == said, "help and --help differ")
    expect(arxheap("-h").stdout == said, "-h and --help differ")


def help_of_each_command_teaches_with_examples(_):
    for command in COMMANDS:
        said = arxheap(command, "--help").stdout
        expect(said.startswith(f"usage: arxheap {command}"), command)
        expect(re.search(rf"^examples?:\n  arxheap {command}", said, re.M), f"{command}: example")
        expect(arxheap("help", command).stdout == said, f"help {command}")
        expect(max(map(len, said.splitlines())) <= 96, f"{command}: a line is too long")
        expect({"--help", "--progress", "--json"} <= options_of(command), command)


def manual_page_and_completion_know_every_option(_):
    with open(os.path.join(CLI, "arxheap.1"), encoding="utf-8") as file:
        page = file.read().replace("\\-", "-")
    for command in COMMANDS:
        expect(f"\n.SS {command}\n" in page, f"{command} is not in the manual page")
        for option in options_of(command):
            expect(re.search(re.escape(option) + r"(?![a-z-])", page),
                   f"{option} of {command} is not in the manual page")
        offered = complete("arxheap", command, "--")
        expect(options_of(command) <= set(offered), f"{command}: offered {offered}")


def complete(*words):
    script = ("source arxheap.bash; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _arxheap; "
              "printf '%s\\n' \"${COMPREPLY[@]}\"")
    environment = {**os.environ, "PATH": os.path.dirname(ARXHEAP) + ":" + os.environ["PATH"]}
    return subprocess.run(["bash", "-c", script, "bash", *words], cwd=CLI, env=environment, text=True,
                          capture_output=True, check=True).stdout.split()


def completion_offers_commands_and_values(_):
    expect(set(COMMANDS) <= set(complete("arxheap", "")), "commands")
    expect(complete("arxheap", "sn") == ["snapshot"], "snapshot")
    expect(complete("arxheap", "export", "--format", "s") == ["speedscope"], "formats")
    expect("suspect" in complete("arxheap", "leaks", "--min-verdict", ""), "verdicts")


def version_is_told(_):
    expect(re.fullmatch(r"arxheap \d+\.\d+\n", arxheap("--version").stdout), "version")


def wrong_usage_exits_with_1_and_a_hint(_):
    for arguments, saying, hint in (
            (("reprot",), 'no command "reprot"', "arxheap report"),
            (("zzz",), 'no command "zzz"', "--help"),
            (("help", "zzz"), 'no command "zzz"', "--help"),
            (("report", "--nope"), "--nope", "arxheap report --help"),
            (("arm",), "argument missing", "arxheap arm --help"),
            (("diff",), "argument missing", "arxheap diff --help"),
            (("run",), "argument missing", "arxheap run --help"),
            (("inspect", "a", "b"), "too many arguments", "arxheap inspect --help"),
            (("report", "--top"), "needs a value", "arxheap report --help"),
            (("report", "--top", "-3"), "whole number", "--help"),
            (("arm", "12x"), "not a process id", "arxheap list"),
            (("arm", "12", "--sample", "much"), "a size such as", "--help"),
            (("arm", "12", "--timeout", "soon"), "a duration such as", "--help"),
            (("export", "--format", "xml"), 'no format "xml"', "speedscope"),
            (("export", "--json"), "--json needs --output", "--help"),
            (("leaks", "--min-verdict", "bad"), 'no verdict "bad"', "bounded-cache"),
            (("watch",), "not a terminal", "--once")):
        refused(*arguments, saying=saying, status=1, hint=hint)
    done = subprocess.run([ARXHEAP], capture_output=True, text=True)
    expect(done.returncode == 1 and "usage:" in done.stderr and not done.stdout, "no arguments")


def a_reader_that_leaves_early_is_no_crash(_):
    done = subprocess.run(["bash", "-c", '"$0" report --help | head -c 1; echo "${PIPESTATUS[0]}"',
                           ARXHEAP], capture_output=True, text=True, check=True)
    expect(done.stdout[-2] in "02" and not done.stderr, done)


def output_to_a_full_device_is_an_error(_):
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run([ARXHEAP, "--help"], stdout=full, stderr=subprocess.PIPE, text=True)
    expect(done.returncode == 2 and "No space left" in done.stderr, done)


if __name__ == "__main__":
    sys.exit(run_tests(help_lists_all_commands, help_of_each_command_teaches_with_examples,
                       manual_page_and_completion_know_every_option,
                       completion_offers_commands_and_values, version_is_told,
                       wrong_usage_exits_with_1_and_a_hint, a_reader_that_leaves_early_is_no_crash,
                       output_to_a_full_device_is_an_error))
