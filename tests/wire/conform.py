#!/usr/bin/env python3
"""conform.py - a real sampler says what the golden lines say, key for key and digit for digit.

Every golden request is sent to a Python that runs under `leaktop run`; every line that comes back
must have the keys of a golden line of its type, in that order, and numbers with as many decimals.
"""
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
LEAKTOP = os.path.abspath(os.environ.get("LEAKTOP", "leaktop"))
PYTHON = "/usr/bin/python3"
LINE_MAX = 256 << 10
TARGET = """
import os, sys
kept = {n: [n] * 50 for n in range(20000)}
print(os.getpid(), flush=True)
sys.stdin.read()
"""
TYPES = {"hello", "reply", "names", "live", "tick", "baselines", "baseline", "history", "trends",
         "memory", "containers", "events", "frozen", "cycles", "uncollectable", "types",
         "referrers"}


class Real(str):
    """A number with a point, as it was spelled."""


def _pairs(pairs):
    keys = [key for key, _ in pairs]
    assert len(keys) == len(set(keys)), f"a key twice: {keys}"
    return dict(pairs)


def parse(line):
    return json.loads(line, parse_float=Real, object_pairs_hook=_pairs)


def merge(shapes):
    """The shapes of a list's elements as one: None where there is no element."""
    found = {json.dumps(shape): shape for shape in shapes}
    return list(found.values())


def shape(value):
    """Keys in order, kinds of numbers, and what lists hold."""
    if isinstance(value, dict):
        return {key: shape(one) for key, one in value.items()}
    if isinstance(value, list):
        return merge(shape(one) for one in value)
    if isinstance(value, Real):
        return f"{len(value.partition('.')[2])} decimals"
    return type(value).__name__


def fits(found, golden, where):
    """Raises AssertionError unless FOUND could be an instance of the GOLDEN shape."""
    if isinstance(golden, dict):
        assert isinstance(found, dict), f"{where}: {found}, not an object"
        assert list(found) == list(golden), f"{where}: keys {list(found)}, not {list(golden)}"
        for key, one in found.items():
            fits(one, golden[key], f"{where}.{key}")
    elif isinstance(golden, list):
        assert isinstance(found, list), f"{where}: {found}, not a list"
        for one in found:
            assert any(_would_fit(one, other) for other in golden), (
                f"{where}: {one} is none of {golden}")
    else:
        assert found == golden or "NoneType" in (found, golden), f"{where}: {found}, not {golden}"


def _would_fit(found, golden):
    try:
        fits(found, golden, "")
    except AssertionError:
        return False
    return True


def golden_shapes():
    shapes = {}
    for path in sorted((HERE / "golden").glob("*.json")):
        message = parse(path.read_text(encoding="utf-8"))
        shapes.setdefault(message["t"], []).append((path.name, shape(message)))
    return shapes


def check(line, shapes):
    """The type of a line that is as it should be."""
    assert len(line) < LINE_MAX, f"a line of {len(line)} bytes"
    text = line.decode("utf-8")
    message = parse(text)
    kind = message["t"]
    outside = re.sub(r'"(?:[^"\\]|\\.)*"', '""', text)
    assert not re.search(r"\s", outside), f"{kind}: spaces in {outside[:200]}"
    assert kind in shapes, f"no golden line for {kind}"
    failures = []
    for name, golden in shapes[kind]:
        try:
            fits(shape(message), golden, name)
            return kind, message
        except AssertionError as failure:
            failures.append(str(failure))
    raise AssertionError("\n".join(failures) + f"\nin {text[:300]}")


def lines_of(connection):
    with connection.makefile("rb") as stream:
        for line in stream:
            yield line.rstrip(b"\n")


def wait_for(path):
    """The sampler opens its socket in a thread of its own, soon after the program starts."""
    deadline = time.monotonic() + 20
    while not os.path.exists(path):
        assert time.monotonic() < deadline, f"no {path} within 20 s"
        time.sleep(0.02)  # poll: until the deadline
    return path


def converse(path, shapes):
    """Sends every golden request, that to detach last; the types of lines that came, and how
    often."""
    seen = {}
    requests = {request.stem: request.read_bytes()
                for request in sorted((HERE / "requests").glob("*.json"))}
    last = requests.pop("unsubscribe") + b'{"id":91,"op":"ping"}\n' + requests.pop("detach")
    first = [*requests.values(), b'{"id":90,"op":"frobnicate"}\n', b"no json\n"]
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(20)
        connection.connect(path)
        connection.sendall(b"".join(first))
        for line in lines_of(connection):
            kind, message = check(line, shapes)
            seen[kind] = seen.get(kind, 0) + 1
            if kind == "tick" and last:
                connection.sendall(last)
                last = b""
    assert kind == "bye" and message["reason"] == "detached", message
    assert seen["reply"] == len(first) + 3, f"{seen['reply']} replies to {len(first) + 3} requests"
    return seen


def main():
    if not os.path.exists(PYTHON):
        print(f"SKIP: needs {PYTHON}")
        return 77
    with tempfile.TemporaryDirectory(prefix="leaktop-wire-") as folder:
        env = {**os.environ, "LEAKTOP_DIR": folder}
        with subprocess.Popen([LEAKTOP, "run", "--interval", "4K", "--", PYTHON, "-c", TARGET],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                              env=env) as target:
            pid = target.stdout.readline().strip()
            path = wait_for(os.path.join(folder, f"leaktop-{pid}.sock"))
            seen = converse(path, golden_shapes())
            target.stdin.close()
            target.wait()
    missing = TYPES - set(seen)
    assert not missing, f"never said: {missing}"
    print("PASS conform.py:", ", ".join(f"{count} {kind}" for kind, count in sorted(seen.items())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
