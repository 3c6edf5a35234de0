"""instructions.py - what the hooks take in instructions: of works, of hooks, of one sample."""
import concurrent.futures
import functools
import os
import re
import shutil

import callgrind
import settings

WORKS = ("json", "objects", "templates", "mix")
_OPERATIONS = {"json": 20, "objects": 20, "templates": 30, "mix": 20,
               "blocks": 200, "native-blocks": 200}
_SETTINGS = ("hook", "sampler", "sampler-128K", "tracemalloc-1")
_HOOK = re.compile(r"(obj|mem|raw|hook)_(\w+_)?(malloc|calloc|realloc|free)$")
_CALLS_MIN = 100        # per operation
# Under valgrind a second is not a second: a sampler which steers its cost would see phantoms.
_STEADY = {"LEAKTOP_BUDGET": "0"}
_NEVER = {**_STEADY, "LEAKTOP_INTERVAL": "1G"}
_OFTEN = {**_STEADY, "LEAKTOP_INTERVAL": "16K"}
_NO_NATIVE = {"LEAKTOP_NATIVE": "off"}


def absent():
    return None if shutil.which("valgrind") else "needs valgrind"


def _works(count, works, measured):
    plain = {work: count(work, settings.plain(), {}) for work in works}
    under = {(work, setting.name): count(work, setting, _STEADY)
             for work in works for setting in measured if setting.name in _SETTINGS}
    return plain, under


def _work_rows(plain, under):
    return [{"work": work, "setting": name, "without": plain[work].result().per_operation,
             "with": run.result().per_operation,
             "ratio": run.result().per_operation / plain[work].result().per_operation}
            for (work, name), run in under.items()]


def _hook_rows(runs):
    """The hooks of the sampler themselves, without what they pass on to; RUNS: (work, future)."""
    for work, run in runs:
        for function, found in sorted(run.result().functions.items()):
            calls = found.calls / run.result().operations
            if _HOOK.match(function) and calls >= _CALLS_MIN:
                yield {"work": work, "hook": function, "calls_per_operation": calls,
                       "instructions_per_call": found.own / found.calls}


def _samples(count, bench):
    """(work, frames, never due, often due): the latter two futures."""
    sampler = settings.BY_NAME["sampler"]
    kinds = [("blocks", "30 frames of Python", _NO_NATIVE)]
    if not bench.absent(settings.BY_NAME["sampler-python"]):
        library, _ = bench.library("native_blocks")
        native = {"BENCH_NATIVE_BLOCKS": library or ""}
        kinds += [("native-blocks", "30 frames of Python and 30 native",
                   {**native, "LEAKTOP_NATIVE": "stacks"}),
                  ("native-blocks", "30 frames of Python, of native memory",
                   {**native, "LEAKTOP_NATIVE": "python"})] if library else []
    return [(work, words, count(work, sampler, {**_NEVER, **more}),
             count(work, sampler, {**_OFTEN, **more})) for work, words, more in kinds]


def _sample_rows(samples):
    for _, words, never, often in samples:
        extra = often.result().total - never.result().total
        taken = often.result().samples - never.result().samples
        if taken > often.result().operations:       # there are several in each
            yield {"frames": words, "samples": taken, "instructions": extra / taken}


def measure(plan, works, done):
    """The part "instructions" of the document; DONE is called now and then.

    Instructions do not mind the company, so every processor counts.
    """
    bench = plan.bench
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        def count(work, setting, environment):
            operations = max(1, round(_OPERATIONS[work] * plan.options.count))
            future = pool.submit(functools.partial(
                callgrind.count, bench, work, operations, setting, environment))
            future.add_done_callback(done)
            return future
        with_sampler = settings.BY_NAME["sampler"] in plan.settings
        samples = _samples(count, bench) if with_sampler else []
        plain, under = _works(count, [w for w in works if w in WORKS], plan.settings)
        hooks = [(work, run) for (work, name), run in under.items() if name == "sampler"]
        hooks += list({work: (work, never) for work, _, never, _ in samples}.values())
        return {"works": _work_rows(plain, under), "hooks": list(_hook_rows(hooks)),
                "samples": list(_sample_rows(samples))}
