#!/usr/bin/python3
"""census.py - the types of the frozen heap: against a baseline, and what is known of each."""
import sys

import host

_NO_GIL = "its heap cannot be frozen"

_ITEMS = """
class Item:
    def __init__(self, n): self.n = n
kept = [Item(i) for i in range(300)]
say("ready")
while True:
    kept += [Item(i) for i in range(int(wait()))]
    say("done")
"""


def _census(wire, **request):
    """(messages before the reply by kind; {name: row}) or the refusal"""
    number = wire.send(op="types", limit=1000, **request)
    before, rows = {}, {}
    while True:
        message = wire.line()
        assert message is not None, "the connection ended"
        if message["t"] == "reply" and message["id"] == number:
            return (before, rows) if message["ok"] else (message, None)
        if message["t"] == "types":
            rows.update({row[0]: row for row in message["rows"]})
        before[message["t"]] = message


def _of_baseline(wire, number):
    def known():
        told, rows = _census(wire, baseline=number)
        return (told, rows) if rows is not None else None
    return host.wait_until(known, 20, "the baseline knows its types")


@host.with_gil(_NO_GIL)
def a_baseline_knows_its_types(python):
    """As of the first freeze after it, whoever asks, without another one."""
    with host.Host(python, _ITEMS) as target:
        target.hear("ready")
        with target.wire() as wire:
            none, _ = _census(wire, baseline=1)
            assert none["code"] == "bad-argument", none
            first = wire.ask(op="baseline", name="one")[0]["baseline"]
            then, rows = _of_baseline(wire, first)
            assert rows["__main__.Item"][1] == 300, rows["__main__.Item"]
            assert len(rows) == then["frozen"]["types"], then["frozen"]
            target.tell("1000")
            target.hear("done")
            now, rows = _census(wire)
            assert rows["__main__.Item"][1] == 1300, rows["__main__.Item"]
            assert now["frozen"]["at"] > then["frozen"]["at"]
            again, rows = _of_baseline(wire, first)
            assert again["frozen"] == then["frozen"] and rows["__main__.Item"][1] == 300
            second = wire.ask(op="baseline", name="two")[0]["baseline"]
            _, rows = _of_baseline(wire, second)
            assert rows["__main__.Item"][1] == 1300
        with target.wire() as wire:     # it is kept for everybody
            assert _of_baseline(wire, first)[1]["__main__.Item"][1] == 300
            wire.ask(op="baseline.drop", baseline=first)
            assert _census(wire, baseline=first)[0]["code"] == "bad-argument"
            assert _of_baseline(wire, second)[1]["__main__.Item"][1] == 1300
        target.end()


@host.with_gil(_NO_GIL)
def without_a_freeze_a_baseline_knows_none(python):
    with host.Host(python, _ITEMS, LEAKTOP_FREEZE="off") as target:
        target.hear("ready")
        with target.wire() as wire:
            number = wire.ask(op="baseline", name="one")[0]["baseline"]
            for _ in range(3):
                reply, _ = _census(wire, baseline=number)
                assert reply["code"] == "unavailable", reply
                assert "not frozen since" in reply["error"], reply
        target.end()


if __name__ == "__main__":
    sys.exit(host.run((a_baseline_knows_its_types, without_a_freeze_a_baseline_knows_none)))
