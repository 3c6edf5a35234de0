"""record.py - `leaktop record` on a sampler that is played: what is in the file, how it ends, and what
a full disk and a size that is too small leave of it."""
import json
import os
import resource
import signal
import subprocess
import sys
import time

import documents

SOURCE = os.environ.get("top_srcdir", ".")
FAKE = os.path.join(SOURCE, "tests", "wire", "fake_sampler.py")


class Played:
    """A process with a sampler; ends with its standard input."""

    def __init__(self, folder):
        self.folder = os.path.join(folder, "sockets")
        os.makedirs(self.folder, mode=0o700, exist_ok=True)
        self.process = subprocess.Popen([sys.executable, FAKE, self.folder, "plain"],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "ready\n"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()

    def leaktop(self, *arguments):
        return subprocess.run([documents.LEAKTOP, *arguments], capture_output=True, text=True,
                              env=dict(os.environ, LEAKTOP_DIR=self.folder))

    def recorder(self, path, *arguments, **more):
        return subprocess.Popen(
            [documents.LEAKTOP, "record", str(self.process.pid), "-o", path, "--every", "0.25",
             *arguments], stderr=subprocess.PIPE, text=True,
            env=dict(os.environ, LEAKTOP_DIR=self.folder), **more)


def lines(path):
    """The snapshots of a recording and why it ended; every line has to be whole."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    assert text.endswith("\n")
    documents_read = [json.loads(line) for line in text[:-1].split("\n")]
    end = documents_read.pop() if documents_read[-1]["schema"] == "leaktop.recording/1" else {}
    assert all(d["schema"] == "leaktop.snapshot/1" for d in documents_read)
    times = [d["taken_at"] for d in documents_read]
    assert times == sorted(set(times))
    return documents_read, end.get("why")


def wait_for_line(recorder, words):
    for line in recorder.stderr:
        if words in line:
            return line
    raise AssertionError(f"it never said {words!r}")


def wait_for_lines(path, count):
    """Until the file has so many whole lines; its writer says nothing meanwhile."""
    while True:
        try:
            with open(path, "rb") as file:
                if file.read().count(b"\n") >= count:
                    return
        except FileNotFoundError:
            pass
        time.sleep(0.02)  # poll: until the file has grown


def test_a_recording_is_played_again(folder):
    path = os.path.join(folder, "r.jsonl")
    with Played(folder) as played:
        recorder = played.recorder(path, "-n", "4")
        said = recorder.communicate()[1]
        assert recorder.returncode == 0 and "4 snapshots; as many as were asked for" in said, said
        taken, why = lines(path)
        assert len(taken) == 4 and why == "as many as were asked for"
        assert all(d["memory"] and d["stacks"] and d["history"]["series"] for d in taken)
        assert os.stat(path).st_mode & 0o777 == 0o600
        assert played.recorder(path, "-n", "2").wait() == 0   # goes on
    with open(path) as file:
        assert sum("leaktop.recording/1" in line for line in file) == 2
    frames = played.leaktop("open", "-b", "--json", "-n", "9", path)
    frames = [json.loads(line) for line in frames.stdout.splitlines()]
    assert [f["frame"] for f in frames] == [1, 2, 3, 4, 5, 6]
    assert [f["at"] for f in frames[:4]] == [d["taken_at"] for d in taken]
    one = played.leaktop("open", "-b", "--json", path).stdout.splitlines()
    assert len(one) == 1 and json.loads(one[0])["at"] == frames[-1]["at"]
    diff = played.leaktop("diff", "--json", path)
    seconds = frames[-1]["at"] - frames[0]["at"]
    assert abs(json.loads(diff.stdout)["seconds"] - seconds) < 0.01 and diff.returncode == 0, diff
    assert json.loads(played.leaktop("diff", "--json", path, path).stdout)["seconds"] == 0
    exported = documents.export(path, os.path.join(folder, "x.json"))
    with open(exported) as file:
        assert json.load(file)["taken_at"] == frames[-1]["at"]
    alone = played.leaktop("diff", exported)
    assert alone.returncode == 2 and "one snapshot alone" in alone.stderr, alone


def test_a_process_that_ends_is_said(folder):
    path = os.path.join(folder, "r.jsonl")
    with Played(folder) as played:
        recorder = played.recorder(path)
        wait_for_lines(path, 2)
        played.end()
        said = recorder.communicate()[1]
        assert recorder.returncode == 0, said
        taken, why = lines(path)
        assert len(taken) >= 2 and f"process {played.process.pid} " in why, why
        assert why in said, said
        shown = played.leaktop("open", "-b", path)
        assert shown.returncode == 0 and shown.stderr == "", shown


def test_signals_end_it_as_they_should(folder):
    with Played(folder) as played:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            path = os.path.join(folder, f"{number.name}.jsonl")
            recorder = played.recorder(path)
            wait_for_lines(path, 1)
            recorder.send_signal(number)
            said = recorder.communicate()[1]
            assert recorder.returncode == 0, said
            assert lines(path)[1] == f"stopped by signal {number.value}", said


def test_a_full_disk_is_survived(folder):
    path = os.path.join(folder, "r.jsonl")

    def fill():
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20000, limits[1]))

    with Played(folder) as played:
        recorder = played.recorder(path, preexec_fn=fill)
        line = wait_for_line(recorder, "trying again with the next snapshot")
        assert path in line, line
        before = lines(path)[0]
        resource.prlimit(recorder.pid, resource.RLIMIT_FSIZE,
                         resource.getrlimit(resource.RLIMIT_FSIZE))
        assert "snapshots that are missing: " in wait_for_line(recorder, path + ": going on")
        recorder.send_signal(signal.SIGTERM)
        said = recorder.communicate()[1]
        assert recorder.returncode == 0, said
        after = lines(path)[0]
        assert after[:len(before)] == before and len(after) > len(before)


def test_no_room_at_all_ends_with_a_status(folder):
    with Played(folder) as played:
        path = os.path.join(folder, "r.jsonl")

        def fill():
            resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))

        recorder = played.recorder(path, preexec_fn=fill)
        wait_for_line(recorder, "trying again")
        recorder.send_signal(signal.SIGTERM)
        said = recorder.communicate()[1]
        assert recorder.returncode == 2 and "are missing" in said, said
        assert os.path.getsize(path) == 0


def test_what_cannot_be_recorded_is_said(folder):
    note = os.path.join(folder, "note.txt")
    with open(note, "w") as file:
        file.write("mine\n")
    with Played(folder) as played:
        pid = str(played.process.pid)
        for status, words, arguments in (
                (1, "wants -o FILE", [pid]),
                (1, "1M at least", [pid, "-o", note, "--max-size", "1000"]),
                (2, "is there and is no recording", [pid, "-o", note]),
                (2, "is there and is no recording", [pid, "-o", folder]),
                (2, "No such file", [pid, "-o", os.path.join(folder, "none", "x")]),
                (2, "there is no process", ["4194305", "-o", os.path.join(folder, "x")])):
            said = played.leaktop("record", *arguments)
            assert said.returncode == status and words in said.stderr, (arguments, said)
    with open(note) as file:
        assert file.read() == "mine\n"
    assert sorted(os.listdir(folder)) == ["note.txt", "sockets"]


documents.run(globals())
