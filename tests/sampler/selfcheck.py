#!/usr/bin/python3
"""selfcheck.py - a layout that is not the interpreter's is noticed before it does harm.

The check of the start is run inside each interpreter, as it is and with one member of the row off
by some bytes at a time, each in a process of its own: it has to name what is wrong, never to crash.
"""
import os
import subprocess
import sys

import host

LIBRARY = os.path.join(os.path.abspath(os.environ.get("top_builddir", ".")),
                       "tests/sampler/.libs/selfcheck_try.so")

_LOAD = r"""
import ctypes, gc, os, sys, threading
lib = ctypes.CDLL(sys.argv[1])
lib.try_member.restype = lib.try_run.restype = ctypes.c_char_p
"""

_WRONG = _LOAD + r"""
DELTAS = (8, -8, 16, 4)
def in_a_child(member, delta):
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(writing, lib.try_run(member, delta) or b"unnoticed")
        os._exit(0)
    os.close(writing)
    said = os.read(reading, 1000).decode()
    os.close(reading)
    status = os.waitpid(pid, 0)[1]
    return said if status == 0 else "status %d" % status
print("as it is:", (lib.try_run(-1, 0) or b"right").decode())
member = 0
while True:
    name = lib.try_member(member)
    if name is None:
        break
    if name:
        for delta in DELTAS:
            print("%s %d: %s" % (name.decode(), delta, in_a_child(member, delta)))
    member += 1
"""

_LEFT = _LOAD + r"""
def state():
    gc.collect()
    return (set(sys.modules), len(gc.get_objects()), threading.active_count(),
            sys.gettrace(), sys.getprofile(), gc.isenabled(), len(gc.garbage))
for _ in range(5):
    assert lib.try_run(-1, 0) is None
before = state()
blocks = sys.getallocatedblocks()
for _ in range(200):
    assert lib.try_run(-1, 0) is None
after = state()
blocks = sys.getallocatedblocks() - blocks
assert abs(after[1] - before[1]) <= 2, (before[1], after[1])
assert after[:1] + after[2:] == before[:1] + before[2:], (before, after)
print(blocks)
"""

# What no object tells: a flag that is nearly always 0; a pointer beside an equal one (the main
# interpreter is the first); one that is NULL like what is beside it.
_UNSEEN = {"gc_collecting", "runtime_interpreters_main", "dict_values"}
# Without a GIL there are no lists of the collector to look at.
# code_adaptive: from 3.14 on our thread runs a copy of the bytecode
_UNSEEN_THREADED = {"gc_generation_bytes", "gc_permanent", "interp_gc", "code_adaptive"}


def _run(python, script):
    done = subprocess.run([python, "-W", "error", "-c", script, LIBRARY], check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120)
    assert done.returncode == 0 and done.stderr == "", (done.returncode, done.stderr)
    return done.stdout.splitlines()


def what_is_wrong_is_named(python):
    first, *lines = _run(python, _WRONG)
    assert first == "as it is: right", first
    threaded = any(p.path == python and p.threaded for p in host.interpreters())
    unseen = _UNSEEN | (_UNSEEN_THREADED if threaded else set())
    wrong = [line for line in lines if "check: " not in line
             and not (line.endswith(" unnoticed") and line.split()[0] in unseen)]
    assert not wrong, wrong
    assert len(lines) > 120, lines
    return f"{len(lines)} mistakes, {sum(line.endswith('unnoticed') for line in lines)} unseen"


@host.with_gil("a str that was interned lives for ever")
def nothing_is_left_behind(python):
    """Two hundred checks later nothing is there but strs: the one that is kept of each, and the
    names of two attributes, which the interpreter's cache of lookups holds for a while."""
    blocks = int(_run(python, _LEFT)[0])
    assert blocks <= 3.2 * 200, f"{blocks} blocks of 200 checks"
    return f"{blocks} blocks of 200 checks"


if __name__ == "__main__":
    sys.exit(host.run((what_is_wrong_is_named, nothing_is_left_behind)))
