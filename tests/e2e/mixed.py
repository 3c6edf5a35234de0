"""A mixed workload whose live memory tracemalloc counts exactly, line by line.

Holds still after the work: prints one JSON line
    {"lines": {"LINE": [live_bytes, live_blocks], ...}, "file": PATH}
of what tracemalloc knows of this file, then waits for a line on standard input.
Usage: mixed.py SEED
"""
import gc
import json
import random
import sys
import tracemalloc


class Item:
    def __init__(self, number):
        self.number = number
        self.label = "item %d" % number


def sessions(rng, held):
    for i in range(6000):
        held.append({"user": i, "cart": [j * 1000 for j in range(rng.randrange(20))]})


def texts(rng, held):
    for i in range(4000):
        held.append("x" * rng.randrange(20, 2000))


def objects(rng, held):
    for i in range(25000):
        held.append(Item(i))


def numbers(rng, held):
    held.append([float(i) for i in range(150000)])


def blobs(rng, held):
    for i in range(40):
        held.append(bytearray(rng.randrange(1000, 300000)))


def table(rng, held):
    held.append({"key%d" % i: (i, i + 0.5) for i in range(20000)})


def grown(rng, held):
    out = []
    for i in range(200000):
        out.append(i)
    held.append(out)


def churn(rng, held):
    for i in range(300):
        [str(j) for j in range(500)]


def half_freed(rng, held):
    some = [("pair", i * 1000) for i in range(60000)]
    held.append([pair for pair in some if pair[1] % 2000 == 0])


def main():
    rng = random.Random(int(sys.argv[1]))
    held = []
    tracemalloc.start(1)
    for work in (sessions, texts, objects, numbers, blobs, table, grown, churn, half_freed):
        work(rng, held)
    gc.collect()
    traces = tracemalloc.take_snapshot()
    lines = {}
    for statistic in traces.statistics("lineno"):
        frame = statistic.traceback[0]
        if frame.filename == __file__ and statistic.size > 1:
            lines[frame.lineno] = [statistic.size, statistic.count]
    del traces, statistic, frame
    print(json.dumps({"file": __file__, "lines": lines}), flush=True)
    sys.stdin.readline()


main()
