"""What a project looks like in a stretch of time: its requests in all, over time, by their dimensions."""

from __future__ import annotations

from dataclasses import dataclass

from sightline.records.figures import Breakdown, Series


@dataclass(frozen=True, slots=True)
class Parts:
    """Requests by one dimension: its largest groups, what is not set, and other. `points` are empty.

    `groups` counts all groups, also those in other.
    """

    by: str
    rows: tuple[Series, ...]
    groups: int


@dataclass(frozen=True, slots=True)
class Overview:
    """Requests of a project: the whole with its points over time, and by dimensions."""

    measures: tuple[str, ...]
    starts: tuple[int, ...]
    end: int
    step: int
    whole: Series
    parts: tuple[Parts, ...]


@dataclass(frozen=True, slots=True)
class Survey:
    """A project at a glance: its requests, calls of models by model, topmost spans by service.

    `exact` is false where percentiles and numbers of different users and sessions are estimates.
    """

    requests: Overview
    calls: Breakdown
    entries: Breakdown
    exact: bool


@dataclass(frozen=True, slots=True)
class Ends:
    """Trace ids at the ends of the list: slowest, dearest, last failed; the first stands out most."""

    slowest: tuple[str, ...]
    dearest: tuple[str, ...]
    failed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How the spans of one name, model or error type behaved in a stretch of time.

    `what` is `name`, `model` or `error.type`. `p95` is in ns, None where no span has a duration. `slower`
    counts spans longer than a p95 that was given; `users` are different users of failed spans.
    """

    what: str
    value: str
    count: int
    errors: int
    p95: float | None
    slower: int = 0
    users: int = 0
