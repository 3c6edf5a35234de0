#!/usr/bin/python3
"""module.py - the package leaktop: the sampler started by the program itself, or by LEAKTOP=1.

module.py [VERSION|LABEL...] [TEST...]
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import host

PACKAGE = pathlib.Path(os.environ.get("top_srcdir", "."), "python").resolve()

_SCRIPT = """
import sys
def say(*words):
    sys.stdout.write(" ".join(map(str, words)) + "\\n")
    sys.stdout.flush()
def has_sampler():
    with open("/proc/self/maps") as maps:
        return "libleaktop-sampler" in maps.read()
kept = []
"""


class _Program:
    """A Python without the sampler, in whose path the package is; or by site, in its user's folder."""

    def __init__(self, python, script, by_site=False, **environment):
        self.folder = tempfile.mkdtemp(prefix="leaktop-module-")
        env = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "LEAKTOP"))}
        env.update(LEAKTOP_DIR=self.folder, LEAKTOP_SAMPLER=host.SAMPLER, LEAKTOP_BUDGET="0",
                   PYTHONDONTWRITEBYTECODE="1", PYTHONUSERBASE=self.folder)
        if by_site:
            where = subprocess.run([python, "-c", "import site; print(site.getusersitepackages())"],
                                   env=env, check=True, stdout=subprocess.PIPE, text=True).stdout
            shutil.copytree(PACKAGE, where.strip())
        else:
            env["PYTHONPATH"] = str(PACKAGE)
        env.update(environment)
        self.process = subprocess.Popen([python, "-c", _SCRIPT + script], env=env, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def wire(self):
        path = os.path.join(self.folder, f"leaktop-{self.process.pid}.sock")

        def connect():
            try:
                return host.Wire(path)
            except (FileNotFoundError, ConnectionRefusedError):     # bound, and not listening yet
                return None
        return host.wait_until(connect, 20, "its sampler listens")

    def hear(self, words):
        line = self.process.stdout.readline().strip()
        assert line == words, f"{line!r}, not {words!r}"

    def tell(self):
        self.process.stdin.write("on\n")
        self.process.stdin.flush()

    def __enter__(self):
        return self

    def __exit__(self, failed, *_):
        self.process.stdin.close()
        if failed:
            self.process.kill()
        code = self.process.wait(60)
        self.process.stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        assert failed or code == 0, f"it ended with {code}"


def started_by_the_program(python):
    with _Program(python, """
import leaktop
leaktop.start(interval="4K")
leaktop.start()     # a second time is fine
say(has_sampler())
sys.stdin.readline()
kept.append([bytes(1000) for n in range(20000)])
say("allocated")
sys.stdin.readline()
""") as program:
        program.hear("True")
        with program.wire() as wire:
            host.wait_until(lambda: wire.look()["state"] == "sampling", 20, "it samples")
            program.tell()
            program.hear("allocated")
            live = host.wait_until(lambda: wire.look()["live_bytes"] > 15e6, 20, "it is seen")
            assert live


def started_by_the_environment(python):
    """The .pth in a folder of the user's, and a child that has it, too."""
    with _Program(python, """
say(has_sampler(), "leaktop" in sys.modules)
import subprocess
code = "print('libleaktop-sampler' in open('/proc/self/maps').read())"
say(subprocess.run([sys.executable, "-W", "ignore", "-c", code], stdout=-1).stdout.decode().strip())
sys.stdin.readline()
""", by_site=True, LEAKTOP="1") as program:
        program.hear("True True")
        program.hear("True")
        with program.wire() as wire:
            host.wait_until(lambda: wire.look()["state"] == "sampling", 20, "it samples")


def not_started_unless_asked(python):
    for environment in ({}, {"LEAKTOP": "0"}, {"LEAKTOP": "1", "LEAKTOP_DISABLE": "1"}):
        with _Program(python, "say(has_sampler())", by_site=True, **environment) as program:
            program.hear("False")


def what_is_missing_is_said(python):
    with _Program(python, "say('begins')", by_site=True, LEAKTOP="1",
                  LEAKTOP_SAMPLER="/nowhere/library.so") as program:
        program.hear("begins")
    with _Program(python, """
import leaktop
for wrong in (lambda: leaktop.start(intervall="4K"), leaktop.start):
    try:
        wrong()
    except (TypeError, OSError) as why:
        say(type(why).__name__)
""", LEAKTOP_SAMPLER="/nowhere/library.so") as program:
        program.hear("TypeError")
        program.hear("OSError")


def under_leaktop_run_it_is_there(python):
    with _Program(python, "import leaktop; leaktop.start(); say('goes on'); sys.stdin.readline()",
                  LD_PRELOAD=host.SAMPLER) as program:
        program.hear("goes on")
        with program.wire() as wire:
            host.wait_until(lambda: wire.look()["state"] == "sampling", 20, "it samples")


TESTS = [started_by_the_program, started_by_the_environment, not_started_unless_asked,
         what_is_missing_is_said, under_leaktop_run_it_is_there]

if __name__ == "__main__":
    sys.exit(host.run(TESTS))
