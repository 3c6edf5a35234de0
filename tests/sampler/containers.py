#!/usr/bin/python3
"""containers.py - large containers where the heap is not frozen, by a walk in slices: their size,
their growth, who holds them.  How they are found in a frozen heap is in largest.py."""
import functools
import json
import sys

import host

_Host = functools.partial(host.Host, LEAKTOP_FREEZE="off")

_SCRIPT = r"""
import collections, gc, json
await_sampler()
PRICES = {i: str(i) for i in range(20000)}
class Cache:
    entries = {str(i): i for i in range(5000)}
class Session:
    def __init__(self):
        self.items = [None] * 7000
session = Session()
SEEN = set(range(30000))
FROZEN = frozenset(range(4000))
QUEUE = collections.deque(range(6000))
TUPLE = tuple(range(3000))
ARRAY = bytearray(200000)
TEXT = "x" * 150000
ORDERED = collections.OrderedDict((i, i) for i in range(2500))
DEFAULT = collections.defaultdict(list, ((i, []) for i in range(2200)))
SMALL = list(range(999))
def grown():
    big = {}
    for i in range(300000):
        big[i] = None
    return big
GROWN = grown()
def facts():
    named = {"PRICES": PRICES, "Cache.entries": Cache.entries, "SEEN": SEEN, "FROZEN": FROZEN,
             "QUEUE": QUEUE, "TUPLE": TUPLE, "ARRAY": ARRAY, "TEXT": TEXT, "GROWN": GROWN,
             "ORDERED": ORDERED, "DEFAULT": DEFAULT, "items": session.items, "SMALL": SMALL}
    return {name: [hex(id(o)), type(o).__name__, len(o), sys.getsizeof(o)]
            for name, o in named.items()}
say("ready"); say(json.dumps(facts())); wait()
for i in range(20000, 25000):
    PRICES[i] = None
session.items.extend(range(1000))
say("grown"); say(json.dumps(facts())); wait()
session.items = [None] * 1500
gc.collect()
say("replaced"); wait()
"""

# getsizeof counts what a dict's table holds in its own way; a deque its blocks
_SIZE_SLACK = 0.02


def _scan(wire, **request):
    reply, before = wire.ask(op="containers", **request)
    assert reply["ok"], reply
    found = before["containers"]
    assert found["by"] == "walk" and not found["more"], found
    return found


def _compare(facts, scan):
    by_address = {row["address"]: row for row in scan["rows"]}
    for name, (address, kind, length, size) in facts.items():
        row = by_address.get(address)
        if length < 1000:
            assert row is None, name
            continue
        assert row is not None, f"{name} was not found"
        assert row["type"].rsplit(".", 1)[-1] == kind, (name, row)
        assert row["length"] == length, (name, row, length)
        if kind not in ("OrderedDict", "defaultdict"):
            assert abs(row["shallow_bytes"] - size) <= _SIZE_SLACK * size + 64, (name, row, size)
        if name != "items":
            assert row["owner"] == "__main__." + name, (name, row)
    lengths = [row["length"] for row in scan["rows"]]
    assert lengths == sorted(lengths, reverse=True), lengths
    return by_address


@host.with_gil("the collector has no lists to walk")
def containers_are_found_and_measured(python):
    with _Host(python, _SCRIPT) as target:
        target.hear("ready")
        facts = json.loads(target.hear())
        with target.wire() as wire:
            scan = _scan(wire)
            by_address = _compare(facts, scan)
            assert scan["objects"] > 1000 and scan["min_length"] == 1000
            wire.look()
            row = by_address[facts["GROWN"][0]]     # always sampled: 10 MB
            assert row["stack"] is not None, row
            assert [f[0] for f in wire.stacks[row["stack"]][3]] == ["grown", "<module>"]
            assert len(_scan(wire, limit=3)["rows"]) == 3
            assert all(r["length"] >= 25000 for r in _scan(wire, min_length=25000)["rows"])
            assert scan["pause_us"] < 20000, scan["pause_us"]
        target.end()
        return f"longest slice {scan['pause_us']} us of {scan['scan_ms']} ms"


@host.with_gil("the collector has no lists to walk")
def growth_is_known_by_baseline(python):
    with _Host(python, _SCRIPT) as target:
        target.hear("ready")
        facts = json.loads(target.hear())
        with target.wire() as wire:
            assert wire.ask(op="baseline", name="one")[0]["baseline"] == 1
            def recorded():
                rows = {r["address"]: r for r in _scan(wire)["rows"]}
                return rows[facts["PRICES"][0]]["then"] == [[1, 20000]]
            host.wait_until(recorded, 10, "the baseline knows its containers")
            target.tell()
            target.hear("grown")
            later = json.loads(target.hear())
            rows = _compare(later, _scan(wire))
            assert rows[later["PRICES"][0]]["then"] == [[1, 20000]]
            # a walk does not know who holds it: it may be another one at its address
            assert rows[later["items"][0]]["then"] == [[1, None]]
            assert rows[later["SEEN"][0]]["then"] == [[1, 30000]]
            wire.ask(op="baseline.drop", baseline=1)
            rows = _compare(later, _scan(wire))
            assert rows[later["PRICES"][0]]["then"] == []
            target.tell()
            target.hear("replaced")
        target.end()


@host.with_gil("the collector has no lists to walk")
def a_walk_does_not_hold_the_host(python):
    """Millions of objects, threads at work, collections meanwhile: short slices, no harm."""
    script = """
    import gc, threading, time
    kept = [{"n": i} for i in range(300000)] + [[i] for i in range(700000)]
    big = {i: [i] for i in range(200000)}
    stop, longest = False, 0
    def churn():
        global longest
        while not stop:
            began = time.monotonic()
            made = [[i] for i in range(100)]
            made.append(made)
            del made
            longest = max(longest, time.monotonic() - began)
    ts = [threading.Thread(target=churn) for _ in range(2)]
    for t in ts: t.start()
    say("ready"); wait()
    stop = True
    for t in ts: t.join()
    assert [d["n"] for d in kept[:300000]] == list(range(300000))
    say("longest", longest * 1e3); wait()
    """
    with _Host(python, script) as target:
        target.hear("ready")
        slices = []
        with target.wire() as wire:
            for _ in range(3):
                scan = _scan(wire)
                slices.append(scan["pause_us"])
                assert scan["objects"] > 900000 or not scan["complete"], scan["objects"]
                assert any(r["owner"] == "__main__.big" for r in scan["rows"]), scan["rows"][:3]
        target.tell()
        longest = target.hear("longest").split()[1]
        target.end()
        assert sorted(slices)[1] < 20000, slices
        return f"slices {slices} us, longest round of the host {float(longest):.1f} ms"


@host.with_gil("the collector has no lists to walk")
def what_dies_in_a_pause_is_not_followed(python):
    """Objects die, are frozen, and collections wait for finalizers while walks pause."""
    script = """
    import gc, os, threading
    class Waits:
        def __init__(self): self.me = self
        def __del__(self):          # each call gives the GIL away
            for _ in range(500): os.stat("/")
    sys.setswitchinterval(1e-4)
    gc.set_threshold(200000, 10, 1000)
    kept, stop = [], False
    def churn():
        while not stop:
            kept.extend([1] for _ in range(30000))
            Waits(); gc.collect(0)
            kept.extend([2] for _ in range(20000))
            if len(kept) > 400000:
                kept.clear()
            Waits(); gc.collect(1); gc.freeze(); gc.unfreeze()
    t = threading.Thread(target=churn); t.start()
    say("ready"); wait()
    stop = True
    t.join()
    """
    with _Host(python, script) as target:
        target.hear("ready")
        with target.wire() as wire:
            for _ in range(60):
                _scan(wire)
        target.tell()
        target.end()


def exit_during_a_walk(python):
    script = """
    kept = [[i] for i in range(1000000)]
    say("ready"); wait()
    """
    with _Host(python, script) as target:
        target.hear("ready")
        with target.wire() as wire:
            wire.send(op="containers")
            target.end()


if __name__ == "__main__":
    sys.exit(host.run((containers_are_found_and_measured, growth_is_known_by_baseline,
                       a_walk_does_not_hold_the_host,
                       what_dies_in_a_pause_is_not_followed,
                       exit_during_a_walk)))
