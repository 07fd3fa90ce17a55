#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Figures of the console: how fast it is watched, against a raw read loop and pexpect in the same run.
# usage: console.sh [BUILD_DIR] [quick]     (BUILD_DIR: a release build, default build)
set -eu
build=${1:-build}
bench=$build/tests/console_bench
here=$(dirname "$0")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
small=100 large=1000
[ "${2:-}" = quick ] && { small=20 large=100; }

echo "load $(cut -d' ' -f1-3 /proc/loadavg), $(nproc) processors"
"$bench" raw $small
"$bench" search $small
"$bench" memory $small
"$bench" capture $small
"$bench" watch $small
"$bench" expect $small
"$bench" expect $small --escapes
echo "linear in size, flat in memory:"
for size in $((large / 100)) $((large / 10)) "$large"; do "$bench" expect "$size"; done

if ! python3 -c 'import pexpect' 2>/dev/null; then
  echo "pexpect is not installed (python3-pexpect): no comparison" >&2
  exit 0
fi
# SIZE PATTERNS WINDOW: small sizes where pexpect is quadratic
compare() {
  "$bench" serve "$1" "$scratch/socket" &
  local server=$!
  python3 "$here/console_pexpect.py" "$scratch/socket" "$2" "$3"
  kill "$server" 2>/dev/null || true
  wait "$server" 2>/dev/null || true
}
compare 1 50 0
compare 10 50 65536
compare 10 50 2000
compare 10 1 2000
