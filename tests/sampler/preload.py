#!/usr/bin/python3
"""preload.py - allocators that are not CPython's usual ones, and its JIT: data stay right.

jemalloc and tcmalloc are preloaded beside the sampler; mimalloc and the JIT are those of builds
that have them.
"""
import glob
import os
import subprocess
import sys

import host
import modes

_LIBRARIES = ("libjemalloc.so.2", "libtcmalloc_minimal.so.4")


def _is_here(library):
    return bool(glob.glob(f"/usr/lib/*/{library}") + glob.glob(f"/usr/lib/{library}"))


def _runs(python, code, **environment):
    return subprocess.run([python, "-c", code], stdout=subprocess.DEVNULL, check=False,
                          stderr=subprocess.DEVNULL, env={**os.environ, **environment}).returncode == 0


def _preloaded(python, library):
    """Under a library: as it is, without pymalloc above it, with tracemalloc above both; and
    whichever of the two comes first."""
    hashes = host.is_free_threaded(python)
    after, before = f"{host.SAMPLER}:{library}", f"{library}:{host.SAMPLER}"
    yield {"LD_PRELOAD": after}, (), "hash" if hashes else "slots"
    yield {"LD_PRELOAD": before}, ("-X", "tracemalloc=3"), "hash"
    if not hashes:
        yield {"LD_PRELOAD": before, "PYTHONMALLOC": "malloc"}, (), "hash"


def data_are_right_on_other_mallocs(python):
    samples = {}
    for library in filter(_is_here, _LIBRARIES):
        with host.Host(python, "say('ready'); wait()",
                       LD_PRELOAD=f"{host.SAMPLER}:{library}") as target:
            target.hear("ready")
            with open(f"/proc/{target.pid}/maps", encoding="utf-8") as maps:
                assert library in maps.read(), f"{library} was not loaded: {target.errors()}"
            target.end()
        samples[library] = [modes.stress(python, *row) for row in _preloaded(python, library)]
    return samples or f"needs {' or '.join(_LIBRARIES)}"


def data_are_right_on_mimalloc(python):
    kinds = [kind for kind in ("mimalloc", "mimalloc_debug")
             if _runs(python, "pass", PYTHONMALLOC=kind)]
    return [modes.stress(python, {"PYTHONMALLOC": kind}, (), "hash") for kind in kinds] \
        or "not in this build"


def data_are_right_under_the_jit(python):
    if not _runs(python, "import sys; sys.exit(not sys._jit.is_enabled())", PYTHON_JIT="1"):
        return "not in this build"
    return [modes.stress(python, {"PYTHON_JIT": "1", **environment}, (), mode)
            for environment, mode in (({}, "slots"), ({"PYTHONMALLOC": "malloc"}, "hash"))]


if __name__ == "__main__":
    sys.exit(host.run((data_are_right_on_other_mallocs, data_are_right_on_mimalloc,
                       data_are_right_under_the_jit)))
