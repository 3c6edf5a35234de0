#!/usr/bin/python3
"""exact.py - estimates against exact counts: tracemalloc and the sampler in one process.

For every line of mixed.py that holds memory, the sampler's live bytes must agree with
tracemalloc's within the error bar leaktop shows, in at least 95 % of (run, line) pairs, and
all lines together must show no bias.

tracemalloc keeps a record of TRACE_BYTES for each block (trace_t of Modules/_tracemalloc.c),
allocated through the RAW domain while the line runs: the sampler rightly counts it there.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import harness

TRACE_BYTES = 16
INTERVAL_BYTES = 512 * 1024
NOTHING_SAMPLED_BYTES = 3.69 * INTERVAL_BYTES   # upper 97.5 % limit of a Poisson count of 0
MIXED = str(pathlib.Path(__file__).resolve().parent / "mixed.py")


def rows_of(folder, pid):
    frame = harness.ask_leaktop(folder, "-b", "--json", "--top", "100000", str(pid))
    frame = json.loads(frame)
    assert frame["verdict"]["kind"] == "warming up", frame["verdict"]   # it is seconds old
    return frame["rows"]


def one_run(folder, seed):
    """(line, exact, estimated, error) in bytes of every line that held memory."""
    target = subprocess.Popen(
        [*harness.under_leaktop(), harness.PYTHON, MIXED, str(seed)],
        env={**os.environ, "LEAKTOP_DIR": folder},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        truth = json.loads(target.stdout.readline())
        rows = {row["line"]: row for row in rows_of(folder, target.pid)
                if row["file"] == truth["file"]}
        for line, (size, count) in truth["lines"].items():
            row = rows.get(int(line), {"live_bytes": 0, "live_error_bytes": NOTHING_SAMPLED_BYTES})
            yield (int(line), size + TRACE_BYTES * count, row["live_bytes"],
                   row["live_error_bytes"])
    finally:
        target.communicate("done\n")


def report(by_line):
    print("%5s %12s %12s %12s %7s" % ("line", "exact", "mean est", "mean error", "inside"))
    for line, found in sorted(by_line.items()):
        exact, estimate, error = (sum(column) / len(found) for column in zip(*found))
        inside = sum(abs(e - x) <= r for x, e, r in found)
        print("%5d %12.0f %12.0f %12.0f %3d/%-3d" % (
            line, exact, estimate, error, inside, len(found)))


def test():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=4)
    runs = parser.parse_args().runs
    by_line = {}
    with tempfile.TemporaryDirectory(prefix="leaktop-exact-") as folder:
        for seed in range(runs):
            for line, *figures in one_run(os.path.join(folder, "sockets"), seed):
                by_line.setdefault(line, []).append(figures)
    report(by_line)
    pairs = [figures for found in by_line.values() for figures in found]
    inside = sum(abs(estimate - exact) <= error for exact, estimate, error in pairs)
    exact = sum(figures[0] for figures in pairs)
    ratio = sum(figures[1] for figures in pairs) / exact
    tolerance = 4 / (exact / INTERVAL_BYTES) ** 0.5     # four standard errors of the sum
    print(f"{inside} of {len(pairs)} within the error bar; all lines: estimate / exact = "
          f"{ratio:.3f}, tolerance {tolerance:.3f}")
    if len(pairs) < 10 * runs or inside < 0.95 * len(pairs) or abs(ratio - 1) > tolerance:
        print("FAIL: the estimates do not agree with tracemalloc")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(harness.main(test))
