"""The loop that empties the journal: take a segment, digest it, give it back.

What cannot be read is split until the bad request stands alone; that one is set aside.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Protocol

import structlog

from sightline.journal.segment import Segment
from sightline.measures import DROPPED, STORED, VISIBLE_AFTER
from sightline.records.ingest import Signal
from sightline.store.rows import StoreError

log = structlog.get_logger()

# Codes of ClickHouse that say the store, not the data, is at fault: the segment waits and is tried again.
# NOT_ENOUGH_SPACE, CANNOT_WRITE…, TABLE_IS_READ_ONLY, NETWORK_ERROR, SOCKET_TIMEOUT, TOO_MANY_PARTS,
# KEEPER_EXCEPTION, UNKNOWN_TABLE, UNKNOWN_DATABASE, TOO_MANY_SIMULTANEOUS_QUERIES, ABORTED, SESSION…
_STORE_CODES = {243, 75, 76, 74, 242, 210, 209, 252, 999, 60, 81, 202, 236, 319, 425, 1000, 49_000}


class Source(Protocol):
    """The journal's side for the one who empties it."""

    def take(self, timeout: float) -> Segment | None:
        """The oldest segment that is closed and not digested."""
        ...

    def finish(self, segment: Segment) -> None:
        """The segment is in the store."""
        ...

    def split(self, segment: Segment) -> list[Segment]:
        """Two halves of a segment, none for a single record."""
        ...

    def quarantine(self, segment: Segment, reason: str) -> None:
        """Set a single record aside."""
        ...

    def release(self, segment: Segment) -> None:
        """Give a segment back, to be tried again later."""
        ...


class SignalDigest(Protocol):
    """What turns the segments of one signal into rows."""

    def warm(self) -> None:
        """Do once what costs time at the first segment; nothing is stored."""
        ...

    def digest(self, path: Path, records: int, token: str) -> int:
        """Digest a segment; returns the number of items stored."""
        ...


class Pace(Protocol):
    """Who wants to know whether segments wait: `digest.merges.Merges`."""

    def busy(self) -> None:
        """A segment was digested and the next one waits already."""
        ...

    def idle(self) -> None:
        """Nothing waits."""
        ...

    def close(self) -> None:
        """The loop ends."""
        ...


class _NoPace:
    def busy(self) -> None: ...

    def idle(self) -> None: ...

    def close(self) -> None: ...


class Digester:
    """Runs the loop in a thread of its own. `digests` are made in that thread:
    connections belong to it.

    `probe` raises when the store does not take rows; it is asked before a segment
    is split for an unknown error.
    `around` makes a context for the digest of one segment of a signal: a span of its own, say.
    `stored` is told when (ns) the digest of a segment began, once its rows can be queried.
    `close` closes what the digests hold; it is called in their thread, at the end.
    """

    def __init__(
        self,
        source: Source,
        digests: Callable[[], dict[Signal, SignalDigest]],
        clock: Callable[[], int],
        probe: Callable[[], None] = lambda: None,
        around: Callable[[str], AbstractContextManager[None]] = lambda _signal: nullcontext(),
        stored: Callable[[int], None] = lambda _began: None,
        pace: Pace | None = None,
        close: Callable[[], None] = lambda: None,
    ) -> None:
        self._around, self._stored, self._close = around, stored, close
        self._pace: Pace = pace or _NoPace()
        self._source, self._make, self._clock, self._probe = source, digests, clock, probe
        self._stop = threading.Event()
        self._door, self._busy = threading.Lock(), threading.Lock()
        self._thread = threading.Thread(target=self._run, name="digest", daemon=True)
        self._digests: dict[Signal, SignalDigest] = {}
        self.failure: str | None = None
        """Why digesting stands still at the moment; None while it works."""

    def start(self) -> None:
        """Begin to digest."""
        self._thread.start()

    def stop(self, timeout: float = 8.0) -> bool:
        """End after the segment under way; True when it did within `timeout` seconds."""
        self._stop.set()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Wait for the segment under way and digest none until the context ends: for a backup."""
        with self._door, self._busy:
            yield

    def _run(self) -> None:
        try:
            self._digests = self._make()
            for digest in self._digests.values():
                digest.warm()
        except (
            Exception
        ) as error:  # a border: the loop tries again at each segment and says why it stands still
            log.warning("digest is not warm", reason=str(error)[:500])
            self._digests = {}
        waited = True
        while not self._stop.is_set():
            segment = self._source.take(0.0)
            if segment is None:
                waited = True
                self._pace.idle()
                segment = self._source.take(0.2)
            elif not waited:
                self._pace.busy()
            else:
                waited = False
            if segment is not None:
                with self._door:  # shut while somebody wants to hold: a busy loop would win every race
                    pass
                with self._busy:
                    self._one(segment)
        self._pace.close()
        self._close()

    def _one(self, segment: Segment) -> None:
        if not self._digests and not self._prepared(segment):
            return
        began = self._clock()
        try:
            with self._around(segment.signal):
                stored = self._digests[segment.signal].digest(segment.path, segment.records, segment.id)
        except StoreError as error:
            self._failed(segment, error, error.code in _STORE_CODES)
        except OSError as error:
            self._failed(segment, error, True)
        except Exception as error:
            # The border of the worker: whatever a hostile record provokes must not end the loop.
            log.exception("digest failed", segment=segment.id)
            self._failed(segment, error, False)
        else:
            self.failure = None
            self._source.finish(segment)
            self._stored(began)
            STORED.labels(segment.signal).inc(stored)
            VISIBLE_AFTER.observe(max(0.0, (self._clock() - segment.first_received) / 1e9))

    def _store_works(self) -> bool:
        """Whether the store still takes rows: if not, the data must not be blamed for an unknown error."""
        try:
            self._probe()
        except Exception as error:
            log.warning("the store does not take rows", reason=str(error)[:500])
            return False
        return True

    def _prepared(self, segment: Segment) -> bool:
        """Make the digests. What fails before a record was looked at is never the fault of the segment."""
        try:
            self._digests = self._make()
        except Exception as error:
            log.exception("digest cannot begin")
            self._failed(segment, error, True)
        return bool(self._digests)

    def _failed(self, segment: Segment, error: Exception, of_store: bool) -> None:
        """Back to the journal when the store is at fault; else halves, and a lone record into quarantine."""
        self._digests = {}
        reason = str(error).split("\n", 1)[0][:500] or type(error).__name__
        if of_store or not self._store_works():
            self.failure = reason
            log.warning("store unavailable, segment waits", segment=segment.id, reason=reason)
            self._source.release(segment)
            return
        log.warning("segment cannot be digested", segment=segment.id, records=segment.records, reason=reason)
        halves = self._source.split(segment)
        if not halves:
            DROPPED.labels(segment.signal, "quarantine").inc(segment.items)
            self._source.quarantine(segment, reason)
        for half in halves:
            if self._stop.is_set():
                self._source.release(half)
            else:
                self._one(half)
