"""Keeps the counters of every project that is scraped: reads what is new, and remembers it in control."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from sightline.control.control import Control
from sightline.query.scrape import ScrapeSettings, increments
from sightline.query.scrape_counters import Counters, families
from sightline.store.store import Store

SETTING = "scrape"
STATE = "scrape.counters"
SETTLED = 10 * 10**6
"""How old (microseconds) a stored segment must be: all of its rows are there then."""
_LATE_EVERY = 300 * 10**6
_FRESH = 5 * 10**6
_TRIES = 3


class ScrapeContended(Exception):
    """Other processes counted the same project at the same time, again and again."""


@dataclass(frozen=True, slots=True)
class Scraped:
    """What is shown of a project, until it is older than a few seconds."""

    project: str
    settings: ScrapeSettings
    shown: dict[tuple[str, ...], list[float]]
    at: int

    def registry(self) -> CollectorRegistry:
        """As a registry, which Prometheus' encoders write out."""
        found = CollectorRegistry(auto_describe=False)
        found.register(_Shown(self))
        return found


class _Shown(Collector):
    def __init__(self, scraped: Scraped) -> None:
        self._scraped = scraped

    def collect(self) -> Iterator[Metric]:
        """Every measure."""
        return families(self._scraped.project, self._scraped.settings, self._scraped.shown)


class ScrapeKeeper:
    """Counters by project. `clock` gives nanoseconds since the epoch. For one event loop.

    Counting begins with a project's first scrape, and anew when its labels are changed. What is counted is
    written down before it is shown.
    """

    def __init__(self, store: Store, control: Control, clock: Callable[[], int]) -> None:
        self._store, self._control, self._clock = store, control, clock
        self._known: dict[str, Scraped] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    def forget(self, project: str) -> None:
        """The project's settings were changed: the next scrape reads them."""
        self._known.pop(project, None)

    async def scrape(self, project: str) -> Scraped:
        """The project's counters now. Raises StoreError, ControlUnavailable or ScrapeContended."""
        async with self._locks.setdefault(project, asyncio.Lock()):
            known, now = self._known.get(project), self._clock() // 1000
            if known and 0 <= now - known.at < _FRESH:
                return known
            for _ in range(_TRIES):
                if scraped := await self._count(project, now):
                    self._known[project] = scraped
                    return scraped
            raise ScrapeContended(
                f"Other processes count project {project} at the same time; scrape it in one place."
            )

    async def _count(self, project: str, now: int) -> Scraped | None:
        """Count what is new; None when another process was faster."""
        settings = ScrapeSettings.of(await asyncio.to_thread(self._control.setting, project, SETTING))
        stored = await asyncio.to_thread(self._control.setting, project, STATE)
        counters = Counters.of(stored) if stored else None
        until = now - SETTLED
        if counters is None or counters.settings != settings:
            version = counters.version if counters else 0
            counters = Counters(settings, until, until, version)
        if until > counters.after:
            found = await increments(self._store, project, settings, counters.after, until, late=False)
            counters.add(found, now)
            counters.after = until
        if until - counters.late_after >= _LATE_EVERY:
            found = await increments(self._store, project, settings, counters.late_after, until, late=True)
            counters.add(found, now)
            counters.late_after = until
        shown, before = counters.begin(), counters.version
        counters.version += 1
        kept = await asyncio.to_thread(
            self._control.remember, project, STATE, counters.as_json(), before if stored else None
        )
        return Scraped(project, settings, shown, now) if kept else None
