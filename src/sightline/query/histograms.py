"""Histograms and counters as numbers: quantiles from buckets, scales of exponential ones, resets. Pure.

A histogram says how many values lie in each bucket, not where in it. As Prometheus' `histogram_quantile`
does, values are taken to be spread evenly in a bucket with explicit bounds, and evenly by their logarithm in
an exponential one; a quantile in a bucket without an upper bound is its lower bound. Where the extremes were
sent, no quantile lies beyond them.

Sources: OpenTelemetry's data model of metrics (Histogram, ExponentialHistogram, Resets and Gaps); Prometheus,
query functions, histogram_quantile(). Both as of 2026-11.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate


@dataclass(frozen=True, slots=True)
class Cell:
    """Values above `low` up to `high`. `log`: spread evenly by their logarithm; both ends share a sign."""

    low: float
    high: float
    count: float
    log: bool = False

    def at(self, share: float) -> float:
        """The value below which a share (0 to 1) of the cell lies."""
        if math.isinf(self.low) or math.isinf(self.high):
            return self.low if math.isinf(self.high) else self.high
        if self.log and self.low > 0:
            return float(self.low * (self.high / self.low) ** share)
        if self.log and self.high < 0:
            return float(-((self.low / self.high) ** (1 - share)) * -self.high)
        return self.low + (self.high - self.low) * share

    def below(self, value: float) -> float:
        """How many of its values are at most this one."""
        if value >= self.high:
            return self.count
        if value <= self.low:
            return 0.0
        if math.isinf(self.low) or math.isinf(self.high):
            # Nobody knows where: they count where a quantile in the cell is said to be.
            return self.count if math.isinf(self.high) else 0.0
        if self.log and self.low > 0:
            return self.count * math.log(value / self.low) / math.log(self.high / self.low)
        if self.log and self.high < 0:
            return self.count * (1 - math.log(value / self.high) / math.log(self.low / self.high))
        return self.count * (value - self.low) / (self.high - self.low)


def explicit_cells(bounds: Sequence[float], counts: Sequence[float]) -> list[Cell]:
    """The cells of a histogram with explicit bounds; there is one more count than bounds.

    The first cell begins at 0 where its bound is positive, as most measured things are not negative.
    """
    if not bounds:
        return [Cell(-math.inf, math.inf, sum(counts))]
    first = 0.0 if bounds[0] > 0 else -math.inf
    lows, highs = (first, *bounds), (*bounds, math.inf)
    return [Cell(low, high, n) for low, high, n in zip(lows, highs, counts, strict=True) if n > 0]


def exponential_cells(
    scale: int,
    positive: Mapping[int, float],
    negative: Mapping[int, float],
    zero: float,
    threshold: float,
) -> list[Cell]:
    """The cells of an exponential histogram: bucket `i` is above b^i up to b^(i+1), b being 2^(2^-scale)."""
    found = [
        Cell(-edge(scale, index + 1), -edge(scale, index), n, True)
        for index, n in sorted(negative.items(), reverse=True)
        if n > 0
    ]
    if zero > 0:
        found.append(Cell(-threshold if negative else 0.0, threshold, zero))
    found += [
        Cell(edge(scale, index), edge(scale, index + 1), n, True)
        for index, n in sorted(positive.items())
        if n > 0
    ]
    return found


def edge(scale: int, index: int) -> float:
    """The lower end of a bucket; what no float can hold is its nearest end."""
    exponent = math.ldexp(index, -scale)
    if exponent > 1023:
        return 1.7976931348623157e308
    return float(2.0**exponent) if exponent > -1074 else 5e-324


def rescaled(buckets: Mapping[int, float], by: int) -> dict[int, float]:
    """The same values in buckets of a scale that is smaller by `by`: 2^by neighbours become one."""
    found: dict[int, float] = {}
    for index, count in buckets.items():
        found[index >> by] = found.get(index >> by, 0) + count
    return found


def quantile(
    q: float, cells: Sequence[Cell], low: float | None = None, high: float | None = None
) -> float | None:
    """The value below which a share `q` lies, from cells in order; None where there are no values.

    `low` and `high` are the least and the greatest value where they are known.
    """
    cells = [cell for cell in cells if cell.count > 0]
    if not cells:
        return None
    sums = list(accumulate(cell.count for cell in cells))
    rank = q * sums[-1]
    at = min(bisect_left(sums, rank), len(cells) - 1)
    before = sums[at - 1] if at else 0.0
    cell = cells[at]
    if high is not None and math.isinf(cell.high) and not math.isinf(cell.low):
        cell = Cell(cell.low, max(cell.low, high), cell.count)
    if low is not None and math.isinf(cell.low) and not math.isinf(cell.high):
        cell = Cell(min(low, cell.high), cell.high, cell.count)
    found = cell.at(max(0.0, rank - before) / cell.count)
    if low is not None:
        found = max(found, low)
    if high is not None:
        found = min(found, high)
    return None if math.isinf(found) or math.isnan(found) else found


def merged(histograms: Iterable[Sequence[Cell]]) -> list[Cell]:
    """Histograms with different bounds as one, with all bounds of all; each value keeps its place."""
    parts = [[cell for cell in cells if cell.count > 0] for cells in histograms]
    parts = [cells for cells in parts if cells]
    if len(parts) < 2:
        return parts[0] if parts else []
    edges = sorted({end for cells in parts for cell in cells for end in (cell.low, cell.high)})
    everything = [cell for cells in parts for cell in cells]
    sums = [sum(cell.below(value) for cell in everything) for value in edges]
    if math.isinf(edges[0]) and edges[0] < 0:
        sums[0] = 0.0
    return [
        Cell(low, high, above - below)
        for low, high, below, above in zip(edges, edges[1:], sums, sums[1:], strict=False)
        if above > below
    ]


@dataclass(frozen=True, slots=True)
class Counted:
    """A point of a counter that counts from its start: time and start (0: unknown) in nanoseconds."""

    time: int
    start: int
    value: float


def increases(points: Sequence[Counted], known_from: int) -> list[float | None]:
    """By how much a counter grew up to each of its points, which are in order of time.

    A counter that became smaller, or whose start is not before the point before, began anew at 0. What the
    first point has counted is known when it started at `known_from` (ns) or later. The engine does the same
    in `metric_sql`, this says what is meant.
    """
    found: list[float | None] = []
    before: Counted | None = None
    for point in points:
        if before is None:
            found.append(point.value if point.start and point.start >= known_from else None)
        elif point.value < before.value or (point.start and point.start >= before.time):
            found.append(point.value)
        else:
            found.append(point.value - before.value)
        before = point
    return found
