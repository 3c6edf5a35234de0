#!/usr/bin/python3
"""answers.py - the shops by themselves: each leak under each framework answers correctly.

Without leaktop.  What is asserted: every answer is right (load.py checks them), a wrong answer is
noticed, the count of leaked bytes follows the requests, and nothing is left behind.
"""
import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from service import Service, missing_package, raise_on_signals  # noqa: E402
from shop import leaks  # noqa: E402

_REQUESTS = 60


def _load(port, *more):
    run = subprocess.run([sys.executable, os.path.join(HERE, "load.py"), "--port", str(port),
                          "--requests", str(_REQUESTS), "--seconds", "30", *more],
                         stdout=subprocess.PIPE, text=True, check=False)
    return run.returncode, json.loads(run.stdout)


def _serves(app, leak):
    with Service(app, leak) as service:
        folder, pids = service.dir, [service.master_pid, *service.worker_pids()]
        code, result = _load(service.port)
        truth = service.truth()
    assert code == 0 and result["requests"] == _REQUESTS, result
    assert truth["requests"] == _REQUESTS, truth
    assert (truth["leaked_bytes"] == 0) if leak == "none" else \
        (8000 * _REQUESTS < truth["leaked_bytes"] < 24000 * _REQUESTS), truth
    assert not os.path.exists(folder), f"{folder} was left behind"
    left = [pid for pid in pids if os.path.exists(f"/proc/{pid}")]
    assert not left, f"processes {left} were left behind"
    return result


def _notices_wrong_answers(app):
    """A shop whose prices differ from the catalogue must fail the load."""
    with Service(app) as service:
        database = os.path.join(service.dir, "shop.sqlite3")
        with contextlib.closing(sqlite3.connect(database)) as db, db:
            db.execute("UPDATE product SET price_cents = price_cents + 1")
        code, result = _load(service.port)
    assert code == 1 and result["wrong"] > 0, result


def _leaves_nothing_when_killed(number):
    """Not even SIGKILL to the runner leaves a process or a folder."""
    runner = subprocess.Popen([sys.executable, os.path.join(HERE, "service.py"), "--app", "flask",
                               "--workers", "2"], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, text=True)
    with runner.stdout:
        about = json.loads(runner.stdout.readline())
    runner.send_signal(number)
    runner.wait()
    places = [about["dir"], *(f"/proc/{pid}" for pid in (about["master"], *about["workers"]))]
    deadline = time.monotonic() + 15
    while left := [place for place in places if os.path.exists(place)]:
        assert time.monotonic() < deadline, f"after signal {number}: {left} left behind"
        time.sleep(0.05)


def main():
    raise_on_signals()
    for app in ("django", "flask"):
        missing = missing_package(app)
        if missing:
            print(f"SKIP: needs {missing}")
            return 77
    for app in ("django", "flask"):
        for leak in leaks.KINDS:
            result = _serves(app, leak)
            print(f"{app:7} {leak:11} {result['requests_per_s']:7.1f} requests/s "
                  f"p50 {result['p50_ms']} ms p99 {result['p99_ms']} ms")
        _notices_wrong_answers(app)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
        _leaves_nothing_when_killed(number)
    return 0


if __name__ == "__main__":
    sys.exit(main())
