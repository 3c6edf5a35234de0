"""pythons.py - the interpreters of this machine, for the live tests and the matrix.

Looked for are the system's own, those of PATH, of pyenv, and those that tests/pythons/bring.sh
brought.  LK_TEST_PYTHONS, paths with colons between them, stands in place of these; an empty
path among them, as in ":/opt/other/bin/python3", stands for these.
"""
import concurrent.futures
import contextlib
import glob
import os
import re
import subprocess
import typing

SYSTEM = "/usr/bin/python3"

# What a build says of itself.  The linker's word is no use: Debian's programs contain the
# libpython that they were configured to share.
_PROBE = """
import os, sys, sysconfig
maps = open('/proc/self/maps').read()
print('%d.%d.%d' % sys.version_info[:3], int(hasattr(sys, 'gettotalrefcount')),
      int(bool(sysconfig.get_config_var('Py_GIL_DISABLED'))), int('/libpython' in maps),
      os.path.realpath(sys.executable))
"""


class Python(typing.NamedTuple):
    """One interpreter.  Its label has no spaces: it is also a word of a command line."""
    path: str
    version: str
    debug: bool
    threaded: bool
    shared: bool
    source: str

    @property
    def minor(self):
        return self.version.rsplit(".", 1)[0]

    @property
    def numbers(self):
        return tuple(map(int, self.version.split(".")))

    @property
    def label(self):
        return "-".join((self.version + "t" * self.threaded + "d" * self.debug,
                         "shared" if self.shared else "static", self.source))


def brought_folder():
    """Where bring.sh puts what it brings."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.environ.get("LEAKTOP_PYTHONS") or os.path.join(cache, "leaktop/pythons")


def _brought():
    for brought in sorted(glob.glob(os.path.join(brought_folder(), "*", "brought"))):
        with open(brought, encoding="utf-8") as names:
            for name in names.read().split():
                yield os.path.join(brought_folder(), name)


def _source(path):
    folder = os.path.realpath(brought_folder())
    if path.startswith(folder + "/"):
        return path[len(folder) + 1:].split("/")[0]
    return "system" if path.startswith("/usr/bin/") else "own"


def _probe(path):
    with contextlib.suppress(OSError, subprocess.SubprocessError, ValueError):
        said = subprocess.run([path, "-I", "-c", _PROBE], check=True, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True, timeout=30).stdout
        version, debug, threaded, shared, real = said.split()
        return Python(real, version, debug == "1", threaded == "1", shared == "1", _source(real))
    return None


def _named():
    """(paths of LK_TEST_PYTHONS, whether there are more)"""
    named = os.environ.get("LK_TEST_PYTHONS", "").split(":")
    return [path for path in named if path], "" in named


def _found():
    yield SYSTEM
    for folder in os.environ.get("PATH", "").split(":"):
        for path in sorted(glob.glob(os.path.join(folder, "python3.*"))):
            if re.fullmatch(r"python3\.\d+[td]*", os.path.basename(path)):
                yield path
    yield from sorted(glob.glob(os.path.expanduser("~/.pyenv/versions/*/bin/python3")))
    yield from _brought()


def _distinct(paths):
    """Each program once; a pyenv shim is none of its own."""
    paths = dict.fromkeys(path for path in paths if os.access(path, os.X_OK))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return {python.path: python for python in pool.map(_probe, paths)
                if python and python.numbers >= (3, 0)}.values()


def every():
    """All that there are, one of each label, the oldest first."""
    named, and_found = _named()
    found = {}
    for python in _distinct([*named, *(_found() if and_found else ())]):
        found.setdefault(python.label, python)
    return sorted(found.values(), key=lambda python: (python.numbers, python.label))


def few(is_wanted):
    """The system's own and the newest release build, and those of LK_TEST_PYTHONS."""
    named, and_found = _named()
    system, others = (), ()
    if and_found:
        system = _distinct([SYSTEM])
        others = [python for python in every() if is_wanted(python) and not python.debug][-1:]
    return list(dict.fromkeys(python for python in [*system, *others, *_distinct(named)]
                              if is_wanted(python)))
