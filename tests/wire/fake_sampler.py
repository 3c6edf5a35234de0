#!/usr/bin/env python3
"""fake_sampler.py FOLDER [MODE] - a Python process that speaks the golden lines.

Listens as a sampler would, prints "ready", serves one client after the other until its
standard input ends.  MODE:
  plain     what a good sampler says (default)
  hostile   a stack whose names would move a terminal's cursor
  silent    accepts, says nothing
  cut       ends in the middle of the first live line, and hangs up
  garbage   a megabyte of random bytes
  stranger  says that the client is not permitted
  old       speaks protocol 2
"""
import json
import os
import pathlib
import random
import select
import socket
import sys

GOLDEN = pathlib.Path(__file__).resolve().parent / "golden"


def golden(name, **changed):
    with open(GOLDEN / f"{name}.json", encoding="utf-8") as file:
        message = json.load(file)
    message.update(changed)
    return message


def hello(**changed):
    with open("/proc/self/stat", encoding="utf-8") as file:
        start_time = int(file.read().rsplit(")", 1)[1].split()[19])
    return golden("hello", pid=os.getpid(), start_time=start_time, **changed)


def names(mode):
    message = golden("names")
    if mode == "hostile":
        message["strings"].append([9, "/srv/\u001b]0;x\u0007\u202egnp.py\r\n\u009b31m"])
        message["frames"].append([9, 8, 9, 6])
        message["stacks"].append([9, "obj", 8, 0, [9]])
    return message


def rows(mode):
    message = golden("live")
    if mode == "hostile":
        message["rows"].append([9, 9e6, 9.0, 9, [[1, 9, 9e6, 9.0, 1e12]]])
    return message


class Client:
    """One connection and what it was told."""

    def __init__(self, connection, mode):
        self.connection = connection
        self.mode = mode
        self.period_s = None
        self.seq = 12
        self.at = 1763640061.25
        self.marks = golden("baselines")["list"]

    def say(self, message):
        self.connection.sendall(json.dumps(message, separators=(",", ":")).encode() + b"\n")

    def tick(self):
        self.say(golden("tick", seq=self.seq, at=self.at))
        self.seq += 1
        self.at += self.period_s

    def subscribe(self, request):
        self.period_s = request["period_ms"] / 1000
        self.say({"t": "baselines", "list": self.marks})
        self.say(names(self.mode))
        self.say(rows(self.mode))
        self.tick()

    def mark(self, request):
        new = {**self.marks[-1], "id": self.marks[-1]["id"] + 1, "name": request.get("name", "")}
        self.marks.append(new)
        self.say({"t": "baselines", "list": self.marks})
        return {"baseline": new["id"]}

    def answer(self, request):
        op = request["op"]
        if op == "baseline.rows" and request["baseline"] > len(self.marks):
            return {"ok": False, "code": "bad-argument", "error": "no such baseline"}
        if op == "subscribe":
            self.subscribe(request)
        elif op == "baseline":
            return {"ok": True, **self.mark(request)}
        elif op == "baseline.rows":
            self.say(golden("baseline", id=request["baseline"]))
        elif op in ("types", "referrers"):
            of = [word for word in ("stack", "address") if word in request]
            cycles = ["cycles", "uncollectable"] if op == "types" else []
            for kind in ("progress", "frozen", *cycles, "-".join([op, *of])):
                self.say(golden(kind))
        elif op in ("history", "trends", "memory", "containers"):
            self.say(golden(op))
        return {"ok": True}

    def talk(self):
        """Until the client leaves; false when standard input ended."""
        buffer = b""
        self.say(hello(**({"protocol": 2} if self.mode == "old" else {})))
        while True:
            ready, _, _ = select.select([self.connection, sys.stdin], [], [], self.period_s)
            if sys.stdin in ready:
                return False
            if not ready:
                self.tick()
                continue
            data = self.connection.recv(4096)
            if not data:
                return True
            *lines, buffer = (buffer + data).split(b"\n")
            for line in lines:
                request = json.loads(line)
                self.say({"t": "reply", "id": request["id"], **self.answer(request)})


def misbehave(connection, mode):
    """False when standard input ended."""
    if mode == "silent":
        select.select([sys.stdin], [], [])
        return False
    if mode == "cut":
        lines = [hello(), names(mode), rows(mode)]
        text = "\n".join(json.dumps(line) for line in lines)
        connection.sendall(text.encode()[:-20])
    elif mode == "garbage":
        connection.sendall(random.Random(1).randbytes(1 << 20))
    elif mode == "stranger":
        connection.sendall(b'{"t":"bye","reason":"not permitted"}\n')
    return True


def serve(listener, mode):
    while True:
        ready, _, _ = select.select([listener, sys.stdin], [], [])
        if sys.stdin in ready:
            return
        connection, _ = listener.accept()
        with connection:
            try:
                if mode in ("silent", "cut", "garbage", "stranger"):
                    goes_on = misbehave(connection, mode)
                else:
                    goes_on = Client(connection, mode).talk()
            except (BrokenPipeError, ConnectionResetError):
                goes_on = True
        if not goes_on:
            return


def main():
    folder, mode = sys.argv[1], (sys.argv[2:] or ["plain"])[0]
    path = os.path.join(folder, f"leaktop-{os.getpid()}.sock")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(path)
        listener.listen(8)
        print("ready", flush=True)
        serve(listener, mode)
    os.unlink(path)


main()
