"""pairs.py - statistics of pairs: the same work without and with a setting, one after the other.

Pure functions.  A pair is (start, without, with): which start of the processes it belongs to, and
the two figures.  What counts is the change of each pair, the ratio with / without or the difference
with - without, as both of its halves saw the same machine; the median of the changes is the answer,
their spread is its honesty.
"""
import math
import statistics


def quantile(values, share):
    """The value below which that share lies; between two values in proportion."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def median_bounds(values):
    """Between which two of the values the true median lies in at least 95 of 100 measurements.

    Distribution-free: how many of n values fall below the true median is a toss of n coins.  With
    fewer than six values even the least and the greatest do not promise that much; it is them.
    """
    ordered = sorted(values)
    n = len(ordered)
    rank, chance = 0, 0.5 ** n
    while True:
        chance += math.comb(n, rank + 1) * 0.5 ** n
        if chance > 0.025:
            return ordered[rank], ordered[n - 1 - rank]
        rank += 1


def spread(values):
    """Median, middle half, and all of it."""
    low, high = median_bounds(values)
    return {"median": statistics.median(values), "median_low": low, "median_high": high,
            "low": quantile(values, 0.25), "high": quantile(values, 0.75),
            "min": min(values), "max": max(values)}


def ratio(before, after):
    return after / before


def difference(before, after):
    return after - before


def worst(changes, starts, more_is_worse):
    """The worst pair, and the worst start by the median of its pairs, by their numbers."""
    sign = 1 if more_is_worse else -1
    by_start = {}
    for start, change in zip(starts, changes):
        by_start.setdefault(start, []).append(change)
    medians = {start: statistics.median(found) for start, found in by_start.items()}
    start = max(medians, key=lambda s: (sign * medians[s], -s))
    pair = max(range(len(changes)), key=lambda n: (sign * changes[n], -n))
    return {"pair": pair, "pair_change": changes[pair], "start": start,
            "start_change": medians[start]}


def summary(pairs, compare=ratio, more_is_worse=True):
    """What a row of the table says of its pairs, of which there is at least one."""
    starts, before, after = zip(*pairs)
    changes = list(map(compare, before, after))
    return {"pairs": len(pairs), "starts": len(set(starts)),
            "without": statistics.median(before), "with": statistics.median(after),
            "compared": compare.__name__, "change": spread(changes),
            "total_change": compare(sum(before), sum(after)),
            "worst": worst(changes, starts, more_is_worse)}
