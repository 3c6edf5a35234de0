#!/usr/bin/python3
"""truth.py - checks the shop's own count of its leaks against tracemalloc.

The end-to-end tests hold the sampler to that count, so it has to be right by itself:
on the marked line tracemalloc, which is exact, must find the same bytes and objects,
and with no leak switched on nothing may be left.
"""
import gc
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
PYTHON = "/usr/bin/python3"
_CALLS = 400
_TOLERANCE = 0.01
_QUIET_BYTES = 20000

sys.path.insert(0, HERE)


def _compare(kind):
    import tracemalloc
    from shop import leaks
    for _ in range(50):
        leaks.TRUTH.serve()
    gc.collect()
    tracemalloc.start()
    before = leaks.TRUTH.report()
    for _ in range(_CALLS):
        leaks.TRUTH.serve()
    gc.collect()
    after = leaks.TRUTH.report()
    statistics = tracemalloc.take_snapshot().statistics("lineno")
    truth_bytes = after["leaked_bytes"] - before["leaked_bytes"]
    if kind == "none":
        total = sum(s.size for s in statistics)
        assert truth_bytes == 0 and total < _QUIET_BYTES, f"{total} bytes left with no leak"
        return f"{total} bytes left"
    path, number = leaks.leaking_line(kind)
    found = [s for s in statistics if (s.traceback[0].filename, s.traceback[0].lineno)
             == (path, number)]
    assert found, f"tracemalloc saw nothing at {path}:{number}"
    off = found[0].size / truth_bytes - 1
    assert statistics[0] is found[0], f"{statistics[0]} comes before the leaking line"
    assert abs(off) < _TOLERANCE, f"tracemalloc {found[0].size}, truth {truth_bytes}"
    return f"{truth_bytes} bytes, tracemalloc {off:+.3%}"


def main():
    if len(sys.argv) > 1:
        print(f"{sys.argv[1]:11}", _compare(sys.argv[1]))
        return 0
    if not os.access(PYTHON, os.X_OK):
        print("SKIP: needs python3")
        return 77
    from shop import leaks
    failed = 0
    for kind in leaks.KINDS:
        run = subprocess.run([PYTHON, os.path.abspath(__file__), kind],
                             env={**os.environ, "LEAK": kind, "PYTHONDONTWRITEBYTECODE": "1"},
                             check=False)
        failed += run.returncode != 0
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
