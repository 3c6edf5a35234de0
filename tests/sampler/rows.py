#!/usr/bin/python3
"""rows.py - each row of offsets is what that minor's own headers say.

Headers are those of the interpreters here, and of the folders of LK_TEST_HEADERS (colons between
them: each holds a Python.h, or python3.* folders that do).  A row without headers is skipped.
"""
import glob
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import pythons

SKIP = 77
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
ABSENT = -1

_HEADERS = r"""
#define Py_BUILD_CORE 1
#include <Python.h>
#include <frameobject.h>
#include <stddef.h>
#include <stdio.h>
#if PY_MINOR_VERSION <= 8
#include <internal/pycore_pystate.h>
#include <internal/pycore_pymem.h>
#else
#include <internal/pycore_gc.h>
#include <internal/pycore_interp.h>
#include <internal/pycore_runtime.h>
#endif
#if PY_MINOR_VERSION >= 11
#include <internal/pycore_frame.h>
#include <internal/pycore_dict.h>
#endif
"""

_ALL = range(8, 16)
_OLD, _NEW = range(8, 11), range(11, 16)

# member of the row, the minors that have it, where it is: struct.field, or an expression
_MEMBERS = (
    ("tstate_interp", _ALL, "PyThreadState.interp"),
    ("tstate_cframe", (11, 12), "PyThreadState.cframe"),
    ("tstate_current_frame", _OLD, "PyThreadState.frame"),
    ("tstate_current_frame", range(13, 16), "PyThreadState.current_frame"),
    ("cframe_current_frame", (11, 12), "_PyCFrame.current_frame"),
    ("frame_code", _OLD, "PyFrameObject.f_code"),
    ("frame_code", (11, 12), "_PyInterpreterFrame.f_code"),
    ("frame_code", range(13, 16), "_PyInterpreterFrame.f_executable"),
    ("frame_previous", _OLD, "PyFrameObject.f_back"),
    ("frame_previous", _NEW, "_PyInterpreterFrame.previous"),
    ("frame_lasti", _OLD, "PyFrameObject.f_lasti"),
    ("frame_instr", (11, 12), "_PyInterpreterFrame.prev_instr"),
    ("frame_instr", range(13, 16), "_PyInterpreterFrame.instr_ptr"),
    ("frame_owner", _NEW, "_PyInterpreterFrame.owner"),
    ("frame_is_entry", (11,), "_PyInterpreterFrame.is_entry"),
    ("frame_locals", _OLD, "PyFrameObject.f_localsplus"),
    ("frame_locals", _NEW, "_PyInterpreterFrame.localsplus"),
    ("code_locals", _OLD, "PyCodeObject.co_varnames"),
    ("code_locals", _NEW, "PyCodeObject.co_localsplusnames"),
    ("code_filename", _ALL, "PyCodeObject.co_filename"),
    ("code_qualname", _OLD, "PyCodeObject.co_name"),
    ("code_qualname", _NEW, "PyCodeObject.co_qualname"),
    ("code_firstlineno", _ALL, "PyCodeObject.co_firstlineno"),
    ("code_linetable", (8, 9), "PyCodeObject.co_lnotab"),
    ("code_linetable", range(10, 16), "PyCodeObject.co_linetable"),
    ("code_adaptive", _NEW, "PyCodeObject.co_code_adaptive"),
    ("code_firsttraceable", _NEW, "PyCodeObject._co_firsttraceable"),
    ("object_type", _ALL, "PyObject.ob_type"),
    ("var_size", _ALL, "PyVarObject.ob_size"),
    ("type_name", _ALL, "PyTypeObject.tp_name"),
    ("type_basicsize", _ALL, "PyTypeObject.tp_basicsize"),
    ("type_flags", _ALL, "PyTypeObject.tp_flags"),
    ("type_dict", _ALL, "PyTypeObject.tp_dict"),
    ("unicode_length", _ALL, "PyASCIIObject.length"),
    ("unicode_state", _ALL, "PyASCIIObject.state"),
    ("unicode_ascii", _ALL, "sizeof(PyASCIIObject)"),
    ("unicode_compact", _ALL, "sizeof(PyCompactUnicodeObject)"),
    ("bytes_data", _ALL, "PyBytesObject.ob_sval"),
    ("list_items", _ALL, "PyListObject.ob_item"),
    ("list_allocated", _ALL, "PyListObject.allocated"),
    ("tuple_items", _ALL, "PyTupleObject.ob_item"),
    ("set_used", _ALL, "PySetObject.used"),
    ("set_mask", _ALL, "PySetObject.mask"),
    ("set_table", _ALL, "PySetObject.table"),
    ("set_smalltable", _ALL, "PySetObject.smalltable"),
    ("set_bytes", _ALL, "sizeof(PySetObject)"),
    ("dict_used", _ALL, "PyDictObject.ma_used"),
    ("dict_keys", _ALL, "PyDictObject.ma_keys"),
    ("dict_values", _ALL, "PyDictObject.ma_values"),
    ("keys_log2_index_bytes", _NEW, "struct _dictkeysobject.dk_log2_index_bytes"),
    ("keys_kind", _NEW, "struct _dictkeysobject.dk_kind"),
    ("keys_usable", _NEW, "struct _dictkeysobject.dk_usable"),
    ("keys_nentries", _NEW, "struct _dictkeysobject.dk_nentries"),
    ("keys_header_bytes", _NEW, "struct _dictkeysobject.dk_indices"),
    ("bytearray_alloc", _ALL, "PyByteArrayObject.ob_alloc"),
    ("bytearray_storage", range(8, 15), "PyByteArrayObject.ob_bytes"),
    ("bytearray_storage", (15,), "PyByteArrayObject.ob_bytes_object"),
    ("runtime_gc", (8,), "_PyRuntimeState.gc"),
    ("interp_next", range(9, 16), "PyInterpreterState.next"),
    ("interp_gil", range(12, 16), "PyInterpreterState.ceval.gil"),
    ("interp_gc", range(9, 16), "PyInterpreterState.gc"),
    ("gc_enabled", _ALL, "struct _gc_runtime_state.enabled"),
    ("gc_permanent", _ALL, "struct _gc_runtime_state.permanent_generation"),
    ("gc_collecting", _ALL, "struct _gc_runtime_state.collecting"),
    ("gc_garbage_behind", _ALL, "offsetof(struct _gc_runtime_state, garbage) - "
                                "offsetof(struct _gc_runtime_state, collecting)"),
    ("gc_generation0", _ALL, "struct _gc_runtime_state.generation0"),
    ("gc_generation_bytes", _ALL, "sizeof(struct gc_generation)"),
    ("gc_stats", _ALL, "struct _gc_runtime_state.generation_stats"),
    ("runtime_interpreters_main", _ALL, "_PyRuntimeState.interpreters.main"),
    ("runtime_finishing", (8,), "_PyRuntimeState.ceval.pending.finishing"),
    ("runtime_finalizing", (8,), "_PyRuntimeState.finalizing"),
    ("runtime_finalizing", range(9, 16), "_PyRuntimeState._finalizing"),
)
# Without a GIL: what is there besides, and what differs.
_THREADED = (
    ("frame_copy", (14, 15), "_PyInterpreterFrame.tlbc_index"),
    ("code_copies", (14, 15), "PyCodeObject.co_tlbc"),
)
_NOT_THREADED = {"gc_generation0"}
# What no header tells: how to read, not where; 3.8 to 3.10 keep a dict's keys to themselves.
_OTHERS = {"minor", "free_threaded", "frame_lasti_bytes", "frame_owner_max", "lines",
           "unicode_kind_shift", "refcount_bytes", "gc_young", "gc_stats_in_rings"}
_PRIVATE = {"keys_size", "keys_usable", "keys_nentries", "keys_header_bytes"}


def rows():
    """(minor, threaded, member -> value) of each row file."""
    for path in sorted(glob.glob(str(ROOT / "src/sampler/cpython/v3*.c"))):
        minor, threaded = re.fullmatch(r"v3(\d+)(t?)", pathlib.Path(path).stem).groups()
        text = pathlib.Path(path).read_text(encoding="utf-8")
        values = dict(re.findall(r"^\t\.(\w+) = (\w+),$", text, re.MULTILINE))
        yield int(minor), bool(threaded), {
            name: ABSENT if value == "LK_ABSENT" else int(value) if value.isdigit() else value
            for name, value in values.items()}


def _folders():
    """Whatever may hold a Python.h."""
    for folder in filter(None, os.environ.get("LK_TEST_HEADERS", "").split(":")):
        yield folder
        yield from sorted(glob.glob(os.path.join(folder, "python3.*")))
    for python in pythons.every():
        said = subprocess.run([python.path, "-I", "-c", "import sysconfig;"
                               "print(sysconfig.get_path('include'))"], check=False,
                              stdout=subprocess.PIPE, text=True, timeout=30)
        yield said.stdout.strip()


def headers():
    """minor -> (version, folder) of one set of headers."""
    found = {}
    for folder in _folders():
        patchlevel = pathlib.Path(folder, "patchlevel.h")
        if not patchlevel.exists() or not pathlib.Path(folder, "internal").is_dir():
            continue
        version = re.search(r'#define PY_VERSION\s+"(.*)"', patchlevel.read_text()).group(1)
        found.setdefault(int(version.split(".")[1]), (version, folder))
    return found


def _expected(minor, threaded):
    members = [m for m in _MEMBERS if minor in m[1]
               and not (threaded and m[0] in _NOT_THREADED)]
    return members + [m for m in _THREADED if threaded and minor in m[1]]


def _expression(where):
    if where.startswith(("sizeof", "offsetof")):
        return where
    struct, field = where.split(".", 1)
    return f"offsetof({struct}, {field})"


def say_headers(folder, members, threaded):
    """member -> what the headers in the folder say"""
    lines = "".join(f'\tprintf("{name} %zu\\n", (size_t){_expression(where)});\n'
                    for name, _, where in members)
    with tempfile.TemporaryDirectory() as made:
        source, program = os.path.join(made, "said.c"), os.path.join(made, "said")
        pathlib.Path(source).write_text(f"{_HEADERS}\nint main(void)\n{{\n{lines}\treturn 0;\n}}\n")
        subprocess.run([os.environ.get("CC", "cc"), "-w", "-o", program, source, "-I" + folder,
                        f"-I{folder}/internal", "-I" + os.path.dirname(folder)]
                       + ["-DPy_GIL_DISABLED=1"] * threaded, check=True)
        said = subprocess.run([program], check=True, stdout=subprocess.PIPE, text=True).stdout
    return {name: int(value) for name, value in map(str.split, said.splitlines())}


def check(minor, threaded, row, folder):
    """The differences, in words."""
    members = _expected(minor, threaded)
    said = say_headers(folder, members, threaded)
    for name, value in row.items():
        if name in said and value != said[name]:
            yield f"{name} is {said[name]}, not {value}"
        elif name not in said and value != ABSENT and name not in _OTHERS | (
                _PRIVATE if minor <= 10 else set()):
            yield f"{name} is {value}, and no header was asked"
    yield from (f"{name} is not in the row" for name in said.keys() - row.keys())


def main():
    found = headers()
    failed = compared = 0
    for minor, threaded, row in rows():
        name = f"3.{minor}{'t' * threaded}"
        if minor not in found:
            print(f"skip  {name}: no headers")
            continue
        version, folder = found[minor]
        problems = list(check(minor, threaded, row, folder))
        compared += 1
        failed += bool(problems)
        print(f"{'FAIL ' if problems else 'ok   '} {name} {len(row)} members, {version}'s headers"
              + "".join("\n      " + problem for problem in problems), flush=True)
    if compared == 0:
        print("SKIP: needs the headers of a CPython of 3.8 to 3.15")
        return SKIP
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
