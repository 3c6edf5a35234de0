#!/usr/bin/python3
"""bench.py - what the sampler costs, measured in pairs, beside what others cost.

A pair is the same work without and with a setting, one right after the other and in an order drawn
by lot, so that a slow minute of the machine falls on both.  Every setting has a process of its own
which stays for a whole start; starts are repeated, because each has its own luck with addresses.
"Nothing, again" is the control: a second process without anything, which shows what the noise of the
machine alone would report.  Works: works.py, services.py; settings: settings.py; instructions:
instructions.py; hooks by turns within one process: turns.py; the file that is written: document.py.
It is written again after each part, so that a run which is ended early has measured something.
"""
import argparse
import contextlib
import os
import random
import shutil
import statistics
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "apps"), os.path.join(HERE, "..", "sampler"), HERE]
import document  # noqa: E402
import instructions  # noqa: E402
import pairs  # noqa: E402
import programs  # noqa: E402
import pythons  # noqa: E402
import report  # noqa: E402
import sample_time  # noqa: E402
import services  # noqa: E402
import settings  # noqa: E402
import turns  # noqa: E402
from service import raise_on_signals  # noqa: E402

_WORKS = programs.WORKS + services.WORKS
_QUICK = {"starts": 1, "rounds": 1, "pairs": 2, "service_pairs": 1, "requests": 60,
          "slice": 0.03, "settle": 0.1, "count": 0.1}


def _say(text, end="\n"):
    print(text, end=end, file=sys.stderr, flush=True)


class Plan:
    """Which work runs in what kind of process, under which settings."""

    def __init__(self, options, bench):
        self.options, self.bench = options, bench
        self.absent = []
        self.settings = [settings.BY_NAME[name] for name in options.setting
                         if not self._lacks(settings.BY_NAME[name].words,
                                            bench.absent(settings.BY_NAME[name]))]
        self.works = [(work, room) for room in (programs, services) for work in room.WORKS
                      if work in options.work
                      and not self._lacks(work, room.absent(work, bench.python))]

    def _lacks(self, what, reason):
        if reason:
            self.absent.append({"what": what, "reason": reason})
            _say(f"SKIP {what}: {reason}")
        return bool(reason)

    def counts_instructions(self):
        return self.options.instructions and \
            not self._lacks("instructions", instructions.absent())

    def pairs_of(self, setting, room):
        count = self.options.service_pairs if room is services else self.options.pairs
        return max(1, round(count * setting.share))


class Log:
    """Pairs by (setting, figure)."""

    def __init__(self):
        self.pairs = {}
        self.said = {}

    def add(self, setting, start, before, after):
        for figure in before:
            self.pairs.setdefault((setting.name, figure), []).append(
                (start, before[figure], after[figure]))

    def listen(self, process):
        if process.sampler:
            self.said.setdefault(process.setting.name, []).append(process.sampler.says())

    def says(self, work):
        """Medians of what the samplers said of themselves after each round."""
        for name, found in self.said.items():
            yield {"work": work, "setting": name, **{
                key: statistics.median(said[key] for said in found)
                if found[0][key] is not None else None for key in settings.SAYS}}

    def rows(self, work, figures):
        for setting in settings.SETTINGS:
            for name, (_, worse) in {**figures, "peak_rss_mib": ("", True)}.items():
                found = self.pairs.get((setting.name, name))
                compare = pairs.difference if name == "peak_rss_mib" else pairs.ratio
                if found:
                    yield {"work": work, "setting": setting.name, "figure": name,
                           "unit": document.UNITS[name], "more_is_worse": worse,
                           **pairs.summary(found, compare, worse)}


def _process_of(room):
    return services.Shop if room is services else programs.Program


def _pair(plain, other, options, lot, seed):
    """(figures without, figures with), the first one drawn by lot."""
    found = {}
    for process in lot.sample((plain, other), 2):
        found[process] = process.measure(options, seed)
    return found[plain], found[other]


def _measure_start(work, room, plan, lot, start, log):
    options = plan.options
    with contextlib.ExitStack() as stack:
        kind = _process_of(room)
        started = {setting.name: stack.enter_context(kind(plan.bench, work, setting, start))
                   for setting in lot.sample((settings.plain(), *plan.settings),
                                             len(plan.settings) + 1)}
        plain = started[settings.plain().name]
        if room is services:
            plain.settle(options)
        for number in range(options.rounds):
            for setting in lot.sample(plan.settings, len(plan.settings)):
                other = started[setting.name]
                if setting.settles or number == 0:
                    other.settle(options)
                for _ in range(plan.pairs_of(setting, room)):
                    log.add(setting, start, *_pair(plain, other, options, lot, lot.getrandbits(20)))
                log.listen(other)
            _say(".", end="")
        for setting in plan.settings:
            log.add(setting, start, {"peak_rss_mib": plain.peak_rss_mib()},
                    {"peak_rss_mib": started[setting.name].peak_rss_mib()})


def _measure(plan, lot, paper):
    for work, room in plan.works if plan.settings else ():
        log = Log()
        _say(f"{work} ", end="")
        for start in range(plan.options.starts):
            _measure_start(work, room, plan, lot, start, log)
        paper.add(rows=list(log.rows(work, room.FIGURES)), says=list(log.says(work)))


def _turn(plan, lot, paper):
    if not plan.options.turns:
        return
    _say("turns ", end="")
    found = pythons.few(lambda _: True)[:1] if plan.options.quick else pythons.every()

    def done(rows, part):
        _say(".", end="")
        paper.add(**{part: rows})
    turns.measure(plan, lot, found, done, plan.options.again or turns.PARTS)


def _count(plan, paper):
    if not plan.counts_instructions():
        return
    _say("instructions ", end="")
    works = [work for work, _ in plan.works]
    paper.add(instructions=instructions.measure(
        plan, works[:1] if plan.options.quick else works, lambda _: _say(".", end="")))


# ---- the command ---------------------------------------------------------------------------------------

def _parser():
    parser = argparse.ArgumentParser(description="cost of the sampler, in pairs")
    names = [setting.name for setting in settings.SETTINGS]
    parser.add_argument("--work", nargs="*", default=list(_WORKS), choices=_WORKS)
    parser.add_argument("--setting", nargs="*", choices=names,
                        default=[s.name for s in settings.SETTINGS if not s.extra])
    parser.add_argument("--starts", type=int, default=3, help="of every process")
    parser.add_argument("--rounds", type=int, default=2, help="through the settings, of a start")
    parser.add_argument("--pairs", type=int, default=6, help="of a program, in a round")
    parser.add_argument("--service-pairs", type=int, default=4, help="of a service, in a round")
    parser.add_argument("--slice", type=float, default=0.1, help="seconds of a program in a pair")
    parser.add_argument("--settle", type=float, default=2.2,
                        help="seconds of load before its pairs, for what steers its cost")
    parser.add_argument("--requests", type=int, default=200, help="to a service in a pair")
    parser.add_argument("--no-instructions", dest="instructions", action="store_false")
    parser.add_argument("--no-turns", dest="turns", action="store_false")
    parser.add_argument("--count", type=float, default=1.0, help="share of operations to count")
    parser.add_argument("--python", default="/usr/bin/python3", help="the interpreter")
    parser.add_argument("--quick", action="store_true", help="only whether it works: 3 minutes")
    parser.add_argument("--seed", type=int, default=1, help="of the lots")
    parser.add_argument("--again", nargs="+", choices=turns.PARTS,
                        help="measure only these parts of the output anew, and keep the others")
    parser.add_argument("-o", "--output", default="bench.json")
    return parser


def _arguments():
    parser = _parser()
    options = parser.parse_args()
    if options.quick:       # what is given explicitly still counts
        parser.set_defaults(**_QUICK)
        options = parser.parse_args()
    python = shutil.which(options.python)
    if python is None:
        parser.error(f"no interpreter {options.python}")
    options.python = os.path.abspath(python)
    return options


def _is_complete(options):
    defaults = _parser().parse_args([])
    same = ("work", "setting", "instructions", "turns", "count")
    least = ("starts", "rounds", "pairs", "service_pairs", "slice", "settle", "requests")
    return all(getattr(options, name) == getattr(defaults, name) for name in same) and \
        all(getattr(options, name) >= getattr(defaults, name) for name in least)


class _Paper:
    """The document, written as soon as there is something new to it."""

    def __init__(self, options, absent):
        shown = {name: value for name, value in vars(options).items()
                 if name not in ("output", "python", "again")}
        self._path, self._steal, self._began_s = options.output, document.Steal(), time.time()
        self._found = {
            "schema": document.SCHEMA, "at": self._began_s, "seconds": 0, "complete": False,
            "machine": document.machine(options.python), "options": shown, "absent": absent,
            "rows": [], "says": [], "samples_ns": [], "turns": [], "all_turns": [],
            "instructions": None}

    def begin_again(self, parts):
        """Goes on with what was measured before, but for these parts."""
        self._found = document.read(self._path)
        self._found.update({part: [] for part in parts})

    def add(self, instructions=None, **parts):
        for name, rows in parts.items():
            self._found[name] += rows
        self._found["instructions"] = instructions or self._found["instructions"]
        self._found["seconds"] = max(self._found["seconds"], time.time() - self._began_s)
        if instructions is None:    # counting keeps the machine busy, and nothing is timed then
            self._found["machine"]["steal_percent"] = self._steal.percent()
        document.write(self._path, self._found)
        _say(f" {self._found['seconds'] / 60:.1f} min" if parts or instructions else "")

    def is_complete(self):
        self._found["complete"] = True
        document.write(self._path, self._found)


def _run(options, folder):
    plan = Plan(options, settings.Bench(options.python, folder))
    paper = _Paper(options, plan.absent)
    lot = random.Random(options.seed)
    if options.again:
        paper.begin_again(options.again)
        _turn(plan, lot, paper)
        return
    _measure(plan, lot, paper)
    _say("samples", end="")
    paper.add(samples_ns=sample_time.measure(plan, lot))
    _turn(plan, lot, paper)
    _count(plan, paper)
    if _is_complete(options):
        paper.is_complete()


def main():
    raise_on_signals()
    options = _arguments()
    with tempfile.TemporaryDirectory(prefix="leaktop-bench-") as folder:
        _run(options, folder)
    report.show(document.read(options.output))
    print(f"written: {os.path.abspath(options.output)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
