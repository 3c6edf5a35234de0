#!/bin/sh
# exact-long.sh - estimates against tracemalloc over 10 runs, 20 when LK_TEST_LONG is set
runs=10
[ -z "${LK_TEST_LONG-}" ] || runs=20
exec "${PYTHON3:-/usr/bin/python3}" "$(dirname "$0")/exact.py" --runs $runs
