"""Encoded items, put together to requests: OTLP's envelope."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from sightline.sdk.protobuf import framed

ONE, TWO, THREE = b"\x0a", b"\x12", b"\x1a"
"""Tags of fields 1, 2 and 3 that say their length."""


@dataclass(frozen=True, slots=True)
class Request:
    """The body of one export request. `items` spans or records, numbered `first` to `last`."""

    signal: str
    body: bytes
    items: int
    first: int = 0
    last: int = 0


class Head(NamedTuple):
    """What a group of items has in common: its resource or scope, and behind the items its schema's address.

    Both as fields of the group's message.
    """

    front: bytes = b""
    back: bytes = b""


class Batch:
    """Encoded items of one signal until they are sent; `bytes` is about what the request will take."""

    def __init__(self, signal: str) -> None:
        self.signal, self.bytes, self.items, self.first, self.last = signal, 0, 0, 0, 0
        self._groups: dict[Head, dict[Head, list[bytes]]] = {}

    def add(self, resource: Head, scope: Head, item: bytes, sequence: int) -> None:
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
            inner = [resource.front]
            for scope, items in scopes.items():
                inner.append(framed(TWO, b"".join((scope.front, *items, scope.back))))
            parts.append(framed(ONE, b"".join((*inner, resource.back))))
        return Request(self.signal, b"".join(parts), self.items, self.first, self.last)
