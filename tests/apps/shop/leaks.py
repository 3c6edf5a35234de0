"""leaks.py - the six ways in which this shop can leak; LEAK=KIND switches one on.

Each leak is one function (or method) with one line marked "LEAK: kind".  That line
allocates everything the leak keeps, with sizes that do not depend on the request, so that
the service knows to the byte what a profiler should find there.  The objects are of kinds
for which CPython 3.11 keeps no free lists: an object from a free list costs no allocation
and would be in our count and in nobody else's.
"""
import functools
import logging
import os
import sys
import threading
import time

LINES = range(64)
_NOTE = "two days, leave at the door, no bell; gift wrap on request; " * 2


class CartLine:
    __slots__ = ("key", "note")

    def __init__(self, key, note):
        self.key = key
        self.note = note


# ---- a dict at module level, keyed by request, never emptied -----------------------------

_PRICES = {}


def remember_prices_in_dict(key):
    _PRICES[key] = [CartLine(f"{key}/{n:02d}", f"{_NOTE}{n:02d}") for n in LINES]  # LEAK: dict
    return _PRICES[key]


# ---- listeners added by every request, removed by none -----------------------------------

class Listener:
    __slots__ = ("cart",)

    def __init__(self, cart):
        self.cart = cart


_LISTENERS = []


def subscribe_listener(key):
    add = _LISTENERS.append
    add(Listener([CartLine(f"{key}:{n:02d}", f"{_NOTE}{n:02d}") for n in LINES]))  # LEAK: listeners
    return _LISTENERS[-1].cart


# ---- a logger with its own handler for every request -------------------------------------

class RequestHandler(logging.Handler):
    def __init__(self, context):
        super().__init__()
        self.context = context

    def emit(self, record):
        record.context = self.context


def log_through_own_logger(key):
    logger = logging.getLogger("shop.request." + key)
    context = [CartLine(f"{key}-{n:02d}", f"{_NOTE}{n:02d}") for n in LINES]  # LEAK: logger
    logger.addHandler(RequestHandler(context))
    logger.debug("checkout of %s", key)
    return context


# ---- lru_cache without a bound on a method, called with unique arguments ------------------

class Quotes:
    @functools.lru_cache(maxsize=None)
    def quote(self, key):
        return [CartLine(f"{key}#{n:02d}", f"{_NOTE}{n:02d}") for n in LINES]  # LEAK: lru


_QUOTES = Quotes()


def quote_from_cache(key):
    return _QUOTES.quote(key)


# ---- generators begun, never finished, and kept -------------------------------------------

_EXPORTS = []


def _export_lines(key):
    pending = [CartLine(f"{key}>{n:02d}", f"{_NOTE}{n:02d}") for n in LINES]  # LEAK: generator
    yield pending
    while pending:
        yield pending.pop()


def keep_generator(key):
    export = _export_lines(key)
    first = next(export)
    _EXPORTS.append(export)
    return first


# ---- exceptions kept, and with them their frames ------------------------------------------

class OrderRejected(Exception):
    pass


_REJECTED = []


def _check_order(key):
    order = [CartLine(f"{key}!{n:02d}", f"{_NOTE}{n:02d}") for n in LINES]  # LEAK: exceptions
    raise OrderRejected(f"{key}: {len(order)} lines")


def keep_exception(key):
    try:
        _check_order(key)
    except OrderRejected as error:
        _REJECTED.append(error)
    if len(_REJECTED) > 1:
        return None  # f_locals below would add to what the frame keeps
    return _REJECTED[0].__traceback__.tb_next.tb_frame.f_locals["order"]


# ---- switch and truth ---------------------------------------------------------------------

# kind -> function, and the container whose own growth happens on the leaking line
KINDS = {
    "none": (None, None),
    "dict": (remember_prices_in_dict, _PRICES),
    "listeners": (subscribe_listener, _LISTENERS),
    "logger": (log_through_own_logger, None),
    "lru": (quote_from_cache, None),
    "generator": (keep_generator, None),
    "exceptions": (keep_exception, None),
}


def _measure(cart):
    """(bytes, objects) of what one call keeps; getsizeof counts the header of the collector."""
    parts = [cart]
    for line in cart:
        parts += (line, line.key, line.note)
    return sum(map(sys.getsizeof, parts)), len(parts)


class Truth:
    """Counts what was leaked.  Calls come from all threads of the service."""

    def __init__(self, kind):
        if kind not in KINDS:
            raise ValueError(f"LEAK={kind}: not one of {', '.join(KINDS)}")
        self.kind = kind
        self._leak, self._container = KINDS[kind]
        self._lock = threading.Lock()
        self._per_call = None
        self._requests = 0
        self._calls = 0

    def serve(self):
        """Called once by each request for a page; leaks if a leak is switched on."""
        with self._lock:
            self._requests += 1
            key = f"{os.getpid():08d}{self._requests:010d}"
            if self._leak is None:
                return
            cart = self._leak(key)
            if self._per_call is None:
                self._per_call = self._measure_call(cart)
            self._calls += 1

    def _measure_call(self, cart):
        size, count = _measure(cart)
        if self.kind == "listeners":
            size += sys.getsizeof(_LISTENERS[-1])
            count += 1
        return size, count

    def report(self):
        with self._lock:
            size, count = self._per_call or (0, 0)
            own = 0 if self._container is None else sys.getsizeof(self._container)
            return {"leak": self.kind, "pid": os.getpid(), "requests": self._requests,
                    "leaked_bytes": size * self._calls + own if self._calls else 0,
                    "leaked_objects": count * self._calls, "at": time.time()}


TRUTH = Truth(os.environ.get("LEAK", "none"))


def leaking_line(kind):
    """(file, line) of the marked line; for tests, which read the source and not the module."""
    path = os.path.abspath(__file__)
    with open(path, encoding="utf-8") as source:
        for number, text in enumerate(source, 1):
            if text.rstrip().endswith("# LEAK: " + kind):
                return path, number
    raise LookupError(f"no line marked LEAK: {kind} in {path}")
