#!/usr/bin/python3
"""frames.py - the stack on the wire is the stack of Python's own traceback.

The host takes 8 MB at known places, always sampled at the default interval, and notes what
the interpreter says of the frames at that moment.
"""
import json
import sys

import host

_SCRIPT = r"""
import asyncio, functools, json, threading

NOTES = []
KEPT = []
BLOCK = 8 << 20

def frames(depth):
    frame = sys._getframe(depth)
    out = []
    while frame is not None:
        code = frame.f_code     # before 3.11 it does not know its qualified name
        out.append([getattr(code, "co_qualname", code.co_name), code.co_filename,
                    frame.f_lineno])
        frame = frame.f_back
    return out

def note(case):
    NOTES.append([case, frames(2), threading.current_thread() is threading.main_thread()])

def plain():
    note("plain"); KEPT.append(bytearray(BLOCK))

def default(block=bytearray(16)):
    def inner():
        note("nested"); KEPT.append(bytearray(BLOCK))
    inner()

def generator():
    yield 1
    note("generator"); KEPT.append(bytearray(BLOCK))
    yield 2

def delegating():
    yield from generator()

async def leaf():
    await asyncio.sleep(0)      # poll: gives way once, waits for nothing
    note("task"); KEPT.append(bytearray(BLOCK))

async def middle():
    await leaf()

async def tasks():
    note("coroutine"); KEPT.append(bytearray(BLOCK))
    await asyncio.gather(middle(), asyncio.create_task(middle()))

def key(x):
    if x == 2:
        note("sorted"); KEPT.append(bytearray(BLOCK))
    return x

def mapped(x):
    note("map"); KEPT.append(bytearray(BLOCK))
    return x

def decorator(f):
    @functools.wraps(f)
    def wrapper(*a, **k):
        return f(*a, **k)
    return wrapper

@decorator
@functools.lru_cache()
def decorated():
    note("decorated"); KEPT.append(bytearray(BLOCK))

class Meta(type):
    def __new__(mcs, name, bases, space):
        note("metaclass"); KEPT.append(bytearray(BLOCK))
        return super().__new__(mcs, name, bases, space)

class Made:
    def __init__(self, really):
        if really:
            note("init"); KEPT.append(bytearray(BLOCK))

class Dying:
    def __del__(self):
        note("del"); KEPT.append(bytearray(BLOCK))

def construct(really):
    return Made(really)

def recursive(n):
    if n:
        return recursive(n - 1)
    note("deep"); KEPT.append(bytearray(BLOCK))

def several_lines():
    note("lines")
    KEPT.append(
        [
            None,
            bytearray(
                BLOCK)])

class Big:
    @property
    def attribute(self):
        note("property"); KEPT.append(bytearray(BLOCK)); return 1
    def __getattr__(self, name):
        note("getattr"); KEPT.append(bytearray(BLOCK)); return 2
    def __eq__(self, other):
        note("eq"); KEPT.append(bytearray(BLOCK)); return True
    __hash__ = object.__hash__

def caught():
    try:
        raise ValueError
    except ValueError:
        note("except"); KEPT.append(bytearray(BLOCK))
    finally:
        note("finally"); KEPT.append(bytearray(BLOCK))

def comprehended():
    return [(note("comprehension"), KEPT.append(bytearray(BLOCK))) for _ in range(1)]

exec(compile('''
def café_é():
    note("exec"); KEPT.append(bytearray(BLOCK))
''', "<made of \u20ac and \U0001f40d>", "exec"), globals())

def everything():
    plain()
    default()
    list(delegating())
    asyncio.run(tasks())
    sorted([3, 2, 1], key=key)
    list(map(mapped, [1]))
    (lambda: (note("lambda"), KEPT.append(bytearray(BLOCK))))()
    decorated()
    café_é()
    eval("(note('eval'), KEPT.append(bytearray(BLOCK)))")
    Meta("Class", (), {})
    for i in range(3000):       # until the call is specialised
        construct(False)
    construct(True)
    Dying()
    recursive(200)
    several_lines()
    Big().attribute
    Big().missing
    [Big()].index(Big())
    caught()
    comprehended()
    thread = threading.Thread(target=plain_in_thread, name="worker")
    thread.start()
    thread.join()

def plain_in_thread():
    note("thread"); KEPT.append(bytearray(BLOCK))

say("ready")
wait()
everything()
with open("module_made_here.py", "w") as file:
    file.write("from __main__ import *\nfrom __main__ import note\n"
               "note('import'); KEPT.append(bytearray(BLOCK))\n")
sys.path.insert(0, ".")
import module_made_here
say("done", len(NOTES))
say(json.dumps(NOTES))
wait()
"""


def _comparable(frames):
    return [tuple(frame) for frame in frames]


def _matches(case, noted, stack):
    """A large block on the wire and a note: same frames.  The note's line is the note's own."""
    domain, thread, flags, frames = stack
    noted = _comparable(noted)
    if case == "deep":
        return flags & 1 and len(frames) == 128 and frames == noted[:128]
    if case == "lines":     # the allocation is three lines below the note, or four
        return (frames[1:] == noted[1:] and frames[0][:2] == noted[0][:2]
                and 1 <= frames[0][2] - noted[0][2] <= 5)
    return not flags & 1 and frames == noted


def frames_equal_the_traceback(python):
    with host.Host(python, _SCRIPT) as target:
        target.hear("ready")
        with target.wire() as wire:
            assert wire.hello["state"] == "sampling", wire.hello
            target.tell()
            target.hear("done")
            notes = json.loads(target.hear())
            wire.look()
            large = {ident: wire.stacks[ident] for ident, row in wire.rows.items()
                     if sum(cell[2] for cell in row[3]) >= 8 << 20}
        problems = []
        for case, noted, is_main in notes:
            found = [s for s in large.values() if _matches(case, noted, s)]
            if len(found) != 1:
                problems.append(f"{case}: {len(found)} stacks equal {noted[:3]}; on the wire: "
                                f"{[s[3][:3] for s in large.values() if s[3] and s[3][0][0] == noted[0][0]]}")
            elif (found[0][1] == "MainThread") != is_main:
                problems.append(f"{case}: thread {found[0][1]}")
        assert not problems, "\n      ".join(problems)
        target.end()
        return f"{len(notes)} stacks"


def each_line_has_its_bytes(python):
    """Sizes and counts of what is always sampled are exact."""
    script = """
    kept = []
    def take(n):
        return bytearray(n)
    say("ready"); wait()
    for n in (8, 9, 10):
        kept.append(take(n << 20))
    say("taken"); wait()
    kept.clear()
    say("freed"); wait()
    """
    with host.Host(python, script) as target:
        target.hear("ready")
        with target.wire() as wire:
            target.tell()
            target.hear("taken")
            wire.look()
            row = next(row for ident, row in wire.rows.items()
                       if [f[0] for f in wire.stacks[ident][3]] == ["take", "<module>"])
            assert abs(row[0] - (27 << 20)) < 128, row
            assert row[2] == 3 and abs(row[1] - 3) < 0.01, row
            assert row[3][0][1] == 3, row
            target.tell()
            target.hear("freed")
            wire.look()
            row = next(row for ident, row in wire.rows.items()
                       if [f[0] for f in wire.stacks[ident][3]] == ["take", "<module>"])
            assert row[3] == [] and abs(row[0] - (27 << 20)) < 128, row
        target.end()


@host.with_gil("code objects die late, so none comes at the address of another")
def code_that_comes_and_goes_keeps_its_name(python):
    """Functions made and dropped by turns lie at the same addresses: what is remembered of one
    must not be taken for the next."""
    script = """
    KEPT = []
    addresses = set()
    def made(i):
        space = {"KEPT": KEPT}
        exec(compile("\\n" * i + f"def f{i}():\\n    KEPT.append(bytearray(8 << 20))",
                     f"file{i}", "exec"), space)
        addresses.add(id(space[f"f{i}"].__code__))
        space[f"f{i}"]()
        KEPT.clear()
        space.clear()
    say("ready"); wait()
    for i in range(200):
        made(i)
    say("done", len(addresses)); wait()
    """
    with host.Host(python, script) as target:
        target.hear("ready")
        with target.wire() as wire:
            target.tell()
            addresses = int(target.hear("done").split()[1])
            wire.look()
        counts = {}
        for ident, row in wire.rows.items():
            for function, file, line in wire.stacks[ident][3][:1]:
                if function.startswith("f") and file.startswith("file"):
                    counts[function, file, line] = row[2]
        assert counts == {(f"f{i}", f"file{i}", i + 2): 1 for i in range(200)}, counts
        assert addresses < 150, f"{addresses} addresses: hardly one was used again"
        target.end()
        return f"{addresses} addresses"


if __name__ == "__main__":
    sys.exit(host.run((frames_equal_the_traceback, each_line_has_its_bytes,
                       code_that_comes_and_goes_keeps_its_name)))
