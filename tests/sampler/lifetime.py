#!/usr/bin/python3
"""lifetime.py - start, fork, exec, exit: the host lives and dies as it would without us."""
import contextlib
import glob
import os
import signal
import subprocess
import sys
import tempfile
import time

import host


def _gone(path):
    return not os.path.exists(path)


def exit_says_bye_and_removes_the_socket(python):
    for ending in ("pass", "sys.exit(0)", "raise SystemExit",
                   "import threading; threading.Thread(target=lambda: sum(range(10**5))).start()"):
        with host.Host(python, f"say('ready')\nwait_for = wait()\n{ending}\n") as target:
            target.hear("ready")
            with target.wire() as wire, target.wire() as other:
                wire.send(op="subscribe", period_ms=100)
                wire.until("tick")
                path = target.socket_path()
                target.tell()
                assert wire.until("bye")["reason"] == "exit"
                assert other.until("bye")["reason"] == "exit"
                assert wire.line() is None
            target.end()
            assert _gone(path), f"{ending}: the socket is still there"
            assert target.errors() == "", target.errors()


def exit_codes_are_those_of_the_host(python):
    for script, code in (("sys.exit(7)", 7), ("1/0", 1), ("import os; os._exit(5)", 5),
                         ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)",
                          -signal.SIGTERM),
                         ("import atexit, os; atexit.register(lambda: os._exit(4))", 4),
                         ("import threading; t = threading.Thread(target=wait, daemon=True);"
                          "t.start(); say('x'); sys.exit(3)", 3)):
        with host.Host(python, script) as target:
            target.process.stdin.close() if "wait" not in script else None
            assert target.process.wait(20) == code, (script, target.errors())


def short_programs_end_at_once(python):
    """Before, while and after the sampler comes up: never a hang, never a word."""
    for delay in range(0, 30, 2):
        script = f"import time; time.sleep({delay / 1000})"   # pace: ends within the start
        with host.Host(python, script) as target:
            assert target.process.wait(20) == 0
            assert target.errors() == "", target.errors()
            assert not glob.glob(target.folder + "/*.sock"), "a socket was left behind"


def crowds_of_short_programs_end_well(python):
    """More than there are processors, so that the main thread may run to its end while the
    sampler's is on its way into the interpreter."""
    environment = {**os.environ, "LD_PRELOAD": host.SAMPLER, "LEAKTOP_DIR": tempfile.gettempdir()}
    code = "class X: pass\nx = X(); x.x = x; del x"
    for _ in range(15 if not host.LONG else 500):
        crowd = [subprocess.Popen([python, "-c", code], env=environment, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
                 for _ in range(8)]
        for program in crowd:
            said, _ = program.communicate(timeout=60)
            assert program.returncode == 0 and said == b"", (program.returncode, said)


_FORK = r"""
import os, warnings
kept = [bytearray(8 << 20)]
def in_child():
    kept.append(bytearray(8 << 20))
    say("child", os.getpid())
    wait()
    os._exit(0)
say("ready"); wait()
pid = os.fork()
if pid == 0:
    in_child()
def after():
    kept.append(bytearray(9 << 20))
after()
_, status = os.waitpid(pid, 0)
say("parent", status)
wait()
kept.clear()
"""


def a_fork_makes_two(python):
    with host.Host(python, _FORK, "-W", "error") as target:
        target.hear("ready")
        with target.wire() as before:
            target.tell()
            child = int(target.hear("child").split()[1])
            with target.wire(child) as wire:
                assert wire.hello["pid"] == child and wire.hello["state"] == "sampling"
                wire.look()
                names = [frame[0] for _, _, _, frames in wire.stacks.values()
                         for frame in frames[:1]]
                assert "in_child" in names, names
            target.tell()
            target.hear("parent 0")
            before.look()       # the same connection goes on
            with target.wire() as wire:
                assert wire.hello["pid"] == target.pid
                wire.look()
                names = [frame[0] for _, _, _, frames in wire.stacks.values()
                         for frame in frames[:1]]
                assert "after" in names and "in_child" not in names, names
        target.end()
        assert target.errors() == "", target.errors()


def many_forks_leave_nothing(python):
    script = """
    import os, subprocess, multiprocessing
    def square(x):
        kept = [bytearray(1000) for _ in range(100)]
        return x * x
    if __name__ == "__main__":
        say("ready"); wait()
        for i in range(40):
            pid = os.fork()
            if pid == 0:
                kept = [bytes(1000) for _ in range(50)]
                os._exit(0)
            assert os.waitpid(pid, 0)[1] == 0
        with multiprocessing.get_context("fork").Pool(2) as pool:
            assert pool.map(square, range(50)) == [x * x for x in range(50)]
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            assert pool.map(square, range(5)) == [x * x for x in range(5)]
        for i in range(5):
            assert subprocess.run(["true"]).returncode == 0
            assert subprocess.run(["true"], preexec_fn=lambda: None).returncode == 0
        assert subprocess.check_output([sys.executable, "-c", "print(42)"]) == b"42\\n"
        say("done"); wait()
    """
    with host.Host(python, script, "-W", "error", LEAKTOP_INTERVAL="1K") as target:
        target.hear("ready")
        with target.wire() as wire:
            wire.send(op="subscribe", period_ms=100)
            target.tell()
            target.hear("done")
            tick = wire.look()
            assert tick["state"] == "sampling"
        path = target.socket_path()
        target.end()
        assert target.errors() == "", target.errors()
        assert _gone(path)


def threads_and_forks_together(python):
    script = """
    import os, threading
    stop = False
    def churn():
        while not stop:
            kept = [bytes(i) for i in range(600)]
    def forks():
        import warnings
        warnings.simplefilter("ignore")     # of 3.12: forks of a process with threads
        for i in range(25):
            pid = os.fork()
            if pid == 0:
                kept = [bytes(i) for i in range(600)]
                os._exit(0)
            assert os.waitpid(pid, 0)[1] == 0
    ts = [threading.Thread(target=churn) for _ in range(4)]
    for t in ts: t.start()
    say("ready"); wait()
    f = threading.Thread(target=forks); f.start(); f.join()
    stop = True
    for t in ts: t.join()
    say("done"); wait()
    """
    with host.Host(python, script, LEAKTOP_INTERVAL="1K") as target:
        target.hear("ready")
        with target.wire() as wire:
            wire.send(op="subscribe", period_ms=100)
            target.tell()
            target.hear("done")
            wire.look()
        target.end()
        assert target.errors() == "", target.errors()


@host.with_gil("the collector has no lists to walk")
def a_walk_cut_short_by_a_fork_is_answered(python):
    script = """
    import os
    kept = [[i] for i in range(1500000)]
    say("ready"); wait()
    for i in range(20):
        pid = os.fork()
        if pid == 0:
            os._exit(0)
        os.waitpid(pid, 0)
    say("done"); wait()
    """
    with host.Host(python, script) as target:
        target.hear("ready")
        with target.wire() as wire:
            wire.send(op="containers")
            target.tell()
            answer = wire.until("reply")
            assert answer["ok"] or answer["code"] == "busy", answer
            target.hear("done")
            reply, before = wire.ask(op="containers")
            assert reply["ok"] and before["containers"]["rows"], reply
        target.end()
        return answer.get("code", "in time")


def exec_starts_afresh(python):
    script = """
    import os
    if len(sys.argv) == 1:
        say("ready"); wait()
        os.execv(sys.executable, [sys.executable, __file__, "again"])
    kept = bytearray(9 << 20)
    say("again"); wait()
    """
    with host.Host(python, script) as target:
        target.hear("ready")
        with target.wire() as wire:
            first = wire.hello
            target.tell()
            while wire.line() is not None:      # closed by the exec
                pass
        target.hear("again")
        def fresh():
            with contextlib.suppress(OSError, AssertionError):
                with target.wire() as wire:
                    if wire.hello and wire.hello["started_at"] != first["started_at"]:
                        return wire.hello
            return None
        assert host.wait_until(fresh, 10, "a sampler of its own")["pid"] == target.pid
        target.end()


def closed_descriptors_come_back(python):
    script = """
    import os
    say("ready"); wait()
    os.closerange(3, 1200)
    mine = [os.open("/dev/null", os.O_RDWR) for _ in range(500)]
    say("closed"); wait()
    for fd in mine:
        os.fstat(fd); os.close(fd)
    """
    with host.Host(python, script) as target:
        target.hear("ready")
        with target.wire() as wire:
            target.tell()
            target.hear("closed")
            with contextlib.suppress(ConnectionError):
                while wire.line() is not None:
                    pass
        def again():
            with contextlib.suppress(OSError):
                with host.Wire(target.socket_path(), 2) as wire:
                    return wire.line()
            return None
        assert host.wait_until(again, 10, "the socket comes back")["state"] == "sampling"
        path = target.socket_path()
        target.end()
        assert _gone(path)
        assert target.errors() == "", target.errors()


def little_address_space_harms_nobody(python):
    """Under a limit the sampler takes hash mode, or stays out where there is little room for its
    threads; the program works."""
    said = []
    needed = 60 if host.is_free_threaded(python) else 0     # mimalloc's segments
    for megabytes in (60 + needed, 80 + needed, 100, 150, 250, 600):
        script = """
        kept = [list(range(100)) for _ in range(1000)]
        say("ready", sum(map(len, kept))); wait()
        """
        prefix = ["sh", "-c", f'ulimit -v {megabytes * 1024}; exec "$@"', "sh"]
        with host.Host(python, script, prefix=prefix) as target:
            line = target.process.stdout.readline()
            with tempfile.TemporaryFile() as nothing:
                bare = subprocess.run([*prefix, python, "-c", "kept = [list(range(100)) for _ "
                                       "in range(1000)]"], stderr=nothing, check=False,
                                      stdin=subprocess.DEVNULL).returncode
            assert bool(line) == (bare == 0), f"{megabytes} MB: {line} {target.errors()}"
            mode = "none"
            with contextlib.suppress(AssertionError):
                if line:
                    with target.wire(timeout_s=1) as wire:
                        mode = wire.hello["mode"] or wire.hello["state"]
            said.append(f"{megabytes} MB {mode}")
            assert mode in (("none", "dormant") if megabytes < 200 else ("hash", "dormant")), said
            if line:
                target.end()
    assert said[-1] == "600 MB hash", said
    return ", ".join(said)


def settings_that_do_not_parse_are_events(python):
    for value in ("", "garbage", "-1", "12X", "1", "99999999999999999999999", "512KK", "1T"):
        with host.Host(python, "say('ready'); wait()", LEAKTOP_INTERVAL=value,
                       LEAKTOP_MEMORY="64K") as target:
            target.hear("ready")
            with target.wire() as wire:
                assert wire.hello["interval_bytes"] == 512 << 10, (value, wire.hello)
                assert wire.hello["memory_cap_bytes"] == 16 << 20, wire.hello
                events = wire.ask(op="events")[1]["events"]["list"]
                codes = [event["code"] for event in events]
                assert codes.count("bad-setting") >= 2 - (value == ""), (value, codes)
            target.end()
    with host.Host(python, "say('ready'); wait()", LEAKTOP_INTERVAL="64k") as target:
        target.hear("ready")
        with target.wire() as wire:
            assert wire.hello["interval_bytes"] == 64 << 10
        target.end()


def signals_reach_the_host(python):
    """No thread of ours takes a signal: the sleeping main thread is woken by each."""
    script = """
    import os, signal, time
    got = []
    def handler(*_):
        got.append(1)
        os.write(1, b"signal\\n")
    signal.signal(signal.SIGUSR1, handler)
    say("ready")
    while len(got) < 50:
        time.sleep(0.2)     # poll: a handler has run
    """
    with host.Host(python, script) as target:
        target.hear("ready")
        with target.wire() as wire:
            wire.send(op="subscribe", period_ms=100)
            began = time.monotonic()
            for _ in range(50):
                os.kill(target.pid, signal.SIGUSR1)
                target.hear("signal")
            assert time.monotonic() - began < 5, "signals waited for the end of a sleep"
        target.end()


def when_disabled_it_is_not_there(python):
    with host.Host(python, "say('ready'); wait()", LEAKTOP_DISABLE="1") as target:
        target.hear("ready")
        target.end()
        assert not glob.glob(target.folder + "/*.sock")


def other_pythons_stay_dormant(_):
    """A minor that is not known: a word of why, and nothing else."""
    others = [python for python in host.interpreters() if python.numbers >= (3, 7)
              and not host.is_supported(python)]
    for python in others:
        with host.Host(python.path, "say('ready', sum(range(1000))); wait()") as target:
            target.hear("ready 499500")
            with target.wire() as wire:
                assert wire.hello["state"] == "dormant", wire.hello
                assert "not supported" in wire.hello["reason"], wire.hello
                assert wire.ask(op="containers")[0]["code"] == "unavailable"
                assert wire.ask(op="resume")[0]["code"] == "unavailable"
                wire.look()
            target.end()
    return " ".join(python.label for python in others) or "none here"


if __name__ == "__main__":
    sys.exit(host.run((exit_says_bye_and_removes_the_socket, exit_codes_are_those_of_the_host,
                       short_programs_end_at_once, crowds_of_short_programs_end_well,
                       a_fork_makes_two, many_forks_leave_nothing,
                       threads_and_forks_together, a_walk_cut_short_by_a_fork_is_answered,
                       exec_starts_afresh, little_address_space_harms_nobody,
                       settings_that_do_not_parse_are_events, signals_reach_the_host,
                       when_disabled_it_is_not_there))
             or host.run((closed_descriptors_come_back, other_pythons_stay_dormant),
                         every=False))
