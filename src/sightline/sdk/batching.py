"""Encoded items, put together to requests: OTLP's envelope, byte by byte, without protobuf's library."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Request:
    """The body of one export request. `items` spans or records, numbered `first` to `last`."""

    signal: str
    body: bytes
    items: int
    first: int = 0
    last: int = 0


def framed(tag: int, body: bytes) -> bytes:
    """A length-delimited field: its tag, its length as a varint, its bytes."""
    size, length = bytearray(), len(body)
    while length > 0x7F:
        size.append(length & 0x7F | 0x80)
        length >>= 7
    size.append(length)
    return b"%c%b%b" % (tag, bytes(size), body)


ONE, TWO, THREE = 0x0A, 0x12, 0x1A  # fields 1, 2 and 3, length-delimited


class Batch:
    """Encoded items of one signal until they are sent; `bytes` is about what the request will take."""

    def __init__(self, signal: str) -> None:
        self.signal, self.bytes, self.items, self.first, self.last = signal, 0, 0, 0, 0
        self._groups: dict[bytes, dict[bytes, list[bytes]]] = {}

    def add(self, resource: bytes, scope: bytes, item: bytes, sequence: int) -> None:
        """Put an item with its number in."""
        self._groups.setdefault(resource, {}).setdefault(scope, []).append(framed(TWO, item))
        self.bytes += len(item) + 8
        self.items += 1
        self.first = self.first or sequence
        self.last = sequence

    def request(self) -> Request:
        """The whole as the body of an OTLP export request (traces and logs have the same shape)."""
        parts = []
        for resource, scopes in self._groups.items():
            inner = [resource]
            for scope, items in scopes.items():
                inner.append(framed(TWO, b"".join((scope, *items))))
            parts.append(framed(ONE, b"".join(inner)))
        return Request(self.signal, b"".join(parts), self.items, self.first, self.last)
