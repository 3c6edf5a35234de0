#!/usr/bin/python3
"""two_minutes.py - somebody who has read only README's "The first two minutes" gets from `leaktop`
to the leaking line of a Django shop and to the variable that holds what it allocates.

Only keys of that part of README are pressed, in its order, and only the screen is looked at."""
import os
import pathlib
import re
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402
from customers import Customers  # noqa: E402
from screens import Terminal, need_tmux  # noqa: E402
from service import Service, raise_on_signals  # noqa: E402
from shop import leaks  # noqa: E402

_README = pathlib.Path(__file__).resolve().parents[2] / "README.md"
_HOLDER = "shop.leaks._PRICES"


def _keys_of_readme():
    """What is between `` in the steps, in their order: "Enter", "b", "9"."""
    text = _README.read_text(encoding="utf-8")
    part = re.search(r"^## The first two minutes\n(.*?)^## ", text, re.S | re.M).group(1)
    steps = re.findall(r"^\d\. (.*?)(?=^\d\. |\Z)", part, re.S | re.M)
    return [re.findall(r"`([^`\s]{1,5})`", step) for step in steps]


class Operator:
    """Presses what README says, and nothing else."""

    def __init__(self, terminal):
        self._terminal = terminal
        self._left = [key for step in _keys_of_readme() for key in step]
        self.pressed = []

    def press(self, key, then):
        """The next key of README, then wait for what it is to show."""
        assert self._left and self._left[0] == key, f"README's next key is {self._left[:1]}: {key}"
        self.pressed.append(self._left.pop(0))
        self._terminal.keys("Escape" if key == "Esc" else key)
        return self._terminal.shows(then)

    def done(self):
        assert not self._left, f"never pressed: {self._left}"


def _find(terminal, pid, line):
    place = re.escape(f"leaks:{line}")
    operator = Operator(terminal)
    terminal.shows("PROCESSES")
    operator.press("/", "filter")
    terminal.keys(str(pid), "Enter")                # which of them: what is typed is not a key
    terminal.shows(rf"> +{pid} .* yes ")
    operator.press("Enter", rf"{pid} gunicorn .* LIVE")
    operator.press("b", "B1 marked")
    operator.press("9", rf">!.*{place} keeps (all|\d+% of what) it allocates")
    terminal.shows(r"\+ grows \S+/min steadily")
    operator.press("Enter", rf">!.* {line} .*_PRICES\[key\] = ")
    operator.press("Esc", "9SUSP")
    operator.press("r", rf"are held by {re.escape(_HOLDER)}")
    operator.press("Esc", rf"{place} keeps .* in {re.escape(_HOLDER)}")
    operator.done()
    return operator.pressed


def _test():
    harness.need("django")
    need_tmux()
    _, line = leaks.leaking_line("dict")
    with Service("django", "dict", prefix=harness.under_leaktop()) as service, \
            Customers(service.port, rate=100), \
            tempfile.TemporaryDirectory(prefix="leaktop-e2e-") as folder:
        pid, = service.worker_pids()
        began = time.monotonic()
        with Terminal(folder, "two", harness.LEAKTOP,
                      env={"LEAKTOP_DIR": service.leaktop_dir}) as terminal:
            pressed = _find(terminal, pid, line)
        print(f"{len(pressed)} keys, {time.monotonic() - began:.0f} s: {' '.join(pressed)}")
    return 0


if __name__ == "__main__":
    raise_on_signals()
    sys.exit(harness.main(_test))
