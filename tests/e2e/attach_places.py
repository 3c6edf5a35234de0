#!/usr/bin/python3
"""attach_places.py - processes in other places: namespaces, roots, C libraries.  In, or words.

A place that cannot be made here is named.  What is refused goes on, and checks itself.

attach_places.py [VERSION|LABEL...] [PLACE...]
"""
import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "e2e"), str(ROOT / "sampler")]
import harness  # noqa: E402
import host  # noqa: E402
from subject import DONE, FAILED, FILTERED, STATES, Program, may_attach  # noqa: E402


class Elsewhere(Program):
    """A child of unshare, in namespaces of its own."""

    def __init__(self, python, *flags, before=":"):
        """BEFORE is done by a shell in there."""
        shell = ["unshare", *flags, "/bin/sh", "-c", before + '\nexec "$@"', "sh", python]
        super().__init__(python, STATES["sleep"], command=shell)

    @property
    def pid(self):
        below = self.process.pid
        with contextlib.suppress(OSError, ValueError):
            with open(f"/proc/{below}/task/{below}/children", encoding="utf-8") as file:
                return int(file.read())
        return below

    def __exit__(self, *_):
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)   # it would outlive its parent
        super().__exit__()


def _may(*flags, before=":"):
    return subprocess.run(["unshare", *flags, "/bin/sh", "-c", before], check=False,
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL).returncode == 0


_READ_ONLY = """set -e
mount -t tmpfs -o noexec,nosuid tmpfs /tmp
mount -o remount,bind,ro /"""


def _elsewhere(python, *flags, before=":"):
    """What leaktop says of one in those namespaces, or where they cannot be made."""
    if not _may(*flags, before=before):
        return f"not here: unshare {' '.join(flags)} is not permitted"
    with Elsewhere(python, *flags, before=before) as program:
        run = subprocess.run(
            [harness.LEAKTOP, "attach", *FILTERED, str(program.pid)], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False, timeout=120,
            env={**os.environ, "LEAKTOP_DIR": program.folder})
        assert run.returncode in (DONE, FAILED), run
        said = (run.stdout + run.stderr).strip().replace("\n", " ")
        assert run.returncode == DONE or "leaktop: process" in said, said
        assert run.returncode == FAILED or "has the sampler since" in said, said
        assert program.is_free()
        if run.returncode == DONE:
            assert " sampling at " in program.leaktop(program.pid, "--batch")
            assert "runs without" in program.leaktop("detach", program.pid)
            assert "has the sampler since" in program.attach()
        program.check()
        program.end()
    return said


def network(python):
    """Its socket is a file: nothing of this concerns it."""
    said = _elsewhere(python, "--net")
    assert said.startswith("not here") or "has the sampler since" in said, said
    return said


def mounts(python):
    return _elsewhere(python, "--mount")


def mounts_read_only(python):
    return _elsewhere(python, "--mount", before=_READ_ONLY)


_HIDDEN = f"mount -t tmpfs tmpfs '{os.path.dirname(host.SAMPLER)}'"
_NOWHERE = "\n".join(f"mount -t tmpfs -o noexec tmpfs {folder}"
                     for folder in ("/tmp", "/var/tmp", "/dev/shm", "/run"))


def another_root(python):
    """The library is not there: a copy of it is, until it is loaded."""
    said = _elsewhere(python, "--mount", before="mount -t tmpfs tmpfs /tmp\n" + _HIDDEN)
    assert said.startswith("not here") or "has the sampler since" in said, said
    return said


def another_root_without_room(python):
    said = _elsewhere(python, "--mount", before=_NOWHERE + "\n" + _HIDDEN)
    assert said.startswith("not here") or "no folder to put it" in said, said
    return said


def pids(python):
    return _elsewhere(python, "--pid", "--fork")


def users(python):
    return _elsewhere(python, "--user", "--map-root-user")


def container(python):
    """All of them, with a root that is read-only."""
    return _elsewhere(python, "--user", "--map-root-user", "--mount", "--pid", "--fork", "--net",
                      "--mount-proc", before=_READ_ONLY)


_MUSL = r"""
int Py_IsInitialized(void) { return 1; }
void
_start(void)
{
	for (;;)
		__asm__ volatile("syscall" : : "a"(34) : "rcx", "r11", "memory");	/* pause */
}
"""


def musl(_python):
    """A program with the loader of musl: it exports what an interpreter does."""
    loader = "/lib/ld-musl-x86_64.so.1"
    if not os.path.exists(loader):
        return "not here: needs musl"
    folder = tempfile.mkdtemp(prefix="leaktop-attach-")
    try:
        source, program = os.path.join(folder, "other.c"), os.path.join(folder, "other")
        pathlib.Path(source).write_text(_MUSL, encoding="utf-8")
        subprocess.run([os.environ.get("CC", "cc"), "-nostdlib", "-nostartfiles", "-fPIE", "-pie",
                        "-fno-stack-protector", "-Wl,-E", f"-Wl,--dynamic-linker={loader}",
                        "-o", program, source], check=True)
        process = subprocess.Popen([program])
        try:
            host.wait_until(lambda: "musl" in _maps(process.pid), 20, "it has loaded its library")
            run = subprocess.run([harness.LEAKTOP, "attach", *FILTERED, str(process.pid)],
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True, check=False, timeout=60)
            assert run.returncode == FAILED and "has musl" in run.stderr, run
            assert process.poll() is None
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return run.stderr.strip()


def _maps(pid):
    with open(f"/proc/{pid}/maps", encoding="utf-8") as maps:
        return maps.read()


TESTS = [network, mounts, mounts_read_only, another_root, another_root_without_room, pids, users, container, musl]


if __name__ == "__main__":
    if not may_attach():
        print("SKIP: needs to be let trace processes, on x86-64")
        sys.exit(host.SKIP)
    sys.exit(host.run(TESTS, every=len(sys.argv) > 1))
