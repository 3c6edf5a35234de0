#!/usr/bin/python3
"""census.py - the types of the frozen heap: against a baseline, and what is known of each."""
import json
import os
import subprocess
import sys

import host

_NO_GIL = "its heap cannot be frozen"

_ITEMS = """
class Item:
    def __init__(self, n): self.n = n
kept = [Item(i) for i in range(300)]
say("ready")
while True:
    kept += [Item(i) for i in range(int(wait()))]
    say("done")
"""


def _census(wire, **request):
    """(messages before the reply by kind; {name: row}) or the refusal"""
    number = wire.send(op="types", limit=1000, **request)
    before, rows = {}, {}
    while True:
        message = wire.line()
        assert message is not None, "the connection ended"
        if message["t"] == "reply" and message["id"] == number:
            return (before, rows) if message["ok"] else (message, None)
        if message["t"] == "types":
            rows.update({row[0]: row for row in message["rows"]})
        before[message["t"]] = message


def _scan(target, *words):
    """What the command says of the types against a baseline; its error when it fails."""
    done = subprocess.run([os.environ["LEAKTOP"], "scan", str(target.pid), "types", "--baseline",
                           *words], env={**os.environ, "LEAKTOP_DIR": target.folder},
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    return done.stderr if done.returncode else done.stdout


def _gained(target, name):
    """By the items, as the command has them."""
    told = json.loads(_scan(target, name, "--json", "--filter", "__main__.Item"))
    row, = told["types"]
    assert told["then"]["name"] == name and told["then"]["at"] < told["at"], told
    assert row["objects"] == 1300 and row["delta_bytes"] >= 40 * row["delta_objects"], row
    return row["delta_objects"]


def _of_baseline(wire, number):
    def known():
        told, rows = _census(wire, baseline=number)
        return (told, rows) if rows is not None else None
    return host.wait_until(known, 20, "the baseline knows its types")


@host.with_gil(_NO_GIL)
def a_baseline_knows_its_types(python):
    """As of the first freeze after it, whoever asks, without another one."""
    with host.Host(python, _ITEMS) as target:
        target.hear("ready")
        with target.wire() as wire:
            none, _ = _census(wire, baseline=1)
            assert none["code"] == "bad-argument", none
            first = wire.ask(op="baseline", name="one")[0]["baseline"]
            then, rows = _of_baseline(wire, first)
            assert rows["__main__.Item"][1] == 300, rows["__main__.Item"]
            assert len(rows) == then["frozen"]["types"], then["frozen"]
            target.tell("1000")
            target.hear("done")
            now, rows = _census(wire)
            assert rows["__main__.Item"][1] == 1300, rows["__main__.Item"]
            assert now["frozen"]["at"] > then["frozen"]["at"]
            again, rows = _of_baseline(wire, first)
            assert again["frozen"] == then["frozen"] and rows["__main__.Item"][1] == 300
            second = wire.ask(op="baseline", name="two")[0]["baseline"]
            _, rows = _of_baseline(wire, second)
            assert rows["__main__.Item"][1] == 1300
        with target.wire() as wire:     # it is kept for everybody
            assert _of_baseline(wire, first)[1]["__main__.Item"][1] == 300
            assert _gained(target, "one") == 1000 and _gained(target, "two") == 0
            words = _scan(target, "1", "--filter", "__main__.Item")
            assert "the first that were read after B1 'one'" in words, words
            assert " +1000 " in words and "__main__.Item\n" in words, words
            assert "there is no baseline 'three'" in _scan(target, "three")
            wire.ask(op="baseline.drop", baseline=first)
            assert _census(wire, baseline=first)[0]["code"] == "bad-argument"
            assert _of_baseline(wire, second)[1]["__main__.Item"][1] == 1300
        target.end()


@host.with_gil(_NO_GIL)
def without_a_freeze_a_baseline_knows_none(python):
    with host.Host(python, _ITEMS, LEAKTOP_FREEZE="off") as target:
        target.hear("ready")
        with target.wire() as wire:
            number = wire.ask(op="baseline", name="one")[0]["baseline"]
            for _ in range(3):
                reply, _ = _census(wire, baseline=number)
                assert reply["code"] == "unavailable", reply
                assert "not frozen since" in reply["error"], reply
            assert "LEAKTOP_FREEZE" in _scan(target, "one")
        target.end()


_MAKERS = """
await_sampler()
class Big:
    def __init__(self): self.text = b"x" * 5000
class Ring:
    __slots__ = ("to",)
    def __init__(self, to=None): self.to = to or self
def by_one(): return list(map(bytearray, [9000] * 4000))
def by_another(): return list(map(bytearray, [3000] * 1000))
def slots(): return list(map(Ring, [None] * 30000))
def pairs():
    made = [Ring() for _ in range(2000)]
    for ring in made: ring.to = Ring(ring)
    return made
def alone(): return [Ring(made) for made in [Big()] * 700]
kept = by_one(), by_another(), slots(), pairs(), alone()
say("ready"); wait()
"""


@host.with_gil(_NO_GIL)
def a_type_has_its_sites_and_its_cycles(python):
    """Who allocated most of what is alive; of small ones in slots, and of what they have beside."""
    with host.Host(python, _MAKERS, LEAKTOP_INTERVAL="16384") as target:
        target.hear("ready")
        with target.wire() as wire:
            _, rows = _census(wire)
            wire.look()
            known = wire.stacks
        target.end()
    name, objects, _, _, _, cyclic, samples, sites = rows["bytearray"]
    assert cyclic == 0 and samples >= sum(site[1] for site in sites) > 500, rows["bytearray"]
    assert [site[3].split(".")[0] for site in sites[:2]] == ["by_one", "by_another"], sites
    assert 0.8 < sites[0][2] / (4000 * 9000) < 1.2, sites
    assert 0.6 < sites[1][2] / (1000 * 3000) < 1.4, sites
    for stack, count, size, function, file, line in sites:
        frame = known[stack][3][0]
        assert frame[:3] == (function, file, line) and count <= samples and size > 0, frame
    name, objects, _, _, _, cyclic, samples, sites = rows["__main__.Ring"]
    assert objects == 30000 + 4000 + 700 and cyclic == objects - 700, rows[name]
    assert samples > 20 and sites[0][3].startswith("slots"), (samples, sites)
    assert rows["__main__.Big"][5] == 0, rows["__main__.Big"]
    assert len(sites) <= 3


_GARBAGE = """
import gc
class Stuck: pass
class Loose: pass
gc.collect()
gc.garbage.extend([Stuck() for _ in range(12)] + [Loose()])
say("ready"); wait()
gc.garbage.clear()
say("gone"); wait()
gc.garbage = None
say("none"); wait()
"""


@host.with_gil(_NO_GIL)
def what_the_collector_gave_up_is_listed(python):
    with host.Host(python, _GARBAGE) as target:
        target.hear("ready")
        with target.wire() as wire:
            told = _census(wire)[0]["uncollectable"]
            assert told["objects"] == 13, told
            assert told["rows"] == [["__main__.Stuck", 12], ["__main__.Loose", 1]], told
            for word in ("gone", "none"):   # the second one is only the module's, not the list
                target.tell()
                target.hear(word)
                told = _census(wire)[0]["uncollectable"]
                assert told["objects"] == 0 and told["rows"] == [], told
        target.end()


_OTHERS = """
try:
    import _interpreters as others
except ImportError:
    import _xxsubinterpreters as others
def make(shares):
    if sys.version_info >= (3, 13):
        return others.create("legacy" if shares else "isolated")
    if sys.version_info >= (3, 12):
        return others.create(isolated=not shares)
    return others.create()
def fill(interpreter, name):
    others.run_string(interpreter, f"class {name}: pass\\nkept = [{name}() for _ in range(500)]")
first = make(True)
fill(first, "Shared")
say("ready"); wait()
second = make(False)
fill(second, "Apart")
say("apart" if sys.version_info >= (3, 12) else "together"); wait()  # of the GIL
others.destroy(second)
say("ended"); wait()
others.destroy(first)
say("alone"); wait()
"""


@host.with_gil(_NO_GIL)
def objects_of_other_interpreters_are_counted_or_said_to_be_missing(python):
    with host.Host(python, _OTHERS) as target:
        target.hear("ready")
        with target.wire() as wire:
            told, rows = _census(wire)
            assert rows["__main__.Shared"][1] == 500 and told["frozen"]["complete"], told["frozen"]
            target.tell()
            apart = target.hear() == "apart"
            told, rows = _census(wire)
            assert rows["__main__.Shared"][1] == 500
            if apart:
                assert "__main__.Apart" not in rows and not told["frozen"]["complete"], told
                assert "a GIL of their own" in told["frozen"]["reason"], told["frozen"]
                assert "a GIL of their own" in wire.ask(op="containers")[1]["containers"]["reason"]
            else:
                assert rows["__main__.Apart"][1] == 500 and told["frozen"]["complete"], told
            for word in ("ended", "alone"):
                target.tell()
                target.hear(word)
                told, rows = _census(wire)
                assert told["frozen"]["complete"], told["frozen"]
                assert ("__main__.Shared" in rows) == (word == "ended")
        target.end()


if __name__ == "__main__":
    sys.exit(host.run((a_baseline_knows_its_types, without_a_freeze_a_baseline_knows_none,
                       a_type_has_its_sites_and_its_cycles, what_the_collector_gave_up_is_listed,
                       objects_of_other_interpreters_are_counted_or_said_to_be_missing)))
