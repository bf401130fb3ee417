# shellcheck shell=bash disable=SC2154
#
# profiler_steps.sh
#     The steps of scripts/test for the heap profiler: build, and the programs of
#     tests/profiler, each of which prints its own results in TAP.
#
# Needs lib.sh and test_steps.sh.

# Packages that its tests need beside these.
profiler_test_packages() {
    echo "python3 g++ gdb nodejs redis-tools sqlite3 protobuf-compiler util-linux"
}

# Prints the tests that were asked for: all of them, or, where only a server's
# major is tested, those of servers.
profiler_tests() {
    local file name
    for file in "$tree"/tests/profiler/*.sh "$tree"/tests/profiler/*.py \
        "$tree"/tests/profiler/verdict/*.py; do
        name=$(basename "$file")
        name=${name%.*}
        [ -x "$file" ] && is_wanted "$name" || continue
        if [ -z "$server_only" ] || [[ $name == postgresql* ]]; then
            echo "$file"
        fi
    done
}

step_profiler() {
    local log=$work/log/profiler_build file
    local -a files=()
    mapfile -t files < <(profiler_tests)
    [ ${#files[@]} -gt 0 ] || return 0
    if ! run_logged "$log" make -s -j"$(nproc)" -C profiler; then
        result "profiler: build" 0 1 0
        show_first_errors "$log"
        return 0
    fi
    [ ${#only[@]} -gt 0 ] || result "profiler: build" 1 0 0
    [ -z "$quick" ] || return 0
    for file in "${files[@]}"; do
        run_profiler_test "$file"
    done
}

# Programs with tests that need root: to become another user, to mount a small
# file system, to make a namespace or a setuid program.
root_tests=" cli_control cli_files cli_run process_edges runtime_fork runtime_limits snapshot_files "

# One program of tests/profiler; with --as-root again as root, if it needs that.
run_profiler_test() {
    local name log rc=0
    name=$(basename "$1")
    name=${name%.*}
    log=$work/log/profiler_$name
    run_logged "$log" env ARXHEAP_BUILD="$tree/profiler/build" PG_CONFIG="$pg_config" "$1" || rc=$?
    profiler_result "profiler: $name" "$log" $rc
    if [ -n "$as_root" ] && [[ $root_tests == *" $name "* ]]; then
        rc=0
        ARXHEAP_BUILD=$tree/profiler/build run_as_root "$log.root" "$1" || rc=$?
        profiler_result "profiler: $name, as root" "$log.root" $rc
    fi
}

# run_as_root LOG COMMAND...: like run_logged, without giving up rights.
run_as_root() {
    local log=$1 rc=0
    shift
    (cd "$tree" && exec "$@") >"$log" 2>&1 </dev/null &
    child=$!
    wait "$child" || rc=$?
    child=
    return $rc
}

# profiler_result STEP LOG STATUS
profiler_result() {
    if ! tap_result "$1" "$2" "$3"; then
        local log=$2
        if grep -q '^not ok' "$log"; then
            grep -E '^(not ok|#)' "$log" | head -n 60 | sed 's/^/      | /' || true
        else
            show_tail "$log" 25
        fi
    fi
}
