#!/bin/bash
# The ledger of mappings against a model that knows each page, in one process
# and under the sanitizers.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cc -std=gnu11 -D_GNU_SOURCE -g -O1 -Wall -Wextra -Werror -fsanitize=address,undefined \
	-fno-sanitize-recover=all -I"$root/profiler" -I"$root" -o "$folder/ledger_model" \
	"$root/tests/profiler/ledger_model.c" "$root/profiler/runtime/mapping_ledger.c" \
	"$root/profiler/runtime/region_tree.c" || { echo "Bail out! does not compile"; exit 1; }
"$folder/ledger_model"
