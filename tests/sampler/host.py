"""host.py - what the live tests share: Python processes under the sampler, and its wire.

A host runs a script with the sampler preloaded; the script and the test talk in lines over
the host's standard streams: the host says a word when it is where the test wants it, and goes
on when it is told to.  The sampler comes up beside the script: one that allocates at once what
the test looks for calls await_sampler() first.
"""
import contextlib
import functools
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import textwrap
import time

import pythons

SKIP = 77
AGAIN = 2       # times that a test which failed where samples were dropped is made again
MINORS = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14", "3.15")
FREE_THREADED_MINORS = ("3.13", "3.14")
ROOT = pathlib.Path(__file__).resolve().parent
SAMPLER = os.path.join(os.path.abspath(os.environ.get("top_builddir", ".")),
                       "src/sampler/.libs/libleaktop-sampler.so")
LONG = bool(os.environ.get("LK_TEST_LONG"))

# What every hosted script may use.
PRELUDE = """
import sys
def say(*words):
    sys.stdout.write(" ".join(map(str, words)) + "\\n")
    sys.stdout.flush()
def wait():
    line = sys.stdin.readline()
    if not line:
        sys.exit(0)     # the test has seen what it wanted
    return line.strip()
def await_sampler():
    import os, time
    while not os.path.exists(os.environ["LEAKTOP_DIR"] + "/leaktop-%d.sock" % os.getpid()):
        time.sleep(0.005)   # poll: it comes up beside the program
"""


def interpreters():
    """Every interpreter of this machine."""
    return pythons.every()


def is_supported(python):
    return python.minor in (FREE_THREADED_MINORS if python.threaded else MINORS)


@functools.lru_cache(maxsize=None)
def is_free_threaded(python):
    return subprocess.run([python, "-c", "import sysconfig;"
                           "print(bool(sysconfig.get_config_var('Py_GIL_DISABLED')))"],
                          check=True, stdout=subprocess.PIPE).stdout == b"True\n"


def possible(python, *environments):
    """Those of environments whose PYTHONMALLOC this interpreter has: without a GIL there is
    mimalloc, with the debug hooks or without them."""
    return [environment for environment in environments if not is_free_threaded(python)
            or environment.get("PYTHONMALLOC", "debug") in ("debug", "mimalloc", "mimalloc_debug")]


def with_gil(why):
    """Marks a test of what builds without a GIL do not have."""
    def mark(test):
        test.needs_gil = why
        return test
    return mark


def supported(*wanted):
    """Those to run a suite on: of all that are here, what wanted names by label, version or
    minor; the few that `make check` has time for when it names none."""
    if not wanted:
        return pythons.few(is_supported)
    return [python for python in interpreters() if is_supported(python)
            and {python.label, python.version, python.minor} & set(wanted)]


def wait_until(condition, timeout_s, words):
    """Polls condition(); its first true value."""
    deadline = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{words}: not within {timeout_s} s")
        time.sleep(0.01)  # poll: until the deadline


def children(pid):
    """The processes that any of its threads has made, those that are not told to it, too."""
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        known = set(file.read().split())
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as file:
                known |= set(file.read().split())
        except OSError:
            continue    # the thread has ended
    return {int(child) for child in known}


class Wire:
    """A connection to a sampler, and what it has said so far."""

    drops = 0       # samples that a sampler said are missing, since the last test began

    def __init__(self, path, timeout_s=20):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(timeout_s)
        self._buffer = b""
        self._id = 0
        self.strings, self.frames, self.stacks, self.rows = {}, {}, {}, {}
        self.resets, self.ended = 0, {}
        try:
            self.socket.connect(path)
        except OSError:
            self.socket.close()
            raise

    def line(self):
        """The next message, noted; None at the end of the connection."""
        while b"\n" not in self._buffer:
            try:
                part = self.socket.recv(1 << 18)
            except ConnectionResetError:
                return None
            if not part:
                return None
            self._buffer += part
        line, self._buffer = self._buffer.split(b"\n", 1)
        assert len(line) < 256 << 10, "a line is longer than the wire allows"
        message = json.loads(line.decode("utf-8", "strict"))
        self._note(message)
        return message

    def _note(self, message):
        if message["t"] == "reset":
            self.resets += 1
            self.ended.update(self.stacks)
            self.strings, self.frames, self.stacks, self.rows = {}, {}, {}, {}
        elif message["t"] == "names":
            for ident, text in message["strings"]:
                assert ident not in self.strings, "a string was sent twice"
                self.strings[ident] = text
            for ident, function, file, number, *native in message["frames"]:
                assert native in ([], [1]), native  # native: build id, object, address, 1
                self.frames[ident] = (self.strings[function], self.strings[file], number,
                                      *native)
            for ident, domain, thread, flags, frames in message["stacks"]:
                known = self.ended.pop(ident, (domain, None, None,
                                               [self.frames[frame] for frame in frames]))
                assert (known[0], known[3]) == (domain, [self.frames[frame] for frame in frames]), \
                    f"stack {ident} was another"
                self.stacks[ident] = (domain, self.strings[thread], flags,
                                      [self.frames[frame] for frame in frames])
        elif message["t"] == "live":
            for row in message["rows"]:
                assert row[0] in self.stacks, f"stack {row[0]} has no name"
                assert all(value >= 0 for value in row[1:4]), row
                for cell in row[4]:
                    assert all(value >= 0 for value in cell), row
                self.rows[row[0]] = row[1:]
        elif message["t"] == "tick":
            Wire.drops = max(Wire.drops, message["drops"])

    def send(self, **request):
        self._id += 1
        self.socket.sendall(json.dumps({"id": self._id, **request}).encode() + b"\n")
        return self._id

    def until(self, kind, **fields):
        """The next message of a kind with these fields."""
        while (message := self.line()) is not None:
            if message["t"] == kind and all(message[k] == v for k, v in fields.items()):
                return message
        raise AssertionError(f"the connection ended before {kind} {fields}")

    def ask(self, **request):
        """(the reply, the messages before it by type); replies to send() are skipped"""
        number = self.send(**request)
        before = {}
        while (message := self.line()) is not None:
            if message["t"] == "reply" and message["id"] == number:
                return message, before
            before[message["t"]] = message
        raise AssertionError(f"the connection ended before the reply to {request}")

    def look(self):
        """Brings strings, frames, stacks and rows up to date; the tick."""
        self.ask(op="subscribe", period_ms=60000)
        tick = self.until("tick")
        self.ask(op="unsubscribe")
        return tick

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Host:
    """A Python process under the sampler; see PRELUDE."""

    def __init__(self, python, script, *options, prefix=(), close_fds=True, **environment):
        self.folder = tempfile.mkdtemp(prefix="leaktop-test-")
        self.script = os.path.join(self.folder, "script.py")
        with open(self.script, "w", encoding="utf-8") as file:
            file.write(PRELUDE + textwrap.dedent(script))
        self._errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [*prefix, python, *options, self.script], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=self._errors, bufsize=0, cwd=self.folder,
            close_fds=close_fds,
            env={**{k: v for k, v in os.environ.items() if not k.startswith("PYTHON")},
                 "PYTHONDONTWRITEBYTECODE": "1", "LEAKTOP_DIR": self.folder,
                 "LEAKTOP_BUDGET": "0", "LD_PRELOAD": SAMPLER, **environment})

    @property
    def pid(self):
        return self.process.pid

    def socket_path(self, pid=None):
        return os.path.join(self.folder, f"leaktop-{pid or self.pid}.sock")

    def hear(self, word=None):
        """The next line of the host; checked to begin with word.  There must be one."""
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(f"the host ended without a word: {self.errors()}")
        line = line.decode().strip()
        if word is not None and not line.startswith(word):
            raise AssertionError(f"the host said {line!r}, not {word}: {self.errors()}")
        return line

    def tell(self, word="go"):
        self.process.stdin.write(word.encode() + b"\n")

    def errors(self):
        self._errors.seek(0)
        return self._errors.read().decode(errors="replace")

    def wire(self, pid=None, timeout_s=20):
        """A connection whose hello was read, as wire.hello.  One that ends before it was made to a
        socket that the sampler was about to replace, as after the host closed its descriptors."""
        def dial():
            with contextlib.suppress(OSError):
                wire = Wire(self.socket_path(pid), timeout_s)
                wire.hello = wire.line()
                if wire.hello is not None:
                    return wire
                wire.close()
            return None
        return wait_until(dial, timeout_s, "the sampler listens")

    def end(self, code=0, timeout_s=60):
        """Lets the host end by itself; what it still said."""
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        said = self.process.stdout.read().decode()
        found = self.process.wait(timeout_s)
        assert found == code, f"the host ended with {found}: {self.errors()}"
        return said

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        self._errors.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def _attempt(test, python):
    """What the test had to say.  A hook does not wait for a thread that was preempted with the
    sampler's lock: that sample is missing, which the sampler says.  A test that fails where one is
    missing is made again."""
    for _ in range(AGAIN):
        Wire.drops = 0
        try:
            return test(python.path)
        except AssertionError as why:
            if Wire.drops == 0:
                raise
            print(f"again {python.label} {test.__name__}: {Wire.drops} dropped: {why}", flush=True)
    return test(python.path)


def run(tests, every=True):
    """Runs test(python) of each on the interpreters; the exit code of the suite.  Words of the
    command line select tests by name and interpreters, see supported()."""
    wanted = sys.argv[1:]
    names = [word for word in wanted if word.isidentifier()]
    chosen = supported(*(word for word in wanted if word not in names))
    if not os.path.exists(SAMPLER):
        print(f"SKIP: needs {SAMPLER}")
        return SKIP
    if not chosen:
        print(f"SKIP: needs CPython {', '.join(MINORS)}")
        return SKIP
    failed = 0
    for python in chosen if every else chosen[:1]:
        for test in tests:
            if names and test.__name__ not in names:
                continue
            if python.threaded and hasattr(test, "needs_gil"):
                print(f"n/a   {python.label} {test.__name__}: {test.needs_gil}", flush=True)
                continue
            began = time.monotonic()
            try:
                words = _attempt(test, python) or ""
                print(f"ok    {python.label} {test.__name__} {time.monotonic() - began:.1f} s "
                      f"{words}", flush=True)
            except Exception as why:  # every test is to be run
                failed += 1
                print(f"FAIL  {python.label} {test.__name__}: {type(why).__name__}: {why}",
                      flush=True)
    return 1 if failed else 0
