#!/usr/bin/python3
"""freeze.py - the frozen heap: what is counted is what there is, and nobody is harmed by it."""
import collections
import json
import os
import re
import signal
import sys

import host

_NO_GIL = "its heap cannot be frozen"

_ATTRIBUTES = """
import ctypes
# Attributes are beside an object, or in it, and not in its size: 3.11 to 3.15.
def attributes_bytes(o):
    if type(o).__flags__ & 4 and sys.version_info >= (3, 13):
        fit = ctypes.c_uint8.from_address(id(o) + type(o).__basicsize__).value
        return (fit + 7) // 8 * 8 + (fit + 1) * 8
    if not type(o).__flags__ & 16 or sys.version_info < (3, 11) or sys.version_info >= (3, 13):
        return 0
    word = ctypes.c_size_t.from_address(id(o) - (24 if sys.version_info >= (3, 12) else 32)).value
    if word == 0 or word % 2 != (sys.version_info >= (3, 12)):
        return 0
    fit = type(o).__dict__.get("FIT", 1)    # one more than there are, after many instances
    return (fit + 2 + 7) // 8 * 8 + fit * 8
"""

_SCRIPT = _ATTRIBUTES + """
import array, collections, ctypes, gc, json
class Plain:
    FIT = 3
    def __init__(self, n): self.n = n; self.text = "text %d" % n
class Slots:
    __slots__ = ("a", "b")
    def __init__(self, n): self.a = n; self.b = None
class Text(str): pass
class Numbers(list): pass
class Point(tuple): pass
class Whole(int): pass
class Table(dict): pass
class Group(set): pass
class Raw(bytes): pass
class Deep(Plain): FIT = 3
class Caf\u00e9: pass
kept = [[Plain(i) for i in range(3000)], [Slots(i) for i in range(2000)],
        [Text("t" * (i % 50)) for i in range(1500)],
        [Numbers(range(i % 20)) for i in range(1200)],
        [Point(range(i % 9)) for i in range(1100)], [Whole(i ** 9) for i in range(1, 1001)],
        [Table({i: i, str(i): 1}) for i in range(900)], [Group(range(i % 40)) for i in range(800)],
        [Raw(b"x" * i) for i in range(700)], [Deep(i) for i in range(600)],
        [Caf\u00e9() for i in range(500)],
        [collections.deque(range(i)) for i in range(400)],
        [array.array("d", range(i)) for i in range(300)],
        [bytearray(i) for i in range(1, 201)],
        [frozenset(range(i)) for i in range(100)]]
tree = None
for i in range(50): tree = Table({"next": tree, "leaf": Slots(i)})
def generate(): yield
running = [generate() for _ in range(70)]   # of 3.11 on with items that nothing counts
def failing(): raise ValueError
failed = []
for _ in range(70):
    try: failing()
    except ValueError as error: failed.append(error)    # and with it its frame
gc.collect()
gc.freeze()
fresh = [Plain(i) for i in range(250)]
mine = (Plain, Slots, Text, Numbers, Point, Whole, Table, Group, Raw, Deep, Caf\u00e9)
def truth():
    everything = [o for part in kept for o in part] + fresh
    node = tree
    while node is not None:
        everything += [node, node["leaf"]]
        node = node["next"]
    counted = {}
    for o in everything:
        name = "__main__." + type(o).__qualname__ if type(o) in mine else type(o).__name__
        counts = counted.setdefault(name, [0, 0])
        counts[0] += 1
        counts[1] += sys.getsizeof(o)
        if isinstance(o, (str, int)):   # what a subclass adds is not in its size
            counts[1] += type(o).__basicsize__ - type(o).__mro__[1].__basicsize__
        counts[1] += attributes_bytes(o)
    return counted
say("ready"); say(json.dumps(truth())); wait()
"""

# Types that only this script has many of, and those of which the interpreter has some itself.
_OTHERS = {"deque": "collections.deque", "array": "array.array", "bytearray": "bytearray",
           "frozenset": "frozenset"}


def _types(wire, **request):
    """(frozen, {name: [objects, bytes, types, garbage]})"""
    number = wire.send(op="types", limit=1000, **request)
    rows, frozen = {}, None
    while True:
        message = wire.line()
        assert message is not None, "the connection ended"
        if message["t"] == "frozen":
            frozen = message
        elif message["t"] == "types":
            for name, objects, size, garbage, *_ in message["rows"]:
                row = rows.setdefault(name, [0, 0, 0, 0])   # two types may have one name
                rows[name] = [row[0] + objects, row[1] + size, row[2] + 1, row[3] + garbage]
        elif message["t"] == "reply" and message["id"] == number:
            assert message["ok"], message
            return frozen, rows


def _refused(wire):
    reply, _ = wire.ask(op="types")
    assert not reply["ok"], reply
    return reply


@host.with_gil(_NO_GIL)
def types_are_counted_and_measured(python):
    with host.Host(python, _SCRIPT) as target:
        target.hear("ready")
        truth = json.loads(target.hear())
        with target.wire() as wire:
            frozen, rows = _types(wire)
        assert frozen["complete"], frozen
        for name, (objects, size) in truth.items():
            found = rows.get(_OTHERS.get(name, name))
            assert found is not None, (name, sorted(rows))
            if name in _OTHERS:
                assert objects <= found[0] <= objects + 300, (name, found, objects)
                continue
            assert found[0] == objects, (name, found, objects)
            assert found[1] == size, (name, found, size)
        for name in ("generator", "frame"):
            assert 70 <= rows[name][0] < 200 and rows[name][1] < 200 * 1000, (name, rows[name])
        sums = [sum(row[i] for row in rows.values()) for i in range(3)]
        assert sums == [frozen[key] for key in ("objects", "bytes", "types")], (sums, frozen)
        target.end()
        return f"{frozen['objects']} objects, pause {frozen['pause_us']} us"


@host.with_gil(_NO_GIL)
def garbage_is_what_a_collection_finds(python):
    """None in a process of many kinds of holders; then exactly the loops that are made."""
    script = """
    import asyncio, collections, contextvars, functools, gc, json, queue, threading, weakref
    import dataclasses, decimal, enum, logging, re, types
    class Loop:
        def __init__(self, n):
            self.me, self.text, self.items = self, "loop number %d" % n, [self, 10 ** 6 + n]
    class Ordered(collections.OrderedDict): pass
    class Keyed(dict): pass
    def generator(held):
        local = [held]
        yield local
    def closure(held): return lambda: held
    @functools.lru_cache(None)
    def cached(n): return {"n": n}
    async def sleeper(): await asyncio.Event().wait()
    @dataclasses.dataclass
    class Data:
        x: int; y: list
    class Colour(enum.Enum): RED = 1
    stop = threading.Event()
    def thread():
        local = {"only": ["in", "a", "local"]}
        stop.wait()
    threads = [threading.Thread(target=thread) for _ in range(3)]
    for t in threads: t.start()
    variable = contextvars.ContextVar("variable"); variable.set({"a": [1]})
    kept = [generator(i) for i in range(50)]
    for g in kept[:25]: next(g)
    kept += [closure([i]) for i in range(50)] + [cached(i) for i in range(50)]
    kept += [Ordered({str(i): [i], i: "key"}) for i in range(50)]
    kept += [Keyed({(i, "k"): [i], "s%d" % i: i}) for i in range(50)]
    kept += [Data(i, [i]) for i in range(50)] + [types.SimpleNamespace(a=i) for i in range(9)]
    kept += [weakref.ref(Data), weakref.WeakValueDictionary(d=kept[-20]), queue.Queue(),
             collections.ChainMap({1: 2}), decimal.Decimal(3), re.compile("a(b)"), iter([1]),
             {}.items(), map(str, [1]), functools.partial(print, [1]), memoryview(b"abc")]
    loop = asyncio.new_event_loop()
    task = loop.create_task(sleeper())
    loop.call_soon(loop.stop); loop.run_forever()
    gc.collect(); gc.collect(); gc.disable()
    say("clean"); wait()
    for i in range(700): Loop(i)
    say("loops"); wait()
    say("collected", gc.collect()); wait()
    gc.enable()
    task.cancel(); loop.call_soon(loop.stop); loop.run_forever(); loop.close()
    stop.set()
    for t in threads: t.join()
    """
    with host.Host(python, script) as target:
        target.hear("clean")
        with target.wire() as wire:
            frozen, rows = _types(wire)
            found = {name: row[3] for name, row in rows.items() if row[3]}
            assert frozen["garbage_objects"] == 0, found
            target.tell()
            target.hear("loops")
            frozen, rows = _types(wire)
            found = {name: row[3] for name, row in rows.items() if row[3]}
            target.tell()
            collected = int(target.hear("collected").split()[1])
            assert found["__main__.Loop"] == 700 and found["list"] == 700, found
            assert found["str"] == 700 and found["int"] == 700, found
            tracked = sum(count for name, count in found.items() if name not in ("str", "int"))
            assert tracked == collected, (found, collected)
            assert sum(found.values()) == frozen["garbage_objects"]
            assert _types(wire)[0]["garbage_objects"] == 0
            target.tell()
        target.end()
        return f"{found}"


_HELD = _ATTRIBUTES + """
import collections, functools, gc, threading, types
class Item:
    FIT = 2
    def __init__(self, n): self.n = [n + 10 ** 6]
class Slotted:
    __slots__ = ("held", "__weakref__")
class Deeper(Slotted):
    __slots__ = ("more",)
class Holder:
    registry = {}
    def __init__(self): self.items = []; self.by_name = {}
class Link:
    def __init__(self, item, rest): self.item, self.rest = item, rest
class Sub(dict): pass
def make(n): return [Item(i) for i in range(n)]
make(100)       # then the first that are kept are as large as the last
PRICES = {i: item for i, item in enumerate(make(1000))}
holder = Holder()
holder.items.extend(make(900)); holder.by_name.update((str(i), o) for i, o in enumerate(make(800)))
Holder.registry.update(enumerate(make(700)))
chain = None
for item in make(600): chain = Link(item, chain)
QUEUE = collections.deque(make(500))
NESTED = [{"deep": ({"deeper": [o]},)} for o in make(400)]
SUB = Sub(enumerate(make(300))); SUB.extra = make(130)
slotted = Slotted(); slotted.held = make(250)
deeper = Deeper(); deeper.held = make(65); deeper.more = make(75)
module = types.ModuleType("some.where"); sys.modules["some.where"] = module
module.HELD = make(200)
def counter(held):
    def inside(): return held
    return inside
closure = counter(make(150))
stop, started = threading.Event(), threading.Semaphore(0)
def wait_with(inner):
    started.release(); inner()
def work(given):
    local = make(120)
    given.extend(make(110))
    wait_with(stop.wait)
def share():
    cell = make(80)
    def other(): return cell
    wait_with(stop.wait)
def recurse(depth):
    mine = make(10)
    if depth: recurse(depth - 1)
    else: wait_with(stop.wait)
def generate():
    yielded = make(60)
    yield wait_with(stop.wait)
threads = [threading.Thread(target=f, args=a) for f, a in
           ((lambda: work([]), ()), (share, ()), (recurse, (6,)),
            (lambda: next(generate()), ()))]
for thread in threads: thread.start()
for thread in threads: started.acquire()
gc.collect(); gc.disable()
for i in range(90):
    loop = Item(i); loop.n.append(loop)
del loop, item, i
one = PRICES[7]
own = sys.getsizeof(one) + attributes_bytes(one)
whole = own + sys.getsizeof(one.n) + sys.getsizeof(one.n[0])
if sys.version_info < (3, 11): whole += sys.getsizeof(one.__dict__)
del one
say("ready"); say(own, whole, sys.version_info.minor); wait()
stop.set()
for thread in threads: thread.join()
"""

_WAYS = {"__main__.PRICES[]": 1000, "__main__.holder.items[]": 900,
         "__main__.holder.by_name[]": 800, "__main__.Holder.registry[]": 700,
         "__main__.chain.rest.item": 599, "__main__.chain.item": 1, "__main__.QUEUE[]": 500,
         "__main__.NESTED[]": 400, "__main__.SUB[]": 300,
         "__main__.slotted.held[]": 250, "__main__.deeper.held[]": 65,
         "__main__.deeper.more[]": 75, "__main__.SUB.extra[]": 130, "some.where.HELD[]": 200,
         "__main__.closure -> function[] -> cell[]": 150,
         "(local in work, script.py:LINE) local[]": 120,
         "(local in work, script.py:LINE) given[]": 110, "(garbage)": 90,
         "(local in share, script.py:LINE) other -> function[] -> cell[]": 80,
         "(local in recurse, script.py:LINE) mine[]": 70,
         "(local in generate, script.py:LINE) yielded[]": 60}


def _ways(minor):
    """From 3.11 on, a frame's variables tell of those that closures share, too."""
    ways = dict(_WAYS)
    if minor >= 11:
        ways["(local in share, script.py:LINE) cell[]"] = \
            ways.pop("(local in share, script.py:LINE) other -> function[] -> cell[]")
    return ways


@host.with_gil(_NO_GIL)
def holders_are_named(python):
    """Each object of a type at the end of the way that the script made."""
    with host.Host(python, _HELD) as target:
        target.hear("ready")
        own, whole, minor = map(int, target.hear().split())
        expected = _ways(minor)
        with target.wire() as wire:
            for name in ("__main__.Item", "Item"):
                reply, before = wire.ask(op="referrers", name=name, limit=100)
                assert reply["ok"], reply
                found = before["referrers"]
                ways = collections.Counter()
                for path, objects, *_ in found["rows"]:
                    ways[re.sub(r":[0-9]+\)", ":LINE)", path)] += objects
                assert ways == expected, sorted(set(ways.items()) ^ set(expected.items()))
                assert found["paths"] == len(expected) + 1     # recurse waits on two of its lines
                assert found["objects"] == sum(expected.values())
                assert found["bytes"] == sum(row[2] for row in found["rows"])
                for path, objects, size, retained in found["rows"]:
                    each = own if path == "(garbage)" else whole
                    assert size == objects * own, (path, size, objects, own)
                    assert retained == objects * each, (path, retained, objects, each)
            found = wire.ask(op="referrers", name="Item", limit=2)[1]["referrers"]
            assert [row[1] for row in found["rows"]] == [1000, 900]
            found = wire.ask(op="referrers", name="tem")[1]["referrers"]
            assert found["objects"] == 0 and found["rows"] == [], found
            assert wire.ask(op="referrers")[0]["code"] == "bad-argument"
        target.tell()
        target.end()
        return f"{len(ways)} ways"


def _private_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("RssAnon:"))


@host.with_gil(_NO_GIL)
def nobody_sees_the_child(python):
    """waitpid(-1), SIGCHLD, descriptors, threads and memory, while scans go on."""
    script = """
    import errno, os, signal, threading
    seen, stop = [], threading.Event()
    signal.signal(signal.SIGCHLD, lambda *_: seen.append("SIGCHLD"))
    kept = [[i] for i in range(20000)]
    def look():
        while not stop.is_set():
            try:
                seen.append(os.waitpid(-1, os.WNOHANG))
            except ChildProcessError:
                pass
    def churn():
        while not stop.is_set():
            made = [{"n": i} for i in range(100)]
    threads = [threading.Thread(target=f) for f in (look, churn, churn)]
    for t in threads: t.start()
    say("ready"); wait()
    while True:
        # the fewest: the sampler's own reading of /proc comes and goes
        say("open", min(len(os.listdir("/proc/self/fd")) for _ in range(50)))
        if wait() == "end": break
    stop.set()
    for t in threads: t.join()
    say("seen", seen); wait()
    """
    with host.Host(python, script) as target:
        target.hear("ready")
        with target.wire() as wire:
            _types(wire)
            target.tell()
            before = target.hear("open")
            began_kib = _private_kib(target.pid)
            for _ in range(12 if not host.LONG else 1000):
                frozen, _ = _types(wire)
                assert frozen["objects"] > 20000, frozen
            assert not host.children(target.pid), host.children(target.pid)
            target.tell()
            assert target.hear("open") == before
            grown_kib = _private_kib(target.pid) - began_kib
            assert grown_kib < 20 << 10, f"{grown_kib} KiB more"    # its tables fill, to 16 MB
            target.tell("end")
            assert target.hear("seen") == "seen []"
        target.end()
        assert target.errors() == "", target.errors()
        return f"{before}, {grown_kib} KiB more"


@host.with_gil(_NO_GIL)
def a_killed_child_is_told(python):
    """SIGKILL of the child at any moment: words, and the next scan is whole."""
    script = """
    kept = [{"n": i} for i in range(300000)]
    say("ready"); wait()
    assert sum(d["n"] for d in kept) == 300000 * 299999 // 2
    """
    with host.Host(python, script) as target:
        target.hear("ready")
        killed = 0
        with target.wire() as wire:
            for _ in range(20):
                number = wire.send(op="types")
                child = host.wait_until(lambda: host.children(target.pid), 10, "a child").pop()
                os.kill(child, signal.SIGKILL)
                reply = wire.until("reply", id=number)
                if not reply["ok"]:
                    killed += 1
                    assert "killed" in reply["error"], reply
            assert killed > 0, "none was killed in time"
            assert _types(wire)[0]["objects"] > 300000
            assert not host.children(target.pid)
        target.tell()
        target.end()
        return f"{killed} of 20 were killed"


_CRASHER = r"""
import ctypes
class Fragile: pass
TRAVERSE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
libc = ctypes.CDLL(None)
slot = ctypes.c_void_p.from_address(id(Fragile) + 184)
good = slot.value
def spoil(function):
    slot.value = ctypes.cast(function, ctypes.c_void_p).value
"""


@host.with_gil(_NO_GIL)
def a_crash_costs_a_message(python):
    """A tp_traverse that aborts, one that never comes back from a fault: the type is named."""
    script = _CRASHER + """
import gc
gc.disable()        # the collector would crash as well
fragile = Fragile()
for how in (libc.abort, ctypes.c_void_p(8)):
    slot.value = ctypes.cast(how, ctypes.c_void_p).value
    say("spoilt"); wait()
slot.value = good
say("good"); wait()
"""
    with host.Host(python, script) as target:
        words = []
        with target.wire() as wire:
            for _ in range(2):
                target.hear("spoilt")
                reply = _refused(wire)
                assert "__main__.Fragile" in reply["error"], reply
                assert "crashed" in reply["error"], reply
                words.append(re.search(r"signal \d+", reply["error"]).group())
                target.tell()
            target.hear("good")
            assert _types(wire)[1]["__main__.Fragile"][0] == 1
        target.end()
        assert words == ["signal 6", "signal 11"], words


@host.with_gil(_NO_GIL)
def a_client_that_goes_gives_up(python):
    """The freeze ends when nobody waits for it; a second client gets its own answer."""
    script = """
    kept = [{"n": i} for i in range(400000)]
    say("ready"); wait()
    """
    with host.Host(python, script) as target:
        target.hear("ready")
        for _ in range(5):
            with target.wire() as wire:
                wire.send(op="types")
                host.wait_until(lambda: host.children(target.pid), 10, "a child")
            host.wait_until(lambda: not host.children(target.pid), 10, "the end of the child")
        with target.wire() as first, target.wire() as second:
            number = first.send(op="types")
            host.wait_until(lambda: host.children(target.pid), 10, "a child")
            frozen, _ = _types(second)
            assert first.until("frozen")["at"] == frozen["at"]
            assert first.until("reply", id=number)["ok"]
        target.end()


@host.with_gil(_NO_GIL)
def a_freeze_is_cancelled(python):
    """The connection goes on; another client that waits for the same freeze has it."""
    script = """
    kept = [{"n": i} for i in range(400000)]
    say("ready"); wait()
    """
    with host.Host(python, script) as target:
        target.hear("ready")
        with target.wire() as wire, target.wire() as other:
            cancelled = 0
            for both in (False, True) * 5:
                number = wire.send(op="types")
                host.wait_until(lambda: host.children(target.pid), 10, "a child")
                same = other.send(op="types") if both else None
                after = wire.send(op="cancel")
                reply = wire.until("reply", id=number)     # it may have been there by then
                assert reply["ok"] or reply["code"] == "cancelled", reply
                cancelled += not reply["ok"]
                assert wire.until("reply", id=after)["ok"]
                if both:
                    assert other.until("reply", id=same)["ok"]
                host.wait_until(lambda: not host.children(target.pid), 10, "the end of the child")
            assert cancelled > 0, "none was cancelled in time"
            assert wire.ask(op="cancel")[0]["ok"]
            assert _types(wire)[0]["objects"] > 400000
        target.end()
        return f"{cancelled} of 10"


@host.with_gil(_NO_GIL)
def one_that_is_given_up_is_not_another_ones(python):
    """Who asks while the freeze of one that went is still ending gets a freeze of its own."""
    script = """
    kept = [{"n": i} for i in range(300000)]
    say("ready"); wait()
    """
    with host.Host(python, script) as target:
        target.hear("ready")
        with target.wire() as second:
            for moments in range(20):
                with target.wire() as first:
                    first.send(op="types")
                    host.wait_until(lambda: host.children(target.pid), 10, "a child")
                for _ in range(moments):
                    host.children(target.pid)
                frozen, types = _types(second)
                assert types["dict"][0] >= 300000, (frozen, types["dict"])
        target.end()


@host.with_gil(_NO_GIL)
def ticks_go_on(python):
    """A subscriber hears its ticks while another client's scan is under way, and its progress."""
    script = """
    kept = [{"n": [i]} for i in range(1000000)]
    say("ready"); wait()
    """
    with host.Host(python, script) as target:
        target.hear("ready")
        with target.wire() as wire, target.wire() as other:
            other.ask(op="subscribe", period_ms=100)
            number = wire.send(op="types")
            said = []
            while not said or said[-1]["t"] != "reply":
                said.append(wire.line())
            kinds = [message["t"] for message in said]
            assert said[-1]["id"] == number and said[-1]["ok"], said[-1]
            assert kinds[-5:] == ["frozen", "cycles", "uncollectable", "types", "reply"], kinds
            assert set(kinds[:-5]) == {"progress"}, kinds
            frozen = said[-5]
            ended = frozen["at"] + frozen["walk_ms"] / 1000
            ticks = []
            while not ticks or ticks[-1] < ended:
                ticks.append(other.until("tick")["at"])
            during = [at for at in ticks if frozen["at"] < at < ended]
            assert during or frozen["walk_ms"] < 300, (frozen, ticks)
        target.end()
        return f"{len(during)} ticks in {frozen['walk_ms']} ms"


def forks_and_ends_during_a_scan(python):
    script = """
    import os
    kept = [[i] for i in range(300000)]
    say("ready"); wait()
    for _ in range(10):
        pid = os.fork()
        if pid == 0:
            os._exit(0)
        assert os.waitpid(pid, 0) == (pid, 0)
    say("forked"); wait()
    """
    with host.Host(python, script) as target:
        target.hear("ready")
        with target.wire() as wire:
            wire.send(op="types")
            target.tell()
            target.hear("forked")
        with target.wire() as wire:
            wire.send(op="types")
            target.end()
        return target.errors()


def one_without_a_gil_is_refused(python):
    if not host.is_free_threaded(python):
        return "n/a"
    with host.Host(python, 'say("ready"); wait()') as target:
        target.hear("ready")
        with target.wire() as wire:
            assert "no GIL" in _refused(wire)["error"]
        target.end()
    return ""


def little_memory_is_told(python):
    """RLIMIT_AS a little above what is mapped; one of processes; then none."""
    script = """
    import resource
    mapped = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    say("ready"); wait()
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (mapped + (24 << 20), hard))
    say("limited"); wait()
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
    say("free"); wait()
    """
    if host.is_free_threaded(python):
        return "n/a"
    with host.Host(python, script) as target:
        target.hear("ready")
        with target.wire() as wire:
            _types(wire)
            target.tell()
            target.hear("limited")
            reply = _refused(wire)
            assert reply["code"] == "unavailable" and "too little memory" in reply["error"], reply
            target.tell()
            target.hear("free")
            _types(wire)
        target.end()
        return reply["error"]


if __name__ == "__main__":
    sys.exit(host.run((types_are_counted_and_measured, garbage_is_what_a_collection_finds,
                       holders_are_named,
                       nobody_sees_the_child,
                       a_killed_child_is_told, a_crash_costs_a_message,
                       a_client_that_goes_gives_up, a_freeze_is_cancelled,
                       one_that_is_given_up_is_not_another_ones, ticks_go_on, forks_and_ends_during_a_scan,
                       one_without_a_gil_is_refused, little_memory_is_told)))
