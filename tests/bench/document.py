"""document.py - what a measurement leaves behind: bench.json, and tests/bench/results.json.

    {"schema": "leaktop.bench/1",
     "at": seconds since the epoch, when it began; "seconds": how long it took,
     "complete": false when works, settings or pairs were left out by options (--quick, say),
     "machine": {"processor", "processors", "kernel", "libc", "python", "leaktop", "load_average",
                 "steal_percent": of the time of its processors other machines took during it},
     "options": {...},                      as given or by default
     "absent": [{"what", "reason"}, ...],   works and settings which this machine does not have
     "rows": [{"work", "setting", "figure", "unit", "more_is_worse",
               "pairs", "starts",
               "without", "with": medians,
               "compared": "ratio", with / without, or "difference", with - without,
               "change": {"median", "median_low", "median_high": in 95 of 100 measurements the
                              true median is between these two,
                          "low", "high": the middle half of the pairs, "min", "max": all of them},
               "total_change": of the sums of all pairs,
               "worst": {"start", "start_change": the median of its pairs,
                         "pair", "pair_change"}}, ...],
     "says": [{"work", "setting", "cost_percent", "duty", "interval_bytes", "hooks"}, ...],
                                            the sampler of itself, median of the rounds
     "samples_ns": [{"frames", "pairs", "change": as above, nanoseconds of one sample}, ...],
     "turns": [{"python", "work", "hooks": "empty" on malloc and free, "empty-same" where leaktop's
                are, or "leaktop", "pairs", "change": as above, a ratio, "ns_per_call",
                "calls_per_operation"}, ...],   with and without within one process, unsampled
     "all_turns": [{"python", "work", "setting": "again", "full" or "budget", "pairs", "duty",
                    "interval_bytes": held, null as it comes, "change": as above, a ratio of
                    processor time, "requests_per_s": the like, or null}, ...],
                                            paused and resumed, within one process
     "instructions": null, or
         {"works": [{"work", "setting", "without", "with", "ratio"}, ...],    per operation
          "hooks": [{"work", "hook", "calls_per_operation", "instructions_per_call"}, ...],
          "samples": [{"frames", "samples", "instructions": of one, birth and death}, ...]}}

Works and settings by their names in works.py, services.py and settings.py.  Figures: cpu_ms (of
the process, all its threads, per operation or request), wall_ms, requests_per_s, p99_ms,
peak_rss_mib (compared by difference; its pairs are whole starts).  Under "instructions" leaktop is
at full duty and its own threads are not counted: they do a little once a second, and under valgrind a
second is long.
"""
import json
import os
import platform
import subprocess

import settings

SCHEMA = "leaktop.bench/1"
UNITS = {"cpu_ms": "ms", "wall_ms": "ms", "requests_per_s": "1/s", "p99_ms": "ms",
         "peak_rss_mib": "MiB"}
_CHANGE = ("median", "median_low", "median_high", "low", "high", "min", "max")
_ROW = ("work", "setting", "figure", "unit", "more_is_worse", "pairs", "starts", "without", "with",
        "compared", "change", "total_change", "worst")
_WORST = ("start", "start_change", "pair", "pair_change")
_TOP = ("schema", "at", "seconds", "complete", "machine", "options", "absent", "rows", "says",
        "samples_ns", "turns", "all_turns", "instructions")
_TURN = ("python", "work", "hooks", "pairs", "change", "ns_per_call", "calls_per_operation")
_ALL_TURN = ("python", "work", "setting", "pairs", "duty", "interval_bytes", "change",
             "requests_per_s")
_MACHINE = ("processor", "processors", "kernel", "libc", "python", "leaktop", "load_average",
            "steal_percent")
_INSTRUCTIONS = {"works": ("work", "setting", "without", "with", "ratio"),
                 "hooks": ("work", "hook", "calls_per_operation", "instructions_per_call"),
                 "samples": ("frames", "samples", "instructions")}


# ---- the machine --------------------------------------------------------------------------------------

def _first_line_of(*command):
    run = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return run.stdout.split("\n")[0]


class Steal:
    """Time that the hypervisor gave to others."""

    def __init__(self):
        self._begin = self._read()

    @staticmethod
    def _read():
        with open("/proc/stat", encoding="ascii") as file:
            ticks = [int(word) for word in file.readline().split()[1:9]]
        return ticks[7], sum(ticks)

    def percent(self):
        steal, all_ticks = (now - then for now, then in zip(self._read(), self._begin))
        return 100 * steal / all_ticks if all_ticks else 0


def machine(python):
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = next((line.partition(":")[2].strip() for line in file
                      if line.startswith("model name")), platform.machine())
    version = _first_line_of(python, "-c", "import sys; print(sys.version.split()[0])")
    try:
        leaktop = _first_line_of(settings.LEAKTOP, "--version")
    except OSError:
        leaktop = "not built"
    return {"processor": model, "processors": os.cpu_count(), "kernel": platform.release(),
            "libc": " ".join(platform.libc_ver()), "python": version, "leaktop": leaktop,
            "load_average": os.getloadavg()[0]}


# ---- whether one is well-formed -----------------------------------------------------------------------

def _lacking(where, record, names):
    return [f"{where}: no {name}" for name in names if name not in record]


def _row_complaints(where, row):
    complaints = _lacking(where, row, _ROW)
    if complaints:
        return complaints
    change = row["change"]
    complaints = _lacking(where, change, _CHANGE) + _lacking(where, row["worst"], _WORST)
    if complaints:
        return complaints
    order = [change[name] for name in ("min", "low", "median", "high", "max")]
    if order != sorted(order):
        complaints.append(f"{where}: its changes are out of order")
    if row["figure"] not in UNITS or row["compared"] not in ("ratio", "difference"):
        complaints.append(f"{where}: no such figure, or no such comparison")
    if not 1 <= row["starts"] <= row["pairs"] or row["without"] <= 0:
        complaints.append(f"{where}: no pairs, or nothing measured")
    return complaints


def complaints(document):
    """What is wrong with the form of a document; its figures are its own affair."""
    found = _lacking("document", document, _TOP)
    if found:
        return found
    if document["schema"] != SCHEMA:
        return [f"schema is {document['schema']}, not {SCHEMA}"]
    found += _lacking("machine", document["machine"], _MACHINE)
    for number, row in enumerate(document["rows"]):
        found += _row_complaints(f"rows[{number}]", row)
    for number, row in enumerate(document["says"]):
        found += _lacking(f"says[{number}]", row, ("work", "setting", *settings.SAYS))
    for number, row in enumerate(document["samples_ns"]):
        found += _lacking(f"samples_ns[{number}]", row, ("frames", "pairs", "change"))
    for number, row in enumerate(document["turns"]):
        found += _lacking(f"turns[{number}]", row, _TURN)
    for number, row in enumerate(document["all_turns"]):
        found += _lacking(f"all_turns[{number}]", row, _ALL_TURN)
    for part, names in _INSTRUCTIONS.items() if document["instructions"] else ():
        for number, row in enumerate(document["instructions"].get(part, [{}])):
            found += _lacking(f"instructions.{part}[{number}]", row, names)
    return found


def read(path):
    with open(path, encoding="utf-8") as file:
        document = json.load(file)
    found = complaints(document)
    if found:
        raise SystemExit(f"{path}: " + "; ".join(found[:5]))
    return document


def _rounded(value):
    """Five significant digits: more than any of these figures is worth."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, float):
        return float(f"{value:.5g}")
    if isinstance(value, dict):
        return {key: _rounded(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(inner) for inner in value]
    return value


def write(path, document):
    """A row on a line, so that two measurements can be compared by diff."""
    lines = []
    for key, value in document.items():
        value = _rounded(value) if key not in ("at",) else round(value)
        if key in ("rows", "absent", "says", "samples_ns", "turns", "all_turns"):
            rows = ",\n  ".join(json.dumps(row) for row in value)
            lines.append(f'"{key}": [\n  {rows}]' if value else f'"{key}": []')
        elif key == "instructions" and value:
            parts = [f'  "{part}": [\n   ' + ",\n   ".join(json.dumps(row) for row in rows) + "]"
                     if rows else f'  "{part}": []' for part, rows in value.items()]
            lines.append('"instructions": {\n' + ",\n".join(parts) + "}")
        else:
            lines.append(f'"{key}": {json.dumps(value)}')
    with open(path, "w", encoding="utf-8") as file:
        file.write("{" + ",\n ".join(lines) + "}\n")
