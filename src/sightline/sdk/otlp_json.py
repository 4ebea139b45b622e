"""OTLP messages as OTLP/JSON: like protobuf's JSON, but with ids in hex."""

from __future__ import annotations

import base64
import json
import math
import struct
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sightline.sdk.otlp_shapes import SHAPES, Field, Kind
from sightline.sdk.protobuf import (
    DELIMITED,
    FIXED32,
    FIXED64,
    VARINT,
    WireError,
    as_signed,
    as_zigzag,
    fields,
    read_varint,
)

_REQUESTS = {
    "traces": "resourceSpansRequest",
    "logs": "resourceLogsRequest",
    "metrics": "resourceMetricsRequest",
}


def json_line(signal: str, body: bytes) -> bytes:
    """An export request in protobuf as one line of JSON, with its line end. Raises WireError."""
    shaped = _message(body, _WAYS[_REQUESTS[signal]])
    return json.dumps(shaped, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"


def _message(data: bytes, ways: _Ways) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for number, kind, value in fields(data):
        way = ways.get(number)
        if way is None:  # of a later OTLP; the SDK writes none
            continue
        name, many, wire, read, packed = way
        if kind == wire:
            if not many:
                found[name] = read(value)
            elif name in found:
                found[name].append(read(value))
            else:
                found[name] = [read(value)]
        elif packed is not None and isinstance(value, bytes) and kind == DELIMITED:
            found.setdefault(name, []).extend(map(read, _packed(value, packed)))
        else:
            raise WireError(f"{name}: expected a field of kind {wire}, not {kind}")
    return found


def _packed(data: bytes, field: Field) -> Iterator[int | bytes]:
    """The numbers of a packed field."""
    at = 0
    if field.kind in (Kind.FIXED, Kind.DOUBLE):
        if len(data) % 8:
            raise WireError(f"{field.name}: expected numbers of eight bytes, not {len(data)} bytes")
        yield from (data[at : at + 8] for at in range(0, len(data), 8))
        return
    while at < len(data):
        number, at = read_varint(data, at)
        yield number


def _number(value: Any) -> float | str:
    number: float = struct.unpack("<d", value)[0]
    if math.isfinite(number):
        return number
    return "NaN" if math.isnan(number) else ("Infinity" if number > 0 else "-Infinity")


_READERS: Mapping[Kind, Callable[[Any], Any]] = {
    Kind.TEXT: lambda value: value.decode("utf-8", "replace"),
    Kind.BOOL: bool,
    Kind.NUMBER: int,
    Kind.LONG: lambda value: str(as_signed(value)),
    Kind.ZIGZAG: as_zigzag,
    Kind.FIXED: lambda value: str(int.from_bytes(value, "little")),
    Kind.SIGNED_FIXED: lambda value: str(int.from_bytes(value, "little", signed=True)),
    Kind.SHORT_FIXED: lambda value: int.from_bytes(value, "little"),
    Kind.DOUBLE: _number,
    Kind.BYTES: lambda value: base64.b64encode(value).decode(),
    Kind.ID: bytes.hex,
}


_WIRE: Mapping[Kind, int] = {
    Kind.BOOL: VARINT, Kind.NUMBER: VARINT, Kind.LONG: VARINT, Kind.ZIGZAG: VARINT,
    Kind.FIXED: FIXED64, Kind.SIGNED_FIXED: FIXED64, Kind.DOUBLE: FIXED64, Kind.SHORT_FIXED: FIXED32,
}  # fmt: skip
# How a field is read: its name, whether it is repeated, its kind on the wire, its reader, and the field
# itself where it may be packed.
_Way = tuple[str, bool, int, Callable[[Any], Any], Field | None]
_Ways = dict[int, _Way]
_WAYS: dict[str, _Ways] = {shape: {} for shape in SHAPES}


def _way(field: Field) -> _Way:
    if field.kind is not Kind.MESSAGE:
        wire = _WIRE.get(field.kind, DELIMITED)
        return field.name, field.many, wire, _READERS[field.kind], field if field.many else None
    ways = _WAYS[field.shape]
    return field.name, field.many, DELIMITED, lambda value: _message(value, ways), None


for _shape, _known in SHAPES.items():
    _WAYS[_shape].update({number: _way(field) for number, field in _known.items()})
