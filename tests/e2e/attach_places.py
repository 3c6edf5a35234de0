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
import screens  # noqa: E402
from subject import DONE, FAILED, FILTERED, STATES, Program, may_attach  # noqa: E402


class Elsewhere(Program):
    """A child of unshare, in namespaces of its own."""

    def __init__(self, python, *flags, before=":", source=STATES["sleep"], **variables):
        """BEFORE is done by a shell in there."""
        shell = ["unshare", *flags, "/bin/sh", "-c", before + '\nexec "$@"', "sh", python]
        super().__init__(python, source, command=shell, **variables)

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


def _elsewhere(python, *flags, before=":", **variables):
    """What leaktop says of one in those namespaces, or where they cannot be made."""
    if not _may(*flags, before=before):
        return f"not here: unshare {' '.join(flags)} is not permitted"
    with Elsewhere(python, *flags, before=before, **variables) as program:
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
    said = _elsewhere(python, "--mount", before=_OTHER_ROOT)
    assert said.startswith("not here") or "has the sampler since" in said, said
    return said


_OTHER_ROOT = "mount -t tmpfs tmpfs /tmp\n" + _HIDDEN


def _copies(program):
    """Of the library, where a process with another root sees them."""
    return [name for name in os.listdir(f"/proc/{program.pid}/root/tmp")
            if name.startswith("libleaktop-sampler.")]


def another_root_nearly_full(python):
    """There is more than one folder."""
    said = _elsewhere(python, "--mount", before="mount -t tmpfs -o size=64k tmpfs /tmp\n" + _HIDDEN,
                      TMPDIR="/dev/shm")
    assert said.startswith("not here") or "has the sampler since" in said, said
    return said


def another_root_interrupted(python):
    """No copy is left by what a signal ends; one that was killed leaves it to the next."""
    if not _may("--mount", before=_OTHER_ROOT):
        return "not here: unshare --mount is not permitted"
    for what, number in (("TERM", 1), ("INT", 9), ("HUP", 17), ("KILL", 1), ("KILL", 9)):
        with Elsewhere(python, "--mount", before=_OTHER_ROOT) as program:
            run = subprocess.run(
                [harness.LEAKTOP, "attach", *FILTERED, str(program.pid)], stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, timeout=120,
                env={**os.environ, "LEAKTOP_DIR": program.folder,
                     "LEAKTOP_ATTACH_TRIP": f"{what}:{number}"})
            assert run.returncode == -getattr(signal, "SIG" + what), (what, number, run)
            host.wait_until(program.is_free, 20, "it was let go")
            assert len(_copies(program)) == (what == "KILL"), (what, number, _copies(program))
            assert "has the sampler" in program.attach()
            assert not _copies(program), (what, number, _copies(program))
            program.check()
            program.end()
    return ""


_LEAK = "kept = []  # {}\ndef grow():\n    kept.extend(bytes(1000) for n in range(20000))\n"


def lines_of_another_root(python):
    """The source is read where the process has it, its links lead to what it sees, and it is that
    file which is newer than the process or is not."""
    if shutil.which("tmux") is None:
        return "not here: needs tmux"
    with tempfile.TemporaryDirectory(prefix="leaktop-place-") as folder:
        for name in ("till.py", "real.py"):
            pathlib.Path(folder, name).write_text(_LEAK.format("ours"), encoding="utf-8")
            os.utime(os.path.join(folder, name), (2e9, 2e9))
        before = (f"mount -t tmpfs tmpfs '{folder}'\nln -s '{folder}/real.py' '{folder}/till.py'\n"
                  f"cat >'{folder}/real.py' <<'E'\n{_LEAK.format('theirs')}E\n"
                  f"touch -d '1 hour ago' '{folder}/real.py'")
        if not _may("--mount", before=before):
            return "not here: unshare --mount is not permitted"
        source = f"sys.path.insert(0, {folder!r}); import till; until_go(lambda: nap(3600))"
        with Elsewhere(python, "--mount", before=before, source=source) as program:
            program.attach("--interval", "4K")
            program.check()
            assert program.says("till.grow()") == "None"
            with screens.Terminal(program.folder, "tmux", harness.LEAKTOP, str(program.pid),
                                  env={"LEAKTOP_DIR": program.folder}) as terminal:
                terminal.shows("LIVE")
                terminal.keys("/grow", "Enter")
                terminal.shows("till:3")
                terminal.keys("Enter")
                terminal.shows("# theirs")
                assert "CHANGED" not in terminal.screen(), terminal.screen()
                there = f"/proc/{program.pid}/root{folder}/real.py"
                os.utime(there, (2e9, 2e9))
                terminal.keys("C-r")
                terminal.shows("CHANGED after the process started")
            program.end()
    return ""


def another_root_without_room(python):
    said = _elsewhere(python, "--mount", before=_NOWHERE + "\n" + _HIDDEN)
    assert said.startswith("not here") or "no folder to put it" in said, said
    return said


def pids(python):
    return _elsewhere(python, "--pid", "--fork")


def another_time(python):
    """It says of itself that it began at another time than /proc says here."""
    said = _elsewhere(python, "--time", "--boottime", "86400", "--fork")
    assert said.startswith("not here") or "has the sampler since" in said, said
    return said


def without_proc(python):
    said = _elsewhere(python, "--mount", before="mount -t tmpfs tmpfs /proc")
    assert said.startswith("not here") or "has the sampler since" in said, said
    return said


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


_OWN_MALLOC = r"""
#include <stdlib.h>
#include <unistd.h>
int Py_IsInitialized(void) { return 1; }
volatile int beats;
void *
malloc(size_t bytes)
{
	for (;;)
		beats += (int)bytes;	/* as long as another has the lock, say */
}
void *calloc(size_t n, size_t bytes) { return malloc(n * bytes); }
int
main(void)
{
	void *volatile p;

	alarm(60);
	p = malloc(1);
	return p == NULL;
}
"""


def malloc_inside(_python):
    """Code of the interpreter may be an allocator's: it is not stopped there."""
    with tempfile.TemporaryDirectory(prefix="leaktop-attach-") as folder:
        source, program = os.path.join(folder, "own.c"), os.path.join(folder, "own")
        pathlib.Path(source).write_text(_OWN_MALLOC, encoding="utf-8")
        subprocess.run([os.environ.get("CC", "cc"), "-O0", "-fno-builtin", "-rdynamic", "-o", program,
                        source], check=True)
        with subprocess.Popen([program]) as process:
            try:
                host.wait_until(lambda: "libc" in _maps(process.pid), 20, "it has its library")
                run = subprocess.run([harness.LEAKTOP, "attach", *FILTERED, str(process.pid)],
                                     stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                     stderr=subprocess.PIPE, text=True, check=False, timeout=60)
                assert run.returncode == FAILED and "at a safe place" in run.stderr, run
                assert process.poll() is None
            finally:
                process.kill()
    return run.stderr.strip()


def _maps(pid):
    with open(f"/proc/{pid}/maps", encoding="utf-8") as maps:
        return maps.read()


TESTS = [network, mounts, mounts_read_only, another_root, another_root_interrupted,
         lines_of_another_root, another_root_without_room, pids, another_time,
         without_proc, another_root_nearly_full, users, container, musl,
         malloc_inside]


if __name__ == "__main__":
    if not may_attach():
        print("SKIP: needs to be let trace processes, on x86-64")
        sys.exit(host.SKIP)
    sys.exit(host.run(TESTS, every=len(sys.argv) > 1))
