"""leaktop - the sampler in this process, started by the program itself.

    import leaktop
    leaktop.start()

It is as after `leaktop attach`: what was allocated before is unknown, `leaktop PID` looks at it, and
`leaktop detach PID` takes it out.  With LEAKTOP=1 in the environment Python starts it by itself,
where leaktop.pth is installed.  Settings are the variables of leaktop(1).
"""
import ctypes
import os

__all__ = ["start"]

_INSTALLED = "@pkglibdir@/libleaktop-sampler.so"    # make install fills it in
_SETTINGS = ("LEAKTOP_INTERVAL", "LEAKTOP_MEMORY", "LEAKTOP_NATIVE", "LEAKTOP_FREEZE",
             "LEAKTOP_REVEAL", "LEAKTOP_BUDGET", "LEAKTOP_DUTY", "LEAKTOP_DIR", "XDG_RUNTIME_DIR")
_ALREADY, _ENDING = -114, -108
_WORDS = {-95: "the functions of this Python are not found in the process",
          -99: "no folder for its socket can be made: see FILES in leaktop(1)",
          -11: "no more threads can be made"}


def _attach():
    """The function of the library: one that is there already, as under `leaktop run`, comes first."""
    try:
        return ctypes.CDLL(None).leaktop_sampler_attach
    except AttributeError:
        path = os.environ.get("LEAKTOP_SAMPLER") or _INSTALLED
        return ctypes.CDLL(path, mode=ctypes.RTLD_LOCAL).leaktop_sampler_attach


def start(**settings):
    """Starts the sampler, once; it comes up beside the program.  Settings are those of leaktop(1), as
    interval="128K" or budget=0, and stand before the environment's.  OSError: it cannot be."""
    given = {name: os.environ[name] for name in _SETTINGS if os.environ.get(name)}
    for name, value in settings.items():
        variable = "LEAKTOP_" + name.upper()
        if variable not in _SETTINGS:
            raise TypeError("leaktop has no setting " + name)
        given[variable] = str(value)
    words = b"".join(os.fsencode(name + "=" + value) + b"\0" for name, value in given.items())
    code = _attach()(ctypes.c_char_p(words + b"\0"))
    if code not in (0, _ALREADY, _ENDING):
        raise OSError(-code, "leaktop: " + _WORDS.get(code, os.strerror(-code)))


def _start_by_environment():
    """For leaktop.pth: the program begins in any case."""
    if os.environ.get("LEAKTOP_DISABLE", "0") not in ("", "0"):
        return
    try:
        start()
    except Exception as why:
        os.write(2, ("leaktop: not started: " + str(why) + "\n").encode("utf-8", "replace"))
