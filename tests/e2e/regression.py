#!/usr/bin/python3
"""regression.py [LABEL|VERSION|MINOR]... - Python's own tests, with and without the sampler.

The claim is not that they pass here, but that leaktop changes nothing about it: each test has
to end alike.  Without arguments the interpreters are those of tests/sampler/pythons.py's few.
LK_TEST_LONG in the environment: more of the tests.
"""
import concurrent.futures
import os
import re
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402
from service import die_with_parent, raise_on_signals  # noqa: E402
sys.path.insert(0, str(harness.ROOT / "sampler"))
import host  # noqa: E402

# Of memory, the collector, threads, processes, asyncio and ctypes; an interpreter is asked for
# those that it ships.
_TESTS = ["test_gc", "test_capi.test_mem", "test_memoryview", "test_tracemalloc", "test_mmap",
          "test_dict", "test_list", "test_thread", "test_threading", "test_threading_local",
          "test_fork1", "test_subprocess", "test_posix", "test_atexit", "test_ctypes",
          "test_asyncio.test_base_events", "test_asyncio.test_unix_events",
          "test_asyncio.test_subprocess", "test_asyncio.test_runners"]
_MORE_TESTS = ["test_capi", "test_weakref", "test_sys", "test_os", "test_signal", "test_exceptions",
               "test_generators", "test_coroutines", "test_frame", "test_faulthandler",
               "test_concurrent_futures", "test_multiprocessing_fork", "test_asyncio.test_tasks",
               "test_asyncio.test_events", "test_interpreters", "test_sqlite3", "test_zlib"]
_TIMEOUT_S = 180    # of one module: a hang is a difference too
_TRIES = 3          # of a test that differs: some have deadlines that a busy machine misses

# Tests that may end otherwise, by a pattern of "VERSION NAME", and why that is right.
_LISTS = "a child that lists its descriptors finds those of the sampler that it has, too"
_LOWEST = "a new descriptor takes the lowest free number until it is moved, here that of stdin"
_PRELOAD = "it skips itself where LD_PRELOAD is set"
_KNOWN = {
    "test_subprocess.POSIXProcessTestCase.test_close_fds": _LISTS,
    "test_subprocess.POSIXProcessTestCase.test_pass_fds": _LISTS,
    "test_subprocess.POSIXProcessTestCase.test_pipe_cloexec": _LISTS,
    "test_subprocess.POSIXProcessTestCase.test_vfork_used_when_expected": _PRELOAD,
    r"^3\.12\.[01] .*ThreadJoinOnShutdown.test_3_join_in_forked_from_thread":
        "refuses a thread once the main thread is at its end, which it is when the fork comes later",
    "test_posix.TestPosixSpawn.test_close_file": _LOWEST,
    "test_posix.TestPosixSpawnP.test_close_file": _LOWEST,
}

_PRESENT = """
import importlib.util, sys
def is_there(name):
    try:
        return importlib.util.find_spec("test." + name) is not None
    except ImportError:
        return False
import test.support
print(*filter(is_there, sys.argv[1:]))
"""


def _outcomes_of(report):
    """test -> how it ended, of regrtest's report; a test that is run twice counts as one."""
    ended = {}
    for case in xml.etree.ElementTree.parse(report).iter("testcase"):
        kinds = {child.tag for child in case} & {"failure", "error", "skipped"}
        ended[case.get("name")] = kinds.pop() if kinds else "ok"
    return ended


def _run(prefix, python, tests, *options):
    """(test -> how it ended, the output); the run itself is one of them"""
    with tempfile.TemporaryDirectory(prefix="leaktop-e2e-") as folder:
        report = os.path.join(folder, "report.xml")
        run = subprocess.run(
            [*prefix, python.path, "-m", "test", "--timeout", str(_TIMEOUT_S), "--junit-xml",
             report, *options, *tests], cwd=folder, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
            env={**os.environ, "LEAKTOP_DIR": folder}, check=False, preexec_fn=die_with_parent)
        ended = _outcomes_of(report) if os.path.exists(report) else {}
    for name, how in re.findall(r"(test_\S+) (skipped|crashed)", run.stdout):
        ended[name] = how
    ended["regrtest"] = "ok" if run.returncode >= 0 and ended else f"exit code {run.returncode}"
    return ended, run.stdout


def _differing(without, under):
    return sorted(name for name in {**without, **under} if without.get(name) != under.get(name))


def _module_of(name, tests):
    return next((test for test in tests if f"test.{test}." in f"{name}."
                 or name.startswith(test)), None)


def _ends_alike(name, python, tests, seen):
    """Whether the test ended alike once in some more tries; seen is (without, with)."""
    module = _module_of(name, tests)
    if module is None or name == module:
        return False
    for _ in range(_TRIES):
        for prefix, ends in zip(([], harness.under_leaktop()), seen):
            ends.add(_run(prefix, python, [module], "-m", name)[0].get(name))
        if seen[0] & seen[1]:
            return True
    return False


def _compare(python):
    """Raises AssertionError if Python's tests tell that the sampler is there."""
    long = _MORE_TESTS if host.LONG else []
    probe = subprocess.run([python.path, "-c", _PRESENT, *_TESTS, *long], check=False,
                           stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    tests = probe.stdout.split()
    if not tests:
        raise harness.Skipped("python's own tests: libpython3.X-testsuite")
    with concurrent.futures.ThreadPoolExecutor(1) as beside:
        plain = beside.submit(_run, [], python, tests)
        under, output = _run(harness.under_leaktop(), python, tests)
        without, _ = plain.result()
    assert without["regrtest"] == "ok", f"no report without the sampler: {without}"
    wrong = []
    for name in _differing(without, under):
        words = f"{name}: {without.get(name)} without, {under.get(name)} with"
        known = next((why for pattern, why in _KNOWN.items()
                      if re.search(pattern, f"{python.version} {name}")), None)
        if known:
            print(f"      known: {words}: {known}")
        elif _ends_alike(name, python, tests, ({without.get(name)}, {under.get(name)})):
            print(f"      not always: {words}")
        else:
            wrong.append(words)
    if wrong:
        print(output[-6000:])
        raise AssertionError("; ".join(wrong))
    kinds = list(without.values())
    return " ".join(f"{kinds.count(kind)} {kind}" for kind in sorted(set(kinds)))


def _test():
    failed, skipped = 0, []
    chosen = host.supported(*sys.argv[1:])
    for python in chosen:
        began = time.monotonic()
        try:
            words = _compare(python)
            print(f"ok    {python.label} {time.monotonic() - began:.0f} s the same: {words}",
                  flush=True)
        except harness.Skipped as why:
            skipped.append(str(why))
            print(f"skip  {python.label}: needs {why}", flush=True)
        except AssertionError as why:
            failed += 1
            print(f"FAIL  {python.label}: {why}", flush=True)
    if skipped and len(skipped) == len(chosen):
        raise harness.Skipped(skipped[0])
    return 1 if failed else 0


if __name__ == "__main__":
    raise_on_signals()
    sys.exit(harness.main(_test))
