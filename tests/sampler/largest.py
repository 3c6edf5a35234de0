#!/usr/bin/python3
"""largest.py - the largest containers of the frozen heap: all there are, and what each is."""
import json
import re
import sys

import contents
import host

_NO_GIL = "its heap cannot be frozen"

# The script knows its containers: how long each is, what it takes, who holds it.
_KNOWS = """
import array, asyncio, collections, ctypes, functools, gc, json, mmap, queue, random, threading
import types, weakref
truth = {}
# BYTES: None, exactly what Python says; or the least and the most.
def know(o, kind, owner, length=None, size=None, bound=None, keys=None, values=None):
    truth[hex(id(o))] = {"type": kind, "owner": owner,
                         "length": len(o) if length is None else length,
                         "bytes": size or [sys.getsizeof(o)] * 2, "bound": bound,
                         "keys": keys, "values": values}
"""

_SCRIPT = _KNOWS + """
class Price:
    __slots__ = ("n", "__weakref__")
    def __init__(self, n): self.n = n
class Kept(dict):
    __slots__ = ()
class Row(list):
    __slots__ = ()
class Log(collections.deque):
    __slots__ = ()
class Holder:
    registry = {}
    def __init__(self): self.items = [Price(i) for i in range(1700)]
def numbers(n): return range(10 ** 6, 10 ** 6 + n)

PRICES = {("sku", i): Price(i) for i in range(5000)}
know(PRICES, "dict", "__main__.PRICES", bound=0, keys=["tuple"], values=["__main__.Price"])
UNTRACKED = {i: i for i in numbers(4000)}
know(UNTRACKED, "dict", "__main__.UNTRACKED", bound=0, keys=["int"], values=["int"])
MIXED = [str(i) for i in range(900)] + [float(i) for i in range(800)] + [b"x"] * 300
know(MIXED, "list", "__main__.MIXED", bound=0, values=["str", "float", "bytes"])
SEEN = set(numbers(3000))
know(SEEN, "set", "__main__.SEEN", bound=0, values=["int"])
FIXED = frozenset(str(i) for i in range(2000))
know(FIXED, "frozenset", "__main__.FIXED", values=["str"])
PAIRS = tuple(float(i) for i in range(2500))
know(PAIRS, "tuple", "__main__.PAIRS", values=["float"])
RING = collections.deque((float(i) for i in range(2600)), maxlen=2700)
know(RING, "collections.deque", "__main__.RING", bound=2700, values=["float"])
FREE = collections.deque(numbers(1500))
for _ in range(200): FREE.popleft()
know(FREE, "collections.deque", "__main__.FREE", bound=0, values=["int"])
ORDERED = collections.OrderedDict((str(i), i) for i in numbers(2100))
know(ORDERED, "collections.OrderedDict", "__main__.ORDERED", bound=0, keys=["str"],
     values=["int"])
DEFAULT = collections.defaultdict(list, ((i, [i]) for i in numbers(2200)))
know(DEFAULT, "collections.defaultdict", "__main__.DEFAULT", bound=0, keys=["int"],
     values=["list"])
COUNTS = collections.Counter(numbers(2300))
know(COUNTS, "collections.Counter", "__main__.COUNTS", bound=0, keys=["int"],
     values=["int"], size=[sys.getsizeof(COUNTS), sys.getsizeof(COUNTS) + 400])
KEPT = Kept((str(i), None) for i in range(1900))
know(KEPT, "__main__.Kept", "__main__.KEPT", bound=0, keys=["str"], values=["NoneType"])
ROW = Row(numbers(1800))
know(ROW, "__main__.Row", "__main__.ROW", bound=0, values=["int"])
LOG = Log(numbers(1600), 3000)
know(LOG, "__main__.Log", "__main__.LOG", bound=3000, values=["int"])
holder = Holder()
know(holder.items, "list", "__main__.holder.items", bound=0, values=["__main__.Price"])
Holder.registry.update((i, i) for i in numbers(1400))
know(Holder.registry, "dict", "__main__.Holder.registry", bound=0, keys=["int"],
     values=["int"])
NESTED = [{"deep": [float(i) for i in range(1300)]}]
know(NESTED[0]["deep"], "list", "__main__.NESTED[]", bound=0, values=["float"])
module = types.ModuleType("some.where"); sys.modules["some.where"] = module
module.LIST = list(numbers(1250))
know(module.LIST, "list", "some.where.LIST", bound=0, values=["int"])
BUFFER = bytearray(400000)
know(BUFFER, "bytearray", "__main__.BUFFER", bound=0)
BLOB = bytes(300000)
know(BLOB, "bytes", "__main__.BLOB")
TEXT = "x" * 200000
know(TEXT, "str", "__main__.TEXT")
WIDE = "\\u20ac" * 100000
know(WIDE, "str", "__main__.WIDE")
DOUBLES = array.array("d", [0]) * 30000
know(DOUBLES, "array.array", "__main__.DOUBLES", bound=0)
BYTES = array.array("b", [0]) * 150000
know(BYTES, "array.array", "__main__.BYTES", bound=0)
MAPPED = mmap.mmap(-1, 1 << 20)
know(MAPPED, "mmap.mmap", "__main__.MAPPED", size=[1 << 20, (1 << 20) + 300])

def inside(o, n): return [sys.getsizeof(o), sys.getsizeof(o) + n]
plain = dict.fromkeys(range(6000))
@functools.lru_cache(maxsize=6000)
def bounded(x): return str(x)
for i in numbers(6500): bounded(i)
know(bounded, "functools.lru_cache", "__main__.bounded", 6000, [6000 * 8, 6000 * 200],
     bound=6000, keys=["int"], values=["str"])
@functools.lru_cache(maxsize=None)
def unbounded(x): return float(x)
for i in numbers(3100): unbounded(i)
know(unbounded, "functools.lru_cache", "__main__.unbounded", 3100, [3100 * 8, 3100 * 200],
     bound=0, keys=["int"], values=["float"])
def queued(q, n):
    for i in numbers(n): getattr(q, "put_nowait", q.put)(i)
    return q
SIMPLE = queued(queue.SimpleQueue(), 2950)
for _ in range(150): SIMPLE.get()
know(SIMPLE, "_queue.SimpleQueue", "__main__.SIMPLE", 2800, [2800 * 8, 2950 * 17], bound=0,
     values=["int"])
jobs = queued(queue.Queue(7000), 2750)
know(jobs, "queue.Queue", "__main__.jobs", 2750, inside(jobs.queue, 500), bound=7000,
     values=["int"])
lifo = queued(queue.LifoQueue(), 2650)
know(lifo, "queue.LifoQueue", "__main__.lifo", 2650, inside(lifo.queue, 500), bound=0,
     values=["int"])
heap = queued(queue.PriorityQueue(10 ** 10), 2450)
know(heap, "queue.PriorityQueue", "__main__.heap", 2450, inside(heap.queue, 500),
     bound=10 ** 10, values=["int"])
if sys.version_info < (3, 10):
    asyncio.set_event_loop(asyncio.new_event_loop())    # a queue wants one
tasks = queued(asyncio.Queue(5000), 2350)
know(tasks, "asyncio.queues.Queue", "__main__.tasks", 2350, inside(tasks._queue, 800),
     bound=5000, values=["int"])
targets = [Price(i) for i in range(2050)]
know(targets, "list", "__main__.targets", bound=0, values=["__main__.Price"])
by_key = weakref.WeakKeyDictionary((t, 1.0) for t in targets[:1950])
know(by_key, "weakref.WeakKeyDictionary", "__main__.by_key", 1950, inside(by_key.data, 800),
     bound=0, keys=["__main__.Price"], values=["float"])
by_name = weakref.WeakValueDictionary((str(i), t) for i, t in enumerate(targets[:1850]))
know(by_name, "weakref.WeakValueDictionary", "__main__.by_name", 1850,
     inside(by_name.data, 800), bound=0, keys=["str"], values=["__main__.Price"])
weak = weakref.WeakSet(targets[:1750])
know(weak, "_weakrefset.WeakSet", "__main__.weak", 1750, inside(weak.data, 800), bound=0,
     values=["__main__.Price"])

stop, started = threading.Event(), threading.Semaphore(0)
def work():
    local = {i: i for i in numbers(1150)}   # in no list of the collector, before 3.14
    know(local, "dict", "(local in work, script.py:LINE) local", bound=0, keys=["int"],
         values=["int"])
    raw = bytearray(250000)
    know(raw, "bytearray", "(local in work, script.py:LINE) raw", bound=0)
    cell = set(numbers(1125))
    know(cell, "set", None, bound=0, values=["int"])
    def other(): return cell
    started.release()
    stop.wait()
thread = threading.Thread(target=work); thread.start(); started.acquire()
try:
    import numpy
except ImportError:
    pass
else:
    FLOATS = numpy.zeros((300, 200))
    know(FLOATS, "numpy.ndarray", "__main__.FLOATS", 300, [480000, 480300])
    COLUMNS = numpy.zeros((200, 150), order="F")
    know(COLUMNS, "numpy.ndarray", "__main__.COLUMNS", 200, [240000, 240300])
    del numpy
gc.collect()
gc.freeze()
FRESH = list(numbers(1350))
know(FRESH, "list", "__main__.FRESH", bound=0, values=["int"])
SHORT = list(range(999)); VIEW = DOUBLES[:10]
say("ready"); say(json.dumps(truth)); wait()
say("gone", hex(id(jobs.queue)), hex(id(SHORT)), hex(id(by_key.data)), hex(id(weak.data))); wait()
stop.set(); thread.join()
"""


def scan(wire, **request):
    """The head of the answer, and its rows by address."""
    number = wire.send(op="containers", **request)
    rows, head = [], None
    while True:
        message = wire.line()
        assert message is not None, "the connection ended"
        if message["t"] == "containers":
            head = message
            rows += message["rows"]
        elif message["t"] == "reply" and message["id"] == number:
            assert message["ok"], message
            assert head is not None and not head["more"]
            return head, rows


def _rank(row):
    raw = row["type"] in ("str", "bytes", "bytearray", "array.array", "mmap.mmap",
                          "numpy.ndarray")
    return row["shallow_bytes"] // 64 if raw else row["length"]


def _types(shares):
    """Most items first; which of two that are equally many is first is not said."""
    assert [n for _, n in shares] == sorted((n for _, n in shares), reverse=True), shares
    return [name for name, _ in shares]


def _compare(truth, rows):
    by_address = {row["address"]: row for row in rows}
    assert len(by_address) == len(rows)
    for address, known in truth.items():
        row = by_address.get(address)
        assert row is not None, ("not found", known)
        for key in ("type", "length", "bound"):
            assert row[key] == known[key], (key, row, known)
        assert known["bytes"][0] <= row["shallow_bytes"] <= known["bytes"][1], (row, known)
        assert _types(row["keys"]) == (known["keys"] or []), (row, known)
        assert _types(row["values"]) == (known["values"] or []), (row, known)
        owner = re.sub(r":[0-9]+\)", ":LINE)", row["owner"])
        assert known["owner"] in (None, owner), (row, known)
        if known["values"]:
            looked = row["looked"]
            assert min(known["length"], 1000) <= looked <= 4096, row
            assert sum(n for _, n in row["values"]) == looked, row


@host.with_gil(_NO_GIL)
def all_are_found(python):
    """Each kind, tracked or not, frozen or not: length, bytes, bound, owner and what it holds."""
    with host.Host(python, _SCRIPT) as target:
        target.hear("ready")
        truth = json.loads(target.hear())
        with target.wire() as wire:
            head, rows = scan(wire, limit=1000)
            assert head["by"] == "freeze" and head["complete"] and head["reason"] == "", head
            assert head["pause_us"] > 0 and head["objects"] > 30000, head
            _compare(truth, rows)
            ranks = [_rank(row) for row in rows]
            assert ranks == sorted(ranks, reverse=True), ranks
            assert min(ranks) >= 1000, ranks
            target.tell()
            hidden = target.hear("gone").split()[1:]
            assert not {row["address"] for row in rows} & set(hidden), hidden
            few = scan(wire, limit=3)[1]
            assert [row["address"] for row in few] == [row["address"] for row in rows[:3]]
            assert all(_rank(r) >= 4000 for r in scan(wire, min_length=4000)[1])
            wire.ask(op="types")    # another freeze, for something else
            assert [r["address"] for r in scan(wire, limit=1)[1]] == [rows[0]["address"]]
        target.tell()
        target.end()
        return f"{len(truth)} of {len(rows)}, pause {head['pause_us']} us"


_GENERATED = _KNOWS + """
seed = int(sys.argv[1]) if len(sys.argv) > 1 else SEED
draw = random.Random(seed)
class Owner: pass
def small(): return draw.choice(([], {}, (), set(), "", None, 1.5, "a text", b"raw", (1, 2)))
def filled(kind, n):
    items = [float(i) for i in range(n)]
    if kind is dict: return dict(zip(range(10 ** 6, 10 ** 6 + n), items))
    if kind is collections.deque: return collections.deque(items, draw.choice((None, n, 2 * n)))
    return kind(items)
kinds = (list, tuple, set, frozenset, dict, collections.deque, collections.OrderedDict)
for number in range(40):
    kind, n = draw.choice(kinds), draw.randrange(1001, 4000)
    if kind is collections.OrderedDict:
        made = kind((str(i), small()) for i in range(n))
    else:
        made = filled(kind, n)
    name = "NAME_%d" % number
    how = draw.randrange(5)
    if how == 0:
        globals()[name] = made; owner = "__main__." + name
    elif how == 1:
        holder = Owner(); holder.held = made; globals()[name] = holder; del holder
        owner = "__main__.%s.held" % name
    elif how == 2:
        globals()[name] = type(name, (), {"held": made}); owner = "__main__.%s.held" % name
    elif how == 3:
        globals()[name] = [small(), [small(), (made,)]]; owner = "__main__.%s[]" % name
    else:
        inner = Owner(); inner.one = {"a": small(), "b": [made]}
        globals()[name] = Owner(); globals()[name].two = inner; del inner
        owner = "__main__.%s.two.one[]" % name
    bound = {tuple: None, frozenset: None}.get(kind, 0)
    if kind is collections.deque: bound = made.maxlen or 0
    named = "collections." + kind.__name__ if kind.__module__ == "collections" else kind.__name__
    know(made, named, owner, bound=bound)
    del truth[hex(id(made))]["keys"]
    if draw.random() < 0.2: gc.collect()
    if draw.random() < 0.1: gc.freeze()
del made
say("ready"); say(json.dumps(truth)); wait()
"""


@host.with_gil(_NO_GIL)
def generated_heaps_are_as_they_were_made(python):
    """Heaps that nobody chose: each container with its length, bytes, bound and owner."""
    seeds = range(3 if not host.LONG else 100)
    for seed in seeds:
        script = _GENERATED.replace("SEED", str(seed))
        with host.Host(python, script) as target:
            target.hear("ready")
            truth = json.loads(target.hear())
            with target.wire() as wire:
                by_address = {row["address"]: row for row in scan(wire, limit=1000)[1]}
            for address, known in truth.items():
                row = by_address.get(address)
                assert row is not None, ("not found", seed, known)
                for key in ("type", "length", "bound", "owner"):
                    assert row[key] == known[key], (seed, key, row, known)
                assert row["shallow_bytes"] == known["bytes"][0], (seed, row, known)
            target.end()
    return f"{len(seeds)} heaps"


_GROWN = _KNOWS + """
gc.disable()
class Owner: pass
owner = Owner(); owner.items = [object() for _ in range(3000)]
PRICES = {i: str(i) for i in range(2000)}
pool = [[object() for _ in range(2100)] for _ in range(3)]
def fill(n, kind): return [kind + str(i) for i in range(n)]
changing = [fill(2200, "before "), fill(2300, "old ")]
STALE = fill(2400, "then ")
local_list = fill(2500, "local ")
def facts(**more):
    now = {"items": owner.items, "PRICES": PRICES, "pool": pool[1], "first": changing[0],
           "second": changing[1], "STALE": STALE}
    now.update(more)
    return json.dumps({name: [hex(id(o)), len(o)] for name, o in now.items()})
def replace(where, key, n, kind):
    '''Another list at the address of the one that was there.'''
    address, aside = id(where[key]), []
    where[key] = None
    while True:
        made = fill(n, kind)
        if id(made) == address: break
        aside.append(made)
        assert len(aside) < 1000
    where[key] = made
gc.collect(); gc.collect()
say("ready"); say((3, 14) <= sys.version_info[:3] < (3, 14, 5)); say(facts()); wait()
owner.items.extend(object() for _ in range(500))
PRICES.update((i, str(i)) for i in range(2000, 2600))
pool[1].extend(object() for _ in range(700))
gc.collect(0)
replace(changing, 0, 4200, "after ")    # young: it was made after a collection
say("grown"); say(facts()); wait()
replace(changing, 1, 4300, "new ")
replace(globals(), "STALE", 4400, "later ")
gc.collect()                            # now nothing is young any more
LATE = fill(2600, "late ")
say("replaced"); say(facts(LATE=LATE)); wait()
"""


def _baseline(wire, name):
    """The baseline knows its containers when one is told of that is there."""
    number = wire.ask(op="baseline", name=name)[0]["baseline"]

    def known():
        return any([number, row["length"]] in row["then"] for row in scan(wire)[1])
    host.wait_until(known, 20, "the baseline knows its containers")
    return number


@host.with_gil(_NO_GIL)
def growth_is_of_the_same_object(python):
    """What grew is told; what took the place of another at its address does not pass for it."""
    with host.Host(python, _GROWN) as target:
        target.hear("ready")
        incremental = target.hear() == "True"
        before = json.loads(target.hear())
        with target.wire() as wire:
            base = _baseline(wire, "one")

            def then():
                rows = {row["address"]: row for row in scan(wire, limit=1000)[1]}
                return {name: (rows[address]["length"] - length, rows[address]["then"])
                        for name, (address, length) in now.items()}
            target.tell()
            target.hear("grown")
            now = json.loads(target.hear())
            found = then()
            for name in ("items", "PRICES", "pool", "second", "STALE"):
                assert found[name] == (0, [[base, before[name][1]]]), (name, found[name])
            assert now["first"][0] == before["first"][0]
            # an incremental collector has no young ones
            assert found["first"] == (0, [[base, None]] if incremental else []), found["first"]
            target.tell()
            target.hear("replaced")
            now = json.loads(target.hear())
            found = then()
            assert now["second"][0] == before["second"][0]
            assert found["second"] == (0, [[base, None]]), found["second"]
            assert found["STALE"] == (0, [[base, None]]), found["STALE"]
            assert found["LATE"] == (0, []), found["LATE"]
            assert found["PRICES"] == (0, [[base, 2000]]), found["PRICES"]
            second = _baseline(wire, "two")
            found = then()
            assert found["PRICES"] == (0, [[base, 2000], [second, 2600]]), found["PRICES"]
            assert found["LATE"] == (0, [[second, 2600]]), found["LATE"]
            wire.ask(op="baseline.drop", baseline=base)
            assert then()["PRICES"] == (0, [[second, 2600]])
        target.end()


@host.with_gil(_NO_GIL)
def the_longest_answer_comes_in_several_lines(python):
    """As many containers as there may be, with names as long, and some baselines."""
    script = """
    def name(i):
        return "a_list_with_a_name_that_goes_on_%s_%d" % ("and_on" * 12, i)
    for i in range(1100):
        globals()[name(i)] = [None] * (6000 + i)    # beyond what Python itself has
    say("ready"); wait()
    """
    with host.Host(python, script) as target:
        target.hear("ready")
        with target.wire() as wire:     # which looks at the length of each line
            for number in range(1, 9):
                wire.ask(op="baseline", name="n" * 64)
                def recorded(number=number):
                    first, = scan(wire, limit=1)[1]
                    return [number, 7099] in first["then"]
                host.wait_until(recorded, 10, "the baseline knows its containers")
            rows = scan(wire, limit=1000)[1]
            assert [r["length"] for r in rows] == list(range(7099, 6099, -1))
            assert len({r["owner"] for r in rows}) == 1000
            assert len(rows[0]["then"]) == 8
        target.end()
        return f"{len(rows)} containers"


@host.with_gil(_NO_GIL)
def ticks_come_between(python):
    """Who asks goes on hearing ticks until the answer is there."""
    script = """
    kept = [{"n": [i]} for i in range(600000)]
    say("ready"); wait()
    """
    with host.Host(python, script) as target:
        target.hear("ready")
        with target.wire() as wire:
            wire.ask(op="subscribe", period_ms=100)
            number = wire.send(op="containers")
            said = []
            while not said or said[-1]["t"] != "reply":
                said.append(wire.line())
            assert said[-1]["id"] == number and said[-1]["ok"], said[-1]
            head = next(m for m in said if m["t"] == "containers")
            ended = head["at"] + head["scan_ms"] / 1000
            during = [m["at"] for m in said if m["t"] == "tick" and head["at"] < m["at"] < ended]
            assert during or head["scan_ms"] < 500, (head["scan_ms"], len(said))
            kinds = {m["t"] for m in said}
            assert kinds <= {"baselines", "names", "live", "tick", "progress", "containers",
                             "reply"}, kinds
        target.end()
        return f"{len(during)} ticks in {head['scan_ms']} ms"


def _refuses_to_show(wire, head, row, words):
    reply = wire.ask(op="reveal", address=row["address"], seen_ms=round(head["at"] * 1000))[0]
    assert reply["code"] == "unavailable" and words in reply["error"], reply


@host.with_gil(_NO_GIL)
def without_a_freeze_the_walk_answers(python):
    """A setting forbids copies; then the address space is too small for one."""
    script = """
    import resource
    KEPT = {i: [i] for i in range(3000)}
    say("ready"); wait()
    mapped = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (mapped + (24 << 20), hard))
    say("limited"); wait()
    """
    reasons = []
    with host.Host(python, script, LEAKTOP_FREEZE="off") as target:
        target.hear("ready")
        with target.wire() as wire:
            head, rows = scan(wire)
            assert head["by"] == "walk" and "LEAKTOP_FREEZE" in head["reason"], head
            assert any(row["owner"] == "__main__.KEPT" for row in rows), rows
            reply = wire.ask(op="types")[0]
            assert reply["code"] == "unavailable" and "LEAKTOP_FREEZE" in reply["error"], reply
            number = _baseline(wire, "walked")
            head, rows = scan(wire)
            row, = [row for row in rows if row["owner"] == "__main__.KEPT"]
            assert row["then"] == [[number, 3000]], row
            _refuses_to_show(wire, head, row, "LEAKTOP_FREEZE")
        target.tell()
        target.hear("limited")
        target.end()
    with host.Host(python, script) as target:
        target.hear("ready")
        with target.wire() as wire:
            assert scan(wire)[0]["by"] == "freeze"
            target.tell()
            target.hear("limited")
            head, rows = scan(wire)
            assert head["by"] == "walk" and "too little memory" in head["reason"], head
            reasons.append(head["reason"])
            row, = [row for row in rows if row["owner"] == "__main__.KEPT"]
            _refuses_to_show(wire, head, row, "could not be copied")
        target.end()
    return reasons[0]


def one_without_a_gil_is_refused(python):
    if not host.is_free_threaded(python):
        return "n/a"
    with host.Host(python, 'say("ready"); wait()') as target:
        target.hear("ready")
        with target.wire() as wire:
            reply = wire.ask(op="containers")[0]
            assert reply["code"] == "unavailable" and "no GIL" in reply["error"], reply
        target.end()
    return ""


if __name__ == "__main__":
    sys.exit(host.run((all_are_found, generated_heaps_are_as_they_were_made,
                       growth_is_of_the_same_object, ticks_come_between,
                       without_a_freeze_the_walk_answers,
                       contents.contents_are_shown_to_who_asks,
                       contents.a_setting_forbids_to_show_contents,
                       the_longest_answer_comes_in_several_lines, one_without_a_gil_is_refused)))
