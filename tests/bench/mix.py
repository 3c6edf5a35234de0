"""mix.py - what interpreters are usually judged by, in small: one part for each habit of programs.

Each part returns a number that depends on all it did, so that nothing can be left out.
"""
import collections
import io
import math
import pickle
import re


# ---- floats: planets on a plane ---------------------------------------------------------------

def planets(steps=60):
    bodies = [[math.cos(n), math.sin(n), -0.1 * math.sin(n), 0.1 * math.cos(n), 1.0 / (n + 1)]
              for n in range(5)]
    for _ in range(steps):
        for i, one in enumerate(bodies):
            for other in bodies[i + 1:]:
                dx, dy = other[0] - one[0], other[1] - one[1]
                pull = 0.001 / (dx * dx + dy * dy + 0.01) ** 1.5
                one[2] += dx * pull * other[4]
                one[3] += dy * pull * other[4]
                other[2] -= dx * pull * one[4]
                other[3] -= dy * pull * one[4]
        for body in bodies:
            body[0] += 0.001 * body[2]
            body[1] += 0.001 * body[3]
    return sum(body[0] + body[1] for body in bodies)


# ---- regular expressions: a log is read ----------------------------------------------------------

_LOG = "\n".join(f"2026-01-{n % 28 + 1:02d} 12:{n % 60:02d}:07 shop[{4000 + n}]: GET "
                 f"/product/SKU-{n:04d}/ {200 if n % 9 else 404} {n * 37 % 9000} bytes"
                 for n in range(120))
_LINE = re.compile(r"(?P<day>\d{4}-\d\d-\d\d) (?P<time>[\d:]+) (\w+)\[(\d+)\]: (?P<verb>[A-Z]+) "
                   r"(?P<path>\S+) (?P<status>\d{3}) (?P<length>\d+)")


def log_lines():
    found = [match.groupdict() for match in _LINE.finditer(_LOG)]
    paths = [re.sub(r"SKU-0*(\d+)", r"#\1", row["path"]) for row in found]
    return sum(int(row["length"]) for row in found) + len("".join(paths))


# ---- text: a report is formatted -------------------------------------------------------------

def report(rows=150):
    out = io.StringIO()
    for n in range(rows):
        name = f"customer {n:>5}"
        out.write("{:<20}|{:>12,.2f}|{:^9}|".format(name.title(), n * 1234.5, n % 7))
        out.write("%-8s %05d %x\n" % (name[:3].upper(), n, n * 255))
    return len(",".join(reversed(out.getvalue().split())))


# ---- dicts and sets: words are counted ---------------------------------------------------------

_WORDS = [f"{'abcdefgh'[n % 8]}{n * n % 331}" for n in range(900)]


def word_counts():
    counts = collections.Counter(_WORDS)
    by_letter = {}
    for word, count in counts.items():
        by_letter.setdefault(word[0], set()).add((count, word))
    common = set.intersection(*({count for count, _ in group} for group in by_letter.values()))
    merged = {**counts, **{word.upper(): count for word, count in counts.items()}}
    return len(merged) + len(common)


# ---- generators: a pipeline -----------------------------------------------------------------------

def _numbers(limit):
    for n in range(limit):
        yield n * 2654435761 % 100003


def _pairs_of(source):
    last = 0
    for value in source:
        yield last, value
        last = value


def pipeline(limit=1500):
    rising = ((a, b) for a, b in _pairs_of(_numbers(limit)) if a < b)
    return sum(b - a for a, b in rising)


# ---- classes: clerks pass letters on ---------------------------------------------------------------

class Letter:
    __slots__ = ("stamps", "left", "next_desk")

    def __init__(self, left, next_desk):
        self.stamps = []
        self.left = left
        self.next_desk = next_desk


class Desk:
    """A clerk with a tray; subclasses decide what becomes of a letter."""

    def __init__(self, number):
        self.number = number
        self.tray = collections.deque()
        self.done = 0

    def take(self, letter):
        self.tray.append(letter)

    def work(self, office):
        if not self.tray:
            return False
        letter = self.tray.popleft()
        letter.stamps.append((self.number, letter.left))
        self.done += 1
        self.decide(letter, office)
        return True

    def decide(self, letter, office):
        raise NotImplementedError


class Forwarder(Desk):
    def decide(self, letter, office):
        letter.left -= 1
        if letter.left > 0:
            office.desk((letter.next_desk + self.number) % len(office.desks)).take(letter)


class Copier(Desk):
    def decide(self, letter, office):
        letter.left -= 2
        if letter.left > 0:
            office.desk(self.number + 1).take(Letter(letter.left // 2, self.number))
            office.desk(letter.next_desk).take(letter)


class Office:
    def __init__(self):
        self.desks = [(Copier if n % 3 == 0 else Forwarder)(n) for n in range(7)]

    def desk(self, number):
        return self.desks[number % len(self.desks)]

    def run(self):
        while any([desk.work(self) for desk in self.desks]):
            pass
        return sum(desk.number * desk.done for desk in self.desks)


def clerks():
    office = Office()
    for n in range(12):
        office.desk(n).take(Letter(9 + n, n + 1))
    return office.run()


# ---- pickles ------------------------------------------------------------------------------------------

_ORDERS = [{"id": n, "lines": [(f"SKU-{n + i:04d}", i, 9.95 * i) for i in range(5)],
            "note": "x" * (n % 40), "tags": frozenset((n % 3, n % 5))} for n in range(60)]


def pickles():
    data = pickle.dumps(_ORDERS, protocol=4)
    return len(data) + len(pickle.loads(data))


PARTS = (planets, log_lines, report, word_counts, pipeline, clerks, pickles)
