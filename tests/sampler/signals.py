#!/usr/bin/python3
"""signals.py - storms of signals while every kilobyte is sampled: handlers that allocate, that
raise, children that end, a process that is stopped and goes on."""
import os
import signal
import subprocess
import sys

import host

_WORK = r"""
import os, signal, threading
def work(seed):
    kept = {}
    for i in range(4000):
        kept[i % 300] = [bytes([i % 256]) * (i % 700), str(i) * (i % 9), {seed: i}]
        if i % 16 == 0:
            some, text, table = kept[i % 300]
            assert some == bytes([i % 256]) * (i % 700) and text == str(i) * (i % 9)
            assert table == {seed: i}
def rounds(until):
    n = 0
    while not until():
        work(n); n += 1
    return n
"""


def _checked(python, script, code=0):
    """Runs the script to "ready", then beside a subscriber to what it says next."""
    with host.Host(python, _WORK + script, LEAKTOP_INTERVAL="1K") as target:
        target.hear("ready")
        with target.wire() as wire:
            wire.send(op="subscribe", period_ms=100)
            wire.until("tick")
            target.tell()
            said = target.hear()
            tick = wire.look()
            assert tick["state"] == "sampling" and tick["samples_total"] > 1000, tick
        target.end(code)
        assert target.errors() == "", target.errors()
    return said


def handlers_that_allocate(python):
    """Three timers at a millisecond and children that end, with threads that allocate."""
    return _checked(python, """
seen = {}
def handler(number, frame):
    seen[number] = seen.get(number, 0) + 1
    kept = [bytes(i) for i in range(0, 600, 7)] + [{number: str(i)} for i in range(20)]
TIMERS = ((signal.ITIMER_REAL, signal.SIGALRM), (signal.ITIMER_VIRTUAL, signal.SIGVTALRM),
          (signal.ITIMER_PROF, signal.SIGPROF))
for number in [number for _, number in TIMERS] + [signal.SIGCHLD, signal.SIGUSR1]:
    signal.signal(number, handler)
enough = threading.Event()
threads = [threading.Thread(target=rounds, args=(enough.is_set,)) for i in range(2)]
say("ready"); wait()
for timer, _ in TIMERS:
    signal.setitimer(timer, 0.001, 0.001)
for t in threads: t.start()
def storm():
    pid = os.posix_spawn("/bin/true", ["true"], os.environ)
    os.kill(os.getpid(), signal.SIGUSR1)
    os.waitpid(pid, 0)
    return len(seen) == 5 and min(seen.values()) >= 30
rounds(storm)
for timer, _ in TIMERS:
    signal.setitimer(timer, 0)
enough.set()
for t in threads: t.join()
say(sorted(seen.values())); wait()
""")


def handlers_that_raise(python):
    """An exception out of a handler leaves an allocation half way, but never the sampler."""
    return _checked(python, """
class Alarm(Exception): pass
def handler(number, frame):
    raise Alarm
signal.signal(signal.SIGALRM, handler)
say("ready"); wait()
raised = whole = 0
while raised < 200:
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.001)
        rounds(lambda: False)
    except Alarm:
        raised += 1
signal.setitimer(signal.ITIMER_REAL, 0)
work(0)
say("raised", raised); wait()
""")


def forks_in_handlers(python):
    """A handler of Python's that forks, at whatever point the program is."""
    said = _checked(python, """
codes = []
def handler(number, frame):
    pid = os.fork()
    if pid == 0:
        work(1)
        os._exit(0)
    codes.append(os.waitpid(pid, 0)[1])
    if len(codes) < 25:
        signal.setitimer(signal.ITIMER_REAL, 0.002)
signal.signal(signal.SIGALRM, handler)
say("ready"); wait()
signal.setitimer(signal.ITIMER_REAL, 0.002)
rounds(lambda: len(codes) >= 25)
say(set(codes)); wait()
""")
    assert said == "{0}", said


def a_stopped_process_goes_on(python):
    """SIGSTOP and SIGCONT again and again: the subscriber misses ticks, and nothing else."""
    with host.Host(python, _WORK + "say('ready'); wait()\n"
                   "n = rounds(lambda: os.path.exists('enough'))\nsay('done', n); wait()\n",
                   LEAKTOP_INTERVAL="1K") as target:
        target.hear("ready")
        with target.wire() as wire:
            wire.send(op="subscribe", period_ms=100)
            target.tell()
            for _ in range(10):
                seq = wire.until("tick")["seq"]
                os.kill(target.pid, signal.SIGSTOP)
                os.waitid(os.P_PID, target.pid, os.WSTOPPED)
                os.kill(target.pid, signal.SIGCONT)
                assert wire.until("tick")["seq"] > seq
            with open(os.path.join(target.folder, "enough"), "wb"):
                pass
            target.hear("done")
            assert wire.look()["state"] == "sampling"
        target.end()
        assert target.errors() == "", target.errors()


def signals_for_the_samplers_threads_are_not_taken(python):
    """What is sent to a thread of ours by its number stays pending: no handler runs there.  The
    server is always there; the thread that patches comes and goes while we look."""
    script = """
import threading
got = []
signal.signal(signal.SIGUSR1, lambda *_: got.append(threading.get_ident()))
import ctypes, errno
say("ready"); wait()
def name(tid):
    try:
        with open("/proc/self/task/%s/comm" % tid) as file:
            return file.read().strip()
    except (FileNotFoundError, ProcessLookupError):
        return "ended"
ours = [int(tid) for tid in os.listdir("/proc/self/task") if name(tid) == "leaktop"]
libc = ctypes.CDLL(None, use_errno=True)
for tid in ours * 20:
    code = libc.syscall(SYS_TGKILL, os.getpid(), tid, signal.SIGUSR1)
    assert code == 0 or ctypes.get_errno() == errno.ESRCH, ctypes.get_errno()
work(0)
say("ours", len(ours), got); wait()
"""
    number = {"x86_64": 234, "aarch64": 131}[os.uname().machine]
    said = _checked(python, script.replace("SYS_TGKILL", str(number)))
    assert said.startswith("ours ") and said.endswith(" []") and said != "ours 0 []", said


def a_flood_from_outside(python):
    """Another process sends as fast as it can, and a client connects meanwhile."""
    with host.Host(python, _WORK + """
seen = 0
def handler(*_):
    global seen
    seen += 1
    kept = [bytes(i) for i in range(0, 600, 100)]
signal.signal(signal.SIGUSR1, handler)
say("ready")
n = rounds(lambda: seen >= 300 and os.path.exists("enough"))
say("done", seen > 0); wait()
""", LEAKTOP_INTERVAL="1K") as target:
        target.hear("ready")
        flood = subprocess.Popen([python, "-c", "import os, sys\n"
                                  "while True: os.kill(int(sys.argv[1]), 10)", str(target.pid)],
                                 stderr=subprocess.DEVNULL)
        try:
            for _ in range(4):
                with target.wire() as wire:
                    assert wire.hello["state"] == "sampling", wire.hello
                    wire.look()
            with open(os.path.join(target.folder, "enough"), "wb"):
                pass
            assert target.hear("done") == "done True"
        finally:
            flood.kill()
            flood.wait()
        target.end()
        assert target.errors() == "", target.errors()


if __name__ == "__main__":
    sys.exit(host.run((handlers_that_allocate, handlers_that_raise, forks_in_handlers,
                       a_stopped_process_goes_on, signals_for_the_samplers_threads_are_not_taken,
                       a_flood_from_outside)))
