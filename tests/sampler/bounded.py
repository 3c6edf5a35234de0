#!/usr/bin/python3
"""bounded.py - more stacks and more live samples than any memory: the sampler's stays below its cap,
the process grows by no more, and the estimate is still right; after a million stacks a new leak has its
own row, and what a client was told adds up.

LK_TEST_LONG in the environment: a gigabyte of live blocks instead of a fifth of it.
"""
import json
import os
import subprocess
import sys

import host

MIB = 1 << 20
CAP = 16 * MIB
# What is no table: the library, the threads' stacks, buffers of a connection, and pymalloc's pools
# that are not as full as they would be.
BESIDE = 8 * MIB
BLOCKS = 1000000 if host.LONG else 200000

# A million paths through six levels of ten functions each, in files of their own.
_STACKS = r"""
def source(level):
    text = ""
    for i in range(10):
        text += "def level%d_%d(path):\n" % (level, i)
        text += ("    return keep(path)\n" if level == 6 else
                 "    for next in LEVELS[%d]: next(path)\n" % (level + 1))
    return text
LEVELS = {}
kept = [None] * 1000
count = 0
def keep(path):
    global count
    kept[count % 1000] = bytes(3000)
    count += 1
names = {"LEVELS": LEVELS, "keep": keep}
for level in range(1, 7):
    exec(compile(source(level), "level%d.py" % level, "exec"), names)
    LEVELS[level] = [names["level%d_%d" % (level, i)] for i in range(10)]
"""

_LIVE = r"""
live = []
def keep_alive(n):
    for i in range(n):
        live.append(bytes(967))
"""

_MAIN = r"""
import os
def rss():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
if "LEAKTOP_DISABLE" not in os.environ: await_sampler()
say("ready"); wait()
for i in range(100):
    if i == 1:          # its stack is known before the tables are full
        for first in LEVELS[1]:
            first(())
            say("tenth", count); wait()
    keep_alive(BLOCKS // 100)
    say("hundredth"); wait()
say("rss", rss()); wait()
"""


def _host(python, **environment):
    return host.Host(python, _STACKS + _LIVE + f"BLOCKS = {BLOCKS}\n" + _MAIN,
                     LEAKTOP_INTERVAL="1K", **environment)


def _rss_without(python):
    with _host(python, LEAKTOP_DISABLE="1") as target:
        target.hear("ready")
        target.tell()
        while not (said := target.hear()).startswith("rss"):
            target.tell()
        target.end()
    return int(said.split()[1])


def _relieved(wire, wanted):
    """Waits for what the sampler does once a second."""
    tick = wire.look()
    if tick["samples_live"] > wanted:
        host.wait_until(lambda: wire.look()["samples_live"] <= wanted, 10, "thinning")


def memory_stays_below_its_cap(python):
    with _host(python) as target:
        target.hear("ready")
        with target.wire() as wire:
            target.tell()
            while not (said := target.hear()).startswith("rss"):
                if said == "hundredth":
                    _relieved(wire, 24576)      # 3/4 of the table
                target.tell()
            wire.look()
            # it is measured every ten seconds
            host.wait_until(lambda: wire.look()["sampler_bytes"] > CAP / 4, 15, "its size")
            tick = wire.look()
            events = [event["code"] for event in wire.ask(op="events")[1]["events"]["list"]]
            cells = [cell for ident, row in wire.rows.items() for cell in row[3]
                     if wire.stacks[ident][3][:1] and wire.stacks[ident][3][0][0] == "keep_alive"]
        target.end()
    rss = int(said.split()[1])
    without = _rss_without(python)
    live, error = sum(cell[2] for cell in cells), sum(cell[4] for cell in cells) ** 0.5
    truth = BLOCKS * (967 + sys.getsizeof(b""))
    words = (f"{tick['samples_total']} samples of {tick['stacks']} stacks, {tick['thinned']} "
             f"thinned, {tick['drops']} drops; tables {tick['sampler_bytes'] / MIB:.1f} MiB, RSS "
             f"{rss / MIB:.0f} MiB, without {without / MIB:.0f}; {live / truth:.3f} of the truth")
    assert tick["samples_total"] > 800000, words
    assert tick["sampler_bytes"] <= CAP, words
    assert rss - without <= CAP + BESIDE, words
    assert {"stacks-full", "stacks-ended"} & set(events), events
    assert abs(live - truth) < 5 * error, (words, error)
    assert error < truth / 50, (words, error)
    return words


_LEAK = r"""
early, leaked = [], []
def allocate_early(n):
    for i in range(n):
        early.append(bytes(967))
def leak(n):
    for i in range(n):
        leaked.append(bytes(967))
await_sampler()
say("ready"); wait()
allocate_early(20000)
say("early"); wait()
for first in LEVELS[1]:
    first(())
    say("tenth", count); wait()
del early[:10000]
leak(20000)
say("leaked"); wait()
"""
MANY, HALF, BLOCK = 20000, 10000, 967 + sys.getsizeof(b"")


def _of(wire, rows, function):
    """The rows of stacks whose innermost frame is function."""
    return [row for ident, row in rows.items()
            if wire.stacks[ident][3][:1] and wire.stacks[ident][3][0][0] == function]


def _live(rows, first=0, last=1 << 32):
    """Bytes and error of what was born in these epochs."""
    cells = [cell for row in rows for cell in row[3] if first <= cell[0] <= last]
    return sum(cell[2] for cell in cells), sum(cell[4] for cell in cells) ** 0.5


def _ck_near(found, truth, words):
    live, error = found
    assert abs(live - truth) < 5 * error, (words, live, truth, error)
    assert error < truth / 20, (words, live, error)


def _baseline_rows(wire):
    """The rows of the first baseline, by stack; those names are known."""
    number, rows = wire.send(op="baseline.rows", baseline=1), {}
    while (message := wire.line())["t"] != "reply" or message["id"] != number:
        if message["t"] == "baseline":
            for ident, *row in message["rows"]:
                assert ident in wire.stacks and ident not in rows, (ident, row)
                rows[ident] = row
    return rows


def _agree(one, other):
    """Whether two clients know the same, and all that the sampler counts; the tick."""
    one.look()
    tick = other.look()
    return (one.rows == other.rows
            and all(one.stacks[ident] == other.stacks[ident] for ident in one.rows)
            and sum(row[2] for row in one.rows.values()) == tick["samples_total"] and tick)


def _shown(pid, folder):
    """What leaktop shows as growth since the baseline."""
    frame = subprocess.run([os.environ.get("LEAKTOP", "leaktop"), "-b", "--json", "--top=5000",
                            "--baseline=before", str(pid)], check=True, stdout=subprocess.PIPE,
                           timeout=60, env={**os.environ, "LEAKTOP_DIR": folder}).stdout
    return json.loads(frame)["rows"]


def a_leak_after_a_million_stacks(python):
    with host.Host(python, _STACKS + _LEAK, LEAKTOP_INTERVAL="1K") as target:
        target.hear("ready")
        with target.wire() as wire, target.wire() as lazy:
            wire.ask(op="subscribe", period_ms=100)
            lazy.send(op="subscribe", period_ms=100)    # and reads nothing before the end
            target.tell()
            target.hear("early")
            assert wire.ask(op="baseline", name="before")[0]["baseline"] == 1
            before = _baseline_rows(wire)
            _ck_near(_live(_of(wire, before, "allocate_early")), MANY * BLOCK, "at the baseline")
            target.tell()
            while target.hear() != "leaked":
                wire.until("tick")
                target.tell()
            assert wire.resets > 0
            events = [event["code"] for event in wire.ask(op="events")[1]["events"]["list"]]
            with target.wire() as fresh:
                tick = host.wait_until(lambda: _agree(wire, fresh), 10, "who was there all the time "
                                       "knows what one who comes now is told")
            rows = dict(wire.rows)
            then = _baseline_rows(wire)
            lazy.send(op="baseline.rows", baseline=1)
            host.wait_until(lambda: _agree(wire, lazy), 10, "who did not read misses nothing")
            shown = _shown(target.pid, target.folder)
        target.end()
    for function, grown in (("leak", MANY), ("allocate_early", -HALF)):
        row = max((row for row in shown if row["function"] == function),
                  key=lambda row: abs(row["delta_bytes"]))    # beside the loop's own line
        assert abs(row["delta_bytes"] - grown * BLOCK) < 3 * row["delta_error_bytes"], row
    assert shown[0]["function"] == "leak", shown
    words = (f"{tick['samples_total']} samples, {tick['stacks']} stacks now, {wire.resets} resets, "
             f"{tick['thinned']} thinned, {tick['drops']} drops")
    _ck_near(_live(_of(wire, rows, "leak"), first=1), MANY * BLOCK, words)
    _ck_near(_live(_of(wire, rows, "allocate_early"), last=0), HALF * BLOCK, words)
    assert sum(row[2] for row in rows.values()) == tick["samples_total"], words
    assert _of(wire, rows, "(stacks no longer alive)"), words
    assert "stacks-ended" in events, events
    for part in range(3):       # totals at the baseline are the same as they were
        sums = [sum(row[part] for row in found.values()) for found in (before, then)]
        assert abs(sums[0] - sums[1]) <= 0.1 * (len(before) + len(then)), (part, sums)
    live = [_live(found.values())[0] for found in (before, then)]
    assert abs(live[0] - live[1]) <= 0.1 * (len(before) + len(then)), live
    _ck_near(_live(_of(wire, then, "allocate_early")), MANY * BLOCK, words)
    return words


_ALIVE = r"""
kept = [None] * 50000
def keep(path):
    global count
    kept[count] = bytes(967)
    count += 1
names["keep"] = keep
leaked = []
def leak(n):
    for i in range(n):
        leaked.append(bytes(967))
await_sampler()
say("ready"); wait()
for second in LEVELS[2][:5]:    # ten thousand stacks of a block each
    second(()); leak(1000)
    say("part", count); wait()
say("all"); wait()
"""


def more_living_stacks_than_room(python):
    """All stacks hold a block: the smallest merge, a leak does not."""
    with host.Host(python, _STACKS + _ALIVE, LEAKTOP_INTERVAL="8K", LEAKTOP_MEMORY="4M") as target:
        target.hear("ready")
        with target.wire() as wire:
            wire.ask(op="subscribe", period_ms=100)
            target.tell()
            while (said := target.hear()) != "all":
                blocks = int(said.split()[1])
                wire.until("tick")
                target.tell()
            tick = wire.look()
            rows = dict(wire.rows)
            host.wait_until(lambda: "stacks-merged" in str(wire.ask(op="events")), 10, "the event")
        target.end()
    words = f"{tick['samples_live']} live samples, {tick['stacks']} stacks, {wire.resets} resets"
    live, error = _live(_of(wire, rows, "leak"))
    assert abs(live - 5 * 1000 * BLOCK) < 5 * error, (words, live, error)
    live, error = _live(row for function in ("keep", "(no room for more stacks)")
                        for row in _of(wire, rows, function))
    assert abs(live - blocks * BLOCK) < 5 * error, (words, live, error)
    assert sum(row[2] for row in rows.values()) == tick["samples_total"], words
    return words


if __name__ == "__main__":
    sys.exit(host.run((memory_stays_below_its_cap, a_leak_after_a_million_stacks,
                       more_living_stacks_than_room), every=False))
