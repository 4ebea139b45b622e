"""Protobuf's wire format, written and read without protobuf's library.

A program has one version of that library, and everything in it must agree on which: so this SDK brings none.
OTLP needs four of its kinds of field (varints, eight and four bytes, and what says its length), in the order
of their numbers, as the official serializer writes them. https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

from collections.abc import Iterator

VARINT, FIXED64, DELIMITED, FIXED32 = 0, 1, 2, 5
ONE_BYTE = tuple(bytes((number,)) for number in range(128))
"""The varints that are one byte, for those who have no time to call `varint`."""
_UINT64 = (1 << 64) - 1
_FIXED = {FIXED64: 8, FIXED32: 4}


class WireError(Exception):
    """Bytes that are no protobuf message; the message says where."""


def varint(number: int) -> bytes:
    """A whole number from 0 to 2^64 - 1 in seven bits a byte, the lowest first. Raises ValueError.

    >>> varint(300).hex()
    'ac02'
    """
    if 0 <= number < 128:
        return ONE_BYTE[number]
    if 0 <= number < 16384:
        return bytes((number & 0x7F | 0x80, number >> 7))
    if not 0 <= number <= _UINT64:
        raise ValueError(f"{number}: expected a whole number from 0 to 2^64 - 1")
    made = bytearray()
    while number > 0x7F:
        made.append(number & 0x7F | 0x80)
        number >>= 7
    made.append(number)
    return bytes(made)


def signed(number: int) -> bytes:
    """An `int64` or an enum: two's complement, so that a negative number takes ten bytes."""
    return varint(number & _UINT64)


def zigzag(number: int) -> bytes:
    """A `sint32` or `sint64`: small in bytes when it is small on either side of 0.

    >>> [zigzag(number).hex() for number in (0, -1, 1, -64)]
    ['00', '01', '02', '7f']
    """
    return varint(number << 1 if number >= 0 else (-number << 1) - 1)


def tag(number: int, kind: int) -> bytes:
    """What stands before a field's value: its number and its kind."""
    return varint(number << 3 | kind)


def framed(before: bytes, body: bytes) -> bytes:
    """A field that says its length: its tag, the length, the bytes."""
    size = len(body)
    return before + (ONE_BYTE[size] if size < 128 else varint(size)) + body


def present(before: bytes, body: bytes) -> bytes:
    """The same, left out when it is empty: protobuf leaves out what has its default."""
    return framed(before, body) if body else b""


def numbered(before: bytes, number: int) -> bytes:
    """A field with a whole number, left out when that is 0. Raises ValueError."""
    return before + varint(number) if number else b""


def utf8(text: str) -> bytes:
    """A text's bytes; half of a surrogate pair, which has none, becomes `?`."""
    try:
        return str.encode(text)
    except UnicodeEncodeError:
        return str.encode(text, "utf-8", "replace")


# -- reading -----------------------------------------------------------------------------------------------


def fields(data: bytes) -> Iterator[tuple[int, int, int | bytes]]:
    """The fields of a message as they stand: number, kind, and a varint's number or the bytes.

    Raises WireError where they are no message.

    >>> list(fields(bytes.fromhex("0a01780801")))
    [(1, 2, b'x'), (1, 0, 1)]
    """
    at, end = 0, len(data)
    while at < end:
        key, at = (data[at], at + 1) if data[at] < 0x80 else read_varint(data, at)
        kind = key & 7
        if kind == VARINT:
            number, at = read_varint(data, at)
            yield key >> 3, kind, number
            continue
        if kind == DELIMITED:
            size, at = read_varint(data, at)
        elif kind in _FIXED:
            size = _FIXED[kind]
        else:
            raise WireError(f"byte {at}: expected a field, not one of kind {kind}")
        begin, at = at, at + size
        if at > end:
            raise WireError(f"byte {begin}: expected {size} bytes more, there are {end - begin}")
        yield key >> 3, kind, data[begin:at]


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    """The number that begins at an offset, and where the next thing begins. Raises WireError."""
    try:
        if (byte := data[at]) < 0x80:
            return byte, at + 1
        number = shift = 0
        while (byte := data[at]) > 0x7F:
            number |= (byte & 0x7F) << shift
            shift += 7
            at += 1
            if shift > 63:
                raise WireError(f"byte {at}: expected a number of at most ten bytes")
    except IndexError:
        raise WireError(f"byte {at}: expected a number, the message ends") from None
    return (number | byte << shift) & _UINT64, at + 1


def as_signed(number: int) -> int:
    """A varint's number as an `int64`."""
    return number - (1 << 64) if number >> 63 else number


def as_zigzag(number: int) -> int:
    """A varint's number as a `sint64`."""
    return number >> 1 ^ -(number & 1)
