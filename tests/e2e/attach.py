#!/usr/bin/python3
"""attach.py - the sampler into processes that run, whatever they do; and never to their harm.

Each case attaches to a program in a state (subject.py), and has it check itself afterwards.

attach.py [VERSION|LABEL...] [CASE...]
"""
import contextlib
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "e2e"), str(ROOT / "sampler")]
import harness  # noqa: E402
import host  # noqa: E402
import screens  # noqa: E402
from subject import DONE, FAILED, FILTERED, LONG, STATES, Program, may_attach  # noqa: E402

# ---- what is attached to -------------------------------------------------------------------------

def a_sleep_takes_its_time(python):
    """What was interrupted is begun again, not cut short."""
    with Program(python, """
        r, w = os.pipe()
        def naps():
            began = time.monotonic()
            nap(1.5)
            select.select([r], [], [], 0.3)
            k = threading.Lock()
            k.acquire()
            assert not k.acquire(True, 0.3)
            assert time.monotonic() - began >= 2.1, time.monotonic() - began
        until_go(naps)
        """) as program:
        program.attach()
        program.hear("fine")
        program.end()


def it_counts_from_then_on(python):
    """Growth after the attach is seen, what was before is not; the screen says since when."""
    with Program(python, """
        old = [bytes(1000) for n in range(20000)]
        new = []
        until_go(lambda: nap(3600))
        """) as program:
        program.attach("--interval", "4K")
        since = program.hello()["started_at"]
        assert abs(since - time.time()) < 3600, since
        program.check()
        assert program.says("[new.append(bytes(1000)) for n in range(20000)] and len(new)") == "20000"

        def grown():
            with host.Wire(harness.socket_path(program.folder, program.pid)) as wire:
                tick = wire.look()
            return tick["live_bytes"] if tick["live_bytes"] > 15e6 else 0
        live = host.wait_until(grown, 30, "the growth is seen")
        assert live < 30e6, f"{live} bytes alive: what was there before is counted"
        assert "<string>" in program.leaktop(program.pid, "--batch")
        program.end()


def twice_says_so(python):
    with Program(python, STATES["sleep"]) as program:
        program.attach()
        assert "already" in program.attach()
        assert "there already" in program.leaktop("doctor", program.pid)
        program.check()
        program.end()


def dry_run_and_doctor_touch_nothing(python):
    with Program(python, STATES["sleep"]) as program:
        before = program.maps()
        said = program.attach("--dry-run")
        assert "Nothing was touched" in said and "CPython 3." in said, said
        said = program.leaktop("doctor", program.pid)
        assert "CPython 3." in said and "none: it has no sampler" in said, said
        assert program.maps() == before
        assert not program.has_sampler()
        assert f"leaktop attach {program.pid}" in program.leaktop(program.pid, "--batch", code=FAILED)
        program.check()
        program.end()


def attached_detached_attached(python):
    """Nothing of ours is left, and the second time is like the first."""
    with Program(python, """
        def spin():
            while True:
                kept = [str(n) * 3 for n in range(20000)]
                nap(0.001)
        until_go(spin)""") as program:
        path = harness.socket_path(program.folder, program.pid)
        left = None
        for cycle in range(100 if LONG else 4):
            program.attach("--interval", "16K")
            assert program.hello()["state"] == "sampling", program.hello()
            with host.Wire(path) as wire:
                host.wait_until(lambda: wire.look()["live_bytes"] > 0, 30, "it samples")
            said = program.leaktop("detach", program.pid)
            assert "runs without the sampler" in said, said
            assert not os.path.exists(path)
            now = host.wait_until(lambda: _no_thread_of_ours(program), 20, "its threads end")
            assert cycle < 2 or now == left, f"cycle {cycle}: {left} before, {now} now"
            left = now
            assert "no sampler" in program.leaktop(program.pid, "--batch", code=FAILED)
        program.attach()
        program.check()
        program.end()
    return f"{left[0]} descriptors"


def after_an_update(python):
    """The library that is there is started again, whatever its file is by now."""
    with Program(python, STATES["sleep"]) as program:
        real, link = (os.path.join(program.folder, name) for name in ("1.0", "current"))
        os.mkdir(real)
        os.symlink(real, link)
        library = os.path.join(link, "libleaktop-sampler.so")
        for _ in range(3):
            shutil.copy(host.SAMPLER, library + ".new")
            os.rename(library + ".new", library)
            program.attach(LEAKTOP_SAMPLER=library)
            assert program.hello()["state"] == "sampling", program.hello()
            assert "runs without" in program.leaktop("detach", program.pid)
        found = set(re.findall(r"(\d+) +\S+/libleaktop-sampler", program.maps()))
        assert len(found) == 1, program.maps()
        program.check()
        program.end()


def again_in_the_same_wait(python):
    """The kernel shows a wait that was interrupted as another call."""
    for state in ("sleep", "poll", "timed_lock", "epoll"):
        with Program(python, STATES[state]) as program:
            for _ in range(2):
                program.attach()
                assert "runs without" in program.leaktop("detach", program.pid)
            program.attach()
            program.check()
            program.end()


def _no_thread_of_ours(program):
    """(descriptors, mappings in twenties) once the program has its only thread alone."""
    if len(os.listdir(f"/proc/{program.pid}/task")) > 1:
        return None
    return len(os.listdir(f"/proc/{program.pid}/fd")), program.maps().count("\n") // 20


def under_another_name(python):
    """With the interpreter in the program: what was attached to can be looked at, and detached."""
    if python != os.path.realpath("/usr/bin/python3"):
        return "not here: needs an interpreter that is found from anywhere"
    with tempfile.TemporaryDirectory(prefix="leaktop-attach-") as folder:
        ledger = shutil.copy(python, os.path.join(folder, "ledger"))
        with Program(ledger, STATES["sleep"]) as program:
            program.attach()
            assert " sampling at " in program.leaktop(program.pid, "--batch")
            assert "runs without" in program.leaktop("detach", program.pid)
            program.check()
            program.end()
    return ""


def by_a_key(python):
    """A in Processes asks, attaches, and shows the process."""
    if shutil.which("tmux") is None:
        return "not here: needs tmux"
    with Program(python, STATES["sleep"]) as program:
        with screens.Terminal(program.folder, "tmux", harness.LEAKTOP,
                              env={"LEAKTOP_DIR": program.folder}) as terminal:
            terminal.keys("/", str(program.pid), "Enter")
            terminal.shows(rf"{program.pid} .*no")
            terminal.keys("A")
            if FILTERED:
                terminal.shows("seccomp")
                return "the key refuses: system calls are filtered here"
            terminal.shows("stop a thread")
            assert not program.has_sampler()
            terminal.keys("y", "Enter")
            terminal.shows(rf"leaktop {program.pid}|counts since")
            terminal.shows("LIVE")
            assert program.hello()["state"] == "sampling"
        program.check()
        program.end()
    return ""


# ---- what is refused -----------------------------------------------------------------------------

def others_are_refused(python):
    with Program(python, STATES["sleep"]) as program:
        sleep = subprocess.Popen(["sleep", "1000"])
        try:
            assert "does not run Python" in program.leaktop("attach", sleep.pid, code=FAILED)
            sleep.kill()
            host.wait_until(lambda: open(f"/proc/{sleep.pid}/stat", encoding="utf-8").read()
                            .split(") ")[1][0] == "Z", 10, "it is a zombie")
            assert "zombie" in program.leaktop("attach", sleep.pid, code=FAILED)
        finally:
            sleep.kill()
            sleep.wait()
        assert "no process" in program.leaktop("attach", sleep.pid, code=FAILED)
        program.check()
        program.end()


def with_memory_locked(python):
    """What is mapped is resident at once, so little is; nor do huge pages make it more."""
    with Program(python, """
        import ctypes
        locked = ctypes.CDLL(None).mlockall(3)
        until_go(lambda: nap(3600))""") as program:
        before = _resident_mb(program)
        program.attach()
        assert program.hello()["state"] == "sampling", program.hello()
        more = _resident_mb(program) - before
        with open(f"/proc/{program.pid}/smaps", encoding="utf-8") as maps:
            assert " nh" in maps.read() or not os.path.exists("/sys/kernel/mm/transparent_hugepage")
        program.check()
        assert more < 100, f"{more} MB more are resident"
        locked = program.says("locked") == "0"
        program.end()
    return f"{more:.0f} MB" + ("" if locked else ", not locked: not permitted here")


def _resident_mb(program):
    with open(f"/proc/{program.pid}/status", encoding="utf-8") as status:
        return int(re.search(r"VmRSS:\s*(\d+)", status.read())[1]) / 1024


def without_descriptors(python):
    """The last ones are the program's own."""
    with Program(python, """
        import resource
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (30, limits[1]))
        def wait():
            files = [open(os.devnull) for n in range(22)]
            try:
                nap(3600)
            finally:
                [file.close() for file in files]
        until_go(wait)""") as program:
        host.wait_until(lambda: len(os.listdir(f"/proc/{program.pid}/fd")) > 22, 20, "they are open")
        said = program.attach(code=FAILED)
        assert "descriptors left of 30" in said and "prlimit" in said, said
        assert re.search("^no +limits", program.leaktop("doctor", program.pid, code=None), re.M)
        assert not program.has_sampler()
        program.check()
        program.end()


def in_valgrind(python):
    if shutil.which("valgrind") is None or python != os.path.realpath("/usr/bin/python3"):
        return "not here: needs valgrind and Debian's Python"
    with Program(python, STATES["sleep"], command=["valgrind", "--tool=none", "-q", python]) as program:
        assert "runs in valgrind" in program.attach(code=FAILED)
        program.check()
        program.end()
    return ""


def frozen(python):
    """As a container that is paused."""
    group = next((group for group in map(pathlib.Path, (
        "/sys/fs/cgroup/freezer", "/sys/fs/cgroup", "/sys/fs/cgroup/unified"))
        if (group / "freezer.state").exists() or (group / "cgroup.controllers").exists()
        or (group / "release_agent").exists() and group.name == "freezer"), None)
    try:
        group = group / f"leaktop-{os.getpid()}"
        group.mkdir()
    except (OSError, TypeError):
        return "not here: no cgroup can be made"
    try:
        with Program(python, STATES["sleep"]) as program:
            (group / "cgroup.procs").write_text(str(program.pid), encoding="utf-8")
            first = (group / "freezer.state").exists()
            switch = group / ("freezer.state" if first else "cgroup.freeze")
            switch.write_text("FROZEN" if first else "1", encoding="utf-8")
            try:
                host.wait_until(lambda: "FROZEN" in switch.read_text(encoding="utf-8") if first else
                                "frozen 1" in (group / "cgroup.events").read_text(encoding="utf-8"),
                                20, "it is frozen")
                assert "is frozen with its cgroup" in program.attach(code=FAILED)
            finally:
                switch.write_text("THAWED" if first else "0", encoding="utf-8")
            program.check()
            program.end()
    finally:
        host.wait_until(lambda: not (group / "cgroup.procs").read_text(encoding="utf-8"), 20, "it ends")
        group.rmdir()
    return ""


def strangers_are_refused(python):
    """As somebody else, who may not."""
    if os.geteuid() != 0:
        return "not here: needs root to be somebody else"
    with Program(python, STATES["sleep"]) as program:
        with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
            os.chmod(folder, 0o755)
            leaktop = os.path.join(folder, "leaktop")
            library = os.path.join(folder, "libleaktop-sampler.so")
            shutil.copy(_real_leaktop(), leaktop)
            shutil.copy(host.SAMPLER, library)
            os.chmod(leaktop, 0o755)
            os.chmod(library, 0o644)
            run = subprocess.run([leaktop, "attach", str(program.pid)], check=False, text=True,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd="/",
                                 env={"LEAKTOP_SAMPLER": library, "PATH": os.environ["PATH"]},
                                 preexec_fn=lambda: (os.setgroups([]), os.setgid(65534),
                                                     os.setuid(65534)))
        assert run.returncode == FAILED and "belongs to root" in run.stdout, run
        program.check()
        program.end()
    return ""


def _real_leaktop():
    """The program itself, not libtool's script for it."""
    behind = os.path.join(os.path.dirname(harness.LEAKTOP), ".libs/leaktop")
    return behind if os.path.exists(behind) else harness.LEAKTOP


# ---- what goes wrong -----------------------------------------------------------------------------

def _tripped(python, source, what, number):
    """leaktop with that trip: its exit code.  The program goes on in any case."""
    with Program(python, source) as program:
        run = subprocess.run(
            [harness.LEAKTOP, "attach", *FILTERED, str(program.pid)], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=120,
            env={**os.environ, "LEAKTOP_DIR": program.folder,
                 "LEAKTOP_ATTACH_TRIP": f"{what}:{number}"})
        host.wait_until(program.is_free, 20, "it was let go")
        program.check()
        program.end()
    return run.returncode, run.stdout


def _sweep(python, what, step, expected):
    """At each ptrace call in turn, until there are no more of them; how many there are."""
    number = 1
    for state in ("timed_lock", "floats"):
        number = 1
        while True:
            code, said = _tripped(python, STATES[state], what, number)
            if code == DONE:
                assert number > 1, f"{what} does not end leaktop here"
                break
            assert code in expected, f"{state} {what}:{number} ended with {code}: {said}"
            number += step
            assert number < 400, "there is no end of it"
    return f"{number} calls"


def signals_wait_until_it_is_free(python):
    for what, number in (("TERM", signal.SIGTERM), ("INT", signal.SIGINT), ("HUP", signal.SIGHUP)):
        words = _sweep(python, what, 1 if LONG else 9, [-number])
    return words


def killed_at_any_call(python):
    return _sweep(python, "KILL", 1 if LONG else 5, [-signal.SIGKILL])


def killed_at_any_time(python):
    """Wherever that is, it goes on, and can be attached to afterwards."""
    lot = random.Random(1)
    for state in ("timed_lock", "allocating"):
        with Program(python, STATES[state]) as program:
            for _ in range(100 if LONG else 5):
                with subprocess.Popen(
                        [harness.LEAKTOP, "attach", *FILTERED, str(program.pid)],
                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                        stderr=subprocess.DEVNULL,
                        env={**os.environ, "LEAKTOP_DIR": program.folder}) as attacher:
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        attacher.wait(lot.uniform(0, 0.02))
                    attacher.kill()
                host.wait_until(program.is_free, 20, "it was let go")
                assert "has the sampler" in program.attach()
                assert "runs without" in program.leaktop("detach", program.pid)
            program.check()
            program.end()


def any_call_may_fail(python):
    """A failure is either told, or made good."""
    seen = 0
    for number in range(1, 60, 1 if LONG else 4):
        code, said = _tripped(python, STATES["sleep"], "FAIL", number)
        assert code in (DONE, FAILED), f"FAIL:{number} ended with {code}: {said}"
        assert code == DONE or "goes on without the sampler" in said, said
        seen += code == FAILED
    assert seen, "no failure was one"
    return f"{seen} were told"


def calls_there_may_fail(python):
    for number, words in ((1, "mmap"), (2, "mprotect"), (3, "pthread_create")):
        code, said = _tripped(python, STATES["read"], "CALL", number)
        assert code == FAILED and words in said, said
    # a kernel that keeps /proc/PID/mem from what is read-only: there is another way
    code, said = _tripped(python, STATES["read"], "CALL", 4)
    assert code == DONE, said
    with Program(python, STATES["read"]) as program:
        with tempfile.TemporaryDirectory(prefix="leaktop-attach-") as folder:
            broken = os.path.join(folder, "libleaktop-sampler.so")
            with open(broken, "w", encoding="utf-8") as file:
                file.write("no library")
            said = program.attach(code=FAILED, LEAKTOP_SAMPLER=broken)
        assert "could not be loaded there" in said, said
        program.attach()    # and it may be tried again
        program.check()
        program.end()


# ---- its socket, its threads ----------------------------------------------------------------------

def where_its_folder_is_gone(python):
    """That of a session that is over; and one from which the socket was cleaned away."""
    with Program(python, STATES["sleep"], LEAKTOP_DIR="",
                 XDG_RUNTIME_DIR="/nonexistent/user") as program:
        program.attach()
        assert " sampling at " in program.leaktop(program.pid, "--batch")
        path = re.search(r"^ok +socket +(/\S+)", program.leaktop("doctor", program.pid), re.M)[1]
        os.unlink(path)
        host.wait_until(lambda: os.path.exists(path), 60, "it listens again")
        program.leaktop("detach", program.pid)
        program.check()
        program.end()


def without_a_folder(python):
    """One that nobody could reach is not started."""
    with Program(python, STATES["sleep"], LEAKTOP_DIR="/proc/nowhere") as program:
        assert "no folder for its socket" in program.attach(code=FAILED)
        host.wait_until(lambda: _no_thread_of_ours(program), 20, "its thread ends")
        program.check()
        program.end()


def without_threads(python):
    """It is told; and when there are some it may be tried again."""
    if os.geteuid() != 0:
        return "not here: needs root to be another user"
    with Program(python, """
        import resource
        os.chmod(".", 0o755)
        os.chown(".", 54321, -1)
        most = resource.getrlimit(resource.RLIMIT_NPROC)[1]
        resource.setrlimit(resource.RLIMIT_NPROC, (2, most))
        signal.signal(signal.SIGUSR2, lambda *_: print(
            resource.setrlimit(resource.RLIMIT_NPROC, (most, most)), flush=True))
        os.setresuid(54321, 54321, 0)
        def wait():
            try:
                nap(3600)
            finally:
                os.setresuid(0, 0, 0)
        until_go(wait)""") as program:
        said = program.attach(code=FAILED)
        if "may not read" in said:
            return "not here: the library is not for everybody"
        assert "no more threads" in said, said
        os.kill(program.pid, signal.SIGUSR2)
        program.hear("None")
        # what who starts leaktop does with its signals is nothing to us
        run = subprocess.run(
            ["env", "--ignore-signal=CHLD", "--block-signal=ALRM", harness.LEAKTOP, "attach",
             *FILTERED, str(program.pid)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, check=False, timeout=120,
            env={**os.environ, "LEAKTOP_DIR": program.folder})
        assert "has the sampler since" in run.stdout, run
        program.check()
        program.end()
    return ""


TESTS = [a_sleep_takes_its_time, it_counts_from_then_on, under_another_name, by_a_key, twice_says_so,
         attached_detached_attached, again_in_the_same_wait, after_an_update,
         where_its_folder_is_gone, without_a_folder, without_threads,
         dry_run_and_doctor_touch_nothing,
         with_memory_locked, without_descriptors, in_valgrind, frozen, others_are_refused, strangers_are_refused, signals_wait_until_it_is_free,
         killed_at_any_call, killed_at_any_time, any_call_may_fail, calls_there_may_fail]

if __name__ == "__main__":
    if not may_attach():
        print("SKIP: needs to be let trace processes, on x86-64")
        sys.exit(host.SKIP)
    sys.exit(host.run(TESTS, every=LONG or len(sys.argv) > 1))
