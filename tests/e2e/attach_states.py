#!/usr/bin/python3
"""attach_states.py - whatever a process is doing: leaktop gets in, or says why not; and no harm.

Each state is a row of the table that is printed, each interpreter a column.  Attached or refused,
the program finishes its own check afterwards (subject.py), and ends as it would have.

attach_states.py [VERSION|LABEL...] [STATE...]
"""
import collections
import concurrent.futures
import contextlib
import ctypes
import os
import pathlib
import pty
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "e2e"), str(ROOT / "sampler")]
import harness  # noqa: E402
import host  # noqa: E402
from subject import DONE, FAILED, FILTERED, LONG, STATES, Program, may_attach  # noqa: E402

TOGETHER = 3    # programs at a time: most of them wait
ATTACHED, REFUSED, EITHER, NOT_HERE = "attached", "refused", "either", "n/a"

# More that the main thread may be in; all of these are attached to.
_MORE = {
    "all_blocked": """
        for n in range(500):
            threading.Thread(target=threading.Event().wait, daemon=True).start()
        until_go(lambda: threading.Event().wait())""",
    "c_sleeps_with_gil": """
        import ctypes
        def hold():
            while True:
                ctypes.PyDLL(None).sleep(1)   # pace: of the call
        until_go(hold)""",
    "waits_for_gil": """
        import ctypes
        def hold():
            while waits:
                ctypes.PyDLL(None).usleep(20000)    # pace: of the call
        threading.Thread(target=hold).start()
        def spin():
            while True:
                pass
        until_go(spin)""",
    "recv_with_timeout": """
        import socket, struct
        ours, its = socket.socketpair()
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", 3600, 0))
        until_go(lambda: ours.recv(1))""",
    "file_lock": """
        import fcntl
        file = open("lock", "w")
        r, w = os.pipe()
        child = os.fork()
        if child == 0:
            fcntl.lockf(file, fcntl.LOCK_EX)
            os.write(w, b"x")
            signal.pause()
        os.read(r, 1)
        try:
            until_go(lambda: fcntl.lockf(file, fcntl.LOCK_EX))
        finally:
            os.kill(child, 9)""",
    "shared_lock": """
        import ctypes
        word = ctypes.c_int(0)
        def wait():
            ctypes.CDLL(None).syscall(202, ctypes.byref(word), 0, 0, None)
            for n in range(1000):   # where a signal has its say
                pass
            assert False, "the wait ended"
        until_go(wait)""",
    "no_writable_code": """
        import ctypes
        ctypes.CDLL(None).prctl(65, 1, 0, 0, 0)     # PR_SET_MDWE, where the kernel knows it
        until_go(lambda: nap(3600))""",
    "importing": """
        import importlib, json, decimal
        def load():
            while True:
                importlib.reload(json)
                importlib.reload(decimal)
        until_go(load)""",
    "handling_signals": """
        seen = []
        signal.signal(signal.SIGPROF, lambda *_: seen.append(1))
        def work():
            signal.setitimer(signal.ITIMER_PROF, 0.001, 0.001)
            try:
                while True:
                    kept = [bytes(n) for n in range(3000)]
            finally:
                signal.setitimer(signal.ITIMER_PROF, 0)
        until_go(work)""",
}

# The main thread is busy, and would be stopped last; what a worker is killed for all die of.
_FILTERED_WORKER = """
        import ctypes, struct
        def install():
            call = ctypes.CDLL(None).prctl
            words = struct.pack("HBBI" * 5, 0x20, 0, 0, 0,
                                0x15, 1, 0, 56, 0x15, 0, 1, 435,             # clone, clone3
                                6, 0, 0, 0x80000000, 6, 0, 0, 0x7fff0000)    # kills; is permitted
            program = ctypes.create_string_buffer(struct.pack("HP", 5, id(words) + HEAD))
            return call(38, 1, 0, 0, 0) or call(22, 2, program, 0, 0)
        HEAD = bytes.__basicsize__ - 1
        installed = []
        def work():
            installed.append(install())
            while waits:
                nap(0.05)   # pace: it waits, mostly
        threading.Thread(target=work).start()
        while not installed:
            nap(0.01)       # pace: until it has
        assert installed == [0], installed
        def spin():
            n = 0
            while True:
                n += 1
        until_go(spin)"""
if not FILTERED:
    _MORE["filtered_worker"] = _FILTERED_WORKER


def _outcome(program):
    """What leaktop made of it; the program is left alone in any case."""
    run = subprocess.run([harness.LEAKTOP, "attach", *FILTERED, str(program.pid)], check=False,
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         text=True, timeout=120, env={**os.environ, "LEAKTOP_DIR": program.folder})
    if run.returncode == DONE:
            return ATTACHED, run.stdout
    assert run.returncode == FAILED and run.stderr.startswith("leaktop: "), run
    return REFUSED, run.stderr[len("leaktop: "):].strip()


def _attached(program):
    outcome, words = _outcome(program)
    assert outcome == ATTACHED, words
    assert program.is_free()
    assert program.hello()["state"] == "sampling", program.hello()


def _simple(source):
    def test(python):
        with Program(python, source) as program:
            _attached(program)
            program.check()
            program.end()
        return ATTACHED
    return test


def _refused(program, words):
    outcome, said = _outcome(program)
    assert outcome == REFUSED and words in said, (outcome, said)
    return REFUSED


# ---- stopped, traced, gone ----------------------------------------------------------------------

def stopped(python):
    with Program(python, STATES["sleep"]) as program:
        os.kill(program.pid, signal.SIGSTOP)
        host.wait_until(lambda: not program.is_free(), 10, "it stops")
        outcome = _refused(program, "stopped by a signal")
        assert not program.is_free(), "it was let go on"
        os.kill(program.pid, signal.SIGCONT)
        program.check()
        program.end()
    return outcome


def traced(python):
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]
    with Program(python, STATES["sleep"]) as program:
        tracer = subprocess.Popen([sys.executable, "-c", _TRACER, str(program.pid)],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            if tracer.stdout.readline() != b"traces\n":
                return NOT_HERE
            outcome = _refused(program, "traced by process")
        finally:
            tracer.stdin.close()
            tracer.wait()       # the kernel lets the traced one go
            tracer.stdout.close()
        program.check()
        program.end()
    return outcome


_TRACER = """
import ctypes, sys
ptrace = ctypes.CDLL(None).ptrace
ptrace.argtypes = [ctypes.c_long, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]
if ptrace(0x4206, int(sys.argv[1]), None, None) == 0:     # PTRACE_SEIZE
    print("traces", flush=True)
sys.stdin.read()
"""


def zombie(python):
    with Program(python, "say('ready')") as program:
        program.process.stdin.close()
        host.wait_until(lambda: _state(program.pid) == "Z", 20, "it is a zombie")
        return _refused(program, "zombie")


def _state(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
        return file.read().rsplit(") ", 1)[1][0]


# ---- begins and ends ----------------------------------------------------------------------------

def just_execed(python):
    """At moments of its start; refused there it is attached to later."""
    outcomes = set()
    for delay_ms in (0, 1, 3, 6, 10, 15, 25):
        with Program(python, STATES["sleep"], word=None) as program:
            time.sleep(delay_ms / 1000)     # pace: to the moment, whatever is met there
            outcome, words = _outcome(program)
            outcomes.add(outcome)
            program.hear("ready")
            if outcome == REFUSED:
                host.wait_until(lambda: _outcome(program)[0] == ATTACHED, 30, words)
            program.check()
            program.end()
    return outcomes.pop() if len(outcomes) == 1 else EITHER


def execs(python):
    """Another program in the same process, again and again: any of them, or none."""
    with Program(python, """
        count = int(os.environ.get("EXECS", "0"))
        if count == 0:
            say("ready")
        if count < 25:
            os.environ["EXECS"] = str(count + 1)
            with open("/proc/self/cmdline") as file:
                os.execv(sys.executable, [sys.executable, "-c", file.read().split("\\0")[2]])
        say(check())
        sys.stdin.read()
        """) as program:
        _outcome(program)
        program.hear("fine")
        _attached(program)
        program.end()
    return EITHER


def exiting(python):
    """It ends while leaktop is at it; its exit code is its own."""
    for delay_ms in (0, 5, 10, 20, 30, 50):
        with Program(python, f"""
            kept = [[str(n)] for n in range(200000)]
            say("ready")
            nap({delay_ms} / 1000)
            sys.exit(7)""") as program:
            _outcome(program)
            code = program.process.wait(60)
            assert code == 7, f"after {delay_ms} ms it ended with {code}"
    return EITHER


def finalizing(python):
    """The interpreter is taken down: nobody may enter it any more."""
    with Program(python, """
        class Last:
            def __del__(self, read=os.read, write=os.write, sum=sum, range=range):
                write(1, b"ready\\n")
                read(0, 1)
                write(1, b"fine\\n" if sum(range(1000)) == 499500 else b"wrong\\n")
        sys.last = Last()""") as program:
        outcome = _refused(program, "is ending")
        program.process.stdin.write(b"x")
        program.hear("fine")
        assert program.process.wait(60) == 0, "it ended otherwise"
    return outcome


def loading_libraries(python):
    """Mostly in the loader, where it cannot be stopped; it may take leaktop more than its time."""
    with Program(python, """
        import _ctypes, glob, importlib.machinery, sysconfig
        folder = sysconfig.get_path("platstdlib") + "/lib-dynload/_"
        names = glob.glob(folder + "*" + importlib.machinery.EXTENSION_SUFFIXES[0])[:20]
        def load():
            while True:
                for name in names:
                    _ctypes.dlclose(_ctypes.dlopen(name, 1))
                sum(range(1000))
        until_go(load)""") as program:
        outcome, words = _outcome(program)
        assert outcome == ATTACHED or "none of its threads was at a safe place" in words, words
        program.check()
        program.end()
    return outcome


# ---- in the kernel ------------------------------------------------------------------------------

# posix_spawn() waits for its child in vfork, which no signal ends; the child waits for a writer.
_SPAWNS = """
        os.mkfifo("fifo")
        def spawn():
            child = os.posix_spawn("/bin/true", ["true"], {}, file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, "fifo", os.O_RDONLY, 0)])
            assert os.waitpid(child, 0)[1] == 0
            nap(3600)
        until_go(spawn)"""


def _in_vfork(python, source):
    with Program(python, source) as program:
        host.wait_until(lambda: _state(program.pid) == "D", 20, "it is in vfork")
        outcome, words = _outcome(program)
        with open(os.path.join(program.folder, "fifo"), "wb"):
            pass
        host.wait_until(lambda: _state(program.pid) != "D", 20, "it is out of vfork")
        host.wait_until(lambda: _outcome(program)[0] == ATTACHED, 30, words)
        program.check()
        program.end()
    return outcome


def vfork(python):
    """The only thread is in the D state, with the GIL."""
    return _in_vfork(python, _SPAWNS)


def vfork_with_workers(python):
    """The others wait for the GIL, which it has."""
    return _in_vfork(python, """
        def work():
            while waits:
                nap(0.001)
        for n in range(3):
            threading.Thread(target=work, daemon=True).start()
        """ + _SPAWNS)


# ---- other programs than python ------------------------------------------------------------------

def prompt(python):
    """A person at the interactive interpreter's prompt."""
    folder = tempfile.mkdtemp(prefix="leaktop-attach-")
    ours, its = pty.openpty()
    process = subprocess.Popen([python, "-q", "-i"], stdin=its, stdout=its, stderr=its,
                               cwd=folder, start_new_session=True,
                               env={**os.environ, "LEAKTOP_DIR": folder, "TERM": "xterm",
                                    "HOME": folder, "LEAKTOP_BUDGET": "0"})
    os.close(its)
    try:
        _hear(ours, b">>> ")
        _attached(_Other(process.pid, folder))
        os.write(ours, b"print('he' + 'llo', 6 * 7)\r")
        _hear(ours, b"hello 42")
        os.write(ours, b"exit()\r")
        _drain(ours)
        assert process.wait(30) == 0, process.returncode
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        process.wait()
        os.close(ours)
        shutil.rmtree(folder, ignore_errors=True)
    return ATTACHED


class _Other(collections.namedtuple("_Other", "pid folder")):
    is_free, hello = Program.is_free, Program.hello


def _hear(terminal, words):
    heard = b""
    while words not in heard:
        assert select.select([terminal], [], [], 60)[0], heard
        heard += os.read(terminal, 4096)


def _drain(terminal):
    with contextlib.suppress(OSError):
        while os.read(terminal, 4096):
            pass


_EMBEDDING = r"""
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

/* ledger LIBPYTHON OTHER|- ARGUMENT... */
int
main(int argc, char **argv)
{
	void *python = dlopen(argv[1], RTLD_NOW | RTLD_GLOBAL);
	int (*begin)(int, char **);

	if (python == NULL || (strcmp(argv[2], "-") != 0 && dlopen(argv[2], RTLD_NOW) == NULL)) {
		fprintf(stderr, "%s\n", dlerror());
		return 1;
	}
	begin = (int (*)(int, char **))dlsym(python, "Py_BytesMain");
	return begin(argc - 3, argv + 3);
}
"""


def _libpython(python):
    """The path of its library, or None."""
    maps = subprocess.run([python, "-c", "with open('/proc/self/maps') as maps: print(maps.read())"], check=True,
                          stdout=subprocess.PIPE, text=True).stdout
    for line in maps.splitlines():
        path = line.split(" ")[-1]
        if "/libpython" in path:
            return path
    minor = subprocess.run([python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
                           check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    path = f"/usr/lib/x86_64-linux-gnu/libpython{minor}.so.1.0"
    return path if str(python) == f"/usr/bin/python{minor}" and os.path.exists(path) else None


def _embedded(python, test, second=False):
    library = _libpython(python)
    if library is None:
        return NOT_HERE
    with tempfile.TemporaryDirectory(prefix="leaktop-attach-") as folder:
        other = "-"
        if second:
            other = os.path.join(folder, "libpython-other.so")
            shutil.copy(library, other)
        source, program = os.path.join(folder, "ledger.c"), os.path.join(folder, "ledger")
        pathlib.Path(source).write_text(_EMBEDDING, encoding="utf-8")
        subprocess.run([os.environ.get("CC", "cc"), "-o", program, source, "-ldl"], check=True)
        begins = [program, library, other, python]
        if subprocess.run([*begins, "-c", ""], stderr=subprocess.DEVNULL, check=False).returncode:
            return NOT_HERE     # its library needs another C library than this machine's
        with Program(python, STATES["sleep"], command=begins) as there:
            outcome = test(there)
            there.check()
            there.end()
    return outcome


def embedded(python):
    """A C program of another name, with libpython in it."""
    return _embedded(python, lambda program: _attached(program) or ATTACHED)


def two_pythons(python):
    return _embedded(python, lambda program: _refused(program, "2 Pythons in it"), second=True)


_TESTS = {**{name: _simple(source) for name, source in {**STATES, **_MORE}.items()},
          **{test.__name__: test for test in (
              stopped, traced, zombie, just_execed, execs, exiting, finalizing,
              loading_libraries, vfork, vfork_with_workers, prompt, embedded, two_pythons)}}


def _cell(python, name):
    """(outcome, words of a failure)"""
    began = time.monotonic()
    try:
        return _TESTS[name](python.path), "", time.monotonic() - began
    except Exception as why:  # every cell is to be run
        return "FAIL", f"{type(why).__name__}: {why}", time.monotonic() - began


def _print_table(chosen, names, cells):
    width = max(map(len, names))
    for number, python in enumerate(chosen, 1):
        print(f"{'':{width}}  {number} {python.label}")
    print(f"{'':{width}}  " + "  ".join(f"{n:<8}" for n in range(1, len(chosen) + 1)))
    for name in names:
        print(f"{name:{width}}  " + "  ".join(
            f"{cells[python, name].result()[0]:8}" for python in chosen))


def main():
    names = [word for word in sys.argv[1:] if word in _TESTS] or list(_TESTS)
    chosen = host.supported(*(word for word in sys.argv[1:] if word not in _TESTS))
    if not chosen:
        print(f"SKIP: needs CPython {', '.join(host.MINORS)}")
        return host.SKIP
    with concurrent.futures.ThreadPoolExecutor(TOGETHER) as pool:
        cells = {(python, name): pool.submit(_cell, python, name)
                 for python in chosen for name in names}
    failed = [key for key, cell in cells.items() if cell.result()[0] == "FAIL"]
    _print_table(chosen, names, cells)
    for python, name in failed:
        print(f"FAIL  {python.label} {name}: {cells[python, name].result()[1]}")
    slowest = max(cells, key=lambda key: cells[key].result()[2])
    print(f"{len(cells)} cells, {len(failed)} failed; the slowest took "
          f"{cells[slowest].result()[2]:.1f} s: {slowest[0].label} {slowest[1]}")
    return 1 if failed else 0


if __name__ == "__main__":
    if not may_attach():
        print("SKIP: needs to be let trace processes, on x86-64")
        sys.exit(host.SKIP)
    sys.exit(main())
