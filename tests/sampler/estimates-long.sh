#!/bin/sh
# estimates-long.sh - ten times the runs of estimates.py.
LK_TEST_LONG=1 exec "${PYTHON3:-python3}" "$(dirname "$0")/estimates.py"
