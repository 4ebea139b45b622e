"""Scores over spans: each counts once, however many spans there are of what was rated. Pure.

What people say is mostly said of a whole answer, and its spans are what figures are made of: of one model or
tool, of a stretch of time. So a row brings its targets, the span itself and its trace, each with its number
in one integer of 128 bits; a group has the set of those. Sampled rows bring their weight, too: a target
stands for as many as the one of its rows that was likeliest kept.
"""

from __future__ import annotations

from dataclasses import dataclass

# As `weights.PARTS`: weights of percentiles are whole.
_PARTS = 1000
_NUMBER = "reinterpretAsFloat64(toUInt64({}))"


@dataclass(frozen=True, slots=True)
class ByTarget:
    """A figure over rows with weights: its expression, the one for how many were rated, and the sums that its
    interval is made of (`margins`)."""

    sql: str
    rated: str
    terms: tuple[str, ...]


def packed(key: str, number: str) -> str:
    """A target, which is never 0, and its number as one integer."""
    return f"bitOr(bitShiftLeft(toUInt128({key}), 64), toUInt128(reinterpretAsUInt64(toFloat64({number}))))"


def targets(brought: str) -> str:
    """The targets of a group's rows, each once; `brought` are those of a row, 0 for none."""
    return f"arrayFilter(x -> x != 0, groupUniqArrayArray({brought}))"


def mean(found: str) -> str:
    """The mean of the numbers."""
    # The engine's mean of nothing is 0.
    return f"arraySum(x -> {_NUMBER.format('x')}, {found}) / nullIf({rated(found)}, 0)"


def median(found: str) -> str:
    """The middle one of the numbers."""
    return f"arrayReduce('medianExact', arrayMap(x -> {_NUMBER.format('x')}, {found}))"


def rated(found: str) -> str:
    """How many targets there are."""
    return f"length({found})"


def weighted_targets(brought: str, weight: str) -> str:
    """The same with the least weight of their rows, as pairs."""
    pairs = f"groupUniqArrayArray(arrayMap(x -> (x, {weight}), {brought}))"
    return f"arrayCompact(x -> x.1, arraySort(arrayFilter(x -> x.1 != 0, {pairs})))"


def mean_by_weight(found: str) -> ByTarget:
    """The weighted mean."""
    total = f"arraySum(x -> x.2 * {_NUMBER.format('x.1')}, {found})"
    weight = f"arraySum(x -> x.2, {found})"
    return ByTarget(f"{total} / nullIf({weight}, 0)", rated(found), (total, weight))


def median_by_weight(found: str) -> ByTarget:
    """The weighted median; no interval is known."""
    numbers = f"arrayMap(x -> {_NUMBER.format('x.1')}, {found})"
    weights = f"arrayMap(x -> toUInt64(round({_PARTS} * x.2)), {found})"
    return ByTarget(f"arrayReduce('medianExactWeighted', {numbers}, {weights})", rated(found), ())


def rated_by_weight(found: str) -> ByTarget:
    """How many targets they stand for."""
    total = f"arraySum(x -> x.2, {found})"
    return ByTarget(total, rated(found), (total,))
