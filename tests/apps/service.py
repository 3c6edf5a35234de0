#!/usr/bin/python3
"""service.py - runs one of the shops under gunicorn and leaves nothing behind.

    service.py --app django|flask [--leak KIND] [--workers N] [--threads N] [-- PREFIX...]

prints {"port", "master", "workers", "dir", "leaktop_dir"} when the first page was answered, and
serves until SIGTERM, SIGINT, end of its standard input (with --until-eof) or the death of its
parent.  PREFIX is put before the command of gunicorn, for example `leaktop run --`.
As a module: `with Service("django", leak="dict") as service:`.
"""
import argparse
import ctypes
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
PYTHON = "/usr/bin/python3"
GUNICORN = "/usr/bin/gunicorn"
PACKAGES = {"django": "python3-django", "flask": "python3-flask"}
MODULES = {"django": "django_shop.wsgi:application", "flask": "flask_shop.app:application"}

_START_TIMEOUT_S = 40
_STOP_TIMEOUT_S = 10
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)  # here: loading it between fork and exec could wait for a lock for ever


class NotStarted(Exception):
    """In words, why there is no service."""


def missing_package(app):
    """Debian package without which app cannot run here; None when all is there."""
    if not os.access(GUNICORN, os.X_OK):
        return "gunicorn"
    found = subprocess.run([PYTHON, "-c", f"import {app}"], stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return PACKAGES[app] if found.returncode else None


def die_with_parent():
    """For preexec_fn: SIGTERM when the thread that started us is gone, however it went."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


class Service:
    def __init__(self, app, leak="none", workers=1, threads=4, prefix=(), env=None):
        self.app, self.leak = app, leak
        self.workers, self.threads = workers, threads
        self.prefix = list(prefix)
        self.port = None
        self.dir = None
        self.leaktop_dir = None
        self._env = dict(env or {})
        self._process = None
        self._output = None

    # ---- start

    def __enter__(self):
        self.dir = tempfile.mkdtemp(prefix="leaktop-shop-")
        try:
            self._start()
            self._wait_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def _command(self, fd):
        return [*self.prefix, GUNICORN, "--bind", f"fd://{fd}", "--chdir", str(HERE),
                "--config", str(HERE / "shop" / "gunicorn.conf.py"),
                "--workers", str(self.workers), "--worker-class", "gthread",
                "--threads", str(self.threads), "--keep-alive", "60",
                "--graceful-timeout", "3", "--no-sendfile",
                "--error-logfile", os.path.join(self.dir, "gunicorn.log"),
                MODULES[self.app]]

    def _start(self):
        missing = missing_package(self.app)
        if missing:
            raise NotStarted(f"Debian package {missing} is missing: apt-get install {missing}")
        self.leaktop_dir = self._env.get("LEAKTOP_DIR", os.path.join(self.dir, "leaktop"))
        os.makedirs(self.leaktop_dir, mode=0o700, exist_ok=True)
        env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "SHOP_DIR": self.dir,
               "SHOP_PARENT": str(os.getpid()), "LEAK": self.leak,
               "LEAKTOP_DIR": self.leaktop_dir, **self._env}
        self._output = open(os.path.join(self.dir, "output.log"), "wb")
        # The socket is ours from the start: no port is guessed, given back and lost to another.
        with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
            self.port = listener.getsockname()[1]
            try:
                self._process = subprocess.Popen(
                    self._command(listener.fileno()), env=env, stdin=subprocess.DEVNULL,
                    stdout=self._output, stderr=subprocess.STDOUT, pass_fds=[listener.fileno()],
                    start_new_session=True, preexec_fn=die_with_parent)
            except OSError as why:
                raise NotStarted(f"{why.filename}: {why.strerror}") from why

    def _wait_ready(self):
        deadline = time.monotonic() + _START_TIMEOUT_S
        while True:
            try:
                # the connection waits in the backlog until a worker takes it
                if self.get("/health", timeout_s=2)["app"] == self.app \
                        and len(self.worker_pids()) >= self.workers:
                    return
            except (OSError, ValueError):
                pass
            if self._process.poll() is not None:
                raise NotStarted(f"ended with {self._process.returncode}: {self.log_tail()}")
            if time.monotonic() > deadline:
                raise NotStarted(f"not ready in {_START_TIMEOUT_S} s: {self.log_tail()}")
            time.sleep(0.05)

    # ---- while it runs

    def get(self, path, timeout_s=20):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}",
                                    timeout=timeout_s) as answer:
            return json.load(answer)

    def truth(self):
        return self.get("/truth")

    @property
    def master_pid(self):
        return self._process.pid

    def worker_pids(self):
        return sorted(int(p.name) for p in pathlib.Path(self.dir, "workers").glob("*")
                      if os.path.exists(f"/proc/{p.name}"))

    def log_tail(self):
        words = []
        for name in ("output.log", "gunicorn.log"):
            try:
                words.append(pathlib.Path(self.dir, name).read_text(errors="replace")[-2000:])
            except OSError:
                pass
        return "\n".join(words).strip() or "nothing in its log"

    def describe(self):
        return {"port": self.port, "master": self.master_pid, "workers": self.worker_pids(),
                "dir": self.dir, "leaktop_dir": self.leaktop_dir}

    def wait(self):
        return self._process.wait()

    def poll(self):
        return self._process.poll()

    # ---- stop

    def stop(self):
        """Ends every process of the session and removes the folder; twice is fine."""
        if self._process is not None:
            self._end_group()
            self._process = None
        if self._output is not None:
            self._output.close()
            self._output = None
        if self.dir is not None:
            shutil.rmtree(self.dir, ignore_errors=True)
            self.dir = None

    def _end_group(self):
        if self._process.poll() is None:
            # to gunicorn: now, without waiting for idle keep-alives
            self._process.send_signal(signal.SIGQUIT)
            try:
                self._process.wait(_STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                pass
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._process.wait()

    def __exit__(self, *_):
        self.stop()


def raise_on_signals():
    """SIGTERM and SIGHUP unwind the stack like SIGINT does, so that `with` cleans up."""
    def leave(number, _frame):
        for n in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(n, signal.SIG_IGN)  # the second one must not interrupt the cleaning
        raise SystemExit(128 + number)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, leave)


def _stop_at_eof():
    def read():
        while os.read(0, 4096):
            pass
        os.kill(os.getpid(), signal.SIGTERM)
    threading.Thread(target=read, daemon=True).start()


def _arguments():
    parser = argparse.ArgumentParser(description="run a shop of tests/apps under gunicorn")
    parser.add_argument("--app", choices=sorted(MODULES), default="django")
    parser.add_argument("--leak", default="none")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--until-eof", action="store_true")
    parser.add_argument("prefix", nargs="*", metavar="PREFIX", help="after --")
    return parser.parse_args()


def main():
    options = _arguments()
    raise_on_signals()
    die_with_parent()
    if options.until_eof:
        _stop_at_eof()
    try:
        with Service(options.app, options.leak, options.workers, options.threads,
                     options.prefix) as service:
            print(json.dumps(service.describe()), flush=True)
            return service.wait()
    except NotStarted as why:
        print(f"service.py: {why}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
