#!/usr/bin/python3
"""refusals.py - where the process cannot be copied that is said, and the walk takes its place; and
a program that takes the place of the one that is being copied sees nothing of it."""
import errno
import os
import platform
import sys

import host

_NO_GIL = "its heap cannot be frozen"

# clone() without CLONE_THREAD answers with an error, in all threads of the process.
_SANDBOX = """
import ctypes, struct
def forbid_copies(error):
    libc = ctypes.CDLL(None, use_errno=True)
    code = [(0x20, 0, 0, 0),            # the number of the call
            (0x15, 0, 3, 56),           # clone, on x86-64
            (0x20, 0, 0, 16),           # its flags
            (0x45, 1, 0, 0x10000),      # with CLONE_THREAD: allowed
            (0x06, 0, 0, 0x50000 | error),
            (0x06, 0, 0, 0x7fff0000)]
    lines = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in code))
    program = ctypes.create_string_buffer(struct.pack("HP", len(code), ctypes.addressof(lines)))
    assert libc.prctl(38, 1, 0, 0, 0) == 0
    assert libc.syscall(317, 1, 1, program) == 0, ctypes.get_errno()
"""

_WORDS = {errno.EAGAIN: "a limit of processes is reached", errno.EPERM: "a sandbox (seccomp)",
          errno.ENOSYS: "a sandbox (seccomp)", errno.ENOMEM: "vm.overcommit_memory",
          errno.EINVAL: "the kernel refuses clone"}


def _is_refused(wire, words):
    """As words; containers are walked instead, with these words for a reason."""
    reply, _ = wire.ask(op="types")
    assert not reply["ok"] and reply["code"] == "unavailable", reply
    assert words in reply["error"], reply
    reply, before = wire.ask(op="containers")
    assert reply["ok"], reply
    assert before["containers"]["by"] == "walk", before["containers"]
    assert words in before["containers"]["reason"], before["containers"]
    assert any(row["length"] == 5000 for row in before["containers"]["rows"])


@host.with_gil(_NO_GIL)
def what_the_kernel_refuses_is_said(python):
    if platform.machine() != "x86_64":
        return "n/a"
    for error, words in _WORDS.items():
        script = _SANDBOX + f"""
kept = list(range(5000))
say("ready"); wait()
forbid_copies({error})
say("forbidden"); wait()
"""
        with host.Host(python, script) as target:
            target.hear("ready")
            with target.wire() as wire:
                assert wire.ask(op="types")[0]["ok"]
                target.tell()
                target.hear("forbidden")
                _is_refused(wire, words)
                codes = [event["code"] for event in wire.ask(op="events")[1]["events"]["list"]]
                assert "freeze-refused" in codes, codes
            target.end()
    return ""


_LIMITED = """
import ctypes, os, resource
kept = list(range(5000))
say("ready"); wait()
own = 100000 + os.getpid()              # nobody else's threads count
os.setresuid(own, own, own)
ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # as a service that was started so
running = len(os.listdir("/proc/self/task"))
def limit(more):
    hard = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    resource.setrlimit(resource.RLIMIT_NPROC, (running + more, hard))
    say("limited")
    wait()
limit(0); limit(1); limit(2)
"""


@host.with_gil(_NO_GIL)
def a_limit_of_processes_is_said(python):
    """None for the thread, for the thread alone, and for both."""
    if os.geteuid() != 0:
        return "n/a"
    with host.Host(python, _LIMITED) as target:
        os.chmod(target.folder, 0o755)
        target.hear("ready")
        with target.wire() as wire:
            target.tell()
            target.hear("limited")
            reply, _ = wire.ask(op="types")
            assert not reply["ok"] and "no thread for the freeze" in reply["error"], reply
            target.tell()
            target.hear("limited")
            # a thread counts for a moment after it was joined
            host.wait_until(lambda: "a limit of processes" in wire.ask(op="types")[0]["error"], 10,
                            "a thread, and no copy")
            target.tell()
            target.hear("limited")
            host.wait_until(lambda: wire.ask(op="types")[0]["ok"], 10, "a thread and a copy")
        target.end()
    return ""


_REPLACED = """
import os, sys
kept = [[i] for i in range(1500000)]
say("ready"); wait()
os.execve(sys.executable, [sys.executable, "-c", '''
import os, sys, time
deadline = time.monotonic() + 25
def children():
    with open("/proc/self/task/%d/children" % os.getpid()) as file:
        return file.read().split()
def reaped():
    try:
        return os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return None
seen = {reaped()}
while children() and time.monotonic() < deadline:
    seen.add(reaped())
    time.sleep(0.01)   # poll: it is being killed
print(seen, children(), flush=True)
sys.stdin.readline()
'''], dict(os.environ))
"""


@host.with_gil(_NO_GIL)
def a_program_that_takes_its_place_is_left_no_child(python):
    """Whoever waits for any child is told of none, and soon there is none."""
    with host.Host(python, _REPLACED) as target:
        target.hear("ready")
        with target.wire() as wire:
            wire.send(op="types")
            host.wait_until(lambda: host.children(target.pid), 20, "a child, however young")
            target.tell()
            said = target.hear()
        target.end()
    assert said == "{None} []", said
    return ""


if __name__ == "__main__":
    sys.exit(host.run((what_the_kernel_refuses_is_said, a_limit_of_processes_is_said,
                       a_program_that_takes_its_place_is_left_no_child)))
