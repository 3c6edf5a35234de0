#!/usr/bin/python3
"""leaks.py - is the leaking line the first row, and is its rate the truth?

For each leak of each shop: start the service under `leaktop run`, send it customers, warm up, mark
a baseline, wait, export.  Asserted:
 - the marked line grew most of all lines since the baseline, in every run;
 - its rate agrees with the service's own exact count: in every run within four times the error
   that the sampling explains, and in the median of all runs within 15 %;
 - most of what its heaviest stack allocated is held by the variable that holds the leak;
 - without a leak no line grew by more than its error;
 - every page the customers got was right.
"""
import argparse
import collections
import concurrent.futures
import json
import math
import os
import statistics
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402
from customers import Customers  # noqa: E402
from service import Service, raise_on_signals  # noqa: E402
from shop import leaks  # noqa: E402

_MEDIAN_TOLERANCE = 0.15
_SIGMAS = 4

_HOLDERS = {"dict": "shop.leaks._PRICES", "listeners": "shop.leaks._LISTENERS",
            "logger": ".manager.loggerDict[]", "lru": "shop.leaks.Quotes.quote",
            "generator": "shop.leaks._EXPORTS", "exceptions": "shop.leaks._REJECTED"}

Run = collections.namedtuple("Run", "app leak")
Outcome = collections.namedtuple("Outcome", "run first ratio sigma samples truth_rate faults")


def _measure(run, options):
    """(snapshot, truth at the baseline, truth at the end, what else was wrong)"""
    with Service(run.app, run.leak, prefix=harness.under_leaktop()) as service, \
            Customers(service.port, rate=options.rate) as customers:
        pid, = service.worker_pids()
        harness.pause(options.warm_up)
        before = service.truth()
        harness.ask_leaktop(service.leaktop_dir, "baseline", pid, "warm")
        harness.pause(options.window)
        document = harness.snapshot(service.leaktop_dir, pid)
        after = service.truth()
        faults = _faults_of_holders(run, service, pid, document)
        return document, before, after, faults + _faults_of_load(customers.stop())


def _faults_of_holders(run, service, pid, document):
    """What is wrong with who is said to hold what the leaking line allocated."""
    found = None if run.leak == "none" else next(
        (line for line in harness.lines_by_growth(document)
         if (line.file, line.number) == leaks.leaking_line(run.leak)), None)
    if found is None:
        return []       # where there should be one that is said anyway
    held = json.loads(harness.ask_leaktop(
        service.leaktop_dir, "scan", "--json", pid, "referrers", "--stack", found.stack))
    right = sum(way["objects"] for way in held["referrers"] if _HOLDERS[run.leak] in way["path"])
    if 2 * right > held["samples"]:
        return []
    return [f"{right} of {held['samples']} samples are held by {_HOLDERS[run.leak]}: "
            f"{held['referrers'][:3]}"]


def _faults_of_load(result):
    if result["exit_code"] or result["wrong"]:
        return [f"load: {result}"]
    return []


def _judge_quiet(run, document, faults):
    lines = harness.lines_by_growth(document)
    faults += [f"{line} grew by {line.delta_bytes:.0f} +- {line.error_bytes:.0f} without a leak"
               for line in lines if line.delta_bytes > line.error_bytes]
    first = lines[0] if lines else None
    return Outcome(run, first, math.nan, math.nan, 0, 0.0, faults)


def _judge_leak(run, document, before, after, faults):
    lines = harness.lines_by_growth(document)
    path, number = leaks.leaking_line(run.leak)
    first = lines[0] if lines else None
    where = {(line.file, line.number): line for line in lines}
    found = where.get((path, number))
    truth_rate = (after["leaked_bytes"] - before["leaked_bytes"]) / (after["at"] - before["at"])
    if found is None:
        return Outcome(run, first, 0.0, math.nan, 0, truth_rate,
                       faults + ["the leaking line is not in the snapshot"])
    if found is not first:
        faults.append(f"first is {first}, by {first.delta_bytes:.0f}; leaking line "
                      f"{found.delta_bytes:.0f}")
    window_s = document["taken_at"] - document["baselines"][-1]["at"]
    truth_bytes = truth_rate * window_s
    ratio = found.delta_bytes / truth_bytes
    samples = truth_bytes / document["sampler"]["interval_bytes"]
    sigma = 1 / math.sqrt(samples)
    if abs(ratio - 1) > _SIGMAS * sigma:
        faults.append(f"{ratio:.2f} of the truth, sampling explains +-{_SIGMAS * sigma:.2f}")
    return Outcome(run, first, ratio, sigma, samples, truth_rate, faults)


def _perform(run, options):
    try:
        document, before, after, faults = _measure(run, options)
        if run.leak == "none":
            return _judge_quiet(run, document, faults)
        return _judge_leak(run, document, before, after, faults)
    except (Exception, SystemExit) as why:  # one failed run must not hide the others
        return Outcome(run, None, math.nan, math.nan, 0, 0.0, [f"{type(why).__name__}: {why}"])


def _print_outcome(outcome):
    first = f"{outcome.first} {outcome.first.delta_bytes / 2**20:+.1f}M" if outcome.first else "-"
    print(f"{'FAIL' if outcome.faults else 'ok':4} {outcome.run.app:6} {outcome.run.leak:10} "
          f"{outcome.truth_rate / 2**20:5.2f} M/s {outcome.ratio:6.3f} +-{outcome.sigma:5.3f} "
          f"{outcome.samples:5.0f}  {first}", flush=True)
    for fault in outcome.faults:
        print(f"     {fault}", flush=True)


def _medians(outcomes):
    """Faults of the medians: per kind where it was run often, and of all runs together."""
    by_kind = collections.defaultdict(list)
    for outcome in outcomes:
        if not math.isnan(outcome.ratio):
            by_kind["all"].append(outcome.ratio)
            by_kind[f"{outcome.run.app} {outcome.run.leak}"].append(outcome.ratio)
    faults = []
    for kind, ratios in sorted(by_kind.items()):
        median = statistics.median(ratios)
        if len(ratios) < 5:
            continue
        first = abs(median - 1) <= _MEDIAN_TOLERANCE
        print(f"{'ok' if first else 'FAIL':4} median {kind:18} {median:.3f} of the truth "
              f"in {len(ratios)} runs")
        if not first:
            faults.append(kind)
    return faults


def _arguments():
    parser = argparse.ArgumentParser(description="leaks in real services, against the truth")
    parser.add_argument("--app", action="append", choices=("django", "flask"))
    parser.add_argument("--leak", action="append", choices=list(leaks.KINDS))
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--window", type=float, default=16, metavar="S")
    parser.add_argument("--warm-up", type=float, default=8, metavar="S")
    parser.add_argument("--rate", type=float, default=120, metavar="REQUESTS/S")
    parser.add_argument("--at-once", type=int, default=4, metavar="SERVICES")
    return parser.parse_args()


def _runs_of(options):
    apps = options.app or ["django", "flask"]
    kinds = options.leak or list(leaks.KINDS)
    if options.app or options.leak or options.runs > 1:
        return [Run(app, kind) for app in apps for kind in kinds] * options.runs
    # the short form: every kind once, the two frameworks by turns, and both without a leak
    return [Run("flask", "none")] + [Run(apps[n % 2], kind) for n, kind in enumerate(kinds)]


def _test():
    options = _arguments()
    harness.need("django", "flask")
    print("     app    leak        truth    est/truth    n    first row by growth")
    runs = _runs_of(options)
    outcomes = []
    with concurrent.futures.ThreadPoolExecutor(options.at_once) as pool:
        try:
            for future in concurrent.futures.as_completed(
                    [pool.submit(_perform, run, options) for run in runs]):
                outcomes.append(future.result())
                _print_outcome(outcomes[-1])
        except BaseException:
            harness.stopping.set()  # the threads clean up their services, soon
            raise
    failed = sum(bool(outcome.faults) for outcome in outcomes) + len(_medians(outcomes))
    print(f"{len(outcomes)} runs, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    raise_on_signals()
    sys.exit(harness.main(_test))
