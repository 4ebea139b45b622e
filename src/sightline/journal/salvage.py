"""Reading whole segments: what is sound in them, and writing the sound part anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sightline.journal.disk import Disk
from sightline.journal.format import Buffer, Record, varint
from sightline.journal.index import Index, index_of, read_index, write_index
from sightline.journal.scan import Damage, map_segment, scan
from sightline.journal.segment import Layout, Segment, file_name, parse_name
from sightline.records.ingest import Signal


@dataclass(frozen=True, slots=True)
class Inspection:
    """A segment read from one end to the other. `view` are its bytes."""

    view: memoryview
    records: tuple[Record, ...]
    damage: tuple[Damage, ...]

    @property
    def size(self) -> int:
        """The file's size when it was read."""
        return len(self.view)

    @property
    def sound(self) -> bool:
        """Whether the file is as it was written."""
        return not self.damage and all(record.prefix_intact for record in self.records)


def inspect(path: Path, seed: int) -> Inspection:
    """Read and check every record of a segment nobody writes to. Raises OSError."""
    return inspect_bytes(map_segment(path), seed)


def inspect_bytes(view: memoryview, seed: int) -> Inspection:
    """Check every record in a segment's bytes."""
    found = list(scan(view, len(view), seed))
    return Inspection(
        view,
        tuple(part for part in found if isinstance(part, Record)),
        tuple(part for part in found if isinstance(part, Damage)),
    )


def describe(layout: Layout, path: Path, seed: int) -> Segment:
    """What is known of a closed segment, from its sidecar; read whole only where that is missing.

    Raises FileNotFoundError when the segment itself is gone.
    """
    parsed = parse_name(path.name)
    if parsed is None:
        raise ValueError(f"{path} is no segment: expected <time>.<signal>.pb")
    segment_id, signal = parsed
    return segment_of(segment_id, signal, path, indexed(layout, segment_id, path, seed))


def indexed(layout: Layout, segment_id: str, path: Path, seed: int) -> Index:
    """The sidecar of a closed segment, made again from the segment where it is missing or does not fit.

    Raises FileNotFoundError when the segment itself is gone.
    """
    size = path.stat().st_size
    index = read_index(layout.index, segment_id)
    if index is None or index.bytes != size:
        found = inspect(path, seed)
        index = index_of(found.records, size)
        write_index(layout.index, segment_id, index)
    return index


def segment_of(segment_id: str, signal: Signal, path: Path, index: Index) -> Segment:
    """A segment record from its parts."""
    return Segment(
        segment_id,
        signal,
        path,
        index.records,
        index.items,
        index.bytes,
        index.first_received,
        index.last_received,
    )


def rewrite(disk: Disk, view: memoryview, records: Sequence[Record], target: Path) -> Index:
    """Write these records of a buffer as a segment of their own, and return its index. Raises OSError."""
    buffers: list[Buffer] = []
    position = 0
    moved: list[Record] = []
    for record in records:
        prefix = varint(record.end - record.body)
        buffers += (prefix, view[record.body : record.end])
        moved.append(_at(record, position, len(prefix)))
        position = moved[-1].end
    disk.store(target, buffers)
    return index_of(moved, position)


def halves(layout: Layout, disk: Disk, segment: Segment, found: Inspection) -> list[Segment]:
    """Write the two halves of a segment's sound records beside it; their ids end in `-0` and `-1`.

    One part when only one sound record is left, none when there is none.
    """
    middle = (len(found.records) + 1) // 2
    parts: list[Segment] = []
    for number, records in enumerate((found.records[:middle], found.records[middle:])):
        if not records:
            continue
        part_id = half_id(segment.id, number)
        path = layout.ready / file_name(part_id, segment.signal)
        try:
            index = rewrite(disk, found.view, records, path)
        except OSError:
            for part in parts:
                disk.remove(part.path)
            raise
        write_index(layout.index, part_id, index)
        parts.append(segment_of(part_id, segment.signal, path, index))
    return parts


def half_id(segment_id: str, number: int) -> str:
    """The id of a half (0 or 1) of a segment."""
    return f"{segment_id}-{number}"


def _at(record: Record, start: int, prefix: int) -> Record:
    shift = start + prefix - record.body
    return Record(
        record.project,
        record.received_at,
        record.source,
        record.fingerprint,
        record.items,
        record.signal,
        start,
        record.body + shift,
        record.payload + shift,
        record.end + shift,
    )
