#!/usr/bin/env python3
"""libraries.py - memory that well-known libraries take by themselves is the first row of
`leaktop -b --json`, under the Python line that caused it: numpy's buffers, trees of libxml2,
tables of sqlite, contexts of OpenSSL; and zlib's, which Python's module takes from Python's own
allocator, counted once, there."""
import importlib.util
import json
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from harness import (PYTHON, Skipped, ask_leaktop, main, socket_path, under_leaktop,  # noqa: E402
                     wait_until)

# name: (module, Debian's package, set-up, the line that leaks, native bytes of one turn or None)
LIBRARIES = {
    "numpy": ("numpy", "python3-numpy", "import numpy", "kept.append(numpy.arange(20000))", 160000),
    "lxml": ("lxml", "python3-lxml", "from lxml import etree; text = b'<a>' + b'<b x=\"1\">text</b>'"
             " * 1500 + b'</a>'", "kept.append(etree.fromstring(text))", None),
    "sqlite": ("sqlite3", "python3", "import sqlite3; db = sqlite3.connect(':memory:');"
               " db.execute('create table t(x)')",
               "db.execute('insert into t values(?)', ('y' * 150000,))", 150000),
    "openssl": ("ssl", "python3", "import ssl, _ssl",
                "kept.append(_ssl._SSLContext(ssl.PROTOCOL_TLS_CLIENT))", None),
    "zlib": ("zlib", "python3", "import zlib", "kept.append(zlib.compressobj())", 0),
}
TURNS = 200
TARGET = """
import os, sys
{setup}
kept = []
def cause(turns):
    for _ in range(turns):
        {line}
print(os.getpid(), flush=True)
for line in sys.stdin:
    cause(int(line))
    print("took", flush=True)
"""


def take(process, turns):
    process.stdin.write(f"{turns}\n")
    process.stdin.flush()
    assert process.stdout.readline() == "took\n", "the target has ended"


def first_row(folder, pid):
    frame = json.loads(ask_leaktop(folder, "-b", "--json", pid))
    assert frame["native"] in ("stacks", "off"), frame      # off: not looked at yet
    return frame["rows"][0] if frame["rows"] else None


def check_library(name, folder, process):
    bytes_each = LIBRARIES[name][4]

    def is_seen():      # what is loaded late is counted soon after
        take(process, 10)
        row = first_row(folder, process.pid)
        return row and row["function"] == "cause" and (
            bytes_each == 0 or row["native_live_bytes"] > 0)
    wait_until(is_seen, 30, "the library's memory")
    ask_leaktop(folder, "baseline", process.pid)
    take(process, TURNS)
    row = first_row(folder, process.pid)
    assert row["function"] == "cause" and not row["native"], row
    if bytes_each == 0:
        assert row["native_live_bytes"] == 0, row
    else:
        assert row["native_live_bytes"] > 0.5 * row["live_bytes"], row
    if bytes_each:
        off = abs(row["delta_bytes"] - TURNS * bytes_each)
        # rows of sqlite have pages around them
        assert off <= 3 * row["delta_error_bytes"] + 0.1 * TURNS * bytes_each, row
    print(f"PASS {name}: {row['delta_bytes'] / 1e6:.1f} MB under cause(), "
          f"{row['native_live_bytes'] / row['live_bytes']:.0%} of it native")


def run_library(name):
    module, package, setup, line, _ = LIBRARIES[name]
    if importlib.util.find_spec(module) is None and subprocess.run(
            [PYTHON, "-c", f"import {module}"], check=False, stderr=subprocess.DEVNULL).returncode:
        raise Skipped(package)
    with tempfile.TemporaryDirectory(prefix="leaktop-libraries-") as folder:
        target = os.path.join(folder, "target.py")
        pathlib.Path(target).write_text(TARGET.format(setup=setup, line=line), encoding="utf-8")
        with subprocess.Popen([*under_leaktop("--interval", "64K"), PYTHON, target],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                              env={**os.environ, "LEAKTOP_DIR": folder}) as process:
            try:
                process.stdout.readline()
                wait_until(lambda: os.path.exists(socket_path(folder, process.pid)), 20,
                           "the sampler")
                check_library(name, folder, process)
            finally:
                process.kill()


def test():
    for name in sys.argv[1:] or LIBRARIES:
        run_library(name)
    return 0


if __name__ == "__main__":
    sys.exit(main(test))
