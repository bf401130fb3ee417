# shellcheck shell=bash disable=SC2154
#
# core_suite.sh
#     PostgreSQL's own regression suite without and with the library, for
#     scripts/test --core-suite.
#
# What is asked is not whether the suite passes (the tree may be another minor
# than the server, a machine may lack a locale) but whether the library changes
# anything: a test passes here when it ends the same way in both runs, and, if
# it fails in both, with the same output.  Needs lib.sh and test_steps.sh.

# check_core_suite DIR: ends the script when there is no suite in it.
check_core_suite() {
    [ -f "$1/src/test/regress/parallel_schedule" ] ||
        die "there is no src/test/regress in \"$1\"" \
            "--core-suite wants an unpacked source tree of PostgreSQL, of the major under test."
}

# copy_core_suite DIR TO: the part of a source tree that the suite is.
copy_core_suite() {
    mkdir -p "$2/src/test"
    cp -a "$1/src/test/regress" "$2/src/test/"
}

# Builds the suite's own library for the private server, in $core.  Its tests
# take two more of the server's from the folder of the first.
build_core_library() {
    local libraries
    libraries=$("$pg_config" --pkglibdir)
    # shellcheck disable=SC2016 # expanded by make
    printf '%s\n' 'MODULES = regress' 'PGXS := $(shell $(PG_CONFIG) --pgxs)' \
        'include $(PGXS)' >"$core/pgxs.mk"
    run_logged "$work/log/core_build" make -s -C "$core" -f pgxs.mk with_llvm=no \
        "PG_CONFIG=$pg_config" regress.so &&
        as_user cp "$libraries/autoinc.so" "$libraries/refint.so" "$core/"
}

# run_core_suite NAME SETTING...: one run, its output in $core/NAME.
run_core_suite() {
    local name=$1
    shift
    mkdir "$core/$name"
    # Query ids are computed but not shown by EXPLAIN, as the server's own
    # tests of its statistics module want it.
    printf '%s\n' 'fsync = off' 'compute_query_id = regress' "$@" >"$core/$name/extra.conf"
    [ -z "$run_user" ] || chown -R "$run_user:" "$core/$name"
    # That tests fail is looked at afterwards.
    run_logged "$work/log/core_$name" env -C "$core/$name" \
        "$("$pg_config" --pkglibdir)/pgxs/src/test/regress/pg_regress" \
        --inputdir="$core" --outputdir="$core/$name" --dlpath="$core" --bindir="$bindir" \
        --temp-instance="$work/tmp/core_$name" --temp-config="$core/$name/extra.conf" \
        --no-locale --encoding=UTF8 --max-concurrent-tests=20 \
        --schedule="$core/parallel_schedule" || true
    rm -rf "$work/tmp/core_$name"
    core_results "$work/log/core_$name" >"$work/log/core_$name.results"
    note "$name the library: $(grep -c ' ok$' "$work/log/core_$name.results" || true) ok," \
        "$(grep -c ' failed$' "$work/log/core_$name.results" || true) failed"
}

# Prints "test ok" or "test failed" for each test of a log, in order of names.
core_results() {
    awk '
        /^(not )?ok [0-9]+ +[-+] / {
            name = $0
            sub(/^(not )?ok [0-9]+ +[-+] +/, "", name)
            sub(/ .*/, "", name)
            print name, ($1 == "ok" ? "ok" : "failed")
        }
        /\.\.\. (ok|FAILED|failed)/ {
            print ($1 == "test" ? $2 : $1), (/\.\.\. ok/ ? "ok" : "failed")
        }' "$1" | sort
}

# step_core_suite DIR: both runs and the comparison.
step_core_suite() {
    local name without with same=0 differ=0
    core=$work/core
    copy_core_suite "$1" "$work/core_tree"
    mv "$work/core_tree/src/test/regress" "$core"
    [ -z "$run_user" ] || chown -R "$run_user:" "$core"
    if ! build_core_library; then
        result "core suite: build" 0 1 0
        show_tail "$work/log/core_build"
        return 0
    fi
    run_core_suite without
    run_core_suite with "shared_preload_libraries = 'arx_perf'" \
        "arx_perf.track = 'all'" "arx_perf.track_planning = on"
    while read -r name without with; do
        if [ "$without" = "$with" ] && { [ "$with" = ok ] || same_output "$name"; }; then
            same=$((same + 1))
            [ "$with" = ok ] || note "fails in both, with the same output: $name"
        else
            differ=$((differ + 1))
            note "differs: $name ($without without the library, $with with it)"
            diff -u "$core/without/results/$name.out" "$core/with/results/$name.out" |
                head -n 40 | sed 's/^/      | /' || true
        fi
    done < <(join -a 1 -a 2 -e missing -o 0,1.2,2.2 \
        "$work/log/core_without.results" "$work/log/core_with.results")
    if [ $((same + differ)) -eq 0 ]; then
        differ=1
        show_tail "$work/log/core_with"
    fi
    result "core suite, same result" "$same" "$differ" 0
}

same_output() {
    cmp -s "$core/without/results/$1.out" "$core/with/results/$1.out"
}
