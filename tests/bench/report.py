"""report.py - a measurement as text for a terminal: every row, nothing left out."""
import settings

_TITLES = {"cpu_ms": "processor time per operation", "wall_ms": "time per operation",
           "requests_per_s": "requests per second", "p99_ms": "99 of 100 requests take less than",
           "peak_rss_mib": "the most that was ever resident"}
_HOOKS = {"empty": "empty, on malloc and free", "empty-same": "empty, where leaktop's are",
          "leaktop": "leaktop's"}
_FIGURES = {"change": "processor time", "requests_per_s": "requests/s"}
_ALL = {"again": "paused, again", "full": "leaktop, without its budget",
        "budget": "leaktop, as its budget has it"}


def percent(ratio):
    return f"{100 * (ratio - 1):+.1f}"


def change(row, value):
    """A ratio in per cent of what is more, a difference as it is."""
    return percent(value) if row["compared"] == "ratio" else f"{value:+.2f}"


def _row(row):
    def show(value):
        return f"{change(row, value):>7}"

    found, worst = row["change"], row["worst"]
    return "  ".join([
        f"{row['work']:9} {settings.BY_NAME[row['setting']].words:30}",
        f"{row['without']:9.3f} {show(found['median'])}",
        *(show(found[a]) + show(found[b]) for a, b in
          (("median_low", "median_high"), ("low", "high"), ("min", "max"))),
        f"{show(worst['start_change'])} ({worst['start']})",
        f"{show(worst['pair_change'])} ({worst['pair']})", f"{row['pairs']:4}"])


def _show_rows(rows):
    for figure, title in _TITLES.items():
        found = [row for row in rows if row["figure"] == figure]
        if not found:
            continue
        unit = found[0]["unit"]
        kind = "per cent" if found[0]["compared"] == "ratio" else unit
        print(f"\n{title}, in {unit} without; changes in {kind}")
        print(f"{'work':9} {'with':30}  {'without':>9} {'median':>7}  {'sure, 95 %':>14}  "
              f"{'middle half':>14}  {'least, most':>14}  {'worst start':>11}  {'worst pair':>11}"
              "  pairs")
        for row in found:
            print(_row(row))


def _show_instructions(counted):
    print("\ninstructions per operation, in thousands; leaktop at full duty")
    for row in counted["works"]:
        print(f"{row['work']:9} {settings.BY_NAME[row['setting']].words:31}  "
              f"{row['without'] / 1e3:10.1f} {row['with'] / 1e3:10.1f} "
              f"{100 * (row['ratio'] - 1):+7.2f} %")
    print("\ninstructions of a hook, without what it passes on to")
    for row in counted["hooks"]:
        print(f"{row['work']:13} {row['hook']:27}  {row['calls_per_operation']:10.1f} calls "
              f"{row['instructions_per_call']:7.2f} each")
    print("\ninstructions of one sample, from its birth to its death")
    for row in counted["samples"]:
        print(f"{row['frames']:48} {row['instructions']:8.0f}   ({row['samples']} samples)")


def _show_says(rows):
    print("\nwhat the sampler said of itself, medians of the rounds")
    for row in rows:
        words = [f"{name} {row[name]:g}" for name in settings.SAYS if row[name] is not None]
        print(f"{row['work']:9} {settings.BY_NAME[row['setting']].words:30}  " + ", ".join(words))


def _show_samples(rows):
    print("\nnanoseconds of one sample, from its birth to its death")
    for row in rows:
        spread = row["change"]
        print(f"{row['frames']:48} {spread['median']:8.0f}   middle half {spread['low']:.0f} .. "
              f"{spread['high']:.0f}, {row['pairs']} pairs")


def _show_turns(rows):
    print("\nhooks alone, in and out by turns within one process; changes in per cent")
    for row in rows:
        spread = row["change"]
        print(f"{row['python']:28} {row['work']:9} {_HOOKS[row['hooks']]:30} "
              f"{percent(spread['median']):>7}   middle half {percent(spread['low'])} .. "
              f"{percent(spread['high'])}, {row['ns_per_call']:.2f} ns of each of "
              f"{row['calls_per_operation']:.0f} calls, {row['pairs']} pairs")


def _show_all_turns(rows):
    print("\nall of leaktop, paused and resumed by turns within one process; changes in per cent")
    for row, figure in ((row, figure) for row in rows for figure in _FIGURES if row[figure]):
        spread = row[figure]
        interval = f", interval {row['interval_bytes'] // 1024}K" if row["interval_bytes"] else ""
        print(f"{row['python']:28} {row['work']:9} {_FIGURES[figure]:15} {_ALL[row['setting']]:30} "
              f"{percent(spread['median']):>7}   sure, 95 % {percent(spread['median_low'])} .. "
              f"{percent(spread['median_high'])}, middle half {percent(spread['low'])} .. "
              f"{percent(spread['high'])}, {row['pairs']} pairs; duty {row['duty']:g}{interval}")


def show(found):
    facts = found["machine"]
    print(f"{facts['processor']}, {facts['processors']} processors, Linux {facts['kernel']}, "
          f"{facts['libc']}, Python {facts['python']}; load average {facts['load_average']:.2f} "
          f"at the start, {facts['steal_percent']:.2f} % stolen; {found['seconds'] / 60:.1f} min")
    for row in found["absent"]:
        print(f"not measured: {row['what']}: {row['reason']}")
    _show_rows(found["rows"])
    if found["says"]:
        _show_says(found["says"])
    if found["samples_ns"]:
        _show_samples(found["samples_ns"])
    if found["turns"]:
        _show_turns(found["turns"])
    if found["all_turns"]:
        _show_all_turns(found["all_turns"])
    if found["instructions"]:
        _show_instructions(found["instructions"])
