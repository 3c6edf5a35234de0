"""programs.py - the works of works.py, each in processes of its own that take turns."""
import contextlib
import json
import os
import subprocess

import settings
from service import die_with_parent

WORKS = ("json", "objects", "templates", "mix", "threads")
FIGURES = {"cpu_ms": ("processor time of an operation", True),
           "wall_ms": ("time of an operation", True)}
_WARM_S = 0.3
_SETTLED_SLICES = 4


def absent(work, python):
    if work == "templates" and not settings.imports(python, "django"):
        return "this interpreter has no django"
    return None


class Program:
    """A worker under a setting."""

    def __init__(self, bench, work, setting, start):
        folder = bench.new_folder()
        self.setting = setting
        self._process = subprocess.Popen(
            bench.command(setting, folder, os.path.join(settings.HERE, "worker.py"), work),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, preexec_fn=die_with_parent,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1",
                 **bench.environment(setting, folder, start)})
        self._read()
        self.sampler = settings.sampler_of(setting, self._process.pid, folder)
        self.warm(_WARM_S)

    def _read(self):
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"bench: a worker under {self.setting.name} ended with "
                             f"{self._process.wait()}")
        return json.loads(line)

    def ask(self, *words):
        print(*words, file=self._process.stdin, flush=True)
        return self._read()

    def _run(self, seconds):
        return self.ask("run", seconds)

    def warm(self, seconds):
        self._run(seconds)

    def settle(self, options):
        if self.setting.settles:
            self.warm(options.settle)

    def measure(self, options, _seed):
        """Who steers by the load of its process is idle for a fifth of the time, not for half."""
        took = self._run(options.slice * (_SETTLED_SLICES if self.setting.settles else 1))
        return {"cpu_ms": 1e3 * took["cpu_s"] / took["operations"],
                "wall_ms": 1e3 * took["wall_s"] / took["operations"]}

    def peak_rss_mib(self):
        return self.ask("peak")["peak_rss_mib"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
