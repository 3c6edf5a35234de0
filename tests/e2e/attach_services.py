#!/usr/bin/python3
"""attach_services.py - in and out of servers at work: no answer is lost or wrong, and nothing stays.

Customers ask all the while, and know what they are to be answered.  After the first few times the
process has as many descriptors, threads and mappings as before, and the sampler's mappings and the
stacks of threads have as much memory.  What else it has may grow like that of its twin: the same
server, asked the same, into which nobody goes.
LK_TEST_LONG: 200 times each, 2,000 for gunicorn, and a server of the standard library on one build
of each minor.

attach_services.py [VERSION|LABEL...] [SERVER...]
"""
import contextlib
import hashlib
import http.client
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "e2e"), str(ROOT / "sampler")]
import harness  # noqa: E402
import host  # noqa: E402
from subject import DONE, FILTERED, LONG, may_attach  # noqa: E402

SYSTEM = "/usr/bin/python3"
TIMES = int(os.environ.get("LK_ATTACH_TIMES", "200" if LONG else "6"))
MANY = int(os.environ.get("LK_ATTACH_TIMES", "2000" if LONG else "6"))
SETTLED = 20                    # times after which nothing grows any more; at most a third of them
CUSTOMERS = 3
ENDS_S = 0.5                    # time for the thread that attach made to end
PAUSE_S = 0.002                 # between two questions of one
ROOMS = {"descriptors": 0, "threads": 0, "mappings": 3, "sampler": 128, "stacks": 64, "host": 512}
MIMALLOC = 1024                 # KiB; without a GIL objects are in mappings that look like ours
MAPPINGS_OF_A_THREAD = 4        # its stack and its arena of malloc, each with what guards it

_APPLICATION = """
import hashlib
def application(environ, start_response):
    words = [environ["QUERY_STRING"] + str(n) for n in range(300)]
    body = hashlib.sha256("".join(words).encode()).hexdigest().encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
"""

# The same without a package: one thread for each customer.
_THREADS = """
import http.server, socket, socketserver, sys
from application import application
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    def do_GET(self):
        def start(status, headers):
            self.send_response(200)
            for name, value in headers:
                self.send_header(name, value)
            self.end_headers()
        self.wfile.write(application({"QUERY_STRING": self.path.partition("?")[2]}, start)[0])
    def log_message(self, *words):
        pass
class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
server = Server(("127.0.0.1", 0), Handler, bind_and_activate=False)
server.socket = socket.socket(fileno=int(sys.argv[1]))
server.serve_forever()
"""

# Words come to the master, which has the only queue; a child of it does the task and answers.
_TASKS = """
import hashlib, os, socket, threading
import celery
from celery.signals import worker_ready
folder = os.environ["TASKS"]
app = celery.Celery("tasks", broker="memory://")
app.conf.update(broker_transport_options={"polling_interval": 0.005}, task_ignore_result=True)
def end_of(name):
    end = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    end.bind(os.path.join(folder, name))
    return end
@app.task
def digest(word):
    words = [word + str(n) for n in range(300)]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.sendto(hashlib.sha256("".join(words).encode()).hexdigest().encode(),
                   os.path.join(folder, "answers"))
def take():
    with end_of("words") as end:
        while True:
            digest.delay(end.recv(1000).decode())
@worker_ready.connect
def begin(**unused):
    threading.Thread(target=take, daemon=True).start()
"""


def _answer(word):
    return hashlib.sha256("".join(word + str(n) for n in range(300)).encode()).hexdigest()


class Customers:
    """Ask on and on; each answer is looked at."""

    def __init__(self, ask):
        self.answers, self.wrong = 0, []
        self._ask, self._ended, self._lock = ask, threading.Event(), threading.Lock()
        self._threads = [threading.Thread(target=self._be_one, args=(n,)) for n in range(CUSTOMERS)]

    def _be_one(self, number):
        asked = 0
        with contextlib.closing(self._ask()) as ask:
            next(ask)
            while not self._ended.wait(PAUSE_S):
                word = f"c{number}-{asked}"
                asked += 1
                try:
                    said = ask.send(word)
                except Exception as why:  # whatever it is, the answer is lost
                    said = f"{type(why).__name__}: {why}"
                with self._lock:
                    self.answers += 1
                    if said != _answer(word):
                        self.wrong.append((word, said))
                        return

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        for thread in self._threads:
            thread.join()


def _over_http(server):
    """A customer: is sent words, and yields answers."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    word = yield
    while True:
        connection.request("GET", "/?" + word)
        word = yield connection.getresponse().read().decode()


# ---- the servers --------------------------------------------------------------------------------

class Server:
    """A command that serves on an inherited socket, in a folder of its own."""

    def __init__(self, command, environment=()):
        self.folder = tempfile.mkdtemp(prefix="leaktop-attach-")
        pathlib.Path(self.folder, "application.py").write_text(_APPLICATION, encoding="utf-8")
        pathlib.Path(self.folder, "tasks.py").write_text(_TASKS, encoding="utf-8")
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        descriptor = self.listener.fileno()
        with open(os.path.join(self.folder, "log"), "wb") as log:
            self.process = subprocess.Popen(
                [str(word).replace("{fd}", str(descriptor)) for word in command],
                cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                pass_fds=[descriptor], start_new_session=True,
                env={**os.environ, "LEAKTOP_DIR": self.folder, "LEAKTOP_BUDGET": "0",
                     "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": self.folder,
                     "TASKS": self.folder, **dict(environment)})

    def log(self):
        return pathlib.Path(self.folder, "log").read_text(errors="replace")[-2000:]

    def children(self):
        pid = self.process.pid
        with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as file:
            return [int(word) for word in file.read().split()]

    def child(self):
        """The only one of a master: it does the work."""
        return host.wait_until(lambda: self.process.poll() is not None or
                               (self.children() or [None])[0], 60, "it has a worker")

    def leaktop(self, *arguments):
        run = subprocess.run([harness.LEAKTOP, *map(str, arguments)], stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                             check=False, timeout=120,
                             env={**os.environ, "LEAKTOP_DIR": self.folder})
        return run.returncode, run.stdout + run.stderr

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(10)
        self.listener.close()
        shutil.rmtree(self.folder, ignore_errors=True)


# A mapping's head, and of what follows how much of it is anonymous: pages of files are the kernel's,
# which gives and takes them as it likes.
_HEAD = re.compile(r"([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+ *(.*)")


def _mappings(pid):
    """(start, end, permissions, name, anonymous KiB, flags) of each"""
    found = []
    with open(f"/proc/{pid}/smaps", encoding="utf-8") as smaps:
        for line in smaps:
            head = _HEAD.match(line)
            if head:
                found.append([int(head[1], 16), int(head[2], 16), head[3], head[4].strip(), 0, ()])
            elif line.startswith("Anonymous:"):
                found[-1][4] = int(line.split()[1])
            elif line.startswith("VmFlags:"):
                found[-1][5] = line.split()[1:]
    return found


def _whose(mapping, before):
    """Its kind.  The sampler reserves no swap for what it maps (nr), and neither does malloc for an
    arena, whose address is a multiple of 64 MiB."""
    start, _, _, name, _, flags = mapping
    follows = before is not None and before[1] == start and not name
    if "libleaktop-sampler" in name or (follows and "libleaktop-sampler" in before[3]):
        return "sampler"
    if not name and "nr" in flags and start % (64 << 20):
        return "sampler"
    if follows and before[2].startswith("---") and before[1] - before[0] == 4096:
        return "stacks"
    return "host"


def _size(pid):
    """How many of what, and KiB."""
    size = {"descriptors": len(os.listdir(f"/proc/{pid}/fd")),
            "threads": len(os.listdir(f"/proc/{pid}/task")), "mappings": 0,
            "sampler": 0, "stacks": 0, "host": 0}
    before = None
    for mapping in _mappings(pid):
        size["mappings"] += 1
        size[_whose(mapping, before)] += mapping[4]
        before = mapping
    return size


def _calm(pid, size, least):
    """SIZE once no thread of ours is there: each says its name, but for the one that attach made.
    That one looks each 20 ms whether it may end: where there were LEAST threads before, a while for
    there being no more; the service may have made one since."""
    def ours_are_gone():
        for thread in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(OSError), \
                    open(f"/proc/{pid}/task/{thread}/comm", encoding="utf-8") as name:
                if name.read().startswith("leaktop"):
                    return False
        return True
    host.wait_until(ours_are_gone, 30, "the sampler's threads end")
    until = time.monotonic() + ENDS_S
    while len(os.listdir(f"/proc/{pid}/task")) > least and time.monotonic() < until:
        time.sleep(0.005)   # poll: the thread that attach made ends
    return size(pid)


def _in_and_out(make, ask, worker=Server.child, times=TIMES, most=1):
    """TIMES in and out of the worker of what make() starts, which customers ask; it makes MOST
    threads for them, some of them late.  Words on what it came to."""
    sizes, twins = [], []
    with make() as server, make() as twin:
        with Customers(lambda: ask(server)) as customers, Customers(lambda: ask(twin)) as others:
            for asked, asks in ((server, customers), (twin, others)):
                host.wait_until(lambda asks=asks: asks.answers > 10 or asks.wrong, 60,
                                f"it answers: {asked.log()}")
            pid, twin_pid = worker(server), worker(twin)
            for time_ in range(times):
                code, said = server.leaktop("attach", *FILTERED, pid)
                assert code == DONE, f"time {time_}: {said}"
                before = customers.answers
                host.wait_until(lambda: customers.answers > before or customers.wrong, 60,
                                "it answers with the sampler")
                code, said = server.leaktop("detach", pid)
                assert code == DONE, f"time {time_}: {said}"
                least = min((s["threads"] for s in sizes), default=0)
                sizes.append(_calm(pid, _size, least))
                twins.append(_size(twin_pid))
                assert not customers.wrong, f"time {time_}: {customers.wrong}\n{server.log()}"
        assert not customers.wrong and not others.wrong, \
            f"{customers.wrong}{others.wrong}\n{server.log()}"
        assert worker(server) == pid, "the worker was replaced"
    growth = _check_growth(sizes, twins, most)
    return (f"{times} times, {customers.answers} answers; {sizes[-1]}, more than after the first: "
            f"{growth}")


def _check_growth(sizes, twins, most):
    """A server under load opens and closes, so the least of each part is compared."""
    begin = min(SETTLED, len(sizes) // 3)
    middle = max(begin + 1, len(sizes) // 2)
    growth = {}

    def grown(of, what):
        return min(s[what] for s in of[middle:]) - min(s[what] for s in of[begin:middle])
    late = max(0, most - min(s["threads"] for s in sizes[begin:middle]))
    own = {"threads": late, "mappings": late * MAPPINGS_OF_A_THREAD,
           "host": max(0, grown(twins, "host")), "sampler": max(0, grown(twins, "sampler"))}
    rooms = dict(ROOMS)
    if twins[-1]["sampler"] > MIMALLOC:
        rooms["sampler"] = rooms["host"]
    for what, room in rooms.items():
        growth[what] = grown(sizes, what)
        more = growth[what] - own.get(what, 0)
        assert more <= room, f"{growth[what]} more {what}: {sizes}; its twin: {twins}"
    return {what: sizes[-1][what] - sizes[0][what] for what in ("sampler", "stacks", "host")}


def threads(python):
    with tempfile.TemporaryDirectory(prefix="leaktop-attach-") as folder:
        script = os.path.join(folder, "serve.py")
        pathlib.Path(script).write_text(_THREADS, encoding="utf-8")
        return _in_and_out(lambda: Server([python, script, "{fd}"]), _over_http,
                           lambda server: server.process.pid, most=1 + CUSTOMERS)


def _gunicorn(python, *options, **how):
    if not _has(python, "gunicorn"):
        return "not here: Debian's gunicorn is Debian's Python's"
    command = [python, "-m", "gunicorn", "--workers", "1", *options, "--bind", "fd://{fd}",
               "--keep-alive", "60", "--no-sendfile", "application:application"]
    return _in_and_out(lambda: Server(command), _over_http, **how)


def gunicorn_sync(python):
    return _gunicorn(python, "--worker-class", "sync", times=MANY)


def gunicorn_threads(python):
    return _gunicorn(python, "--worker-class", "gthread", "--threads", "4", most=5)


def _has(python, module):
    return subprocess.run([python, "-c", f"import {module}"], stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          check=False).returncode == 0


def _uwsgi(python, *options):
    """libpython in a program of another name, loaded by a plug-in.  None: not here."""
    uwsgi = shutil.which("uwsgi")
    if python != os.path.realpath(SYSTEM) or uwsgi is None:
        return None
    return [uwsgi, "--plugin", "python3", "--http-socket", "socket", "--wsgi-file",
            "application.py", "--master", "--processes", "1", "--die-on-term", *options]


_NO_UWSGI = "not here: needs Debian's Python, and uwsgi-plugin-python3"


def uwsgi_threads(python):
    command = _uwsgi(python, "--enable-threads", "--threads", "4")
    return _in_and_out(lambda: Server(command), _over_unix) if command else _NO_UWSGI


def _over_unix(server):
    """A connection for each word."""
    path = os.path.join(server.folder, "socket")
    host.wait_until(lambda: os.path.exists(path), 60, "it listens")
    word = yield
    while True:
        connection = http.client.HTTPConnection("localhost", timeout=60)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(path)
        connection.request("GET", "/?" + word)
        said = connection.getresponse().read().decode()
        connection.close()
        word = yield said


def uwsgi_without_threads(python):
    """It keeps the GIL for ever: leaktop says so, and it serves on."""
    command = _uwsgi(python)
    if command is None:
        return _NO_UWSGI
    with Server(command) as server, Customers(lambda: _over_unix(server)) as customers:
        host.wait_until(lambda: customers.answers > 10 or customers.wrong, 60, "it answers")
        _, said = server.leaktop("attach", *FILTERED, server.child())
        before = customers.answers
        host.wait_until(lambda: customers.answers > before + 10 or customers.wrong, 60, "it goes on")
        assert not customers.wrong, f"{customers.wrong}\n{server.log()}"
    return said.strip().replace("\n", " ")


class _Celery(Server):
    """Words go to the master, and its child answers."""

    def __init__(self, python):
        super().__init__([python, "-m", "celery", "-A", "tasks", "worker", "--concurrency", "1",
                          "--pool", "prefork", "--without-gossip", "--without-mingle",
                          "--without-heartbeat"])
        self._end, self._lock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM), threading.Lock()
        self._end.bind(os.path.join(self.folder, "answers"))
        self._end.settimeout(60)

    def ask(self):
        words = os.path.join(self.folder, "words")
        host.wait_until(lambda: os.path.exists(words), 60, "it begins")
        word = yield
        while True:
            with self._lock:
                self._end.sendto(word.encode(), words)
                said = self._end.recv(1000).decode()
            word = yield said

    def __exit__(self, *_):
        self._end.close()
        super().__exit__()


def celery(python):
    if python != os.path.realpath(SYSTEM) or not _has(python, "celery"):
        return "not here: needs Debian's Python, and python3-celery"
    return _in_and_out(lambda: _Celery(python), _Celery.ask)


TESTS = [threads, gunicorn_sync, gunicorn_threads, uwsgi_threads, uwsgi_without_threads, celery]


if __name__ == "__main__":
    if not may_attach():
        print("SKIP: needs to be let trace processes, on x86-64")
        sys.exit(host.SKIP)
    sys.exit(host.run(TESTS, every=LONG or len(sys.argv) > 1))
