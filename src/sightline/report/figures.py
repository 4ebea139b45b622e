"""The figures of a report: frozen records, and the arithmetic behind them. None is unknown and never 0."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field

QUANTILES = (0.5, 0.9, 0.95, 0.99)
# Steps of time that a reader can name, in seconds.
STEPS = (
    1,
    5,
    10,
    30,
    60,
    300,
    600,
    1800,
    3600,
    3 * 3600,
    6 * 3600,
    86400,
    7 * 86400,
    30 * 86400,
    365 * 86400,
)
BUCKETS = 60


@dataclass(frozen=True, slots=True)
class Spread:
    """How values lie: exact quantiles (the smallest value that this share does not exceed), by weight."""

    count: float
    mean: float
    p50: float
    p90: float
    p95: float
    p99: float
    least: float
    most: float


@dataclass(frozen=True, slots=True)
class Sums:
    """What a set of requests or calls comes to. Counts are weighted where the files were sampled.

    Durations in ns. Tokens and cost are sums of what is known; `unknown_…` count calls that did not
    say. `input` includes `cache_read`.
    """

    count: float = 0.0
    errors: float = 0.0
    latency: Spread | None = None
    ttft: Spread | None = None
    input: float | None = None
    output: float | None = None
    cache_read: float | None = None
    cost: float | None = None
    unknown_tokens: float = 0.0
    unknown_cost: float = 0.0

    @property
    def error_rate(self) -> float | None:
        """Errors for each one; None without any."""
        return self.errors / self.count if self.count else None


@dataclass(frozen=True, slots=True)
class Group:
    """The calls of one model, user or feature; an empty name: it is not known."""

    name: str
    sums: Sums


@dataclass(frozen=True, slots=True)
class Line:
    """A single call. `time` and `duration` in ns."""

    time: int | None
    duration: int | None
    cost: float | None
    model: str
    user: str
    name: str
    error: str
    trace: str
    span: str
    excerpt: str


@dataclass(frozen=True, slots=True)
class Answers:
    """How long answers are, in characters. `unseen`: not in the files, or the model called tools."""

    seen: float = 0.0
    empty: float = 0.0
    unseen: float = 0.0
    length: Spread | None = None

    @property
    def empty_rate(self) -> float | None:
        """Empty ones for each answer seen."""
        return self.empty / self.seen if self.seen else None


@dataclass(frozen=True, slots=True)
class Bucket:
    """A stretch of time from `start` (ns)."""

    start: int
    count: float
    errors: float
    p50: float | None
    p95: float | None
    tokens: float | None
    cost: float | None


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of values and how many are in it."""

    least: float
    most: float
    count: float


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read: files, values of JSON, spans and records, and what could not be, with first reasons."""

    files: tuple[str, ...] = ()
    values: int = 0
    spans: int = 0
    records: int = 0
    unreadable: int = 0
    outside: int = 0
    other_signals: int = 0
    copies: int = 0
    reasons: tuple[str, ...] = ()
    fields: tuple[tuple[str, str, int], ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """Everything. `step`: seconds of a bucket. `sampled`: some spans stand for several."""

    reading: Reading
    since: int | None = None
    until: int | None = None
    sampled: bool = False
    prices: str | None = None
    requests: Sums = field(default_factory=Sums)
    calls: Sums = field(default_factory=Sums)
    errors: tuple[tuple[str, float], ...] = ()
    models: tuple[Group, ...] = ()
    users: tuple[Group, ...] = ()
    features: tuple[Group, ...] = ()
    answers: Answers = field(default_factory=Answers)
    slowest: tuple[Line, ...] = ()
    dearest: tuple[Line, ...] = ()
    step: int = 0
    over_time: tuple[Bucket, ...] = ()
    latencies: tuple[Bar, ...] = ()


def spread(values: Sequence[float], weights: Sequence[float]) -> Spread | None:
    """Exact quantiles of weighted values; None without values."""
    if not values:
        return None
    if all(w == 1.0 for w in weights):
        ordered = sorted(values)
        n = len(ordered)
        p50, p90, p95, p99 = (ordered[min(n - 1, max(0, math.ceil(q * n) - 1))] for q in QUANTILES)
        return Spread(n, math.fsum(ordered) / n, p50, p90, p95, p99, ordered[0], ordered[-1])
    pairs = sorted(zip(values, weights, strict=True))
    total = math.fsum(w for _, w in pairs)
    reached, wanted = 0.0, list(QUANTILES)
    at: list[float] = []
    for value, weight in pairs:
        reached += weight
        while wanted and reached >= wanted[0] * total - 1e-9 * total:
            at.append(value)
            wanted.pop(0)
    p50, p90, p95, p99 = (*at, *[pairs[-1][0]] * len(wanted))
    mean = math.fsum(v * w for v, w in pairs) / total
    return Spread(total, mean, p50, p90, p95, p99, pairs[0][0], pairs[-1][0])


def step_for(seconds: float) -> int:
    """The step that cuts a stretch of time into at most `BUCKETS`."""
    return next((step for step in STEPS if seconds / step <= BUCKETS), STEPS[-1])


def bars(values: Sequence[float], weights: Sequence[float]) -> tuple[Bar, ...]:
    """A histogram with three bars to each power of ten, from the least to the most."""
    above = [(v, w) for v, w in zip(values, weights, strict=True) if v > 0]
    if not above:
        return ()
    places: dict[int, float] = {}
    for value, weight in above:
        place = math.floor(math.log10(value) * 3 + 1e-9)
        places[place] = places.get(place, 0.0) + weight
    low, high = min(places), max(places)
    return tuple(Bar(10 ** (p / 3), 10 ** ((p + 1) / 3), places.get(p, 0.0)) for p in range(low, high + 1))


def known(value: float | None) -> float:
    """A number for a column of numbers; what is not known is NaN there."""
    return math.nan if value is None else float(value)


def column() -> array[float]:
    """A column of numbers."""
    return array("d")
