"""A request that is too large for the server, or for a proxy before it, as two smaller ones."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

from sightline.sdk.batching import ONE, TWO
from sightline.sdk.names import SEQUENCE
from sightline.sdk.packed import Packed, compressed
from sightline.sdk.protobuf import DELIMITED, WireError, as_signed, fields, framed, tag

_ATTRIBUTES = {"traces": 9, "logs": 6}  # their field in an item
_SEQUENCE = SEQUENCE.encode()


def halves(packed: Packed) -> tuple[Packed, Packed] | None:
    """The first and the second half of a request's items, each with its resource and scope.

    None where there is nothing to halve. Raises what gzip raises, or WireError, for bytes that are not ours.
    """
    if packed.items < 2 or packed.signal not in _ATTRIBUTES:
        return None
    whole = gzip.decompress(packed.body)
    half = packed.items // 2
    return _part(packed, whole, 0, half), _part(packed, whole, half, packed.items)


def _part(packed: Packed, whole: bytes, begin: int, end: int) -> Packed:
    made: list[bytes] = []
    at, numbers = 0, list[int]()
    for _, group in _messages(whole):
        front, scopes, back = _opened(group)
        kept: list[bytes] = []
        for scope in scopes:
            before, items, behind = _opened(scope)
            taken = items[max(0, begin - at) : max(0, end - at)]
            at += len(items)
            if taken:
                numbers += [n for item in taken for n in _sequence(item, _ATTRIBUTES[packed.signal])]
                kept.append(framed(TWO, b"".join((before, *(framed(TWO, item) for item in taken), behind))))
        if kept:
            made.append(framed(ONE, b"".join((front, *kept, back))))
    first, last = min(numbers, default=0), max(numbers, default=0)
    return Packed(packed.signal, end - begin, first, last, compressed(b"".join(made)), packed.own)


def _opened(group: bytes) -> tuple[bytes, list[bytes], bytes]:
    """What a group holds (its fields 2), and what stands before and behind it."""
    front, held, back = b"", list[bytes](), b""
    for field, part in _messages(group):
        if field == 2:
            held.append(part)
        elif field < 2:
            front += framed(tag(field, DELIMITED), part)
        else:
            back += framed(tag(field, DELIMITED), part)
    return front, held, back


def _messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    for field, kind, value in fields(data):
        if not isinstance(value, bytes) or kind != DELIMITED:
            raise WireError(f"field {field}: expected a message, not kind {kind}")
        yield field, value


def _sequence(item: bytes, attributes: int) -> Iterator[int]:
    """The number of an item, where it has one."""
    for field, _, attribute in fields(item):
        if field == attributes and isinstance(attribute, bytes) and _SEQUENCE in attribute:
            said = {inner: value for inner, _, value in fields(attribute)}
            value = said.get(2)
            if said.get(1) == _SEQUENCE and isinstance(value, bytes):
                yield from (
                    as_signed(number)
                    for inner, _, number in fields(value)
                    if inner == 3 and isinstance(number, int)
                )
