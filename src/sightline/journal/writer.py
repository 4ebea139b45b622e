"""The one thread that writes: group commit, closing of segments, recognition of retries.

All submissions that wait are written together and each touched file is synced once; only then are their
senders answered. A failure fails exactly the submissions of that write: the file is cut back to what was
durable.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from sightline.journal.disk import Disk
from sightline.journal.fingerprints import Fingerprints
from sightline.journal.format import Buffer, encode_header, fingerprint_of
from sightline.journal.index import ENTRY, Index, write_index
from sightline.journal.segment import Ids, Layout, Segment, file_name
from sightline.measures import COMMIT_SECONDS
from sightline.records.ingest import JournalUnavailable, Receipt, Signal, Submission
from sightline.settings import JournalSettings

log = structlog.get_logger(__name__)

BATCH_BYTES = 16 * 2**20
"""Most payload bytes of one commit, so that no sender waits for more than that."""
TICK = 1.0
"""Seconds between two rounds of housekeeping."""
COMPLAIN = 5.0
"""Seconds between two log lines about a disk that refuses; every refusal is counted and answered."""
RETRY_SECONDS = 5
"""When a sender should try again after a disk error."""

Outcome = Receipt | Exception


@dataclass(eq=False, slots=True)
class Waiting:
    """A submission on its way to the disk. `answer` is called once, from the writer, inside a batch."""

    submission: Submission
    ticket: asyncio.Future[Receipt]
    fingerprint: bytes = b""
    outcome: Outcome | None = None
    twins: list[Waiting] = field(default_factory=list)
    """The same bytes sent again while the first are on their way."""


Answer = Callable[[list[Waiting]], None]


class ActiveSegment:
    """A segment being written. `size`, `records` and the rest describe its durable part only."""

    def __init__(self, disk: Disk, path: Path, segment_id: str, signal: Signal) -> None:
        self._disk = disk
        self.fd = disk.create(path)
        self.path = path
        self.id = segment_id
        self.signal = signal
        self.began = time.monotonic()
        self.size = 0
        self.records = 0
        self.items = 0
        self.first_received = 0
        self.last_received = 0
        self.entries = bytearray()
        self.suspect = False
        """Bytes behind `size` may be in the file: cut before it is closed."""

    def append(self, batch: list[Waiting]) -> None:
        """Write and sync these submissions. Raises OSError; then none of them counts as written."""
        buffers: list[Buffer] = []
        offsets = []
        position = self.size
        for waiting in batch:
            header = encode_header(waiting.submission, waiting.fingerprint)
            buffers += (header, waiting.submission.payload)
            offsets.append(position)
            position += len(header) + len(waiting.submission.payload)
        self.suspect = True
        self._disk.append(self.fd, buffers)
        self._disk.sync(self.fd)
        self.suspect = False
        if not self.records:
            self.began = time.monotonic()
        for waiting, offset in zip(batch, offsets, strict=True):
            self._count(waiting, offset)
        self.size = position

    def cut(self) -> None:
        """Remove what is not durable. Raises OSError."""
        if self.suspect:
            self._disk.truncate(self.fd, self.size)
            self._disk.sync(self.fd)
            self.suspect = False

    def index(self) -> Index:
        """The sidecar of the durable part."""
        return Index(
            self.records, self.items, self.size, self.first_received, self.last_received, bytes(self.entries)
        )

    def _count(self, waiting: Waiting, offset: int) -> None:
        submission = waiting.submission
        received = submission.received_at
        self.entries += ENTRY.pack(offset, received, submission.items, waiting.fingerprint)
        self.first_received = min(self.first_received, received) if self.records else received
        self.last_received = max(self.last_received, received)
        self.records += 1
        self.items += submission.items


# Put into the queue to make the thread look around.
_WAKE: Any = object()
# How many times older a segment may become while the consumer is busy.
BUSY_FACTOR = 5


class Writer:
    """Takes submissions from a queue and answers them once they are durable."""

    def __init__(
        self,
        layout: Layout,
        settings: JournalSettings,
        disk: Disk,
        clock: Callable[[], int],
        *,
        seed: int,
        ids: Ids,
        known: Fingerprints,
        answer: Answer,
        closed: Callable[[Segment], None],
        tick: Callable[[], None],
        hungry: Callable[[], bool] = lambda: True,
    ) -> None:
        self._hungry = hungry
        self._layout, self._settings, self._disk, self._clock = layout, settings, disk, clock
        self._seed, self._ids, self._known = seed, ids, known
        self._answer, self._closed, self._tick = answer, closed, tick
        self._queue: queue.SimpleQueue[Waiting | None] = queue.SimpleQueue()
        self._active: dict[Signal, ActiveSegment] = {}
        self._closing: list[ActiveSegment] = []
        self._thread = threading.Thread(target=self._run, name="journal-writer", daemon=True)
        self._next_tick = 0.0
        self._next_complaint = 0.0
        self.duplicates = 0
        self.failed_commits = 0
        self.open_bytes = 0
        """Durable bytes in segments that are not closed yet."""

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def put(self, waiting: Waiting) -> None:
        """Hand over a submission; never blocks."""
        self._queue.put(waiting)

    def wake(self) -> None:
        """Look again whether a segment is to be closed: the consumer waits for one. Never blocks."""
        self._queue.put(_WAKE)

    def stop(self) -> None:
        """Write what waits, close the segments, end the thread. Blocks until then."""
        self._queue.put(None)
        self._thread.join()

    def oldest_open(self) -> int | None:
        """When the oldest record of the open segments was received (ns)."""
        return min((s.first_received for s in list(self._active.values()) if s.records), default=None)

    # -- the thread ---------------------------------------------------------------------------------------

    def _run(self) -> None:
        running = True
        while running:
            batch, running = self._collect()
            if batch:
                self._commit(batch)
            try:
                self._keep_house(everything=not running)
            except Exception:  # without this thread every sender would wait for ever
                log.exception("journal_housekeeping_failed")
        self._retry_closing()

    def _keep_house(self, *, everything: bool) -> None:
        self._close_due(everything=everything)
        if time.monotonic() >= self._next_tick:
            self._next_tick = time.monotonic() + TICK
            self._retry_closing()
            self._tick()

    def _collect(self) -> tuple[list[Waiting], bool]:
        """What waits now, up to BATCH_BYTES; waits for the first until something else is due."""
        batch: list[Waiting] = []
        size = 0
        try:
            item = self._queue.get(timeout=self._until_due())
            while item is not None:
                if item is not _WAKE:
                    batch.append(item)
                    size += len(item.submission.payload)
                if size >= BATCH_BYTES or item is _WAKE:
                    return batch, True
                item = self._queue.get_nowait()
        except queue.Empty:
            return batch, True
        return batch, False

    def _until_due(self) -> float:
        due = [s.began + self._patience() for s in self._active.values() if s.records]
        return max(0.0, min([self._next_tick, *due]) - time.monotonic())

    def _commit(self, batch: list[Waiting]) -> None:
        started = time.perf_counter()
        try:
            fresh = self._sort(batch)
            for signal, waiting in fresh.items():
                for chunk in self._chunks(signal, waiting):
                    self._write(signal, chunk)
        except Exception as error:  # the thread must survive whatever one submission brings, and answer
            log.exception("journal_commit_failed", requests=len(batch))
            for one in batch:
                one.outcome = one.outcome or error
        self._answer(batch)
        COMMIT_SECONDS.observe(time.perf_counter() - started)

    def _sort(self, batch: list[Waiting]) -> dict[Signal, list[Waiting]]:
        """The new submissions by signal; retries of durable ones are answered, twins tied to their first."""
        now = self._clock()
        self._known.prune(now)
        fresh: dict[Signal, list[Waiting]] = {}
        first: dict[bytes, Waiting] = {}
        for waiting in batch:
            submission = waiting.submission
            print_ = fingerprint_of(self._seed, submission.project, submission.signal, submission.payload)
            waiting.fingerprint = print_
            if self._settings.retry_window > 0 and print_ in self._known:
                waiting.outcome = Receipt(duplicate=True)
                self.duplicates += 1
            elif self._settings.retry_window > 0 and print_ in first:
                first[print_].twins.append(waiting)
            else:
                first[print_] = waiting
                fresh.setdefault(submission.signal, []).append(waiting)
        return fresh

    def _chunks(self, signal: Signal, waiting: list[Waiting]) -> Iterator[list[Waiting]]:
        """The submissions in runs that fit one segment; a full segment is closed before the next run."""
        limit = self._settings.segment_bytes
        chunk: list[Waiting] = []
        size = self._active[signal].size if signal in self._active else 0
        for item in waiting:
            length = len(item.submission.payload) + 200
            if size and size + length > limit:
                if chunk:
                    yield chunk
                self._close(signal)
                chunk, size = [], 0
            chunk.append(item)
            size += length
        yield chunk

    def _write(self, signal: Signal, chunk: list[Waiting]) -> None:
        try:
            segment = self._active.get(signal) or self._open(signal)
            before = segment.size
            segment.append(chunk)
        except OSError as error:
            self._failed(signal, chunk, error)
            return
        self.open_bytes += segment.size - before
        self._known.add([waiting.fingerprint for waiting in chunk], self._clock())
        for waiting in chunk:
            waiting.outcome = Receipt(duplicate=False)
            for twin in waiting.twins:
                twin.outcome = Receipt(duplicate=True)
                self.duplicates += 1

    def _failed(self, signal: Signal, chunk: list[Waiting], error: OSError) -> None:
        """Answer these with the reason and leave nothing of them behind."""
        self.failed_commits += 1
        if time.monotonic() >= self._next_complaint:
            self._next_complaint = time.monotonic() + COMPLAIN
            failed = self.failed_commits
            log.error("journal_write_failed", signal=signal, failed_commits=failed, error=str(error))
        reason = JournalUnavailable(
            f"The journal in {self._layout.root} could not write: {error.strerror or error}. "
            "Free space or check the disk; senders may try again.",
            RETRY_SECONDS,
        )
        for waiting in chunk:
            waiting.outcome = reason
            for twin in waiting.twins:
                twin.outcome = reason
        # After a failed sync nobody knows what the system still holds of this file: write on in another one.
        self._close(signal)

    def _open(self, signal: Signal) -> ActiveSegment:
        segment_id = self._ids.next(self._clock())
        path = self._layout.open / file_name(segment_id, signal)
        segment = self._active[signal] = ActiveSegment(self._disk, path, segment_id, signal)
        return segment

    def _close_due(self, *, everything: bool) -> None:
        now = time.monotonic()
        for signal, segment in list(self._active.items()):
            old = segment.records and now >= segment.began + self._patience()
            if everything or old or segment.size >= self._settings.segment_bytes:
                self._close(signal)

    def _patience(self) -> float:
        """How old a segment may become. While the consumer is busy, it grows: a segment costs a fixed part to
        digest."""
        return self._settings.segment_age * (1 if self._hungry() else BUSY_FACTOR)

    def _close(self, signal: Signal) -> None:
        segment = self._active.pop(signal, None)
        if segment is not None:
            self._closing.append(segment)
            self._retry_closing()

    def _retry_closing(self) -> None:
        """Hand closed segments on; one whose file cannot be cut or moved now stays for the next round."""
        for segment in list(self._closing):
            try:
                done = self._hand_on(segment)
            except OSError as error:
                log.warning("journal_close_failed", segment=segment.id, error=str(error))
                continue
            self._closing.remove(segment)
            self._disk.close(segment.fd)
            self.open_bytes -= segment.size
            if done is not None:
                self._closed(done)

    def _hand_on(self, segment: ActiveSegment) -> Segment | None:
        if not segment.records:
            self._disk.remove(segment.path)
            return None
        segment.cut()
        write_index(self._layout.index, segment.id, segment.index())
        target = self._layout.ready / segment.path.name
        self._disk.move(segment.path, target)
        return Segment(
            segment.id,
            segment.signal,
            target,
            segment.records,
            segment.items,
            segment.size,
            segment.first_received,
            segment.last_received,
        )
