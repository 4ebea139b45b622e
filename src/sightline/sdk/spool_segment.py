"""The bytes of a spool's file: requests one behind the other, each with what it holds and a checksum.

A file begins with `MAGIC`. Each record is a state (one byte, outside the checksum, so that it can be changed
in place), a head and the body; docs/formats/sdk.md has the table.
"""

from __future__ import annotations

import os
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

from sightline.sdk.packed import Packed

MAGIC = b"SLSPOOL1"
_HEAD = struct.Struct("<BIIQQ")  # signal, items, length, first, last
_CHECK = struct.Struct("<I")
_BEFORE_BODY = 1 + _HEAD.size + _CHECK.size
_SIGNALS = ("traces", "logs", "metrics")
_WAITING, _DONE = b"\0", b"\1"
_FLAGS = os.O_RDWR | getattr(os, "O_BINARY", 0)
_LONGEST = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Stored:
    """A record in a file: where it begins and ends, and what it is."""

    begin: int
    end: int
    packed: Packed
    done: bool


def record(packed: Packed) -> bytes:
    """A request as a record that waits to be sent."""
    head = _HEAD.pack(
        _SIGNALS.index(packed.signal), packed.items, len(packed.body), packed.first, packed.last
    )
    check = zlib.crc32(packed.body, zlib.crc32(head))
    return b"".join((_WAITING, head, _CHECK.pack(check), packed.body))


def _at(fd: int, length: int, at: int) -> bytes:
    """Up to `length` bytes at an offset; fewer at the end. Raises OSError. (`pread` is not everywhere.)"""
    os.lseek(fd, at, os.SEEK_SET)
    parts = []
    while length and (part := os.read(fd, length)):
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


def read(fd: int, at: int, own: bool) -> Stored | None:
    """The record at an offset; None at the end of the file, and where it is torn. Raises OSError."""
    begin = _at(fd, _BEFORE_BODY, at)
    if len(begin) < _BEFORE_BODY:
        return None
    signal, items, length, first, last = _HEAD.unpack_from(begin, 1)
    if signal >= len(_SIGNALS) or length > _LONGEST:
        return None
    body = _at(fd, length, at + _BEFORE_BODY)
    head = begin[1 : 1 + _HEAD.size]
    if (
        len(body) < length
        or zlib.crc32(body, zlib.crc32(head)) != _CHECK.unpack_from(begin, 1 + _HEAD.size)[0]
    ):
        return None
    packed = Packed(_SIGNALS[signal], items, first, last, body, own)
    return Stored(at, at + _BEFORE_BODY + length, packed, begin[:1] != _WAITING)


class Segment:
    """One file, open. `waiting`: items by signal that have not had their end. Used by one thread."""

    def __init__(self, path: Path, fd: int, own: bool) -> None:
        self.path, self.own, self._fd = path, own, fd
        self.size, self._cursor = 0, len(MAGIC)
        self.waiting: dict[str, int] = {}
        self.torn = 0
        self._next: Stored | None = None

    @classmethod
    def create(cls, path: Path) -> Segment:
        """A new file. Raises OSError."""
        fd = os.open(path, _FLAGS | os.O_CREAT | os.O_EXCL, 0o600)
        made = cls(path, fd, True)
        try:
            made._write(MAGIC)
        except OSError:
            made.close()
            path.unlink(missing_ok=True)
            raise
        return made

    @classmethod
    def open(cls, path: Path) -> Segment:
        """A file that another process left; what is torn at its end is cut off. Raises OSError."""
        made = cls(path, os.open(path, _FLAGS), False)
        length = os.fstat(made._fd).st_size
        at = len(MAGIC)
        if _at(made._fd, at, 0) != MAGIC:
            made.torn, made.size = length, at
            return made
        while (found := read(made._fd, at, False)) is not None:
            if not found.done:
                made._count(found.packed, 1)
            at = found.end
        made.size, made.torn = at, length - at
        return made

    def append(self, packed: Packed) -> None:
        """Write a record whole or not at all. Raises OSError."""
        self._write(record(packed))
        self._count(packed, 1)

    def oldest(self) -> Packed | None:
        """The first record without its end. Raises OSError."""
        while self._next is None and self._cursor < self.size:
            found = read(self._fd, self._cursor, self.own)
            if found is None:
                raise OSError(f"{self.path.name} cannot be read at {self._cursor}")
            if found.done:
                self._cursor = found.end
            else:
                self._next = found
        return self._next.packed if self._next else None

    def done(self) -> None:
        """The oldest record has its end, also for whoever reads the file later. Raises OSError."""
        stored, self._next = self._next, None
        if stored is not None:
            self._cursor = stored.end
            self._count(stored.packed, -1)
            os.lseek(self._fd, stored.begin, os.SEEK_SET)
            os.write(self._fd, _DONE)

    @property
    def spent(self) -> bool:
        """Whether every record has its end."""
        return self._next is None and self._cursor >= self.size

    def close(self) -> None:
        """Close the file and leave it."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def remove(self) -> None:
        """Close and delete the file."""
        self.close()
        self.path.unlink(missing_ok=True)

    def _count(self, packed: Packed, sign: int) -> None:
        self.waiting[packed.signal] = self.waiting.get(packed.signal, 0) + sign * packed.items

    def _write(self, data: bytes) -> None:
        written = 0
        try:
            os.lseek(self._fd, self.size, os.SEEK_SET)
            while written < len(data):
                written += os.write(self._fd, data[written:])
        except OSError:
            os.ftruncate(self._fd, self.size)
            raise
        self.size += written
