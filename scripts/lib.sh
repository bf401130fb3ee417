# shellcheck shell=bash
#
# lib.sh
#     What scripts/demo and scripts/test share: Debian packages, a private copy
#     of the server, an unprivileged user, and a work folder that vanishes.
#
# The caller sets "set -euo pipefail", sources this file, and calls
# arx_begin.  Everything is kept below $work; whatever runs from there is
# stopped, and the folder removed, when the script ends in any way.
#
# Variables for the caller:
#   top       folder of the sources
#   work      work folder, owned by the user that runs the server
#   tree      copy of the sources in it, where things are built
#   prefix    private copy of the server, "make install" goes there
#   bindir    its programs
#   pg_config its pg_config
#   run_env   more variables (NAME=VALUE) for whatever runs as that user

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
work=
keep_work=
run_user=
child=
run_env=()
via_sudo=()

# Packages for building the extension for a major.
build_packages() {
    echo "gcc make libc6-dev postgresql-$1 postgresql-server-dev-$1"
}

# Packages for what stands between clients and the server.
pooler_packages() {
    echo "pgbouncer"
}

# Packages for building the heap profiler.
profiler_packages() {
    echo "gcc make binutils libc6-dev libjemalloc-dev libdw-dev zlib1g-dev"
}

say() {
    printf '==> %s\n' "$*"
}

note() {
    printf '    %s\n' "$*"
}

# die MESSAGE [HINT...]: one line of error, lines of hint, exit status 1.
die() {
    printf 'error: %s\n' "$1" >&2
    shift
    if [ $# -gt 0 ]; then
        printf 'hint: %s\n' "$@" >&2
    fi
    exit 1
}

# ---------------------------------------------------------------------------
# The machine
# ---------------------------------------------------------------------------

is_root() {
    [ "$(id -u)" -eq 0 ]
}

# True when server and headers of the major are installed on this machine.
is_installed() {
    [ -x "/usr/lib/postgresql/$1/bin/postgres" ] &&
        [ -x "/usr/lib/postgresql/$1/bin/pg_config" ] &&
        [ -f "/usr/lib/postgresql/$1/lib/pgxs/src/makefiles/pgxs.mk" ]
}

# Prints the major that this machine's Debian release packages, or, on a
# release not known here, the newest one that is installed.
host_major() {
    local id='' version='' major
    if [ -r /etc/os-release ]; then
        id=$(. /etc/os-release && echo "${ID:-}")
        version=$(. /etc/os-release && echo "${VERSION_ID:-}")
    fi
    case $id/$version in
        debian/12) echo 15 && return ;;
        debian/13) echo 17 && return ;;
    esac
    for major in 19 18 17 16 15; do
        if is_installed "$major"; then
            echo "$major"
            return
        fi
    done
    die "this machine is neither Debian 12 nor Debian 13 (${id:-unknown} ${version:-unknown})" \
        "Install a PostgreSQL 15 to 19 with its server headers below /usr/lib/postgresql."
}

# Prints those of the packages that are not installed.
missing_packages() {
    local package
    for package in "$@"; do
        if [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" != installed ]; then
            echo "$package"
        fi
    done
}

# True when apt knows a version of the package that it could install.
has_candidate() {
    [[ $(apt-cache policy "$1" 2>/dev/null) =~ Candidate:\ [0-9] ]]
}

# need_packages REQUIRED [WELCOME]: two lists, separated by blanks.  Installs
# what is missing; of the second list only what this release has.
need_packages() {
    local -a missing=()
    local package rc=0
    command -v apt-get >/dev/null ||
        die "this command installs Debian packages, and apt-get is not here" \
            "Run it on Debian 12 or 13, or in a container with one of them."
    # shellcheck disable=SC2086 # lists of words
    mapfile -t missing < <(missing_packages $1 | awk '!seen[$0]++')
    if [ ${#missing[@]} -gt 0 ]; then
        say "Debian packages missing: ${missing[*]}"
    fi
    if ! is_root && command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        via_sudo=(sudo -n)
    fi
    if [ ${#missing[@]} -gt 0 ]; then
        if ! is_root && [ ${#via_sudo[@]} -eq 0 ]; then
            die "installing packages needs root" \
                "Run this as root, then try again:" \
                "  apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
        fi
        apt_get update ||
            note "apt-get update failed; going on with the lists that are here"
    elif ! is_root && [ ${#via_sudo[@]} -eq 0 ]; then
        return 0
    fi
    # shellcheck disable=SC2086
    for package in $(missing_packages ${2:-}); do
        if has_candidate "$package"; then
            missing+=("$package")
        fi
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    say "Installing ${#missing[@]} packages and what they need"
    install_packages "${missing[@]}" || rc=$?
    [ $rc -lt 128 ] || exit $rc
    [ $rc -eq 0 ] ||
        die "apt-get could not install: ${missing[*]}" \
            "Its messages are above; is there a network, and is the list of sources right?"
}

# Debian's packages start what they bring: the server's a cluster named "main",
# PgBouncer's a service on TCP port 6432, both again at each boot.  Nobody asked
# for that here.  Two files forbid it for as long as apt-get runs; a subshell,
# so that they go in whatever way it ends.
install_packages() (
    folder=/etc/postgresql-common/createcluster.d
    policy=/usr/sbin/policy-rc.d
    conf=$folder/zz_arx_perf_scripts.conf
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    if [ -e "$policy" ]; then
        policy=
    fi
    trap 'allow_services "$conf" "$policy"' EXIT
    root mkdir -p "$folder"
    echo "create_main_cluster = false" | root tee "$conf" >/dev/null
    if [ -n "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' | root tee "$policy" >/dev/null
        root chmod 755 "$policy"
    fi
    rc=0
    apt_get install --no-install-recommends "$@" || rc=$?
    for package in "$@"; do
        if [ "$package" = pgbouncer ]; then
            disable_service pgbouncer
        fi
    done
    exit $rc
)

# allow_services CONF POLICY: takes the two files away; POLICY may be empty.
allow_services() {
    root rm -f "$1" ${2:+"$2"}
    root rmdir --ignore-fail-on-non-empty "$(dirname "$1")" 2>/dev/null || true
}

# disable_service NAME: not at boot, be it by systemd or by init scripts, and
# not now either, should a policy of this machine's own have let it start.
# (The link is what systemctl would take away, were it there.)
disable_service() {
    root systemctl disable "$1.service" >/dev/null 2>&1 ||
        root rm -f "/etc/systemd/system/multi-user.target.wants/$1.service"
    root update-rc.d "$1" disable >/dev/null 2>&1 || true
    root invoke-rc.d "$1" stop >/dev/null 2>&1 || true
}

# Runs a command as root.
root() {
    "${via_sudo[@]}" "$@"
}

# apt_get ARGUMENTS: quiet, asks nothing, shows its output on failure.
apt_get() {
    local log rc=0
    log=$(mktemp)
    root env DEBIAN_FRONTEND=noninteractive LC_ALL=C \
        apt-get -q -y -o Dpkg::Use-Pty=0 "$@" </dev/null >"$log" 2>&1 || rc=$?
    if [ $rc -ne 0 ]; then
        tail -n 20 "$log" >&2
    fi
    rm -f "$log"
    return $rc
}

# ---------------------------------------------------------------------------
# The work folder and who works there
# ---------------------------------------------------------------------------

# Makes the work folder, and makes sure that it goes.
arx_begin() {
    trap arx_end EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    if is_root; then
        if id postgres >/dev/null 2>&1; then
            run_user=postgres
        else
            run_user=nobody
        fi
    fi
    work=$(mktemp -d "${TMPDIR:-/tmp}/arx_perf.XXXXXX")
    work=$(cd "$work" && pwd -P)
    # A socket's path has at most 107 bytes, and the server's own tests add
    # some 35 to that of the folder for temporary files.
    if [ ${#work} -gt 60 ]; then
        die "the path $work is too long for a Unix socket" \
            "Set TMPDIR to a folder with a shorter path, for example /tmp."
    fi
    mkdir "$work/tmp" "$work/log" "$work/home"
    chmod 755 "$work"
    if [ -n "$run_user" ]; then
        chown "$run_user:" "$work" "$work/tmp" "$work/log" "$work/home"
    fi
    as_user test -w "$work/tmp" ||
        die "the user $run_user cannot work in $work" \
            "Set TMPDIR to a folder that every user can enter, for example /tmp."
}

# Runs when the script ends, whatever the reason.
arx_end() {
    local rc=$?
    trap '' INT TERM HUP
    if [ -n "$child" ]; then
        kill -TERM -- "-$child" 2>/dev/null || true
    fi
    if [ -n "$work" ] && [ -z "$keep_work" ]; then
        stop_all
        rm -rf "$work"
    fi
    exit $rc
}

# Prints the processes whose program lies in the work folder: those that this
# script started, and no others.
own_processes() {
    local proc
    for proc in /proc/[0-9]*; do
        case $(readlink "$proc/exe" 2>/dev/null || true) in
            "$work"/*) echo "${proc#/proc/}" ;;
        esac
    done
}

# Stops them: servers at once, but in their own way, so that they give their
# shared memory back; after ten seconds whatever is left.
stop_all() {
    local pids turn
    for turn in $(seq 100); do
        pids=$(own_processes)
        [ -n "$pids" ] || return 0
        # shellcheck disable=SC2086 # a list of numbers
        case $turn in
            1) kill -QUIT $pids 2>/dev/null || true ;;
            100) kill -KILL $pids 2>/dev/null || true ;;
        esac
        sleep 0.1
    done
}

# Turns the (sub)shell that calls it into a command of the unprivileged user,
# with a clean environment, in the sources' copy, leading a session of its own.
become() {
    local -a switch=()
    if [ -n "$run_user" ]; then
        switch=(setpriv "--reuid=$run_user" "--regid=$(id -g "$run_user")" --clear-groups)
    fi
    cd "${tree:-$work}" || exit 1
    exec setsid "${switch[@]}" env -i \
        "PATH=${bindir:+$bindir:}/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin" \
        "HOME=$work/home" "TMPDIR=$work/tmp" LC_ALL=C.UTF-8 \
        "PG_CONFIG=${pg_config:-}" "${run_env[@]}" "$@"
}

# Runs a short command as the unprivileged user.
as_user() (
    become "$@"
)

# run_logged LOG COMMAND...: as_user for a long command, output to a file.
# Waits in a way that lets a signal to this script through at once.
run_logged() {
    local log=$1 rc=0
    shift
    become "$@" >"$log" 2>&1 </dev/null &
    child=$!
    wait "$child" || rc=$?
    child=
    return $rc
}

# Copies the sources, without what was built there, for the unprivileged user.
copy_tree() {
    tree=$work/src
    mkdir "$tree"
    if is_git_tree; then
        (cd "$top" && git_here ls-files -z --cached --others --exclude-standard |
            while IFS= read -r -d '' file; do
                if [ -e "$file" ] || [ -L "$file" ]; then
                    printf '%s\0' "$file"
                fi
            done | tar --null --no-recursion -cf - -T -)
    else
        (cd "$top" && tar -cf - --exclude=./.git --exclude='*.o' --exclude='*.so' \
            --exclude='*.d' --exclude='*.bc' --exclude=build --exclude='tmp_check*' .)
    fi | tar --no-same-owner -xf - -C "$tree"
    if [ -n "$run_user" ]; then
        chown -R "$run_user:" "$tree"
    fi
    chmod -R u+rwX,go+rX "$tree"
}

git_here() {
    git -c safe.directory='*' -C "$top" "$@"
}

is_git_tree() {
    command -v git >/dev/null &&
        [ "$(git_here rev-parse --show-toplevel 2>/dev/null)" = "$top" ]
}

# ---------------------------------------------------------------------------
# The server
# ---------------------------------------------------------------------------

# Copies the installed server of a major below the work folder.  Its programs
# find everything else relative to themselves, so pg_config answers with the
# copy's folders and nothing is ever installed into the system's.
copy_server() {
    local major=$1 from=/usr/lib/postgresql/$1 name
    is_installed "$major" ||
        die "PostgreSQL $major is not complete below $from" \
            "Install the packages postgresql-$major and postgresql-server-dev-$major again."
    prefix=$work/usr
    bindir=$prefix/lib/postgresql/$major/bin
    pg_config=$bindir/pg_config
    mkdir -p "$prefix/lib/postgresql/$major/lib" "$prefix/share/postgresql"
    cp -a "$from/bin" "$prefix/lib/postgresql/$major/"
    for name in "$from"/lib/*; do
        if [ "${name##*/}" != bitcode ]; then
            cp -a "$name" "$prefix/lib/postgresql/$major/lib/"
        fi
    done
    cp -a "/usr/share/postgresql/$major" "$prefix/share/postgresql/"
    ln -s /usr/include "$prefix/include"
    # Beside the server, so that it is known as ours when all must stop.
    if [ -x /usr/sbin/pgbouncer ]; then
        cp /usr/sbin/pgbouncer "$bindir/"
    fi
    if [ -n "$run_user" ]; then
        chown -R -h "$run_user:" "$prefix"
    fi
    [ "$("$pg_config" --pkglibdir)" = "$prefix/lib/postgresql/$major/lib" ] ||
        die "the server in /usr/lib/postgresql/$major cannot be moved"
}

# make_arx LOG TARGET...: make in the copy of the sources, for the private server.
make_arx() {
    local log=$1
    shift
    run_logged "$log" make -s with_llvm=no "PG_CONFIG=$pg_config" "$@"
}

# show_tail FILE [LINES]: the end of a log, indented.
show_tail() {
    if [ -e "$1" ]; then
        tail -n "${2:-40}" "$1" | sed 's/^/      | /'
    fi
}

# The compiler's first messages: what follows is mostly their consequence.
show_first_errors() {
    if grep -q ': error: ' "$1"; then
        grep -A3 ': error: ' "$1" | head -n 24 | sed 's/^/      | /' || true
    else
        show_tail "$1" 24
    fi
}
