"""turns.py - what sampling costs: the same process with it and without, by turns.

Two processes never have the same luck with addresses; one process has it with every setting alike,
and so a few tenths of a per cent can be seen.

Hooks alone, on one interpreter of each minor on this machine: how much of an allocator is inlined
around the table of its functions, and lost where a hook is in it, differs from build to build.  No
hook can avoid that share, and so empty ones stand beside leaktop's: on malloc and free, and where
leaktop's are.  Nothing is sampled meanwhile; a sample is sample_time's.

All of leaktop, under the system's own Python and the newest one here, and under the services: resumed
and paused, with all of its threads; at full duty, and with its budget.  Who steers by the load of its
process would be misled by the pauses: what its governor chooses under this work is looked up first,
and held.
"""
import os
import statistics
import time

import customers
import pairs
import programs
import pythons
import services
import settings

PARTS = ("turns", "all_turns")      # of the document
WORKS = ("json", "objects", "mix", "threads")
_HOOKED = ("json", "objects", "mix")
HOOKS = ("empty", "empty-same", "leaktop")
_EMPTY = {"empty": 1, "empty-same": 2}      # empty_hook.c's numbers
_COUNTING = 3
_ENDS = 3           # hooks that stay where a block was sampled even so, and lives
_MINORS = [f"3.{minor}" for minor in range(8, 16)]
_ROUNDS = 100
_SLICE_S = 0.006
_ALL_SLICE_S = 0.4      # ten slots of the duty
_SETTLE_S = 12
_CHOICE_S = 25          # the governor begins after five, and gives back a step each three
_NEVER = {"LEAKTOP_BUDGET": "0", "LEAKTOP_NATIVE": "off", "LEAKTOP_INTERVAL": "1G"}


class _Program(programs.Program):
    """A worker whose hooks are put in and taken out."""

    def _put(self, hooks):
        """HOOKS and no others; "out": none."""
        if hooks != "leaktop":
            self.sampler.ask(op="pause")
        self.ask("hooks", _EMPTY.get(hooks, 0))
        if hooks == "leaktop":
            self.sampler.ask(op="resume")
        elif self.sampler.says()["hooks"] > _ENDS:
            raise SystemExit("bench: paused, and hooks are in")

    def turn(self, hooks):
        """Processor time of an operation in nanoseconds."""
        self._put(hooks)
        self.ask("run", 0)      # one operation: the processor has to learn the new way
        took = self.ask("run", _SLICE_S)
        self.ask("hooks", 0)
        return 1e9 * took["thread_s"] / took["operations"]

    def calls(self):
        """How often an operation calls what leaktop hooks in MEM and OBJ."""
        self._put("out")
        self.ask("hooks", _COUNTING)
        operations = self.ask("run", _SLICE_S)["operations"]
        return self.ask("hooks", 0)["calls"] / operations


def _rows(bench, name, work, rounds, lot):
    setting = settings.BY_NAME["sampler-full"]._replace(
        environment={**_NEVER, "BENCH_EMPTY_HOOK": bench.library("empty_hook")[0]})
    with _Program(bench, work, setting, 0) as program:
        calls = program.calls()
        found = {hooks: [] for hooks in ("out", *HOOKS)}
        for _ in range(rounds):
            for hooks in lot.sample(list(found), len(found)):
                found[hooks].append(program.turn(hooks))
    for hooks in HOOKS:
        both = list(zip(found["out"], found[hooks]))
        yield {"python": name, "work": work, "hooks": hooks, "pairs": rounds,
               "calls_per_operation": calls,
               "change": pairs.spread([after / before for before, after in both]),
               "ns_per_call": statistics.median(after - before for before, after in both) / calls}


# ---- all of it ----------------------------------------------------------------------------------------

class _Both:
    """A program or a service whose sampler is paused and resumed."""

    def _pause(self, paused):
        self.sampler.ask(op="pause" if paused else "resume")

    def pair(self, paused_both, lot):
        """{figure: resumed / paused}"""
        found = {False: [], True: []}
        for _ in range(self.TURNS):
            for resumed in lot.sample((False, True), 2):
                self._pause(not resumed or paused_both)
                found[resumed].append(self.turn())
        return {figure: sum(turn[figure] for turn in found[True]) /
                sum(turn[figure] for turn in found[False]) for figure in found[True][0]}


class _All(_Both, programs.Program):
    ROUNDS, TURNS = 20, 1

    def turn(self):
        self.ask("run", 0)
        took = self.ask("run", _ALL_SLICE_S)
        return {"cpu": took["cpu_s"] / took["operations"]}

    def load(self, seconds):
        self.warm(seconds)


class _Shop(_Both, services.Shop):
    """By one customer, who asks for the same pages each time: four share them by chance.  In short
    turns, as the machine's own noise drifts within a second."""
    ROUNDS, TURNS = 40, 8
    _REQUESTS = 50

    def __enter__(self):
        super().__enter__()
        self._customer = customers.Regular(self.port, self._REQUESTS)
        return self

    def __exit__(self, *why):
        self._customer.stop()
        super().__exit__(*why)

    def turn(self):
        before_ns = services.cpu_ns(self.pid)
        result = self._customer.ask()
        if result["wrong"]:
            raise SystemExit(f"bench: wrong answers: {result['examples']}")
        return {"cpu": services.cpu_ns(self.pid) - before_ns,
                "time": self._REQUESTS / result["requests_per_s"]}

    def load(self, seconds):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.turn()


def _chosen(kind, bench, work):
    """What the governor chooses under this work: the environment that holds it."""
    with kind(bench, work, settings.BY_NAME["sampler"], 0) as program:
        program.load(_CHOICE_S)
        says = program.sampler.says()
    return {"LEAKTOP_BUDGET": "0", "LEAKTOP_DUTY": f"{says['duty'] or 1:g}",
            "LEAKTOP_INTERVAL": str(says["interval_bytes"])}, says


def _all_rows(kind, bench, name, work, share, lot):
    rounds = max(2, round(kind.ROUNDS * share))
    held, says = _chosen(kind, bench, work)
    full = settings.BY_NAME["sampler-full"]
    for what, setting in (("full", full), ("budget", full._replace(environment=held))):
        with kind(bench, work, setting, 0) as program:
            program.load(_SETTLE_S)
            found = {each: [] for each in (("again", what) if what == "full" else (what,))}
            for _ in range(rounds):
                for each in lot.sample(list(found), len(found)):
                    found[each].append(program.pair(each == "again", lot))
        for each, both in found.items():
            chosen = says if each == "budget" else {"duty": 1, "interval_bytes": None}
            yield {"python": name, "work": work, "setting": each, "pairs": rounds,
                   "duty": chosen["duty"], "interval_bytes": chosen["interval_bytes"],
                   "change": pairs.spread([ratios["cpu"] for ratios in both]),
                   "requests_per_s": pairs.spread([1 / ratios["time"] for ratios in both])
                                     if "time" in both[0] else None}


# ---- where --------------------------------------------------------------------------------------------

def _one_of_each_minor(found):
    """The system's own, else a static release build; the free-threaded have no table like this."""
    chosen = {}
    for python in found:
        if python.debug or python.threaded or python.minor not in _MINORS:
            continue
        old = chosen.get(python.minor)
        if old is None or python.source == "system" or old.shared and not python.shared:
            chosen[python.minor] = python
    return [chosen[minor] for minor in _MINORS if minor in chosen]


def _bench_of(plan, python):
    folder = os.path.join(plan.bench.folder, python.label)
    os.mkdir(folder, 0o700)
    return settings.Bench(python.path, folder)


def _services(plan, lot):
    if plan.options.quick:
        return
    for work in services.WORKS:
        if not services.absent(work, plan.bench.python):
            label = next((p.label for p in pythons.every() if os.path.realpath(p.path) ==
                          os.path.realpath(plan.bench.python)), plan.bench.python)
            yield list(_all_rows(_Shop, plan.bench, label, work, plan.options.count, lot))


def measure(plan, lot, found, done, parts=PARTS):
    """PARTS of the document, on those of the interpreters FOUND, piece by piece: DONE is called with
    each piece and the name of its part."""
    if plan.bench.absent(settings.BY_NAME["sampler-full"]) or \
            plan.bench.library("empty_hook")[1]:
        return
    share = plan.options.count
    chosen = _one_of_each_minor(found)
    for rows in _services(plan, lot) if "all_turns" in parts else ():
        done(rows, "all_turns")
    for python in chosen:
        bench = _bench_of(plan, python)
        is_whole = python.source == "system" or python is chosen[-1]
        for work in WORKS if is_whole and "all_turns" in parts else ():
            done(list(_all_rows(_All, bench, python.label, work, share, lot)), "all_turns")
        if "turns" in parts:
            done([row for work in _HOOKED for row in
                  _rows(bench, python.label, work, max(2, round(_ROUNDS * share)), lot)], "turns")
