"""The consumer's side: closed segments that wait for digestion, and what becomes of them.

Thread-safe and blocking. A segment is in exactly one place: waiting, taken, digested, split or in quarantine;
the file moves with it, so a crash at any point leaves it in the one before or the one after.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import structlog

from sightline.journal.disk import Disk
from sightline.journal.index import drop_index, write_index
from sightline.journal.quarantine import Quarantine
from sightline.journal.salvage import Inspection, describe, half_id, halves, inspect, rewrite
from sightline.journal.segment import Layout, Segment, SegmentFile, names_in, parse_name, time_of
from sightline.settings import JournalSettings

log = structlog.get_logger(__name__)

LONGEST_OPEN = 60.0
"""No segment stays open for so many seconds, so its id tells when its last record came, that exactly."""
MAX_DIGESTED = 20_000
"""Most digested segments kept, whatever their age: a quiet system closes several small ones a second."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 10.0
"""Seconds before a released segment is offered again; doubled with every release."""
_RATE_SECONDS = 30


class Backlog:
    """Segments between closed and digested. `add` is for the writer and recovery, the rest for consumers."""

    def __init__(
        self,
        layout: Layout,
        settings: JournalSettings,
        disk: Disk,
        clock: Callable[[], int],
        seed: int,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._layout, self._settings, self._disk = layout, settings, disk
        self._clock, self._monotonic, self._seed = clock, monotonic, seed
        self.quarantined = Quarantine(layout, disk, clock)
        self._change = threading.Condition()
        self._known: dict[str, Segment] = {}
        self._waiting: dict[str, float] = {}
        """Segments to take, with the moment from which they may be taken."""
        self._unchecked: set[str] = set()
        """Found on the disk, not written by this process: checked when taken."""
        self._reserved: set[str] = set()
        """Halves being written: a rescan leaves them alone."""
        self._releases: dict[str, int] = {}
        self._orphans: deque[str] = deque()
        """Sidecars whose segment is gone: they still tell retries until the window has passed."""
        self._digested: deque[tuple[str, Path, int]] = deque()
        self._finished: deque[tuple[float, int]] = deque()
        self._closed = False
        self.hungry = False
        """A consumer waits, or waited last, for a segment that was not there."""
        self.on_hungry: Callable[[], None] = lambda: None
        self.bytes = 0
        self.digested_bytes = 0

    # -- filling -------------------------------------------------------------------------------------------

    def add(self, segment: Segment, *, checked: bool = True) -> None:
        """Offer a segment whose file is in `ready`. Known ones are left alone."""
        with self._change:
            if segment.id in self._known or segment.id in self._reserved:
                return
            self._known[segment.id] = segment
            self._waiting[segment.id] = 0.0
            if not checked:
                self._unchecked.add(segment.id)
            self.bytes += segment.bytes
            self._change.notify()

    def load_digested(self, files: Sequence[SegmentFile]) -> None:
        """Learn what is kept, at the start; oldest first."""
        for segment_id, _signal, path in files:
            size = path.stat().st_size
            self._digested.append((segment_id, path, size))
            self.digested_bytes += size
        self._drop_old()

    def rescan(self) -> None:
        """Find segments that another program put into `ready`: a replay, a return from quarantine."""
        found = 0
        for name in sorted(names_in(self._layout.ready)):
            parsed = parse_name(name)
            if parsed is None or parsed[0] in self._known or parsed[0] in self._reserved:
                continue
            try:
                segment = describe(self._layout, self._layout.ready / name, self._seed)
            except FileNotFoundError:  # finished between the listing and now
                continue
            log.info("journal_segment_found", segment=segment.id, records=segment.records)
            self.add(segment, checked=False)
            found += 1
        if found:
            self._refresh_digested()

    def make_room(self, wanted: int) -> None:
        """Give up the oldest digested segments until `wanted` bytes are free: new data goes first."""
        while wanted > 0 and self._digested:
            with self._change:
                segment_id, path, size = self._digested.popleft()
                self.digested_bytes -= size
            self._disk.remove(path)
            self.orphan(segment_id)
            wanted -= size

    def orphan(self, segment_id: str) -> None:
        """The segment is gone for good; its sidecar goes when no retry can ask for it."""
        self._orphans.append(segment_id)

    def drop_orphans(self) -> None:
        """Remove sidecars that are of no use any more."""
        horizon = self._clock() - int((self._settings.retry_window + LONGEST_OPEN) * 1e9)
        while self._orphans and time_of(self._orphans[0]) < horizon:
            drop_index(self._layout.index, self._orphans.popleft())

    # -- the consumer --------------------------------------------------------------------------------------

    def take(self, timeout: float) -> Segment | None:
        """The oldest waiting segment, or None after `timeout` seconds or when the journal closes."""
        deadline = self._monotonic() + timeout
        while True:
            with self._change:
                segment = self._next(deadline)
                if segment is None:
                    return None
                unchecked = segment.id in self._unchecked
                self._unchecked.discard(segment.id)
            if not unchecked:
                return segment
            try:
                sound = self._checked(segment)
            except OSError as error:
                log.error("journal_segment_unreadable", segment=segment.id, error=str(error))
                self._unchecked.add(segment.id)
                self.release(segment)
                continue
            if sound is not None:
                return sound

    def finish(self, segment: Segment) -> None:
        """The segment is in the store: keep or remove it; if the disk refuses, it is offered again."""
        self._note_rate(segment.bytes)
        try:
            self._put_away(segment)
        except OSError as error:
            self._give_back(segment, error)
            return
        self._forget(segment)
        self._drop_old()

    def release(self, segment: Segment) -> None:
        """Give a segment back after a failure that is not its own; it is offered again after a pause."""
        with self._change:
            times = self._releases.get(segment.id, 0)
            self._releases[segment.id] = times + 1
            pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**times)
            self._waiting[segment.id] = self._monotonic() + pause
            self._change.notify()

    def split(self, segment: Segment) -> list[Segment]:
        """Two halves in its place, taken already; [] when it is a single record. Damage goes to quarantine.

        The halves' ids follow from the segment's, so a crash in between changes nothing. When the disk
        refuses, the segment is given back and [] returned.
        """
        names = {half_id(segment.id, number) for number in (0, 1)}
        with self._change:
            self._reserved |= names
        try:
            found = inspect(segment.path, self._seed)
            if found.sound and len(found.records) < 2:
                return []
            parts = self._write_halves(segment, found)
        except OSError as error:
            self._give_back(segment, error)
            return []
        finally:
            with self._change:
                self._reserved -= names
        self._forget(segment)
        drop_index(self._layout.index, segment.id)
        return parts

    def quarantine(self, segment: Segment, reason: str) -> None:
        """Set a single-record segment aside with its reason. Raises ValueError for more than one record.

        One that is gone, because all of it was damaged, or was given back, is left at that.
        """
        if segment.id not in self._known or segment.id in self._waiting:
            return
        if segment.records != 1:
            raise ValueError(
                f"segment {segment.id} has {segment.records} records; split it until the bad one stands alone"
            )
        try:
            self.quarantined.take_in(segment, reason, self._seed)
        except OSError as error:
            self._give_back(segment, error)
            return
        self.orphan(segment.id)
        self._forget(segment)

    def close(self) -> None:
        """Wake every `take`; from now on they return None."""
        with self._change:
            self._closed = True
            self._change.notify_all()

    # -- numbers -------------------------------------------------------------------------------------------

    def oldest_received(self) -> int | None:
        """When the oldest undigested record in a closed segment was received (ns)."""
        with self._change:
            return min((s.first_received for s in self._known.values()), default=None)

    @property
    def segments(self) -> int:
        """Closed segments that are not digested."""
        return len(self._known)

    @property
    def digested_segments(self) -> int:
        """Segments kept for a replay."""
        return len(self._digested)

    def digest_rate(self) -> float:
        """Bytes per second digested lately; 0 when nothing was."""
        with self._change:
            now = self._monotonic()
            while self._finished and self._finished[0][0] < now - _RATE_SECONDS:
                self._finished.popleft()
            if not self._finished:
                return 0.0
            return sum(n for _, n in self._finished) / max(1.0, now - self._finished[0][0])

    # -- within --------------------------------------------------------------------------------------------

    def _next(self, deadline: float) -> Segment | None:
        """Wait for a segment that may be taken; called with the lock."""
        while not self._closed:
            now = self._monotonic()
            due = [segment_id for segment_id, at in self._waiting.items() if at <= now]
            if due:
                oldest = min(due)
                self.hungry = False
                del self._waiting[oldest]
                return self._known[oldest]
            if now >= deadline:
                return None
            if not self.hungry:
                self.hungry = True
                self.on_hungry()
            self._change.wait(min([deadline, *self._waiting.values()]) - now)
        return None

    def _checked(self, segment: Segment) -> Segment | None:
        """The segment with every record verified, without its damage; None when nothing of it is left."""
        found = inspect(segment.path, self._seed)
        if found.sound and found.size == segment.bytes:
            return segment
        log.error("journal_segment_damaged", segment=segment.id, stretches=len(found.damage))
        self.quarantined.take_damage(segment.id, segment.signal, found, "found before digestion")
        self._forget(segment)
        if not found.records:
            self._disk.remove(segment.path)
            drop_index(self._layout.index, segment.id)
            return None
        index = rewrite(self._disk, found.view, found.records, segment.path)
        write_index(self._layout.index, segment.id, index)
        mended = replace(
            segment,
            records=index.records,
            items=index.items,
            bytes=index.bytes,
            first_received=index.first_received,
            last_received=index.last_received,
        )
        with self._change:
            self._known[mended.id] = mended
            self.bytes += mended.bytes
        return mended

    def _put_away(self, segment: Segment) -> None:
        if self._settings.keep_digested <= 0:
            self._disk.remove(segment.path)
            self._disk.sync_folder(segment.path.parent)  # or a power cut brings it back to be digested again
            self.orphan(segment.id)
            return
        target = self._layout.digested / segment.path.name
        self._disk.move(segment.path, target)
        with self._change:
            self._digested.append((segment.id, target, segment.bytes))
            self.digested_bytes += segment.bytes

    def _write_halves(self, segment: Segment, found: Inspection) -> list[Segment]:
        """Replace the file by its halves' files. Raises OSError; the original is there until they are."""
        self.quarantined.take_damage(segment.id, segment.signal, found, "found when it was split")
        parts = halves(self._layout, self._disk, segment, found)
        self._disk.remove(segment.path)
        self._disk.sync_folder(segment.path.parent)
        with self._change:
            for part in parts:
                self._known[part.id] = part
                self.bytes += part.bytes
        return parts

    def _give_back(self, segment: Segment, error: OSError) -> None:
        log.error("journal_segment_given_back", segment=segment.id, error=str(error))
        self.release(segment)

    def _forget(self, segment: Segment) -> None:
        with self._change:
            known = self._known.pop(segment.id, None)
            self._releases.pop(segment.id, None)
            if known is not None:
                self.bytes -= known.bytes

    def _refresh_digested(self) -> None:
        """Some kept segments went back to `ready`, perhaps under another id: a replay."""
        with self._change:
            kept = [entry for entry in self._digested if entry[1].exists()]
            self._digested = deque(kept)
            self.digested_bytes = sum(size for _, _, size in kept)

    def _note_rate(self, size: int) -> None:
        with self._change:
            self._finished.append((self._monotonic(), size))
            if len(self._finished) > 1000:
                self._finished.popleft()

    def _drop_old(self) -> None:
        """Remove digested segments beyond the kept time, bytes and count."""
        horizon = self._clock() - int(self._settings.keep_digested * 1e9)
        gone: list[tuple[str, Path]] = []
        with self._change:
            while self._digested and (
                time_of(self._digested[0][0]) < horizon
                or self.digested_bytes > self._settings.keep_digested_bytes
                or len(self._digested) > MAX_DIGESTED
            ):
                segment_id, path, size = self._digested.popleft()
                self.digested_bytes -= size
                gone.append((segment_id, path))
        for segment_id, path in gone:
            self._disk.remove(path)
            self.orphan(segment_id)
