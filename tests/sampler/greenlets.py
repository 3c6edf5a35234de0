#!/usr/bin/python3
"""greenlets.py - greenlet and gevent: a stack is that of the greenlet that allocates, and no switch
is harmed.  With the interpreters that have them: Debian has them for its own."""
import subprocess
import sys

import host

# Says where it is, as the interpreter sees it, and keeps a block that is surely sampled.
_TAKE = r"""
import sys
kept = []
def take(word):
    kept.append(bytearray(9 << 20)); frame = sys._getframe(); line = frame.f_lineno
    names = []
    while frame is not None:
        names.append("%s:%d" % (frame.f_code.co_name, line))
        frame = frame.f_back
        line = frame.f_lineno if frame is not None else 0
    say(word, *names)
"""


def _has(python, module):
    return subprocess.run([python, "-c", f"import {module}"], check=False,
                          stderr=subprocess.DEVNULL).returncode == 0


def _stacks(wire, first):
    """Frames of the stacks whose innermost function is first, as take() says them."""
    return [[f"{name.rpartition('.')[2]}:{line}" for name, _, line in frames]
            for _, _, _, frames in wire.stacks.values()
            if frames and frames[0][0].rpartition(".")[2] == first]


def _frames_are_right(python, module, script):
    if not _has(python, module):
        return f"needs {module}"
    with host.Host(python, _TAKE + script) as target:
        target.hear("ready")
        with target.wire() as wire:
            target.tell()
            said = []
            while (words := target.hear().split()) != ["end"]:
                said.append(words)
            wire.look()
            stacks = _stacks(wire, "take")
            for word, *frames in said:
                assert frames in stacks, f"{word}: {frames} is not among {stacks}"
            told = [frames for _, *frames in said]
            line = told[0][0]       # of the block; other lines may be sampled by chance
            assert all(stack in told for stack in stacks if stack[0] == line), (told, stacks)
        target.end()
        assert target.errors() == "", target.errors()
    return f"{len(said)} stacks"


def frames_in_greenlets(python):
    """Nested, switched to and fro, started by one another, after their parent's end."""
    return _frames_are_right(python, "greenlet", """
from greenlet import greenlet, getcurrent
def inner(other):
    take("inner")
    other.switch()
    take("again")
def outer(other): inner(other)
def partner(main):
    take("partner")
    main.switch("from partner")
    deep(5)
def deep(n):
    if n: return deep(n - 1)
    take("deep")
    greenlet(orphan).switch()
def orphan():
    take("orphan")
def generator():
    take("generator"); yield 1
def runs_generator():
    for _ in generator(): take("between")
say("ready"); wait()
main = getcurrent()
two = greenlet(partner)
one = greenlet(outer)
def first(): one.switch(greenlet(lambda: two.switch(main)))
first()
take("main")
two.switch()
one.switch() if not one.dead else None
greenlet(runs_generator).switch()
class Of(greenlet):
    def run(self): take("run")
Of().switch()
say("end"); wait()
""")


def frames_in_gevent(python):
    return _frames_are_right(python, "gevent", """
import gevent, gevent.pool, gevent.queue
def worker(number):
    gevent.sleep(0)    # pace: a switch
    take("worker")
    gevent.sleep(0.001)    # pace: all are here
    after()
def after(): take("after")
def consumer(queue):
    for item in queue: handle(item)
def handle(item): take("consumer")
say("ready"); wait()
pool = gevent.pool.Pool(3)
pool.map(worker, range(3))
queue = gevent.queue.Queue()
gevent.spawn(consumer, queue)
queue.put(1); queue.put(StopIteration)
gevent.sleep(0.01)      # pace: the consumer runs
take("main")
say("end"); wait()
""")


def _switches(python, module, script):
    if not _has(python, module):
        return f"needs {module}"
    with host.Host(python, script, LEAKTOP_INTERVAL="1K") as target:
        target.hear("ready")
        with target.wire() as wire:
            wire.send(op="subscribe", period_ms=100)
            target.tell()
            said = target.hear("switches")
            tick = wire.look()
            assert tick["samples_total"] > 5000, tick
        target.end()
        assert target.errors() == "", target.errors()
    return said


def a_hundred_thousand_switches(python):
    return _switches(python, "greenlet", """
from greenlet import greenlet, getcurrent
SWITCHES = 100000
count = 0
def body(number):
    global count
    kept = {}
    while count < SWITCHES:
        kept[count % 50] = bytes([number]) * (count % 600)
        count += 1
        others[(number * 7 + count) % len(others)].switch()
        assert all(block == bytes([number]) * len(block) for block in list(kept.values())[:3])
def nested(depth, number):
    return body(number) if depth == 0 else nested(depth - 1, number)
main = getcurrent()
others = [greenlet(lambda number=number: nested(number % 20, number)) for number in range(40)]
say("ready"); wait()
while count < SWITCHES:
    alive = [other for other in others if not other.dead]
    alive[count % len(alive)].switch()
say("switches", count); wait()
""")


def a_crowd_under_gevent(python):
    return _switches(python, "gevent", """
import gevent.monkey
gevent.monkey.patch_all()
import gevent, hashlib, queue, subprocess, threading, time
count = 0
def client(number):
    global count
    kept = []
    for i in range(250):
        kept.append({"block": bytes([number]) * (i % 600), i: str(i) * 3})
        time.sleep(0)   # pace: a switch
        count += 1
    assert all(table["block"] == bytes([number]) * (i % 600) for i, table in enumerate(kept))
say("ready"); wait()
crowd = [gevent.spawn(client, number) for number in range(100)]
threads = [threading.Thread(target=client, args=(number,)) for number in range(20)]
for t in threads: t.start()
assert subprocess.run(["echo", "42"], stdout=subprocess.PIPE).stdout.strip() == b"42"
gevent.joinall(crowd, raise_error=True)
for t in threads: t.join()
say("switches", count); wait()
""")


if __name__ == "__main__":
    sys.exit(host.run((frames_in_greenlets, frames_in_gevent, a_hundred_thousand_switches,
                       a_crowd_under_gevent)))
