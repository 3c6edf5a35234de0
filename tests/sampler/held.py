#!/usr/bin/python3
"""held.py - who holds what a stack allocated, and one object."""
import json
import sys

import host

_NO_GIL = "its heap cannot be frozen"

# Each function allocates one kind of thing on one line; the test finds its stacks by its name.
_SCRIPT = """
import collections, ctypes, gc, json
await_sampler()
class Item:
    __slots__ = ("n", "__weakref__")
class Plain:
    pass
PRICES, OTHERS, KEPT, TABLE, SEEN, QUEUE = {}, [], [], {}, set(), collections.deque()
BUFFER, STRINGS, INSTANCES = bytearray(), [], []
def items(n):
    for i in range(n):
        (OTHERS.append if i % 4 == 0 else PRICES.setdefault(i, []).append)(Item())
def blobs(n):
    for i in range(n): KEPT.append(bytes(300 + i % 7))
def table(n):
    for i in range(n): TABLE[i] = None
def seen(n):
    for i in range(n): SEEN.add(i)
def queued(n):
    for i in range(n): QUEUE.append(None)
def buffered(n):
    for i in range(n): BUFFER.append(7)
def instances(n):
    for i in range(n // 4):
        plain = Plain()
        plain.a = plain
        INSTANCES.append(plain)
def strings(n):
    for i in range(n): STRINGS.append("text " * 10 + str(i))
def raw(n):
    for i in range(n): ctypes.pythonapi.PyMem_RawMalloc(ctypes.c_size_t(3000))
def local(n):
    held = [Item() for i in range(n)]
    blob = bytes(n)
    say("ready"); say(json.dumps([hex(id(o)) for o in (PRICES, OTHERS, QUEUE, OTHERS[9], held, blob)]))
    wait()
def freed(n):
    return [bytes(900) for i in range(n)]
ctypes.pythonapi.PyMem_RawMalloc.restype = ctypes.c_void_p
for function in (items, blobs, table, seen, queued, buffered, instances, strings):
    function(20000)
raw(500)
freed(2000)
gc.collect()
local(3000)
"""

# function: (types, ways, whether each sample is found)
_TRUTH = {
    "items": ({"__main__.Item", "list", "int"}, {"__main__.PRICES[]", "__main__.OTHERS[]",
                                          "__main__.OTHERS", "__main__.PRICES"}),
    "blobs": ({"bytes", "list"}, {"__main__.KEPT[]", "__main__.KEPT"}),
    "table": ({"dict", "int"}, {"__main__.TABLE", "__main__.TABLE[]"}),
    "seen": ({"set", "int"}, {"__main__.SEEN", "__main__.SEEN[]"}),
    "queued": ({"collections.deque"}, {"__main__.QUEUE"}),
    "buffered": ({"bytearray"}, {"__main__.BUFFER"}),
    "instances": ({"__main__.Plain", "dict", "list"},
                  {"__main__.INSTANCES[]", "__main__.INSTANCES"}),
    "strings": ({"str", "list"}, {"__main__.STRINGS[]", "__main__.STRINGS"}),
}


def _stacks(wire, function):
    """Those whose innermost frame is in the function, and of which something is alive."""
    wire.look()
    return [ident for ident, (_, _, _, frames) in wire.stacks.items()
            if frames and frames[0][0].split(".")[-1] == function and
            any(cell[1] for cell in wire.rows.get(ident, [0, 0, 0, []])[3])]


def _held(wire, **what):
    reply, before = wire.ask(op="referrers", limit=100, **what)
    assert reply["ok"], reply
    return before["referrers"]


def _check_stack(wire, ident, types, ways):
    held = _held(wire, stack=ident)
    assert held["stack"] == ident and held["address"] is None, held
    assert held["samples"] == sum(cell[1] for cell in wire.rows[ident][3]), (held, wire.rows)
    assert held["found"] <= held["samples"], held
    lost = held["samples"] - held["found"]  # of raw memory: a table of pymalloc's, now and then
    assert lost <= (2 if wire.stacks[ident][0] == "raw" else 0), (held, wire.stacks[ident])
    if held["found"] == 0:      # which is all of it, then
        assert held["objects"] == 0 and held["rows"] == [], held
        return {}
    assert 1 <= held["objects"] <= held["samples"], held
    assert held["type"] in types, (held, types)
    found = {row[0]: row[1] for row in held["rows"]}
    strays = sum(count for way, count in found.items() if way not in ways)
    assert strays <= 100, (found, ways)     # 3.14 on: freed ints are kept, to be used elsewhere
    assert sum(found.values()) == held["objects"], held
    return found


@host.with_gil(_NO_GIL)
def stacks_are_held_by_what_holds_their_samples(python):
    """Objects, tables of dicts and sets, blocks of deques, attributes: each sample is found."""
    for malloc in ("pymalloc", "malloc", "debug"):
        with host.Host(python, _SCRIPT, LEAKTOP_INTERVAL="1K", PYTHONMALLOC=malloc) as target:
            target.hear("ready")
            target.hear()
            with target.wire() as wire:
                counts = {}
                for function, (types, ways) in _TRUTH.items():
                    stacks = _stacks(wire, function)
                    assert stacks, f"no sample of {function}"
                    for ident in stacks:
                        for way, count in _check_stack(wire, ident, types, ways).items():
                            counts[way] = counts.get(way, 0) + count
                assert counts["__main__.PRICES[]"] > counts["__main__.OTHERS[]"] > 10, counts
                _check_rest(wire)
            target.end()
    return f"{len(counts)} ways"


def _check_rest(wire):
    raw, = (ident for ident in _stacks(wire, "raw") if wire.stacks[ident][0] == "raw")
    held = _held(wire, stack=raw)
    assert held["samples"] > 100 and held["found"] == held["objects"] == 0, held
    assert held["type"] == "" and held["rows"] == [], held
    reply, _ = wire.ask(op="referrers", stack=max(wire.stacks) + 1000)
    assert reply["code"] == "bad-argument" and "no such stack" in reply["error"], reply
    for wrong in ({}, {"stack": 1, "name": "Item"}, {"address": "0x7f00", "name": "Item"},
                  {"address": 5}, {"stack": "1"}, {"stack": -1}):
        reply, _ = wire.ask(op="referrers", **wrong)
        assert reply["code"] == "bad-argument", (wrong, reply)


@host.with_gil(_NO_GIL)
def one_object_is_held_by_what_holds_it(python):
    with host.Host(python, _SCRIPT) as target:
        target.hear("ready")
        prices, others, queue, item, held, blob = json.loads(target.hear())
        with target.wire() as wire:
            for address, kind, way in ((prices, "dict", "__main__.PRICES"),
                                       (others, "list", "__main__.OTHERS"),
                                       (queue, "collections.deque", "__main__.QUEUE"),
                                       (item, "__main__.Item", "__main__.OTHERS[]"),
                                       (blob, "bytes", "(local in local, script.py:"),
                                       (held, "list", "(local in local, script.py:")):
                found = _held(wire, address=address)
                assert found["address"] == address and found["stack"] is None, found
                assert found["type"] == kind and found["objects"] == 1, found
                assert found["samples"] is None and found["found"] is None, found
                (path, objects, size, retained), = found["rows"]
                assert path.startswith(way) and objects == 1, found
                assert retained >= size == found["bytes"], found
            found = _held(wire, address="0x10")
            assert found["objects"] == 0 and found["rows"] == [] and found["type"] == "", found
        target.end()


@host.with_gil(_NO_GIL)
def variables_that_are_gone_are_not_read(python):
    """While a destructor runs, the frame that is being left names what was freed before."""
    script = """
    class Last:
        def __del__(self):
            say("leaving"); wait()
    def leave():
        large, text, number = bytes(9 << 20), "text" * 20, 10 ** 30
        table, pair, some = {"a": 1}, (1, 2.5), {1, 2, 3}
        last = Last()
    for i in range(3):
        leave()
    say("end"); wait()
    """
    for malloc in ("pymalloc", "malloc", "debug"):
        with host.Host(python, script, PYTHONMALLOC=malloc) as target:
            with target.wire() as wire:
                for _ in range(3):
                    target.hear("leaving")
                    _held(wire, name="bytes")
                    target.tell()
                target.hear("end")
            target.end()


if __name__ == "__main__":
    sys.exit(host.run((stacks_are_held_by_what_holds_their_samples,
                       one_object_is_held_by_what_holds_it,
                       variables_that_are_gone_are_not_read)))
