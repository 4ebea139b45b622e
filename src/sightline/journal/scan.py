"""Walking over a segment: its records, and what lies damaged between them.

A damaged payload is stepped over by its length. Where the length itself is damaged, the next record is
searched for. A sender could have planted something that looks like a record inside its own payload, so behind
damage a record must also carry the fingerprint that only this journal's secret seed produces.
"""

from __future__ import annotations

import mmap
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from sightline.journal.format import (
    Buffer,
    Record,
    RecordDamageError,
    fingerprint_of,
    read_message,
    read_record,
    varint,
)

_HEADER = re.compile(
    rb"\x0a[\x01-\x7f][^\x00-\x1f]{1,127}?\x11[\s\S]{8}\x1a[\x01-\x7f][^\x00-\x1f]{1,127}?\x22\x10[\s\S]{16}\x28"
)
_SEARCH_BUDGET = 8
"""Most bytes checked while searching, in sizes of the file, so that planted headers cannot stall recovery."""


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes `[start, end)` that are no intact record. `torn`: they run to the end of the file."""

    start: int
    end: int
    reason: str
    torn: bool


def scan(buffer: Buffer, size: int, seed: int) -> Iterator[Record | Damage]:
    """Every record and every damaged stretch of a segment, in order and without gaps."""
    position = 0
    doubt = False
    searcher = _Searcher(buffer, size, seed)
    while position < size:
        found: Record | None
        try:
            found = _read(buffer, position, size, seed, doubt=doubt)
        except RecordDamageError as damage:
            end = _follow(buffer, damage.end, size, seed)
            doubt = True
            found = None
            if end is None:
                found = searcher.next_after(position)
                end = found.start if found else size
            if end > position:
                yield Damage(position, end, damage.reason, torn=end == size)
                position = end
        if found:
            yield found
            position = found.end


def map_segment(path: Path) -> memoryview:
    """A closed segment's bytes, mapped read-only while the view lives. Raises OSError.

    Only for files that nobody shortens: touching a page that was cut off would end the process.
    """
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            return memoryview(b"")
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def _read(buffer: Buffer, position: int, size: int, seed: int, *, doubt: bool) -> Record:
    """The record at `position`; in doubt it must also be genuine. Raises RecordDamageError."""
    record = read_record(buffer, position, size)
    if (doubt or not record.prefix_intact) and not _genuine(buffer, record, seed):
        raise RecordDamageError("damage before it, and its fingerprint is not of this journal")
    return record


def _genuine(buffer: Buffer, record: Record, seed: int) -> bool:
    """Whether this journal wrote the record."""
    payload = buffer[record.payload : record.end]
    return record.fingerprint == fingerprint_of(seed, record.project, record.signal, payload)


def _follow(buffer: Buffer, end: int | None, size: int, seed: int) -> int | None:
    """`end` when a genuine record or the end of the file is there, so that the length was right."""
    if end is None or end == size:
        return end
    try:
        _read(buffer, end, size, seed, doubt=True)
    except RecordDamageError:
        return None
    return end


class _Searcher:
    """Finds the next genuine record behind damage."""

    def __init__(self, buffer: Buffer, size: int, seed: int) -> None:
        self._buffer = buffer
        self._size = size
        self._seed = seed
        self._budget = _SEARCH_BUDGET * size

    def next_after(self, position: int) -> Record | None:
        """The next genuine record whose message begins behind `position`, or None."""
        for match in _HEADER.finditer(self._buffer, position + 1):
            start = self._prefix_start(match.start(), position)
            try:
                record = read_message(self._buffer, start, match.start(), self._size)
            except RecordDamageError as damage:
                self._spend(256 + (damage.end - match.start() if damage.end else 0))
            else:
                self._spend(2 * (record.end - record.body))
                if _genuine(self._buffer, record, self._seed):
                    intact = self._prefix_says(record)
                    return record if intact else replace(record, prefix_intact=False)
            if self._budget < 0:
                return None
        return None

    def _spend(self, amount: int) -> None:
        self._budget -= amount

    def _prefix_start(self, body: int, floor: int) -> int:
        """The start of the length prefix that ends at `body`: at most five bytes back, not before `floor`."""
        start = body - 1
        while start > floor and body - start < 5 and self._buffer[start - 1] >= 0x80:
            start -= 1
        return start

    def _prefix_says(self, record: Record) -> bool:
        """Whether the bytes in front of the message are its length."""
        return bytes(self._buffer[record.start : record.body]) == varint(record.end - record.body)
