#!/usr/bin/python3
"""attach.py - how long a service under load stands still when leaktop is put into it and taken out.

A thread of the Flask shop's worker ticks each millisecond, as far as it gets the GIL; the longest
time between two ticks in a window is the longest missed beat.  Windows with leaktop attach, with
detach, and with neither take turns: what the service misses by itself is in all of them.

Once a minute or so the shop's own cyclic collector goes through all of its objects, and every
thread waits for that, with leaktop or without: it hits one window in some hundred, by chance.  So
a beat is counted less the collector's time within it, and once more with it, in rows of their own.
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
_BEATS = struct.Struct("3d")    # number of the window; seconds of its longest gap, without the
#                                 collector's time and with it
_FIRST_TIMES = 3                # not counted: files come into memory
_SETTLE_S = 0.5                 # of a new shop: its first pages fill caches
_WINDOWS = ("neither", "attach", "detach")
_ROWS = (*((name, f"longest missed beat, with {name}") for name in _WINDOWS),
         *((f"{name}, collector", f"with {name}, and its own collector")
           for name in _WINDOWS),
         ("thread", "a thread was stopped, by leaktop's clock"),
         ("command", "from the command to the first numbers"))

_CONF = """
import gc, mmap, os, struct, threading, time
with open(%r) as file:
    exec(file.read())
ready = post_worker_init
collections = []    # [began, ended], seconds; ended is None while it goes on
def collects(phase, info):
    if phase == "start":
        collections.append([time.monotonic(), None])
    else:
        collections[-1][1] = time.monotonic()
def collected_s(begun, ended):
    seconds = 0.0
    for first, last in list(collections):
        seconds += max(0.0, min(ended, last or ended) - max(begun, first))
        if last is not None:
            collections.remove([first, last])
    return seconds
def beat():
    beats = struct.Struct("3d")
    with open(%r, "r+b") as file:
        shared = mmap.mmap(file.fileno(), 0)
    window, missed, longest, before = 0.0, 0.0, 0.0, time.monotonic()
    while True:
        time.sleep(0.001)   # poll: the beat that is to be missed
        now = time.monotonic()
        if beats.unpack_from(shared)[0] != window:
            window, missed, longest = beats.unpack_from(shared)[0], 0.0, 0.0
        longest = max(longest, now - before)
        missed = max(missed, now - before - collected_s(before, now))
        struct.pack_into("2d", shared, 8, missed, longest)
        before = now
def post_worker_init(worker):
    gc.callbacks.append(collects)
    threading.Thread(target=beat, daemon=True).start()
    ready(worker)
"""


class Shop(service.Service):
    """The Flask shop with one worker that ticks."""

    def __init__(self, folder):
        super().__init__("flask", env={"LEAKTOP_DIR": folder})
        beats = os.path.join(folder, "beats")
        pathlib.Path(beats).write_bytes(_BEATS.pack(0, 0, 0))
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
        """The longest gap in a window of SECONDS that begins with act(), without the collector's
        time and with it, and what act() returns."""
        self._window += 1
        struct.pack_into("d", self._shared, 0, self._window)
        until = time.monotonic() + seconds
        said = act()
        time.sleep(max(0.0, until - time.monotonic()))
        return [seconds * 1e3 for seconds in _BEATS.unpack_from(self._shared)[1:]], said


def _leaktop(folder, *words):
    """(seconds it took, what it said)"""
    begun = time.monotonic()
    run = subprocess.run([LEAKTOP, *map(str, words)], stdin=subprocess.DEVNULL, check=False,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                         env={**os.environ, "LEAKTOP_DIR": folder})
    if run.returncode:
        raise SystemExit(f"bench: {run.stdout}")
    return time.monotonic() - begun, run.stdout


class Times:
    """What was measured, in milliseconds, by what it is."""

    def __init__(self, folder, options):
        self.found = {word: [] for word, _ in _ROWS}
        self.answers = 0
        self._folder, self._options = folder, options
        self._extra = ["--seccomp"] if options.seccomp else []

    def in_and_out(self, shop, counts=True):
        pid, = shop.worker_pids()
        window = self._options.window
        neither, _ = shop.missed_ms(window, lambda: None)
        attach, (took_s, said) = shop.missed_ms(
            window, lambda: _leaktop(self._folder, "attach", "--verbose", *self._extra, pid))
        detach, _ = shop.missed_ms(window, lambda: _leaktop(self._folder, "detach", pid))
        stopped = float(re.search(r"the longest ([\d.]+) ms", said)[1])
        if not counts:
            return
        for word, (missed, longest) in zip(_WINDOWS, (neither, attach, detach)):
            self.found[word].append(missed)
            self.found[f"{word}, collector"].append(longest)
        self.found["thread"].append(stopped)
        self.found["command"].append(took_s * 1e3)

    def serve(self, times, first=0):
        """TIMES in and out of one process, under load; the FIRST of them do not count."""
        with Shop(self._folder) as shop, customers.Customers(shop.port, self._options.rate) as load:
            time.sleep(_SETTLE_S)
            for time_ in range(-first, times):
                self.in_and_out(shop, time_ >= 0)
            result = load.stop()
        if result["wrong"]:
            raise SystemExit(f"bench: wrong answers: {result['examples']}")
        self.answers += result["requests"]

    def print(self, words):
        print(f"\n{words}; {self.answers} answers, none wrong")
        print(f"{'milliseconds':44}    median        95 %       max")
        for word, what in _ROWS:
            _row(what, self.found[word])


def _row(words, values):
    values = sorted(values)
    p95 = values[min(len(values) - 1, int(len(values) * 0.95))]
    print(f"{words:44} {statistics.median(values):9.2f} {p95:9.2f} {values[-1]:9.2f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description="how long attach stops a service")
    parser.add_argument("--times", type=int, default=200, help="in and out")
    parser.add_argument("--fresh", type=int, default=50, help="processes for a first time")
    parser.add_argument("--rate", type=int, default=100, help="of requests, per second")
    parser.add_argument("--window", type=float, default=0.4, help="seconds")
    parser.add_argument("--seccomp", action="store_true", help="system calls are filtered here")
    options = parser.parse_args()
    print(f"Flask under gunicorn, {options.rate} requests per second")
    with tempfile.TemporaryDirectory(prefix="leaktop-bench-") as folder:
        fresh, again = Times(folder, options), Times(folder, options)
        for _ in range(options.fresh):
            fresh.serve(1)
        if options.fresh:
            fresh.print(f"{options.fresh} processes, in for the first time")
        again.serve(options.times, _FIRST_TIMES)
        again.print(f"one process, {options.times} times in and out")
    return 0


if __name__ == "__main__":
    sys.exit(main())
