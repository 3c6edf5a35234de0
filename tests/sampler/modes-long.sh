#!/bin/sh
# modes-long.sh - data stay right for a minute of stress, for each interpreter.
LK_TEST_LONG=1 exec "${PYTHON3:-python3}" "$(dirname "$0")/modes.py" data_stay_right_for_long
