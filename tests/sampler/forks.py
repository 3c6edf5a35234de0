#!/usr/bin/python3
"""forks.py - every way to make a process and every way to end one, while other threads are sampled
at 1K and a client is subscribed: each does what it would without the sampler."""
import ctypes
import os
import signal
import sys

import host

# Threads that allocate while the main one makes processes.
_CHURN = r"""
import os, threading, warnings
warnings.simplefilter("ignore")     # of 3.12: forks of a process with threads
stop = threading.Event()
def churn():
    while not stop.is_set():
        kept = [bytes(i) for i in range(600)]
def start_churn(count=2, daemon=True):
    for i in range(count):
        threading.Thread(target=churn, daemon=daemon).start()
def right():
    kept = {i: bytes([i % 256]) * (i % 700) for i in range(2000)}
    return all(kept[i] == bytes([i % 256]) * (i % 700) for i in kept)
def code_of(pid):
    _, status = os.waitpid(pid, 0)
    return os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status)
"""


def _run(python, script, *options, code=0, errors="", **environment):
    """Runs the script beside a subscriber; what it said after "ready" in words, and the wire."""
    with host.Host(python, _CHURN + script, *options, LEAKTOP_INTERVAL="1K",
                   **environment) as target:
        target.hear("ready")
        with target.wire() as wire:
            wire.send(op="subscribe", period_ms=100)
            wire.until("tick")
            target.tell()
            said = target.hear()
            wire.look()
            target.tell()
            ended = target.end(code)
            while (message := wire.line()) is not None:
                last = message
            assert last["t"] == "bye", last
        assert target.errors() == errors, target.errors()
        assert not os.path.exists(target.socket_path()), "the socket is still there"
    return said + ended


def a_fork_before_anything(python):
    """The program's first word is fork, before our callbacks are registered.  3.12 and later see
    our thread then, and warn."""
    first = ("import posix, sys; child = posix.fork(); print(child, flush=True);"
             "sys.stdin.readline(); posix.waitpid(child, 0) if child else 0")
    with host.Host(python, "", "-I", "-S", "-W", "ignore", "-c", first) as target:
        child = max(target.hear(), target.hear(), key=int)
        for pid in (target.pid, child):
            with target.wire(pid) as wire:
                assert wire.hello["state"] == "sampling", wire.hello
                wire.look()
        target.end()
        assert target.errors() == "", target.errors()


def a_fork_that_python_does_not_see(python):
    """fork() of C: the child has no server until Python itself forks again.  Without other threads
    of Python: what they leave of the GIL in such a child is not fit for use."""
    said = _run(python, """
import ctypes
c = ctypes.PyDLL(None)
say("ready"); wait()
codes = []
for i in range(20):
    pid = c.fork()
    if pid == 0:
        os._exit(0 if right() else 9)
    codes.append(code_of(pid))
pid = c.fork()
if pid == 0:
    pid = os.fork()
    if pid == 0:
        os._exit(0 if right() else 9)
    os._exit(code_of(pid) if right() else 9)
codes.append(code_of(pid))
say(set(codes)); wait()
""")
    assert said == "{0}", said


def a_fork_that_nobody_sees(python):
    """_Fork() of C: no handler of anybody runs, and threads are missing all the same."""
    if not hasattr(ctypes.CDLL(None), "_Fork"):
        return "needs _Fork, of glibc 2.34"
    said = _run(python, """
import ctypes
c = ctypes.PyDLL(None)
say("ready"); wait()
codes = []
def in_child(i):
    if not right():
        os._exit(9)
    if i % 3 == 0:
        os._exit(0)         # at once
    if i % 3 == 1:          # after a fork that is seen
        pid = os.fork()
        os._exit(code_of(pid) if pid else 0)
    sys.exit(0)             # as a program ends
for i in range(9):
    pid = c._Fork()
    if pid == 0:
        in_child(i)
    codes.append(code_of(pid))
say(set(codes)); wait()
""")
    assert said == "{0}", said
    return None


def a_terminal_of_its_own(python):
    said = _run(python, """
start_churn()
say("ready"); wait()
pid, fd = os.forkpty()
if pid == 0:
    os.write(1, b"right" if right() else b"wrong")
    os._exit(7)
word = os.read(fd, 5)
while True:
    try:
        if not os.read(fd, 100): break
    except OSError:     # the end of a terminal
        break
stop.set()
say(word.decode(), code_of(pid)); wait()
""")
    assert said == "right 7", said


def programs_are_started_every_way(python):
    said = _run(python, """
import shutil, subprocess
start_churn()
true, echo = shutil.which("true"), shutil.which("echo")
PYTHON = [sys.executable, "-c", "print(6 * 7)"]
def run(arguments, **keywords):
    return subprocess.run(arguments, stdout=subprocess.PIPE, timeout=60, **keywords).stdout.strip()
def spawned(pid):
    return code_of(pid)
say("ready"); wait()
results = []
for i in range(4):
    results += [
        run(PYTHON) == b"42",
        run(PYTHON, close_fds=False) == b"42",                  # posix_spawn where it may
        run(PYTHON, preexec_fn=right) == b"42",                 # fork
        run(PYTHON, start_new_session=True) == b"42",
        run("echo $((6 * 7))", shell=True) == b"42",
        run([echo, "42"], env={}) == b"42",
        spawned(os.posix_spawn(true, ["true"], os.environ)) == 0,
        spawned(os.posix_spawnp("false", ["false"], os.environ)) == 1,
        os.spawnv(os.P_WAIT, true, ["true"]) == 0,
        os.system("exit 3") >> 8 == 3,
        os.popen("echo 42").read().strip() == "42",
    ]
try:
    subprocess.run(["/no/such/program"])
except FileNotFoundError:
    results.append(True)
stop.set()
say(set(results), len(results)); wait()
""")
    assert said == "{True} 45", said


def multiprocessing_every_way(python):
    """As a file of its own: spawn and forkserver import it again."""
    said = _run(python, """
import multiprocessing
def square(x):
    kept = [bytes(i) for i in range(600)]
    return x * x
if __name__ == "__main__":
    say("ready"); wait()
    start_churn()
    right = []
    for method in ("fork", "spawn", "forkserver"):
        with multiprocessing.get_context(method).Pool(2) as pool:
            right.append(pool.map(square, range(40)) == [x * x for x in range(40)])
            pool.close(); pool.join()
    stop.set()
    say(right); wait()
""")
    assert said == "[True, True, True]", said


def exec_in_a_thread(python):
    script = """
if len(sys.argv) == 1:
    start_churn()
    say("ready"); wait()
    threading.Thread(target=os.execv, args=(sys.executable,
        [sys.executable, __file__, "again"])).start()
    stop.wait()
say("again", right()); wait()
"""
    with host.Host(python, _CHURN + script, LEAKTOP_INTERVAL="1K") as target:
        target.hear("ready")
        with target.wire() as wire:
            wire.send(op="subscribe", period_ms=100)
            wire.until("tick")
            target.tell()
            target.hear("again True")
        def answers():
            with target.wire() as wire:
                return wire.hello if wire.hello and wire.hello["state"] == "sampling" else None
        assert host.wait_until(answers, 10, "a sampler of its own")["pid"] == target.pid
        target.end()
        assert target.errors() == "", target.errors()


def a_daemon_of_two_forks(python):
    """It has no parent, no terminal and other descriptors, and a sampler."""
    script = """
read, write = os.pipe()
back, forth = os.pipe()
start_churn()
say("ready"); wait()
pid = os.fork()
if pid == 0:
    os.setsid()
    if os.fork():
        os._exit(0)
    nothing = os.open("/dev/null", os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(nothing, fd)
    os.closerange(nothing, 500) if nothing > max(read, write, back, forth) else None
    os.write(write, b"%d" % os.getpid())
    os.read(back, 1)
    os._exit(0 if right() else 9)
say("daemon", os.read(read, 20).decode(), code_of(pid)); wait()
os.write(forth, b"x")
os.close(write); os.read(read, 1)   # until the daemon has ended
"""
    with host.Host(python, _CHURN + script, LEAKTOP_INTERVAL="1K") as target:
        target.hear("ready")
        target.tell()
        _, daemon, code = target.hear("daemon").split()
        assert code == "0", code
        with target.wire(int(daemon)) as wire:
            assert wire.hello["pid"] == int(daemon), wire.hello
            assert wire.hello["state"] == "sampling", wire.hello
            assert wire.look()["samples_total"] > 0
            target.tell()
        target.end()


# ---- the end ------------------------------------------------------------------------------------


def daemon_threads_allocate_to_the_end(python):
    for round_number in range(6):
        _run(python, "start_churn(4)\nsay('ready'); wait()\nsay('x'); wait()\n"
                     f"kept = [bytes(100) for i in range({round_number} * 1000)]\n")


def the_end_comes_from_elsewhere(python):
    """From a thread, from a signal, without a word: the code is the program's."""
    for script, code in (
            ("threading.Thread(target=sys.exit, args=(5,)).start()", 0),
            ("threading.Thread(target=os._exit, args=(6,)).start(); stop.wait()", 6),
            ("os._exit(8)", 8),
            ("os.abort()", -signal.SIGABRT),
            ("os.kill(os.getpid(), 9)", -signal.SIGKILL),
            ("import signal; signal.raise_signal(signal.SIGTERM)", -signal.SIGTERM),
            ("import ctypes; ctypes.PyDLL(None).exit(4)", 4)):
        with host.Host(python, _CHURN + f"start_churn()\nsay('ready'); wait()\n{script}\n"
                       "stop.set()\n", LEAKTOP_INTERVAL="1K",
                       PYTHONFAULTHANDLER="0") as target:
            target.hear("ready")
            with target.wire() as wire:
                wire.send(op="subscribe", period_ms=100)
                wire.until("tick")
                target.tell()
                assert target.process.wait(30) == code, (script, target.errors())
                while wire.line() is not None:      # the connection ends
                    pass


def exit_handlers_may_do_anything(python):
    said = _run(python, """
import atexit, subprocess
def at_exit():
    kept = [bytes(i) for i in range(2000)]
    try:
        pid = os.fork()
        if pid == 0:
            os._exit(0 if right() else 9)
        say("forked", code_of(pid))
    except RuntimeError:    # 3.12 and some later ones do not fork at the end
        say("forked", 0)
    say(subprocess.run(["echo", "42"], stdout=subprocess.PIPE).stdout.strip().decode())
    if sys.version_info < (3, 12):      # later none can be started
        thread = threading.Thread(target=right)
        thread.start(); thread.join()
class Last:
    def __del__(self):
        kept = [bytes(i) for i in range(2000)]
last = Last()
atexit.register(at_exit)
start_churn()
say("ready"); wait()
say("x", ""); wait()
stop.set()
""")
    assert said == "xforked 0\n42\n", said


# ---- interpreters in the interpreter --------------------------------------------------------------


def interpreters_come_and_go(python):
    """One after the other and at once; from 3.12 on those of a GIL of their own, too."""
    said = _run(python, """
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
CODE = '''if True:
    import gc
    kept = [bytes(i) for i in range(600)] + [{i: str(i)} for i in range(600)]
    kept.append(kept)
    del kept
    gc.collect()
'''
def kinds():
    if hasattr(interpreters, "new_config"):
        return [("legacy",), ("isolated",)]
    return [(), (False,)] if sys.version_info >= (3, 9) else [()]
def make(arguments):
    if arguments and isinstance(arguments[0], bool):
        return interpreters.create(isolated=arguments[0])
    return interpreters.create(*arguments)
def once(arguments):
    made = make(arguments)
    interpreters.run_string(made, CODE)
    interpreters.destroy(made)
say("ready"); wait()
count = 0
for arguments in kinds():
    for i in range(10):
        once(arguments); count += 1
    threads = [threading.Thread(target=once, args=(arguments,)) for i in range(4)]
    for t in threads: t.start()
    for t in threads: t.join()
    count += len(threads)
say("made", count, right()); wait()
""")
    assert said.endswith("True"), said
    return said


if __name__ == "__main__":
    sys.exit(host.run((a_fork_before_anything, a_fork_that_python_does_not_see,
                       a_fork_that_nobody_sees,
                       a_terminal_of_its_own,
                       programs_are_started_every_way, multiprocessing_every_way,
                       exec_in_a_thread, a_daemon_of_two_forks,
                       daemon_threads_allocate_to_the_end, the_end_comes_from_elsewhere,
                       exit_handlers_may_do_anything, interpreters_come_and_go)))
