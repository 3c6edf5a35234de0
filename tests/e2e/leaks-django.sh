#!/bin/sh
# leaks-django.sh - every leak of the Django shop once more, longer than make check does; five times
# a minute when LK_TEST_LONG is set
set -- --runs 1 --window 30 --warm-up 12 --rate 100
[ -z "${LK_TEST_LONG-}" ] || set -- --runs 5 --window 60 --warm-up 20 --rate 80
exec "${PYTHON3:-/usr/bin/python3}" "$(dirname "$0")/leaks.py" --app django --at-once 4 "$@"
