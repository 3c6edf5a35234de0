"""screen.py - a recording on a terminal: the keys that go through it, and those that take something
out of the screen (x, X, y)."""
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import time

import documents

PATIENCE_S = 60
CELLS = (100, 30)


class Terminal:
    """leaktop in a tmux of its own, in FOLDER."""

    def __init__(self, folder, *arguments):
        self.tmux = ["tmux", "-S", os.path.join(folder, "tmux"), "-f", "/dev/null"]
        environment = dict(os.environ, LC_ALL="C.UTF-8", HOME=folder, XDG_CONFIG_HOME=folder)
        self.ask("new-session", "-d", "-x", str(CELLS[0]), "-y", str(CELLS[1]), "-c", folder,
                 "sh", env=environment)
        self.ask("set-option", "-s", "set-clipboard", "on")
        self.ask("send-keys", "exec " + " ".join([documents.LEAKTOP, *arguments]), "Enter")

    def ask(self, *arguments, env=None):
        return subprocess.run([*self.tmux, *arguments], check=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, text=True, env=env, timeout=30).stdout

    def keys(self, *keys):
        self.ask("send-keys", *keys)

    def shows(self, pattern):
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            screen = self.ask("capture-pane", "-p")
            found = re.search(pattern, screen)
            if found:
                return found
            time.sleep(0.05)  # poll: until the screen shows it
        raise AssertionError(f"{pattern!r} is not shown:\n{screen}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run([*self.tmux, "kill-server"], check=False, stderr=subprocess.DEVNULL)


def recording(folder):
    """Three moments, in each another function that holds the most."""
    path = os.path.join(folder, "r.jsonl")
    with open(path, "w", encoding="utf-8") as file:
        for i in range(1, 4):
            document = documents.snapshot(
                [documents.stack(i, [(f"moment_{i}", "/srv/shop/cart.py", 8 * i)], i << 20)])
            document["taken_at"] += 10 * i
            file.write(json.dumps(document, separators=(",", ":")) + "\n")
        file.write('{"schema":"leaktop.recording/1","ended_at":1,"why":"process 41207: gone"}\n')
    return path


def test_a_recording_is_gone_through_by_keys(folder):
    with Terminal(folder, "open", recording(folder)) as terminal:
        terminal.shows("moment_3")
        terminal.keys(",")
        terminal.shows("2 of 3: ")
        terminal.shows("moment_2")
        terminal.keys(",")
        terminal.shows("moment_1")
        terminal.keys(",")
        terminal.shows("nothing earlier in this recording")
        terminal.keys("x")
        path = terminal.shows(r"exported to (\S+\.json)")[1]
        with open(path) as file:
            assert json.load(file)["stacks"][0]["frames"][0]["function"] == "moment_1"
        terminal.keys(".", ".")
        terminal.shows("3 of 3, the last: process 41207: gone")
        terminal.shows("moment_3")
        terminal.keys(".")
        terminal.shows("nothing later in this recording")


def test_what_keys_take_out_of_the_screen(folder):
    with Terminal(folder, "open", recording(folder)) as terminal:
        terminal.shows("moment_3")
        terminal.keys("y")
        terminal.shows("sent to the terminal's clipboard")
        assert "moment_3" in terminal.ask("show-buffer")
        terminal.keys("X")
        terminal.shows("screen written to")
        (path,) = glob.glob(os.path.join(folder, "leaktop-screen-*.txt"))
        with open(path, encoding="utf-8") as file:
            text = file.read()
        assert "moment_3" in text and "\x1b" not in text
        assert os.stat(path).st_mode & 0o777 == 0o600


def test_two_files_are_a_diff(folder):
    paths = [documents.write(folder, name, documents.snapshot(
        [documents.stack(1, [(f"held_{name[0]}", "/srv/shop/cart.py", 8)], 1 << 20)]))
        for name in ("a.json", "b.json")]
    with Terminal(folder, "open", *paths) as terminal:
        terminal.shows("A a.json +B b.json")
        terminal.shows("held_b")
        terminal.shows("held_a")


def main():
    if shutil.which("tmux") is None:
        print("SKIP: needs tmux")
        sys.exit(77)
    documents.run(globals())


main()
