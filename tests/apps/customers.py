"""customers.py - load.py in the background, for the demo and the tests."""
import json
import os
import pathlib
import subprocess
import sys

from service import die_with_parent

_LOAD = pathlib.Path(__file__).resolve().parent / "load.py"
_LONGEST_S = 3600
_CONNECTIONS = 4


def _start(port, rate, connections, seed, requests=0, *more, stdin=subprocess.DEVNULL):
    return subprocess.Popen(
        [sys.executable, str(_LOAD), "--port", str(port), "--rate", str(rate),
         "--connections", str(connections), "--seed", str(seed), "--requests", str(requests),
         "--seconds", str(_LONGEST_S), *more],
        stdin=stdin, stdout=subprocess.PIPE, text=True,
        start_new_session=True, preexec_fn=die_with_parent,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})


def _finish(process):
    """The result of load.py, as a dict, with its exit code."""
    out, _ = process.communicate()
    result = json.loads(out) if out.strip() else {"wrong": -1, "requests": 0, "examples": []}
    result["exit_code"] = process.returncode
    return result


def ask(port, requests, seed, rate=0):
    """So many requests, per second or (0) as fast as they are answered; the result of load.py."""
    return _finish(_start(port, rate, _CONNECTIONS, seed, requests))


class Regular:
    """One customer, who asks for the same pages each time it is told to."""

    def __init__(self, port, requests):
        self._process = _start(port, 0, 1, 0, requests, "--each-line", stdin=subprocess.PIPE)

    def ask(self):
        """The result of load.py, which ends when an answer is wrong."""
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def stop(self):
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()


class Customers:
    """Ask a shop for pages from now on, until stop() or the end of the with block."""

    def __init__(self, port, rate=0, connections=_CONNECTIONS, seed=1):
        self.result = None
        self._process = _start(port, rate, connections, seed)

    def stop(self):
        """The result of load.py, as a dict; the same one when asked again."""
        if self.result is None:
            self._process.terminate()
            self.result = _finish(self._process)
        return self.result

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
