#!/usr/bin/env bash
#
# load.sh
#     The load of the demo: load.sh SOCKET_FOLDER SECONDS SNAPSHOT_FOLDER.
#
# Every load_*.pgbench runs as clients of its own beside pgbench's TPC-B; every
# load_*.sql again and again in a psql, some of its statements meant to fail,
# with the seconds that are left as :left.  Each is an application by that name.

set -euo pipefail

socket=$1
seconds=$2
snapshots=$3
# As long as the profiler needs to be sure of a leak.
tracker_seconds=30
cd "$(dirname "${BASH_SOURCE[0]}")"
export PGHOST=$socket PGUSER=postgres PGDATABASE=postgres

# Prints the name of a part without what all have.
application() {
    local name=${1#load_}
    echo "${name%%.*}"
}

# Goes on after each error, and ends with the load.
again_and_again() {
    local end=$((SECONDS + seconds))
    while [ "$SECONDS" -lt "$end" ]; do
        PGAPPNAME=$(application "$1") psql -X -q -v "left=$((end - SECONDS))" -f "$1" >/dev/null 2>&1 || true
    done
}

pids=()
PGAPPNAME=tpcb pgbench -n -b tpcb-like -c 4 -j 1 -M prepared -T "$seconds" &
pids+=($!)
for part in load_*.pgbench; do
    PGAPPNAME=$(application "$part") pgbench -n -f "$part" -c 2 -j 1 -T "$seconds" &
    pids+=($!)
done
for part in load_*.sql; do
    again_and_again "$part" &
    pids+=($!)
done
./tracker.sh "$socket" "$tracker_seconds" "$snapshots" &
pids+=($!)
rc=0
for pid in "${pids[@]}"; do
    wait "$pid" || rc=1
done
exit $rc
