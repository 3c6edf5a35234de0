"""contents.py - what a container holds, shown to who asks for it: tests of largest.py."""
import host

NO_GIL = "its heap cannot be frozen"

# What is in the list, and how it is to be shown.
_LITERALS = (
    ("'plain'", "'plain'"),
    ('"it\'s"', r"'it\'s'"),
    (r"'caf\xe9'", "'caf\xe9'"),                        # Latin-1
    (r"'\u20ac 100'", "'\u20ac 100'"),                  # two bytes each
    (r"'\U0001f600 ok'", "'\U0001f600 ok'"),            # four
    ("''", "''"),
    (r"'a\x00b\n\t\x1b[31mred \u202egnp\u200b \x9b1m'",
     r"'a\x00b\n\t\x1b[31mred \u202egnp\u200b \x9b1m'"),
    (r"'\ud800 half'", r"'\ud800 half'"),
    ("'x' * 100", "'" + "x" * 63 + "..."),
    (r"'\u20ac' * 62", "'" + "\u20ac" * 62 + "'"),
    (r"b'by\xff\x00t\'e'", r"b'by\xff\x00t\'e'"),
    ("b'y' * 300", "b'" + "y" * 62 + "..."),
    ("True", "True"), ("False", "False"), ("None", "None"),
    ("Kept('secret')", "<__main__.Kept>"),

    ("0", "0"), ("-1", "-1"), ("255", "255"), ("10 ** 9", "1000000000"),
    ("2 ** 30", "1073741824"), ("-(2 ** 60)", "-1152921504606846976"),
    ("10 ** 18 + 7", "1000000000000000007"), ("2 ** 209", str(2 ** 209)),
    ("2 ** 210", "<int of 211 bits>"), ("-(10 ** 1000)", "<int of 3322 bits>"),
    ("(1, 'a', (2.5, None))", "(1, 'a', (2.5, None))"), ("(7,)", "(7,)"), ("()", "()"),
    ("('x' * 70, 1)", "('" + "x" * 62 + "..."), ("((((1,),),),)", "(((<tuple>,),),)"),
    ("Price(5)", "<__main__.Price>"),

    ("0.0", "0.0"), ("-0.0", "-0.0"), ("1.0", "1.0"), ("0.1", "0.1"), ("-2.5", "-2.5"),
    ("1240000.25", "1240000.25"), ("1e15", "1000000000000000.0"), ("1e16", "1e+16"),
    ("1.7976931348623157e308", "1.79769313486232e+308"), ("5e-324", "4.94065645841247e-324"),
    ("0.0001", "0.0001"), ("1.5e-05", "1.5e-05"), ("float('inf')", "inf"),
    ("-float('inf')", "-inf"), ("float('nan')", "nan"), ("999999999999999.9", "1000000000000000.0"),
)
_EACH = 16

_SCRIPT = """
import array, collections, functools, gc, queue, weakref
class Kept(str): pass
class Price:
    def __init__(self, n): self.n = n
def rest(n): return [float(i) for i in range(n)]
""" + "\n".join(
    f"LITERALS_{i} = [{', '.join(value for value, _ in _LITERALS[i:i + _EACH])}] + rest(3000)"
    for i in range(0, len(_LITERALS), _EACH)) + """
TABLE = {("sku", 1): 19.99, "b": Price(1)}
TABLE.update((i, None) for i in range(2900))
ONE = {"one"} | set(range(0, 28000, 10)) - {0}
RING = collections.deque(["first", "second"] + rest(2700))
@functools.lru_cache(maxsize=5000)
def cached(x): return "result of " + str(x)
for i in range(2600): cached(i)
held = [Price(i) for i in range(2500)]
by_name = weakref.WeakValueDictionary((str(i), p) for i, p in enumerate(held))
JOBS = queue.Queue()
for i in range(2400): JOBS.put(("job", i))
FIXED = ("t", 1) + tuple(rest(2300))
TEXT = "head" + "x" * 200000
RAW = bytearray(200000)
NUMBERS = array.array("d", [0]) * 30000
DYING = [b"one that goes", 1] + rest(2200)
MOVING = [[b"elsewhere", 1] + rest(2100)]
gc.collect()
say("ready"); wait()
gone = id(DYING)
del DYING
OTHER = []      # likely there
OTHER.extend(["another", 2] + rest(2200))
MOVING[0][0:] = []
MOVING[0].extend(["another", 3] + rest(2000))
say("gone", id(OTHER) == gone); wait()
"""


def _scan(wire):
    """The answer's time in ms, and the rows by owner."""
    number = wire.send(op="containers")
    rows = {}
    while True:
        message = wire.line()
        assert message is not None, "the connection ended"
        if message["t"] == "containers":
            seen_ms = round(message["at"] * 1000)
            rows.update((row["owner"], row) for row in message["rows"])
        elif message["t"] == "reply" and message["id"] == number:
            assert message["ok"], message
            return seen_ms, rows


def _reveal(wire, seen_ms, row, **more):
    """What is told of the row, and its items."""
    reply, before = wire.ask(op="reveal", address=row["address"], seen_ms=seen_ms, **more)
    assert reply["ok"], (reply, row)
    told = before["revealed"]
    assert before["frozen"]["objects"] > 1000
    assert told["address"] == row["address"] and told["type"] == row["type"], (told, row)
    assert told["owner"] == row["owner"] and told["length"] == row["length"], (told, row)
    return told, told["items"]


def _refused(wire, seen_ms, address, code, words):
    reply, before = wire.ask(op="reveal", address=address, seen_ms=seen_ms)
    assert not reply["ok"] and reply["code"] == code and words in reply["error"], reply
    assert "revealed" not in before, before


def _look_into(wire, seen_ms, rows):
    for i in range(0, len(_LITERALS), _EACH):
        told, items = _reveal(wire, seen_ms, rows[f"__main__.LITERALS_{i}"], limit=_EACH)
        assert told["same"] is True
        for (value, shown), item in zip(_LITERALS[i:i + _EACH], items):
            assert item == [None, shown], (value, shown, item)
        assert len(items) == _EACH
    expected = {
        "TABLE": [["('sku', 1)", "19.99"], ["'b'", "<__main__.Price>"], ["0", "None"]],
        "RING": [[None, "'first'"], [None, "'second'"], [None, "0.0"]],
        "cached": [["0", "'result of 0'"], ["1", "'result of 1'"], ["2", "'result of 2'"]],
        "by_name": [["'0'", "<__main__.Price>"], ["'1'", "<__main__.Price>"],
                    ["'2'", "<__main__.Price>"]],
        "JOBS": [[None, "('job', 0)"], [None, "('job', 1)"], [None, "('job', 2)"]],
        "FIXED": [[None, "'t'"], [None, "1"], [None, "0.0"]],
        "TEXT": [[None, "'head" + "x" * 59 + "..."]],
        "RAW": [[None, "<bytearray>"]],
        "NUMBERS": [[None, "<array.array>"]],
    }
    for name, items in expected.items():
        told = _reveal(wire, seen_ms, rows["__main__." + name], limit=3)[1]
        assert told == items, (name, told)
    items = _reveal(wire, seen_ms, rows["__main__.ONE"])[1]
    assert len(items) == 8 and all(key is None for key, _ in items), items


def _look_at_log(wire, table):
    """Whoever looks at the process sees that somebody was shown it."""
    events = wire.ask(op="events")[1]["events"]["list"]
    event = [e for e in events if e["code"] == "revealed" and e["value"] == int(table, 16)][-1]
    assert event["what"].startswith("to uid ") and "dict __main__.TABLE" in event["what"], event


@host.with_gil(NO_GIL)
def contents_are_shown_to_who_asks(python):
    with host.Host(python, _SCRIPT) as target:
        target.hear("ready")
        with target.wire() as wire:
            _refused(wire, 1, "0x1000", "unavailable", "list them again")
            seen_ms, rows = _scan(wire)
            _look_into(wire, seen_ms, rows)
            _refused(wire, seen_ms - 5000, rows["__main__.TABLE"]["address"], "unavailable",
                     "list them again")
            _refused(wire, seen_ms, "0x1000", "unavailable", "no container at that address")
            for request in ({"address": "0x1000"}, {"seen_ms": seen_ms},
                            {"address": "0x1000", "seen_ms": seen_ms, "limit": 17}):
                assert wire.ask(op="reveal", **request)[0]["code"] == "bad-argument", request
            target.tell()
            again = target.hear("gone")
            dying, moving = rows["__main__.DYING"], rows["__main__.MOVING[]"]
            _refused(wire, seen_ms, dying["address"], "unavailable", "is no more")
            reply, before = wire.ask(op="reveal", address=moving["address"], seen_ms=seen_ms)
            assert reply["ok"] and before["revealed"]["same"] is False, (reply, before)
            assert before["revealed"]["items"][0] == [None, "'another'"], before
            assert before["revealed"]["length"] == 2002
        with target.wire() as other:
            _look_at_log(other, rows["__main__.TABLE"]["address"])
        target.end()
    return f"its address was used again: {again}"


@host.with_gil(NO_GIL)
def a_setting_forbids_to_show_contents(python):
    script = "TABLE = dict.fromkeys(range(2000)); say('ready'); wait()"
    with host.Host(python, script, LEAKTOP_REVEAL="off") as target:
        target.hear("ready")
        with target.wire() as wire:
            seen_ms, rows = _scan(wire)
            _refused(wire, seen_ms, rows["__main__.TABLE"]["address"], "unavailable",
                     "LEAKTOP_REVEAL=off")
        target.end()
