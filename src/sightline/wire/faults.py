"""Where a protobuf message is broken: the path of the field, the byte, and what is wrong with it.

Only for bytes a parser has already refused; it walks in Python, so a budget bounds every search.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

MAX_DEPTH = 100
"""The parser's own bound on messages within messages, the request included."""
_BUDGET = 100_000  # fields looked at before a search gives up
_MESSAGE, _STRING = 11, 9  # FieldDescriptor.TYPE_…


class Broken(Exception):
    """The framing at byte `at` cannot be read."""

    def __init__(self, at: int, what: str) -> None:
        super().__init__(what)
        self.at = at


def fields(data: bytes, start: int, end: int) -> Iterator[tuple[int, int, int, int, int]]:
    """The fields of one message: (number, wire type, begin, value begin, value end). Raises Broken."""
    at = start
    while at < end:
        begin = at
        tag, at = _varint(data, at, end)
        number, kind = tag >> 3, tag & 7
        if number == 0:
            raise Broken(begin, "field number 0")
        if kind == 0:
            value, (_, at) = at, _varint(data, at, end)
        elif kind in (1, 5):
            value, at = at, at + (8 if kind == 1 else 4)
        elif kind == 2:
            size, value = _varint(data, at, end)
            at = value + size
        else:
            raise Broken(begin, f"field {number} has wire type {kind}, which OTLP never uses")
        if at > end:
            raise Broken(begin, f"field {number} needs {at - value} bytes, {end - value} are left")
        yield number, kind, begin, value, at


def locate(data: bytes, descriptor: Any, path: str = "", depth: int = 0) -> str:
    """One clause that names the first broken field of `data`, a message of type `descriptor`.

    `path` names the message itself and `depth` how many messages enclose it.
    """
    try:
        found = _search(data, 0, len(data), descriptor, path, depth, [_BUDGET])
    except _OutOfBudget:
        found = None
    return found or f"{path or descriptor.name} cannot be decoded as {descriptor.full_name}"


class _OutOfBudget(Exception):
    pass


def _varint(data: bytes, at: int, end: int) -> tuple[int, int]:
    value = shift = 0
    while at < end and shift < 70:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
    raise Broken(at, "a varint does not end")


def _search(
    data: bytes, start: int, end: int, descriptor: Any, path: str, depth: int, budget: list[int]
) -> str | None:
    if depth > MAX_DEPTH:
        return f"{path[:120]}… at byte {start} is nested deeper than {MAX_DEPTH} messages"
    known = descriptor.fields_by_number
    seen: dict[int, int] = {}
    try:
        for number, kind, _, value, stop in fields(data, start, end):
            budget[0] -= 1
            if budget[0] < 0:
                raise _OutOfBudget
            field = known.get(number)
            if field is None or kind != 2 or field.type not in (_MESSAGE, _STRING):
                continue
            index = seen[number] = seen.get(number, -1) + 1
            name = f"{path}.{field.name}" if path else str(field.name)
            if field.is_repeated:
                name += f"[{index}]"
            if field.type == _MESSAGE:
                found = _search(data, value, stop, field.message_type, name, depth + 1, budget)
                if found:
                    return found
            else:
                try:
                    data[value:stop].decode()
                except UnicodeDecodeError as error:
                    return f"{name} is not valid UTF-8 at byte {value + error.start}"
    except Broken as error:
        return f"{path or descriptor.name}, byte {error.at}: {error}"
    return None
