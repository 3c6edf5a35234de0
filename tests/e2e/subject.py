"""subject.py - a Python that is to be attached to, in a state, and what it says of itself after.

Its state runs in the main thread until Go is raised, by the handler of SIGUSR1; then it checks
itself: its calls returned what they should, its signals, threads, files and imports work.
"""
import contextlib
import os
import pathlib
import re
import select
import shutil
import signal
import subprocess
import tempfile
import textwrap

import harness
import host

# Shells that start jobs in the background have them ignore the first, nohup the second, and so does
# what they start.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

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

STATES = {
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

    def __init__(self, python, source, command=(), word="ready", **variables):
        """COMMAND in place of python's path; WORD is what it says when it is there, or None;
        VARIABLES of its environment."""
        self.folder = tempfile.mkdtemp(prefix="leaktop-attach-")
        self._errors = tempfile.TemporaryFile()
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
        environment.pop("LD_PRELOAD", None)
        self.process = subprocess.Popen(
            [*(command or [python]), "-c", _PROGRAM + textwrap.dedent(source)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=self._errors, bufsize=0, cwd=self.folder,
            env={**environment, "LEAKTOP_DIR": self.folder, "LEAKTOP_BUDGET": "0",
                 "PYTHONDONTWRITEBYTECODE": "1", **variables})
        if word:
            self.hear(word)

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
        """stdout of leaktop; with code not DONE what it said on stderr; None: any code, stdout."""
        run = subprocess.run(
            [harness.LEAKTOP, *map(str, arguments)], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False, timeout=120,
            env={**os.environ, "LEAKTOP_DIR": self.folder, **environment})
        assert code is None or run.returncode == code, \
            f"leaktop {arguments} ended with {run.returncode}: {run.stdout}{run.stderr}"
        return run.stderr if code else run.stdout

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


def may_attach():
    """Whether this machine lets us, by doctor's word."""
    said = subprocess.run([harness.LEAKTOP, "doctor"], stdout=subprocess.PIPE, text=True,
                          check=False).stdout
    return re.search(r"^ok +attach ", said, re.M) and os.uname().machine == "x86_64"
