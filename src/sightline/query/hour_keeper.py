"""Adds hours up beside the running server, the latest first, when they are over and have been quiet."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator

import structlog

from sightline.query.hours_sql import adding_up, outdated, waiting
from sightline.query.weighted_hours_sql import adding_weights_up, any_weighted, waiting_for_weights
from sightline.query.weights import weighing
from sightline.query.window import Window
from sightline.store.hours import HOUR
from sightline.store.rows import StoreError
from sightline.store.store import DIGEST_AFTER, Connection, Store

log = structlog.get_logger(__name__)
EVERY = 30.0
# Hours that one round of statements adds up.
TOGETHER = 12
# One core, after the questions of people.
_SETTINGS = {**DIGEST_AFTER, "max_threads": 1}
_TIDY_EVERY = HOUR


class HourKeeper:
    """A thread that adds hours up. `clock` gives nanoseconds since the epoch; nothing is done until `ready`.

    Several may run on one store: the latest sum of an hour counts.
    """

    def __init__(self, store: Store, clock: Callable[[], int], ready: Callable[[], bool]) -> None:
        self._store, self._clock, self._ready = store, clock, ready
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="hours", daemon=True)
        self._version = 0
        self._tidied = 0

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, timeout: float = 5.0) -> None:
        """End after the statement under way."""
        self._stop.set()
        self._thread.join(timeout)

    def _run(self) -> None:
        while not self._stop.wait(EVERY):
            if not self._ready():
                continue
            try:
                with contextlib.closing(self._store.writer(**_SETTINGS)) as connection:
                    self.keep(connection)
            except StoreError as error:
                log.warning("hours cannot be added up now", reason=str(error)[:500])
            except Exception:  # the border of the thread
                log.exception("adding hours up failed")

    def keep(self, connection: Connection) -> int:
        """Add up all hours that wait; returns how many. Errors of the store pass through."""
        now = self._clock()
        asked = waiting(now)
        over = [(str(p), int(hour)) for p, hour in connection.query(asked.text, asked.parameters).rows]
        done = 0
        asked = waiting_for_weights(now)
        over += [(str(p), int(hour)) for p, hour in connection.query(asked.text, asked.parameters).rows]
        for project, first, count in runs(over):
            if self._stop.is_set():
                return done
            self.add_up(connection, Window(project, first * HOUR, (first + count) * HOUR))
            done += count
        if now - self._tidied >= _TIDY_EVERY:
            self.tidy(connection, now)
        return done

    def add_up(self, connection: Connection, window: Window) -> None:
        """Add up the whole hours of a window. Errors of the store pass through."""
        hours = window.length // HOUR
        self._version = max(self._clock() // 1000, self._version)
        statements = adding_up(window, self._version)
        if _weighs(connection, window):
            statements = [*adding_weights_up(window, self._version), *statements]
        for statement in statements:
            connection.command(statement.text, statement.parameters)
        self._version += hours  # each hour took the next one

    def tidy(self, connection: Connection, now: int) -> int:
        """Remove sums that count no more and that no question can still be reading; returns how many hours.

        Errors of the store pass through.
        """
        asked = outdated(now)
        versions = [int(row[0]) for row in connection.query(asked.text, asked.parameters).rows]
        if versions:
            for table in ("hours", "weighted_hours"):
                connection.command(
                    f"ALTER TABLE sightline.{table} DELETE WHERE version IN {{versions:Array(UInt64)}}",
                    {"versions": versions},
                    settings={"mutations_sync": 0},
                )
        self._tidied = now
        return len(versions)


def _weighs(connection: Connection, window: Window) -> bool:
    """Whether the project of a window has weights: then all its hours are added up by weight, too, so that a
    range with both kinds is read from them."""
    for one in (weighing(window), any_weighted(window)):
        if connection.query(one.text, one.parameters).rows:
            return True
    return False


def runs(hours: Iterable[tuple[str, int]]) -> Iterator[tuple[str, int, int]]:
    """Hours of projects as (project, first hour, how many in a row), at most `TOGETHER`; the latest first."""
    begun: tuple[str, int, int] | None = None
    for project, hour in sorted(set(hours), key=lambda one: (one[0], -one[1])):
        if begun and begun[0] == project and begun[1] == hour + 1 and begun[2] < TOGETHER:
            begun = (project, hour, begun[2] + 1)
            continue
        if begun:
            yield begun
        begun = (project, hour, 1)
    if begun:
        yield begun
