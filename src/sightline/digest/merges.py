"""When the embedded engine merges parts: not while segments wait, as long as parts are few.

A merge reads and writes rows again that were written a moment ago, and takes nearly as much processor as
digesting them. After a burst it costs nobody anything, and many parts at once are merged for the price of a
few.
"""

from __future__ import annotations

import structlog

from sightline.store.rows import StoreError
from sightline.store.store import DATABASE, Connection, Store

log = structlog.get_logger(__name__)

MOST_PARTS = 40
"""Parts of one partition from which on merges go on beside the digest."""
FEW_PARTS = 12
"""Parts down to which they then may."""
_TABLES = ("spans", "content", "logs", "metrics", "scores")
_LOOK_EVERY = 4
_COUNT = (
    "SELECT max(parts) FROM (SELECT count() AS parts FROM system.parts WHERE active"
    f" AND database = '{DATABASE}' AND table IN {_TABLES} GROUP BY table, partition)"
)


class Merges:
    """Holds the merges of an embedded store back; for one thread. Nothing of it outlives the process.

    What the engine refuses is logged, and merges go on as they would.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._connection: Connection | None = None
        self._held = False
        self._due = False
        self._looked = 0

    def busy(self) -> None:
        """A segment was digested and the next one waits already."""
        self._looked += 1
        if self._held and self._looked % _LOOK_EVERY:
            return
        parts = self._parts()
        self._due = parts > (FEW_PARTS if self._due else MOST_PARTS)
        self._hold(not self._due)

    def idle(self) -> None:
        """Nothing waits."""
        self._looked = 0
        self._due = False
        self._hold(False)

    def close(self) -> None:
        """Let merges go on, and close the connection."""
        self.idle()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _parts(self) -> int:
        try:
            return int(self._engine().query(_COUNT).scalar() or 0)
        except StoreError as error:
            log.warning("parts cannot be counted", reason=str(error)[:300])
            return MOST_PARTS + 1

    def _hold(self, held: bool) -> None:
        if held == self._held:
            return
        try:
            for table in _TABLES:
                self._engine().command(f"SYSTEM {'STOP' if held else 'START'} MERGES {DATABASE}.{table}")
        except StoreError as error:
            log.warning("merges cannot be held or let go", held=held, reason=str(error)[:300])
            return
        self._held = held

    def _engine(self) -> Connection:
        if self._connection is None:
            self._connection = self._store.writer()
        return self._connection
