"""callgrind.py - instructions of a work, counted by valgrind: no clock, no noise.

Counting begins when the program calls getppid and ends when it calls getpgrp (counted.py), and
counts the thread which calls them, so none of the sampler's own.
"""
import collections
import json
import os
import re
import subprocess

import settings

_TIMEOUT_S = 600
_NAMED = re.compile(r"\((\d+)\)(?: (.*))?$")


class Function:
    def __init__(self):
        self.calls = self.own = self.all = 0


class _Reader:
    """The lines of a callgrind file; names are given once and numbers from then on."""

    def __init__(self):
        self.total = 0
        self.functions = collections.defaultdict(Function)
        self._names = {"ob": {}, "fn": {}}
        self._object = self._function = None
        self._callee_object = self._callee = None
        self._calls = None

    def _name(self, kind, text):
        number, name = _NAMED.match(text).groups()
        if name is not None:
            self._names[kind][number] = name
        return self._names[kind].get(number, "?")

    def line(self, line):
        key, equals, value = line.partition("=")
        if not equals:
            self._costs(line.split())
        elif key == "ob":
            self._object = os.path.basename(self._name("ob", value))
        elif key == "fn":
            self._function = self._name("fn", value)
        elif key == "cob":
            self._callee_object = os.path.basename(self._name("ob", value))
        elif key == "cfn":
            self._callee = self._name("fn", value)
        elif key == "calls":
            self._calls = int(value.split()[0])

    def _costs(self, words):
        if words[:1] == ["summary:"]:
            self.total = int(words[1])
        if len(words) != 2 or not words[0].lstrip("+-*").isdigit() and words[0] != "*":
            return
        cost = int(words[1])
        if self._calls is None:
            self.functions[self._object, self._function].own += cost
            return
        callee = self.functions[self._callee_object or self._object, self._callee]
        callee.calls += self._calls
        callee.all += cost
        self._calls = self._callee_object = None


def read(path):
    """(instructions in all, {function: Function} of the sampler's library)"""
    reader = _Reader()
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            reader.line(line.rstrip("\n"))
    return reader.total, {function: found for (name, function), found in reader.functions.items()
                          if name == os.path.basename(settings.SAMPLER)}


class Count:
    """What one run was, and what it counted."""

    def __init__(self, said, total, functions):
        self.operations, self.samples = said["operations"], said["samples"]
        self.total, self.functions = total, functions
        self.per_operation = total / self.operations


def count(bench, work, operations, setting, environment):
    """A Count of so many operations of WORK; ENVIRONMENT is added to SETTING's."""
    folder = bench.new_folder()
    out = os.path.join(folder, "out")
    preload = {"LD_PRELOAD": settings.SAMPLER} if setting.by == "sampler" else {}
    run = subprocess.run(
        ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", "--zero-before=getppid",
         "--dump-before=getpgrp", "--separate-threads=yes", bench.python,
         os.path.join(settings.HERE, "counted.py"), work, str(operations),
         *[folder] * (setting.by == "sampler")],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        timeout=_TIMEOUT_S, check=False,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **bench.environment(setting, folder),
             **preload, **environment})
    if run.returncode:
        raise SystemExit(f"bench: {work} under callgrind and {setting.name}: {run.stderr[-600:]}")
    return Count(json.loads(run.stdout.splitlines()[-1]), *read(out + ".1-01"))
