# shellcheck shell=bash disable=SC2034,SC2154
#
# checkers.sh
#     The tests of scripts/test under a checker of the running program: the
#     undefined-behaviour sanitizer, or valgrind's memcheck.
#
# Each is put in place before the tests, and asked after them what it found.
# Needs lib.sh and test_steps.sh.

# Passed to make when the library is built.
build_options=()

# A frame of a stack that is ours, by the path of its source, and one of the C
# library.
our_frame='/(extension|libarx)/[^ ]*[.][ch]:[0-9]|arx_perf[.]so'
libc_frame='/sysdeps/|[(](libio|string|malloc|stdio-common)/|/libc[.]so|/vgpreload'

# ---------------------------------------------------------------------------
# Undefined behaviour
# ---------------------------------------------------------------------------

# Builds with the sanitizer, its runtime linked into the library.  Extensions
# are compiled with -fwrapv, which would hide overflows.
use_sanitizer() {
    build_options=('COPT=-fno-wrapv -fsanitize=undefined -fno-sanitize-recover=all'
        PG_LDFLAGS=-static-libubsan)
    : >"$work/log/undefined"
}

# Adds what the servers of the last step said of it.  (Their logs, because the
# sanitizer finds its settings no more when the server has set its title.)
note_undefined() {
    find "$tree/log" "$tree/output_iso/log" "$tree/tmp_check/log" -name '*.log' -exec \
        grep -hs 'runtime error: ' {} + >>"$work/log/undefined" 2>/dev/null || true
}

step_sanitizer() {
    local found
    found=$(wc -l <"$work/log/undefined")
    result "undefined behaviour" $((found == 0)) $((found > 0)) 0
    sort -u "$work/log/undefined" | head -n 20 | sed 's/^/      | /'
}

# ---------------------------------------------------------------------------
# Memory
# ---------------------------------------------------------------------------

# Puts memcheck between whoever starts the private server and the server; not
# when initdb does, or who asks for the version.
use_memcheck() {
    as_user mkdir -p "$work/tmp/memcheck"
    mv "$bindir/postgres" "$bindir/postgres.unchecked"
    cat >"$bindir/postgres" <<END
#!/bin/bash
case " \$* " in
    *" --boot "* | *" --single "* | *" --check "* | *" -V "* | *" --version "* | *" -C "* | *" --describe-config "*)
        exec "$bindir/postgres.unchecked" "\$@" ;;
esac
exec valgrind --quiet --leak-check=no --trace-children=yes --error-limit=no --num-callers=20 \\
    --fullpath-after= --log-file="$work/tmp/memcheck/%p" "$bindir/postgres.unchecked" "\$@"
END
    chmod 755 "$bindir/postgres"
    run_env+=(PGCTLTIMEOUT=600 PG_TEST_TIMEOUT_DEFAULT=1800)
}

# Errors in memcheck's logs that have one of our functions among the four
# innermost of the stack, those of the C library left out.  Further out there
# always is one: the executor runs below our hooks, and the server writes padding
# to disk without harm.
memcheck_errors() {
    cat "$work"/tmp/memcheck/* 2>/dev/null | awk -v ours="$our_frame" -v libc="$libc_frame" '
        function tell() {
            if (is_ours) print text
            text = ""; frames = 0; is_ours = 0; done = 0
        }
        { sub(/^==[0-9]+== ?/, "") }
        /^ *$/ { tell(); next }
        { text = text $0 "\n" }
        /^ +(at|by) 0x/ {
            if (!done && $0 !~ libc && ++frames <= 4 && $0 ~ ours) is_ours = 1
            next
        }
        frames > 0 { done = 1 }
        END { tell() }'
}

step_memcheck() {
    local log=$work/log/memcheck servers
    servers=$(find "$work/tmp/memcheck" -type f | wc -l)
    memcheck_errors >"$log"
    if [ "$servers" -eq 0 ]; then
        result "memory" 0 1 0
        note "no server ran under memcheck"
        return
    fi
    if [ -s "$log" ]; then
        result "memory" 0 1 0
        head -n 60 "$log" | sed 's/^/      | /'
    else
        result "memory" 1 0 0
    fi
}
