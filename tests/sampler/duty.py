#!/usr/bin/python3
"""duty.py - hooks that come and go: estimates, pause and resume, tracemalloc on top.

The hosts look at CPython's allocator table by PyMem_GetAllocator; LEAKTOP_DUTY forces a duty.
"""
import json
import os
import subprocess
import sys

import host

# hooks(): which functions of the three domains belong to the sampler's library
_TABLE = """
import ctypes
class Allocator(ctypes.Structure):
    _fields_ = [(name, ctypes.c_void_p) for name in ("ctx", "malloc", "calloc", "realloc", "free")]
def _library():
    for line in open("/proc/self/maps"):
        if "libleaktop-sampler" in line:
            yield tuple(int(end, 16) for end in line.split()[0].split("-"))
RANGES = list(_library())
def hooks():
    found = []
    for domain, name in enumerate(("raw", "mem", "obj")):
        one = Allocator()
        ctypes.pythonapi.PyMem_GetAllocator(domain, ctypes.byref(one))
        for function in ("malloc", "calloc", "realloc", "free"):
            address = getattr(one, function)
            if any(start <= address < end for start, end in RANGES):
                found.append(f"{name}.{function}")
    return found
"""


def _live(wire, function, domains=("obj", "mem", "raw")):
    """(bytes, variance, samples) of what a function keeps, as the rows say."""
    cells = [cell for ident, row in wire.rows.items() for cell in row[3]
             if wire.stacks[ident][0] in domains
             and [f[0] for f in wire.stacks[ident][3][:1]] == [function]]
    return sum(c[2] for c in cells), sum(c[4] for c in cells), sum(c[1] for c in cells)


_STEADY = """
import time
kept = []
def keep(n):
    for i in range(n):
        kept.append(bytes(67))
say("ready"); wait()
for i in range(400):
    keep(1000)
    time.sleep(0.004)   # poll: work comes in pieces over many slots of time
say("kept", len(kept) * (sys.getsizeof(b"") + 67)); wait()
del kept[::2]
say("half", len(kept) * (sys.getsizeof(b"") + 67)); wait()
"""


def estimates_are_right_at_any_duty(python):
    words = []
    for duty in ("1", "0.5", "0.25"):
        for environment in host.possible(python, {}, {"PYTHONMALLOC": "malloc"}):
            with host.Host(python, _STEADY, LEAKTOP_INTERVAL="16K", LEAKTOP_DUTY=duty,
                           **environment) as target:
                target.hear("ready")
                with target.wire() as wire:
                    for step in ("kept", "half"):
                        target.tell()
                        truth = int(target.hear(step).split()[1])
                        wire.look()
                        live, variance, _ = _live(wire, "keep", ("obj",))
                        assert abs(live - truth) < 5 * variance ** 0.5, \
                            (duty, environment, step, live, truth, variance ** 0.5)
                        assert variance ** 0.5 < truth / 2, (duty, variance ** 0.5, truth)
                        words.append(f"{live / truth:.2f}")
                target.end()
    return " ".join(words)


def hooks_come_and_go_by_duty(python):
    script = _TABLE + """
    import time
    kept = []
    def count():
        seen, end = [0, 0], time.monotonic() + 1.5
        while time.monotonic() < end:
            seen["obj.malloc" in hooks()] += 1
            time.sleep(0.001)   # poll: looks at many slots of time
        return seen
    say("ready"); wait()
    say(count()); wait()
    """.replace("\n    ", "\n")
    with host.Host(python, script, LEAKTOP_DUTY="0.25") as target:
        target.hear("ready")
        with target.wire():
            target.tell()
            out, in_ = json.loads(target.hear())
        target.end()
        assert out > 0 and in_ > 0, (out, in_)
        assert 0.02 < in_ / (in_ + out) < 0.6, (out, in_)
        return f"in {in_ / (in_ + out):.2f} of the time"


_PAUSE = _TABLE + """
import gc
kept = []
def keep(n):
    for i in range(n):
        kept.append(bytearray(100))
        kept.append(bytearray(20000))
say("ready"); wait()
keep(3000)
say("kept"); wait()
while True:
    say("hooks", *hooks())
    word = wait()
    if word == "more":
        keep(1000)
    elif word == "drop":
        kept.clear(); gc.collect()
"""


def _hooks(target, word="go"):
    target.tell(word)
    return target.hear("hooks").split()[1:]


def _reply(wire, op):
    reply, _ = wire.ask(op=op)
    assert reply["ok"], reply


# What stays during a pause while something sampled lives.
_ENDS = {"raw.realloc", "raw.free"}
_ENDS_BY_HASH = _ENDS | {"obj.realloc", "obj.free", "mem.realloc", "mem.free"}


def pause_takes_the_hooks_out(python):
    """Those that free stay while something sampled lives; nothing that was known is lost."""
    for environment in host.possible(python, {}, {"PYTHONMALLOC": "malloc"}):
        mode = "hash" if environment or host.is_free_threaded(python) else "slots"
        with host.Host(python, _PAUSE, LEAKTOP_INTERVAL="4K", **environment) as target:
            target.hear("ready")
            with target.wire() as wire:
                assert wire.hello["mode"] == mode, wire.hello
                target.tell()
                target.hear("kept")
                full = _hooks(target)
                assert {"raw.malloc", "raw.free", "obj.malloc", "mem.malloc"} <= set(full), full
                wire.look()
                before = _live(wire, "keep")
                assert before[2] > 100, before
                _reply(wire, "pause")
                ends = _ENDS_BY_HASH if mode == "hash" else _ENDS
                assert set(_hooks(target, "more")) == ends, _hooks(target)
                tick = wire.look()
                assert tick["state"] == "paused", tick
                # the list moved when it grew, and that is seen, too
                assert 0.9 * before[0] < _live(wire, "keep")[0] <= before[0], before
                total = tick["samples_total"]
                target.tell("drop")
                target.hear("hooks")
                tick = wire.look()
                live = _live(wire, "keep")
                assert live[0] < before[0] / 50, (live, before)
                assert set(_hooks(target)) <= ends
                assert tick["samples_total"] == total, tick
                _reply(wire, "resume")
                host.wait_until(lambda: sorted(_hooks(target)) == sorted(full), 5, "hooks again")
                _hooks(target, "more")
                tick = wire.look()
                assert tick["samples_total"] > total + 100, tick
                assert _live(wire, "keep")[2] > 100
                assert tick["hooks"] == len(full) and tick["duty"] == 1, (tick, full)
            target.end()


def a_command_pauses_and_resumes(python):
    with host.Host(python, _PAUSE) as target:
        target.hear("ready")
        with target.wire():
            target.tell()
            target.hear("kept")
            full = _hooks(target)
            ends = _ENDS_BY_HASH if host.is_free_threaded(python) else _ENDS
            for command, hooks in (("pause", ends), ("resume", set(full))):
                subprocess.run([os.environ["LEAKTOP"], command, str(target.pid)], check=True,
                               env={**os.environ, "LEAKTOP_DIR": target.folder}, timeout=20)
                host.wait_until(lambda hooks=hooks: set(_hooks(target)) == hooks or
                                (command == "pause" and _hooks(target) == []), 5, command)
        target.end()


def nothing_is_left_when_nothing_sampled_lives(python):
    """At an interval so large that no block is sampled."""
    for environment in host.possible(python, {}, {"PYTHONMALLOC": "malloc"},
                                     {"PYTHONMALLOC": "debug"}):
        with host.Host(python, _PAUSE, LEAKTOP_INTERVAL="1G", **environment) as target:
            target.hear("ready")
            with target.wire() as wire:
                target.tell()
                target.hear("kept")
                full = _hooks(target)
                _reply(wire, "pause")
                tick = wire.look()
                if tick["samples_live"] == 0:
                    host.wait_until(lambda: _hooks(target) == [], 5, "no hook is left")
                    assert wire.look()["hooks"] == 0
                _reply(wire, "resume")
                host.wait_until(lambda: sorted(_hooks(target)) == sorted(full), 5, "hooks again")
            target.end()


_TRACED = """
import time, tracemalloc
kept = []
def keep(n):
    for i in range(n):
        kept.append(bytes(100))
say("ready"); wait()
for round in range(20):
    tracemalloc.start()
    time.sleep(0.013)   # poll: slots of time begin and end meanwhile
    kept.clear()
    keep(5000)
    size = sum(s.size for s in tracemalloc.take_snapshot().statistics("filename")
               if s.traceback[0].filename == __file__)
    if not 5000 * 133 <= size < 5000 * 133 * 1.3:
        say("WRONG", size); raise SystemExit(3)
    tracemalloc.stop()
    time.sleep(0.007)   # poll: as above
say("done"); wait()
for i in range(100):
    keep(1000)
    time.sleep(0.003)   # poll: as above
say("kept", len(kept) * 133); wait()
"""


def tracemalloc_comes_on_top(python):
    """Started and stopped while hooks go in and out: its figures are right, and ours go on."""
    for environment in host.possible(python, {}, {"PYTHONMALLOC": "malloc"},
                                     {"PYTHONMALLOC": "debug"}):
        with host.Host(python, _TRACED, LEAKTOP_INTERVAL="4K", LEAKTOP_DUTY="0.5",
                       **environment) as target:
            target.hear("ready")
            with target.wire() as wire:
                target.tell()
                target.hear("done")
                before = wire.look()["samples_total"]
                target.tell()
                target.hear("kept")
                tick = wire.look()
                assert tick["samples_total"] > before + 100, (tick, before)
                assert tick["duty"] == 0.5, tick
                codes = [event["code"] for event in wire.ask(op="events")[1]["events"]["list"]]
                assert "hooks-covered" in codes and codes[-1] == "hooks-uncovered", codes
            target.end()


_SATURATED = """
import os, time
def churn():
    for i in range(20000):
        [str(i), i * 1.5, (i, i)]
    return [None] * 10
def leak(kept):
    for i in range(200):
        kept.append(bytes(300))
kept = []
say("ready"); wait()
while True:
    churn()
    if len(kept) < 60000:
        leak(kept)
    if len(kept) >= 60000 and kept[-1] is not None:
        say("kept", sum(sys.getsizeof(block) for block in kept)); kept.append(None)
    if os.path.exists("quiet"):
        break
say("quiet")
wait()
"""


def the_budget_is_held(python):
    """In a loop that does nothing but allocate, at an interval that would cost far more."""
    with host.Host(python, _SATURATED, LEAKTOP_INTERVAL="1K", LEAKTOP_BUDGET="1") as target:
        target.hear("ready")
        with target.wire() as wire:
            wire.send(op="subscribe", period_ms=1000)
            first = wire.until("tick")
            assert first["budget_percent"] == 1 and first["hooks"] > 0, first
            target.tell()
            seen = []
            for _ in range(40):     # poll: until it has settled
                tick = wire.until("tick")
                seen.append((tick["cost_percent"], tick["interval_bytes"], tick["duty"]))
                # a second may see one slot or two: the cost is of some seconds
                last = seen[-4:]
                governed = all(interval > 1024 or duty < 1 for _, interval, duty in last)
                held = governed and sum(cost for cost, _, _ in last) <= 1.05 * 4
                if held:
                    break
            assert held, seen
            truth = int(target.hear("kept").split()[1])
            wire.ask(op="unsubscribe")
            wire.look()
            live, variance, _ = _live(wire, "leak", ("obj",))
            # 300 rounds of about a quarter of a slot each; fewer than 2 / duty slots in a row are off
            unseen = min(10 / tick["duty"], 300) * truth / 300
            assert abs(live - truth) < 5 * variance ** 0.5 + 0.02 * truth + unseen, \
                (live, truth, variance ** 0.5, seen)
            with open(target.folder + "/quiet", "w", encoding="ascii"):
                pass
            target.hear("quiet")
        target.end()
        return f"{seen[-1]} after {len(seen)} s, {live / truth:.2f} of what was kept"


if __name__ == "__main__":
    sys.exit(host.run((estimates_are_right_at_any_duty, hooks_come_and_go_by_duty,
                       pause_takes_the_hooks_out, a_command_pauses_and_resumes,
                       nothing_is_left_when_nothing_sampled_lives,
                       tracemalloc_comes_on_top, the_budget_is_held)))
