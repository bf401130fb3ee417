# shellcheck shell=bash disable=SC2154
#
# chroot.sh
#     Other PostgreSQL majors for scripts/test: each in a folder with a minimal
#     Debian of the suite that packages it.
#
# The folders are kept below ${ARX_PERF_CACHE:-/var/cache/arx_perf} and may be
# removed at any time.  A folder is built under another name and renamed when
# complete, so one that is there is whole.  Needs lib.sh.

cache=${ARX_PERF_CACHE:-/var/cache/arx_perf}

# Prints the Debian suite that packages a major.
suite_of_major() {
    case $1 in
        15) echo bookworm ;;
        17) echo trixie ;;
        18) echo sid ;;
        19) echo experimental ;;
    esac
}

# What a folder holds beside the server and its headers.
chroot_packages() {
    echo gcc make libc6-dev perl libipc-run-perl python3 binutils libjemalloc-dev libdw-dev zlib1g-dev pgbouncer
    case $1 in
        15 | 17 | 18) echo "postgresql-$1-pg-stat-kcache postgresql-$1-pg-wait-sampling" ;;
    esac
}

# need_chroot MAJOR: makes sure that the folder is there and sets $chroot_dir.
# Fails, having said why, when it cannot be made.
need_chroot() {
    local major=$1 wanted lock
    chroot_dir=$cache/pg$major
    wanted=$(chroot_packages "$major" | xargs)
    if ! is_root; then
        echo "error: PostgreSQL $major needs a chroot folder, and that needs root" >&2
        echo "hint: run this command as root, or test the major of this release only" >&2
        return 1
    fi
    need_packages mmdebstrap
    mkdir -p "$cache"
    exec {lock}>"$cache/pg$major.lock"
    flock "$lock"
    if [ "$(cat "$chroot_dir/etc/arx_perf_packages" 2>/dev/null)" != "$wanted" ]; then
        say "Making a folder with PostgreSQL $major ($(suite_of_major "$major")) in $chroot_dir"
        if ! build_chroot "$major" "$wanted"; then
            exec {lock}>&-
            return 1
        fi
    fi
    exec {lock}>&-
}

# build_chroot MAJOR PACKAGES: the part that takes time and needs the network.
build_chroot() {
    local major=$1 wanted=$2 suite partial=$chroot_dir.partial log=$work/log/chroot$1
    local -a options
    suite=$(suite_of_major "$major")
    rm -rf --one-file-system "$partial"
    # The server's package must not make a cluster, see install_packages.
    # shellcheck disable=SC2016 # $1 belongs to the hook
    options=(--variant=minbase
        --setup-hook='mkdir -p "$1/etc/postgresql-common/createcluster.d"'
        --setup-hook='echo "create_main_cluster = false" > "$1/etc/postgresql-common/createcluster.d/none.conf"')
    local server="postgresql-$major postgresql-server-dev-$major"
    case $suite in
        sid | experimental) options+=(--aptopt='Acquire::Check-Valid-Until "false"') ;;
    esac
    if [ "$suite" = experimental ]; then
        # experimental is no suite of its own: it goes on top of sid.
        # shellcheck disable=SC2016
        options+=(--include="${wanted// /,}"
            --customize-hook='sed -n "s/ sid / experimental /p" "$1/etc/apt/sources.list" > "$1/etc/apt/sources.list.d/experimental.list"'
            --customize-hook='chroot "$1" apt-get -o Acquire::Check-Valid-Until=false update'
            --customize-hook="chroot \"\$1\" apt-get -t experimental install -y --no-install-recommends $server")
        suite=sid
    else
        options+=(--include="$(echo "$wanted $server" | tr ' ' ,)")
    fi
    setsid mmdebstrap "${options[@]}" "$suite" "$partial" >"$log" 2>&1 </dev/null &
    child=$!
    local rc=0
    wait "$child" || rc=$?
    child=
    if [ $rc -ne 0 ]; then
        show_tail "$log" 15 >&2
        echo "error: mmdebstrap could not make a folder with PostgreSQL $major from $suite" >&2
        echo "hint: it needs a network and about 1 GB in $cache (ARX_PERF_CACHE names another folder)" >&2
        rm -rf --one-file-system "$partial"
        return 1
    fi
    echo "$wanted" >"$partial/etc/arx_perf_packages"
    rm -rf --one-file-system "$chroot_dir"
    mv -T "$partial" "$chroot_dir"
}

# run_in_chroot LOG MAJOR ARGUMENTS...: scripts/test with the arguments in the
# folder of a major.  Processes, mounts and shared memory are in namespaces of
# their own and so end with it; its work folder lies in ours.
run_in_chroot() {
    local log=$1 major=$2 inside=$work/pg$2 rc=0 follower
    shift 2
    mkdir -p "$inside/src" "$inside/tmp"
    chmod 1777 "$inside/tmp"
    cp -a "$tree/." "$inside/src/"
    : >"$log"
    # shellcheck disable=SC2016 # expanded by the inner shell
    setsid unshare --mount --pid --ipc --fork --kill-child bash -c '
        set -e
        root=$1 inside=$2
        shift 2
        mount -t proc proc "$root/proc"
        mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
        mount --bind "$inside" "$root/mnt"
        exec chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
            HOME=/root TMPDIR=/mnt/tmp LC_ALL=C.UTF-8 bash /mnt/src/scripts/test "$@"
    ' bash "$chroot_dir" "$inside" "$@" </dev/null >"$log" 2>&1 &
    child=$!
    tail -n +1 -f --pid="$child" "$log" | sed -u "s/^/[$major] /" &
    follower=$!
    wait "$child" || rc=$?
    child=
    wait "$follower" || true
    return $rc
}
