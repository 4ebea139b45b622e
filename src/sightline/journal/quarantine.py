"""What could not be digested: kept, with its reason, until someone decides.

An entry is either a segment with one record that the digest refused, or a stretch of damaged bytes. Beside
each lies `<id>.reason`, a JSON object with the fields of Entry.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from sightline.journal.disk import Disk
from sightline.journal.salvage import Inspection, inspect
from sightline.journal.segment import Layout, Segment, file_name
from sightline.records.ingest import Signal

_REASON_LENGTH = 4000


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing in quarantine. `time` and `received_at` are ns since the epoch.

    `kind` is `record` (can be requeued) or `damage` (bytes that are no record; project and source are empty).
    """

    id: str
    kind: str
    reason: str
    time: int
    segment: str
    signal: Signal
    project: str
    source: str
    items: int
    bytes: int
    received_at: int
    file: str


class Quarantine:
    """The quarantine folder. Safe to use from several threads and beside a running server."""

    def __init__(self, layout: Layout, disk: Disk, clock: Callable[[], int]) -> None:
        self._layout, self._disk, self._clock = layout, disk, clock

    def take_in(self, segment: Segment, reason: str, seed: int) -> Entry:
        """Move a single-record segment here. Raises OSError; then the segment is still in its place."""
        record = next(iter(inspect(segment.path, seed).records), None)
        entry = Entry(
            id=segment.id,
            kind="record",
            reason=reason[:_REASON_LENGTH],
            time=self._clock(),
            segment=segment.id,
            signal=segment.signal,
            project=record.project if record else "",
            source=record.source if record else "",
            items=segment.items,
            bytes=segment.bytes,
            received_at=segment.first_received,
            file=file_name(segment.id, segment.signal),
        )
        self._write_reason(entry)
        self._disk.move(segment.path, self._layout.quarantine / entry.file)
        return entry

    def take_damage(self, segment_id: str, signal: Signal, found: Inspection, when: str) -> list[Entry]:
        """Copy the damaged stretches of a segment here, one entry each. Raises OSError."""
        entries = []
        for damage in found.damage:
            entry_id = f"{segment_id}-d{damage.start}"
            entry = Entry(
                id=entry_id,
                kind="damage",
                reason=f"{damage.reason} (bytes {damage.start} to {damage.end}, {when})",
                time=self._clock(),
                segment=segment_id,
                signal=signal,
                project="",
                source="",
                items=0,
                bytes=damage.end - damage.start,
                received_at=0,
                file=f"{entry_id}.damaged",
            )
            self._disk.store(self._layout.quarantine / entry.file, [found.view[damage.start : damage.end]])
            self._write_reason(entry)
            entries.append(entry)
        return entries

    def count(self) -> int:
        """How many entries there are."""
        return sum(1 for _ in self._layout.quarantine.glob("*.reason"))

    def entries(self) -> list[Entry]:
        """Everything in quarantine, oldest first."""
        found = []
        for path in sorted(self._layout.quarantine.glob("*.reason")):
            with contextlib.suppress(FileNotFoundError):  # requeued or discarded meanwhile
                found.append(_read_reason(path))
        return found

    def requeue(self, entry_id: str) -> None:
        """Give a record back to the digest, with the same id. Raises KeyError, or ValueError for damage."""
        entry = self._find(entry_id)
        if entry.kind != "record":
            raise ValueError(f"{entry_id} is damaged bytes, no record: it can only be discarded")
        self._disk.move(self._layout.quarantine / entry.file, self._layout.ready / entry.file)
        self._disk.remove(self._reason_path(entry_id))

    def discard(self, entry_id: str) -> None:
        """Remove an entry for good. Raises KeyError."""
        entry = self._find(entry_id)
        self._disk.remove(self._layout.quarantine / entry.file)
        self._disk.remove(self._reason_path(entry_id))

    def _find(self, entry_id: str) -> Entry:
        path = self._reason_path(entry_id)
        if path.parent != self._layout.quarantine or not path.is_file():
            raise KeyError(f"nothing in quarantine has the id {entry_id!r}; `sightline journal ls` lists it")
        return _read_reason(path)

    def _reason_path(self, entry_id: str) -> Path:
        return self._layout.quarantine / f"{entry_id}.reason"

    def _write_reason(self, entry: Entry) -> None:
        text = json.dumps(asdict(entry), indent=1)
        self._disk.store(self._reason_path(entry.id), [text.encode()])


def _read_reason(path: Path) -> Entry:
    fields = json.loads(path.read_text())
    return Entry(**{**fields, "signal": Signal(fields["signal"])})
