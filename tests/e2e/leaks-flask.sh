#!/bin/sh
# leaks-flask.sh - every leak of the Flask shop once more, longer than make check does
exec "${PYTHON3:-/usr/bin/python3}" "$(dirname "$0")/leaks.py" --app flask --runs 1 --window 30 --warm-up 12 --rate 100 --at-once 4
