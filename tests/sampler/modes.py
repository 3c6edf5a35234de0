#!/usr/bin/python3
"""modes.py - whatever the allocator is, the sampler samples and the program's data are right.

LK_TEST_LONG in the environment: the stress lasts a minute for each interpreter.
"""
import sys

import host

# One round makes, grows, shrinks and drops blocks of all sizes; every content is checked.
_STRESS = r"""
import hashlib, random, threading, time
LONG = 0
ROUNDS = 150

def blocks(rng):
    kind = rng.randrange(8)
    n = rng.choice((0, 1, 15, 16, 100, 480, 511, 512, 513, 600, 4000, 70000))
    if kind == 0:
        return bytes([n % 251]) * n, lambda b, n=n: b == bytes([n % 251]) * n
    if kind == 1:
        b = bytearray()
        for i in range(n % 700):
            b.append(i % 256)
        return b, lambda b, n=n: b == bytes(i % 256 for i in range(n % 700))
    if kind == 2:
        l = list(range(n))
        del l[n // 3:]
        l.extend(range(n // 3, n // 2))
        return l, lambda l, n=n: l == list(range(n // 2)) or l == list(range(n // 3))
    if kind == 3:
        s = "\u20ac" * (n // 2)
        s += "x" * 3
        return s, lambda s, n=n: s == "\u20ac" * (n // 2) + "xxx"
    if kind == 4:
        d = {i: str(i) for i in range(n % 900)}
        for i in range(0, n % 900, 2):
            del d[i]
        return d, lambda d, n=n: d == {i: str(i) for i in range(1, n % 900, 2)}
    if kind == 5:
        return 7 ** n, lambda x, n=n: x == pow(7, n)
    if kind == 6:
        return tuple(float(i) for i in range(n % 600)), \
            lambda t, n=n: all(x == i for i, x in enumerate(t)) and len(t) == n % 600
    return bytearray(n), lambda b, n=n: len(b) == n and not any(b)   # calloc: zeroes

def work(seed, rounds):
    rng = random.Random(seed)
    kept = []
    for _ in range(rounds):
        kept.append(blocks(rng))
        if len(kept) > 200:
            block, right = kept.pop(rng.randrange(len(kept)))
            if not right(block):
                say("WRONG", type(block), len(block))
                raise SystemExit(3)
    for block, right in kept:
        if not right(block):
            say("WRONG at the end", type(block))
            raise SystemExit(3)

def stress():
    threads = [threading.Thread(target=work, args=(i, ROUNDS)) for i in range(4)]
    for t in threads: t.start()
    for t in threads: t.join()
    work(99, ROUNDS)
    n = 20
    grown = bytearray()
    for i in range(3000):
        grown.extend(b"%04d" % i)
    assert bytes(grown) == b"".join(b"%04d" % i for i in range(3000))

say("ready")
wait()
stress()
end = time.monotonic() + LONG
while time.monotonic() < end:
    stress()
say("done")
wait()
"""

# (what is set, options, the mode expected)
_ALLOCATORS = (
    ({"PYTHONMALLOC": "pymalloc"}, (), "slots"),
    ({"PYTHONMALLOC": "malloc"}, (), "hash"),
    ({"PYTHONMALLOC": "debug"}, (), "slots"),
    ({"PYTHONMALLOC": "pymalloc_debug"}, (), "slots"),
    ({"PYTHONMALLOC": "malloc_debug"}, (), "hash"),
    ({}, ("-X", "tracemalloc=3"), "hash"),
    ({}, ("-X", "dev"), "slots"),
)
_FREE_THREADED_ALLOCATORS = (
    ({}, (), "hash"),
    ({"PYTHONMALLOC": "debug"}, (), "hash"),
    ({"PYTHONMALLOC": "mimalloc_debug"}, (), "hash"),
    ({}, ("-X", "tracemalloc=3"), "hash"),
    ({"PYTHON_GIL": "1"}, ("-X", "dev"), "hash"),
)


def _environments(python):
    """The default, what is found by hash, what adds to each block."""
    if host.is_free_threaded(python):
        return {}, {"PYTHONMALLOC": "debug"}
    return {}, {"PYTHONMALLOC": "malloc"}, {"PYTHONMALLOC": "debug"}


def stress(python, environment, options, mode):
    with host.Host(python, _STRESS, *options, LEAKTOP_INTERVAL="1K", **environment) as target:
        target.hear("ready")
        with target.wire() as wire:
            assert wire.hello["state"] == "sampling", wire.hello
            assert wire.hello["mode"] == mode, wire.hello
            target.tell()
            target.hear("done")
            tick = wire.look()
            assert tick["samples_total"] > 2000, tick
            domains = {stack[0] for stack in wire.stacks.values()}
            assert "obj" in domains and "mem" in domains, domains
            live = sum(cell[2] for row in wire.rows.values() for cell in row[3])
            count = sum(cell[1] for row in wire.rows.values() for cell in row[3])
            tick = wire.look()
            assert abs(tick["live_bytes"] - live) <= 0.2 * live + 1e6, (tick, live)
            assert abs(tick["samples_live"] - count) <= 0.2 * count + 100, (tick, count)
        target.end()
        return tick["samples_total"]


def data_are_right_under_every_allocator(python):
    rows = _FREE_THREADED_ALLOCATORS if host.is_free_threaded(python) else _ALLOCATORS
    return [stress(python, *row) for row in rows]


def data_stay_right_for_long(python):
    if not host.LONG:
        return "only when LK_TEST_LONG is set"
    for environment in _environments(python):
        script = _STRESS.replace("LONG = 0", "LONG = 20").replace("150", "1500")
        with host.Host(python, script, LEAKTOP_INTERVAL="1K", **environment) as target:
            target.hear("ready")
            target.tell()
            target.hear("done")
            target.end()
    return "3 x 20 s"


_TRACED = r"""
import tracemalloc
def figures():
    tracemalloc.start(3) if not tracemalloc.is_tracing() else None
    tracemalloc.clear_traces()
    kept = [bytes(1000 + i) for i in range(300)] + [str(i) * 40 for i in range(300)]
    snapshot = tracemalloc.take_snapshot().filter_traces(
        [tracemalloc.Filter(True, __file__)]).statistics("lineno")
    return [(s.traceback[0].lineno, s.size, s.count) for s in snapshot]
figures()
say(sorted(figures()))
tracemalloc.stop()
kept = [bytearray(100) for i in range(10000)]
say(len(kept))
"""


def tracemalloc_says_the_same(python):
    """On before the sampler, or started later on top of it."""
    for options in ((), ("-X", "tracemalloc=3")):
        said = []
        for preload in (host.SAMPLER, ""):
            with host.Host(python, _TRACED, *options, LD_PRELOAD=preload,
                           LEAKTOP_INTERVAL="1K") as target:
                said.append(target.end())
        assert said[0] == said[1] and "(" in said[0], said


_BALANCED = r"""
import gc, threading
def churn():
    kept = []
    for i in range(30000):
        kept.append([bytes(i % 500), str(i), {"a": i}, (i, i)])
        if len(kept) > 500:
            kept.clear()
def threads():
    ts = [threading.Thread(target=churn) for _ in range(3)]
    for t in ts: t.start()
    for t in ts: t.join()
say("ready"); wait()
churn(); threads(); gc.collect()
before = sys.getallocatedblocks()
churn(); threads(); gc.collect()
say("blocks", sys.getallocatedblocks() - before)
wait()
"""


def allocated_blocks_are_balanced(python):
    with host.Host(python, _BALANCED, LEAKTOP_INTERVAL="1K") as target:
        target.hear("ready")
        with target.wire() as wire:
            target.tell()
            growth = int(target.hear("blocks").split()[1])
            tick = wire.look()
        target.end()
        assert tick["samples_total"] > 10000, tick
        assert abs(growth) < 200, f"{growth} blocks after what leaves none"
        return f"{growth} blocks"


def estimates_are_right(python):
    """A line that keeps 40 MB in blocks far below the interval."""
    script = """
    kept = []
    def keep():
        for i in range(400000):
            kept.append(bytes(67))
    say("ready"); wait()
    keep()
    say("kept", sys.getsizeof(kept[0])); wait()
    del kept[::2]
    say("half"); wait()
    """
    for environment in _environments(python)[:2]:
        with host.Host(python, script, LEAKTOP_INTERVAL="64K", **environment) as target:
            target.hear("ready")
            with target.wire() as wire:
                target.tell()
                block_bytes = int(target.hear("kept").split()[1])
                wire.look()
                for share in (1.0, 0.5):
                    rows = [wire.rows[i] for i in wire.rows if wire.stacks[i][0] == "obj" and
                            [f[0] for f in wire.stacks[i][3][:1]] == ["keep"]]
                    live = sum(cell[2] for row in rows for cell in row[3])
                    error = sum(cell[4] for row in rows for cell in row[3]) ** 0.5
                    truth = share * 400000 * block_bytes
                    assert abs(live - truth) < 4 * error, (live, truth, error)
                    assert error < truth / 5, (error, truth)
                    if share == 1.0:
                        target.tell()
                        target.hear("half")
                        wire.look()
            target.end()


def a_block_that_shrinks_is_counted_once(python):
    """Lists and bytes that begin large, in RAW, and become small, where OBJ or MEM count."""
    script = """
    kept = []
    def lists():
        for i in range(60000):
            made = [None] * 100
            del made[10:]; kept.append(made)
    say("ready"); wait()
    lists()
    say("kept", sum(sys.getsizeof(made) - sys.getsizeof([]) for made in kept)); wait()
    """
    for environment in _environments(python):
        with host.Host(python, script, LEAKTOP_INTERVAL="16K", **environment) as target:
            target.hear("ready")
            with target.wire() as wire:
                target.tell()
                truth = int(target.hear("kept").split()[1])
                wire.look()
            shrunk = 5 + len(host.PRELUDE.splitlines()) + 1
            cells = [cell for i, row in wire.rows.items() for cell in row[3]
                     if wire.stacks[i][3][:1] and wire.stacks[i][3][0][0] == "lists"
                     and wire.stacks[i][3][0][2] == shrunk]
            live, error = sum(c[2] for c in cells), sum(c[4] for c in cells) ** 0.5
            assert abs(live - truth) < 5 * error, (environment, live, truth, error)
            target.end()


@host.with_gil("its allocator has address space in reserve, which no limit takes away")
def a_realloc_that_fails_changes_nothing(python):
    script = """
    import resource
    kept = []
    def big(): kept.append(bytearray(range(256)) * (32 << 10))
    await_sampler()
    big()
    limit = int(open("/proc/self/statm").read().split()[0]) * 4096 + (100 << 20)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    say("ready"); wait()
    try:
        kept[0].extend(bytes(60 << 20))
    except MemoryError:
        say("failed", bytes(kept[0]) == bytes(range(256)) * (32 << 10))
    try:
        more = bytearray(1 << 40)
    except MemoryError:
        say("again")
    wait(); kept.clear(); say("cleared"); wait()
    """
    def lives(wire):
        wire.look()
        return sum(cell[2] for row in wire.rows.values() for cell in row[3])
    with host.Host(python, script) as target:
        target.hear("ready")
        with target.wire() as wire:
            before = lives(wire)
            assert before >= 8 << 20, before
            target.tell()
            target.hear("failed True")
            target.hear("again")
            assert lives(wire) >= 8 << 20, lives(wire)
            target.tell()
            target.hear("cleared")
            assert lives(wire) <= before - (8 << 20) + (2 << 20), (lives(wire), before)
        target.end()


def interpreters_of_their_own_are_harmless(python):
    """Subinterpreters in threads, from 3.12 on some with a GIL of their own."""
    script = """
    try:
        import _xxsubinterpreters as interpreters
    except ImportError:
        import _interpreters as interpreters
    import threading
    CODE = '''if True:
        kept = {}
        for i in range(60000):
            kept[i % 500] = [bytes([i % 256]) * (i % 600), str(i), {i: i}, i]
        for key, (some, text, table, i) in kept.items():
            assert some == bytes([i % 256]) * (i % 600) and text == str(i) and table == {i: i}
    '''
    say("ready"); wait()
    made = [interpreters.create() for i in range(3)]
    threads = [threading.Thread(target=interpreters.run_string, args=(i, CODE)) for i in made]
    for t in threads: t.start()
    for t in threads: t.join()
    for i in made: interpreters.destroy(i)
    say("done"); wait()
    """
    with host.Host(python, script, LEAKTOP_INTERVAL="1K") as target:
        target.hear("ready")
        with target.wire() as wire:
            target.tell()
            target.hear("done")
            tick = wire.look()
            assert tick["samples_total"] > 10000, tick
        target.end()
        assert target.errors() == "", target.errors()


if __name__ == "__main__":
    sys.exit(host.run((data_are_right_under_every_allocator, data_stay_right_for_long,
                       tracemalloc_says_the_same, allocated_blocks_are_balanced,
                       estimates_are_right, a_block_that_shrinks_is_counted_once,
                       a_realloc_that_fails_changes_nothing,
                       interpreters_of_their_own_are_harmless)))
