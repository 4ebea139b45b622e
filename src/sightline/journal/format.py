"""The bytes of one record: how it is written, read and checked (docs/formats/journal.md).

A record is `varint(length) message`; the message is the header fields 1 to 6 in that order, then the payload
field (16, 17 or 18 by signal) with the sender's bytes untouched. Pure functions over buffers.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, replace

import xxhash

from sightline.records.ingest import Signal, Submission

Buffer = bytes | memoryview
"""What the reader takes: bytes, or a memoryview of a mapped file."""

FINGERPRINT_BYTES = 16
MAX_TEXT = 127
"""Longest project or source in bytes, so that its length is one byte."""
MAX_PAYLOAD = 2**31 - 1024
"""Protobuf's own limit for one message, less room for the header."""

_PAYLOAD_TAGS = {Signal.TRACES: b"\x82\x01", Signal.LOGS: b"\x8a\x01", Signal.METRICS: b"\x92\x01"}
_SIGNALS = {tag: signal for signal, tag in _PAYLOAD_TAGS.items()}
_FIXED64 = struct.Struct("<Q")
_FIXED32 = struct.Struct("<I")


class RecordDamageError(ValueError):
    """The bytes here are no intact record. `end`: where it would end, or None when that is unknown."""

    def __init__(self, reason: str, end: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.end = end


@dataclass(frozen=True, slots=True)
class Record:
    """One intact record and where it lies in its buffer: `[start, end)` with its length prefix.

    `body` is where the message begins and `payload` where the sender's bytes begin; they end at `end`.
    `prefix_intact` is False when the length prefix was damaged while the message itself is whole.
    """

    project: str
    received_at: int
    source: str
    fingerprint: bytes
    items: int
    signal: Signal
    start: int
    body: int
    payload: int
    end: int
    prefix_intact: bool = True


def varint(value: int) -> bytes:
    """`value` (not negative) as a protobuf varint."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def read_varint(buffer: Buffer, position: int, end: int) -> tuple[int, int]:
    """The varint at `position` and the position behind it. Raises RecordDamageError when there is none."""
    value = shift = 0
    while position < end and shift < 35:
        byte = buffer[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
    raise RecordDamageError("the file ends inside a length" if position >= end else "a length is no varint")


def check_writable(submission: Submission) -> None:
    """Raise ValueError for a submission the format cannot hold. Runs on the event loop: keep it cheap."""
    if not 0 < len(submission.project.encode()) <= MAX_TEXT:
        raise ValueError(f"project {submission.project[:200]!r}: expected 1 to {MAX_TEXT} bytes of UTF-8")
    if not 0 < len(submission.source.encode()) <= MAX_TEXT:
        raise ValueError(f"source {submission.source[:200]!r}: expected 1 to {MAX_TEXT} bytes of UTF-8")
    if not 0 <= submission.items < 2**32:
        raise ValueError(f"items {submission.items}: expected 0 to 2**32-1")
    if not 0 <= submission.received_at < 2**63:
        raise ValueError(f"received_at {submission.received_at}: expected nanoseconds since 1970")
    if len(submission.payload) > MAX_PAYLOAD:
        raise ValueError(f"payload of {len(submission.payload)} bytes: expected at most {MAX_PAYLOAD}")


def encode_header(submission: Submission, fingerprint: bytes) -> bytes:
    """Everything of the record that stands before the payload's own bytes, length prefix included."""
    payload = submission.payload
    project, source = submission.project.encode(), submission.source.encode()
    head = b"".join(
        (
            b"\x0a",
            varint(len(project)),
            project,
            b"\x11",
            _FIXED64.pack(submission.received_at),
            b"\x1a",
            varint(len(source)),
            source,
            b"\x22\x10",
            fingerprint,
            b"\x28",
            varint(submission.items),
        )
    )
    tail = _PAYLOAD_TAGS[submission.signal] + varint(len(payload))
    crc = zlib.crc32(payload, zlib.crc32(tail, zlib.crc32(head)))
    length = len(head) + 5 + len(tail) + len(payload)
    return b"".join((varint(length), head, b"\x35", _FIXED32.pack(crc), tail))


def read_record(buffer: Buffer, start: int, size: int) -> Record:
    """The record at `start` of a buffer of `size` bytes, its checksum verified.

    Raises RecordDamageError with the reason; its `end` is set when the length prefix can still be followed.
    """
    length, body = read_varint(buffer, start, size)
    claimed = body + length
    end_if_known = claimed if claimed <= size else None
    try:
        record = read_message(buffer, start, body, size)
    except RecordDamageError as damage:
        reason = damage.reason
        if claimed > size:
            reason = f"the record claims {length} bytes, the file has {size - body}"
        raise RecordDamageError(reason, end_if_known) from None
    if record.end != claimed:
        return replace(record, prefix_intact=False)
    return record


def read_message(buffer: Buffer, start: int, body: int, size: int) -> Record:
    """The message at `body`, whose end is taken from the message itself. Raises RecordDamageError."""
    project, at = _text(buffer, body, size, 0x0A, "project")
    if at + 9 > size or buffer[at] != 0x11:
        raise RecordDamageError("field received_at is missing")
    (received_at,) = _FIXED64.unpack_from(buffer, at + 1)
    source, at = _text(buffer, at + 9, size, 0x1A, "source")
    if at + 2 + FINGERPRINT_BYTES > size or buffer[at] != 0x22 or buffer[at + 1] != FINGERPRINT_BYTES:
        raise RecordDamageError("field fingerprint is missing")
    fingerprint = bytes(buffer[at + 2 : at + 2 + FINGERPRINT_BYTES])
    at += 2 + FINGERPRINT_BYTES
    if at >= size or buffer[at] != 0x28:
        raise RecordDamageError("field items is missing")
    items, at = read_varint(buffer, at + 1, size)
    if at + 7 > size or buffer[at] != 0x35:
        raise RecordDamageError("field crc is missing")
    (expected,) = _FIXED32.unpack_from(buffer, at + 1)
    signal = _SIGNALS.get(bytes(buffer[at + 5 : at + 7]))
    if signal is None:
        raise RecordDamageError("the payload field is missing")
    length, payload = read_varint(buffer, at + 7, size)
    end = payload + length
    if end > size:
        raise RecordDamageError(f"the payload claims {length} bytes, the file has {size - payload}")
    crc = zlib.crc32(buffer[at + 5 : end], zlib.crc32(buffer[body:at]))
    if crc != expected:
        raise RecordDamageError(f"checksum {crc:08x}, expected {expected:08x}", end)
    return Record(project, received_at, source, fingerprint, items, signal, start, body, payload, end)


def fingerprint_of(seed: int, project: str, signal: Signal, payload: Buffer) -> bytes:
    """16 bytes that stand for (project, signal, payload): equal exactly for a byte-for-byte retry.

    xxh3 runs at memory speed (a cryptographic hash would cost a fifth of a core at full load); the secret
    64-bit seed of each journal keeps a sender from preparing two payloads with one fingerprint.
    """
    digest = xxhash.xxh3_128(seed=seed)
    digest.update(f"{signal} {len(project)} {project} ".encode())
    digest.update(payload)
    return digest.digest()


def _text(buffer: Buffer, at: int, size: int, tag: int, name: str) -> tuple[str, int]:
    if at + 2 > size or buffer[at] != tag:
        raise RecordDamageError(f"field {name} is missing")
    end = at + 2 + buffer[at + 1]
    if not 0 < buffer[at + 1] <= MAX_TEXT or end > size:
        raise RecordDamageError(f"field {name} has no plausible length")
    try:
        return str(buffer[at + 2 : end], "utf-8"), end
    except UnicodeDecodeError:
        raise RecordDamageError(f"field {name} is no UTF-8") from None
