#!/usr/bin/env python3
"""arxheap run: the program behaves as without it, or runs unprofiled and says so.  Prints TAP."""
import os
import signal
import subprocess
import sys

from cli_tools import ARXHEAP, arxheap, expect, refused
from snapshot_tools import BUILD, run_tests, wait_for

NOBODY = 65534
LIBRARY = os.path.join(BUILD, "libarxheap.so")


def run(place, *arguments, status=0, options=(), **settings):
    folder = place.path("run")
    return arxheap("run", "--dir", folder, *options, "--", *arguments, status=status, **settings)


def compile_program(place, name, source, *flags):
    program = place.path(name)
    subprocess.run([os.environ.get("CC", "cc"), "-x", "c", "-", "-o", program, *flags], input=source,
                   text=True, check=True)
    return program


def the_exit_status_is_the_programs(place):
    for status in (0, 1, 7, 255):
        run(place, "sh", "-c", f"exit {status}", status=status)
    run(place, "sh", "-c", "kill -KILL $$", status=128 + signal.SIGKILL)
    run(place, "sh", "-c", "kill -SEGV $$", status=128 + signal.SIGSEGV)


def a_program_that_cannot_be_started_is_an_error(place):
    missing = place.path("no-such-program")
    refused("run", "--", missing, saying="No such file")
    refused("run", "--", "no-such-program-anywhere", saying="No such file")
    plain = place.path("plain")
    with open(plain, "w", encoding="utf-8") as file:
        file.write("text\n")
    refused("run", "--", plain, saying="Permission denied")


def input_output_and_arguments_reach_the_program(place):
    done = subprocess.run([ARXHEAP, "run", "--dir", place.path("io"), "--no-report", "--", "sh", "-c",
                           'cat; echo "$0 $1" >&2', "--help", "-x"], input="text", text=True,
                          capture_output=True, check=True)
    expect(done.stdout == "text" and done.stderr == "--help -x\n", done)


def the_summary_names_program_and_folder(place):
    done = run(place, place.program, options=("--sample", "1"))
    expect("arxheap: snapshots are in " + place.path("run") in done.stderr, done.stderr)
    expect("no leak seen" in done.stderr, done.stderr)
    expect(run(place, place.program, options=("--no-report",)).stderr == "", "not silent")


def heed_signals():
    """What was started in the background ignores these, and so would the program."""
    for name in (signal.SIGINT, signal.SIGQUIT):
        signal.signal(name, signal.SIG_DFL)


def signals_reach_the_program(place):
    script = 'trap "echo got-$1; exit 3" $1; echo ready; while :; do read -t 1 x; done'
    for name in ("TERM", "HUP", "USR1", "INT", "QUIT"):
        process = subprocess.Popen([ARXHEAP, "run", "--dir", place.path("signals"), "--no-report", "--",
                                    "bash", "-c", script, "bash", name], text=True,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   start_new_session=True, preexec_fn=heed_signals)
        try:
            expect(process.stdout.readline() == "ready\n", name)
            process.send_signal(getattr(signal, "SIG" + name))
            said, _ = process.communicate(timeout=60)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
        expect(process.returncode == 3 and said == f"got-{name}\n", f"{name}: {said!r}")


def settings_reach_the_program(place):
    done = run(place, "env", options=("--sample", "64k", "--interval", "1.5", "--memory", "8M",
                                      "--depth", "50", "--keep", "1M", "--only", "env", "--only", "x",
                                      "--inert", "--no-report"), LD_PRELOAD="")
    for setting in ("ARXHEAP_SAMPLE=65536", "ARXHEAP_INTERVAL=1500ms", "ARXHEAP_MEMORY=8388608",
                    "ARXHEAP_DEPTH=50", "ARXHEAP_KEEP=1048576", "ARXHEAP_ONLY=env:x",
                    "ARXHEAP_INERT=1", "ARXHEAP_DIR=" + place.path("run"), "LD_PRELOAD=" + LIBRARY):
        expect(setting in done.stdout.splitlines(), f"{setting} not in {done.stdout}")


def another_preload_is_kept(place):
    library = compile_program(place, "other.so", "int arx_other;", "-shared", "-fPIC")
    done = run(place, "env", options=("--no-report",), LD_PRELOAD=library)
    expect(f"LD_PRELOAD={LIBRARY}:{library}" in done.stdout, done.stdout)


def runs_unprofiled(place, program, because, status=0):
    """It runs, a note says why unprofiled; with --strict it does not."""
    done = run(place, program, status=status)
    expect("runs unprofiled: " in done.stderr and because in done.stderr, done.stderr)
    expect(done.stdout.strip() == "ran", f"it did not run: {done.stdout!r}")
    refused("run", "--strict", "--dir", place.path("run"), "--", program, saying=because)


RAN = '#include <stdio.h>\n#include <stdlib.h>\nint main(void) { puts("ran"); return 0; }\n'


def a_static_program_runs_unprofiled(place):
    runs_unprofiled(place, compile_program(place, "static", RAN, "-static"), "statically linked")
    runs_unprofiled(place, compile_program(place, "pie", RAN, "-static-pie", "-fPIE"),
                    "statically linked")


def a_script_is_judged_by_its_interpreter(place):
    compile_program(place, "shell", RAN, "-static")
    script = place.path("script")
    with open(script, "w", encoding="utf-8") as file:
        file.write(f"#!{place.path('shell')}\n")
    os.chmod(script, 0o755)
    runs_unprofiled(place, script, "statically linked")
    with open(script, "w", encoding="utf-8") as file:
        file.write("#!/usr/bin/env bash\necho ran\n")
    expect("unprofiled" not in run(place, script, options=("--strict",)).stderr, "env bash")


def a_program_with_a_malloc_of_its_own_runs_unprofiled(place):
    own = RAN + ("static char room[1 << 20]; static size_t used;\n"
                 "void *malloc(size_t n) { used += (n + 15) & ~15UL; return room + used - n; }\n"
                 "void free(void *p) { (void) p; }\n")
    runs_unprofiled(place, compile_program(place, "own", own, "-fno-builtin"), "malloc of its own")


def a_program_with_tcmalloc_runs_unprofiled(place):
    library = compile_program(place, "libtcmalloc.so.4", "int arx_tc;", "-shared", "-fPIC",
                              "-Wl,-soname,libtcmalloc.so.4")
    program = compile_program(place, "tc", RAN, "-Wl,--no-as-needed", "-x", "none", library,
                              "-Wl,-rpath," + place.folder)
    runs_unprofiled(place, program, "libtcmalloc.so.4")


def a_setuid_program_runs_unprofiled(place):
    if os.geteuid() != 0:
        return "needs root to make one"
    program = compile_program(place, "setuid", RAN)
    os.chown(program, NOBODY, NOBODY)
    os.chmod(program, 0o4755)
    runs_unprofiled(place, program, "is setuid")
    os.chmod(program, 0o2755)
    runs_unprofiled(place, program, "is setgid")
    return None


def a_program_of_another_architecture_is_named(place):
    program = compile_program(place, "other", RAN)
    with open(program, "r+b") as file:
        file.seek(18)
        file.write((8).to_bytes(2, "little"))
    refused("run", "--strict", "--", program, saying="another architecture")


def an_unwritable_folder_is_an_error_before_the_program_runs(place):
    blocked = place.path("a-file")
    with open(blocked, "w", encoding="utf-8"):
        pass
    marker = place.path("marker")
    refused("run", "--dir", blocked + "/sub", "--", "touch", marker, saying="could not make folder",
            hint="--dir")
    expect(not os.path.exists(marker), "it ran")


def a_missing_runtime_is_an_error(place):
    refused("run", "--runtime", place.path("none.so"), "--", "true", saying="could not find",
            hint="ARXHEAP_RUNTIME")


def exec_becomes_the_program(place):
    process = subprocess.Popen([ARXHEAP, "run", "--exec", "--dir", place.path("exec"), "--", "sh", "-c",
                                "echo $$; read x; exit 4"], text=True, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE)
    expect(int(process.stdout.readline()) == process.pid, "another process")
    process.communicate("\n", timeout=60)
    expect(process.returncode == 4, process.returncode)


def the_command_itself_is_not_profiled(place):
    folder = place.path("alone")
    arxheap("run", "--dir", folder, "--sample", "1", "--", place.program, status=0)
    wait_for(lambda: place.files(folder), "there are snapshots")
    names = {os.path.basename(path).rsplit("-", 3)[0] for path in place.files(folder)}
    expect(len(names) == 1 and names.pop().startswith("snapshot_prog"), "others were profiled")


if __name__ == "__main__":
    sys.exit(run_tests(the_exit_status_is_the_programs, a_program_that_cannot_be_started_is_an_error,
                       input_output_and_arguments_reach_the_program,
                       the_summary_names_program_and_folder, signals_reach_the_program,
                       settings_reach_the_program, another_preload_is_kept,
                       a_static_program_runs_unprofiled, a_script_is_judged_by_its_interpreter,
                       a_program_with_a_malloc_of_its_own_runs_unprofiled,
                       a_program_with_tcmalloc_runs_unprofiled, a_setuid_program_runs_unprofiled,
                       a_program_of_another_architecture_is_named,
                       an_unwritable_folder_is_an_error_before_the_program_runs,
                       a_missing_runtime_is_an_error, exec_becomes_the_program,
                       the_command_itself_is_not_profiled))
