"""documents.py - snapshots for the tests of export, and what leaktop makes of them."""
import json
import os
import subprocess
import sys
import tempfile

BUILD = os.environ.get("top_builddir", os.getcwd())
LEAKTOP = os.environ.get("LEAKTOP", os.path.join(BUILD, "leaktop"))
EXPORTER = os.path.join(BUILD, "tests", "unit", "export_dummy")

# Each would do harm if it reached a page, a line or a terminal as it is.
HOSTILE = [
    "</script><script>document.title='taken over'</script>",
    "<img src=x onerror=\"document.title='taken over'\">",
    "<!--<script>",
    "&lt;b&gt; & ' \" \\ ]]>",
    "a;b;c 7",
    "two\nlines\r and\ta tab",
    "\x1b[2J\x1b]0;taken over\x07",
    "\u202eevil\u2066 \u2028\u2029\u200b\ufeff",
    "\x80\x9b31m",
    "x" * 10000,
    "__proto__",
    "",
]


def stack(number, frames, live, **more):
    """frames: (function, file, line) from inside out."""
    return dict({
        "id": number, "domain": "obj", "thread": "MainThread",
        "frames": [{"function": f, "file": p, "line": n, "native": False} for f, p, n in frames],
        "live_bytes": live, "allocated_bytes_total": 3 * live, "allocated_objects_total": 30,
        "allocated_samples": 3,
        "born": [{"baseline": 0, "samples": 1, "bytes": live, "objects": 10, "variance": live}],
    }, **more)


def snapshot(stacks, **more):
    return dict({
        "schema": "leaktop.snapshot/1", "taken_at": 1700000000, "host": "web-3",
        "process": {"pid": 41207, "command": "python3 -m shop", "python": "3.11.2"},
        "sampler": {"state": "sampling", "started_at": 1699990000, "interval_bytes": 524288},
        "stacks": stacks,
    }, **more)


def hostile():
    """Every name of a process is one of HOSTILE."""
    stacks = [stack(i + 1, [(name, name, i), ("caller " + name, "f.py", 7), ("main", "m.py", 1)],
                    1000 * (i + 1), thread=name) for i, name in enumerate(HOSTILE)]
    name = HOSTILE[0]
    frozen = {"at": 1700000000, "complete": True}
    return snapshot(
        stacks, host=name,
        process={"pid": 1, "command": " ".join(HOSTILE), "python": name},
        types=[{"frozen": frozen, "rows": [
            {"type": text, "objects": 3, "bytes": 99} for text in HOSTILE]}],
        scan={"at": 1700000000, "complete": True, "by": "freeze"},
        containers=[{"address": "0x7f00", "type": text, "length": 9, "owner": text,
                     "keys": [], "values": [], "then": []} for text in HOSTILE],
        referrers=[{"name": name, "type": name, "frozen": frozen, "objects": 3, "bytes": 99,
                    "rows": [{"path": text, "objects": 1} for text in HOSTILE]}])


def many(count, depth=30):
    """COUNT stacks of 30 frames that share their outer ones, as those of a service do."""
    stacks = []
    for i in range(count):
        frames = [(f"leaf_{i % 700}", f"/srv/shop/module_{i % 90}.py", i % 997 + 1)]
        frames += [(f"step_{d}_{i // 3 ** min(d, 8)}", f"/srv/shop/layer_{d}.py", d + 1)
                   for d in range(1, depth)]
        stacks.append(stack(i + 1, frames, 4096 + i))
    return snapshot(stacks)


def write(folder, name, document):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(document, file)
    return path


def dummy(folder):
    """The path of a snapshot of the made-up process, with frozen heaps and native stacks."""
    path = os.path.join(folder, "dummy.json")
    subprocess.run([EXPORTER, path, "2", "30"], check=True)
    return path


def export(path, to, *arguments):
    said = subprocess.run([LEAKTOP, "export", path, "-o", to, *arguments], check=True,
                          capture_output=True, text=True)
    assert said.stdout == to + "\n" and said.stderr == "", said
    return to


def run(tests):
    """Runs each test_* of a suite's names, or those named on its command line, in a folder of its
    own."""
    wanted = sys.argv[1:]
    for name, test in sorted(tests.items()):
        if name.startswith("test_") and (not wanted or name in wanted):
            with tempfile.TemporaryDirectory() as folder:
                test(folder)
            print("ok", name)
