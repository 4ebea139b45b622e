"""The counters of a project's scrape: they only grow, and outlive restarts and retention.

Prometheus takes a counter that falls for one that began anew and counts all of it again, so what was counted
is kept here and never worked out again from the store.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric

from sightline.query.scrape import (
    CLASSES,
    DURATION_BOUNDS,
    FIRST_TOKEN_BOUNDS,
    Increment,
    ScrapeSettings,
)

OTHER = "other"
# A label set that was silent for so long gives its place to a new one, when there is none left.
_IDLE = 86_400 * 10**6
_WITHIN = 3
_FIRSTS = _WITHIN + len(DURATION_BOUNDS)
_FIRST_WITHIN = _FIRSTS + 2
_TOKENS = _FIRST_WITHIN + len(FIRST_TOKEN_BOUNDS)
_COST = _TOKENS + len(CLASSES)
_SIZE = _COST + 2


@dataclass(slots=True)
class Series:
    """One label set. `last`: when it grew last (microseconds). `begun`: it was shown at 0 already."""

    numbers: list[float]
    last: int
    begun: bool = False


@dataclass(slots=True)
class Counters:
    """All label sets of a project, and up to where the store was read (microseconds)."""

    settings: ScrapeSettings
    after: int
    late_after: int
    version: int = 0
    series: dict[tuple[str, ...], Series] = field(default_factory=dict)

    def add(self, increments: Iterable[Increment], now: int) -> None:
        """Count what came. A label set beyond the bound is `other`."""
        for increment in increments:
            found = self._place(increment.labels, now)
            found.last = now
            found.numbers = [a + b for a, b in zip(found.numbers, increment.numbers(), strict=True)]

    def _place(self, labels: tuple[str, ...], now: int) -> Series:
        other = (OTHER,) * len(self.settings.labels)
        if found := self.series.get(labels):
            return found
        if len(self.series.keys() - {other}) >= self.settings.sets and labels != other:
            oldest = min(self.series.keys() - {other}, key=lambda known: self.series[known].last)
            if self.series[oldest].last > now - _IDLE:
                labels = other
            else:
                del self.series[oldest]
        return self.series.setdefault(labels, Series([0.0] * _SIZE, now))

    def as_json(self) -> dict[str, Any]:
        """As it is stored."""
        return {
            "settings": self.settings.as_json(),
            "after": self.after,
            "late_after": self.late_after,
            "version": self.version,
            "series": [[list(labels), s.numbers, s.last, s.begun] for labels, s in self.series.items()],
        }

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Counters:
        """From what was stored."""
        return cls(
            ScrapeSettings.of(stored["settings"]),
            stored["after"],
            stored["late_after"],
            stored["version"],
            {
                tuple(labels): Series([float(n) for n in numbers], last, begun)
                for labels, numbers, last, begun in stored["series"]
                if len(numbers) == _SIZE
            },
        )

    def begin(self) -> dict[tuple[str, ...], list[float]]:
        """What to show now. A new label set is shown at 0 once: `increase()` needs a value to begin with."""
        shown = {}
        for labels, series in self.series.items():
            shown[labels] = list(series.numbers) if series.begun else [0.0] * _SIZE
            series.begun = True
        return shown


def families(
    project: str, settings: ScrapeSettings, shown: Mapping[tuple[str, ...], list[float]]
) -> Iterator[Metric]:
    """The measures, in Prometheus' terms."""
    names = ["project", *settings.labels]
    prefix = "sightline_ai_"
    requests = CounterMetricFamily(f"{prefix}requests", "Requests: spans of the chosen kinds.", labels=names)
    errors = CounterMetricFamily(f"{prefix}errors", "Requests that failed.", labels=names)
    seconds = HistogramMetricFamily(
        f"{prefix}request_duration_seconds", "How long requests took.", labels=names
    )
    firsts = HistogramMetricFamily(
        f"{prefix}time_to_first_token_seconds",
        "From a request to its first token, where known.",
        labels=names,
    )
    tokens = CounterMetricFamily(
        f"{prefix}tokens",
        "Tokens used; classes do not overlap: input is without cache, output without reasoning.",
        labels=[*names, "class"],
    )
    cost = CounterMetricFamily(f"{prefix}cost_usd", "Cost in US dollars, where it is known.", labels=names)
    unknown = CounterMetricFamily(
        f"{prefix}unknown_cost_requests", "Uses without a known price.", labels=names
    )
    for labels, numbers in sorted(shown.items()):
        values = [project, *labels]
        numbers = _whole(numbers)
        requests.add_metric(values, numbers[0])
        errors.add_metric(values, numbers[1])
        within = _buckets(DURATION_BOUNDS, numbers[_WITHIN:_FIRSTS], numbers[0])
        seconds.add_metric(values, within, numbers[2])
        within = _buckets(FIRST_TOKEN_BOUNDS, numbers[_FIRST_WITHIN:_TOKENS], numbers[_FIRSTS])
        firsts.add_metric(values, within, numbers[_FIRSTS + 1])
        for name, count in zip(CLASSES, numbers[_TOKENS:_COST], strict=True):
            tokens.add_metric([*values, name], count)
        cost.add_metric(values, numbers[_COST])
        unknown.add_metric(values, numbers[_COST + 1])
    yield from (requests, errors, seconds, firsts, tokens, cost, unknown)


def _whole(numbers: list[float]) -> list[float]:
    """Counts as whole numbers, which Prometheus asks of buckets: spans may stand for two and a half each."""
    broken = (2, _FIRSTS + 1, _COST)
    return [number if at in broken else float(round(number)) for at, number in enumerate(numbers)]


def _buckets(bounds: tuple[float, ...], within: list[float], count: float) -> list[tuple[str, float]]:
    return [*((str(bound), number) for bound, number in zip(bounds, within, strict=True)), ("+Inf", count)]
