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
               "blocks": 200, "blocks-native": 200}
_SETTINGS = ("hook", "sampler", "sampler-128K", "tracemalloc-1")
_HOOK = re.compile(r"(obj|mem|raw)_(\w+_)?(malloc|calloc|realloc|free)$")
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


def _hook_rows(under):
    """The hooks of the sampler themselves, without what they pass on to."""
    for (work, name), run in under.items():
        if name != "sampler":
            continue
        for function, found in sorted(run.result().functions.items()):
            calls = found.calls / run.result().operations
            if _HOOK.match(function) and calls >= _CALLS_MIN:
                yield {"work": work, "hook": function, "calls_per_operation": calls,
                       "instructions_per_call": found.own / found.calls}


def _samples(count, bench):
    """Futures of (frames, setting, never due, often due)."""
    sampler = settings.BY_NAME["sampler"]
    kinds = [("blocks", "30 frames of Python", _NO_NATIVE),
             ("blocks-native", "30 frames of Python through C", _NO_NATIVE)]
    if bench.absent(settings.BY_NAME["sampler-python"]) is None:
        kinds.append(("blocks-native", "30 frames of Python through C, and those of C", {}))
    return [(words, count(work, sampler, {**_NEVER, **more}),
             count(work, sampler, {**_OFTEN, **more})) for work, words, more in kinds]


def _sample_rows(samples):
    for words, never, often in samples:
        extra = often.result().total - never.result().total
        if often.result().samples > never.result().samples:
            taken = often.result().samples - never.result().samples
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
        return {"works": _work_rows(plain, under), "hooks": list(_hook_rows(under)),
                "samples": list(_sample_rows(samples))}
