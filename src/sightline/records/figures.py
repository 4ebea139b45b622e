"""Figures over many spans or traces: measures by group and over time, each with the filter that opens it.

Times are nanoseconds, money US dollars. `None` is unknown or nothing to measure, never 0.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """A measure's value; `unknown` is how many spans it leaves out because they did not say.

    A sum is None when none of its spans said anything: with `unknown` 0 it does not apply to them.

    Where rows stand for several, the value is an estimate from `stored` rows, and `margin` half the width of
    its 95 percent interval, None where that is not known. `at_least`: the value cannot be corrected.

    Of a score `rated` says how many were rated, None of all else: what nobody rated is not missing in it.
    """

    value: int | float | None
    unknown: int = 0
    stored: int | None = None
    margin: float | None = None
    at_least: bool = False
    rated: int | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """One row of a breakdown. `values` stand in the order of what it is broken down by; '' is not set.

    `other`: all groups that have no row of their own, together (no values). `filter` opens exactly the spans
    or traces behind the figures.
    """

    values: tuple[str, ...]
    other: bool
    filter: str


@dataclass(frozen=True, slots=True)
class Series:
    """The figures of a group: over the whole time, and for each bucket; in the order of the measures."""

    group: Group
    total: tuple[Figure, ...]
    points: tuple[tuple[Figure, ...], ...]


@dataclass(frozen=True, slots=True)
class Breakdown:
    """Measures of a selection by group over time.

    `starts` are the beginnings of the buckets, which end at the next one's and at `end`; `step` is their
    nominal length. `rows` come by the measure that was asked for, then what is not set, then other. `whole`
    is everything together: not a sum of the rows, but measured. `groups` counts all groups, also those in
    other. `exact` is false where percentiles are estimates. `weighted`: rows count as many times as they
    stand for.
    """

    measures: tuple[str, ...]
    by: tuple[str, ...]
    starts: tuple[int, ...]
    end: int
    step: int
    rows: tuple[Series, ...]
    whole: Series
    groups: int
    exact: bool
    weighted: bool = False
