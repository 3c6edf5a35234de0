#!/usr/bin/python3
"""frames.py - the stack on the wire is the stack of Python's own traceback.

The host takes 8 MB at known places, always sampled at the default interval, and notes what
the interpreter says of the frames at that moment.
"""
import json
import sys

import host

_SCRIPT = r"""
import asyncio, contextlib, ctypes, functools, gc, json, re, signal, threading, weakref

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

class Outer:
    class Inner:
        def method(self):
            note("method"); KEPT.append(bytearray(BLOCK))
        @classmethod
        def of_class(cls):
            note("classmethod"); KEPT.append(bytearray(BLOCK))
        @staticmethod
        def static():
            note("staticmethod"); KEPT.append(bytearray(BLOCK))
        def partially(self, what):
            note(what); KEPT.append(bytearray(BLOCK))
        partial = functools.partialmethod(partially, "partialmethod")

class Calling(type):
    @classmethod
    def __prepare__(mcs, name, bases):
        note("prepare"); KEPT.append(bytearray(BLOCK))
        return {}
    def __call__(cls, *arguments):
        note("metacall"); KEPT.append(bytearray(BLOCK))
        return super().__call__(*arguments)
    def __instancecheck__(cls, instance):
        note("instancecheck"); KEPT.append(bytearray(BLOCK))
        return True

class Named:
    def __set_name__(self, owner, name):
        note("set_name"); KEPT.append(bytearray(BLOCK))

class Base:
    def __init_subclass__(cls):
        note("init_subclass"); KEPT.append(bytearray(BLOCK))

def classes():
    class Made(metaclass=Calling):
        def __init__(self):
            note("init_of_metacall"); KEPT.append(bytearray(BLOCK))
    Made()
    isinstance(1, Made)
    class Sub(Base):
        note("class_body"); KEPT.append(bytearray(BLOCK))
        name = Named()

# Python called by C that Python called
def in_c():
    compare = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int),
                               ctypes.POINTER(ctypes.c_int))
    seen = []
    def compared(a, b):
        if not seen:
            seen.append(1)
            note("qsort"); KEPT.append(bytearray(BLOCK))
        return a[0] - b[0]
    numbers = (ctypes.c_int * 5)(3, 1, 5, 2, 4)
    ctypes.CDLL(None).qsort(numbers, 5, ctypes.sizeof(ctypes.c_int), compare(compared))
    assert list(numbers) == [1, 2, 3, 4, 5]
    def again(x):
        return sorted([x], key=lambda y: (note("nested_c"), KEPT.append(bytearray(BLOCK))))
    list(map(again, [1]))
    re.sub("a", lambda m: (note("re_sub"), KEPT.append(bytearray(BLOCK)), "b")[2], "a")
    functools.reduce(lambda a, b: (note("reduce"), KEPT.append(bytearray(BLOCK))), [1, 2])
    functools.partial(plain_partial, 1)(2)
    json.loads("{}", object_hook=lambda o: (note("hook"), KEPT.append(bytearray(BLOCK))))
    signal.signal(signal.SIGUSR1, on_signal)
    signal.raise_signal(signal.SIGUSR1)

def plain_partial(a, b):
    note("partial"); KEPT.append(bytearray(BLOCK))

def on_signal(number, frame):
    note("signal"); KEPT.append(bytearray(BLOCK))

class Counting:
    def __init__(self): self.n = 0
    def __iter__(self): return self
    def __next__(self):
        self.n += 1
        if self.n > 1:
            raise StopIteration
        note("next"); KEPT.append(bytearray(BLOCK))
        return 1
    def __enter__(self):
        note("enter"); KEPT.append(bytearray(BLOCK))
    def __exit__(self, *_):
        note("exit"); KEPT.append(bytearray(BLOCK))

def thrown():
    try:
        yield
    except KeyError:
        note("throw"); KEPT.append(bytearray(BLOCK))
        yield
    finally:
        note("close"); KEPT.append(bytearray(BLOCK))

@contextlib.contextmanager
def managed():
    note("managed"); KEPT.append(bytearray(BLOCK))
    yield

def protocols():
    for _ in Counting(): pass
    with Counting(): pass
    with managed(): pass
    made = thrown()
    next(made)
    made.throw(KeyError())
    made.close()
    list((note("genexpr"), KEPT.append(bytearray(BLOCK))) for _ in range(1))
    {(note("setcomp"), KEPT.append(bytearray(BLOCK))) for _ in range(1)}

class Node:
    def __del__(self):
        note("del_in_gc"); KEPT.append(bytearray(BLOCK))

def ends():
    node = Node()
    node.me = node
    del node
    gc.collect()
    dying = Outer()
    reference = weakref.ref(dying, lambda r: (note("weakref"), KEPT.append(bytearray(BLOCK))))
    del dying

def texts():
    space = {"note": note, "KEPT": KEPT, "BLOCK": BLOCK}
    exec("def made(n):\n if n: made(n - 1)\n else:\n  note('exec_deep'); "
         "KEPT.append(bytearray(BLOCK))\n\nmade(3)", space)
    exec("\n\nexec('''\n\neval(\"(note('in_eval'), KEPT.append(bytearray(BLOCK)))\")''')")

async def agen():
    yield 1
    note("asyncgen"); KEPT.append(bytearray(BLOCK))
    yield 2

class Async:
    async def __aenter__(self):
        await asyncio.sleep(0)  # poll: gives way once, waits for nothing
        note("aenter"); KEPT.append(bytearray(BLOCK))
    async def __aexit__(self, *_): pass
    def __await__(self):
        note("await"); KEPT.append(bytearray(BLOCK))
        return asyncio.sleep(0).__await__()     # poll: as above

# a task in a task in a task, each with awaits of its own
async def level(n):
    if n:
        await asyncio.get_running_loop().create_task(level(n - 1))
    await asyncio.gather(*(leaf_of(n, i) for i in range(2)))

async def leaf_of(n, i):
    await asyncio.wait_for(innermost(n, i), 20)

async def innermost(n, i):
    await asyncio.sleep(0)      # poll: as above
    note("nested task %d %d" % (n, i)); KEPT.append(bytearray(BLOCK))

async def more_tasks():
    async for _ in agen(): pass
    [i async for i in agen()]
    async with Async(): pass
    await Async()
    await level(3)
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    loop.call_soon(lambda: (note("call_soon"), KEPT.append(bytearray(BLOCK)), done.set_result(1)))
    await done
    await loop.run_in_executor(None, in_executor)

def in_executor():
    note("executor"); KEPT.append(bytearray(BLOCK))

def deeper(n):
    if n:
        return deeper(n - 1)
    note("very deep"); KEPT.append(bytearray(BLOCK))

def past_the_limit():
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(6000)
    deeper(4000)
    sys.setrecursionlimit(before)

def traced():
    def trace(frame, event, argument):
        if event == "call":
            note("trace"); KEPT.append(bytearray(BLOCK))
    sys.settrace(trace)
    empty()
    sys.settrace(None)

def empty(): pass

def everything():
    inner = Outer.Inner()
    inner.method(); inner.of_class(); inner.static(); inner.partial()
    classes()
    in_c()
    protocols()
    ends()
    texts()
    asyncio.run(more_tasks())
    past_the_limit()
    traced()
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
    if case in ("deep", "very deep"):
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
            assert abs(row[0] - (27 << 20)) < 256, row
            assert row[2] == 3 and abs(row[1] - 3) < 0.01, row
            assert row[3][0][1] == 3, row
            target.tell()
            target.hear("freed")
            wire.look()
            row = next(row for ident, row in wire.rows.items()
                       if [f[0] for f in wire.stacks[ident][3]] == ["take", "<module>"])
            assert row[3] == [] and abs(row[0] - (27 << 20)) < 256, row
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


def with_a_jit_functions_are_right_and_an_event_says_so(python):
    """3.14 on, where it was built in.  Only the line of the innermost frame may be a neighbour."""
    script = """
    KEPT = []
    def hot(n):
        for i in range(n):
            if i % 1000 == 999:
                KEPT.append(bytearray(8 << 20))
    def calls(n):
        for _ in range(4): hot(n)
    jit = getattr(sys, "_jit", None)
    say("jit", jit is not None and jit.is_enabled()); wait()
    calls(5000)
    say("done"); wait()
    """
    with host.Host(python, script, PYTHON_JIT="1") as target:
        enabled = target.hear("jit").split()[1] == "True"
        with target.wire() as wire:
            events = [e["code"] for e in wire.ask(op="events")[1]["events"]["list"]]
            assert ("jit-lines" in events) == enabled, (enabled, events)
            target.tell()
            target.hear("done")
            wire.look()
        rows = [(wire.stacks[ident][3], row[2]) for ident, row in wire.rows.items()
                if row[0] / max(row[2], 1) >= 8 << 20]
        names = {tuple(frame[0] for frame in frames) for frames, _ in rows}
        assert names == {("hot", "calls", "<module>")}, names
        assert sum(count for _, count in rows) == 20, rows
        target.end()
        return "on" if enabled else "not there"


def a_subinterpreter_has_its_own_frames(python):
    """From 3.12 on.  Before, what it allocates is the calling thread's, where it is called."""
    script = """
    import os, threading
    try:
        import _xxsubinterpreters as interpreters
    except ImportError:
        import _interpreters as interpreters
    CODE = '''if True:
        def inside():
            return bytearray(64 << 20)
        kept = inside()
    '''
    def runs():
        made = interpreters.create()
        interpreters.run_string(made, CODE)
        interpreters.destroy(made)
    def churn():
        while not stop:
            os.stat("/")    # 3.9 to 3.11: else no other interpreter ever gets the GIL
            kept = [bytearray(1000) for _ in range(1000)]
    stop = False
    thread = threading.Thread(target=churn, daemon=True); thread.start()
    say("ready"); wait()
    runs()
    another = threading.Thread(target=runs); another.start(); another.join()
    stop = True
    thread.join()
    say("done", *sys.version_info[:2]); wait()
    """
    with host.Host(python, script) as target:
        target.hear("ready")
        with target.wire() as wire:
            target.tell()
            version = tuple(map(int, target.hear("done").split()[1:]))
            wire.look()
        # all that was allocated there: small blocks of the same line may have been sampled, too,
        # and making an interpreter takes some megabytes, with a wide error where the governor
        # has raised the interval
        found = [[frame[0] for frame in wire.stacks[ident][3]]
                 for ident, row in wire.rows.items() if row[0] > 48 << 20]
        found = [names for names in found if "churn" not in names]
        if version >= (3, 12):
            assert found and all(names == ["inside", "<module>"] for names in found), found
        else:
            assert len(found) == 2 and all("runs" in names[0] for names in found), found
        target.end()


if __name__ == "__main__":
    sys.exit(host.run((frames_equal_the_traceback, each_line_has_its_bytes,
                       code_that_comes_and_goes_keeps_its_name,
                       with_a_jit_functions_are_right_and_an_event_says_so,
                       a_subinterpreter_has_its_own_frames)))
