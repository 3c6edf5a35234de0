#!/bin/sh
# robust-long.sh - the abuse for longer, a client stopped for a minute
exec "${PYTHON3:-/usr/bin/python3}" "$(dirname "$0")/robust.py" --app flask --phase 10 --stopped 60
