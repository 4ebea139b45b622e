"""The sidecar of a closed segment: totals and one fixed-size entry for each record.

It spares a start from reading segments: fingerprints of the retry window and totals come from here.
It is never the truth: where it is missing or damaged it is made again from the segment.
"""

from __future__ import annotations

import contextlib
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sightline.journal.format import Record

_MAGIC = b"SLJINDX1"
_HEAD = struct.Struct("<8sIQQQQ")
ENTRY = struct.Struct("<QQI16s")
"""offset, received_at, items, fingerprint"""
_TAIL = struct.Struct("<I")


ReadOnlyBytes = bytes
"""The type under a name that the field `bytes` does not hide."""


@dataclass(frozen=True, slots=True)
class Index:
    """Totals of a segment and its packed entries (28 + 8 bytes each, see ENTRY)."""

    records: int
    items: int
    bytes: int
    first_received: int
    last_received: int
    entries: ReadOnlyBytes

    def fingerprints(self) -> Iterator[tuple[int, ReadOnlyBytes]]:
        """(received_at, fingerprint) of every record."""
        for _offset, received_at, _items, fingerprint in ENTRY.iter_unpack(self.entries):
            yield received_at, fingerprint


def index_of(records: Iterable[Record], size: int) -> Index:
    """The index of a segment of `size` bytes that holds exactly these records."""
    entries = bytearray()
    count = items = first = last = 0
    for record in records:
        entries += ENTRY.pack(record.start, record.received_at, record.items, record.fingerprint)
        first = min(first, record.received_at) if count else record.received_at
        last = max(last, record.received_at)
        items += record.items
        count += 1
    return Index(count, items, size, first, last, bytes(entries))


def encode_index(index: Index) -> bytes:
    """The sidecar's bytes: head, entries, CRC-32 of both."""
    head = _HEAD.pack(
        _MAGIC, index.records, index.items, index.bytes, index.first_received, index.last_received
    )
    return b"".join((head, index.entries, _TAIL.pack(zlib.crc32(index.entries, zlib.crc32(head)))))


def decode_index(data: bytes) -> Index | None:
    """The index in a sidecar's bytes; None when they are damaged or of another version."""
    if len(data) < _HEAD.size + _TAIL.size or data[:8] != _MAGIC:
        return None
    entries = data[_HEAD.size : -_TAIL.size]
    _magic, records, items, size, first, last = _HEAD.unpack_from(data)
    (crc,) = _TAIL.unpack_from(data, len(data) - _TAIL.size)
    if len(entries) != records * ENTRY.size or zlib.crc32(data[: -_TAIL.size]) != crc:
        return None
    return Index(records, items, size, first, last, entries)


def index_path(folder: Path, segment_id: str) -> Path:
    """Where a segment's sidecar lies; it does not move with the segment."""
    return folder / f"{segment_id}.idx"


def read_index(folder: Path, segment_id: str) -> Index | None:
    """The stored index of a segment, or None."""
    try:
        return decode_index(index_path(folder, segment_id).read_bytes())
    except OSError:
        return None


def write_index(folder: Path, segment_id: str, index: Index) -> None:
    """Store a sidecar. A disk that refuses it is no error: the next reader makes the index again."""
    path = index_path(folder, segment_id)
    part = path.with_suffix(".part")
    try:
        part.write_bytes(encode_index(index))
        part.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            part.unlink()


def drop_index(folder: Path, segment_id: str) -> None:
    """Remove a sidecar, if there is one."""
    with contextlib.suppress(OSError):
        index_path(folder, segment_id).unlink()
