"""counted.py - a work under callgrind: what is counted lies between a getppid and a getpgrp.

    counted.py WORK OPERATIONS [SOCKET]     SOCKET: of the sampler in this process, which has to
                                            be there first.  Prints {"operations", "samples"}.
"""
import json
import os
import socket
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import works  # noqa: E402

_TIMEOUT_S = 120


class Sampler:
    """The sampler of this process; connected all the time, so that nothing of it is counted."""

    def __init__(self, folder):
        path = os.path.join(folder, f"leaktop-{os.getpid()}.sock")
        _await(path)
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(_TIMEOUT_S)
        connection.connect(path)
        self._wire = connection.makefile("rw", encoding="utf-8")
        hello = json.loads(self._wire.readline())
        if hello["state"] != "sampling":
            raise SystemExit(f"{hello['state']}: {hello['reason']}")

    def samples(self):
        """How many it has taken."""
        self._wire.write('{"id":1,"op":"subscribe","period_ms":60000}\n')
        self._wire.flush()
        while True:
            message = json.loads(self._wire.readline())
            if message["t"] == "tick":
                return message["samples_total"]


class Nothing:
    def samples(self):
        return 0


def _await(path):
    deadline = time.monotonic() + _TIMEOUT_S
    while not os.path.exists(path):
        if time.monotonic() > deadline:
            raise SystemExit("no sampler came up")
        time.sleep(0.01)  # poll: until the deadline


def main():
    work = works.MAKERS[sys.argv[1]]()
    operations = int(sys.argv[2])
    sampler = Sampler(sys.argv[3]) if len(sys.argv) > 3 else Nothing()
    for _ in range(2):
        work()
    before = sampler.samples()
    os.getppid()
    for _ in range(operations):
        work()
    os.getpgrp()
    print(json.dumps({"operations": operations, "samples": sampler.samples() - before}))


if __name__ == "__main__":
    main()
