#!/usr/bin/python3
"""matrix.py SUITE... - every suite on every interpreter of this machine.

A row for each interpreter, a column for each suite, and what was not available below; each
cell leaves its log and its result where tests/summary.sh finds them.  LK_TEST_PYTHONS names
interpreters, see pythons.py.  1 when a cell fails.
"""
import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import sys
import threading
import time

import host
import pythons

TIMEOUT_S = 900     # of a cell
_RESULTS = {0: ("ok", "PASS"), host.SKIP: ("skip", "SKIP")}
_FAILED = ("FAIL", "FAIL")
BUILD = pathlib.Path(os.environ.get("top_builddir", "."), "tests/matrix")
_speaking = threading.Lock()

# What there should be, by what it is called and whether an interpreter is it.
_WANTED = [(f"{minor} {flavour}", lambda p, minor=minor, is_it=is_it: p.minor == minor and is_it(p))
           for minor in host.MINORS
           for flavour, is_it in (("static", lambda p: not (p.shared or p.debug or p.threaded)),
                                  ("shared", lambda p: p.shared),
                                  ("debug", lambda p: p.debug))]
_WANTED += [(f"{minor} free-threaded", lambda p, minor=minor: p.threaded and p.minor == minor)
            for minor in host.FREE_THREADED_MINORS]
_WANTED += [("3.14.0 to 3.14.4, whose collector is another",
             lambda p: (3, 14, 0) <= p.numbers <= (3, 14, 4))]


def _name(suite):
    return pathlib.Path(suite).stem


def _cell(python, suite):
    """Runs one suite on one interpreter: its word in the matrix."""
    folder = BUILD / python.label
    folder.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    with open(folder / f"{_name(suite)}.log", "w", encoding="utf-8") as log:
        try:
            code = subprocess.run(
                [sys.executable, suite], stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, check=False, timeout=TIMEOUT_S,
                env={**os.environ, "LK_TEST_PYTHONS": python.path}).returncode
        except subprocess.TimeoutExpired:
            code = None
    word, result = _RESULTS.get(code, _FAILED)
    (folder / f"{_name(suite)}.trs").write_text(f":global-test-result: {result}\n")
    with _speaking:
        print(f"{word:4}  {python.label} {_name(suite)} {time.monotonic() - began:.0f} s",
              flush=True)
    return word


def _print_matrix(chosen, suites, words):
    names = [_name(suite) for suite in suites]
    width = max(len(python.label) for python in chosen)
    print("\n" + " " * width, *names, sep="  ")
    for python in chosen:
        row = [f"{words[python, suite].result():{len(name)}}" for suite, name in zip(suites, names)]
        print(f"{python.label:{width}}", *row, sep="  ")


def _print_absent(chosen):
    absent = [name for name, is_it in _WANTED if not any(map(is_it, chosen))]
    print("\nNot available, neither on this machine nor from what tests/pythons/bring.sh brings:",
          *(absent or ["nothing"]), sep="\n    ")
    others = [python.label for python in pythons.every() if python not in chosen]
    if others:
        print("Here, but not supported:", *others, sep="\n    ")


def main():
    suites = sys.argv[1:]
    chosen = [python for python in pythons.every() if host.is_supported(python)]
    if not chosen or not suites:
        print("SKIP: needs an interpreter and a suite")
        return host.SKIP
    shutil.rmtree(BUILD, ignore_errors=True)
    # The last suite named is the longest: it is begun first, so that no one waits for it alone.
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        words = {(python, suite): pool.submit(_cell, python, suite)
                 for suite in reversed(suites) for python in chosen}
    _print_matrix(chosen, suites, words)
    _print_absent(chosen)
    return 1 if any(word.result() == "FAIL" for word in words.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
