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
_WARM_S = 3
_BUFFER_BYTES = 16 << 20


class Sampler:
    """The sampler of this process; connected all the time, so that nothing of it is counted.

    What it says goes into one buffer and is not parsed: that would be sampled too.
    """

    def __init__(self, folder):
        path = os.path.join(folder, f"leaktop-{os.getpid()}.sock")
        _await(path)
        self._buffer = bytearray(_BUFFER_BYTES)
        self._connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._connection.settimeout(_TIMEOUT_S)
        self._connection.connect(path)
        hello = json.loads(self._line(b'"t":"hello"'))
        if hello["state"] != "sampling":
            raise SystemExit(f"{hello['state']}: {hello['reason']}")

    def _line(self, mark):
        """The next line with MARK in it; the one before it ends where this begins."""
        view = memoryview(self._buffer)
        length = 0
        while (place := self._buffer.find(mark, 0, length)) < 0 \
                or self._buffer[length - 1] != ord("\n"):
            got = self._connection.recv_into(view[length:])
            if got == 0:
                raise SystemExit("the sampler hung up, or says too much")
            length += got
        begin = self._buffer.rfind(b"\n", 0, place) + 1
        return bytes(self._buffer[begin:self._buffer.find(b"\n", place)])

    def samples(self):
        """How many it has taken."""
        self._connection.sendall(b'{"id":1,"op":"subscribe","period_ms":60000}\n')
        return json.loads(self._line(b'"t":"tick"'))["samples_total"]


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
    until = time.monotonic() + _WARM_S
    work()
    while time.monotonic() < until:     # a sampler looks for libraries of the program once a second
        work()
    before = sampler.samples()
    os.getppid()
    for _ in range(operations):
        work()
    os.getpgrp()
    print(json.dumps({"operations": operations, "samples": sampler.samples() - before}))


if __name__ == "__main__":
    main()
