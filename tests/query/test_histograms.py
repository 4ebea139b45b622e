"""Quantiles against the values that went into the buckets; scales; resets."""

from __future__ import annotations

import math
from bisect import bisect_left
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.query.histograms import (
    Cell,
    Counted,
    edge,
    explicit_cells,
    exponential_cells,
    increases,
    merged,
    quantile,
    rescaled,
)

BOUNDS = (0.1, 0.5, 1.0, 5.0, 10.0)
values_of = st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=60)
shares = st.floats(0, 1)


def counted(values: list[float], bounds: tuple[float, ...] = BOUNDS) -> list[int]:
    counts = [0] * (len(bounds) + 1)
    for value in values:
        counts[bisect_left(bounds, value)] += 1
    return counts


def indexes(values: list[float], scale: int) -> dict[int, float]:
    """Buckets by the definition, free of rounding at their ends."""
    found: dict[int, float] = {}
    for value in values:
        index = math.ceil(math.log2(value) * 2.0**scale) - 1
        found[index] = found.get(index, 0) + 1
    return found


def test_the_rule_of_prometheus() -> None:
    # 10 values up to 0.1, 30 up to 0.5, 60 up to 1: half of them is two thirds of the way into the second.
    cells = explicit_cells((0.1, 0.5, 1.0), (10, 30, 60, 0))
    assert quantile(0.25, cells) == pytest.approx(0.3)
    assert quantile(0.7, cells) == pytest.approx(0.75)
    assert quantile(1, cells) == 1.0
    assert quantile(0.05, cells) == pytest.approx(0.05)
    # Without an upper end it is the lower one; with the extremes, not more than they.
    assert quantile(0.99, explicit_cells((1.0,), (0, 5))) == 1.0
    assert quantile(0.99, explicit_cells((1.0,), (0, 5)), 2.0, 3.0) == pytest.approx(2.98)
    assert quantile(0.5, explicit_cells((-1.0, 1.0), (4, 0, 0))) == -1.0
    assert quantile(0.5, []) is None
    assert quantile(0.5, explicit_cells((), (3,))) is None


@given(values_of, shares)
def test_a_quantile_lies_in_the_bucket_of_its_value(values: list[float], q: float) -> None:
    found = quantile(q, explicit_cells(BOUNDS, counted(values)), min(values), max(values))
    exact = sorted(values)[max(0, math.ceil(q * len(values)) - 1)]
    at = bisect_left(BOUNDS, exact)
    assert found is not None
    low, high = (0.0, *BOUNDS)[at], (*BOUNDS, math.inf)[at]
    assert low - 1e-9 <= found <= high or min(values) <= found <= max(values)
    assert min(values) <= found <= max(values)


@given(values_of, st.integers(-2, 6), shares)
def test_an_exponential_quantile_is_within_its_base(values: list[float], scale: int, q: float) -> None:
    found = quantile(q, exponential_cells(scale, indexes(values, scale), {}, 0, 0))
    exact = sorted(values)[max(0, math.ceil(q * len(values)) - 1)]
    base = 2.0 ** (2.0**-scale)
    assert found is not None
    assert exact / base * (1 - 1e-9) <= found <= exact * base * (1 + 1e-9)


@given(values_of, st.integers(0, 6), st.integers(0, 6))
def test_smaller_scales_join_neighbours(values: list[float], scale: int, by: int) -> None:
    fine = indexes(values, scale)
    coarse = rescaled(fine, by)
    assert sum(coarse.values()) == len(values)
    for index, count in fine.items():
        low, high = edge(scale - by, index >> by), edge(scale - by, (index >> by) + 1)
        assert low <= edge(scale, index) * (1 + 1e-9)
        assert edge(scale, index + 1) <= high * (1 + 1e-9)
        assert coarse[index >> by] >= count
    assert rescaled(rescaled(fine, 1), by) == rescaled(fine, by + 1)


@given(values_of, shares)
def test_what_is_negative_is_the_mirror(values: list[float], q: float) -> None:
    up = exponential_cells(3, indexes(values, 3), {}, 0, 0)
    down = exponential_cells(3, {}, indexes(values, 3), 0, 0)
    assert [(cell.low, cell.high) for cell in down] == [(-cell.high, -cell.low) for cell in reversed(up)]
    # Away from the ranks themselves, where a quantile may stand at either of two buckets.
    rank = q * len(values)
    if abs(rank - round(rank)) > 1e-6:
        above, below = quantile(q, up), quantile(1 - q, down)
        assert above is not None and below is not None
        assert -below == pytest.approx(above, rel=1e-6)


@given(values_of, values_of, shares)
def test_joined_histograms_keep_their_values(first: list[float], second: list[float], q: float) -> None:
    other = (0.25, 2.0, 100.0)
    parts = [explicit_cells(BOUNDS, counted(first)), explicit_cells(other, counted(second, other))]
    cells = merged(parts)
    assert sum(cell.count for cell in cells) == pytest.approx(len(first) + len(second))
    assert all(a.high <= b.low for a, b in pairwise(cells))
    found = quantile(q, cells)
    assert found is not None
    # What lies behind the last bound has no place of its own: it counts as that bound.
    below = sum(
        cell.count if math.isinf(cell.high) and cell.low <= found else cell.below(found)
        for part in parts
        for cell in part
    )
    assert below >= q * (len(first) + len(second)) - 1e-6


def test_the_same_histogram_alone_is_itself() -> None:
    cells = explicit_cells(BOUNDS, (1, 2, 3, 4, 5, 6))
    assert merged([cells, []]) == cells
    assert merged([]) == []
    halves = merged([cells, explicit_cells((*BOUNDS, 20.0), (1, 2, 3, 4, 5, 0, 0))])
    assert quantile(0.1, halves) == pytest.approx(quantile(0.1, halves))


def test_extreme_indexes_stay_numbers() -> None:
    for scale, index in ((20, 2**31 - 1), (-10, 2**20), (0, -5000), (0, 1025)):
        assert 0 < edge(scale, index) < math.inf
    cells = exponential_cells(0, {1023: 1, 1024: 1, -1075: 1}, {}, 2, 1e-3)
    assert all(math.isfinite(quantile(q, cells) or 0.0) for q in (0, 0.1, 0.5, 0.9, 1))
    assert Cell(1.0, 1.0, 3, True).below(1.0) == 3


@given(st.lists(st.tuples(st.integers(0, 50), st.booleans()), max_size=30))
def test_a_counter_grows_by_what_was_added(steps: list[tuple[int, bool]]) -> None:
    """Whatever is restarted, the increases add up to everything that was added and seen."""
    points, value, start, seen = [], 0, 5, 0
    for at, (added, restarts) in enumerate(steps, 1):
        if restarts:
            value, start = 0, at * 10 - 1
        value += added
        seen += added
        points.append(Counted(at * 10, start, value))
    found = increases(points, known_from=1)
    assert sum(one for one in found if one is not None) == seen
    assert all(one is None or one >= 0 for one in found)


def test_without_a_start_only_shrinking_is_a_reset() -> None:
    points = [Counted(10, 0, 7.0), Counted(20, 0, 9.0), Counted(30, 0, 4.0), Counted(40, 0, 4.0)]
    assert increases(points, 1) == [None, 2.0, 4.0, 0.0]
    assert increases([Counted(10, 3, 7.0)], 5) == [None]
    assert increases([Counted(10, 5, 7.0)], 5) == [7.0]
