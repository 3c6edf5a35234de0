#!/usr/bin/python3
"""talk.py - the socket: requests, clients, strangers, and readers that do not read."""
import concurrent.futures
import contextlib
import os
import pathlib
import random
import shutil
import socket
import subprocess
import sys
import time

import host

_IDLE = "say('ready'); wait()"

# Says how long a second of its work took at most: what a bad client costs.
_BUSY = """
import threading, time
kept = []
def grow(n):
    code = compile("\\n".join(f"def f{i}(): kept.append(bytes(2000))\\nf{i}()"
                              for i in range(n)), "made.py", "exec")
    for i in range(3):
        exec(code, {"kept": kept})
say("ready"); wait()
longest = 0
for i in range(6):
    began = time.monotonic()
    grow(1500)
    longest = max(longest, time.monotonic() - began)
say("grown", longest)
wait()
kept.clear()
say("cleared")
wait()
"""


def hello_is_first_and_whole(python):
    with host.Host(python, _IDLE) as target:
        target.hear("ready")
        with target.wire() as wire:
            hello = wire.hello
            assert hello["t"] == "hello" and hello["protocol"] == 1
            assert hello["pid"] == target.pid
            with open(f"/proc/{target.pid}/stat", encoding="ascii", errors="replace") as file:
                assert hello["start_time"] == int(file.read().rsplit(")", 1)[1].split()[19])
            version = subprocess.run([python, "-c", "import platform;"
                                      "print(platform.python_version())"], check=True,
                                     stdout=subprocess.PIPE, text=True).stdout.strip()
            assert hello["python"] == version, (hello, version)
            assert hello["mode"] == ("hash" if host.is_free_threaded(python) else "slots")
            assert hello["interval_bytes"] == 512 << 10
            assert abs(hello["at"] - time.time()) < 30
        assert oct(os.stat(target.socket_path()).st_mode & 0o777) == "0o600"
        target.end()


def every_op_answers(python):
    with host.Host(python, _IDLE) as target:
        target.hear("ready")
        with target.wire() as wire:
            assert wire.ask(op="ping")[0]["ok"]
            memory = wire.ask(op="memory")[1]["memory"]
            with open(f"/proc/{target.pid}/statm", encoding="ascii") as file:
                rss = int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
            assert abs(memory["rss_bytes"] - rss) < 0.2 * rss, (memory, rss)
            assert memory["uss_bytes"] <= memory["pss_bytes"] <= memory["rss_bytes"] * 1.1
            assert memory["gc_enabled"] is True and len(memory["gc"]) == 3
            history = wire.ask(op="history")[1]["history"]
            assert [ring["step_s"] for ring in history["rings"]] == [1, 10, 60, 600]
            assert "rows" in wire.ask(op="trends")[1]["trends"]
            assert wire.ask(op="events")[1]["events"]["list"][-1]["code"] == "started"
            for op, words in (("frobnicate", "unknown-op"), ("baseline.rows", "bad-argument"),
                              ("baseline.drop", "bad-argument"), ("interval", "bad-argument")):
                reply, _ = wire.ask(op=op)
                assert not reply["ok"] and reply["code"] == words, reply
            assert wire.ask(op="subscribe", period_ms=99)[0]["code"] == "bad-argument"
            assert wire.ask(op="containers", limit=1001)[0]["code"] == "bad-argument"
            assert wire.ask(op="baseline", name=7)[0]["code"] == "bad-argument"
            assert wire.ask(op="baseline", name="é" * 33)[0]["code"] == "bad-argument"
        target.end()


# What collects says how long it took, from within (gc.callbacks) and from without, in
# microseconds; 3.15 says it itself.
_COLLECTS = """
import gc, os, time
gc.disable()
heap = [[] for _ in range(600000)]
at, within, told = [], [], []
def note(phase, info):
    at.append(time.perf_counter())
    if phase == "stop":
        within.append((at[-1] - at[-2]) * 1e6)
        told.append(info.get("duration", 0) * 1e6)
gc.callbacks.append(note)
say("ready")
while True:
    word = wait()
    if word == "fork":
        if os.fork() == 0:
            os._exit(0)
        os.wait()
        say("forked")
        continue
    del at[:], within[:], told[:]
    without = []
    for generation in map(int, word):
        began = time.perf_counter()
        gc.collect(generation)
        without.append((time.perf_counter() - began) * 1e6)
    say(sum(within), max(within), sum(without), max(without), sum(told), max(told))
"""


def how_long_the_collector_collects(python):
    def threads():
        found = 0
        for task in os.listdir(f"/proc/{target.pid}/task"):
            with contextlib.suppress(OSError):      # it has ended
                name = pathlib.Path(f"/proc/{target.pid}/task/{task}/comm").read_text()
                found += name == "leaktop\n"
        return found

    def pauses(**arguments):
        return wire.ask(op="memory", **arguments)[1]["memory"]["gc_pauses"]

    def until(condition, words):
        def known():
            now = pauses()
            return now if now and condition(now) else None
        return host.wait_until(known, 20, words)

    def collect(generations, before):
        """(How long they took: in all from within and from without; the longest; what is known)"""
        target.tell(generations)
        says = [float(part) for part in target.hear().split()]
        looks = pauses()["looks"]
        now = until(lambda now: now["collections"] == before["collections"] + len(generations)
                    and (exact or now["looks"] > looks + 1), "they are counted")
        within, longest = (says[4], says[5]) if exact else (says[0], says[1])
        return within, longest, says[3], now

    with host.Host(python, _COLLECTS) as target, target.wire() as wire:
        target.hear("ready")
        for wrong in (0, 601, -1, "15"):
            assert wire.ask(op="memory", watch_s=wrong)[0]["code"] == "bad-argument"
        host.wait_until(lambda: wire.look()["state"] == "sampling", 20, "sampling")
        exact = (pauses() or {}).get("exact", False)
        before = threads()
        if not exact:
            assert pauses() is None
            pauses(watch_s=1)
            assert threads() == before + 1
            host.wait_until(lambda: threads() == before, 20, "nobody looks any more")
        looks = (pauses(watch_s=600) or {"looks": 0})["looks"]
        quiet = until(lambda now: exact or now["looks"] > looks, "somebody looks")
        assert quiet["exact"] == exact and (quiet["looks"] > 0) == (not exact), quiet
        assert (quiet["collections"], quiet["seen"], quiet["total_us"], quiet["unseen_us"]) == \
            (0, 0, 0, 0) and quiet["longest_us"] is None, quiet

        # the first that is seen: between what it took from within and from without, as far as
        # the looks can tell
        one = quiet
        while one["seen"] == 0:
            within, longest, without, one = collect("2", one)
            assert one["seen"] == 1 or one["unseen_us"] > longest - 1, (longest, one)
            assert one["collections"] < 20, one
        assert one["longest_generation"] == 2 and one["longest_us"] < one["total_us"] + 1, one
        error = one_error = one["longest_error_us"]
        assert (error == 0) == exact, one
        assert longest - error - 1 < one["longest_us"] < without + error + 1, (longest, one)
        truth = longest
        target.tell("fork")
        target.hear("forked")
        looks = pauses(watch_s=600)["looks"]
        until(lambda now: exact or now["looks"] > looks, "it looks again after the fork")

        # many that are short, and one more: none was longer than what is told
        within, longest, without, many = collect("0" * 60 + "12", one)
        error = many["longest_error_us"]
        assert longest < max(many["unseen_us"], many["longest_us"] + error) + 1, (longest, many)
        assert many["longest_us"] - error < max(without, one["longest_us"]) + 1, (without, many)
        if exact:
            assert abs(many["total_us"] - one["total_us"] - within) < 100, (one, many, within)
        target.end()
        return (f"{truth / 1e3:.1f}: {one['longest_us'] / 1e3:.1f} +-{one_error / 1e3:.1f} ms, "
                f"{many['seen']} of {many['collections']} seen, "
                f"a look each {many['watched_s'] / max(many['looks'], 1) * 1e3:.1f} ms")


def what_is_no_request_is_answered(python):
    lines = (b"", b"{", b"[]", b"17", b'{"id":1}', b'{"op":7,"id":1}', b"\xff\xfe", b"\0",
             b'{"op":"ping","id":1}x', b"x" * 5000, b'{"op":"ping","x":' + b"[" * 50)
    with host.Host(python, _IDLE) as target:
        target.hear("ready")
        with target.wire() as wire:
            for line in lines:
                wire.socket.sendall(line + b"\n")
                reply = wire.until("reply")
                assert reply["id"] is None and not reply["ok"], (line, reply)
                assert reply["code"] == ("limit" if len(line) > 4096 else "bad-json"), reply
            wire.socket.sendall(b'{"id":77,"op":"ping"}\n{"id":78,"op":"ping"}\n{"id":79')
            assert [wire.until("reply")["id"] for _ in range(2)] == [77, 78]
            wire.socket.sendall(b',"op":"ping"}\n')
            assert wire.until("reply")["id"] == 79
        target.end()


def baselines_are_marked_and_forgotten(python):
    script = """
    kept = []
    def before(): kept.append(bytearray(8 << 20))
    def after(): kept.append(bytearray(8 << 20))
    await_sampler(); before(); say("ready"); wait()
    after(); say("after"); wait()
    kept.pop(0); say("freed"); wait()
    """
    def cells(wire, name):
        return [cell[:2] for i, row in wire.rows.items() for cell in row[3]
                if wire.stacks[i][3][:1] and wire.stacks[i][3][0][0] == name]
    with host.Host(python, script) as target:
        target.hear("ready")
        with target.wire() as wire, target.wire() as other:
            other.ask(op="subscribe", period_ms=100)
            assert other.until("baselines")["list"] == []
            reply, _ = wire.ask(op="baseline", name='warm "é"\\')
            assert reply["baseline"] == 1, reply
            mark, = other.until("baselines")["list"]
            assert mark["name"] == 'warm "é"\\' and mark["live_bytes"] >= 8 << 20, mark
            target.tell()
            target.hear("after")
            wire.look()
            assert cells(wire, "before") == [[0, 1]] and cells(wire, "after") == [[1, 1]]
            assert wire.ask(op="baseline")[0]["baseline"] == 2
            target.tell()
            target.hear("freed")
            wire.look()
            assert cells(wire, "before") == [] and cells(wire, "after") == [[1, 1]]
            number = wire.send(op="baseline.rows", baseline=1)
            rows = wire.until("baseline")["rows"]
            while wire.line().get("id") != number:
                pass
            named = {wire.stacks[row[0]][3][0][0]: row for row in rows
                     if wire.stacks[row[0]][3]}
            assert named["before"][4][0][1] == 1 and "after" not in named, named.keys()
            assert wire.ask(op="baseline.rename", baseline=2, name="new")[0]["ok"]
            assert wire.ask(op="baseline.drop", baseline=1)[0]["ok"]
            assert wire.ask(op="baseline.drop", baseline=1)[0]["code"] == "bad-argument"
            for _ in range(31):
                assert wire.ask(op="baseline")[0]["ok"]
            assert wire.ask(op="baseline")[0]["code"] == "limit"
            wire.look()     # the largest list that there is
        target.end()


def pause_resume_and_interval(python):
    script = """
    kept = []
    def take(n): kept.append(bytearray(n))
    while True:
        n = wait()
        take(int(n) << 20); say("taken")
    """
    def taken(wire):
        wire.look()
        return sum(row[2] for i, row in wire.rows.items()
                   if [f[0] for f in wire.stacks[i][3][:1]] == ["take"])
    with host.Host(python, script) as target, target.wire() as wire:
        def take():
            target.tell("9")
            target.hear("taken")
        take()
        assert taken(wire) == 1
        assert wire.ask(op="pause")[0]["ok"]
        take()
        assert taken(wire) == 1
        tick = wire.look()
        assert tick["state"] == "paused" and tick["reason"] == "paused by a client", tick
        assert wire.ask(op="resume")[0]["ok"]
        take()
        assert taken(wire) == 2 and wire.look()["state"] == "sampling"
        for wanted in (1024, 65536, 1 << 30, 1 << 20):
            assert wire.ask(op="interval", bytes=wanted)[0]["ok"]
            assert wire.look()["interval_bytes"] == wanted
        take()
        assert taken(wire) == 3
        codes = [e["code"] for e in wire.ask(op="events")[1]["events"]["list"]]
        assert codes[-6:] == ["paused", "resumed"] + ["interval"] * 4, codes
        target.process.stdin.close()
        assert target.process.wait(20) == 0


def the_ninth_client_is_told(python):
    with host.Host(python, _IDLE) as target, contextlib.ExitStack() as stack:
        target.hear("ready")
        wires = [stack.enter_context(target.wire()) for _ in range(8)]
        assert all(wire.hello["t"] == "hello" for wire in wires)
        with host.Wire(target.socket_path()) as ninth:
            bye = ninth.line()
            assert bye["t"] == "bye" and bye["reason"] == "limit", bye
            assert ninth.line() is None
        wires[3].close()
        def served():
            with host.Wire(target.socket_path()) as wire:
                return wire.line()["t"] == "hello"
        host.wait_until(served, 5, "a place is free again")
        assert all(wire.ask(op="ping")[0]["ok"] for wire in wires[:3] + wires[4:])
        target.end()


def a_stranger_is_refused(python):
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        return "needs root and setpriv"
    script = ("import socket,sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]);"
              "print(s.makefile().read())")
    with host.Host(python, _IDLE) as target:
        target.hear("ready")
        target.wire().close()
        os.chmod(target.folder, 0o755)      # as if somebody had opened the doors
        os.chmod(target.socket_path(), 0o666)
        said = subprocess.run(["setpriv", "--reuid=65534", "--clear-groups", "/usr/bin/python3",
                               "-c", script, target.socket_path()], stdout=subprocess.PIPE,
                              check=False, text=True, timeout=20).stdout
        assert '"reason":"not permitted"' in said and "hello" not in said, said
        assert target.wire().hello["t"] == "hello"
        target.end()
    return None


def a_folder_of_others_is_not_used(python):
    with host.Host(python, "import os\nos.mkdir('open'); os.chmod('open', 0o777)\n"
                           "if len(sys.argv) == 1:\n"
                           "    os.environ['LEAKTOP_DIR'] = os.path.abspath('open')\n"
                           "    os.execv(sys.executable, [sys.executable, '-c', "
                           "'import sys; print(\"ready\", flush=True); sys.stdin.read()'])"
                   ) as target:
        target.hear("ready")
        deadline = time.monotonic() + 0.5       # ten times what a start takes
        while time.monotonic() < deadline:
            assert os.listdir(os.path.join(target.folder, "open")) == []
            time.sleep(0.05)  # poll: until the deadline
        target.end()
        assert target.errors() == "", target.errors()


def who_does_not_read_misses_nothing(python):
    """Megabytes of changes while a subscriber sleeps: then it knows what a new one knows."""
    with host.Host(python, _BUSY, LEAKTOP_INTERVAL="4K", LEAKTOP_MEMORY="32M") as target:
        target.hear("ready")
        with target.wire() as slow:
            slow.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            slow.ask(op="subscribe", period_ms=100)
            target.tell()
            longest = float(target.hear("grown").split()[1])
            with target.wire() as quick:
                assert quick.ask(op="ping")[0]["ok"]
                quick.look()
                assert len(quick.rows) > 1000, len(quick.rows)
            target.tell()
            target.hear("cleared")
            with target.wire() as quick:
                def equal():    # the host may have sampled once more while it went to wait
                    quick.look()
                    slow.until("tick")
                    return slow.rows == quick.rows
                host.wait_until(equal, 30, "the slow reader knows what the quick one knows")
                assert slow.stacks == quick.stacks and slow.strings == quick.strings
        target.end()
        return f"{len(quick.rows)} rows, longest round {longest * 1000:.0f} ms"


def orders_of_eight_clients(python):
    """Pause, resume and the interval as fast as answers come, while threads allocate and check."""
    script = """
    import threading
    stop = threading.Event()
    wrong = []
    def churn(seed):
        n = 0
        while not stop.is_set() and not wrong:
            kept = {i: bytes([seed]) * (i % 700) for i in range(300)}
            grown = [i for i in range(n % 200)]
            grown.extend(kept); del grown[7:]; n += 1
            wrong.extend(i for i in kept if kept[i] != bytes([seed]) * (i % 700))
    threads = [threading.Thread(target=churn, args=(i,)) for i in range(3)]
    for t in threads: t.start()
    say("ready"); wait()
    stop.set()
    for t in threads: t.join()
    say("wrong", wrong); wait()
    """
    orders = ({"op": "pause"}, {"op": "resume"}, {"op": "interval", "bytes": 1024},
              {"op": "interval", "bytes": 1 << 20}, {"op": "interval", "bytes": 4096})

    def give_orders(wire, seed):
        given = random.Random(seed)
        wire.ask(op="subscribe", period_ms=100)
        for _ in range(600):
            assert wire.ask(**given.choice(orders))[0]["ok"]
    with host.Host(python, script) as target, contextlib.ExitStack() as stack:
        target.hear("ready")
        wires = [stack.enter_context(target.wire()) for _ in range(8)]
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(give_orders, wires, range(8)))
        assert wires[0].ask(op="interval", bytes=1024)[0]["ok"]
        assert wires[0].ask(op="resume")[0]["ok"]
        before = wires[0].look()
        assert before["state"] == "sampling" and before["interval_bytes"] == 1024, before
        host.wait_until(lambda: wires[0].look()["samples_total"] > before["samples_total"], 10,
                        "samples go on")
        target.tell()
        assert target.hear() == "wrong []"
        target.end()
        assert target.errors() == "", target.errors()


def a_full_table_thins(python):
    """More live samples than there is room: the interval grows, the estimate stays."""
    script = """
    kept = []
    def keep(n):
        for i in range(n):
            kept.append(bytes(967))
    say("ready"); wait()
    for i in range(20):
        keep(1500)
        say("kept"); wait()
    say("all"); wait()
    """
    with host.Host(python, script, LEAKTOP_INTERVAL="1K", LEAKTOP_MEMORY="4M") as target:
        target.hear("ready")
        with target.wire() as wire:
            target.tell()
            for _ in range(20):
                target.hear("kept")
                tick = wire.look()
                if tick["samples_live"] > 6144:     # 3/4 of 8192: thinned once a second
                    def relieved():
                        return wire.look()["samples_live"] <= 6144
                    host.wait_until(relieved, 5, "thinning")
                target.tell()
            target.hear("all")
            tick = wire.look()
            assert tick["thinned"] > 1000 and tick["interval_bytes"] > 1024, tick
            rows = [row for i, row in wire.rows.items()
                    if [f[0] for f in wire.stacks[i][3][:1]] == ["keep"]]
            live = sum(cell[2] for row in rows for cell in row[3])
            error = sum(cell[4] for row in rows for cell in row[3]) ** 0.5
            truth = 30000 * 1000
            assert abs(live - truth) < 5 * error, (live, truth, error)
            assert tick["drops"] < 100, tick
        target.end()
        return f"interval {tick['interval_bytes']}, {live / truth:.3f} of the truth"


if __name__ == "__main__":
    sys.exit(host.run((hello_is_first_and_whole, every_op_answers, how_long_the_collector_collects,
                       what_is_no_request_is_answered, baselines_are_marked_and_forgotten,
                       pause_resume_and_interval, the_ninth_client_is_told,
                       a_stranger_is_refused, a_folder_of_others_is_not_used,
                       who_does_not_read_misses_nothing, orders_of_eight_clients))
             or host.run((a_full_table_thins,), every=False))
