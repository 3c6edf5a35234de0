#!/bin/sh
# leaks-django.sh - every leak of the Django shop five times, a minute each
exec "${PYTHON3:-/usr/bin/python3}" "$(dirname "$0")/leaks.py" --app django --runs 5 --window 60 --warm-up 20 --rate 80 --at-once 4
