#!/usr/bin/python3
"""regression.py - Python's own tests of what the sampler touches, with and without it.

The claim is not that they pass here, but that leaktop changes nothing about it.
"""
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402
from service import die_with_parent, raise_on_signals  # noqa: E402

_TESTS = ["test_gc", "test_dict", "test_list", "test_threading", "test_fork1"]
_VERDICT = re.compile(r"\d+ tests? |All \d+ tests|Result:|Tests result:"
                      r"|test_\w+ (failed|skipped)")
_OPTIONS = ["--timeout", "60"]   # of one test: a hang is a difference too
_TRIES = 2      # test_threading has deadlines of its own, which a busy machine can miss


def _verdict(text):
    """The lines that count, without times and seeds."""
    return [line.strip() for line in text.splitlines() if _VERDICT.match(line.strip())]


def _outcome(prefix):
    """((exit code, verdict), whole output)"""
    with tempfile.TemporaryDirectory(prefix="leaktop-e2e-") as folder:
        run = subprocess.run([*prefix, harness.PYTHON, "-m", "test", *_OPTIONS, *_TESTS], cwd=folder,
                             env={**os.environ, "LEAKTOP_DIR": folder}, check=False,
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, errors="replace",
                             preexec_fn=die_with_parent)
    return (run.returncode, _verdict(run.stdout)), run.stdout


def _test():
    probe = subprocess.run([harness.PYTHON, "-c", "import test.test_dict, test.test_fork1"],
                           stderr=subprocess.DEVNULL, check=False)
    if probe.returncode:
        raise harness.Skipped("libpython3.11-testsuite")
    for _ in range(_TRIES):
        without, _ = _outcome([])
        under, output = _outcome(harness.under_leaktop())
        assert without[1], "no verdict in the output of the tests"
        if without == under:
            print(f"the same with and without: {without}")
            return 0
        print(output[-6000:])
        print(f"without: {without}\nwith:    {under}")
    return 1


if __name__ == "__main__":
    raise_on_signals()
    sys.exit(harness.main(_test))
