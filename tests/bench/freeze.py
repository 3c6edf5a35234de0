#!/usr/bin/python3
"""freeze.py - what a frozen copy of the heap costs the service: how long it stops, and p99 meanwhile.

A heap of some eight million objects in one process: the GIL is held while it is copied, and the longest
missed beat of a thread that ticks each millisecond is what the service feels of it.  Beside it, in the
same process: a copy that does nothing (clone alone, the floor of any such copy on this machine),
gc.get_objects(), and the usual audit of all containers.
Then a shop under gunicorn and a steady load, with scans and without, by turns: a scan each ten seconds,
as somebody has it who asks again and again; one each second; and one right after the other, the most that
a client can ask for.  A turn is ten seconds long, so that a hundredth of its requests are twenty.
"""
import argparse
import contextlib
import random
import statistics
import sys
import tempfile
import threading

import customers
import host
import pairs
import services
import settings

_SCRIPT = r"""
import ctypes, gc, threading, time
from os import waitpid
bare_copy = ctypes.PyDLL(%r).bare_copy     # which keeps the GIL
bare_copy.restype = ctypes.c_long
gc.disable()
kept = [{"n": i, "l": [i]} for i in range(%d)]
gc.enable(); gc.collect()
longest, stop = 0, False
def beat():
    global longest
    before = time.monotonic()
    while not stop:
        time.sleep(0.001)   # poll: the beat that is to be missed
        now = time.monotonic()
        longest = max(longest, now - before)
        before = now
def collect(pid):
    if pid:
        waitpid(pid, 0)
def audit():
    return sorted((len(o), id(o)) for o in gc.get_objects()
                  if isinstance(o, (list, dict, set, tuple)))[-10:]
WORK = {"copy": bare_copy, "objects": lambda: len(gc.get_objects()) and None,
        "audit": lambda: audit() and None}
threading.Thread(target=beat, daemon=True).start()
say("ready", next(line.split()[1] for line in open("/proc/self/status") if "VmRSS" in line))
while True:
    word = wait()
    if word == "longest":
        say(longest * 1e3)
        longest = 0
    else:
        begun = time.monotonic()
        left = WORK[word]()
        say((time.monotonic() - begun) * 1e3)
        collect(left)
"""
_ROWS = (("copy", "clone alone"), ("objects", "gc.get_objects()"),
         ("audit", "audit of all containers"))


def _longest_ms(target):
    target.tell("longest")
    return float(target.hear())


def _freeze(target, wire):
    """(milliseconds: GIL held, longest missed beat; the message)"""
    _longest_ms(target)
    reply, before = wire.ask(op="types", limit=10)
    assert reply["ok"], reply
    return before["frozen"]["pause_us"] / 1e3, _longest_ms(target), before["frozen"]


def _elsewise(target, word):
    """(milliseconds it took, longest missed beat)"""
    _longest_ms(target)
    target.tell(word)
    took_ms = float(target.hear())
    return took_ms, _longest_ms(target)


def _row(words, both):
    print(f"{words:34}" + "".join(f"  {statistics.median(each):8.1f} {max(each):8.1f}"
                                  for each in zip(*both)), flush=True)


def measure_pause(options, bench):
    library, why_not = bench.library("bare_copy")
    if why_not:
        raise SystemExit(f"bench: {why_not}")
    with host.Host(options.python, _SCRIPT % (library, options.dicts)) as target:
        rss_kib = int(target.hear("ready").split()[1])
        with target.wire(timeout_s=300) as wire:
            found = {word: [] for word, _ in _ROWS}
            frozen = []
            for _ in range(options.rounds):
                frozen.append(_freeze(target, wire))
                for word, _ in _ROWS:
                    found[word].append(_elsewise(target, word))
        last = frozen[-1][2]
        print(f"{last['objects']} objects, RSS {rss_kib / 1024:.0f} MiB; read in "
              f"{last['walk_ms']:.0f} ms beside the service; {options.rounds} rounds")
        print(f"{'milliseconds':34}      took      max  longest missed beat, max")
        _row("leaktop, a frozen copy", [row[:2] for row in frozen])
        for word, words in _ROWS:
            _row(words, found[word])
        beats = [row[1] for row in frozen]
        for word, words in _ROWS[1:]:
            others = statistics.median(beat for _, beat in found[word])
            print(f"{words} stops the service {others / statistics.median(beats):.1f} times as long")


# ---- a shop -------------------------------------------------------------------------------------------

class _Scans:
    """A scan each so many seconds, or (0) one after another, as long as it is on."""

    def __init__(self, path, every_s):
        self.count = 0
        self._path, self._every_s, self._ended = path, every_s, threading.Event()
        self._thread = threading.Thread(target=self._scan)

    def _scan(self):
        with host.Wire(self._path) as wire:
            while not self._ended.is_set():
                assert wire.ask(op="types", limit=10)[0]["ok"]
                self.count += 1
                self._ended.wait(self._every_s)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._thread.join()


def _turn(shop, options, seed, beside):
    """(99th percentile, median) in milliseconds, with what goes on beside."""
    with beside:
        result = customers.ask(shop.port, options.requests, seed, options.rate)
    assert not result["wrong"], result
    return result["p99_ms"], result["p50_ms"]


def _latency_pairs(options, shop, every_s, lot):
    """([{scanned: what _turn says}, ...], scans in all)"""
    found, scans = [], 0
    for _ in range(options.pairs):
        pair = {}
        for scanned in lot.sample((False, True), 2):
            beside = _Scans(shop.sampler.path, every_s) if scanned else contextlib.nullcontext()
            pair[scanned] = _turn(shop, options, lot.getrandbits(20), beside)
            scans += beside.count if scanned else 0
        found.append(pair)
    return found, scans


def measure_latency(options, shop, every_s, lot):
    found, scans = _latency_pairs(options, shop, every_s, lot)
    print(f"\n{'a scan each ' + f'{every_s:g} s' if every_s else 'one scan after the other'}: {scans} in "
          f"{options.pairs} turns of {options.requests / options.rate:.0f} s, and as many without")
    for at, words in enumerate(("99 of 100 requests", "every other request")):
        spread = pairs.spread([pair[True][at] / pair[False][at] for pair in found])
        print(f"{words:20} take less than {statistics.median(p[False][at] for p in found):6.2f} ms, "
              f"with scans {statistics.median(p[True][at] for p in found):6.2f} ms: "
              f"{100 * (spread['median'] - 1):+.1f} % ({100 * (spread['median_low'] - 1):+.1f} .. "
              f"{100 * (spread['median_high'] - 1):+.1f})")


def main():
    parser = argparse.ArgumentParser(description="what a frozen copy of the heap costs the service")
    parser.add_argument("--python", default="/usr/bin/python3", help="the interpreter")
    parser.add_argument("--dicts", type=int, default=2_700_000, help="a third of the objects")
    parser.add_argument("--rounds", type=int, default=5, help="of pauses; 0: none")
    parser.add_argument("--every", type=float, nargs="*", default=[10.0, 1.0, 0.0],
                        help="seconds between scans")
    parser.add_argument("--pairs", type=int, default=12, help="of turns of the shop")
    parser.add_argument("--requests", type=int, default=2000, help="in a turn")
    parser.add_argument("--rate", type=int, default=200, help="of requests, per second")
    parser.add_argument("--seed", type=int, default=1, help="of the lots")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="leaktop-bench-") as folder:
        bench = settings.Bench(options.python, folder)
        if options.rounds:
            measure_pause(options, bench)
        lot = random.Random(options.seed)
        with services.Shop(bench, "flask", settings.BY_NAME["sampler"], 0) as shop:
            shop.ask(options.requests, 0)
            print(f"\nFlask under gunicorn, {options.rate} requests per second")
            for every_s in options.every:
                measure_latency(options, shop, every_s, lot)
    return 0


if __name__ == "__main__":
    sys.exit(main())
