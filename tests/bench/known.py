#!/usr/bin/python3
"""known.py - the statistics of tests/bench on numbers whose answer is known, and the form and
the table of a document made of them.  Measures nothing."""
import copy
import os
import random
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import callgrind  # noqa: E402
import document  # noqa: E402
import pairs  # noqa: E402
import table  # noqa: E402

_PAIRS = [(0, 10.0, 11.0), (0, 20.0, 21.0), (1, 10.0, 13.0), (1, 10.0, 10.0), (1, 8.0, 10.0)]

_CALLGRIND = """# callgrind format
events: Ir
summary: 150
ob=(1) /usr/bin/python3.11
fn=(1) run
10 20
cob=(2) /x/libleaktop-sampler.so
cfn=(2) obj_malloc
calls=4 0
11 100
+1 5
ob=(2)
fn=(2)
7 12
* 8
cob=(1)
cfn=(3) pymalloc
calls=4 0
+2 80
ob=(1)
fn=(3)
1 25
cob=(2)
cfn=(2)
calls=1 0
1 6
"""


def _document(rows):
    machine = {name: 0 for name in document._MACHINE}
    machine.update(processor="abacus", kernel="1", python="3.11.2")
    return {"schema": document.SCHEMA, "at": 0, "seconds": 1.0, "complete": True,
            "machine": machine, "options": {}, "absent": [], "rows": rows, "says": [], "samples_ns": [],
            "turns": [], "all_turns": [], "instructions": None}


def _row(setting, ratio):
    found = [(start, 2.0, 2.0 * (ratio + 0.01 * start)) for start in range(3) for _ in range(3)]
    return {"work": "json", "setting": setting, "figure": "cpu_ms", "unit": "ms",
            "more_is_worse": True, **pairs.summary(found)}


class Statistics(unittest.TestCase):
    def test_quantiles_lie_between_the_values(self):
        self.assertEqual(pairs.quantile([4, 1, 3, 2], 0), 1)
        self.assertEqual(pairs.quantile([4, 1, 3, 2], 1), 4)
        self.assertEqual(pairs.quantile([4, 1, 3, 2], 0.5), 2.5)
        self.assertEqual(pairs.quantile([10, 20], 0.25), 12.5)
        self.assertEqual(pairs.quantile([7], 0.25), 7)

    def test_median_bounds_by_the_binomial_table(self):
        # ranks from the usual tables of the sign test: n -> the k-th from either end
        for n, k in ((1, 1), (5, 1), (6, 1), (8, 1), (9, 2), (15, 4), (20, 6), (30, 10), (60, 22)):
            self.assertEqual(pairs.median_bounds(range(1, n + 1)), (k, n + 1 - k), n)

    def test_median_bounds_hold_as_often_as_they_say(self):
        lot = random.Random(5)
        held = 0
        for _ in range(2000):
            low, high = pairs.median_bounds([lot.expovariate(1) for _ in range(21)])
            held += low <= 0.6931471805599453 <= high
        self.assertGreaterEqual(held, 0.94 * 2000)
        self.assertLess(held, 0.995 * 2000)

    def test_summary_of_ratios(self):
        found = pairs.summary(_PAIRS)
        self.assertEqual((found["pairs"], found["starts"]), (5, 2))
        self.assertEqual((found["without"], found["with"]), (10.0, 11.0))
        self.assertAlmostEqual(found["change"]["median"], 1.1)
        self.assertAlmostEqual(found["change"]["low"], 1.05)
        self.assertAlmostEqual(found["change"]["high"], 1.25)
        self.assertAlmostEqual(found["change"]["max"], 1.3)
        self.assertAlmostEqual(found["total_change"], 65 / 58)
        self.assertEqual(found["worst"]["pair"], 2)
        self.assertEqual(found["worst"]["start"], 1)
        self.assertAlmostEqual(found["worst"]["start_change"], 1.25)

    def test_what_is_worse_depends_on_the_figure(self):
        found = pairs.summary(_PAIRS, more_is_worse=False)
        self.assertEqual(found["worst"]["pair"], 3)
        self.assertEqual(found["worst"]["start"], 0)
        self.assertAlmostEqual(found["worst"]["pair_change"], 1.0)

    def test_summary_of_differences(self):
        found = pairs.summary(_PAIRS, pairs.difference)
        self.assertEqual(found["compared"], "difference")
        self.assertEqual(found["change"]["median"], 1.0)
        self.assertEqual(found["change"]["max"], 3.0)
        self.assertEqual(found["total_change"], 7.0)


class Callgrind(unittest.TestCase):
    def test_own_and_inclusive_costs_and_calls(self):
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(_CALLGRIND)
            file.flush()
            total, functions = callgrind.read(file.name)
        self.assertEqual(total, 150)
        self.assertEqual(list(functions), ["obj_malloc"])
        found = functions["obj_malloc"]
        self.assertEqual((found.calls, found.own, found.all), (5, 20, 106))


class Document(unittest.TestCase):
    def setUp(self):
        self.found = _document([_row("nothing", 1.0), _row("sampler", 1.01),
                                _row("sampler-128K", 1.04), _row("tracemalloc-1", 9.0)])

    def test_is_well_formed(self):
        self.assertEqual(document.complaints(self.found), [])

    def test_comes_back_from_its_file(self):
        with tempfile.NamedTemporaryFile("r") as file:
            document.write(file.name, self.found)
            back = document.read(file.name)
        self.assertEqual([row["pairs"] for row in back["rows"]], [9, 9, 9, 9])
        self.assertEqual(back["rows"][3]["change"]["median"], 9.01)

    def test_says_what_is_wrong(self):
        for spoil in (lambda d: d.pop("machine"), lambda d: d.update(schema="leaktop.bench/9"),
                      lambda d: d["rows"][0].pop("worst"), lambda d: d["machine"].pop("python"),
                      lambda d: d["rows"][1]["change"].update(low=99.0),
                      lambda d: d["rows"][2].update(pairs=0),
                      lambda d: d.update(instructions={"works": []})):
            spoiled = copy.deepcopy(self.found)
            spoil(spoiled)
            self.assertNotEqual(document.complaints(spoiled), [])

    def test_its_table_names_the_worst(self):
        text = "\n".join(table.render(self.found))
        self.assertIn("| JSON churn | +1.0 (+0.0 .. +2.0) | +2.0 (+1.0 .. +3.0) |", text)
        self.assertIn("| JSON churn | 9.0x |", text)
        self.assertIn("| JSON churn | leaktop, 128K | +5.0 | +6.0 | +6.0 | +1.0 | +2.0 | +2.0 |",
                      text)

    def test_an_empty_one_claims_nothing(self):
        text = "\n".join(table.render(_document([])))
        self.assertIn("Not measured yet", text)
        self.assertNotRegex(text, "[0-9]")


if __name__ == "__main__":
    unittest.main()
