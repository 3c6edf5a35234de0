#!/usr/bin/python3
"""estimates.py - the error bar that leaktop shows covers the exact count, and the sums have no bias.

A host makes blocks on lines of their own, in random order: objects, growing lists, bytearrays, dicts
and strings, small ones beside large ones; it knows how many bytes each line holds.  Every (run, line)
is one pair.  The suite fails when fewer pairs are covered than a true 95 % interval would leave with a
probability of 1e-6, or when the sum is off by five of its standard errors.

LK_TEST_LONG in the environment: many more runs.
"""
import json
import math
import os
import subprocess
import sys

import host

KIB = 1024
RUNS = 20 if host.LONG else 2
COVERED = 0.95
CHANCE = 1e-6
NOTHING_SAMPLED = 3.69      # intervals: the upper 97.5 % limit of a Poisson count of 0

# Makers, one line each that allocates what is measured, last but one of its function.  The size is
# what the allocator is asked for.
_SCRIPT = r"""
import json, random, time
class Slots: __slots__ = ("a", "b", "c", "d")
def size_of(made, empty): return sys.getsizeof(made) - sys.getsizeof(empty)

BYTES = '''
def make(n):
    made = bytes(n)
    return made, sys.getsizeof(made)
'''
OBJECT = '''
def make(n):
    made = Slots()
    return made, sys.getsizeof(made)
'''
LIST = '''
def make(n):
    made = []
    for i in range(n // 8): made.append(None)
    return made, size_of(made, [])
'''
BYTEARRAY = '''
def make(n):
    made = bytearray()
    for i in range(n // 8): made.extend(b"12345678")
    return made, size_of(made, bytearray())
'''
DICT = '''
def make(n):
    made = {}
    for i in range(max(20, n // 40)): made[i] = None
    return made, size_of(made, {})
'''
STRING = '''
def make(n):
    made = ""
    for i in range(n // 16): made += "%016d" % i
    return made, sys.getsizeof(made)
'''
KINDS = {"bytes": BYTES, "object": OBJECT, "list": LIST, "bytearray": BYTEARRAY, "dict": DICT,
         "string": STRING}

# All in one file, so that lines are distinct: the functions and the lines that allocate.
def makers(kinds):
    text, lines, names = "", [], dict(globals())
    for i, kind in enumerate(kinds):
        text += KINDS[kind].replace("def make", "def make_%d" % i)
        lines.append(text.count("\n") - 1)
    exec(compile(text, "measured.py", "exec"), names)
    return [(names["make_%d" % i], lines[i]) for i in range(len(kinds))]

plan = json.loads(wait())      # {"seed": .., "pieces": .., "stacks": [[kind, n, bytes], ..]}
rng = random.Random(plan["seed"])
made_by = makers([kind for kind, _, _ in plan["stacks"]])
truth = {line: {} for _, line in made_by}
work, kept = [], []
for (make, line), (kind, n, total) in zip(made_by, plan["stacks"]):
    size = make(n)[1]
    work += [(make, line, n)] * max(1, round(total / size))
rng.shuffle(work)
await_sampler()
def run(part):
    for make, line, n in part:
        block, size = make(n)
        kept.append(block)
        sizes = truth[line]
        sizes[size] = sizes.get(size, 0) + 1
step = -(-len(work) // plan["pieces"])
say("ready"); wait()
for i in range(0, len(work), step):
    if plan["rest_s"]:
        for k in range(i, i + step, 1 + step // 200):
            run(work[k:min(k + 1 + step // 200, i + step)])
            time.sleep(plan["rest_s"])      # pace: the hooks come and go meanwhile
    else:
        run(work[i:i + step])
    say("piece"); wait()
say("truth", json.dumps(truth)); wait()
"""


def plan(seed, interval, stacks=36, pieces=1, largest=20.0, rest_s=0):
    """Lines that hold from a third of an interval to many of them."""
    sizes = {"bytes": (40, 120, 400, 900, 3000, 20000), "object": (0,),
             "list": (160, 800, 3000), "bytearray": (64, 500, 2000, 9000),
             "dict": (200, 4000), "string": (64, 320, 2000)}
    kinds = sorted(sizes)
    made = []
    for i in range(stacks):
        kind = kinds[i % len(kinds)]
        n = sizes[kind][(i // len(kinds)) % len(sizes[kind])]
        total = interval * 0.33 * (largest / 0.33) ** (i * 7 % stacks / (stacks - 1))
        made.append([kind, n, total])
    return {"seed": seed, "pieces": pieces, "rest_s": rest_s, "stacks": made}


def plan_large(seed, interval):
    """Pairs: a line with one block of 2 MiB, and one with many small ones."""
    made = []
    for i in range(16):
        made += [["bytes", 2 << 20, 1], ["bytes", (60, 200, 450, 700)[i % 4], interval * (2 + i)]]
    return {"seed": seed, "pieces": 1, "rest_s": 0, "stacks": made}


def _rows(target):
    frame = subprocess.run(
        [os.environ["LEAKTOP"], "-b", "--json", "--top", "100000", str(target.pid)], check=True,
        stdout=subprocess.PIPE, timeout=60, env={**os.environ, "LEAKTOP_DIR": target.folder}).stdout
    return {row["line"]: row for row in json.loads(frame)["rows"]
            if row["file"] == "measured.py"}


class _Dropped(AssertionError):
    """Samples, for which a hook would have had to wait: what is left is said to be too little."""


def _once(python, wanted, interval, each_piece=None, needs=None, **environment):
    """(exact, estimated, error, variance if nothing but the interval decides) of every line; None
    when the sampler does not say needs."""
    with host.Host(python, _SCRIPT, LEAKTOP_INTERVAL=str(interval), **environment) as target:
        target.tell(json.dumps(wanted))
        target.hear("ready")
        with target.wire() as wire:
            if needs is not None and needs not in {**wire.hello, **wire.look()}:
                return None
            target.tell()
            while (word := target.hear()) == "piece":
                if each_piece is not None:
                    each_piece(wire)
                target.tell()
            tick = wire.look()
        rows = _rows(target)
        target.end()
    if tick["drops"]:
        raise _Dropped(f"{tick['drops']} samples were dropped: the estimate is no estimate")
    nothing = {"live_bytes": 0, "live_error_bytes":
               NOTHING_SAMPLED * tick["interval_bytes"] / tick.get("duty", 1)}
    found = []
    for line, sizes in json.loads(word.split(" ", 1)[1]).items():
        exact = sum(int(size) * count for size, count in sizes.items())
        row = rows.get(int(line), nothing)
        variance = sum(count * int(size) ** 2 / math.expm1(int(size) / interval)
                       for size, count in sizes.items() if int(size) < 500 * interval)
        found.append((exact, row["live_bytes"], row["live_error_bytes"], variance))
    return found


def one_run(*args, **keywords):
    """As _once; made again when samples were dropped, which a thread does that was preempted with
    the sampler's lock: rare, and for the sampler to say, not for the estimate to get right."""
    for _ in range(host.AGAIN):
        try:
            return _once(*args, **keywords)
        except _Dropped as dropped:
            print(f"made again: {dropped}", flush=True)
    return _once(*args, **keywords)


def chance_of(covered, pairs):
    """Of covered or fewer of so many pairs, when each is covered with a probability of 95 %."""
    logs = [math.lgamma(pairs + 1) - math.lgamma(k + 1) - math.lgamma(pairs - k + 1) +
            k * math.log(COVERED) + (pairs - k) * math.log(1 - COVERED)
            for k in range(covered + 1)]
    return min(1.0, sum(map(math.exp, logs)))


def judge(found, by_error=False):
    """Words; AssertionError when the error bars or the sum are wrong."""
    pairs = len(found)
    covered = sum(abs(estimate - exact) <= error + 1 for exact, estimate, error, _ in found)
    exact = sum(pair[0] for pair in found)
    excess = sum(pair[1] for pair in found) - exact
    deviation = sum((error / 1.96) ** 2 if by_error else variance
                    for _, _, error, variance in found) ** 0.5
    words = (f"{covered} of {pairs} covered ({100 * covered / pairs:.1f} %), sum "
             f"{1 + excess / exact:.4f} of the truth, {excess / deviation:+.1f} deviations")
    assert chance_of(covered, pairs) > CHANCE, words
    assert abs(excess) < 5 * deviation, words
    return words


def _suite(python, make_plan, interval, **keywords):
    by_error = keywords.pop("by_error", False)
    found = []
    for seed in range(RUNS):
        pairs = one_run(python, make_plan(seed), interval, **keywords)
        if pairs is None:
            return None
        found += pairs
    return judge(found, by_error)


def at_64_kib(python):
    return _suite(python, lambda seed: plan(seed, 64 * KIB, stacks=60), 64 * KIB)


def at_256_kib(python):
    return _suite(python, lambda seed: plan(seed, 256 * KIB), 256 * KIB)


def at_512_kib(python):
    return _suite(python, lambda seed: plan(seed, 512 * KIB, largest=12.0), 512 * KIB)


def large_blocks_starve_nobody(python):
    return _suite(python, lambda seed: plan_large(seed, 256 * KIB), 256 * KIB)


@host.with_gil("everything here is by hash, without another allocator")
def by_hash(python):
    """Without slots: every free is looked up."""
    return _suite(python, lambda seed: plan(seed, 64 * KIB, stacks=60), 64 * KIB,
                  PYTHONMALLOC="malloc")


def thinned(python):
    """The smallest tables: what is live is thinned several times."""
    seen = []

    def relieved(wire):
        tick = wire.look()
        seen.append(tick["thinned"])
        if tick["samples_live"] > 6144:     # 3/4 of 8192
            host.wait_until(lambda: wire.look()["samples_live"] <= 6144, 10, "thinning")
    words = _suite(python, lambda seed: plan(seed, 128 * KIB, stacks=60, pieces=16), KIB,
                   each_piece=relieved, by_error=True, LEAKTOP_MEMORY="4M")
    assert max(seen) > 5000, seen
    return f"{words}; {max(seen)} thinned"


def while_the_interval_changes(python):
    """Up and down; the largest is the last one, so that a line without samples is below its bar."""
    intervals = [KIB * k for k in (16, 128, 32, 192, 8, 64, 16, 64, 32, 256)]

    def change(wire):
        intervals.append(intervals.pop(0))
        assert wire.ask(op="interval", bytes=intervals[-1])[0]["ok"]
    return _suite(python, lambda seed: plan(seed, 128 * KIB, stacks=60, pieces=10), 64 * KIB,
                  each_piece=change, by_error=True)


def hooks_in_a_quarter_of_the_time(python):
    """Duty: what happens while they are out is in the estimate and in its error."""
    words = _suite(python, lambda seed: plan(seed, 64 * KIB, stacks=60, rest_s=0.006), 64 * KIB,
                   by_error=True, needs="duty", LEAKTOP_DUTY="0.25")
    return words or "skipped: this sampler has no duty"


if __name__ == "__main__":
    sys.exit(host.run((at_64_kib, at_256_kib, at_512_kib, large_blocks_starve_nobody, by_hash,
                       thinned, while_the_interval_changes, hooks_in_a_quarter_of_the_time)))
