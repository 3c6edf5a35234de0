"""sample_time.py - nanoseconds of one sample: the same blocks, many of them sampled and none.

Both halves of a pair run under the sampler; what differs is that in one every fifth block is
sampled.  How many are is known from the interval: 1 - exp(-size / interval) of all blocks.
"""
import contextlib
import math

import pairs
import programs
import settings
import works

_OFTEN_BYTES = 1024
_PAIRS = 15
_SETTLE_S = 2.5     # a sampler looks for libraries of the program once a second


def _kinds(plan):
    yield "blocks", "30 frames of Python", {"LEAKTOP_NATIVE": "off"}
    library, _ = plan.bench.library("native_blocks")
    if library and not plan.bench.absent(settings.BY_NAME["sampler-python"]):
        native = {"BENCH_NATIVE_BLOCKS": library}
        yield "native-blocks", "30 frames of Python and 30 native", {
            **native, "LEAKTOP_NATIVE": "stacks"}
        yield "native-blocks", "30 frames of Python, of native memory", {
            **native, "LEAKTOP_NATIVE": "python"}


def _setting(interval, environment):
    return settings.BY_NAME["sampler"]._replace(
        settles=False,
        environment={"LEAKTOP_BUDGET": "0", "LEAKTOP_INTERVAL": interval, **environment})


def _measure(plan, lot, work, environment):
    sampled = works.BLOCKS * (1 - math.exp(-works.BLOCK_BYTES / _OFTEN_BYTES))
    options = plan.options
    with contextlib.ExitStack() as stack:
        never, often = (stack.enter_context(programs.Program(
            plan.bench, work, _setting(interval, environment), 0)) for interval in ("1G", "1K"))
        for program in (never, often):
            program.warm(_SETTLE_S)
        for _ in range(max(2, round(_PAIRS * options.count))):
            took = {program: program.measure(options, 0)["cpu_ms"]
                    for program in lot.sample((never, often), 2)}
            yield 1e6 * (took[often] - took[never]) / sampled


def measure(plan, lot):
    """The part "samples_ns" of the document."""
    if settings.BY_NAME["sampler"] not in plan.settings:
        return []
    found = [(words, list(_measure(plan, lot, work, environment)))
             for work, words, environment in _kinds(plan)]
    return [{"frames": words, "pairs": len(values), "change": pairs.spread(values)}
            for words, values in found]
