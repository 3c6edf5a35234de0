#!/usr/bin/python3
"""processes.py - the sampler in everything that processes do: fork, spawn, exec, threads, exit.

Each case runs a small program under `leaktop run` and speaks to the sockets by hand.  The program
prints a line when it has come to a point, and waits for one from us before it goes on.
"""
import argparse
import contextlib
import glob
import os
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402
from service import die_with_parent, raise_on_signals  # noqa: E402

_PRELUDE = """
import os, sys
def step(*words):
    print(*words, flush=True)
    if not sys.stdin.readline():
        os._exit(9)
def churn(keep=[]):
    keep.append([str(n) * 20 for n in range(20000)])
"""


def _threads_of(pid):
    """What each thread of pid does, for the message of a test that waits in vain."""
    found = []
    for task in glob.glob(f"/proc/{pid}/task/*"):
        with contextlib.suppress(OSError):
            state = [open(f"{task}/{name}", encoding="utf-8").read().split()
                     for name in ("comm", "stat", "wchan", "syscall")]
            found.append((state[0], state[1][2], state[2], state[3][:2]))
    return found or "is not there"


class Program:
    """A program under leaktop with a folder for sockets of its own."""

    def __init__(self, *command, text=True):
        self.folder = tempfile.mkdtemp(prefix="leaktop-e2e-")
        self.process = subprocess.Popen(
            harness.under_leaktop() + list(command), stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=text, start_new_session=True,
            preexec_fn=die_with_parent, env={**os.environ, "LEAKTOP_DIR": self.folder,
                                             "PYTHONDONTWRITEBYTECODE": "1"})

    def words(self):
        """The next line of the program, split; it waits for go()."""
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(f"ended early: {self.process.communicate()[1]}")
        return line.split()

    def go(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def finish(self, code=0):
        """Waits for the end; exit code and silence are asserted.  The rest of stdout."""
        out, err = self.process.communicate(timeout=60)
        assert self.process.returncode == code, f"{self.process.returncode}, not {code}: {err}"
        assert not err, f"stderr: {err}"
        return out

    def sampler_of(self, pid):
        """Waits for the hello of the sampler in pid."""
        path = harness.socket_path(self.folder, pid)
        try:
            message = harness.wait_until(lambda: harness.hello(path), 15, f"sampler of {pid}")
        except AssertionError as why:
            raise AssertionError(f"{why}; {pid}: {_threads_of(pid)}") from None
        assert message["t"] == "hello" and message["pid"] == int(pid), message
        return message

    def gone(self, pid):
        path = harness.socket_path(self.folder, pid)
        harness.wait_until(lambda: not os.path.exists(path), 5, f"socket of {pid} removed")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            with contextlib.suppress(OSError, ValueError):
                pipe.close()
        subprocess.run(["rm", "-rf", self.folder], check=False)


def _python(source):
    return Program(harness.PYTHON, "-c", _PRELUDE + source)


def fork_gives_each_its_own_socket():
    with _python("""
churn()
child = os.fork()
churn()
step(os.getpid()) if child == 0 else os.waitpid(child, 0)
step(os.getpid())
""") as program:
        child, = program.words()
        parent = str(program.process.pid)
        assert program.sampler_of(child)["state"] == "sampling"
        assert program.sampler_of(parent)["state"] == "sampling"
        program.go()
        assert program.words() == [child]
        program.go()
        program.gone(child)
        assert program.words() == [parent]
        assert program.sampler_of(parent)["state"] == "sampling"
        program.go()
        program.finish()
        program.gone(parent)


def fork_before_the_sampler_is_up():
    """The first thing the program does, before our callbacks can be registered."""
    with Program(harness.PYTHON, "-I", "-S", "-c", """
import posix, sys
child = posix.fork()
print(posix.getpid(), flush=True) if child == 0 else None
sys.stdin.readline()
posix.waitpid(child, 0) if child else None
""") as program:
        child, = program.words()
        assert program.sampler_of(child)["state"] == "sampling"
        assert program.sampler_of(program.process.pid)["state"] == "sampling"
        program.go()
        program.go()
        program.finish()


def fork_of_a_fork_and_of_a_thread():
    with _python("""
import threading
def nest(depth):
    churn()
    child = os.fork()
    if child == 0:
        if depth:
            nest(depth - 1)
        step(os.getpid(), os.getppid())
        os._exit(0)
    os.waitpid(child, 0)
thread = threading.Thread(target=nest, args=(2,))
thread.start()
thread.join()
""") as program:
        for _ in range(3):
            pid, parent = program.words()
            program.sampler_of(pid)
            program.sampler_of(parent)
            program.go()
        program.finish()


def subprocess_of_python_is_sampled():
    with _python("""
import subprocess
child = subprocess.Popen([sys.executable, "-c", "print(input())"], stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE, text=True)
step(child.pid)
print(child.communicate("echo\\n")[0].strip(), child.returncode)
""") as program:
        child, = program.words()
        program.sampler_of(child)
        program.go()
        assert program.finish() == "echo 0\n"
        program.gone(child)


def _multiprocessing(method):
    source = f"""
import multiprocessing
def work(connection):
    churn()
    connection.send(os.getpid())
    connection.recv()
    connection.send(sum(range(1000)))
if __name__ == "__main__":
    context = multiprocessing.get_context("{method}")
    ours, theirs = context.Pipe()
    child = context.Process(target=work, args=(theirs,))
    child.start()
    step(ours.recv())
    ours.send("go")
    print(ours.recv())
    child.join()
    print(child.exitcode)
"""
    # spawn imports the main module again, so it has to be a file
    with tempfile.NamedTemporaryFile("w", suffix=".py", prefix="leaktop_e2e_") as file:
        file.write(_PRELUDE + source)
        file.flush()
        with Program(harness.PYTHON, file.name) as program:
            child, = program.words()
            assert program.sampler_of(child)["state"] == "sampling"
            program.go()
            assert program.finish() == "499500\n0\n"


def multiprocessing_fork():
    _multiprocessing("fork")


def multiprocessing_spawn():
    _multiprocessing("spawn")


def exec_of_python_begins_anew():
    with _python("""
churn()
step(os.getpid())
os.execv(sys.executable, [sys.executable, "-c",
                          "import os; print(os.getpid(), flush=True); input()"])
""") as program:
        pid, = program.words()
        first = program.sampler_of(pid)
        program.go()
        assert program.words() == [pid]
        second = harness.wait_until(lambda: harness.hello(harness.socket_path(program.folder, pid)),
                                    15, "the sampler after exec")
        assert second["started_at"] > first["started_at"], (first, second)
        program.go()
        program.finish()
        program.gone(pid)


def exec_of_another_program_leaves_no_sampler():
    with _python("""
step(os.getpid())
os.execv("/bin/cat", ["cat"])
""") as program:
        pid, = program.words()
        path = harness.socket_path(program.folder, pid)
        program.sampler_of(pid)
        with harness.Wire(path) as wire:
            wire.line()
            program.go()
            while (message := wire.line()) is not None:  # until the end of the connection
                assert message["t"] == "bye", message
        assert harness.hello(path) is None, "something answers in cat"
        assert program.process.communicate("kept\n", timeout=20)[0] == "kept\n"
        assert program.process.returncode == 0


def exit_says_bye_and_removes_the_socket():
    with _python("step(os.getpid())\nsys.exit(5)\n") as program:
        pid, = program.words()
        program.sampler_of(pid)
        with harness.Wire(harness.socket_path(program.folder, pid)) as wire:
            assert wire.line()["t"] == "hello"
            program.go()
            last = None
            while (message := wire.line()) is not None:
                last = message
        assert last == {"t": "bye", "reason": "exit"}, last
        program.finish(5)
        program.gone(pid)


def underscore_exit_does_not_hang():
    with _python("churn()\nstep(os.getpid())\nos._exit(7)\n") as program:
        pid, = program.words()
        program.sampler_of(pid)
        program.go()
        program.finish(7)
        assert harness.hello(harness.socket_path(program.folder, pid)) is None


def killed_process_leaves_a_socket_that_hurts_nobody():
    with _python("step(os.getpid())\n") as program:
        pid, = program.words()
        program.sampler_of(pid)
        program.process.kill()
        program.finish(-signal.SIGKILL)
        assert harness.hello(harness.socket_path(program.folder, pid)) is None
        listed = harness.ask_leaktop(program.folder, "list", "--json")
        assert f'"pid":{pid},' not in listed.replace(" ", ""), listed


def threads_come_and_go():
    with _python("""
import threading
def work(n):
    kept = [bytearray(1000 + n) for _ in range(300)]
    kept += [{str(i): i} for i in range(300)]
    return len(kept)
for round in range(20):
    threads = [threading.Thread(target=work, args=(n,)) for n in range(16)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
step(os.getpid(), threading.active_count())
""") as program:
        pid, count = program.words()
        assert count == "1"
        assert program.sampler_of(pid)["state"] == "sampling"
        program.go()
        program.finish()


def a_forked_thread_is_the_last_one():
    """In the child the forking thread is all there is of the host: its end ends the process."""
    with _python("""
import threading
def work():
    child = os.fork()
    if child:
        print("child ended with", os.waitpid(child, 0)[1])
thread = threading.Thread(target=work)
thread.start()
thread.join()
""") as program:
        assert program.finish() == "child ended with 0\n"


def other_programs_are_left_alone():
    for command, given, out, code in (
            (["/bin/sh", "-c", "exit 3"], b"", b"", 3),
            (["/bin/sh", "-c", "kill -TERM $$"], b"", b"", -signal.SIGTERM),
            (["/bin/cat"], bytes(range(256)) * 300, bytes(range(256)) * 300, 0),
            (["/bin/sh", "-c", "/bin/echo a | /usr/bin/tr a b"], b"", b"b\n", 0)):
        with Program(*command, text=False) as program:
            found, err = program.process.communicate(given, timeout=30)
            assert (found, err, program.process.returncode) == (out, b"", code), (
                command, found[:80], err, program.process.returncode)
            assert not harness.sockets(program.folder), f"{command} has a socket"


def a_missing_program_is_named():
    run = subprocess.run(harness.under_leaktop() + ["/nonexistent/program"], check=False,
                         stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert run.returncode not in (0, -signal.SIGSEGV) and "/nonexistent/program" in run.stderr, run


_CASES = (
    fork_gives_each_its_own_socket, fork_before_the_sampler_is_up, fork_of_a_fork_and_of_a_thread,
    subprocess_of_python_is_sampled, multiprocessing_fork, multiprocessing_spawn,
    exec_of_python_begins_anew, exec_of_another_program_leaves_no_sampler,
    exit_says_bye_and_removes_the_socket, underscore_exit_does_not_hang,
    killed_process_leaves_a_socket_that_hurts_nobody, threads_come_and_go,
    a_forked_thread_is_the_last_one,
    other_programs_are_left_alone, a_missing_program_is_named,
)


def _test():
    parser = argparse.ArgumentParser(description="processes under leaktop run")
    parser.add_argument("case", nargs="*", help="only these")
    options = parser.parse_args()
    failed = 0
    for case in _CASES:
        if options.case and case.__name__ not in options.case:
            continue
        try:
            case()
            print(f"ok   {case.__name__}", flush=True)
        except (AssertionError, OSError, ValueError, subprocess.TimeoutExpired) as why:
            failed += 1
            print(f"FAIL {case.__name__}: {type(why).__name__} {why}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    raise_on_signals()
    sys.exit(harness.main(_test))
