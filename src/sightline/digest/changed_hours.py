"""Notes of the hours that a segment changed: what was added up of them before does not count any more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from sightline.digest.recent import Span
from sightline.store.hours import AGAIN, HOUR, KEPT_HOURS
from sightline.store.store import DATABASE, Connection

# More are forgotten: they are noted again.
_REMEMBERED = 100_000


class ChangedHours:
    """Notes them in the store; belongs to the digesting thread."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._noted: dict[tuple[str, int], int] = {}

    def note(self, projects: Iterable[str], hours: Sequence[int], now: int) -> int:
        """Note hours (since 1970) of projects at `now` (ns), after what changed in them can be queried.

        Returns how many notes were written. Errors of the store pass through.
        """
        since = now - AGAIN * 1000
        fresh = [
            (project, hour)
            for project in projects
            for hour in hours
            if not since < self._noted.get((project, hour), 0) <= now
        ]
        if not fresh:
            return 0
        micros = now // 1000
        self._connection.insert(
            f"{DATABASE}.changed_hours",
            ("project", "hour", "changed_at"),
            [[p for p, _ in fresh], [h for _, h in fresh], [micros] * len(fresh)],
        )
        if len(self._noted) + len(fresh) > _REMEMBERED:
            self._noted.clear()
        self._noted |= dict.fromkeys(fresh, now)
        return len(fresh)


def hours_of(starts: NDArray[np.int64], span: Span | None, now: int) -> list[int]:
    """The hours (since 1970) in which some spans start (ns) and all hours of `span`; none that nobody adds up
    at `now`."""
    this = now // HOUR
    earliest, latest = this - KEPT_HOURS, this + 1
    hours = np.unique(starts // HOUR)
    if span is not None:
        first, last = max(earliest, span.first // HOUR), min(latest, span.last // HOUR)
        hours = np.union1d(hours, np.arange(first, last + 1))
    return [int(hour) for hour in hours[(hours >= earliest) & (hours <= latest)]]
