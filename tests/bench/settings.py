"""settings.py - what the works are measured under: a table, and how a process gets each.

A setting is absent, by name and reason, where this machine or this sampler does not have it.
"""
import contextlib
import json
import os
import socket
import subprocess
import time
import typing

HERE = os.path.dirname(os.path.abspath(__file__))
LEAKTOP = os.path.abspath(os.environ.get("LEAKTOP", "leaktop"))
SAMPLER = os.path.join(os.path.dirname(LEAKTOP), "src/sampler/.libs/libleaktop-sampler.so")
SAYS = ("cost_percent", "duty", "interval_bytes", "hooks")
_SAMPLER_TIMEOUT_S = 20


class Setting(typing.NamedTuple):
    name: str
    words: str                  # for tables
    environment: dict = {}
    by: str = ""                # sampler, hook, memray: what has to be brought in
    knows: str = ""             # a variable which the sampler must know
    share: float = 1.0          # of the pairs: what costs a multiple needs no fine measurement
    settles: bool = False       # the sampler steers its cost by the load of its process
    paused: bool = False
    extra: bool = False         # only where it is asked for


SETTINGS = (
    Setting("nothing", "nothing, again"),
    Setting("hook", "empty hooks on malloc and free", by="hook"),
    Setting("sampler", "leaktop, as it comes", by="sampler", settles=True),
    Setting("sampler-128K", "leaktop, a sample every 128K", {"LEAKTOP_INTERVAL": "128K"},
            by="sampler", settles=True, extra=True),
    Setting("sampler-full", "leaktop, without its budget", {"LEAKTOP_BUDGET": "0"},
            by="sampler", knows="LEAKTOP_BUDGET"),
    Setting("sampler-python", "leaktop, Python memory only", {"LEAKTOP_NATIVE": "off"},
            by="sampler", knows="LEAKTOP_NATIVE", settles=True, extra=True),
    Setting("sampler-paused", "leaktop, paused", by="sampler", paused=True),
    Setting("tracemalloc-1", "tracemalloc, 1 frame", {"PYTHONTRACEMALLOC": "1"}, share=0.25),
    Setting("tracemalloc-10", "tracemalloc, 10 frames", {"PYTHONTRACEMALLOC": "10"}, share=0.12),
    Setting("tracemalloc-25", "tracemalloc, 25 frames", {"PYTHONTRACEMALLOC": "25"}, share=0.12),
    Setting("memray", "memray run", by="memray", share=0.25),
)
BY_NAME = {setting.name: setting for setting in SETTINGS}
_PLAIN = Setting("plain", "nothing")
_WHERE_IS_MALLOC = """
import ctypes
record = (ctypes.c_void_p * 5)()
ctypes.pythonapi.PyMem_GetAllocator(2, record)
for line in open("/proc/self/maps"):
    words = line.split()
    begin, end = (int(word, 16) for word in words[0].split("-"))
    if begin <= record[1] < end:
        print(words[-1])
"""
_BUILT = {"bare_copy": ["-O2"], "empty_hook": ["-O2"],
          "native_blocks": ["-O1", "-fno-builtin", "-fno-optimize-sibling-calls"]}


class Bench:
    """What all processes of one run share: the interpreter, a folder, the empty hook."""

    def __init__(self, python, folder):
        self.python = python
        self.folder = folder
        self._count = 0

    def new_folder(self):
        self._count += 1
        path = os.path.join(self.folder, str(self._count))
        os.mkdir(path, 0o700)
        return path

    def absent(self, setting):
        """Why there is no such setting here; None when there is."""
        return {"sampler": self._no_sampler, "hook": self._no_hook,
                "memray": self._no_memray}.get(setting.by, lambda _: None)(setting)

    def _no_sampler(self, setting):
        try:
            with open(SAMPLER, "rb") as file:
                known = setting.knows.encode() + b"\0" in file.read()
        except OSError as why:
            return f"libleaktop-sampler.so: {why.strerror}"
        return None if known else f"this sampler does not know {setting.knows}"

    def library(self, name):
        """(path of NAME.c built, None), or (None, why not)."""
        path = os.path.join(self.folder, name + ".so")
        if os.path.exists(path):
            return path, None
        compiler = (os.environ.get("CC") or "cc").split()
        with contextlib.suppress(OSError):
            built = subprocess.run(
                [*compiler, *_BUILT[name], "-shared", "-fPIC", "-o", path,
                 os.path.join(HERE, name + ".c")], stderr=subprocess.PIPE, text=True, check=False)
            return (None, built.stderr.strip()) if built.returncode else (path, None)
        return None, f"needs {compiler[0]}"

    def _no_hook(self, _):
        """An interpreter that sets up its allocators late would be measured without any hook."""
        path, why_not = self.library("empty_hook")
        if why_not:
            return why_not
        run = subprocess.run([self.python, "-c", _WHERE_IS_MALLOC], stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                             check=False, env={**os.environ, "LD_PRELOAD": path})
        return None if run.stdout.strip().endswith(path) else \
            "this interpreter drops hooks that are set before it starts"

    def _no_memray(self, _):
        return None if imports(self.python, "memray") else "this interpreter has no memray"

    # ---- how a process gets it

    def environment(self, setting, folder, seed=0):
        """Variables for a process whose own folder is FOLDER."""
        preload = {"LD_PRELOAD": self.library("empty_hook")[0]} if setting.by == "hook" else {}
        return {"PYTHONHASHSEED": str(seed), "LEAKTOP_DIR": folder, **setting.environment,
                **preload}

    def prefix(self, setting, folder):
        """What stands before the path of a script that is executable by itself."""
        if setting.by == "sampler":
            return [LEAKTOP, "run", "--"]
        if setting.by == "memray":
            return [self.python, "-m", "memray", "run", "--quiet", "--force", "--follow-fork",
                    "--output", os.path.join(folder, "memray.bin")]
        return []

    def command(self, setting, folder, *script):
        interpreter = [] if setting.by == "memray" else [self.python]
        return [*self.prefix(setting, folder), *interpreter, *script]


def plain():
    """The other half of each pair."""
    return _PLAIN


def imports(python, module):
    found = subprocess.run([python, "-c", f"import {module}"], stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return found.returncode == 0


# ---- the sampler of a process ----------------------------------------------------------------------

def _dial(path):
    deadline = time.monotonic() + _SAMPLER_TIMEOUT_S
    while True:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(_SAMPLER_TIMEOUT_S)
        try:
            connection.connect(path)
            return connection
        except OSError as why:
            connection.close()
            if time.monotonic() > deadline:
                raise SystemExit(f"bench: {path}: {why}") from why
        time.sleep(0.01)  # poll: until the deadline


class Sampler:
    """The sampler of a process, asked now and then, between two slices."""

    def __init__(self, setting, pid, folder):
        self.path = os.path.join(folder, f"leaktop-{pid}.sock")
        with self._wire() as wire:
            hello = json.loads(wire.readline())
            if hello["state"] != "sampling":
                raise SystemExit(f"bench: {setting.name}: {hello['state']}: {hello['reason']}")
        if setting.paused:
            self.ask(op="pause")

    @contextlib.contextmanager
    def _wire(self):
        with _dial(self.path) as connection, connection.makefile("rw", encoding="utf-8") as wire:
            yield wire

    @staticmethod
    def _request(wire, **request):
        wire.write(json.dumps({"id": 1, **request}) + "\n")
        wire.flush()
        while (message := json.loads(wire.readline()))["t"] != "reply":
            pass
        if not message["ok"]:
            raise SystemExit(f"bench: {request}: {message}")

    def ask(self, **request):
        with self._wire() as wire:
            self._request(wire, **request)

    def says(self):
        """What it says of itself: cost and duty of the last second, interval, hooks."""
        with self._wire() as wire:
            self._request(wire, op="subscribe", period_ms=60000)
            while (message := json.loads(wire.readline()))["t"] != "tick":
                pass
        return {name: message.get(name) for name in SAYS}


def sampler_of(setting, pid, folder):
    """The sampler of a process that has just started; what is not as SETTING says ends the bench.
    None where there is none."""
    return Sampler(setting, pid, folder) if setting.by == "sampler" else None
