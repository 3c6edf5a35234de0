"""turns.py - what hooks cost by themselves: the same process with them and without, by turns.

Two processes never have the same luck with addresses; one process has it with every kind of hook
alike, and so a few tenths of a per cent can be seen.  One interpreter of each minor on this machine:
how much of an allocator is inlined around the table of its functions, and lost where a hook is in it,
differs from build to build.  No hook can avoid that share, and so empty ones stand beside leaktop's:
on malloc and free, and where leaktop's are.  Nothing is sampled meanwhile; a sample is sample_time's.
"""
import os
import statistics

import pairs
import programs
import settings

WORKS = ("json", "objects", "mix")
HOOKS = ("empty", "empty-same", "leaktop")
_EMPTY = {"empty": 1, "empty-same": 2}      # empty_hook.c's numbers
_COUNTING = 3
_ENDS = 3           # hooks that stay where a block was sampled even so, and lives
_MINORS = [f"3.{minor}" for minor in range(8, 16)]
_ROUNDS = 100
_SLICE_S = 0.006
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


def _one_of_each_minor(pythons):
    """The system's own, else a static release build; the free-threaded have no table like this."""
    chosen = {}
    for python in pythons:
        if python.debug or python.threaded or python.minor not in _MINORS:
            continue
        old = chosen.get(python.minor)
        if old is None or python.source == "system" or old.shared and not python.shared:
            chosen[python.minor] = python
    return chosen.values()


def measure(plan, lot, pythons, done):
    """The part "turns" of the document, a minor at a time; DONE: called after each with it."""
    if plan.bench.absent(settings.BY_NAME["sampler-full"]) or \
            plan.bench.library("empty_hook")[1]:
        return
    rounds = max(2, round(_ROUNDS * plan.options.count))
    for python in _one_of_each_minor(pythons):
        folder = os.path.join(plan.bench.folder, python.label)
        os.mkdir(folder, 0o700)
        bench = settings.Bench(python.path, folder)
        done([row for work in WORKS for row in _rows(bench, python.label, work, rounds, lot)])
