#!/usr/bin/python3
"""table.py - the figures of README.md and tests/bench/FIGURES.md: made of a measurement, never typed.

    table.py BENCH_JSON     keeps what they show of it in tests/bench/results.json, and rewrites the
                            part of each between the two marks
    table.py --check [--readme README] [--results RESULTS]
                            prints how they differ from what results.json makes of them
README has what a reader decides by; FIGURES.md has all.
"""
import argparse
import difflib
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import document  # noqa: E402
import settings  # noqa: E402

ROOT = os.path.join(HERE, "..", "..")
BEGIN = "<!-- figures of make bench: begin -->\n"
END = "<!-- figures of make bench: end -->\n"
_WORKS = {"json": "JSON churn", "objects": "object churn", "templates": "Django templates",
          "mix": "mix of seven habits", "threads": "four threads",
          "flask": "Flask under gunicorn", "django": "Django under gunicorn"}
_SHORT = {"nothing": "nothing, again", "sampler": "leaktop", "sampler-128K": "leaktop, 128K",
          "sampler-full": "leaktop, no budget", "sampler-python": "leaktop, Python only",
          "sampler-paused": "leaktop, paused", "hook": "empty hooks",
          "tracemalloc-1": "tracemalloc, 1", "tracemalloc-10": "10", "tracemalloc-25": "25 frames",
          "memray": "memray"}
_CALM = ("nothing", "sampler", "sampler-full", "sampler-paused", "hook")
_MULTIPLES = ("tracemalloc-1", "tracemalloc-10", "tracemalloc-25", "memray")
_HOOKS = {"empty": "empty, malloc and free", "empty-same": "empty, where leaktop's are",
          "leaktop": "leaktop, no sample due"}
_TURNED = {"change": "processor time", "requests_per_s": "requests per second"}
_ALL = {"again": "paused, again", "full": "leaktop, no budget", "budget": "leaktop, as it comes"}
_FIGURES = {"requests_per_s": "requests per second", "p99_ms": "99th percentile of answers"}


# ---- cells ------------------------------------------------------------------------------------------

def _signed(value):
    """With one decimal; what rounds to nothing is positive."""
    text = f"{value:+.1f}"
    return "+0.0" if text == "-0.0" else text


def _percent(ratio):
    return _signed(100 * (ratio - 1))


def _cell(row):
    """Median and middle half; from half as much again a multiple is easier to read."""
    if row is None:
        return ""
    change = row["change"]
    if change["median"] >= 1.5:
        return f"{change['median']:.1f}x"
    return f"{_percent(change['median'])} ({_percent(change['low'])} .. {_percent(change['high'])})"


def _table(head, rows):
    return ["| " + " | ".join(head) + " |", "|" + "---|" * len(head),
            *("| " + " | ".join(row) + " |" for row in rows), ""]


class Figures:
    def __init__(self, found):
        self._rows = {(r["work"], r["setting"], r["figure"]): r for r in found["rows"]}
        self.works = [w for w in _WORKS if any(r["work"] == w for r in found["rows"])]
        self.pairs = {r["pairs"] for r in found["rows"] if r["setting"] == "nothing"
                      and r["figure"] == "cpu_ms"}
        self.starts = max((r["starts"] for r in found["rows"]), default=0)

    def get(self, work, setting, figure):
        return self._rows.get((work, setting, figure))

    def present(self, names, figure, works=None):
        return [name for name in names
                if any(self.get(work, name, figure) for work in works or self.works)]


# ---- the parts ----------------------------------------------------------------------------------------

def _where(found, figures):
    facts = found["machine"]
    day = time.strftime("%Y-%m-%d", time.gmtime(found["at"]))
    least, most = min(figures.pairs), max(figures.pairs)
    many = f"{least}" if least == most else f"{least} to {most}"
    return [f"`make bench` of {day}: {facts['processor']}, {facts['processors']} processors, "
            f"Linux {facts['kernel']}, Python {facts['python']}. Medians of {many} pairs in "
            f"{figures.starts} start{'s' * (figures.starts != 1)}, the middle half of the pairs in parentheses; "
            f"{facts['steal_percent']:.1f} % of the processors' time went to other machines.", ""]


def _processor(figures, names):
    names = figures.present(names, "cpu_ms")
    if not names:
        return []
    head = ["per cent of processor time more than without", *(_SHORT[name] for name in names)]
    return _table(head, [[_WORKS[work], *(_cell(figures.get(work, name, "cpu_ms"))
                                          for name in names)] for work in figures.works])


def _services(figures):
    works = [work for work in figures.works if work in ("flask", "django")]
    names = figures.present((*_CALM, "tracemalloc-1"), "p99_ms", works)
    rows = [[f"{_WORKS[work]}: {words}", *(_cell(figures.get(work, name, figure))
                                           for name in names)]
            for work in works for figure, words in _FIGURES.items()]
    return _table(["per cent more than without", *(_SHORT[n] for n in names)], rows) if rows else []


def _worst(figures):
    """The worst of leaktop's settings, and what nothing at all would have been blamed for."""
    rows = []
    for work in figures.works:
        measured = [row for name in _SHORT if name.startswith("sampler")
                    and (row := figures.get(work, name, "cpu_ms"))]
        control = figures.get(work, "nothing", "cpu_ms")
        if not measured or not control:
            continue
        row = max(measured, key=lambda r: r["change"]["median"])
        rows.append([_WORKS[work], _SHORT[row["setting"]], *(
            text for r in (row, control) for text in (
                _percent(r["change"]["median"]), _percent(r["worst"]["start_change"]),
                _percent(r["worst"]["pair_change"])))])
    return _table(["worst case, per cent", "setting", "median", "worst start", "worst pair",
                   "nothing, again: median", "worst start", "worst pair"], rows)


def _memory(figures):
    names = figures.present(("nothing", "sampler", "tracemalloc-1", "tracemalloc-25", "memray"),
                            "peak_rss_mib")
    rows = []
    for work in figures.works:
        found = [figures.get(work, name, "peak_rss_mib") for name in names]
        rows.append([_WORKS[work], *(_signed(row["change"]["median"]) if row else ""
                                     for row in found)])
    words = {**_SHORT, "tracemalloc-25": "tracemalloc, 25"}
    return _table(["MiB of peak resident memory more", *(words[n] for n in names)], rows)


def _instructions(counted):
    if not counted or not counted["works"]:
        return []
    by = {(row["work"], row["setting"]): row["ratio"] for row in counted["works"]}
    works = [work for work in _WORKS if any(key[0] == work for key in by)]
    names = [n for n in ("hook", "sampler", "sampler-128K", "tracemalloc-1")
             if any(key[1] == n for key in by)]
    rows = [[_WORKS[work], *(f"{100 * (by[work, n] - 1):+.2f}" if by[work, n] < 1.5
                             else f"{by[work, n]:.1f}x" for n in names)] for work in works]
    lines = _table(["per cent of instructions more, by callgrind, leaktop without budget",
                    *(_SHORT[n] for n in names)], rows)
    hooks = sorted({row["hook"] for row in counted["hooks"]})
    each = {hook: [row["instructions_per_call"] for row in counted["hooks"] if row["hook"] == hook]
            for hook in hooks}
    if each:
        lines += ["Instructions of a hook that has nothing to do: " + ", ".join(
            f"`{hook}` {max(found):.0f}" for hook, found in each.items()) + "."]
    return lines + [""]


def _says(found):
    """What it claims to cost, beside which the first table stands."""
    rows = [[_WORKS[row["work"]], f"{row['cost_percent']:.2f}",
             f"{row['duty']:.2f}" if row["duty"] is not None else "1.00",
             f"{row['interval_bytes'] / 1024:.0f}K"]
            for row in found["says"] if row["setting"] == "sampler"]
    return _table(["leaktop of itself, as it comes", "per cent of its processor time", "duty",
                   "interval"], rows) if rows else []


def _samples(found):
    """One sample, from birth to death: in time, and in instructions."""
    counted = {row["frames"]: row["instructions"]
               for row in (found["instructions"] or {}).get("samples", [])}
    rows = [[row["frames"], f"{row['change']['median']:.0f}",
             f"{row['change']['low']:.0f} .. {row['change']['high']:.0f}",
             f"{row['change']['max']:.0f}",
             f"{counted[row['frames']]:.0f}" if row["frames"] in counted else ""]
            for row in found["samples_ns"]]
    return _table(["one sample, from birth to death", "ns, median", "middle half", "worst pair",
                   "instructions"], rows) if rows else []


def _turns(found):
    """Hooks alone, on every minor: what an empty one costs no hook can avoid."""
    by = {(row["python"], row["work"], row["hooks"]): row for row in found["turns"]}
    rows = [[python.partition("-")[0], _WORKS[work], *(_cell(by.get((python, work, hooks)))
                                                       for hooks in _HOOKS),
             f"{by[python, work, 'leaktop']['ns_per_call']:.1f}"]
            for python, work, hooks in by if hooks == "leaktop"]
    return _table(["Python", "per cent that hooks alone cost, within one process",
                   *_HOOKS.values(), "ns of a call, leaktop"], rows) if rows else []


def _all_turns(found):
    """All of it, where a few tenths of a per cent can be seen."""
    by = {(row["python"], row["work"], row["setting"]): row for row in found["all_turns"]}
    rows = [[python.partition("-")[0], f"{_WORKS[work]}: {words}",
             *(f"{_percent(change['median'])} ({_percent(change['median_low'])} .. "
               f"{_percent(change['median_high'])})"
               for setting in _ALL for change in [by[python, work, setting][figure]]),
             f"{row['duty']:g}", f"{row['interval_bytes'] // 1024}K"]
            for (python, work, setting), row in by.items() if setting == "budget"
            for figure, words in _TURNED.items() if row[figure]]
    return _table(["Python", "per cent that it changes, resumed and paused by turns within one "
                   "process; between which the median is for sure (95 %)", *_ALL.values(),
                   "duty", "interval"], rows) if rows else []


def _unmeasured(found):
    return [] if found["rows"] else \
        ["Not measured yet on a quiet machine: `make bench` measures and prints it.", ""]


def render_short(found):
    """The lines between the marks of README."""
    figures = Figures(found)
    return _unmeasured(found) or [
        *_where(found, figures), *_all_turns(found), *_processor(figures, _MULTIPLES),
        *_worst(figures), *_memory(figures), *_samples(found)]


def render(found):
    """The lines between the marks of FIGURES.md."""
    if not found["rows"]:
        return _unmeasured(found)
    figures = Figures(found)
    absent = sorted({f"{row['what']} ({row['reason']})" for row in found["absent"]})
    lines = [*_where(found, figures), *_processor(figures, _CALM),
             *_processor(figures, _MULTIPLES), *_services(figures), *_worst(figures),
             *_says(found), *_memory(figures), *_instructions(found["instructions"]),
             *_samples(found), *_all_turns(found), *_turns(found)]
    return lines + (["Not measured: " + "; ".join(absent) + ".", ""] if absent else [])


# ---- files ----------------------------------------------------------------------------------------------

def _between_marks(text, path):
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{path}: lacks the marks of its figures")
    return before + begin, end + after


def _with_figures(path, lines):
    """(the text of a file, the text as it should be)"""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    before, after = _between_marks(text, path)
    return text, before + "\n".join(lines).rstrip("\n") + "\n" + after


def _both(options):
    """(path, its text, the text as it should be) of README and FIGURES.md"""
    found = document.read(options.results)
    for path, lines in ((options.readme, render_short(found)), (options.figures, render(found))):
        yield (path, *_with_figures(path, lines))


def _distilled(found):
    shown = {**found, "rows": [row for row in found["rows"] if row["figure"] != "wall_ms"]}
    return shown


def _check(options):
    differences = [line for path, has, wants in _both(options)
                   for line in difflib.unified_diff(has.splitlines(), wants.splitlines(), path,
                                                    "results.json", n=0, lineterm="")]
    for line in differences:
        print(line)
    return 1 if differences else 0


def _publish(options):
    found = document.read(options.bench)
    if not found["complete"] and not options.incomplete:
        raise SystemExit(f"{options.bench}: not a complete measurement")
    document.write(options.results, _distilled(found))
    for path, _, wants in list(_both(options)):
        with open(path, "w", encoding="utf-8") as file:
            file.write(wants)
    return 0


def main():
    parser = argparse.ArgumentParser(description="the figures of README.md")
    parser.add_argument("bench", nargs="?", default="bench.json")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--incomplete", action="store_true", help="publish it even so")
    parser.add_argument("--readme", default=os.path.join(ROOT, "README.md"))
    parser.add_argument("--figures", default=os.path.join(HERE, "FIGURES.md"))
    parser.add_argument("--results", default=os.path.join(HERE, "results.json"))
    options = parser.parse_args()
    return _check(options) if options.check else _publish(options)


if __name__ == "__main__":
    sys.exit(main())
