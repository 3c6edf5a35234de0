#!/usr/bin/python3
"""demo.py - the main job on a real service: a Django shop that leaks, customers, leaktop.

    demo.py [--leak KIND] [--app django|flask] [-o FILE]

On a terminal it opens leaktop on the worker; mark a baseline with `b` and watch.  Elsewhere it
marks one after the warm-up, prints three batch frames and exports a snapshot.  LEAKTOP is the
program to show (default: ./leaktop).  Whatever happens, the service is gone afterwards.
"""
import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from customers import Customers  # noqa: E402
from service import NotStarted, Service, raise_on_signals  # noqa: E402

_RATE_PER_S = 120
_WARM_UP_S = 12
_KINDS = ("dict", "listeners", "logger", "lru", "generator", "exceptions", "none")


def _say(words):
    print(f"demo: {words}", flush=True)


def _leaktop(env, *arguments):
    program = os.environ.get("LEAKTOP", "./leaktop")
    print(f"$ leaktop {' '.join(arguments)}", flush=True)
    return subprocess.run([program, *arguments], env=env, check=False).returncode


def _on_terminal(env, pid):
    # Ctrl-C belongs to leaktop while it has the terminal
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return _leaktop(env, pid)
    finally:
        signal.signal(signal.SIGINT, before)


def _in_batch(env, pid, path):
    _say(f"warming up for {_WARM_UP_S} s")
    time.sleep(_WARM_UP_S)
    for arguments in (("baseline", pid, "warm"), ("-b", "-n", "3", "-d", "4", "--top", "8", pid),
                      ("export", pid, "-o", path)):
        code = _leaktop(env, *arguments)
        if code:
            _say(f"leaktop {arguments[0]} failed with {code}")
            return code
    if not os.path.getsize(path):
        _say(f"{path} is empty")
        return 2
    _say(f"snapshot: {path}")
    _say(f"look into it with: leaktop open {path}")
    return 0


def _default_path():
    folder = os.getcwd() if os.access(os.getcwd(), os.W_OK) else tempfile.gettempdir()
    return os.path.join(folder, "leaktop-demo.json")


def _demonstrate(options):
    program = os.environ.get("LEAKTOP", "./leaktop")
    with Service(options.app, options.leak, prefix=[program, "run", "--"]) as service, \
            Customers(service.port, rate=_RATE_PER_S):
        pid = str(service.worker_pids()[0])
        _say(f"a {options.app} shop (leak: {options.leak}) under gunicorn, worker {pid}, "
             f"{_RATE_PER_S} requests/s")
        env = {**os.environ, "LEAKTOP_DIR": service.leaktop_dir}
        if sys.stdin.isatty() and sys.stdout.isatty():
            return _on_terminal(env, pid)
        return _in_batch(env, pid, os.path.abspath(options.output))


def _arguments():
    parser = argparse.ArgumentParser(description="leaktop on a leaking service")
    parser.add_argument("--leak", choices=_KINDS, default="dict")
    parser.add_argument("--app", choices=("django", "flask"), default="django")
    parser.add_argument("-o", "--output", default=_default_path(), metavar="FILE")
    return parser.parse_args()


def main():
    options = _arguments()
    raise_on_signals()
    try:
        return _demonstrate(options)
    except (NotStarted, OSError) as why:
        print(f"demo: {why}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
