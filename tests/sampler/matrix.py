#!/usr/bin/python3
"""matrix.py SUITE... [--per-minor SUITE...] - every suite on every interpreter of this machine.

A row for each interpreter, a column for each suite, and what was not available below; each
cell leaves its log and its result where tests/summary.sh finds them.  The suites after
--per-minor are long and run on one build of each minor; on all when LK_TEST_EVERYWHERE is set.
LK_TEST_PYTHONS names interpreters, see pythons.py.  1 when a cell fails: twice, as some hundred
cells by turns on a busy machine meet what happens once in a thousand runs.  What failed once is
said, with what it failed of, and its log is kept: it is something to look for, not to wait for.
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
_AGAIN = "2nd"      # it failed, and then it did not
_ELSEWHERE = "-"    # a long suite, which another build of the minor has run
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


def _run(python, suite, log_path):
    """The exit code; None when it took too long."""
    with open(log_path, "w", encoding="utf-8") as log:
        try:
            return subprocess.run(
                [sys.executable, suite], stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, check=False, timeout=TIMEOUT_S,
                env={**os.environ, "LK_TEST_PYTHONS": python.path}).returncode
        except subprocess.TimeoutExpired:
            return None


def _failures(log_path):
    lines = log_path.read_text(encoding="utf-8", errors="replace").splitlines()
    return [line for line in lines if line.startswith("FAIL")] or [f"no result in {TIMEOUT_S} s"]


def _cell(python, suite):
    """Runs one suite on one interpreter: its word in the matrix."""
    folder = BUILD / python.label
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / f"{_name(suite)}.log"
    began = time.monotonic()
    word, result = _RESULTS.get(_run(python, suite, log), _FAILED)
    once = []
    if word == "FAIL":
        once = _failures(log)
        log.rename(folder / f"{_name(suite)}.first.log")
        word, result = _RESULTS.get(_run(python, suite, log), _FAILED)
        word = _AGAIN if word == "ok" else word
    (folder / f"{_name(suite)}.trs").write_text(f":global-test-result: {result}\n")
    with _speaking:
        print(f"{word:4}  {python.label} {_name(suite)} {time.monotonic() - began:.0f} s",
              flush=True)
        for line in once:
            print(f"ONCE  {python.label} {_name(suite)}: {line}", flush=True)
    return word


def _print_matrix(chosen, suites, words):
    names = [_name(suite) for suite in suites]
    width = max(len(python.label) for python in chosen)
    print("\n" + " " * width, *names, sep="  ")
    for python in chosen:
        row = [f"{words.get((python, suite), _ELSEWHERE):{len(name)}}"
               for suite, name in zip(suites, names)]
        print(f"{python.label:{width}}", *row, sep="  ")
    print(f"\n{_ELSEWHERE}: on another build of the minor; LK_TEST_EVERYWHERE=1 for all")


def _print_absent(chosen):
    absent = [name for name, is_it in _WANTED if not any(map(is_it, chosen))]
    print("\nNot available, neither on this machine nor from what tests/pythons/bring.sh brings:",
          *(absent or ["nothing"]), sep="\n    ")
    others = [python.label for python in pythons.every() if python not in chosen]
    if others:
        print("Here, but not supported:", *others, sep="\n    ")


def _one_per_minor(chosen):
    """The newest release build of each; that without a libpython where there are two."""
    by_minor = {}
    for python in sorted(chosen, key=lambda p: (not (p.debug or p.threaded), p.numbers,
                                                not p.shared)):
        by_minor[python.minor] = python
    return set(by_minor.values())


def main():
    words = sys.argv[1:]
    at = words.index("--per-minor") if "--per-minor" in words else len(words)
    per_minor = words[at + 1:]
    everywhere = [suite for suite in words[:at] if suite not in per_minor]
    chosen = [python for python in pythons.every() if host.is_supported(python)]
    if not chosen or not words:
        print("SKIP: needs an interpreter and a suite")
        return host.SKIP
    shutil.rmtree(BUILD, ignore_errors=True)
    some = chosen if os.environ.get("LK_TEST_EVERYWHERE") else _one_per_minor(chosen)
    # The long ones first, so that no one waits for one of them alone.
    cells = [(python, suite) for suite in per_minor for python in chosen if python in some]
    cells += [(python, suite) for suite in everywhere for python in chosen]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() + 1) as pool:   # they wait a lot
        results = dict(zip(cells, pool.map(lambda cell: _cell(*cell), cells)))
    _print_matrix(chosen, everywhere + per_minor, results)
    _print_absent(chosen)
    return 1 if "FAIL" in results.values() else 0


if __name__ == "__main__":
    sys.exit(main())
