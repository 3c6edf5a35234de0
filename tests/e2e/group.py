#!/usr/bin/python3
"""group.py - the workers of gunicorn on one screen: their sum is that of each, a worker that has
served its --max-requests ends and its successor joins, and baselines count across that."""
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402
from screens import Terminal, need_tmux  # noqa: E402
from service import GUNICORN, die_with_parent, raise_on_signals  # noqa: E402

_WORKERS = 3
_LEAST, _MOST = 60, 90      # requests of a worker's life
_BLOCK, _BLOCKS = 1000, 200
_SERVED = 24
_APP = f"""
import os
KEPT = []
def remember():
    KEPT.append([bytes({_BLOCK}) + b"%d" % n for n in range({_BLOCKS})])
def application(environ, start):
    if environ["PATH_INFO"] == "/keep":
        remember()
    body = b"%d" % os.getpid()
    start("200 OK", [("Content-Length", str(len(body)))])
    return [body]
"""


class Gunicorn:
    def __init__(self, folder):
        self.sockets = os.path.join(folder, "sockets")
        self._url = None
        self._folder = folder
        self.process = None

    def __enter__(self):
        os.mkdir(self.sockets, 0o700)
        with open(os.path.join(self._folder, "shop.py"), "w", encoding="utf-8") as file:
            file.write(_APP)
        log = os.path.join(self._folder, "log")
        self.process = subprocess.Popen(
            harness.under_leaktop("--interval", "16K") + [
                GUNICORN, "--workers", str(_WORKERS), "--bind", "127.0.0.1:0", "--chdir",
                self._folder, "--max-requests", str(_LEAST), "--max-requests-jitter",
                str(_MOST - _LEAST), "--log-file", log, "shop:application"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=die_with_parent,
            env={**os.environ, "LEAKTOP_DIR": self.sockets, "PYTHONDONTWRITEBYTECODE": "1"})

        def url():
            try:
                with open(log, encoding="utf-8") as file:
                    line = [line for line in file if "Listening at: " in line]
            except OSError:
                return None
            return line and line[0].split("Listening at: ")[1].split()[0]
        self._url = harness.wait_until(url, 60, "gunicorn listens")
        harness.wait_until(lambda: len(self.members()) == _WORKERS + 1, 60, "samplers of all")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def request(self, path="/"):
        with urllib.request.urlopen(self._url + path, timeout=60) as answer:
            return int(answer.read())

    def members(self):
        return {pid for pid, path in harness.sockets(self.sockets).items() if harness.hello(path)}

    def frame(self, *arguments):
        """One frame of leaktop -b --json."""
        out = harness.ask_leaktop(self.sockets, "-b", "--json", "--top", 1000000, *arguments)
        return json.loads(out)


def _kept(frame):
    """The row of the line that keeps: bytes alive and their error."""
    rows = [row for row in frame["rows"] if "remember" in (row["function"] or "")]
    return (sum(row["live_bytes"] for row in rows),
            sum(row["live_error_bytes"] ** 2 for row in rows) ** 0.5)


def the_sum_is_that_of_each(service):
    """Nothing is served meanwhile: all stand still."""
    served = [service.request("/keep") for _ in range(15)]
    while len(set(served)) < 2:     # a busy machine may have one worker serve all
        served.append(service.request("/keep"))
    alone = {pid: service.frame(pid) for pid in service.members()}
    frame = service.frame("-g", service.process.pid)
    assert frame["pid"] == service.process.pid
    assert {p["pid"] for p in frame["processes"] if p["in_sum"]} == set(alone), frame["processes"]
    expected = sum(one["live_bytes"] for one in alone.values())
    assert abs(frame["live_bytes"] - expected) < 0.05 * expected, (frame["live_bytes"], expected)
    for key in ("live_bytes", "rss_bytes"):
        expected = sum(p[key] for p in frame["processes"])
        assert abs(frame[key] - expected) <= 1, (key, frame[key], expected)
    live, error = _kept(frame)
    parts = [_kept(one) for one in alone.values()]
    expected = sum(part[0] for part in parts)
    assert abs(live - expected) < 0.01 * expected, (live, parts)
    truth = len(served) * _BLOCKS * (_BLOCK + 34)
    assert abs(live - truth) < 3 * error, (live, error, truth)
    # independent errors add as squares do, those of few samples a little less than that
    joined = sum(part[1] ** 2 for part in parts) ** 0.5
    assert 0.8 * joined < error < 1.01 * joined, (error, parts)
    assert max(part[1] for part in parts) < error < sum(part[1] for part in parts), (error, parts)
    table = harness.ask_leaktop(service.sockets, "-b", "-g", service.process.pid)
    assert f" sum of {_WORKERS + 1} processes, 0 ended, py" in table, table


def a_file_of_the_sum_says_who_is_in_it(service, folder):
    path = os.path.join(folder, "sum.json")
    pids = service.members()
    harness.ask_leaktop(service.sockets, "export", "-g", service.process.pid, "-o", path)
    harness.ask_leaktop(service.sockets, "record", "-g", service.process.pid, "-n", 1, "-o",
                        path + ".record")
    for name in path, path + ".record":
        with open(name, encoding="utf-8") as file:
            one = json.loads(file.readline() if name != path else file.read())
        assert {p["pid"] for p in one["processes"] if p["in_sum"]} == pids, one["processes"]
        live = sum(p["live_bytes"] for p in one["processes"])
        assert abs(one["totals"]["live_bytes"] - live) < 1, (one["totals"], live)
        table = harness.ask_leaktop(service.sockets, "open", "-b", name)
        assert f" sum of {len(pids)} processes, 0 ended, py" in table, table
        assert "remember" in table, table
    os.unlink(path)     # the_screen_follows looks for its own


def _is_near(screen, served):
    """The selected row's growth since the baseline, by twice its 95 % error."""
    row = re.search(r">!\s+\+([\d.]+)M\s+([\d.]+)([KM]) .* 1/1 .* remember", screen)
    if not row:
        return False
    delta = float(row[1]) * 2 ** 20
    error = float(row[2]) * 2 ** (10 if row[3] == "K" else 20)
    return abs(delta - served * _BLOCKS * (_BLOCK + 34)) < 2 * error


def the_screen_follows(service, folder):
    master = service.process.pid
    first = service.members()
    with Terminal(folder, "group", harness.LEAKTOP, str(master),
                  env={"LEAKTOP_DIR": service.sockets}) as terminal:
        terminal.shows(rf"{master} sum of {_WORKERS + 1} processes .*LIVE")
        terminal.shows(r"remember")
        terminal.keys("b")
        terminal.shows("B1 marked")
        served = {service.request("/keep") for _ in range(_SERVED)}
        harness.wait_until(lambda: _is_near(terminal.screen(), _SERVED), 60, "growth within its error")
        terminal.shows(r"growth of each +" + " ".join(rf"{pid} (\+\S+|0)" for pid in sorted(first)))
        terminal.keys("w")
        terminal.shows(rf"{_WORKERS + 1} in the sum, 0 ended")
        for pid in served:
            terminal.shows(rf"{pid} +\+[\d.]+[KM] .* live\b")
        terminal.shows(rf"{master} .* live, master")
        # to the end of the first one's life; what it kept goes with it
        while not first - service.members():
            service.request()
        ended, = first - service.members()
        harness.wait_until(lambda: len(service.members()) == _WORKERS + 1, 60, "a successor")
        joined, = service.members() - first
        terminal.shows(rf"(?m)^.- +{ended} .* gone")
        terminal.shows(rf"{joined} .* joined")
        terminal.shows(rf"{_WORKERS + 1} in the sum, 1 ended")
        terminal.keys("1")
        terminal.shows(rf"growth of each .*{joined}")
        # growth is that of the sum: what the new one imported replaces what the old one had
        terminal.keys("w", f"/{joined}", "Enter", "Enter")
        terminal.shows(rf"{joined} gunicorn")
        # a heap is that of one worker: two keys lead there, one back
        terminal.keys("w")
        terminal.shows(rf"{master} sum of")
        terminal.keys("4")
        terminal.shows("a heap is that of one process")
        terminal.keys("Enter")
        terminal.shows("Enter opens the worker in Types")
        terminal.keys("Enter")
        terminal.shows(r"4TYPE(?s:.*) str\b")
        terminal.keys("w")
        terminal.shows(rf"{master} sum of")
        terminal.keys("x")
        while "exported to" not in terminal.shows("exported to|not fetched yet")[0]:
            # what was live at the baseline is fetched anew from all of them
            harness.wait_until(lambda: "not fetched yet" not in terminal.screen(), 60, "an end of it")
            terminal.keys("x")
    path, = [name for name in os.listdir(folder) if name.endswith(".json")]
    with open(os.path.join(folder, path), encoding="utf-8") as file:
        assert json.load(file)["process"]["pid"] == master


def a_worker_that_is_stopped_misses_a_baseline(service, folder):
    """It is said who, its growth is in no sum, and it marks it when it goes on."""
    master = service.process.pid
    stopped = max(service.members() - {master})
    with Terminal(folder, "stopped", harness.LEAKTOP, str(master),
                  env={"LEAKTOP_DIR": service.sockets}) as terminal:
        terminal.shows(rf"{master} sum of {_WORKERS + 1} processes .*LIVE")
        os.kill(stopped, signal.SIGSTOP)
        try:
            terminal.keys("b")
            terminal.shows(rf"B\d+ marked; {stopped} does not answer: marked there when it does")
            terminal.shows(r"1 silent 1 missed B\d+ .*LIVE")
            terminal.shows(rf"growth of each .*{stopped} -")
            terminal.keys("w")
            terminal.shows(rf"{stopped} +- .* silent")
        finally:
            os.kill(stopped, signal.SIGCONT)
        terminal.shows(rf"{stopped} +(\+\S+|-?\d\S*) .* live")
        harness.wait_until(lambda: "missed" not in terminal.screen(), 60, "it is marked there")


_TASKS = f"""
import celery
from celery.signals import worker_ready
app = celery.Celery("tasks", broker="memory://")
KEPT = []
@app.task
def remember():
    KEPT.append([bytes({_BLOCK}) + b"%d" % n for n in range({_BLOCKS})])
@worker_ready.connect
def begin(**_):
    for _ in range({_SERVED}):
        remember.delay()
"""


def the_pool_of_celery(folder):
    """Its children are forked by a master that has imported all, and do the tasks."""
    if subprocess.run([harness.PYTHON, "-c", "import celery"], stderr=subprocess.DEVNULL,
                      check=False).returncode != 0:
        print("     celery is not here", flush=True)
        return
    sockets = os.path.join(folder, "pool")
    os.mkdir(sockets, 0o700)
    with open(os.path.join(folder, "tasks.py"), "w", encoding="utf-8") as file:
        file.write(_TASKS)
    pool = subprocess.Popen(
        harness.under_leaktop("--interval", "16K") + [
            harness.PYTHON, "-m", "celery", "-A", "tasks", "worker", "--concurrency", "2",
            "--pool", "prefork"],
        cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, preexec_fn=die_with_parent,
        env={**os.environ, "LEAKTOP_DIR": sockets, "PYTHONDONTWRITEBYTECODE": "1"})

    def all_is_done():
        pids = {pid for pid, path in harness.sockets(sockets).items() if harness.hello(path)}
        if len(pids) < 3:
            return False
        frame = json.loads(harness.ask_leaktop(sockets, "-b", "--json", "--top", 1000000, "-g",
                                               pool.pid))
        live, error = _kept(frame)
        return ({p["pid"] for p in frame["processes"] if p["in_sum"]} == pids and
                abs(live - _SERVED * _BLOCKS * (_BLOCK + 34)) < 2 * error)
    try:
        harness.wait_until(all_is_done, 120, "what the tasks kept, in the sum")
    finally:
        pool.terminate()
        pool.wait()


def _test():
    if not os.access(GUNICORN, os.X_OK):
        raise harness.Skipped("gunicorn")
    need_tmux()
    with tempfile.TemporaryDirectory(prefix="leaktop-e2e-") as folder, Gunicorn(folder) as service:
        the_sum_is_that_of_each(service)
        print("ok   the_sum_is_that_of_each", flush=True)
        a_file_of_the_sum_says_who_is_in_it(service, folder)
        print("ok   a_file_of_the_sum_says_who_is_in_it", flush=True)
        the_screen_follows(service, folder)
        print("ok   the_screen_follows", flush=True)
        a_worker_that_is_stopped_misses_a_baseline(service, folder)
        print("ok   a_worker_that_is_stopped_misses_a_baseline", flush=True)
        the_pool_of_celery(folder)
        print("ok   the_pool_of_celery", flush=True)
    return 0


if __name__ == "__main__":
    raise_on_signals()
    sys.exit(harness.main(_test))
