#!/usr/bin/python3
"""native.py - what libraries allocate by themselves is counted once, under the Python line that
caused it, and its end is seen whoever frees it.

The library is library.c beside this file, built with $CC.
"""
import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "sampler"))
import host  # noqa: E402

_SOURCE = pathlib.Path(__file__).resolve().parent / "library.c"
_COMPILER = os.environ.get("CC", "cc").split()
_FOLDER = tempfile.mkdtemp(prefix="leaktop-native-")

# How a library is linked: bound at its first call; bound when loaded and then read-only; without
# read-only pages at all.
_LINKS = {"lazy": ("-Wl,-z,lazy", "-Wl,-z,relro"), "now": ("-Wl,-z,now", "-Wl,-z,relro"),
          "norelro": ("-Wl,-z,lazy", "-Wl,-z,norelro")}

_USE = """
import ctypes, os, threading, time
def load(path):
    lib = ctypes.CDLL(path)
    for name in ("malloc calloc realloc reallocarray posix_memalign aligned_alloc memalign valloc"
                 " in_thread").split():
        f = getattr(lib, "take_" + name)
        f.restype, f.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    lib.give.argtypes = lib.give_all.argtypes = lib.grow_too_far.argtypes = [ctypes.c_void_p]
    lib.grow.restype, lib.grow.argtypes = ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_size_t]
    lib.map.restype, lib.map.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    lib.reserve.restype, lib.reserve.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    lib.map_over.restype = ctypes.c_void_p
    lib.map_over.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    lib.unmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    lib.remap.restype = ctypes.c_void_p
    lib.remap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t]
    return lib
def await_hooks(lib, hooked=True):
    deadline = time.monotonic() + 20
    while bool(lib.is_hooked()) != hooked:
        if time.monotonic() > deadline:
            sys.exit("the hooks did not change")
        time.sleep(0.005)   # poll: the sampler looks for new libraries once a second
"""


def _library(link="lazy"):
    path = os.path.join(_FOLDER, f"lib{link}.so")
    if not os.path.exists(path):
        subprocess.run([*_COMPILER, "-O1", "-shared", "-fPIC", *_LINKS[link], "-o", path,
                        str(_SOURCE)], check=True)
    return path


@contextlib.contextmanager
def _host(python, script, link="lazy", **environment):
    """A host with the library as lib, its hooks in, and a wire."""
    start = f"lib = load({_library(link)!r})\nawait_hooks(lib)\n"
    environment.setdefault("LEAKTOP_INTERVAL", "64K")
    with host.Host(python, _USE + start + script, **environment) as target:
        target.hear("ready")
        with target.wire() as wire:
            yield target, wire


def _of(wire, name):
    """(samples, bytes, error) of the native memory under a Python function."""
    rows = [wire.rows[i] for i, (domain, _, _, frames) in wire.stacks.items()
            if domain == "native" and i in wire.rows
            and any(frame[0] == name and len(frame) == 3 for frame in frames)]
    cells = [cell for row in rows for cell in row[3]]
    return (sum(cell[1] for cell in cells), sum(cell[2] for cell in cells),
            sum(cell[4] for cell in cells) ** 0.5)


def _assert_near(wire, name, truth):
    count, live, error = _of(wire, name)
    assert abs(live - truth) <= 5 * error + 1, (name, live, truth, error, count)
    return count


_FAMILY = ("malloc", "calloc", "realloc", "reallocarray", "posix_memalign", "aligned_alloc",
           "memalign", "valloc")


def each_call_is_counted_and_its_free_seen(python):
    script = """
kept = {name: [] for name in "NAMES".split()}
SIZE = 40000    # of 8, 4 and 2
def take(name, f):
    for _ in range(500):
        p = f(SIZE)
        if p is None:
            sys.exit("no memory, or not as it should be")
        kept[name].append(p)
for name in kept:
    exec(f"def by_{name}(): take({name!r}, lib.take_{name})")
say("ready"); wait()
for name in kept:
    globals()["by_" + name]()
say("taken"); wait()
for blocks in kept.values():
    for p in blocks: lib.give(p)
say("given"); wait()
""".replace("NAMES", " ".join(_FAMILY))
    counts = []
    for link in _LINKS:
        with _host(python, script, link) as (target, wire):
            target.tell()
            target.hear("taken")
            tick = wire.look()
            counts += [_assert_near(wire, "by_" + name, 500 * 40000) for name in _FAMILY]
            assert tick["native"] == "stacks", tick
            assert tick["native_live_bytes"] > 0.8 * 8 * 500 * 40000, tick
            assert tick["live_bytes"] < 20e6, tick     # Python's own domains only
            target.tell()
            target.hear("given")
            tick = wire.look()
            for name in _FAMILY:
                assert _of(wire, "by_" + name)[0] == 0, (name, _of(wire, "by_" + name))
            target.end()
    return f"{min(counts)} to {max(counts)} samples each"


def frames_of_both_are_in_the_order_of_the_calls(python):
    script = """
kept = []
def innermost(): kept.append(lib.take_malloc(1 << 20))
def by_c(_): innermost()
def outer():
    list(map(by_c, range(20)))
say("ready"); wait()
outer()
say("taken"); wait()
"""
    with _host(python, script) as (target, wire):
        target.tell()
        target.hear("taken")
        wire.look()
        found = [frames for i, (domain, _, _, frames) in wire.stacks.items()
                 if domain == "native" and any(f[0] == "innermost" for f in frames)]
        assert found, wire.stacks
        for frames in found:
            names = [f[0] if len(f) == 3 else os.path.basename(f[1]) for f in frames]
            assert names[0] == "liblazy.so", names
            first = names.index("innermost")
            assert any(name.startswith("_ctypes") for name in names[1:first]) or \
                "python" in names[1], names
            assert names[first:first + 4] == ["innermost", "by_c", "outer", "<module>"], names
            assert len(frames[0][0]) in (0, 40) and frames[0][1] == _library(), frames[0]
            assert os.path.isfile(frames[0][1]) and 0 < frames[0][2] < os.path.getsize(
                _library()), frames[0]
        target.end()


def realloc_ends_the_old_block_and_keeps_it_when_it_fails(python):
    script = """
def take():
    global p
    p = lib.take_malloc(8 << 20)
def grow():
    global p
    p = lib.grow(p, 9 << 20)
say("ready"); wait()
take(); say("taken"); wait()
say("errno", lib.grow_too_far(p)); wait()
grow(); say("grown"); wait()
lib.give(p); say("given"); wait()
"""
    with _host(python, script) as (target, wire):
        target.tell()
        target.hear("taken")
        wire.look()
        assert _of(wire, "take")[0] == 1
        target.tell()
        assert target.hear("errno") == "errno 12"
        wire.look()
        assert _of(wire, "take")[0] == 1
        target.tell()
        target.hear("grown")
        wire.look()
        assert _of(wire, "take")[0] == 0 and _of(wire, "grow")[0] == 1
        _assert_near(wire, "grow", 9 << 20)
        target.tell()
        target.hear("given")
        wire.look()
        assert _of(wire, "grow")[0] == 0
        target.end()


@host.with_gil("it has no pymalloc, whose RAW domain is the other side")
def either_side_may_free(python):
    script = """
api = ctypes.pythonapi
api.PyMem_RawMalloc.restype, api.PyMem_RawMalloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
api.PyMem_RawFree.restype, api.PyMem_RawFree.argtypes = None, [ctypes.c_void_p]
def by_python(): return [api.PyMem_RawMalloc(2 << 20) for _ in range(10)]
def by_library(): return [lib.take_malloc(2 << 20) for _ in range(10)]
say("ready"); wait()
a, b = by_python(), by_library()
say("taken"); wait()
for p in a: lib.give(p)
for p in b: api.PyMem_RawFree(p)
say("given"); wait()
"""
    def samples(wire):
        return {domain: sum(cell[1] for i, row in wire.rows.items() for cell in row[3]
                            if wire.stacks[i][0] == domain
                            and any(f[0].startswith("by_") for f in wire.stacks[i][3]))
                for domain in ("raw", "native")}
    # a debug build would put marks around what it allocates
    with _host(python, script, PYTHONMALLOC="pymalloc") as (target, wire):
        target.tell()
        target.hear("taken")
        wire.look()
        assert samples(wire) == {"raw": 10, "native": 10}, samples(wire)
        target.tell()
        target.hear("given")
        wire.look()
        assert samples(wire) == {"raw": 0, "native": 0}, samples(wire)
        target.end()


def mappings_end_in_whole_and_in_parts(python):
    script = """
MB = 1 << 20
def whole(): return lib.map(8 * MB)
def parts(): return lib.map(8 * MB)
def moved(): return lib.map(8 * MB)
def covered(): return lib.map(8 * MB)
def only_reserved(): return lib.reserve(64 * MB)
def remap(p): return lib.remap(p, 8 * MB, 12 * MB)
def commit(p): return lib.map_over(p + MB, 2 * MB, 3)
say("ready"); wait()
a, b, c, d, e = whole(), parts(), moved(), covered(), only_reserved()
commit(e)
say("mapped"); wait()
if lib.unmap(a, 8 * MB) or lib.unmap(b + 3 * MB, MB) or lib.unmap(b, MB):
    sys.exit("munmap")
if lib.unmap(b + 4 * MB + 1, MB) != 22:     # no page begins there
    sys.exit("munmap of what cannot be")
c = remap(c)
lib.map_over(d + 2 * MB, 4 * MB, 0)         # gives it back, keeps the addresses
say("changed"); wait()
lib.unmap(b + MB, 2 * MB), lib.unmap(b + 4 * MB, 4 * MB), lib.unmap(c, 12 * MB), \\
    lib.unmap(d, 8 * MB), lib.unmap(e, 64 * MB)
say("unmapped"); wait()
"""
    mb = 1 << 20
    def live(wire):
        wire.look()
        return {name: round(_of(wire, name)[1] / mb, 1) for name in (
            "whole", "parts", "moved", "covered", "only_reserved", "remap", "commit")}
    with _host(python, script, LEAKTOP_INTERVAL="16K") as (target, wire):
        target.tell()
        target.hear("mapped")
        assert live(wire) == {"whole": 8, "parts": 8, "moved": 8, "covered": 8,
                              "only_reserved": 0, "remap": 0, "commit": 2}, live(wire)
        target.tell()
        target.hear("changed")
        assert live(wire) == {"whole": 0, "parts": 6, "moved": 0, "covered": 4,
                              "only_reserved": 0, "remap": 12, "commit": 2}, live(wire)
        target.tell()
        target.hear("unmapped")
        assert set(live(wire).values()) == {0}, live(wire)
        target.end()


def libraries_that_come_later_and_go(python):
    copy = os.path.join(_FOLDER, "libcopy.so")
    shutil.copy(_library("now"), copy)
    script = f"""
import _ctypes
kept = []
def by_copy():
    for _ in range(20): kept.append(other.take_malloc(1 << 20))
say("ready"); wait()
for turn in range(3):
    other = load({copy!r})
    await_hooks(other)
    by_copy()
    say("taken"); wait()
    _ctypes.dlclose(other._handle)
    say("closed", "libcopy" in open("/proc/self/maps").read()); wait()
    while kept: lib.give(kept.pop())
    say("given"); wait()
"""
    with _host(python, script) as (target, wire):
        target.tell()
        for _ in range(3):
            target.hear("taken")
            wire.look()
            assert _of(wire, "by_copy")[0] == 20, _of(wire, "by_copy")
            target.tell()
            assert target.hear("closed") == "closed False"
            target.tell()
            target.hear("given")
            wire.look()
            assert _of(wire, "by_copy")[0] == 0
            target.tell()
        objects = {f[1] for _, _, _, frames in wire.stacks.values() for f in frames
                   if len(f) == 4}
        assert copy in objects and "" not in objects, objects
        target.end()


def protection_is_as_it_was(python):
    """What the kernel says of the mappings of files is the same with the hooks and without."""
    script = """
def files():
    out = []
    for line in open("/proc/self/maps"):
        part = line.split()
        if len(part) > 5 and part[5].startswith("/") and ".so" in part[5]:
            out.append((part[5], part[2], part[1]))
    return sorted(out)
say("maps", repr(files())); wait()
"""
    for link in _LINKS:
        said = []
        for native in ("stacks", "off"):
            start = f"lib = load({_library(link)!r})\nawait_sampler()\n"
            if native == "stacks":
                start += "await_hooks(lib)\n"
            with host.Host(python, _USE + start + script, LEAKTOP_NATIVE=native) as target:
                said.append({tuple(row) for row in eval(target.hear("maps")[5:])})
                target.end()
        assert said[0] == said[1], said[0] ^ said[1]
        assert any(row[2] == "r--p" for row in said[0] if row[0] == _library(link))


def pause_takes_the_hooks_out_and_resume_puts_them_back(python):
    script = """
def one(): return lib.take_malloc(4 << 20)
def two(): return lib.take_malloc(4 << 20)
def three(): return lib.take_malloc(4 << 20)
say("ready"); wait()
a = one(); say("one"); wait()
await_hooks(lib, False); b = two(); lib.give(a); say("two"); wait()
await_hooks(lib); c = three(); say("three"); wait()
lib.give(b); lib.give(c); say("given"); wait()
"""
    def counts(wire):
        wire.look()
        return [_of(wire, name)[0] for name in ("one", "two", "three")]
    with _host(python, script) as (target, wire):
        target.tell()
        target.hear("one")
        assert counts(wire) == [1, 0, 0]
        assert wire.ask(op="pause")[0]["ok"]
        target.tell()
        target.hear("two")
        assert counts(wire) == [0, 0, 0]     # frees are seen while samples live
        assert wire.ask(op="resume")[0]["ok"]
        target.tell()
        target.hear("three")
        assert counts(wire) == [0, 0, 1]
        target.tell()
        target.hear("given")
        assert counts(wire) == [0, 0, 0]
        target.end()


def threads_that_python_does_not_know(python):
    script = """
jobs = []
def start():
    for _ in range(20): jobs.append(lib.take_in_thread(100000))
say("ready"); wait()
start(); say("taken"); wait()
for job in jobs: lib.give_all(job)
say("given"); wait()
"""
    def alone(wire):
        wire.look()
        rows = [(wire.rows[i], frames) for i, (domain, _, flags, frames) in wire.stacks.items()
                if domain == "native" and flags & 4 and i in wire.rows]
        return (sum(cell[2] for row, _ in rows for cell in row[3]),
                sum(cell[4] for row, _ in rows for cell in row[3]) ** 0.5,
                [frames for row, frames in rows if row[3]])
    with _host(python, script) as (target, wire):
        target.tell()
        target.hear("taken")
        live, error, stacks = alone(wire)
        truth = 20 * 64 * 100000
        assert abs(live - truth) <= 5 * error, (live, truth, error)
        assert all(len(frame) == 4 for frames in stacks for frame in frames), stacks
        assert any(frames[0][1] == _library() for frames in stacks), stacks
        target.tell()
        target.hear("given")
        assert alone(wire)[0] == 0, alone(wire)
        target.end()


def a_storm_of_loading_allocating_and_signals(python):
    copies = []
    for i in range(6):
        copies.append(os.path.join(_FOLDER, f"libstorm{i}.so"))
        shutil.copy(_library("now" if i % 2 else "lazy"), copies[-1])
    script = f"""
import _ctypes
copies = {copies!r}
stop = False
def come_and_go(path):
    while not stop:
        other = load(path)
        for _ in range(10): other.give(other.take_malloc(30000))
        _ctypes.dlclose(other._handle)
def allocate():
    while not stop:
        lib.give(lib.take_realloc(60000))
threads = [threading.Thread(target=come_and_go, args=(path,)) for path in copies]
threads += [threading.Thread(target=allocate) for _ in range(2)]
say("ready"); wait()
for thread in threads: thread.start()
say("errors", lib.storm(2000)); wait()
stop = True
for thread in threads: thread.join()
say("done"); wait()
"""
    with _host(python, script, LEAKTOP_INTERVAL="4K") as (target, wire):
        target.tell()
        assert target.hear("errors") == "errors 0"
        target.tell()
        target.hear("done")
        tick = wire.look()
        assert tick["native_live_bytes"] < 1 << 20, tick     # all that was taken was given
        target.end()
        return f"{tick['samples_total']} samples"


def forks_in_the_midst_of_unwinding(python):
    script = """
say("ready"); wait()
say("wrong", lib.fork_on(150)); wait()
child = os.fork()
if child == 0:
    held = [lib.take_malloc(50000) for _ in range(100)]
    for p in held: lib.give(p)
    os._exit(0)
say("child", os.waitpid(child, 0)[1]); wait()
"""
    with _host(python, script, LEAKTOP_INTERVAL="1K") as (target, wire):
        target.tell()
        assert target.hear("wrong") == "wrong 0"
        target.tell()
        assert target.hear("child") == "child 0"
        tick = wire.look()
        assert tick["samples_total"] > 1000, tick
        target.end()


def a_fork_amid_looking_is_made_up_for(python):
    """The child of a fork of C gets a server when Python forks in it; the parent goes on."""
    copies = []
    for i in range(80):
        copies.append(os.path.join(_FOLDER, f"libmany{i}.so"))
        shutil.copy(_library(), copies[-1])
    script = f"""
say("ready"); wait()
others = [load(path) for path in {copies!r}]
c = ctypes.PyDLL({copies[0]!r})
def all_hooked():
    for other in others: await_hooks(other)
    return 7
pid = c.fork_when_hooked()
if pid == 0:
    pid = os.fork()
    if pid == 0:
        os._exit(all_hooked())
    os._exit(os.waitpid(pid, 0)[1] >> 8)
say("child", os.waitpid(pid, 0)[1] >> 8, all_hooked()); wait()
"""
    with _host(python, script) as (target, wire):
        wire.send(op="subscribe", period_ms=1000)
        for _ in range(4):      # what was loaded before is looked at again, a second later
            wire.until("tick")
        target.tell()
        assert target.hear("child") == "child 7 7"
        target.end()


def an_allocator_of_its_own_stays(python):
    """A library that is opened with RTLD_DEEPBIND finds the malloc it was linked to, also when the
    first call comes late."""
    own, user = (os.path.join(_FOLDER, f"lib{name}.so") for name in ("own", "user"))
    for path, source, options in (
            (own, """
static char pool[65536];
static unsigned long used;
void *malloc(unsigned long n) { used += n + 15 & ~15ul; return pool + used - (n + 15 & ~15ul); }
int frees;
void free(void *p) { frees += p != 0; }
int owns(char *p) { return p >= pool && p < pool + sizeof(pool); }
""", ()), (user, """
void *malloc(unsigned long), free(void *);
void *user_take(unsigned long n) { return malloc(n); }
void user_give(void *p) { free(p); }
""", ("-Wl,-z,lazy", own))):
        subprocess.run([*_COMPILER, "-w", "-O1", "-fno-builtin", "-shared", "-fPIC", "-o", path,
                        "-x", "c", "-", *(("-x", "none") if options else ()), *options],
                       input=source, text=True, check=True)
    script = f"""
user = ctypes.CDLL({user!r}, mode=os.RTLD_LAZY | os.RTLD_DEEPBIND)
own = ctypes.CDLL({own!r})
user.user_take.restype = ctypes.c_void_p
user.user_give.argtypes = own.owns.argtypes = [ctypes.c_void_p]
later = load({_library("now")!r})
await_hooks(later)
say("ready"); wait()
p = user.user_take(100)
user.user_give(p)
say("own", own.owns(p), ctypes.c_int.in_dll(own, "frees").value); wait()
"""
    with _host(python, script) as (target, wire):
        target.tell()
        assert target.hear("own") == "own 1 1"
        codes = [event["code"] for event in wire.ask(op="events")[1]["events"]["list"]]
        assert "native-undecided" in codes, codes
        target.end()


def a_callback_of_the_loader_may_wait(python):
    """A thread in dl_iterate_phdr(), called where no hook is, whose callback takes the GIL, and
    threads that allocate with the GIL from stacks nobody has seen yet: none waits for ever."""
    script = """
INFO = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p)
seen = [0]
def callback(info, size, data):
    seen[0] += 1
    return 0
callback = INFO(callback)
held = ctypes.PyDLL(lib._name)
held.take_malloc.restype, held.give.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
stop = False
def iterate():
    while not stop:
        ctypes.CDLL(None).dl_iterate_phdr(callback, None)
def allocate():
    for _ in range(20):
        held.give(held.take_malloc(50000))
say("ready"); wait()
# glibc loads libgcc_s when the first thread ends, which cannot be while a callback waits for the GIL
first = threading.Thread(target=allocate)
first.start(); first.join()
walker = threading.Thread(target=iterate)
walker.start()
for _ in range(300):
    thread = threading.Thread(target=allocate)
    thread.start(); thread.join()
stop = True
walker.join()
say("seen", seen[0] > 0); wait()
"""
    with _host(python, script, LEAKTOP_INTERVAL="1K") as (target, wire):
        target.tell()
        assert target.hear("seen") == "seen True"
        assert wire.look()["samples_total"] > 1000
        target.end()


_THROUGH = """
void *alloca(unsigned long);
__attribute__((noinline)) static void inner(void (*f)(void), long n)
{
    volatile char pad[PAD];
    volatile char *more = alloca(n * DEEP + 16);
    pad[0] = more[0] = (char)n;
    if (n > 0) inner(f, n - 1); else f();
    pad[PAD - 1] = more[0];
}
void through(void (*f)(void)) { inner(f, DEPTH); }
"""


def a_storm_of_libraries_in_one_place(python):
    """Two libraries of other frames come and go at the same addresses, while threads unwind through
    whichever is there."""
    paths = []
    for name, depth, deep, pad in (("a", 3, 0, 24), ("b", 5, 64, 400)):
        paths.append(os.path.join(_FOLDER, f"through-{name}.so"))
        subprocess.run([*_COMPILER, "-w", "-O1", "-fomit-frame-pointer", "-shared", "-fPIC",
                        f"-DDEPTH={depth}", f"-DDEEP={deep}", f"-DPAD={pad}", "-o", paths[-1],
                        "-x", "c", "-"], input=_THROUGH, text=True, check=True)
    rounds = 100000 if host.LONG else 5000
    script = f"""
a, b = {[path.encode() for path in paths]!r}
say("ready"); wait()
threads = [threading.Thread(target=lib.come_and_go, args=(a, b, {rounds})) for _ in range(2)]
for thread in threads: thread.start()
for thread in threads: thread.join()
say("wrong", lib.come_and_go(a, b, 100)); wait()
"""
    with _host(python, script, LEAKTOP_INTERVAL="1K") as (target, wire):
        target.tell()
        assert target.hear("wrong") == "wrong 0"
        samples = wire.look()["samples_total"]
        assert samples > rounds, samples
        target.end()
    return f"{samples} samples"


def without_native_frames_and_without_all(python):
    script = """
kept = []
def take():
    for _ in range(100): kept.append(lib.take_malloc(100000))
say("ready"); wait()
take(); say("taken"); wait()
"""
    with _host(python, script, LEAKTOP_NATIVE="python") as (target, wire):
        target.tell()
        target.hear("taken")
        assert wire.look()["native"] == "python"
        _assert_near(wire, "take", 100 * 100000)
        assert all(len(frame) == 3 for _, _, _, frames in wire.stacks.values()
                   for frame in frames)
        target.end()
    with host.Host(python, _USE + f"await_sampler()\nlib = load({_library()!r})" + script,
                   LEAKTOP_NATIVE="off") as target:
        target.hear("ready")
        with target.wire() as wire:
            target.tell()
            target.hear("taken")
            wire.look()
            tick = wire.look()
            assert tick["native"] == "off" and tick["native_live_bytes"] == 0, tick
            assert all(stack[0] != "native" for stack in wire.stacks.values())
        target.end()


if __name__ == "__main__":
    if not shutil.which(_COMPILER[0]):
        print(f"SKIP: needs {_COMPILER[0]}")
        sys.exit(host.SKIP)
    try:
        code = host.run((
            each_call_is_counted_and_its_free_seen, frames_of_both_are_in_the_order_of_the_calls,
            realloc_ends_the_old_block_and_keeps_it_when_it_fails, either_side_may_free,
            mappings_end_in_whole_and_in_parts, libraries_that_come_later_and_go,
            protection_is_as_it_was, pause_takes_the_hooks_out_and_resume_puts_them_back,
            threads_that_python_does_not_know, a_storm_of_loading_allocating_and_signals,
            forks_in_the_midst_of_unwinding, a_fork_amid_looking_is_made_up_for,
            an_allocator_of_its_own_stays, a_callback_of_the_loader_may_wait,
            a_storm_of_libraries_in_one_place, without_native_frames_and_without_all))
    finally:
        shutil.rmtree(_FOLDER, ignore_errors=True)
    sys.exit(code)
