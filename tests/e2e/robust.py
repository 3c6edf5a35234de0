#!/usr/bin/python3
"""robust.py - nothing a client does, or suffers, is felt by the service's customers.

A shop with customers at a steady rate; between two calm phases, one abuse after the other.
Asserted: every answer of the shop is right, the rate is held, and after each abuse the sampler
still answers a new client and still samples.
"""
import argparse
import collections
import concurrent.futures
import contextlib
import os
import random
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402
from customers import Customers  # noqa: E402
from service import Service, raise_on_signals  # noqa: E402

_CLIENTS_MAX = 8        # LK_WIRE_CLIENTS_MAX
_REQUEST_MAX = 4096     # LK_WIRE_REQUEST_MAX
_RATE_KEPT = 0.9
_TRIES = 3              # each beside a calm phase: others on this machine take their share, too

Target = collections.namedtuple("Target", "folder pid path options random")


def _start_client(target, *arguments):
    return subprocess.Popen([harness.LEAKTOP, *map(str, arguments), str(target.pid)],
                            env={**os.environ, "LEAKTOP_DIR": target.folder},
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL)


def _end(client):
    with contextlib.suppress(ProcessLookupError):
        client.send_signal(signal.SIGCONT)
    client.kill()
    client.stdout.close()
    client.wait()


def calm(target):
    """Nothing at all: what the others are compared with."""
    harness.pause(target.options.phase)


def one_client(target):
    """One ordinary client at ten frames a second."""
    client = _start_client(target, "-b", "-n", "100000", "-d", "0.1")
    try:
        harness.pause(target.options.phase)
        assert client.poll() is None, f"the client ended with {client.returncode}"
    finally:
        _end(client)


def killed_clients(target):
    """Clients killed by SIGKILL at random moments between start and their tenth frame."""
    deadline = time.monotonic() + target.options.phase
    while time.monotonic() < deadline:
        client = _start_client(target, "-b", "-n", "100000", "-d", "0.1")
        try:
            harness.pause(target.random.uniform(0, 0.5))
        finally:
            _end(client)


def stopped_client(target):
    """A client under SIGSTOP with a subscription, and a reader that subscribes and never reads."""
    client = _start_client(target, "-b", "-n", "100000", "-d", "0.1")
    try:
        client.stdout.read1(1)  # it shows its first frame: the subscription is there
        client.send_signal(signal.SIGSTOP)
        with harness.Wire(target.path) as lazy:
            lazy.socket.sendall(b'{"id":1,"op":"subscribe","period_ms":100}\n')
            harness.pause(target.options.stopped)
            harness.ask_leaktop(target.folder, "-b", "-n", "1", target.pid)
        client.send_signal(signal.SIGCONT)
        assert client.stdout.read1(1 << 16), "no frame after SIGCONT"
    finally:
        _end(client)


def many_clients(target):
    """50 connections at once: 8 are served, the others are told why not."""
    # a connection closed a moment ago may still have its place: three tries
    for _ in range(3):
        words, served = _crowd(target)
        if words["hello"] == _CLIENTS_MAX:
            break
    assert words["hello"] == _CLIENTS_MAX, f"50 connections were told {dict(words)}"
    assert words["limit"] == 50 - _CLIENTS_MAX, f"50 connections were told {dict(words)}"
    assert served == _CLIENTS_MAX, f"{served} of 50 connections are served"


def _crowd(target):
    """(what 50 connections were told, how many of them are served)"""
    words = collections.Counter()
    with contextlib.ExitStack() as stack:
        wires = [stack.enter_context(harness.Wire(target.path)) for _ in range(50)]
        for wire in wires:
            message = wire.line() or {"t": "nothing"}
            words[message["reason"] if message["t"] == "bye" else message["t"]] += 1
        return words, sum(_answers(wire) for wire in wires)


def _answers(wire):
    with contextlib.suppress(OSError, ValueError):
        reply = wire.ask(op="ping")
        return reply is not None and reply.get("ok")
    return False


def random_bytes(target):
    """A megabyte of random bytes, the answers read or not."""
    deadline = time.monotonic() + target.options.phase
    while time.monotonic() < deadline:
        data = target.random.randbytes(1 << 20)
        with harness.Wire(target.path) as wire, contextlib.suppress(OSError):
            wire.socket.settimeout(2)
            if target.random.random() < 0.5:
                data = data.replace(b"\n", b"\n{")
            wire.socket.sendall(data)
        harness.pause(0.1)


_HALVES = (b"", b"{", b'{"id":1,"op":"subs', b'{"id":1,"op":"subscribe"}', b"\n" * 5000,
           b"[" * 4000 + b"\n", b'{"id":' + b"9" * 3000 + b',"op":"ping"}\n', b'{"op":7}\n',
           b'{"id":1,"op":"interval","bytes":-1}\n',
           b'{"id":1,"op":"baseline.rows","baseline":99}\n', b'{"id":1,"op":"ping"}\0\n',
           b"\xff\xfe\n", b'{"id":1,"op":"baseline","name":"\\ud800"}\n',
           b'{"id":1,"op":"ping","x":"' + b"a" * (_REQUEST_MAX * 2) + b'"}\n')


def half_requests(target):
    """Requests that break off, that are too long, or that are no requests; some left hanging."""
    deadline = time.monotonic() + target.options.phase
    while time.monotonic() < deadline:
        with contextlib.ExitStack() as stack:
            for half in target.random.sample(_HALVES, 4):
                wire = stack.enter_context(harness.Wire(target.path))
                with contextlib.suppress(OSError):
                    wire.line()
                    wire.socket.sendall(half)
                    wire.readable(0.1)


_ORDERS = ({"op": "pause"}, {"op": "resume"}, {"op": "interval", "bytes": 1 << 10},
           {"op": "interval", "bytes": 1 << 24}, {"op": "baseline"}, {"op": "trends"},
           {"op": "interval", "bytes": 1 << 16}, {"op": "baseline.drop", "baseline": 1})


def contradictory_clients(target):
    """All clients that there may be, each giving orders as fast as they are answered."""
    deadline = time.monotonic() + target.options.phase

    def give_orders(seed):
        given = random.Random(seed)
        with harness.Wire(target.path) as wire:
            wire.ask(op="subscribe", period_ms=100)
            while time.monotonic() < deadline:
                reply = wire.ask(**given.choice(_ORDERS))
                assert reply["ok"] or reply["code"] in ("limit", "bad-argument"), reply
    with concurrent.futures.ThreadPoolExecutor(_CLIENTS_MAX) as pool:
        list(pool.map(give_orders, range(_CLIENTS_MAX)))
    with harness.Wire(target.path) as wire:
        assert wire.ask(op="interval", bytes=512 << 10)["ok"]
        assert wire.ask(op="resume")["ok"]


_ABUSES = (one_client, killed_clients, stopped_client, many_clients, random_bytes, half_requests,
           contradictory_clients)


def _still_well(target):
    """A new client is served and samples go on; connections just closed may need a moment."""
    def served():
        with contextlib.suppress(OSError):
            with harness.Wire(target.path) as wire:
                return _answers(wire)
        return False
    harness.wait_until(served, 10, "a new client is served")
    hello = harness.hello(target.path)
    assert hello and hello["state"] == "sampling", f"the sampler says {hello}"
    before = _samples(target)
    harness.wait_until(lambda: _samples(target) > before, 10, "samples go on")


def _samples(target):
    with harness.Wire(target.path) as wire:
        wire.socket.sendall(b'{"id":1,"op":"subscribe"}\n')
        while (message := wire.line()) is not None:
            if message["t"] == "tick":
                return message["samples_total"]
    raise AssertionError("no tick")


def _phase(abuse, target, service, options):
    """Row of the table; raises AssertionError."""
    with Customers(service.port, rate=options.rate, seed=options.seed) as customers:
        begun = time.monotonic()
        abuse(target)
        spare = options.phase - (time.monotonic() - begun)
        if spare > 0:
            harness.pause(spare)
        if abuse is not calm:
            _still_well(target)
        result = customers.stop()
    assert not result["wrong"] and result["exit_code"] == 0, f"wrong answers: {result}"
    print(f"{abuse.__name__:15} {result['requests_per_s']:7.1f} requests/s"
          f"  p50 {result['p50_ms']:7.2f}  p99 {result['p99_ms']:7.2f}  max {result['max_ms']:7.2f} ms",
          flush=True)
    return result


def _arguments():
    parser = argparse.ArgumentParser(description="abuse of the sampler's socket under load")
    parser.add_argument("--app", choices=("django", "flask"), default="django")
    parser.add_argument("--phase", type=float, default=4, metavar="S")
    parser.add_argument("--stopped", type=float, default=5, metavar="S", help="SIGSTOP for so long")
    parser.add_argument("--rate", type=float, default=100, metavar="REQUESTS/S")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def _test():
    options = _arguments()
    harness.need(options.app)
    with Service(options.app, "dict", prefix=harness.under_leaktop()) as service:
        pid, = service.worker_pids()
        target = Target(service.leaktop_dir, pid, harness.socket_path(service.leaktop_dir, pid),
                        options, random.Random(options.seed))
        harness.wait_until(lambda: harness.hello(target.path), 10, "the sampler answers")
        calm_per_s = _phase(calm, target, service, options)["requests_per_s"]
        slow = []
        for abuse in _ABUSES:
            for _ in range(_TRIES):
                per_s = _phase(abuse, target, service, options)["requests_per_s"]
                if per_s >= _RATE_KEPT * calm_per_s:
                    break
                calm_per_s = _phase(calm, target, service, options)["requests_per_s"]
            else:
                slow.append(f"{abuse.__name__}: {per_s} of {calm_per_s}")
        _phase(calm, target, service, options)
        assert service.worker_pids() == [pid], "the worker was replaced"
        assert service.poll() is None
    assert not slow, f"requests/s were lost: {slow}"
    return 0


if __name__ == "__main__":
    raise_on_signals()
    sys.exit(harness.main(_test))
