#!/usr/bin/python3
"""attach.py - how long a service under load stands still when leaktop is put into it and taken out.

A thread of the Flask shop's worker ticks each millisecond, as far as it gets the GIL; the longest
time between two ticks in a window is the longest missed beat.  Windows with leaktop attach, with
detach, and with neither take turns: what the service misses by itself is in all of them.
"""
import argparse
import mmap
import os
import pathlib
import re
import statistics
import struct
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "apps")]
import customers  # noqa: E402
import service  # noqa: E402

LEAKTOP = os.environ.get("LEAKTOP", "leaktop")
_BEATS = struct.Struct("dd")    # the number of the window; seconds of the longest gap in it
_FIRST_TIMES = 3                # not counted: files come into memory

_CONF = """
import mmap, os, struct, threading, time
with open(%r) as file:
    exec(file.read())
ready = post_worker_init
def beat():
    beats = struct.Struct("dd")
    with open(%r, "r+b") as file:
        shared = mmap.mmap(file.fileno(), 0)
    window, longest, before = 0.0, 0.0, time.monotonic()
    while True:
        time.sleep(0.001)   # poll: the beat that is to be missed
        now = time.monotonic()
        if beats.unpack_from(shared)[0] != window:
            window, longest = beats.unpack_from(shared)[0], 0.0
        longest = max(longest, now - before)
        struct.pack_into("d", shared, 8, longest)
        before = now
def post_worker_init(worker):
    threading.Thread(target=beat, daemon=True).start()
    ready(worker)
"""


class Shop(service.Service):
    """The Flask shop with one worker that ticks."""

    def __init__(self, folder):
        super().__init__("flask", env={"LEAKTOP_DIR": folder})
        beats = os.path.join(folder, "beats")
        pathlib.Path(beats).write_bytes(_BEATS.pack(0, 0))
        self._conf = os.path.join(folder, "conf.py")
        pathlib.Path(self._conf).write_text(
            _CONF % (str(HERE.parent / "apps/shop/gunicorn.conf.py"), beats), encoding="utf-8")
        with open(beats, "r+b") as file:
            self._shared = mmap.mmap(file.fileno(), 0)
        self._window = 0.0

    def _command(self, fd):
        words = super()._command(fd)
        words[words.index("--config") + 1] = self._conf
        return words

    def missed_ms(self, seconds, act):
        """The longest gap in a window of SECONDS that begins with act(), and what that returns."""
        self._window += 1
        struct.pack_into("d", self._shared, 0, self._window)
        until = time.monotonic() + seconds
        said = act()
        time.sleep(max(0.0, until - time.monotonic()))
        return _BEATS.unpack_from(self._shared)[1] * 1e3, said


def _leaktop(folder, *words):
    """(seconds it took, what it said)"""
    begun = time.monotonic()
    run = subprocess.run([LEAKTOP, *map(str, words)], stdin=subprocess.DEVNULL, check=False,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                         env={**os.environ, "LEAKTOP_DIR": folder})
    if run.returncode:
        raise SystemExit(f"bench: {run.stdout}")
    return time.monotonic() - begun, run.stdout


def _measure(shop, folder, options):
    """{what: [milliseconds]}"""
    pid, = shop.worker_pids()
    found = {word: [] for word in ("neither", "attach", "detach", "thread", "command")}
    extra = ["--seccomp"] if options.seccomp else []
    for time_ in range(-_FIRST_TIMES, options.times):
        neither, _ = shop.missed_ms(options.window, lambda: None)
        attach, (took_s, said) = shop.missed_ms(
            options.window, lambda: _leaktop(folder, "attach", "--verbose", *extra, pid))
        detach, _ = shop.missed_ms(options.window, lambda: _leaktop(folder, "detach", pid))
        if time_ < 0:
            continue
        stopped = float(re.search(r"the longest ([\d.]+) ms", said)[1])
        for word, value in (("neither", neither), ("attach", attach), ("detach", detach),
                            ("thread", stopped), ("command", took_s * 1e3)):
            found[word].append(value)
    return found


def _row(words, values):
    values = sorted(values)
    p95 = values[min(len(values) - 1, int(len(values) * 0.95))]
    print(f"{words:44} {statistics.median(values):9.2f} {p95:9.2f} {values[-1]:9.2f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description="how long attach stops a service")
    parser.add_argument("--times", type=int, default=200, help="in and out")
    parser.add_argument("--rate", type=int, default=100, help="of requests, per second")
    parser.add_argument("--window", type=float, default=0.4, help="seconds")
    parser.add_argument("--seccomp", action="store_true", help="system calls are filtered here")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="leaktop-bench-") as folder, Shop(folder) as shop, \
            customers.Customers(shop.port, options.rate) as load:
        found = _measure(shop, folder, options)
        result = load.stop()
    if result["wrong"]:
        raise SystemExit(f"bench: wrong answers: {result['examples']}")
    print(f"Flask under gunicorn, {options.rate} requests per second; {options.times} times in and "
          f"out; {result['requests']} answers, none wrong\n")
    print(f"{'milliseconds':44}    median        95 %       max")
    _row("longest missed beat, with neither", found["neither"])
    _row("longest missed beat, with attach", found["attach"])
    _row("longest missed beat, with detach", found["detach"])
    _row("a thread was stopped, by leaktop's clock", found["thread"])
    _row("from the command to the first numbers", found["command"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
