#!/bin/sh
# exact-long.sh - estimates against tracemalloc over 20 runs
exec "${PYTHON3:-/usr/bin/python3}" "$(dirname "$0")/exact.py" --runs 20
