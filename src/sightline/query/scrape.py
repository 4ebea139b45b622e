"""What a team's own Prometheus may scrape of its project: which labels, and what came since the last time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sightline.query.statements import statement
from sightline.store.rows import Limits
from sightline.store.store import Store

# In the order of the statement's dimensions.
LABELS = (
    "kind", "provider", "model", "service", "environment", "team", "feature", "operation", "agent", "release",
    "error_type",
)  # fmt: skip
KINDS = (
    "llm", "embedding", "reranker", "retriever", "tool", "agent", "chain", "workflow", "task", "guardrail",
    "evaluator", "prompt", "http", "db", "messaging", "other",
)  # fmt: skip
CLASSES = ("input", "cache_read", "cache_write", "output", "reasoning")
DURATION_BOUNDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0)
FIRST_TOKEN_BOUNDS = (0.05, 0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.5, 5.0, 10.0, 30.0)
MOST_SETS = 2_000
LATE_SECONDS = 900
"""A span that is stored more than this after it started is looked for less often."""
LATEST_SECONDS = 86_400
"""One that is stored later still is not counted: imported history is no traffic."""


@dataclass(frozen=True, slots=True)
class ScrapeSettings:
    """What a project chose. `kinds` are the spans that count as requests; `sets` bounds the label sets."""

    labels: tuple[str, ...] = ("kind", "provider", "model", "service", "team", "environment")
    kinds: tuple[str, ...] = ("llm", "embedding", "reranker")
    sets: int = 200

    def as_json(self) -> dict[str, Any]:
        """As it is stored and shown."""
        return {"labels": list(self.labels), "kinds": list(self.kinds), "sets": self.sets}

    @classmethod
    def of(cls, stored: Mapping[str, Any] | None) -> ScrapeSettings:
        """From what was stored; what is missing is the default."""
        given = dict(stored or {})
        default = cls()
        return cls(
            tuple(given.get("labels", default.labels)),
            tuple(given.get("kinds", default.kinds)),
            int(given.get("sets", default.sets)),
        )


@dataclass(frozen=True, slots=True)
class Increment:
    """What one label set adds. `within` are counts below each bound, in the order of the bounds."""

    labels: tuple[str, ...]
    requests: float
    errors: float
    seconds: float
    seconds_within: tuple[float, ...]
    firsts: float
    first_seconds: float
    first_within: tuple[float, ...]
    tokens: tuple[float, ...]
    cost: float
    unknown_cost: float

    def numbers(self) -> list[float]:
        """All of them in one list, as they are added up and stored."""
        return [
            self.requests, self.errors, self.seconds, *self.seconds_within, self.firsts, self.first_seconds,
            *self.first_within, *self.tokens, self.cost, self.unknown_cost,
        ]  # fmt: skip


async def increments(
    store: Store, project: str, settings: ScrapeSettings, after: int, until: int, late: bool
) -> list[Increment]:
    """What was stored after `after` and until `until` (microseconds), of late spans or of all others.

    Raises StoreError.
    """
    since = after - (LATEST_SECONDS if late else LATE_SECONDS) * 10**6
    answer = await store.fetch(
        statement("scrape"),
        {
            "project": project,
            "labels": [LABELS.index(label) + 1 for label in settings.labels],
            "kinds": list(settings.kinds),
            "duration_bounds": [int(bound * 1e9) for bound in DURATION_BOUNDS],
            "first_bounds": [int(bound * 1e9) for bound in FIRST_TOKEN_BOUNDS],
            "late_seconds": LATE_SECONDS,
            "late": int(late),
            "since": max(0, since),
            "after": after,
            "until": until,
            "most": settings.sets,
        },
        limits=Limits(seconds=8.0),
        purpose="scrape",
    )
    return [
        Increment(
            tuple(row[0]), row[1], row[2], row[3], _padded(row[4], DURATION_BOUNDS), row[5], row[6],
            _padded(row[7], FIRST_TOKEN_BOUNDS), tuple(row[8]), row[9], row[10],
        )
        for row in answer.rows
    ]  # fmt: skip


def _padded(counts: list[float], bounds: tuple[float, ...]) -> tuple[float, ...]:
    """Without a single value the engine's sum of arrays is empty."""
    return tuple(counts) or (0,) * len(bounds)
