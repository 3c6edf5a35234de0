#!/usr/bin/python3
"""attach.py - the sampler into processes that run, whatever they do; and never to their harm.

Each case starts a program in a state, attaches, and has it check itself afterwards: its sleep took
as long as it was to, its call returned what it should, its signals, threads, files and imports
work.  The program under test is told to go on by SIGUSR1, whose handler ends what it waits in.

attach.py [VERSION|LABEL...] [CASE...]
"""
import contextlib
import ctypes
import os
import pathlib
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "e2e"), str(ROOT / "sampler")]
import harness  # noqa: E402
import host  # noqa: E402

LONG = bool(os.environ.get("LK_TEST_LONG"))
DONE, FAILED = 0, 2
# In a container that filters system calls the programs have that filter, too.
FILTERED = ["--seccomp"] if "Seccomp:\t2" in pathlib.Path("/proc/self/status").read_text(
    encoding="utf-8") else []

# The program: its state runs in the main thread until Go is raised; then it checks itself.
_PROGRAM = """
import os, select, signal, sys, threading, time
nap = time.sleep
signal.alarm(300)    # one that hangs is a failure
class Go(Exception):
    pass
waits = [1]
def go(*_):
    if waits:
        raise Go
signal.signal(signal.SIGUSR1, go)
def say(*words):
    os.write(1, (" ".join(map(str, words)) + "\\n").encode())
def check():
    import decimal, hashlib, json, subprocess, tempfile
    assert sum(x * 0.5 for x in range(1000)) == 249750.0
    assert hashlib.sha256(b"abc").hexdigest()[:8] == "ba7816bf"
    assert json.loads(json.dumps({"a": [1.5, None, "x" * 1000]}))["a"][0] == 1.5
    assert str(decimal.Decimal(1) / 3).startswith("0.3333")
    found = []
    threads = [threading.Thread(target=lambda n=n: found.append(n * n)) for n in range(8)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert sorted(found) == [n * n for n in range(8)], found
    with tempfile.TemporaryFile() as file:
        file.write(b"z" * 70000)
        file.seek(0)
        assert file.read() == b"z" * 70000
    child = os.fork()
    if child == 0:
        os._exit(7)
    assert os.waitpid(child, 0)[1] == 7 << 8
    assert not signal.pthread_sigmask(signal.SIG_BLOCK, []), "signals stayed blocked"
    return "fine"
def until_go(state):
    try:
        say("ready")
        state()
    except Go:
        waits.clear()
    say(check())
    for line in sys.stdin:
        say(eval(line))
"""

_STATES = {
    "sleep": "until_go(lambda: nap(3600))",
    "select": "r, w = os.pipe(); until_go(lambda: select.select([r], [], [], 3600))",
    "read": "r, w = os.pipe(); until_go(lambda: os.read(r, 1))",
    "poll": """
        p = select.poll(); p.register(os.pipe()[0], 1); until_go(lambda: p.poll(3600000))""",
    "epoll": """
        p = select.epoll(); p.register(os.pipe()[0], 1); until_go(lambda: p.poll(3600))""",
    "lock": "k = threading.Lock(); k.acquire(); until_go(k.acquire)",
    "timed_lock": "k = threading.Lock(); k.acquire(); until_go(lambda: k.acquire(True, 3600))",
    "accept": """
        import socket
        s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(1)
        until_go(s.accept)""",
    "pause": "until_go(signal.pause)",
    "wait": """
        child = os.fork()
        if child == 0:
            signal.pause()
        try:
            until_go(lambda: os.waitpid(child, 0))
        finally:
            os.kill(child, 9)""",
    "bytecode": """
        def spin():
            n = 0
            while True:
                n += 1
        until_go(spin)""",
    "floats": """
        def spin():
            x, y = 1.5, 2.25
            while True:
                z = 0.0
                for n in range(1000):
                    z += x * y - n
                assert z == -496125.0, z
        until_go(spin)""",
    "allocating": """
        def spin():
            while True:
                kept = [str(n) * 3 for n in range(2000)]
                assert kept[1999] == "199919991999"
        until_go(spin)""",
    "c_with_gil": """
        def spin():
            while True:
                assert (3 ** 40000) % 1000007 == 3 ** 40000 % 1000007
        until_go(spin)""",
    "c_without_gil": """
        import hashlib
        data = b"x" * (8 << 20)
        right = hashlib.sha256(data).digest()
        def spin():
            while True:
                assert hashlib.sha256(data).digest() == right
        until_go(spin)""",
    "threads": """
        def work(n):
            while waits:    # daemons at the end of Python before 3.12 crash by themselves
                if n % 3 == 0:
                    nap(0.001)
                elif n % 3 == 1:
                    bytes(n * 1000).count(b"x")
                else:
                    threading.Event().wait(0.002)
        for n in range(COUNT):
            threading.Thread(target=work, args=(n,), daemon=True).start()
        until_go(lambda: nap(3600))""".replace("COUNT", "500" if LONG else "12"),
    "forking": """
        def fork():
            while True:
                child = os.fork()
                if child == 0:
                    os._exit(3)
                assert os.waitpid(child, 0)[1] == 3 << 8
        until_go(fork)""",
    "asyncio": """
        import asyncio
        async def tick():
            while True:
                await asyncio.sleep(0.01)   # pace: a timer
        until_go(lambda: asyncio.run(tick()))""",
}


class Program:
    """A Python in a state, without the sampler, and a folder for its socket."""

    def __init__(self, python, source):
        self.folder = tempfile.mkdtemp(prefix="leaktop-attach-")
        self._errors = tempfile.TemporaryFile()
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
        environment.pop("LD_PRELOAD", None)
        self.process = subprocess.Popen(
            [python, "-c", _PROGRAM + textwrap.dedent(source)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=self._errors, bufsize=0, cwd=self.folder,
            env={**environment, "LEAKTOP_DIR": self.folder, "LEAKTOP_BUDGET": "0",
                 "PYTHONDONTWRITEBYTECODE": "1"})
        self.hear("ready")

    @property
    def pid(self):
        return self.process.pid

    def hear(self, word):
        line = self.process.stdout.readline().decode().strip()
        if line != word:
            self._errors.seek(0)
            raise AssertionError(f"the program said {line!r}, not {word!r}; it ended with "
                                 f"{self.process.poll()}: {self._errors.read().decode()}")

    def says(self, expression):
        """What the program finds an expression to be, after it was told to go on."""
        self.process.stdin.write(expression.encode() + b"\n")
        return self.process.stdout.readline().decode().strip()

    def check(self):
        """It goes on, and all is well with it.  Python itself may miss a signal that comes right
        before a wait, or in what it calls around a fork: it is told again."""
        for _ in range(200):
            os.kill(self.pid, signal.SIGUSR1)
            if select.select([self.process.stdout], [], [], 0.5)[0]:
                break
        self.hear("fine")

    def end(self):
        self.process.stdin.close()
        code = self.process.wait(60)
        assert code == 0, f"the program ended with {code}"

    def leaktop(self, *arguments, code=DONE, **environment):
        """stdout of leaktop; with code not DONE what it said on stderr."""
        run = subprocess.run(
            [harness.LEAKTOP, *map(str, arguments)], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False, timeout=120,
            env={**os.environ, "LEAKTOP_DIR": self.folder, **environment})
        assert run.returncode == code, \
            f"leaktop {arguments} ended with {run.returncode}: {run.stdout}{run.stderr}"
        return run.stdout if code == DONE else run.stderr

    def attach(self, *options, **environment):
        return self.leaktop("attach", *FILTERED, *options, self.pid, **environment)

    def hello(self):
        return harness.hello(harness.socket_path(self.folder, self.pid))

    def has_sampler(self):
        return "libleaktop-sampler" in self.maps()

    def maps(self):
        with open(f"/proc/{self.pid}/maps", encoding="utf-8") as maps:
            return maps.read()

    def is_free(self):
        """Nobody traces it, and it is not stopped."""
        with open(f"/proc/{self.pid}/status", encoding="utf-8") as file:
            status = file.read()
        return "TracerPid:\t0" in status and not re.search(r"State:\s*[Tt]", status)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        self._errors.close()
        shutil.rmtree(self.folder, ignore_errors=True)


# ---- what is attached to -------------------------------------------------------------------------

def every_state(python):
    """Each is attached to, counts, checks itself, and ends as it would have."""
    longest = 0.0
    for name, source in _STATES.items():
        try:
            with Program(python, source) as program:
                said = program.attach("--verbose")
                assert "has the sampler since" in said, said
                assert "\n0.00 ms in which a kill" in said, said
                longest = max(longest, float(re.search(r"longest ([\d.]+) ms", said)[1]))
                assert program.is_free()
                assert program.hello()["state"] == "sampling", program.hello()
                program.check()
                program.end()
        except AssertionError as why:
            raise AssertionError(f"{name}: {why}") from why
    return f"stopped for {longest:.2f} ms at most"


def a_sleep_takes_its_time(python):
    """What was interrupted is begun again, not cut short."""
    with Program(python, """
        r, w = os.pipe()
        def naps():
            began = time.monotonic()
            nap(1.5)
            select.select([r], [], [], 0.3)
            k = threading.Lock()
            k.acquire()
            assert not k.acquire(True, 0.3)
            assert time.monotonic() - began >= 2.1, time.monotonic() - began
        until_go(naps)
        """) as program:
        program.attach()
        program.hear("fine")
        program.end()


def it_counts_from_then_on(python):
    """Growth after the attach is seen, what was before is not; the screen says since when."""
    with Program(python, """
        old = [bytes(1000) for n in range(20000)]
        new = []
        until_go(lambda: nap(3600))
        """) as program:
        program.attach("--interval", "4K")
        since = program.hello()["started_at"]
        assert abs(since - time.time()) < 3600, since
        program.check()
        assert program.says("[new.append(bytes(1000)) for n in range(20000)] and len(new)") == "20000"

        def grown():
            with host.Wire(harness.socket_path(program.folder, program.pid)) as wire:
                tick = wire.look()
            return tick["live_bytes"] if tick["live_bytes"] > 15e6 else 0
        live = host.wait_until(grown, 30, "the growth is seen")
        assert live < 30e6, f"{live} bytes alive: what was there before is counted"
        assert "<string>" in program.leaktop(program.pid, "--batch")
        program.end()


def twice_says_so(python):
    with Program(python, _STATES["sleep"]) as program:
        program.attach()
        assert "already" in program.attach()
        assert "there already" in program.leaktop("doctor", program.pid)
        program.check()
        program.end()


def dry_run_and_doctor_touch_nothing(python):
    with Program(python, _STATES["sleep"]) as program:
        before = program.maps()
        said = program.attach("--dry-run")
        assert "Nothing was touched" in said and "CPython 3." in said, said
        said = program.leaktop("doctor", program.pid)
        assert "CPython 3." in said and "none: it has no sampler" in said, said
        assert program.maps() == before
        assert not program.has_sampler()
        assert f"leaktop attach {program.pid}" in program.leaktop(program.pid, "--batch", code=FAILED)
        program.check()
        program.end()


def attached_detached_attached(python):
    """Nothing of ours is left, and the second time is like the first."""
    with Program(python, """
        def spin():
            while True:
                kept = [str(n) * 3 for n in range(20000)]
                nap(0.001)
        until_go(spin)""") as program:
        path = harness.socket_path(program.folder, program.pid)
        left = None
        for cycle in range(100 if LONG else 4):
            program.attach("--interval", "16K")
            assert program.hello()["state"] == "sampling", program.hello()
            with host.Wire(path) as wire:
                host.wait_until(lambda: wire.look()["live_bytes"] > 0, 30, "it samples")
            said = program.leaktop("detach", program.pid)
            assert "runs without the sampler" in said, said
            assert not os.path.exists(path)
            now = host.wait_until(lambda: _no_thread_of_ours(program), 20, "its threads end")
            assert cycle < 2 or now == left, f"cycle {cycle}: {left} before, {now} now"
            left = now
            assert "no sampler" in program.leaktop(program.pid, "--batch", code=FAILED)
        program.attach()
        program.check()
        program.end()
    return f"{left[0]} descriptors"


def _no_thread_of_ours(program):
    """(descriptors, mappings in twenties) once the program has its only thread alone."""
    if len(os.listdir(f"/proc/{program.pid}/task")) > 1:
        return None
    return len(os.listdir(f"/proc/{program.pid}/fd")), program.maps().count("\n") // 20


# ---- what is refused -----------------------------------------------------------------------------

def stopped_is_refused(python):
    with Program(python, _STATES["sleep"]) as program:
        os.kill(program.pid, signal.SIGSTOP)
        host.wait_until(lambda: not program.is_free(), 10, "it stops")
        assert "stopped by a signal" in program.leaktop("attach", program.pid, code=FAILED)
        assert not program.is_free(), "it was let go on"
        os.kill(program.pid, signal.SIGCONT)
        program.check()
        program.end()


def traced_is_refused(python):
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]
    with Program(python, _STATES["sleep"]) as program:
        if libc.ptrace(0x4206, program.pid, None, None) != 0:   # PTRACE_SEIZE
            return "not here: we may not trace"
        assert "traced by process" in program.leaktop("attach", program.pid, code=FAILED)
        os.kill(program.pid, signal.SIGSTOP)                    # detached when it is stopped
        os.waitpid(program.pid, os.WUNTRACED)
        libc.ptrace(17, program.pid, None, None)                # PTRACE_DETACH
        os.kill(program.pid, signal.SIGCONT)
        program.check()
        program.end()
    return ""


def others_are_refused(python):
    with Program(python, _STATES["sleep"]) as program:
        sleep = subprocess.Popen(["sleep", "1000"])
        try:
            assert "does not run Python" in program.leaktop("attach", sleep.pid, code=FAILED)
            sleep.kill()
            host.wait_until(lambda: open(f"/proc/{sleep.pid}/stat", encoding="utf-8").read()
                            .split(") ")[1][0] == "Z", 10, "it is a zombie")
            assert "zombie" in program.leaktop("attach", sleep.pid, code=FAILED)
        finally:
            sleep.kill()
            sleep.wait()
        assert "no process" in program.leaktop("attach", sleep.pid, code=FAILED)
        program.check()
        program.end()


def strangers_are_refused(python):
    """As somebody else, who may not."""
    if os.geteuid() != 0:
        return "not here: needs root to be somebody else"
    with Program(python, _STATES["sleep"]) as program:
        with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
            os.chmod(folder, 0o755)
            leaktop = os.path.join(folder, "leaktop")
            library = os.path.join(folder, "libleaktop-sampler.so")
            shutil.copy(_real_leaktop(), leaktop)
            shutil.copy(host.SAMPLER, library)
            os.chmod(leaktop, 0o755)
            os.chmod(library, 0o644)
            run = subprocess.run([leaktop, "attach", str(program.pid)], check=False, text=True,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd="/",
                                 env={"LEAKTOP_SAMPLER": library, "PATH": os.environ["PATH"]},
                                 preexec_fn=lambda: (os.setgroups([]), os.setgid(65534),
                                                     os.setuid(65534)))
        assert run.returncode == FAILED and "belongs to root" in run.stdout, run
        program.check()
        program.end()
    return ""


def _real_leaktop():
    """The program itself, not libtool's script for it."""
    behind = os.path.join(os.path.dirname(harness.LEAKTOP), ".libs/leaktop")
    return behind if os.path.exists(behind) else harness.LEAKTOP


# ---- what goes wrong -----------------------------------------------------------------------------

def _tripped(python, source, what, number):
    """leaktop with that trip: its exit code.  The program goes on in any case."""
    with Program(python, source) as program:
        run = subprocess.run(
            [harness.LEAKTOP, "attach", *FILTERED, str(program.pid)], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=120,
            env={**os.environ, "LEAKTOP_DIR": program.folder,
                 "LEAKTOP_ATTACH_TRIP": f"{what}:{number}"})
        host.wait_until(program.is_free, 20, "it was let go")
        program.check()
        program.end()
    return run.returncode, run.stdout


def _sweep(python, what, step, expected):
    """At each ptrace call in turn, until there are no more of them; how many there are."""
    number = 1
    for state in ("timed_lock", "floats"):
        number = 1
        while True:
            code, said = _tripped(python, _STATES[state], what, number)
            if code == DONE:
                break
            assert code in expected, f"{state} {what}:{number} ended with {code}: {said}"
            number += step
            assert number < 400, "there is no end of it"
    return f"{number} calls"


def signals_wait_until_it_is_free(python):
    for what, number in (("TERM", signal.SIGTERM), ("INT", signal.SIGINT), ("HUP", signal.SIGHUP)):
        words = _sweep(python, what, 1 if LONG else 9, [-number])
    return words


def killed_at_any_call(python):
    return _sweep(python, "KILL", 1 if LONG else 5, [-signal.SIGKILL])


def any_call_may_fail(python):
    """A failure is either told, or made good."""
    seen = 0
    for number in range(1, 60, 1 if LONG else 4):
        code, said = _tripped(python, _STATES["sleep"], "FAIL", number)
        assert code in (DONE, FAILED), f"FAIL:{number} ended with {code}: {said}"
        assert code == DONE or "goes on without the sampler" in said, said
        seen += code == FAILED
    assert seen, "no failure was one"
    return f"{seen} were told"


def calls_there_may_fail(python):
    for number, words in ((1, "mmap"), (2, "mprotect"), (3, "pthread_create")):
        code, said = _tripped(python, _STATES["read"], "CALL", number)
        assert code == FAILED and words in said, said
    with Program(python, _STATES["read"]) as program:
        with tempfile.TemporaryDirectory(prefix="leaktop-attach-") as folder:
            broken = os.path.join(folder, "libleaktop-sampler.so")
            with open(broken, "w", encoding="utf-8") as file:
                file.write("no library")
            said = program.attach(code=FAILED, LEAKTOP_SAMPLER=broken)
        assert "could not be loaded there" in said, said
        program.attach()    # and it may be tried again
        program.check()
        program.end()


TESTS = [every_state, a_sleep_takes_its_time, it_counts_from_then_on, twice_says_so,
         attached_detached_attached,
         dry_run_and_doctor_touch_nothing, stopped_is_refused, traced_is_refused,
         others_are_refused, strangers_are_refused, signals_wait_until_it_is_free,
         killed_at_any_call, any_call_may_fail, calls_there_may_fail]

def _may_attach():
    """Whether this machine lets us, by doctor's word."""
    said = subprocess.run([harness.LEAKTOP, "doctor"], stdout=subprocess.PIPE, text=True,
                          check=False).stdout
    return re.search(r"^ok +attach ", said, re.M) and os.uname().machine == "x86_64"


if __name__ == "__main__":
    if not _may_attach():
        print("SKIP: needs to be let trace processes, on x86-64")
        sys.exit(host.SKIP)
    sys.exit(host.run(TESTS, every=LONG or len(sys.argv) > 1))
