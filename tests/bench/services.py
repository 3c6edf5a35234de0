"""services.py - the shops of tests/apps under gunicorn, asked by their load generator."""
import os
import time

import customers
import service
import settings

WORKS = ("flask", "django")
FIGURES = {"cpu_ms": ("processor time of a request", True),
           "requests_per_s": ("requests per second", False),
           "p99_ms": ("99 of 100 requests take less", True)}


def absent(work, python):
    if python != service.PYTHON:
        return f"gunicorn runs in {service.PYTHON}"
    missing = service.missing_package(work)
    return missing and f"needs {missing}"


def cpu_ns(pid):
    """Processor time of all threads; those of gunicorn's pool live as long as the worker."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as file:
            total += int(file.read().split()[0])
    return total


class Shop:
    """A shop under a setting, with one worker."""

    def __init__(self, bench, work, setting, start):
        self._folder = bench.new_folder()
        self.setting = setting
        self._service = service.Service(
            work, prefix=bench.prefix(setting, self._folder),
            env=bench.environment(setting, self._folder, start))
        self.pid = self.port = self.sampler = None

    def __enter__(self):
        self._service.__enter__()
        try:
            self.pid, = self._service.worker_pids()
            self.port = self._service.port
            self.sampler = settings.sampler_of(self.setting, self.pid, self._folder)
        except BaseException:
            self._service.stop()
            raise
        return self

    def __exit__(self, *_):
        self._service.stop()

    def settle(self, options):
        """The first pages of a start fill caches; a sampler that steers needs load, and time."""
        until = time.monotonic() + options.settle
        self.ask(options.requests, 0)
        while self.setting.settles and time.monotonic() < until:
            self.ask(options.requests, 0)

    def ask(self, requests, seed):
        result = customers.ask(self.port, requests, seed)
        if result["wrong"] or result["exit_code"]:
            raise SystemExit(f"bench: wrong answers: {result['examples']}")
        return result

    def measure(self, options, seed):
        before_ns = cpu_ns(self.pid)
        result = self.ask(options.requests, seed)
        taken_ns = cpu_ns(self.pid) - before_ns
        return {"cpu_ms": taken_ns / 1e6 / result["requests"],
                "requests_per_s": result["requests_per_s"], "p99_ms": result["p99_ms"]}

    def peak_rss_mib(self):
        with open(f"/proc/{self.pid}/status", encoding="ascii") as file:
            return int(next(line for line in file if line.startswith("VmHWM:")).split()[1]) / 1024
