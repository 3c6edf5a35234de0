#!/usr/bin/python3
"""lines.py - the line of every instruction of some modules, as the interpreter tells it."""
import os
import subprocess
import sys

import host

_DUMP = r"""
import dis, importlib.util, sys, types
MODULES = ("argparse", "asyncio.base_events", "collections", "dataclasses", "decimal", "enum",
           "inspect", "json.decoder", "logging", "pickle", "tarfile", "typing", "unittest.mock")
def lines_of(code):
    # of each instruction, as far as the interpreter has one for it
    lines = [code.co_firstlineno] * (len(code.co_code) // 2)
    if hasattr(code, "co_lines"):
        for start, end, line in code.co_lines():
            for i in range(start // 2, end // 2):
                lines[i] = code.co_firstlineno if line is None else line
        return lines
    starts = sorted(dis.findlinestarts(code))
    for (start, line), (end, _) in zip(starts, starts[1:] + [(len(code.co_code), 0)]):
        lines[start // 2:end // 2] = [line] * ((end - start) // 2)
    return lines
def dump(code):
    form = 0 if sys.version_info < (3, 10) else 1 if sys.version_info < (3, 11) else 2
    table = code.co_linetable if form else code.co_lnotab
    print(form, code.co_firstlineno, table.hex() or "-", *lines_of(code))
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            dump(constant)
for name in MODULES:
    spec = importlib.util.find_spec(name)
    with open(spec.origin, encoding="utf-8") as file:
        dump(compile(file.read(), spec.origin, "exec"))
long_line = "(" + "+".join(["f(%s)" % ("a" * 300)] * 60) + ")"
dump(compile("\n" * 70000 + "def f(a):\n" + "\n" * 3000 + " return (a,\n" + "\n" * 500 + "f)",
             "far", "exec"))
dump(compile("def g(f, %s):\n return %s" % ("a" * 300, long_line), "wide", "exec"))
"""


def lines_agree(python):
    program = os.path.join(os.environ.get("top_builddir", "."), "tests/sampler/lines_agree")
    dumped = subprocess.run([python, "-c", _DUMP], check=True, stdout=subprocess.PIPE).stdout
    judged = subprocess.run([program], input=dumped, check=False, stdout=subprocess.PIPE)
    assert judged.returncode == 0, judged.stdout.decode()
    return judged.stdout.decode().strip()


if __name__ == "__main__":
    sys.exit(host.run((lines_agree,)))
