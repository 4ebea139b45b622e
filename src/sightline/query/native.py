"""ClickHouse's Native format, from the revision 0 that the engine writes to the one that Go's driver reads.

Go's driver, and so Grafana, asks for a revision (`client_protocol_version`) and reads nothing else: since
54454 each block begins with its info, and each column has one byte that says whether its serialization is
special (never, here). Where a column ends follows from its type alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache

SINCE = 54454
"""Readers of an older revision are given revision 0: those that exist look which one came."""
# Two fields and the end of them: no overflow rows, no number of a bucket.
_INFO = b"\x01\x00\x02\xff\xff\xff\xff\x00"
_PLAIN = b"\x00"
_WIDTHS = {
    "Bool": 1, "Int8": 1, "UInt8": 1, "Enum8": 1, "Nothing": 1, "Int16": 2, "UInt16": 2, "Enum16": 2,
    "Date": 2, "BFloat16": 2,
    "Int32": 4, "UInt32": 4, "Float32": 4, "Date32": 4, "DateTime": 4, "Time": 4, "IPv4": 4,
    "Decimal32": 4, "Int64": 8, "UInt64": 8, "Float64": 8, "DateTime64": 8, "Time64": 8, "Decimal64": 8,
    "Int128": 16, "UInt128": 16, "UUID": 16, "IPv6": 16, "Decimal128": 16, "Int256": 32, "UInt256": 32,
    "Decimal256": 32,
}  # fmt: skip
_NAMED = re.compile(r"\A(?:`(?:[^`\\]|\\.)*`|[A-Za-z_]\w*) (?=[A-Z])", re.DOTALL)


_Kind = tuple[str, tuple[str, ...]]
_NESTED = frozenset({"Array", "Map", "Nested", "Tuple", "Nullable", "SimpleAggregateFunction"})


class UnknownColumn(ValueError):
    """A type whose end cannot be told; the message is the type."""


class _Short(Exception):
    """The block goes on in a piece that has not come yet."""


def at_revision(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Blocks of revision 0, cut anywhere, as blocks of revision `SINCE`. Raises UnknownColumn."""
    held = b""
    for piece in pieces:
        held += piece
        while held:
            try:
                block, end = _block(held)
            except (_Short, IndexError):
                break
            yield block
            held = held[end:]
    if held:
        raise ValueError(f"the answer ended within a block, {len(held)} bytes of it were there")


def _block(data: bytes) -> tuple[bytes, int]:
    """The first block, written anew, and where it ends."""
    columns, at = _varint(data, 0)
    rows, at = _varint(data, at)
    parts = [_INFO, data[:at]]
    for _ in range(columns):
        start = at
        at = _skip_text(data, at)
        named = at
        at = _skip_text(data, at)
        size, first = _varint(data, named)
        parts += [data[start:at], _PLAIN]
        kind = _parsed(data[first : first + size].decode())
        end = _end(kind, rows, data, at + _prefix(kind)) if rows else at
        if end > len(data):
            raise _Short
        parts.append(data[at:end])
        at = end
    return b"".join(parts), at


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7


def _skip_text(data: bytes, at: int) -> int:
    size, at = _varint(data, at)
    if at + size > len(data):
        raise _Short
    return at + size


def _prefix(kind: _Kind) -> int:
    """How many bytes a column has before its first value: eight for each dictionary in its type."""
    name, inner = kind
    if name == "LowCardinality":
        return 8
    if name in _NESTED:
        return sum(_prefix(_parsed(_NAMED.sub("", element, count=1))) for element in inner)
    return 0


def _dictionary(kind: _Kind, data: bytes, at: int) -> int:
    """Where the values of a column with a dictionary end: its keys, then their numbers."""
    if at + 16 > len(data):
        raise _Short
    width = 1 << data[at]
    keys, at = int.from_bytes(data[at + 8 : at + 16], "little"), at + 16
    name, inner = _parsed(kind[1][0])
    at = _end(_parsed(inner[0]) if name == "Nullable" else (name, inner), keys, data, at)
    if at + 8 > len(data):
        raise _Short
    return at + 8 + int.from_bytes(data[at : at + 8], "little") * width


def _end(kind: _Kind, rows: int, data: bytes, at: int) -> int:
    """Where `rows` values of a type end that begin at `at`."""
    name, inner = kind
    if name == "String":
        for _ in range(rows):
            size = data[at]
            if size < 128:
                at += 1 + size
            else:
                size, at = _varint(data, at)
                at += size
        return at
    if name in _WIDTHS:
        return at + rows * _WIDTHS[name]
    if name == "FixedString":
        return at + rows * int(inner[0])
    if name.startswith("Interval"):
        return at + rows * 8
    if name == "Decimal":
        digits = int(inner[0])
        return at + rows * (4 if digits <= 9 else 8 if digits <= 18 else 16 if digits <= 38 else 32)
    if name == "Nullable":
        return _end(_parsed(inner[0]), rows, data, at + rows)
    if name in {"Array", "Map", "Nested"}:
        at += rows * 8
        if at > len(data):
            raise _Short
        length = int.from_bytes(data[at - 8 : at], "little") if rows else 0
        elements = inner if name == "Map" else (inner[0],) if name == "Array" else inner
        for element in elements:
            at = _end(
                _parsed(_NAMED.sub("", element, count=1) if name == "Nested" else element), length, data, at
            )
        return at
    if name == "Tuple":
        for element in inner:
            at = _end(_parsed(_NAMED.sub("", element, count=1)), rows, data, at)
        return at
    if name == "LowCardinality":
        return _dictionary(kind, data, at) if rows else at
    if name == "SimpleAggregateFunction":
        return _end(_parsed(inner[-1]), rows, data, at)
    raise UnknownColumn(name)


@cache
def _parsed(text: str) -> _Kind:
    """A type as its name and its arguments: `Map(String, Array(UInt8))`."""
    name, opened, rest = text.partition("(")
    if not opened:
        return text, ()
    depth, start, arguments, quote = 0, 0, [], ""
    rest = rest[:-1]
    for at, sign in enumerate(rest):
        if quote:
            # A quote after a backslash does not end a name or a text.
            quote = "" if sign == quote and rest[at - 1] != "\\" else quote
        elif sign in "'`":
            quote = sign
        elif sign in "()":
            depth += 1 if sign == "(" else -1
        elif sign == "," and not depth:
            arguments.append(rest[start:at].strip())
            start = at + 1
    return name, (*arguments, rest[start:].strip())
