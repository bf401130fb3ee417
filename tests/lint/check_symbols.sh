#!/usr/bin/env bash
#
# check_symbols.sh
#     Every symbol that the library exports carries the project's prefix.
#
# PostgreSQL 15 loads libraries with all their symbols global: one without the
# prefix could hide, or be hidden by, a symbol of another library.

set -euo pipefail

if [ ! -f "${1:-}" ]; then
    echo "usage: $0 LIBRARY" >&2
    exit 2
fi

foreign=$(nm -D --defined-only "$1" | awk '{ print $3 }' |
    grep -vE '^(arx_|Arx|ARX_|pg_finfo_arx_|pg_finfo_|_PG_init$|_PG_fini$|Pg_magic_func$|_init$|_fini$)' || true)
if [ -n "$foreign" ]; then
    echo "exported without the prefix arx_:"
    printf '%s\n' "$foreign"
    exit 1
fi
