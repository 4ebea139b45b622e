"""The journal: what is appended here is durable before its sender is answered.

    wire ──append──▶ open/ ──size or age──▶ ready/ ──take, finish──▶ digested/ (kept for a replay)
                                                   └─split, quarantine──▶ quarantine/

The wire calls `append` on the event loop; consumers call the rest from their own threads.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import structlog

from sightline.journal.backlog import Backlog
from sightline.journal.disk import Disk
from sightline.journal.fingerprints import Fingerprints
from sightline.journal.format import check_writable
from sightline.journal.lock import DirectoryLock
from sightline.journal.quarantine import Entry
from sightline.journal.recovery import Recovered, Recovery, read_seed
from sightline.journal.segment import Ids, JournalStats, Layout, Segment
from sightline.journal.writer import RETRY_SECONDS, Waiting, Writer
from sightline.records.ingest import JournalFull, JournalUnavailable, Receipt, Submission
from sightline.settings import JournalSettings

log = structlog.get_logger(__name__)

MAX_WAITING_BYTES = 256 * 2**20
"""Most bytes that may wait in memory for the disk."""
MAX_FINGERPRINTS = 500_000
"""Most retries that can be told apart: about 50 MB."""
_LONGEST_RETRY = 60


class Journal:
    """The durable log of one directory.

    `directory` is made when it is missing. `clock` gives nanoseconds since the epoch. One process owns the
    directory from `start` to `close`; `append` belongs to the event loop that called `start`.
    """

    def __init__(
        self,
        directory: Path,
        settings: JournalSettings,
        clock: Callable[[], int] = time.time_ns,
        *,
        disk: Disk | None = None,
    ) -> None:
        self._layout = Layout(directory.absolute())
        self._settings, self._clock = settings, clock
        self._disk = disk or Disk()
        self._lock = DirectoryLock(self._layout.lock)
        self._running = False
        self._waiting_bytes = 0
        self._free_checked = -1
        self._free = 0
        self._recovered = Recovered(0, 0, 0, 0)
        self._quarantined = 0

    async def start(self) -> None:
        """Lock the directory, recover what a crash left, begin to write.

        Raises JournalLockedError when another process has it, OSError when it cannot be read or written.
        """
        self._loop = asyncio.get_running_loop()
        await asyncio.to_thread(self._open)
        self._running = True
        self._writer.start()

    async def append(self, submission: Submission) -> Receipt:
        """Make a submission durable; returns after the sync, or at once tells that it cannot.

        A byte-for-byte retry of something durable is not written again (`duplicate`). Raises JournalFull when
        the backlog is at its limit, JournalUnavailable when the disk is full, failing or the journal is
        closed; then nothing of it is kept. A caller that is cancelled has not undone the append.
        """
        size = len(submission.payload)
        self._admit(size)
        check_writable(submission)
        future: asyncio.Future[Receipt] = self._loop.create_future()
        self._waiting_bytes += size
        self._writer.put(Waiting(submission, future))
        return await future

    async def close(self) -> None:
        """Write and answer what waits, close the segments, give the directory back. Idempotent."""
        if not self._running:
            return
        self._running = False
        self._backlog.close()
        await asyncio.to_thread(self._writer.stop)
        self._lock.release()

    # -- the consumer's side -------------------------------------------------------------------------------

    def take(self, timeout: float) -> Segment | None:
        """The oldest closed, undigested segment; waits up to `timeout` seconds. None: nothing, or closing.

        The segment is the caller's until it calls finish, split, quarantine or release with it.
        """
        return self._backlog.take(timeout)

    def finish(self, segment: Segment) -> None:
        """The store has the segment durably: keep the file for a time, then remove it.

        When the disk refuses, the segment is offered again; its token makes that harmless.
        """
        self._backlog.finish(segment)

    def split(self, segment: Segment) -> list[Segment]:
        """Replace a segment by its halves, which the caller then has; [] when it is a single record.

        Damaged bytes in it go to quarantine on the way, so one half may be missing. When the disk refuses the
        halves, the segment is given back as by `release`, and [] returned; `quarantine` then leaves it be.
        """
        return self._backlog.split(segment)

    def quarantine(self, segment: Segment, reason: str) -> None:
        """Set a single-record segment aside with its reason. Raises ValueError for more than one record.

        When the disk refuses, the segment is given back and offered again.
        """
        self._backlog.quarantine(segment, reason)
        self._quarantined = self._backlog.quarantined.count()

    def release(self, segment: Segment) -> None:
        """Give a segment back after a failure of the store; it is offered again after a growing pause."""
        self._backlog.release(segment)

    # -- quarantine and numbers ----------------------------------------------------------------------------

    def quarantined(self) -> list[Entry]:
        """What is in quarantine, oldest first. Reads the disk."""
        return self._backlog.quarantined.entries()

    def requeue(self, entry_id: str) -> None:
        """Give a quarantined record back to the digest. Raises KeyError, or ValueError for damaged bytes."""
        self._backlog.quarantined.requeue(entry_id)
        self._backlog.rescan()
        self._quarantined = self._backlog.quarantined.count()

    def discard(self, entry_id: str) -> None:
        """Remove a quarantined entry for good. Raises KeyError."""
        self._backlog.quarantined.discard(entry_id)
        self._quarantined = self._backlog.quarantined.count()

    def refusal(self) -> str | None:
        """Why nothing would be accepted at this moment, in words without paths; None when it would be."""
        try:
            self._admit(0)
        except JournalFull:
            return "the backlog is at its limit, senders are told to wait"
        except JournalUnavailable:
            return "too little free disk, senders are told to wait" if self._running else "closed"
        return None

    def stats(self) -> JournalStats:
        """The numbers of this moment. Cheap: reads no disk."""
        moments = (self._backlog.oldest_received(), self._writer.oldest_open())
        oldest = min((moment for moment in moments if moment is not None), default=None)
        return JournalStats(
            backlog_bytes=self._backlog_bytes(),
            backlog_segments=self._backlog.segments,
            open_bytes=self._writer.open_bytes,
            oldest_age=max(0.0, (self._clock() - oldest) / 1e9) if oldest is not None else 0.0,
            digested_segments=self._backlog.digested_segments,
            digested_bytes=self._backlog.digested_bytes,
            quarantined=self._quarantined,
            duplicates=self._writer.duplicates,
            torn_bytes=self._recovered.torn_bytes,
            failed_commits=self._writer.failed_commits,
        )

    # -- within --------------------------------------------------------------------------------------------

    def _open(self) -> None:
        for folder in self._layout.folders:
            self._disk.make_folder(folder, 0o700)
        self._lock.acquire()
        try:
            seed = read_seed(self._layout, self._disk)
            known = Fingerprints(self._settings.retry_window, MAX_FINGERPRINTS)
            self._backlog = Backlog(self._layout, self._settings, self._disk, self._clock, seed)
            recovery = Recovery(
                self._layout,
                self._settings,
                self._disk,
                self._clock,
                seed=seed,
                known=known,
                backlog=self._backlog,
            )
            self._recovered = recovery.run()
            self._quarantined = self._backlog.quarantined.count()
        except BaseException:
            self._lock.release()
            raise
        self._writer = Writer(
            self._layout,
            self._settings,
            self._disk,
            self._clock,
            seed=seed,
            ids=Ids(self._recovered.newest),
            known=known,
            answer=self._answer,
            closed=self._backlog.add,
            tick=self._tick,
            hungry=lambda: self._backlog.hungry,
        )
        self._backlog.on_hungry = self._writer.wake
        log.info(
            "journal_open",
            directory=str(self._layout.root),
            backlog_segments=self._backlog.segments,
            backlog_bytes=self._backlog.bytes,
            torn_bytes=self._recovered.torn_bytes,
        )

    def _admit(self, size: int) -> None:
        """Refuse before anything is taken on. Raises JournalFull or JournalUnavailable."""
        if not self._running:
            raise JournalUnavailable(
                "The journal is closed; the server is starting or stopping.", RETRY_SECONDS
            )
        backlog = self._backlog_bytes() + self._waiting_bytes
        if backlog + size > self._settings.max_backlog:
            raise JournalFull(
                f"The journal holds {backlog} bytes that are not digested yet; journal.max_backlog is "
                f"{self._settings.max_backlog}. Send again later.",
                self._retry_after(backlog + size),
            )
        if self._waiting_bytes + size > MAX_WAITING_BYTES and self._waiting_bytes:
            raise JournalFull("More is coming in than the disk takes. Send again later.", 1)
        now = self._clock()
        if not 0 <= now - self._free_checked < 10**9 or self._free_checked < 0:
            self._free_checked = now
            self._free = self._disk.free(self._layout.root)
        if self._free < self._settings.min_free_disk:
            raise JournalUnavailable(
                f"Only {self._free} bytes are free for {self._layout.root}; journal.min_free_disk is "
                f"{self._settings.min_free_disk}. Free space or lower the limit.",
                RETRY_SECONDS,
            )

    def _backlog_bytes(self) -> int:
        return self._backlog.bytes + self._writer.open_bytes

    def _retry_after(self, wanted: int) -> int:
        """Seconds until the digest has probably made room down to nine tenths of the limit."""
        rate = self._backlog.digest_rate()
        surplus = wanted - 0.9 * self._settings.max_backlog
        return min(_LONGEST_RETRY, max(1, math.ceil(surplus / rate))) if rate else _LONGEST_RETRY // 2

    def _answer(self, batch: list[Waiting]) -> None:
        """From the writer: one wake-up of the loop for the whole batch."""
        try:
            self._loop.call_soon_threadsafe(partial(self._resolve, batch))
        except RuntimeError:  # the loop was closed under us: nobody is left to answer
            log.warning("journal_answers_lost", requests=len(batch))

    def _resolve(self, batch: list[Waiting]) -> None:
        for waiting in batch:
            self._waiting_bytes -= len(waiting.submission.payload)
            future, outcome = waiting.ticket, waiting.outcome
            if future.done():  # the caller was cancelled
                continue
            if isinstance(outcome, Receipt):
                future.set_result(outcome)
            else:
                future.set_exception(outcome or RuntimeError("the journal lost a submission"))

    def _tick(self) -> None:
        """Once a second, on the writer's thread."""
        try:
            self._backlog.rescan()
            self._backlog.drop_orphans()
            self._backlog.make_room(self._settings.min_free_disk - self._disk.free(self._layout.root))
            self._quarantined = self._backlog.quarantined.count()
        except OSError as error:
            log.error("journal_housekeeping_failed", error=str(error))
