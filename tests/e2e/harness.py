"""harness.py - what the end-to-end tests share: the program, the wire, a snapshot's lines."""
import contextlib
import glob
import json
import os
import pathlib
import select
import socket
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "apps"))
from service import missing_package  # noqa: E402

PYTHON = "/usr/bin/python3"
LEAKTOP = os.path.abspath(os.environ.get("LEAKTOP", "leaktop"))
SKIP = 77
os.environ.setdefault("LEAKTOP_BUDGET", "0")    # or a busy machine decides how much is sampled


class Skipped(Exception):
    """What the test needs and this machine has not."""


def need(*apps):
    """Raises Skipped unless the shops named can run here."""
    for app in apps:
        package = missing_package(app)
        if package:
            raise Skipped(package)


def main(test):
    """Runs test() and turns what it raises into the exit code of a test."""
    try:
        return test()
    except Skipped as why:
        print(f"SKIP: needs {why}")
        return SKIP


stopping = threading.Event()


def pause(seconds):
    """A measuring window; ends at once with an exception when the test is being stopped."""
    if stopping.wait(seconds):
        raise SystemExit("stopped")


def under_leaktop(*options):
    """The prefix that starts a command with the sampler."""
    return [LEAKTOP, "run", *options, "--"]


def ask_leaktop(folder, *arguments, timeout_s=30):
    """Output of a leaktop command that has to succeed; folder is LEAKTOP_DIR."""
    run = subprocess.run([LEAKTOP, *map(str, arguments)], stdin=subprocess.DEVNULL,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False,
                         env={**os.environ, "LEAKTOP_DIR": folder}, timeout=timeout_s)
    if run.returncode:
        raise AssertionError(f"leaktop {' '.join(map(str, arguments))} ended with "
                             f"{run.returncode}: {run.stderr.strip()}")
    return run.stdout


def snapshot(folder, pid):
    """What `leaktop export` writes, as a dict."""
    with tempfile.TemporaryDirectory(prefix="leaktop-e2e-") as temporary:
        path = os.path.join(temporary, "snapshot.json")
        ask_leaktop(folder, "export", pid, "-o", path)
        with open(path, encoding="utf-8") as file:
            return json.load(file)


def wait_until(condition, timeout_s, words):
    """Polls condition(); its first true value.  AssertionError after timeout_s."""
    deadline = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{words}: not within {timeout_s} s")
        time.sleep(0.02)  # poll: until the deadline


# ---- the wire, spoken by hand ---------------------------------------------------------------

def socket_path(folder, pid):
    return os.path.join(folder, f"leaktop-{pid}.sock")


def sockets(folder):
    """pid -> path of the sockets there are."""
    paths = glob.glob(os.path.join(folder, "leaktop-*.sock"))
    return {int(path.rsplit("-", 1)[1][:-5]): path for path in paths}


class Wire:
    """A connection to a sampler that reads lines."""

    def __init__(self, path, timeout_s=10):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(timeout_s)
        self._buffer = b""
        try:
            self.socket.connect(path)
        except OSError:
            self.socket.close()
            raise

    def line(self):
        """The next message; None at the end of the connection."""
        while b"\n" not in self._buffer:
            try:
                part = self.socket.recv(65536)
            except ConnectionResetError:
                return None
            if not part:
                return None
            self._buffer += part
        line, self._buffer = self._buffer.split(b"\n", 1)
        return json.loads(line)

    def ask(self, **request):
        """The reply to a request; what comes before it is skipped."""
        self.socket.sendall(json.dumps({"id": 1, **request}).encode() + b"\n")
        while True:
            message = self.line()
            if message is None or message["t"] == "reply":
                return message

    def readable(self, timeout_s):
        return bool(self._buffer) or bool(select.select([self.socket], [], [], timeout_s)[0])

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def hello(path):
    """The sampler's first line, or None when nobody answers at path."""
    with contextlib.suppress(OSError, ValueError):
        with Wire(path, timeout_s=5) as wire:
            return wire.line()
    return None


# ---- a snapshot, by line ----------------------------------------------------------------------

class Line:
    """All stacks whose innermost Python frame is this line."""

    def __init__(self, file, number):
        self.file, self.number = file, number
        self._heaviest_bytes = float("-inf")
        self.function = ""
        self.stack = None       # the heaviest one's id
        self.delta_bytes = 0.0
        self._variance = 0.0

    def add(self, stack, function):
        if stack["delta_bytes"] > self._heaviest_bytes:
            self._heaviest_bytes = stack["delta_bytes"]
            self.function = function
            self.stack = stack["id"]
        self.delta_bytes += stack["delta_bytes"]
        self._variance += stack["delta_bytes_error"] ** 2

    @property
    def error_bytes(self):
        """Half of the 95 % interval; those of the stacks add as variances do."""
        return self._variance ** 0.5

    def __str__(self):
        return f"{self.function} {os.path.basename(self.file)}:{self.number}"


def lines_by_growth(document):
    lines = {}
    for stack in document["stacks"]:
        frame = next((f for f in stack["frames"] if not f.get("native")), None)
        where = (frame["file"], frame["line"]) if frame else ("", 0)
        line = lines.setdefault(where, Line(*where))
        line.add(stack, frame["function"] if frame else "no Python")
    return sorted(lines.values(), key=lambda line: -line.delta_bytes)
