#!/bin/bash
# The ledger of mappings against a model that knows each page, in one process
# and under the sanitizers.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# The entry points under other names: the sanitizers have mmap() of their own.
cc -std=gnu11 -D_GNU_SOURCE -g -O1 -I"$root/profiler" -I"$root" -c -o "$folder/entry.o" \
	"$root/profiler/runtime/mapping_entry_points.c" &&
objcopy --redefine-sym mmap=tested_mmap --redefine-sym mmap64=tested_mmap64 \
	--redefine-sym munmap=tested_munmap --redefine-sym mremap=tested_mremap \
	--redefine-sym mprotect=tested_mprotect --redefine-sym brk=tested_brk \
	--redefine-sym sbrk=tested_sbrk "$folder/entry.o" &&
cc -std=gnu11 -D_GNU_SOURCE -g -O1 -Wall -Wextra -Werror -fsanitize=address,undefined \
	-fno-sanitize-recover=all -I"$root/profiler" -I"$root" -o "$folder/ledger_model" \
	"$root/tests/profiler/ledger_model.c" "$root/profiler/runtime/mapping_ledger.c" \
	"$root/profiler/runtime/region_tree.c" "$folder/entry.o" || { echo "Bail out! does not compile"; exit 1; }
"$folder/ledger_model"
