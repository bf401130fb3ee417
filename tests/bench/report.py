"""Markdown tables, and what may be said of a figure beside its target."""
import math
import statistics
import sys
import time

REACHED, MISSED, UNRESOLVED = "reached", "missed", "not resolved"
started = time.monotonic()


def progress(text):
    print(f"[{time.monotonic() - started:5.0f} s] {text}", file=sys.stderr, flush=True)


def table(heading, rows):
    """A table whose first column is text and whose others are figures."""
    lines = [heading, ["---"] + ["---:"] * (len(heading) - 1), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def median_interval(values):
    """Bounds that hold the true median with 95 % confidence, from order statistics.

    The number of values below the median is binomial (n, 1/2) whatever their
    distribution.  With fewer than 6 values no two of them bound it so surely:
    then the lowest and the highest.
    """
    values, count = sorted(values), len(values)
    below, rank = 0.0, 0
    while below + math.comb(count, rank) / 2 ** count <= 0.025:
        below += math.comb(count, rank) / 2 ** count
        rank += 1
    return values[max(rank - 1, 0)], values[count - max(rank, 1)]


def spread(values, digits):
    """The median, with the lowest and the highest value."""
    return (f"{statistics.median(values):.{digits}f} "
            f"({min(values):.{digits}f}–{max(values):.{digits}f})")


def interval(values, digits):
    low, high = median_interval(values)
    return f"{low:.{digits}f}–{high:.{digits}f}"


def verdict_at_most(target, low, high):
    """low, high: bounds of the figure."""
    if high <= target:
        return REACHED
    return MISSED if low > target else UNRESOLVED
