#!/usr/bin/env bash
#
# load.sh
#     The load of the demo: load.sh SOCKET_FOLDER SECONDS SNAPSHOT_FOLDER.
#
# Every load_*.pgbench runs as clients of its own beside pgbench's TPC-B; every
# load_*.sql, whose statements are meant to fail, again and again by psql.

set -euo pipefail

socket=$1
seconds=$2
snapshots=$3
# As long as the profiler needs to be sure of a leak.
tracker_seconds=30
cd "$(dirname "${BASH_SOURCE[0]}")"
export PGHOST=$socket PGUSER=postgres PGDATABASE=postgres

# Goes on after each error, and ends with the load.
fail_on_purpose() {
    local end=$((SECONDS + seconds))
    while [ "$SECONDS" -lt "$end" ]; do
        psql -X -q -f "$1" >/dev/null 2>&1 || true
    done
}

pids=()
pgbench -n -b tpcb-like -c 4 -j 1 -M prepared -T "$seconds" &
pids+=($!)
for part in load_*.pgbench; do
    pgbench -n -f "$part" -c 2 -j 1 -T "$seconds" &
    pids+=($!)
done
for part in load_*.sql; do
    fail_on_purpose "$part" &
    pids+=($!)
done
./tracker.sh "$socket" "$tracker_seconds" "$snapshots" &
pids+=($!)
rc=0
for pid in "${pids[@]}"; do
    wait "$pid" || rc=1
done
exit $rc
