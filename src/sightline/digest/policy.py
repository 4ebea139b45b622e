"""How long a project's data stays, and the clock of a digest's passes."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol

from sightline.digest.steps import array
from sightline.measures import DIGEST_SECONDS


@dataclass(frozen=True, slots=True)
class Policy:
    """How long a project's data stays, in days."""

    retention_days: int
    content_days: int


class Policies(Protocol):
    """Where policies come from: `control`."""

    def __call__(self, project: str, /) -> Policy:
        """The policy of a project; a default for one that is gone."""
        ...


class Timer:
    """Time of each pass into the measures."""

    def __init__(self, signal: str) -> None:
        self._signal = signal
        self._last = time.perf_counter()

    def mark(self, name: str) -> None:
        """The pass `name` ends now."""
        now = time.perf_counter()
        DIGEST_SECONDS.labels(self._signal, name).observe(now - self._last)
        self._last = now


def by_project(values: dict[str, int], default: int) -> str:
    """A number that depends on the project."""
    if not values:
        return str(default)
    names, numbers = zip(*sorted(values.items()), strict=True)
    return (
        f"transform(CAST(project, 'String'), {array(list(names))}, [{', '.join(map(str, numbers))}],"
        f" {default})"
    )
