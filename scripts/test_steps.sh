# shellcheck shell=bash disable=SC2154
#
# test_steps.sh
#     The steps of scripts/test on one server, and how their results are counted.
#
# Each step prints one line, and what failed.  Needs lib.sh.  The options of
# scripts/test are read from its variables quick, only, server_only,
# core_suite, fuzz_seconds, sanitize and valgrind.

passed=0
failed=0
skipped=0

# count PASSED FAILED SKIPPED
count() {
    passed=$((passed + $1))
    failed=$((failed + $2))
    skipped=$((skipped + $3))
}

closing_line() {
    echo "$passed passed, $failed failed, $skipped skipped"
}

# result STEP PASSED FAILED SKIPPED: counts and prints the line of a step.
result() {
    count "$2" "$3" "$4"
    printf '    %-28s %4d passed, %d failed, %d skipped\n' "$1" "$2" "$3" "$4"
}

# skip STEP REASON: counts one skipped check.
skip() {
    count 0 0 1
    printf '    %-28s skipped: %s\n' "$1" "$2"
}

# True when this name was asked for, or none in particular.
is_wanted() {
    local name
    [ ${#only[@]} -gt 0 ] || return 0
    for name in "${only[@]}"; do
        if [ "$name" = "$1" ]; then
            return 0
        fi
    done
    return 1
}

# True unless all names that were asked for are of tests without a server.
wants_server() {
    local name
    [ ${#only[@]} -gt 0 ] || return 0
    for name in "${only[@]}"; do
        if [ -f "$tree/sql/$name.sql" ] || [ -f "$tree/tests/tap/$name.pl" ] ||
            [ -f "$tree/tests/isolation/specs/$name.spec" ]; then
            return 0
        fi
    done
    return 1
}

# Prints passed, failed and skipped of a log in TAP, as prove -v, cmocka and
# pg_regress of 16 and later write it, or as pg_regress 15 writes its own.
# Only what stands at the left margin counts: a subtest is part of its test.
count_log() {
    awk '
        /^not ok [0-9]+.*# *([Ss][Kk][Ii][Pp]|TO[D]O)/ { s++; next }
        /^ok [0-9]+.*# *[Ss][Kk][Ii][Pp]/ { s++; next }
        /^1\.\.0 # *[Ss][Kk][Ii][Pp]/ { s++; next }
        /^not ok [0-9]+/ { f++; next }
        /^ok [0-9]+/ { p++; next }
        /^(test|    ) +[a-z0-9_]+ +\.\.\. ok/ { p++ }
        /^(test|    ) +[a-z0-9_]+ +\.\.\. FAILED/ { f++ }
        END { print p + 0, f + 0, s + 0 }' "$1"
}

# tap_result STEP LOG STATUS: counts a log; a program that failed without
# saying which test did, or that ran none, is one failed test.
tap_result() {
    local p f s
    read -r p f s < <(count_log "$2")
    if [ "$3" -ne 0 ] && [ "$f" -eq 0 ] || [ $((p + f + s)) -eq 0 ]; then
        f=$((f + 1))
    fi
    result "$1" "$p" "$f" "$s"
    grep -hiE '^(not )?ok .*# *skip|^1\.\.0 # *skip' "$2" | sed 's/^/      - /' || true
    [ "$f" -eq 0 ]
}

need_test_packages() {
    local required welcome
    required="$(build_packages "$1") $(profiler_packages) $(pooler_packages) perl libipc-run-perl python3${valgrind:+ valgrind}"
    welcome="postgresql-$1-pg-stat-kcache postgresql-$1-pg-wait-sampling"
    if [ -z "$server_only" ]; then
        required+=" libcmocka-dev $(profiler_test_packages)"
        welcome+=" clang-format-14 libclang-rt-14-dev libclang-rt-19-dev shellcheck"
    fi
    need_packages "$required" "$welcome"
}

# All steps on a server of this machine.
test_here() {
    local major=$1
    [ "$major" = "$(host_major)" ] || need_test_packages "$major"
    copy_server "$major"
    [ -z "$sanitize" ] || use_sanitizer
    say "$("$bindir/postgres" --version), $(uname -m)"
    if [ -z "$server_only" ] && [ -z "$core_suite" ]; then
        [ ${#only[@]} -gt 0 ] || step_lint
        step_unit
        [ -n "$quick" ] || step_fuzz
    fi
    [ -n "$core_suite$sanitize$valgrind" ] || step_profiler
    wants_server || return 0
    step_build || return 0
    [ -z "$valgrind" ] || use_memcheck
    if [ -n "$core_suite" ]; then
        step_core_suite "$core_suite"
    else
        steps_with_server
    fi
    [ -z "$sanitize" ] || step_sanitizer
    [ -z "$valgrind" ] || step_memcheck
}

steps_with_server() {
    # The sanitizer's own functions are among the symbols.
    [ ${#only[@]} -gt 0 ] || [ -n "$sanitize" ] || step_symbols
    step_regress
    [ -z "$quick" ] || return 0
    step_isolation
    # Under memcheck only those that were asked for.
    [ -n "$valgrind" ] && [ ${#only[@]} -eq 0 ] || step_tap
}

step_lint() {
    local log=$work/log/lint rc=0
    run_logged "$log" tests/lint/run || rc=$?
    tap_result "sources" "$log" $rc || grep -E '^(not ok|#)' "$log" | show_tail /dev/stdin 80
}

# One program of tests/unit after the other: each counts its own tests.
step_unit() {
    local log=$work/log/unit_build name rc
    local -a names=()
    [ -f "$tree/tests/unit/Makefile" ] || return 0
    for name in "$tree"/tests/unit/test_*.c; do
        name=$(basename "$name" .c)
        if is_wanted "$name"; then
            names+=("$name")
        fi
    done
    [ ${#names[@]} -gt 0 ] || return 0
    if ! run_logged "$log" make -s -j"$(nproc)" -C tests/unit "${names[@]/#/build/}"; then
        result "unit tests: build" 0 1 0
        show_tail "$log"
        return 0
    fi
    for name in "${names[@]}"; do
        rc=0
        log=$work/log/unit_$name
        run_logged "$log" env CMOCKA_MESSAGE_OUTPUT=TAP "tests/unit/build/$name" || rc=$?
        tap_result "unit: ${name#test_}" "$log" $rc || show_tail "$log"
    done
}

# Builds each fuzz target with clang's own fuzzer and lets it run for a while.
step_fuzz() {
    local source name clang rc log
    for clang in clang clang-14 clang-19 none; do
        if echo 'int LLVMFuzzerTestOneInput(const char *d, long n) { return 0; }' |
            as_user "$clang" -fsanitize=fuzzer,address -x c -o "$work/tmp/fuzzable" - 2>/dev/null; then
            break
        fi
    done
    for source in "$tree"/tests/fuzz/fuzz_*.c; do
        name=$(basename "$source" .c)
        if [ ! -f "$source" ] || ! is_wanted "$name"; then
            continue
        fi
        if [ "$clang" = none ]; then
            skip "fuzz: ${name#fuzz_}" "no clang with libFuzzer here"
            continue
        fi
        rc=0
        log=$work/log/$name
        run_fuzz "$log" "$clang" "$name" || rc=$?
        result "fuzz: ${name#fuzz_}" $((rc == 0)) $((rc != 0)) 0
        [ $rc -eq 0 ] || show_tail "$log"
    done
}

# run_fuzz LOG CLANG NAME: a target, on the inputs that the tree holds for it
# and what the fuzzer makes of them.
run_fuzz() {
    local log=$1 clang=$2 name=$3 found=$work/tmp/corpus_$3
    local -a known=()
    if [ -d "$tree/tests/fuzz/corpus/${name#fuzz_}" ]; then
        known=("tests/fuzz/corpus/${name#fuzz_}")
    fi
    as_user mkdir "$found"
    run_logged "$log" make -s -C tests/unit "CLANG=$clang" "build/$name" &&
        run_logged "$log" "tests/unit/build/$name" "-max_total_time=$fuzz_seconds" -max_len=16384 \
            -timeout=10 -rss_limit_mb=2048 "-artifact_prefix=$work/tmp/$name-" "$found" "${known[@]}"
}

# Builds and installs; that it does without a warning is a test.
step_build() {
    local log=$work/log/build
    if make_arx "$log" clean && make_arx "$log" -j"$(nproc)" "${build_options[@]}" all &&
        make_arx "$log" "${build_options[@]}" install; then
        [ ${#only[@]} -gt 0 ] || result "build" 1 0 0
        return 0
    fi
    result "build" 0 1 0
    show_first_errors "$log"
    for step in regress isolation tap; do
        skip "$step" "the library could not be built"
    done
    return 1
}

step_symbols() {
    local log=$work/log/symbols rc=0
    run_logged "$log" tests/lint/check_symbols.sh arx_perf.so || rc=$?
    result "exported symbols" $((rc == 0)) $((rc != 0)) 0
    [ $rc -eq 0 ] || show_tail "$log"
}

# Prints those words of the arguments that were asked for.
wanted_of() {
    local name
    for name in "$@"; do
        if is_wanted "$name"; then
            echo "$name"
        fi
    done
}

step_regress() {
    local log=$work/log/regress rc=0 names
    # shellcheck disable=SC2046 # lists of words
    names=$(wanted_of $(as_user make -s "PG_CONFIG=$pg_config" list-regress) | xargs)
    [ -n "$names" ] || return 0
    # What a test asked for by name may build upon.
    if [ ${#only[@]} -gt 0 ] && [ -f "$tree/sql/install.sql" ] && ! is_wanted install; then
        names="install $names"
    fi
    make_arx "$log" check-regress "REGRESS=$names" || rc=$?
    if ! tap_result "pg_regress" "$log" $rc; then
        failed_names "$log"
        show_tail "$tree/regression.diffs" 120
        [ -s "$tree/regression.diffs" ] || show_server_trouble "$log" "$tree/log"
    fi
    [ -z "$sanitize" ] || note_undefined
}

step_isolation() {
    local log=$work/log/isolation rc=0 names
    local -a specs=()
    for names in "$tree"/tests/isolation/specs/*.spec; do
        [ -f "$names" ] && specs+=("$(basename "$names" .spec)")
    done
    names=$(wanted_of "${specs[@]}" | xargs)
    [ -n "$names" ] || return 0
    make_arx "$log" check-isolation "ISOLATION=$names" || rc=$?
    if ! tap_result "isolation" "$log" $rc; then
        failed_names "$log"
        show_tail "$tree/output_iso/regression.diffs" 120
        [ -s "$tree/output_iso/regression.diffs" ] || show_server_trouble "$log" "$tree/output_iso/log"
    fi
    [ -z "$sanitize" ] || note_undefined
}

# Prints the lines of a log that name failed tests.
failed_names() {
    grep -E '^not ok|\.\.\. FAILED' "$1" | sed 's/^/      /' || true
}

# A server that did not start, or died: what was said last.
show_server_trouble() {
    show_tail "$1" 15
    show_tail "$2/initdb.log" 10
    show_tail "$2/postmaster.log" 30
}

# Each file by itself, so that its results and its logs stay together.
step_tap() {
    local file name log rc
    for file in "$tree"/tests/tap/*.pl; do
        name=$(basename "$file" .pl)
        if [ ! -f "$file" ] || ! is_wanted "$name"; then
            continue
        fi
        rc=0
        log=$work/log/tap_$name
        make_arx "$log" check-tap "PROVE_TESTS=tests/tap/$name.pl" || rc=$?
        if ! tap_result "tap: $name" "$log" $rc; then
            if grep -q '^not ok' "$log"; then
                grep -E '^(not ok|#)' "$log" | head -n 60 | sed 's/^/      | /' || true
            else
                show_tail "$log" 25
            fi
            show_tap_logs
        fi
        [ -z "$sanitize" ] || note_undefined
    done
}

# The ends of the server logs that a failed TAP file leaves.
show_tap_logs() {
    local file
    for file in "$tree"/tmp_check/log/*.log; do
        [ -f "$file" ] || continue
        echo "      ${file##*/}:"
        show_tail "$file" 12
    done
}
