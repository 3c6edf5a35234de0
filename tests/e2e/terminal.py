#!/usr/bin/python3
"""terminal.py - the screens on a terminal of their own when the process that they watch dies, is
replaced or stands still, and when leaktop itself is told to end in the middle of an export: the
terminal is as it was before, nobody spins, and a file is whole or not there."""
import contextlib
import fcntl
import glob
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402
from service import die_with_parent, raise_on_signals  # noqa: E402

_ROWS, _COLUMNS = 24, 80
_WATCHED_S = 3          # of waiting, over which processor time is measured
_TRIES = 8
_TARGET = """
import sys
def remember():
    return [[str(n) * 20] for n in range(20000)]
kept = remember()
print("ready", flush=True)
sys.stdin.read()
"""


class Target:
    """A process with a sampler, and something in it."""

    def __init__(self, folder):
        self._folder = folder
        self.process = None

    def __enter__(self):
        self.process = subprocess.Popen(
            harness.under_leaktop("--interval", "16K") + [harness.PYTHON, "-c", _TARGET],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=die_with_parent,
            env={**os.environ, "LEAKTOP_DIR": self._folder})
        assert self.process.stdout.readline() == b"ready\n"
        harness.wait_until(lambda: harness.hello(harness.socket_path(self._folder, self.pid)), 60,
                           "the sampler")
        return self

    @property
    def pid(self):
        return self.process.pid

    def signal(self, number):
        self.process.send_signal(number)

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


class Screens:
    """leaktop in front of a terminal of its own; text is what it sent since forget()."""

    def __init__(self, folder, *words):
        self.text = ""
        self.exports = os.path.join(folder, "exports")
        os.makedirs(self.exports, exist_ok=True)
        self._master, self._slave = pty.openpty()
        fcntl.ioctl(self._slave, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, _COLUMNS, 0, 0))
        self._before = self._modes()
        self.process = subprocess.Popen(
            [harness.LEAKTOP, *map(str, words)], cwd=self.exports, stdin=self._slave,
            stdout=self._slave, stderr=self._slave, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
            env={**os.environ, "LEAKTOP_DIR": folder, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8",
                 "XDG_CONFIG_HOME": "/nonexistent"})

    def _modes(self):
        return subprocess.run(["stty", "-a"], stdin=self._slave, check=True,
                              stdout=subprocess.PIPE, text=True).stdout

    def _take(self, wait_s):
        if not select.select([self._master], [], [], wait_s)[0]:
            return
        with contextlib.suppress(OSError):
            self.text += os.read(self._master, 65536).decode(errors="replace")

    def shows_anew(self, words):
        """Likewise where parts of it may be on the screen already: all is drawn again and again."""
        def look():
            self.keys("\x0c")
            self._take(0.2)
            return words in self.text
        harness.wait_until(look, 60, f"{words!r} on the screen")

    def forget(self):
        self.text = ""

    def keys(self, text):
        os.write(self._master, text.encode())

    def shows(self, words, timeout_s=60):
        def look():
            self._take(0.05)
            return words in self.text
        harness.wait_until(look, timeout_s, f"{words!r} on the screen")

    def spends(self, seconds):
        """Processor time over that long, its output being taken."""
        def used_s():
            with open(f"/proc/{self.process.pid}/stat", encoding="utf-8") as file:
                fields = file.read().rsplit(")", 1)[1].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        begin_s, until = used_s(), time.monotonic() + seconds
        while time.monotonic() < until:
            self._take(0.1)
        return used_s() - begin_s

    def ends(self, code):
        """The exit, after which the terminal is as it was."""
        def ended():
            self._take(0.02)
            return self.process.poll() is not None
        harness.wait_until(ended, 60, "leaktop ends")
        assert self.process.returncode == code, (self.process.returncode, self.text[-2000:])
        assert self._modes() == self._before, self._modes()

    def files(self):
        """What was exported, each of which is whole; nothing else is left."""
        names = os.listdir(self.exports)
        assert all(name.startswith("leaktop-") and name.endswith(".json") for name in names), names
        return [json.load(open(os.path.join(self.exports, name), encoding="utf-8"))
                for name in names]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        os.close(self._master)
        os.close(self._slave)


def _does_not_spin(screens):
    spent = screens.spends(_WATCHED_S)
    assert spent < _WATCHED_S / 3, f"{spent} s of processor time in {_WATCHED_S} s of waiting"


def _exports_and_leaves(screens, pid):
    screens.keys("x")
    screens.shows("exported to")
    screens.keys("q")
    screens.ends(0)
    document, = screens.files()
    assert document["process"]["pid"] == pid and document["stacks"], document["process"]


def _watch(folder, target):
    screens = Screens(folder, target.pid)
    screens.shows("LIVE")
    screens.shows("remember")
    return screens


def a_target_that_dies(folder):
    with Target(folder) as target, _watch(folder, target) as screens:
        target.signal(signal.SIGKILL)
        screens.shows("GONE")
        _does_not_spin(screens)
        screens.keys("6")
        screens.shows("pymalloc arenas")
        _exports_and_leaves(screens, target.pid)


def a_target_that_is_replaced(folder):
    with Target(folder) as first, _watch(folder, first) as screens:
        first.signal(signal.SIGKILL)
        first.process.wait()
        with Target(folder) as second:
            screens.shows("GONE")
            _does_not_spin(screens)
            screens.keys("0")
            screens.shows(str(second.pid))
            screens.keys("1")
            screens.shows_anew(f"{second.pid} runs the same command now")
            screens.forget()
            screens.keys("\x12")
            screens.shows("LIVE")
            screens.shows("remember")
            _exports_and_leaves(screens, second.pid)


def a_target_that_stands_still(folder):
    with Target(folder) as target, _watch(folder, target) as screens:
        target.signal(signal.SIGSTOP)
        screens.shows("STALE")
        _does_not_spin(screens)
        screens.keys("6")
        screens.shows("pymalloc arenas")
        target.signal(signal.SIGCONT)
        screens.forget()
        screens.shows("LIVE")
        target.signal(signal.SIGSTOP)
        screens.shows("STALE")
        _exports_and_leaves(screens, target.pid)


def told_to_end_in_an_export(folder):
    """Keys and signals are taken in turn: whether the export came before is up to the kernel."""
    with Target(folder) as target:
        for i in range(_TRIES):
            number = (signal.SIGTERM, signal.SIGHUP)[i % 2]
            with _watch(folder, target) as screens:
                screens.keys("x")
                screens.spends(0.002 * i)
                screens.process.send_signal(number)
                screens.ends(128 + number if number == signal.SIGTERM else 0)
                screens.files()


def an_export_whose_target_dies(folder):
    for i in range(_TRIES):
        path = os.path.join(folder, f"{i}.json")
        with Target(folder) as target:
            export = subprocess.Popen([harness.LEAKTOP, "export", str(target.pid), "-o", path],
                                      env={**os.environ, "LEAKTOP_DIR": folder},
                                      stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            with contextlib.suppress(subprocess.TimeoutExpired):
                export.wait(0.02 * i)
            target.signal(signal.SIGKILL)
            words = export.communicate(timeout=60)[1]
        assert export.returncode == (0 if os.path.exists(path) else 2), (export.returncode, words)
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                assert json.load(file)["process"]["pid"] == target.pid
        assert not glob.glob(os.path.join(folder, ".leaktop-*")), os.listdir(folder)


_CASES = (a_target_that_dies, a_target_that_is_replaced, a_target_that_stands_still,
          told_to_end_in_an_export, an_export_whose_target_dies)


def _test():
    for case in _CASES:
        if sys.argv[1:] and case.__name__ not in sys.argv[1:]:
            continue
        with tempfile.TemporaryDirectory(prefix="leaktop-e2e-") as folder:
            case(folder)
        print(f"ok   {case.__name__}", flush=True)
    return 0


if __name__ == "__main__":
    raise_on_signals()
    sys.exit(harness.main(_test))
