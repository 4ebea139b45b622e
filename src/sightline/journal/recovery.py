"""What happens at the start: the state a crash left is brought back to whole, closed segments."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import structlog

from sightline.journal.backlog import LONGEST_OPEN, Backlog
from sightline.journal.disk import Disk
from sightline.journal.fingerprints import Fingerprints
from sightline.journal.format import Record
from sightline.journal.index import Index, index_of, read_index, write_index
from sightline.journal.salvage import (
    Inspection,
    describe,
    half_id,
    indexed,
    inspect,
    rewrite,
    segment_of,
)
from sightline.journal.segment import Layout, SegmentFile, file_name, id_at, names_in, segment_files, time_of
from sightline.records.ingest import Signal
from sightline.settings import JournalSettings

log = structlog.get_logger(__name__)

_SAME_TIME = 10 * 10**9
"""Records received within so many ns share their time in what is remembered: most segments do."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """What recovery found. `newest` is the time of the newest segment id, so that new ones come after it."""

    torn_bytes: int
    open_segments: int
    ready_segments: int
    newest: int


def read_seed(layout: Layout, disk: Disk | None) -> int:
    """The journal's secret seed; made when there is none and `disk` is given, else 0."""
    if not layout.seed.exists():
        if disk is None:
            return 0
        disk.store(layout.seed, [secrets.token_hex(8).encode()])
    text = layout.seed.read_text().strip()
    try:
        return int(text, 16)
    except ValueError:
        raise ValueError(
            f"{layout.seed} holds {text[:40]!r}, expected 16 hexadecimal digits. Remove it to get a new one; "
            "retries of what came before the restart are then stored a second time."
        ) from None


class Recovery:
    """One recovery run, blocking. Call `run` once, before anything is appended or taken."""

    def __init__(
        self,
        layout: Layout,
        settings: JournalSettings,
        disk: Disk,
        clock: Callable[[], int],
        *,
        seed: int,
        known: Fingerprints,
        backlog: Backlog,
    ) -> None:
        self._layout, self._settings, self._disk, self._clock = layout, settings, disk, clock
        self._seed, self._known, self._backlog = seed, known, backlog
        self._window = int(settings.retry_window * 1e9)
        self._seen: dict[bytes, int] = {}

    def run(self) -> Recovered:
        """Bring the directory in order and fill the backlog. Raises OSError."""
        for folder in self._layout.folders[1:]:
            for name in names_in(folder):
                if name.endswith(".part"):
                    self._disk.remove(folder / name)
        self._undo_splits()
        opened = segment_files(self._layout.open)
        digested = segment_files(self._layout.digested)
        newest = self._read_indexes(opened, digested)
        torn = sum(self._close_open(*segment) for segment in opened)
        ready = segment_files(self._layout.ready)
        for _segment_id, _signal, path in ready:
            self._backlog.add(describe(self._layout, path, self._seed), checked=False)
        self._backlog.load_digested(digested)
        kept = (*ready, *digested, *segment_files(self._layout.quarantine))
        newest = max([newest, *(segment_id for segment_id, _, _ in kept)])
        self._seen.clear()
        return Recovered(torn, len(opened), len(ready), time_of(newest) if newest else 0)

    def _undo_splits(self) -> None:
        """A split that had not removed its original was never offered: do it again from the original."""
        ready = segment_files(self._layout.ready)
        ids = {segment_id for segment_id, _, _ in ready}
        for segment_id, signal, _path in ready:
            for number in (0, 1):
                if half_id(segment_id, number) in ids:
                    self._disk.remove(self._layout.ready / file_name(half_id(segment_id, number), signal))

    def _read_indexes(self, opened: list[SegmentFile], digested: list[SegmentFile]) -> str:
        """Learn the fingerprints of the retry window from every sidecar; returns the newest id.

        With open segments the window reaches back from the oldest of them. Sidecars are not synced: one that
        a power cut took is made again, else a retry of what it told of would be stored a second time.
        """
        now = self._clock()
        oldest = min([now, *(time_of(segment_id) for segment_id, _, _ in opened)])
        horizon = id_at(max(0, oldest - self._window - int(LONGEST_OPEN * 1e9)))
        closed = {segment_id: path for segment_id, _, path in (*segment_files(self._layout.ready), *digested)}
        # Written just before a segment leaves `open`: its own records are no repetition of themselves.
        early = {segment_id for segment_id, _, _ in opened}
        names = {n.removesuffix(".idx") for n in names_in(self._layout.index) if n.endswith(".idx")}
        recent = {segment_id for segment_id in closed if segment_id >= horizon}
        for segment_id in sorted((names | recent) - early):
            path = closed.get(segment_id)
            if path is None:
                self._backlog.orphan(segment_id)
            if segment_id >= horizon:
                index = self._index(segment_id, path)
                if index is not None:
                    self._learn(index, now, keep=bool(opened))
        return max(names, default="")

    def _index(self, segment_id: str, path: Path | None) -> Index | None:
        """The sidecar of a segment, from the segment where that is there; None when neither can be read."""
        if path is None:
            return read_index(self._layout.index, segment_id)
        try:
            return indexed(self._layout, segment_id, path, self._seed)
        except OSError as error:
            log.warning("journal_segment_unreadable", segment=segment_id, error=str(error))
            return None

    def _learn(self, index: Index, now: int, *, keep: bool) -> None:
        """Remember the fingerprints of a segment; `keep` also those that open segments are compared with."""
        if index.last_received - index.first_received <= _SAME_TIME and index.records:
            if index.last_received >= now - self._window:
                prints = [fingerprint for _, fingerprint in index.fingerprints()]
                self._known.add(prints, min(index.last_received, now))
        else:
            for received, fingerprint in index.fingerprints():
                if received >= now - self._window:
                    self._known.add((fingerprint,), min(received, now))
        if keep:
            for received, fingerprint in index.fingerprints():
                self._seen[fingerprint] = max(received, self._seen.get(fingerprint, 0))

    def _close_open(self, segment_id: str, signal: Signal, path: Path) -> int:
        """Make a segment that a crash left open a ready one. Returns the bytes cut off its end."""
        found = inspect(path, self._seed)
        torn = sum(d.end - d.start for d in found.damage if d.torn)
        inner = [d for d in found.damage if not d.torn]
        if torn:
            log.warning("journal_torn_tail", segment=segment_id, bytes=torn, reason=found.damage[-1].reason)
        if inner:
            found_inner = Inspection(found.view, found.records, tuple(inner))
            self._backlog.quarantined.take_damage(segment_id, signal, found_inner, "found at the start")
        records = [record for record in found.records if not self._is_repeated(record)]
        if not records:
            self._disk.remove(path)
            return torn
        if len(records) == len(found.records) and not inner and all(r.prefix_intact for r in records):
            index = index_of(records, records[-1].end)
            # Also where nothing is cut: a killed writer may not have come to its sync, and from here on a
            # retry of these bytes is answered as durable.
            self._disk.cut(path, index.bytes)
        else:
            index = rewrite(self._disk, found.view, records, path)
        target = self._layout.ready / path.name
        write_index(self._layout.index, segment_id, index)
        self._disk.move(path, target)
        self._learn(index, self._clock(), keep=True)
        self._backlog.add(segment_of(segment_id, signal, target, index))
        return torn

    def _is_repeated(self, record: Record) -> bool:
        """Whether the same request is durable elsewhere.

        It happens when a failed write could not be cut off: its sender was refused and has sent again.
        """
        other = self._seen.get(record.fingerprint)
        return other is not None and abs(other - record.received_at) <= self._window
