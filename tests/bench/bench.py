#!/usr/bin/python3
"""bench.py - what the sampler costs, measured in pairs.

Services: one without the sampler, one with it and a second one without it run side by side; they
are asked the same questions by turns, in short slices and in an order drawn by lot, so that a slow
minute of the machine falls on all of them alike.  The second one without shows what noise alone
would report (A/A).  All are restarted several times, because each start of a process has its own
luck with addresses.  Figures: requests per second and p99 as customers see them, and processor time
per request of the worker, which is far less noisy.  Small programs: processor time, also under
tracemalloc with one frame for comparison.  Ratios are with / without; the spread is the middle half
of the pairs.  Prints a table and writes bench.json.
"""
import argparse
import contextlib
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "apps"), HERE]
from customers import ask  # noqa: E402
from service import Service, missing_package, raise_on_signals  # noqa: E402

PYTHON = "/usr/bin/python3"
LEAKTOP = os.path.abspath(os.environ.get("LEAKTOP", "leaktop"))
_SERVICES = ("django", "flask")
_PROGRAMS = ("json", "objects", "dicts")
_PREFIX = {"off": [], "again": [], "sampler": [LEAKTOP, "run", "--"],
           "tracemalloc": ["/usr/bin/env", "PYTHONTRACEMALLOC=1"]}
_FIXED = {"PYTHONHASHSEED": "0"}


# ---- services ---------------------------------------------------------------------------------

def _cpu_ns(pid):
    """Processor time of all threads; those of gunicorn's pool live as long as the worker."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as file:
            total += int(file.read().split()[0])
    return total


def _rss_mib(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def _slice(service, options, seed):
    """Figures of one slice of load."""
    pid, = service.worker_pids()
    before_ns = _cpu_ns(pid)
    result = ask(service.port, options.requests, seed)
    cpu_ns = _cpu_ns(pid) - before_ns
    if result["wrong"] or result["exit_code"]:
        raise SystemExit(f"bench: wrong answers: {result['examples']}")
    return {"requests_per_s": result["requests_per_s"], "p99_ms": result["p99_ms"],
            "cpu_ms_per_request": cpu_ns / 1e6 / result["requests"], "rss_mib": _rss_mib(pid)}


def measure_service(app, options, lot):
    """One dict per slice: how the service was started -> figures."""
    hows = ["off", "sampler", "again"] + ["tracemalloc"] * options.tracemalloc
    for start in range(options.starts):
        with contextlib.ExitStack() as stack:
            services = {how: stack.enter_context(Service(app, prefix=_PREFIX[how], env=_FIXED))
                        for how in lot.sample(hows, len(hows))}
            for service in services.values():
                _slice(service, options, 0)
            for number in range(options.slices):
                seed = 1 + start * options.slices + number
                yield {how: _slice(services[how], options, seed)
                       for how in lot.sample(hows, len(hows))}


# ---- small programs ------------------------------------------------------------------------------

def _program(name, how, options):
    run = subprocess.run([*_PREFIX[how], PYTHON, os.path.join(HERE, "churn.py"), name,
                          str(options.rounds)], stdout=subprocess.PIPE, text=True, check=True,
                         env={**os.environ, **_FIXED})
    return json.loads(run.stdout)


def measure_program(name, options, lot):
    hows = ["off", "sampler", "again", "tracemalloc"]
    for _ in range(options.program_pairs):
        yield {how: _program(name, how, options) for how in lot.sample(hows, len(hows))}


# ---- pairs --------------------------------------------------------------------------------------

def _rows(work, results):
    """Each way against `off`, pair by pair."""
    for how in results[0]:
        for figure in results[0]["off"] if how != "off" else ():
            ratios = sorted(r[how][figure] / r["off"][figure] for r in results)
            quarter = len(ratios) // 4
            yield {"work": work, "with": how, "figure": figure,
                   "without_median": statistics.median(r["off"][figure] for r in results),
                   "ratio_median": statistics.median(ratios), "ratio_low": ratios[quarter],
                   "ratio_high": ratios[-1 - quarter], "pairs": len(ratios)}


def _measure(options):
    lot = random.Random(options.seed)
    rows = []
    for measure, works in ((measure_service, options.service), (measure_program, options.program)):
        for work in works:
            results = []
            for result in measure(work, options, lot):
                results.append({how: result[how] for how in _PREFIX if how in result})
                print(".", end="", file=sys.stderr, flush=True)
            print(f" {work}", file=sys.stderr)
            rows += _rows(work, results)
    return rows


# ---- report ------------------------------------------------------------------------------------

_LABELS = {"again": "nothing"}


def _print_table(rows):
    print(f"{'work':8} {'with':11} {'figure':19} {'without':>10} {'ratio':>8} {'middle half':>16}"
          " pairs")
    for row in rows:
        print(f"{row['work']:8} {_LABELS.get(row['with'], row['with']):11} {row['figure']:19} "
              f"{row['without_median']:10.3f} {row['ratio_median']:8.4f} "
              f"{row['ratio_low']:8.4f}{row['ratio_high']:8.4f} {row['pairs']:5}")


def _machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = next((line.partition(":")[2].strip() for line in file
                      if line.startswith("model name")), platform.machine())
    python = subprocess.run([PYTHON, "-V"], stdout=subprocess.PIPE, text=True, check=True)
    return {"processor": model, "processors": os.cpu_count(), "kernel": platform.release(),
            "python": python.stdout.split()[1], "load_average": os.getloadavg()[0]}


def _write(path, options, rows):
    document = {"at": time.time(), "machine": _machine(), "options": vars(options), "rows": rows}
    with open(path, "w", encoding="utf-8") as file:
        json.dump(document, file, indent=1)
        file.write("\n")


def _arguments():
    parser = argparse.ArgumentParser(description="cost of the sampler, in pairs")
    parser.add_argument("--service", nargs="*", default=list(_SERVICES), choices=_SERVICES)
    parser.add_argument("--program", nargs="*", default=list(_PROGRAMS), choices=_PROGRAMS)
    parser.add_argument("--starts", type=int, default=4, help="of each service")
    parser.add_argument("--slices", type=int, default=6, help="of load after each start")
    parser.add_argument("--requests", type=int, default=800, help="in a slice")
    parser.add_argument("--program-pairs", type=int, default=9)
    parser.add_argument("--rounds", type=int, default=200, help="of a small program")
    parser.add_argument("--tracemalloc", action="store_true", help="services too")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("-o", "--output", default="bench.json")
    return parser.parse_args()


def main():
    raise_on_signals()
    options = _arguments()
    for app in options.service:
        missing = missing_package(app)
        if missing:
            print(f"SKIP: needs {missing}")
            return 77
    rows = _measure(options)
    _print_table(rows)
    _write(options.output, options, rows)
    print(f"written: {os.path.abspath(options.output)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
