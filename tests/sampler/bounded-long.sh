#!/bin/sh
# bounded-long.sh - a gigabyte of blocks, each of which was a sample once.
if [ "$(sed -n 's/^MemAvailable: *\([0-9]*\) kB/\1/p' /proc/meminfo)" -lt 2500000 ]; then
	echo "SKIP bounded-long.sh: needs 2.5 GB of memory"
	exit 77
fi
LK_TEST_LONG=1 exec "${PYTHON3:-python3}" "$(dirname "$0")/bounded.py"
