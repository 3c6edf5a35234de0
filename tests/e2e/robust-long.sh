#!/bin/sh
# robust-long.sh - the abuse for longer; when LK_TEST_LONG is set, a client stopped for a minute
set -- --phase 6 --stopped 15
[ -z "${LK_TEST_LONG-}" ] || set -- --phase 10 --stopped 60
exec "${PYTHON3:-/usr/bin/python3}" "$(dirname "$0")/robust.py" --app flask "$@"
