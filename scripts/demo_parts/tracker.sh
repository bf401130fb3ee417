#!/usr/bin/env bash
#
# tracker.sh
#     The wallet tracker with its deliberate leak, under the heap profiler:
#     tracker.sh SOCKET_FOLDER SECONDS SNAPSHOT_FOLDER.
#
# A service would be sampled every 512 KiB and looked at every 30 s.  So that
# half a minute tells as much as an hour would, both are smaller here.

set -euo pipefail

socket=$1
seconds=$2
snapshots=$3
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

exec profiler/build/arxheap run --dir "$snapshots" --sample 16k --interval 200ms \
    --no-report -- examples/tracker/tracker --leak --seconds "$seconds" \
    "host=$socket user=postgres dbname=postgres"
