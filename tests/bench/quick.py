#!/usr/bin/python3
"""quick.py - whether make bench works: a short run, and the form of what it writes.

What it measured is not looked at: a test that fails on a busy machine is no test.
"""
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "apps"), HERE]
import document  # noqa: E402
import settings  # noqa: E402
import table  # noqa: E402
from service import PYTHON  # noqa: E402


def main():
    if not os.access(PYTHON, os.X_OK):
        print(f"SKIP: needs {PYTHON}")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "bench.json")
        subprocess.run([sys.executable, os.path.join(HERE, "bench.py"), "--quick", "-o", path],
                       check=True)
        found = document.read(path)
    measured = {(row["work"], row["setting"]) for row in found["rows"]}
    for work in ("json", "objects", "mix", "threads"):
        for setting in ("nothing", "sampler", "sampler-paused", "tracemalloc-25"):
            assert (work, setting) in measured, f"{work} under {setting} was not measured"
    assert not found["complete"], "a short run is no measurement"
    absent = {row["what"] for row in found["absent"]}
    for setting in settings.SETTINGS:
        assert setting.extra or setting.words in absent or ("json", setting.name) in measured, \
            f"{setting.name} is neither measured nor named as absent"
    assert found["turns"] or settings.BY_NAME["hook"].words in absent
    if "instructions" not in absent:
        assert found["instructions"]["works"] and found["instructions"]["samples"]
    assert len(table.render(found)) > 20
    return 0


if __name__ == "__main__":
    sys.exit(main())
