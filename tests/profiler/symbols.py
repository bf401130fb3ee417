#!/usr/bin/env python3
"""Checks what profiler/symbols says of addresses in programs compiled here.

addr2line of binutils, which shares no code with libdw, is the measure for
lines and inlined calls; for programs of clang llvm-symbolizer is, as binutils
2.40 misreads the range lists that clang writes.  Prints TAP.  Needs cc, c++, binutils, and the
headers of libdw, libelf and zlib; what else is missing is skipped.
"""
import http.server
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
PROGRAMS = "symbols_programs"
CC = os.environ.get("CC", "cc")
CXX = os.environ.get("CXX", "c++")


class Skip(Exception):
    pass


def run(*command, env=None, text_input=None, fails=False):
    # the limit only ends what would never end
    done = subprocess.run(command, capture_output=True, text=True, errors="replace",
                          input=text_input, env=env, cwd=HERE, timeout=600)
    if done.returncode != 0 and not fails:
        raise AssertionError(f"{' '.join(command)}: exit {done.returncode}\n{done.stderr}")
    return done


def build_driver(folder):
    driver = os.path.join(folder, "symbolize_addresses")
    sources = [os.path.join(HERE, "symbolize_addresses.c")]
    symbols = os.path.join(TOP, "profiler", "symbols")
    sources += sorted(os.path.join(symbols, f) for f in os.listdir(symbols) if f.endswith(".c"))
    run(CC, "-std=gnu11", "-D_GNU_SOURCE", "-O1", "-g", "-fsanitize=address,undefined",
        "-fno-sanitize-recover=undefined", "-I", os.path.join(TOP, "profiler"), "-I", TOP,
        "-o", driver, *sources, "-ldw", "-lelf", "-lz", "-ldl",
        "-lpthread")
    return driver


class Case:
    """One test's folder, with what it needs of compilers and readers."""

    def __init__(self, driver):
        self.driver = driver
        self.folder = tempfile.mkdtemp(prefix="arxheap-symbols-")

    def path(self, *names):
        path = os.path.join(self.folder, *names)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return path

    def compile(self, name="inlined_calls.c", *flags, compiler=None, output="program"):
        compiler = compiler or (CXX if name.endswith(".cc") else CC)
        program = self.path(output)
        run(compiler, "-O2", "-g", "-Wl,--build-id=sha1", *flags, "-o", program,
            os.path.join(PROGRAMS, name))
        return program

    def strip_into(self, program, debug):
        """Moves the names of the program into the file debug."""
        run("objcopy", "--only-keep-debug", program, debug)
        run("strip", "--strip-all", program)

    def symbolize(self, program, addresses, *options, build_id=None, env=None):
        """Frames of each address as (function, file, line), and the problem."""
        if build_id is None:
            build_id = read_build_id(program)
        environment = dict(os.environ if env is None else env)
        done = run(self.driver, *options, program, build_id, env=environment,
                   text_input="".join(f"{a:x}\n" for a in addresses))
        frames = []
        for line in done.stdout.split("\n"):
            if line.startswith("0x"):
                frames.append([])
            elif line.startswith("\t"):
                function, file, number = line[1:].split("\t")
                frames[-1].append((function, file, int(number)))
        assert len(frames) == len(addresses), done.stdout
        return frames, re.search(r"^problem: (.*)", done.stdout, re.M).group(1)


def read_build_id(path):
    found = re.search(r"Build ID: (\w+)", run("readelf", "-n", path, fails=True).stdout)
    return found.group(1) if found else "-"


def functions(program, *options):
    """(name, start, size) of the functions that nm knows, by address."""
    found = []
    for line in run("nm", "-S", "--defined-only", *options, program).stdout.splitlines():
        match = re.fullmatch(r"([0-9a-f]+) (?:([0-9a-f]+) )?[tTwW] (.*)", line)
        if match:
            start, size, name = match.groups()
            found.append((name, int(start, 16), int(size or "0", 16)))
    return sorted(found, key=lambda f: f[1])


def address_of(program, name):
    return next(start for n, start, _ in functions(program) if n == name)


def own_addresses(program, names):
    return [a for name, start, size in functions(program) if name in names
            for a in range(start, start + size)]


def read_by_others(reader, program, addresses):
    out = run(*reader, "-e", program,
              text_input="".join(f"{a:#x}\n" for a in addresses)).stdout.split("\n")
    out = [line for line in out if line]
    frames = []
    while out:
        line = out.pop(0)
        if re.fullmatch(r"0x[0-9a-f]+", line):
            frames.append([])
            continue
        file, number = re.sub(r" \(discriminator.*", "", out.pop(0)).rsplit(":", 1)
        frames[-1].append((line, "" if file == "??" else os.path.normpath(file),
                           0 if number == "?" else int(number)))
    return frames


def check_against(reader, case, program, names):
    addresses = own_addresses(program, names)
    assert len(addresses) > 100, len(addresses)
    found, problem = case.symbolize(program, addresses)
    expected = read_by_others(reader, program, addresses)
    assert problem == "", problem
    for address, mine, theirs in zip(addresses, found, expected):
        mine = [(f, os.path.normpath(p), n) for f, p, n in mine]
        assert mine == theirs, f"{address:#x}: {mine}, {reader[0]} says {theirs}"
    return found


ADDR2LINE = ["addr2line", "-aifC"]
LLVM_SYMBOLIZER = ["llvm-symbolizer", "--output-style=GNU", "-aifC"]
C_NAMES = ["load_customers", "load_orders", "count_kept", "main"]


def every_address_of_a_program_has_the_frames_that_addr2line_gives(case):
    for flags in (["-gdwarf-5"], ["-gdwarf-4"], ["-gdwarf-5", "-O3"], ["-gdwarf-4", "-no-pie"],
                  ["-gdwarf-5", "-gz=zlib"], ["-O0"]):
        found = check_against(ADDR2LINE, case, case.compile("inlined_calls.c", *flags), C_NAMES)
        assert "-O0" in flags or max(map(len, found)) >= 4, "no inlined calls in this program"


def an_inlined_chain_goes_from_the_allocation_to_its_caller(case):
    program = case.compile()
    frames, _ = case.symbolize(program, own_addresses(program, ["load_customers"]))
    chains = {tuple(f for f, _, _ in chain) for chain in frames}
    assert ("take_block", "take_pair", "keep_pairs", "load_customers") in chains, chains
    header, source = (open(os.path.join(HERE, PROGRAMS, f)).read().split("\n")
                      for f in ("inlined_steps.h", "inlined_calls.c"))
    for chain in frames:
        for caller, (function, file, line) in zip(chain[1:], chain):
            text = (header if caller[1].endswith("inlined_steps.h") else source)[caller[2] - 1]
            assert function + "(" in text, f"{caller} does not call {function}: {text}"


def debug_information_without_an_index_of_addresses_is_read(case):
    program = case.compile()
    run("objcopy", "--remove-section=.debug_aranges", program)
    check_against(ADDR2LINE, case, program, C_NAMES)


def debug_information_split_off_by_the_compiler_is_read(case):
    program = case.compile("inlined_calls.c", "-gsplit-dwarf", "-gdwarf-5")
    found, _ = case.symbolize(program, own_addresses(program, C_NAMES))
    assert max(map(len, found)) >= 4
    whole = case.compile("inlined_calls.c", "-gdwarf-5", output="whole")
    expected, _ = case.symbolize(whole, own_addresses(whole, C_NAMES))
    assert found == expected


def programs_of_clang_are_read(case):
    if not shutil.which("clang") or not shutil.which("llvm-symbolizer"):
        raise Skip("no clang or no llvm-symbolizer")
    for flags in (["-gdwarf-5"], ["-gdwarf-4"], ["-gdwarf-5", "-gline-tables-only"]):
        program = case.compile("inlined_calls.c", *flags, compiler="clang")
        check_against(LLVM_SYMBOLIZER, case, program, C_NAMES)


def names_of_cpp_are_readable(case):
    program = case.compile("cpp_names.cc")
    take = "shop::Basket<long>::take(unsigned long)"
    weigh = "shop::(anonymous namespace)::weigh(shop::Basket<long>&, int)"
    # without its arguments where debug information names it: that has no
    # linker's name for a function of no other file
    for names in ({take: take, weigh: "weigh"}, {take: take, weigh: weigh}):
        for name, start, _ in functions(program, "-C"):
            name = name.split(" [clone")[0]
            if name in names:
                frames, _ = case.symbolize(program, [start])
                assert frames[0][-1][0].split(" [clone")[0] == names.pop(name), frames
        assert not names, names
        run("strip", "--strip-debug", program)


def a_stripped_program_gets_its_names_from_the_folder_of_build_ids(case):
    program = case.compile()
    addresses = own_addresses(program, C_NAMES)
    expected, _ = case.symbolize(program, addresses)
    build_id = read_build_id(program)
    debug = case.path("debug", ".build-id", build_id[:2], build_id[2:] + ".debug")
    case.strip_into(program, debug)
    found, problem = case.symbolize(program, addresses, "--debug-path",
                                    case.path("none") + ":" + case.path("debug"))
    assert (found, problem) == (expected, "")
    os.remove(program)
    found, problem = case.symbolize(program, addresses, "--debug-path", case.path("debug"),
                                    build_id=build_id)
    assert (found, problem) == (expected, "")


def a_stripped_program_gets_its_names_by_its_debug_link(case):
    for debug, options in (("program.debug", []), (".debug/program.debug", []),
                           ("else/program.debug", ["--debug-path", case.path("else")])):
        program = case.compile()
        addresses = own_addresses(program, C_NAMES)
        expected, _ = case.symbolize(program, addresses)
        debug = case.path(debug)
        case.strip_into(program, debug)
        run("objcopy", "--add-gnu-debuglink=" + debug, program)
        found, problem = case.symbolize(program, addresses, *options)
        assert (found, problem) == (expected, ""), problem
        os.remove(debug)


def debug_information_shared_by_a_package_is_read(case):
    if not shutil.which("dwz"):
        raise Skip("no dwz")
    program = case.compile()
    addresses = own_addresses(program, C_NAMES)
    expected, _ = case.symbolize(program, addresses)
    assert max(map(len, expected)) >= 4
    shared = case.path("shared.debug")
    run("dwz", "-m", shared, program, case.compile("inlined_calls.c", "-O1", output="other"))
    names = set(re.findall(r"(?:take_block|take_pair|keep_pairs)\b",
                           run("readelf", "--debug-dump=no-follow-links,info", program).stdout))
    assert len(names) < 3, "dwz moved nothing"
    found, problem = case.symbolize(program, addresses)
    assert (found, problem) == (expected, "")
    # moved away, it is found by its build id
    build_id = read_build_id(shared)
    shutil.move(shared, case.path("debug", ".build-id", build_id[:2], build_id[2:] + ".debug"))
    found, problem = case.symbolize(program, addresses, "--debug-path", case.path("debug"))
    assert (found, problem) == (expected, "")


def a_debug_file_of_another_build_is_not_used(case):
    program = case.compile()
    address = address_of(program, "load_orders")
    debug = case.path("program.debug")
    case.strip_into(case.compile("inlined_calls.c", "-O1", output="other"), debug)
    run("strip", "--strip-all", program)
    run("objcopy", "--add-gnu-debuglink=" + debug, program)
    frames, problem = case.symbolize(program, [address])
    assert frames == [[]] and "no debug file" in problem, (frames, problem)


def without_build_id_the_checksum_of_the_debug_file_decides(case):
    program = case.compile("inlined_calls.c", "-Wl,--build-id=none")
    address = address_of(program, "load_orders")
    debug = case.path("program.debug")
    case.strip_into(program, debug)
    run("objcopy", "--add-gnu-debuglink=" + debug, program)
    frames, problem = case.symbolize(program, [address], build_id="-")
    assert frames[0][-1][0] == "load_orders" and problem == "", (frames, problem)
    with open(debug, "ab") as file:
        file.write(b"\0")
    frames, problem = case.symbolize(program, [address], build_id="-")
    assert frames == [[]] and "no debug file" in problem, (frames, problem)


def a_stripped_program_without_debug_file_has_no_names_and_says_why(case):
    program = case.compile()
    addresses = own_addresses(program, C_NAMES)
    build_id = read_build_id(program)
    run("strip", "--strip-all", program)
    found, problem = case.symbolize(program, addresses)
    assert not any(found) and "stripped" in problem and build_id in problem, problem


def exported_names_stay_within_their_size(case):
    library = case.compile("inlined_calls.c", "-shared", "-fPIC", output="library.so")
    listed = functions(library)
    run("strip", "--strip-all", library)
    exported = {name for name, _, _ in functions(library, "-D")}
    assert "load_orders" in exported and "count_kept" not in exported
    for name, start, size in listed:
        if size == 0:
            continue
        inside, problem = case.symbolize(library, [start, start + size - 1])
        named = [[(name, "", 0)]] * 2 if name in exported else [[], []]
        assert inside == named, (name, inside)
        assert "only exported functions" in problem, problem


def padding_and_addresses_outside_have_no_name(case):
    program = case.compile()
    listed = functions(program)
    covered = {a for _, start, size in listed for a in range(start, start + size)}
    covered |= {start for _, start, _ in listed}
    gaps = [start + size for _, start, size in listed if size > 0 and start + size not in covered]
    assert gaps
    found, _ = case.symbolize(program, [0, 1, 0xffffffffffffffff, 0x7fffffff, *gaps])
    assert not any(found), found


def a_function_without_size_ends_at_the_next_one(case):
    source = case.path("unsized.s")
    with open(source, "w") as file:
        file.write(".text\n.globl first\n.type first, @function\nfirst:\n.skip 32, 0x90\n"
                   ".globl second\n.type second, @function\nsecond:\n.skip 16, 0x90\n"
                   ".size second, 8\n")
    library = case.path("unsized.so")
    run(CC, "-shared", "-nostdlib", "-Wl,--build-id=sha1", "-o", library, source)
    start = address_of(library, "first")
    ask = [start, start + 31, start + 32, start + 39, start + 40]
    found, _ = case.symbolize(library, ask)
    assert [[f for f, _, _ in frames] for frames in found] == \
        [["first"], ["first"], ["second"], ["second"], []], found
    run("strip", "--strip-all", library)
    found, _ = case.symbolize(library, ask)
    assert [[f for f, _, _ in frames] for frames in found] == \
        [[], [], ["second"], ["second"], []], found


def a_name_is_shown_without_its_version(case):
    source, versions = case.path("versioned.s"), case.path("versions")
    with open(source, "w") as file:
        file.write(".text\n.globl take_v1\n.type take_v1, @function\ntake_v1:\n.skip 16, 0x90\n"
                   ".size take_v1, 16\n.symver take_v1, take@V1, remove\n")
    with open(versions, "w") as file:
        file.write("V1 { local: *; };\n")
    library = case.path("versioned.so")
    run(CC, "-shared", "-nostdlib", "-Wl,--build-id=sha1", "-Wl,--version-script=" + versions,
        "-o", library, source)
    found, _ = case.symbolize(library, [address_of(library, "take@V1")])
    assert found == [[("take", "", 0)]], found


def a_compressed_table_of_names_is_read(case):
    if not shutil.which("xz"):
        raise Skip("no xz")
    program = case.compile()
    addresses = own_addresses(program, C_NAMES)
    names = {a: n for n, start, size in functions(program) for a in range(start, start + size)}
    small = case.path("small")
    run("objcopy", "-S", "--remove-section=.comment", "--keep-symbol=load_orders",
        "--keep-symbol=load_customers", "--keep-symbol=count_kept", "--keep-symbol=main",
        "--only-keep-debug", program, small)
    run("strip", "--strip-debug", small)
    run("xz", "-f", small)
    run("strip", "--strip-all", program)
    run("objcopy", "--add-section=.gnu_debugdata=" + small + ".xz", program)
    found, problem = case.symbolize(program, addresses)
    assert found == [[(names[a], "", 0)] for a in addresses], found[:3]
    assert problem == ""


def a_replaced_program_is_refused_by_its_build_id(case):
    program = case.compile()
    address = address_of(program, "load_orders")
    before = read_build_id(program)
    case.compile("inlined_calls.c", "-O1")
    after = read_build_id(program)
    assert before != after
    frames, problem = case.symbolize(program, [address], build_id=before)
    assert frames == [[]]
    assert "was replaced" in problem and before in problem and after in problem, problem
    for wrong in ("-", before[:8]):
        frames, problem = case.symbolize(program, [address], build_id=wrong)
        assert frames == [[]] and "was replaced" in problem, (frames, problem)


def a_program_is_found_below_the_root_of_its_process(case):
    program = case.compile()
    address = address_of(program, "load_orders")
    build_id = read_build_id(program)
    inside = case.path("root" + program)
    shutil.move(program, inside)
    for path in (program, program + " (deleted)"):
        frames, problem = case.symbolize(path, [address], "--root", case.path("root"),
                                         build_id=build_id)
        assert frames[0][-1][0] == "load_orders" and problem == "", (frames, problem)
    # this machine's own file at that path is another one, and not used
    case.compile("inlined_calls.c", "-O1")
    frames, _ = case.symbolize(program, [address], "--root", case.path("root"), build_id=build_id)
    assert frames[0][-1][0] == "load_orders"


def what_is_no_program_has_no_names_and_says_why(case):
    text = case.path("text")
    with open(text, "w") as file:
        file.write("not a program\n")
    pipe = case.path("pipe")
    os.mkfifo(pipe)
    for path, words in ((text, "not an ELF"), (pipe, "not a regular file"),
                        (case.folder, "not a regular file"), ("/dev/zero", "not a regular file"),
                        (case.path("missing"), "no such file"), ("[vdso]", "is no file"),
                        ("", "is no file")):
        frames, problem = case.symbolize(path, [0x1000], build_id="0011")
        assert frames == [[]] and words in problem, (path, frames, problem)


def debug_files_come_from_a_server_only_when_allowed(case):
    program = case.compile()
    address = address_of(program, "load_orders")
    build_id = read_build_id(program)
    case.strip_into(program, case.path("server", "buildid", build_id, "debuginfo"))
    asked = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments):
            super().__init__(*arguments, directory=case.path("server"))

        def log_message(self, *arguments):
            asked.append(self.path)

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    env = dict(os.environ, DEBUGINFOD_URLS=f"http://127.0.0.1:{server.server_port}/",
               DEBUGINFOD_CACHE_PATH=case.path("cache"), no_proxy="127.0.0.1")
    try:
        frames, problem = case.symbolize(program, [address], env=env)
        assert frames == [[]] and problem and not asked, (frames, asked)
        frames, problem = case.symbolize(program, [address], "--debuginfod", env=env)
        if not asked and not frames[0]:
            raise Skip("no libdebuginfod")
        assert frames[0][-1][0] == "load_orders" and problem == "", (frames, problem)
    finally:
        server.shutdown()


def damage(data, random_source):
    """A file as a bad disk or an enemy would leave it."""
    data = bytearray(data)
    if random_source.random() < 0.2:
        return data[:random_source.randrange(len(data))]
    for _ in range(random_source.choice((1, 4, 32))):
        data[random_source.randrange(len(data))] = random_source.randrange(256)
    return data


def damaged_programs_do_no_harm(case):
    program = case.compile("inlined_calls.c", "-gdwarf-5")
    addresses = own_addresses(program, C_NAMES)[::7]
    build_id = read_build_id(program)
    with open(program, "rb") as file:
        whole = file.read()
    for seed in range(int(os.environ.get("ARXHEAP_DAMAGED_FILES", "120"))):
        with open(program, "wb") as file:
            file.write(damage(whole, random.Random(seed)))
        case.symbolize(program, addresses, build_id=build_id)


def entries_that_point_back_at_themselves_end(case):
    text = run(CC, "-O2", "-gdwarf-4", "-dA", "-S", "-o", "-",
               os.path.join(PROGRAMS, "inlined_calls.c")).stdout
    looped, here, n = [], "", 0
    for line in text.split("\n"):
        here = (re.search(r"\(DIE \((0x[0-9a-f]+)\)", line) or [0, here])[1]
        if "DW_AT_sibling" in line:
            line = "\t.long\t" + here
            n += 1
        looped.append(line)
    assert n > 10, n
    source, program = case.path("looped.s"), case.path("looped")
    with open(source, "w") as file:
        file.write("\n".join(looped))
    run(CC, "-Wl,--build-id=sha1", "-o", program, source)
    case.symbolize(program, own_addresses(program, C_NAMES))


TESTS = [test for name, test in list(globals().items())
         if callable(test) and getattr(test, "__code__", None)
         and test.__code__.co_varnames[:1] == ("case",) and test.__code__.co_argcount == 1]


def main():
    print(f"1..{len(TESTS)}", flush=True)
    failed = 0
    tools = tempfile.mkdtemp(prefix="arxheap-symbols-")
    driver = build_driver(tools)
    for number, test in enumerate(TESTS, 1):
        name = test.__name__.replace("_", " ")
        case = Case(driver)
        try:
            test(case)
            print(f"ok {number} - {name}", flush=True)
        except Skip as why:
            print(f"ok {number} - {name} # SKIP {why}", flush=True)
        except Exception as error:
            failed += 1
            print(f"not ok {number} - {name}")
            for line in f"{type(error).__name__}: {error}".split("\n"):
                print(f"# {line}", flush=True)
        finally:
            shutil.rmtree(case.folder, ignore_errors=True)
    shutil.rmtree(tools, ignore_errors=True)
    return 1 if failed else 0


sys.exit(main())
