#!/usr/bin/python3
"""screens.py - what a person at a terminal sees of a service that leaks: Types names the leaking
type, Referrers the variable that holds its objects and those of the leaking line, and the exported
file says the same."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402
import customers  # noqa: E402
from service import Service, raise_on_signals  # noqa: E402

_PATIENCE_S = 180
_ROWS, _COLUMNS = 24, 80
_TYPE, _HOLDER = "shop.leaks.CartLine", "shop.leaks._PRICES"


class Terminal:
    """A program in a tmux of its own."""

    def __init__(self, folder, name, *command, env):
        self._tmux = ["tmux", "-S", os.path.join(folder, name), "-f", "/dev/null"]
        self._run("new-session", "-d", "-x", str(_COLUMNS), "-y", str(_ROWS), "-c", folder,
                  *command, env={**os.environ, "LC_ALL": "C.UTF-8", **env})

    def _run(self, *arguments, env=None):
        return subprocess.run([*self._tmux, *arguments], check=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, text=True, env=env, timeout=30).stdout

    def screen(self):
        return self._run("capture-pane", "-p")

    def keys(self, *keys):
        self._run("send-keys", *keys)

    def shows(self, pattern):
        """The match of a pattern on the screen, waiting for it."""
        def look():
            return re.search(pattern, self.screen())
        try:
            return harness.wait_until(look, _PATIENCE_S, pattern)
        except AssertionError as why:
            raise AssertionError(f"{why}\n{self.screen()}") from why

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run([*self._tmux, "kill-server"], check=False, stderr=subprocess.DEVNULL)


def need_tmux():
    if not shutil.which("tmux"):
        raise harness.Skipped("tmux")


def _shop(service, requests, seed):
    result = customers.ask(service.port, requests, seed)
    assert not result["exit_code"] and not result["wrong"], result


def _find_the_leak(terminal, service):
    terminal.shows(r"LIVE")
    terminal.keys("4")
    terminal.shows("not read yet")
    terminal.keys("Enter")
    terminal.shows("first look")
    terminal.shows(r"frozen \d\d:\d\d:\d\d, pause [\d.]+ms, copied \S+, walked")
    terminal.shows(r"open \d+ sockets")
    _shop(service, 400, 2)
    terminal.keys("C-r")
    terminal.shows(r"[\d,]+ %s, \+\S+, r: who holds them" % re.escape(_TYPE))
    terminal.keys("r")
    terminal.shows(r"%s are held by %s" % (re.escape(_TYPE), re.escape(_HOLDER)))
    terminal.shows("selected way")
    terminal.keys("Escape")
    terminal.shows(r"CartLine, \+\S+, held by %s" % re.escape(_HOLDER))
    terminal.keys("1", "/remember", "Enter")
    terminal.shows(r"1 of \d+: remem")
    terminal.shows(r"leaks:\d+")
    terminal.keys("r")
    terminal.shows(r"sampled objects of leaks:\d+ are held by %s" % re.escape(_HOLDER))
    terminal.shows(r"\d+ of \d+ samples\b")


def _test():
    harness.need("flask")
    need_tmux()
    with Service("flask", "dict", prefix=harness.under_leaktop("--interval", "64K")) as service, \
            tempfile.TemporaryDirectory(prefix="leaktop-e2e-") as folder:
        pid, = service.worker_pids()
        env = {"LEAKTOP_DIR": service.leaktop_dir}
        _shop(service, 100, 1)
        with Terminal(folder, "live", harness.LEAKTOP, str(pid), env=env) as terminal:
            _find_the_leak(terminal, service)
            terminal.keys("x")
            terminal.shows("exported to")
        path, = [name for name in os.listdir(folder) if name.endswith(".json")]
        with Terminal(folder, "file", harness.LEAKTOP, "open", path, env=env) as terminal:
            terminal.shows("FILE")
            terminal.keys("4")
            terminal.shows(r"CartLine, \+\S+, held by %s" % re.escape(_HOLDER))
            terminal.keys("r")
            terminal.shows(r"%s are held by" % re.escape(_TYPE))
    print("the type and its holder: live, and in the file")
    return 0


if __name__ == "__main__":
    raise_on_signals()
    sys.exit(harness.main(_test))
