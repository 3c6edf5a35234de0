#!/bin/sh
# leaks-flask.sh - every leak of the Flask shop twice
exec "${PYTHON3:-/usr/bin/python3}" "$(dirname "$0")/leaks.py" --app flask --runs 2 --window 40 --warm-up 15 --rate 100 --at-once 4
