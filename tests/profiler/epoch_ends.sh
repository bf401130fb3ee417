#!/bin/bash
# The epochs of a profile of weeks, under the sanitizers.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cc -std=gnu11 -D_GNU_SOURCE -g -O1 -Wall -Wextra -Werror -fsanitize=address,undefined \
	-fno-sanitize-recover=all -I"$root/profiler" -I"$root" -o "$folder/epoch_ends" \
	"$root/tests/profiler/epoch_ends.c" "$root/profiler/runtime/snapshot_epochs.c" -lm ||
	{ echo "Bail out! does not compile"; exit 1; }
"$folder/epoch_ends"
