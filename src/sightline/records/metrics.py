"""Metrics: what there is, one of them over time, and the requests behind it. Times are nanoseconds.

`None` is unknown or not measured, never 0.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MetricInfo:
    """A metric of a window. `type` is gauge, sum, histogram, exponential_histogram or summary.

    `temporality` is delta or cumulative, '' where it has none. `series` counts what is told apart by
    attributes and resource, in the last hour that it was sent. `types` counts different kinds of points
    under this name: only the commonest is shown. `services` are some of its `service_count` services.
    """

    name: str
    type: str
    unit: str
    description: str
    temporality: str
    monotonic: bool
    points: int
    series: int | None
    first: int
    last: int
    services: tuple[str, ...]
    service_count: int
    types: int = 1
    scale: int = 0


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Metrics by name; `next` is the name to go on behind, None at the end. `total` counts all."""

    metrics: tuple[MetricInfo, ...]
    next: str | None
    total: int


@dataclass(frozen=True, slots=True)
class MetricLine:
    """A line of a chart: a group (`text`, '' is not set), all others together, or one quantile of all.

    `filter` chooses the group's points. `values` has one for each bucket; `whole` is over all the time.
    """

    text: str
    other: bool
    filter: str
    values: tuple[float | None, ...]
    whole: float | None


@dataclass(frozen=True, slots=True)
class MetricSeries:
    """A metric over time: `starts` are the beginnings of the buckets, the last ends at `end`.

    `aggregate` is what was done, `by` what lines are told apart by ('' by nothing, or by quantile).
    `groups` counts all groups, also those in other.
    """

    aggregate: str
    by: str
    starts: tuple[int, ...]
    end: int
    step: int
    lines: tuple[MetricLine, ...]
    groups: int


@dataclass(frozen=True, slots=True)
class Exemplar:
    """A measured value with the trace in which it was measured."""

    time: int
    value: float
    trace_id: str
    span_id: str
    service: str
