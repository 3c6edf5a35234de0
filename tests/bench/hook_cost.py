#!/usr/bin/python3
"""hook_cost.py - what the allocator hooks cost: instructions by callgrind, nanoseconds by pairs.

    hook_cost.py [--python PATH] [--frames N] [--pairs N]

Instructions: a program that makes small objects below N Python frames runs under callgrind.  "not
due" is what a hook adds to an allocation that is not sampled, without the allocator it jumps to;
"sample" is all that happens for one sample on the thread that allocates, the next countdown and
the deaths it counts for others included.  Nanoseconds of a sample: processor time of the same
program at an interval of 1 KB, less that at an interval which never samples, in pairs.
"""
import argparse
import collections
import json
import math
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

SAMPLER = os.path.join(os.path.abspath(os.environ.get("top_builddir", ".")),
                       "src/sampler/.libs/libleaktop-sampler.so")
_BLOCK = 100

_PROGRAM = """
import os, sys, time
def churn(count):
    kept = []
    for i in range(count):
        kept.append(bytes(%d))
        if len(kept) > 100:
            kept.clear()
def below(frames, count):
    if frames == 0:
        churn(count)
    else:
        below(frames - 1, count)
socket = os.environ["LEAKTOP_DIR"] + "/leaktop-%%d.sock" %% os.getpid()
while not os.path.exists(socket):
    time.sleep(0.005)   # poll: the sampler comes up beside the program
frames, count = int(sys.argv[1]) - 3, int(sys.argv[2])
below(frames, 20000)
before = time.process_time()
below(frames, count)
print(time.process_time() - before)
""" % _BLOCK

_NOT_DUE = ("obj_slots_malloc", "mem_slots_malloc", "raw_malloc", "raw_free")
_SAMPLE_WHOLE = ("slot", "rearm_gil")
_SAMPLE_OWN = ("sampled_malloc", "due_raw_malloc", "serve_slot")


class Costs:
    """Callgrind's figures of each function: own and inclusive instructions, calls."""

    def __init__(self, path):
        self.own, self.whole, self.calls = (collections.Counter() for _ in range(3))
        self._names = {}
        caller = called = None
        calls = 0
        with open(path, encoding="utf-8") as file:
            for line in file:
                if line.startswith("fn="):
                    caller = self._name(line[3:])
                elif line.startswith("cfn="):
                    called = self._name(line[4:])
                elif line.startswith("calls="):
                    calls = int(line[6:].split()[0])
                elif line[:1] in "+-*" or line[:1].isdigit():
                    cost = int((line.split() + ["0"])[1])
                    if calls:
                        self.calls[called] += calls
                        self.whole[called] += cost
                    else:
                        self.own[caller] += cost
                    calls = 0

    def _name(self, text):
        ident, name = re.match(r"\((\d+)\)(?: (\S+))?", text).groups()
        return self._names.setdefault(ident, name)


def _run(options, interval, count, *prefix):
    with tempfile.TemporaryDirectory() as folder:
        result = subprocess.run(
            [*prefix, options.python, "-c", _PROGRAM, str(options.frames), str(count)],
            check=True, stdout=subprocess.PIPE, text=True, cwd=folder,
            env={**os.environ, "LEAKTOP_DIR": folder, "LEAKTOP_INTERVAL": interval,
                 "LD_PRELOAD": SAMPLER, "PYTHONHASHSEED": "0"})
    return float(result.stdout)


def instructions(options):
    with tempfile.NamedTemporaryFile() as out:
        _run(options, "1K", 100000, "valgrind", "-q", "--tool=callgrind",
             f"--callgrind-out-file={out.name}")
        costs = Costs(out.name)
    found = {f"{name}, not due": costs.own[name] / costs.calls[name]
             for name in _NOT_DUE if costs.calls[name]}
    spent = (sum(costs.whole[name] for name in _SAMPLE_WHOLE) +
             sum(costs.own[name] for name in _SAMPLE_OWN))
    found[f"sample, {options.frames} frames"] = spent / costs.calls["slot"]
    return found


def nanoseconds(options):
    """Of one sample: median of the pairs, and their middle half."""
    count = 400000
    size = _BLOCK + sys.getsizeof(b"")
    samples = count * (1 - math.exp(-size / 1024))
    found = [(_run(options, "1K", count) - _run(options, "1G", count)) * 1e9 / samples
             for _ in range(options.pairs)]
    return statistics.median(found), statistics.quantiles(found, n=4)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--python", default="/usr/bin/python3")
    parser.add_argument("--frames", type=int, default=30)
    parser.add_argument("--pairs", type=int, default=9)
    parser.add_argument("--json", help="write the figures to this file")
    options = parser.parse_args()
    figures = {"frames": options.frames}
    if shutil.which("valgrind"):
        figures["instructions"] = instructions(options)
        for name, value in figures["instructions"].items():
            print(f"{name:32} {value:8.1f} instructions")
    else:
        print("valgrind is missing: no instruction counts")
    median, quarters = nanoseconds(options)
    figures["sample_ns"] = {"median": median, "middle_half": [quarters[0], quarters[2]]}
    print(f"sample, {options.frames} frames {median:25.0f} ns "
          f"({quarters[0]:.0f} .. {quarters[2]:.0f})")
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(figures, file, indent=1)


if __name__ == "__main__":
    main()
