"""noise.py - what every real service does besides answering: metrics and a cache.

Nothing here grows: the ring has a bound, the cache is emptied at the end of each round.
"""
import collections
import os
import threading
import time

_TICK_S = 0.05
_RING_LENGTH = 1500
_CACHE_ENTRIES = 64
_ROUND_TICKS = 20


class Noise:
    def __init__(self):
        self.ring = collections.deque(maxlen=_RING_LENGTH)
        self.cache = {}
        self._stop = threading.Event()

    def tick(self, number):
        for n in range(20):
            self.ring.append((time.monotonic(), f"queue.{n}.depth", number * n))
        step = number % _ROUND_TICKS
        if step == 0:
            self.cache.clear()
        for n in range(_CACHE_ENTRIES * step // _ROUND_TICKS):
            self.cache.setdefault(f"fragment:{n}", f"{number}" * 200)

    def run(self):
        number = 0
        while not self._stop.wait(_TICK_S):
            number += 1
            self.tick(number)


_started_in = None
_lock = threading.Lock()


def start():
    """Once per process: a thread does not live on in a forked worker."""
    global _started_in
    with _lock:
        if _started_in != os.getpid():
            _started_in = os.getpid()
            threading.Thread(target=Noise().run, name="noise", daemon=True).start()
