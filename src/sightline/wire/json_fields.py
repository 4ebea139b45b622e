"""OTLP/JSON as senders really write it, read field by field into what the messages take.

The messages here are OTLP's own with lowerCamelCase names, so that a parsed JSON object is already the
argument list of its message. `otlp_json` uses that at full speed; this is the tolerant reading beside it: two
spellings of a name, numbers as strings, enums by name, ids in base64, attributes as a plain object.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2
from opentelemetry.proto.common.v1 import common_pb2
from opentelemetry.proto.logs.v1 import logs_pb2
from opentelemetry.proto.metrics.v1 import metrics_pb2
from opentelemetry.proto.resource.v1 import resource_pb2
from opentelemetry.proto.trace.v1 import trace_pb2

MAX_DEPTH = 40
"""Deepest nesting of values in an attribute; the protobuf parser behind takes little more."""
_DOUBLE, _FLOAT, _STRING, _MESSAGE, _BYTES, _BOOL, _ENUM = 1, 2, 9, 11, 12, 8, 14
_ID_SIZES = {"traceId": 16, "spanId": 8, "parentSpanId": 8}
_ANY = "AnyValue"
_KEY_VALUE = "KeyValue"
_Kind = descriptor_pb2.FieldDescriptorProto


class Wrong(Exception):
    """A value that cannot be read; the message names its field, the value and what was expected."""


def camel(name: str) -> str:
    """`start_time_unix_nano` → `startTimeUnixNano`."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def _camel_messages() -> dict[str, Any]:
    """Message classes of OTLP by full name, with every field renamed."""
    pool = descriptor_pool.DescriptorPool()
    names = []
    for module in (
        common_pb2,
        resource_pb2,
        trace_pb2,
        logs_pb2,
        metrics_pb2,
        trace_service_pb2,
        logs_service_pb2,
        metrics_service_pb2,
    ):
        file = descriptor_pb2.FileDescriptorProto()
        module.DESCRIPTOR.CopyToProto(file)
        for message in file.message_type:
            _rename(message)
        pool.AddSerializedFile(file.SerializeToString())
        names.append(file.name)
    return dict(message_factory.GetMessageClassesForFiles(names, pool))


def _rename(message: Any) -> None:
    for each in message.field:
        each.name = camel(each.name)
        each.ClearField("json_name")
    for nested in message.nested_type:
        _rename(nested)


MESSAGES = _camel_messages()


@dataclass(slots=True)
class _Reader:
    """How one message type is read: its fields by every spelling that is accepted."""

    descriptor: Any
    by_name: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for each in self.descriptor.fields:
            snake = "".join(f"_{c.lower()}" if c.isupper() else c for c in each.name)
            self.by_name[each.name] = self.by_name[snake] = each


_readers: dict[str, _Reader] = {}


def _reader(descriptor: Any) -> _Reader:
    found = _readers.get(descriptor.full_name)
    if found is None:
        found = _readers[descriptor.full_name] = _Reader(descriptor)
    return found


def find(tree: dict[str, Any], name: str) -> Any:
    """The value of a field under either spelling of its lowerCamelCase name; None when absent."""
    if name in tree:
        return tree[name]
    return tree.get("".join(f"_{c.lower()}" if c.isupper() else c for c in name))


def read_message(tree: Any, descriptor: Any, path: str, dropped: list[str] | None = None) -> dict[str, Any]:
    """The argument list of a message. Unknown fields are ignored; raises Wrong.

    With `dropped`, an attribute that cannot be read is left out and its fault appended there.
    """
    if not isinstance(tree, dict):
        raise Wrong(f"{path} is {_shown(tree)}, expected an object")
    known = _reader(descriptor).by_name
    result: dict[str, Any] = {}
    for name, value in tree.items():
        each = known.get(name)
        if each is None or value is None:
            continue
        place = f"{path}.{each.name}"
        if not each.is_repeated:
            result[each.name] = _read_one(value, each, place)
        elif each.message_type is not None and each.message_type.name == _KEY_VALUE:
            result[each.name] = read_attributes(value, place, 0, dropped)
        elif isinstance(value, list):
            result[each.name] = [_read_one(item, each, f"{place}[{i}]") for i, item in enumerate(value)]
        else:
            raise Wrong(f"{place} is {_shown(value)}, expected a list")
    return result


def _read_one(value: Any, each: Any, path: str) -> Any:
    kind = each.type
    if kind == _MESSAGE:
        if each.message_type.name == _ANY:
            return read_any(value, path, 0)
        return read_message(value, each.message_type, path)
    if kind == _STRING:
        return _read_string(value, path)
    if kind == _BYTES:
        size = _ID_SIZES.get(each.name)
        return read_id(value, size, path) if size else _read_bytes(value, path)
    if kind == _ENUM:
        return _read_enum(value, each.enum_type, path)
    if kind in (_DOUBLE, _FLOAT):
        return _read_double(value, path)
    if kind == _BOOL:
        return _read_bool(value, path)
    return _read_int(value, path, _BOUNDS[kind])


_BOUNDS = {
    kind: bounds
    for kinds, bounds in (
        ((_Kind.TYPE_INT64, _Kind.TYPE_SINT64, _Kind.TYPE_SFIXED64), (-(2**63), 2**63 - 1)),
        ((_Kind.TYPE_INT32, _Kind.TYPE_SINT32, _Kind.TYPE_SFIXED32), (-(2**31), 2**31 - 1)),
        ((_Kind.TYPE_UINT64, _Kind.TYPE_FIXED64), (0, 2**64 - 1)),
        ((_Kind.TYPE_UINT32, _Kind.TYPE_FIXED32), (0, 2**32 - 1)),
    )
    for kind in kinds
}


def read_attributes(
    value: Any, path: str, depth: int, dropped: list[str] | None = None
) -> list[dict[str, Any]]:
    """Attributes from a list of `{key, value}` or from a plain object."""
    if isinstance(value, dict):
        pairs = [(key, {"value": item}, f"{path}[{key[:60]!r}]") for key, item in value.items()]
    elif isinstance(value, list):
        pairs = []
        for i, item in enumerate(value):
            if not isinstance(item, dict) or (item and item.keys().isdisjoint(("key", "value"))):
                raise Wrong(f"{path}[{i}] is {_shown(item)}, expected an object with key and value")
            pairs.append((item.get("key", ""), item, f"{path}[{i}].value"))
    else:
        raise Wrong(f"{path} is {_shown(value)}, expected a list of key and value, or an object")
    result = []
    for key, item, place in pairs:
        try:
            read: dict[str, Any] = {"key": _read_string(key, place)}
            if "value" in item:
                read["value"] = read_any(item["value"], place, depth)
        except Wrong as wrong:
            if dropped is None:
                raise
            dropped.append(str(wrong))
        else:
            result.append(read)
    return result


def read_any(value: Any, path: str, depth: int) -> dict[str, Any]:
    """An AnyValue from its OTLP form, or from a plain JSON value."""
    if depth > MAX_DEPTH:
        raise Wrong(f"{path[:120]}… is nested deeper than {MAX_DEPTH} values")
    if isinstance(value, dict):
        for name, item in value.items():
            kind = _ANY_KINDS.get(name)
            if kind is not None and item is not None:
                return {kind: _read_kind(kind, item, f"{path}.{kind}", depth)}
        if not value or not value.keys().isdisjoint(_ANY_KINDS):
            return {}
        return {"kvlistValue": {"values": read_attributes(value, path, depth + 1)}}
    if value is None:
        return {}
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int) and -(2**63) <= value < 2**63:
        return {"intValue": value}
    if isinstance(value, int | float):
        return {"doubleValue": float(value)}
    if isinstance(value, list):
        return {"arrayValue": {"values": [read_any(item, path, depth + 1) for item in value]}}
    return {"stringValue": _read_string(value, path)}


_ANY_KINDS = {
    spelling: name
    for name in (
        "stringValue",
        "boolValue",
        "intValue",
        "doubleValue",
        "arrayValue",
        "kvlistValue",
        "bytesValue",
    )
    for spelling in (name, name.replace("Value", "_value"))
}


def _read_kind(kind: str, item: Any, path: str, depth: int) -> Any:
    if kind == "stringValue":
        return _read_string(item, path)
    if kind == "intValue":
        return _read_int(item, path, _BOUNDS[_Kind.TYPE_INT64])
    if kind == "doubleValue":
        return _read_double(item, path)
    if kind == "boolValue":
        return _read_bool(item, path)
    if kind == "bytesValue":
        return _read_bytes(item, path)
    inner = item.get("values", item or []) if isinstance(item, dict) else item
    if kind == "kvlistValue":
        return {"values": read_attributes(inner if inner is not None else [], path, depth + 1)}
    if inner is not None and not isinstance(inner, list):
        raise Wrong(f"{path} is {_shown(item)}, expected an object with a list of values")
    return {"values": [read_any(each, f"{path}[{i}]", depth + 1) for i, each in enumerate(inner or ())]}


def read_id(value: Any, size: int, path: str) -> bytes:
    """An id of `size` bytes from hex, upper or lower case, or from padded base64; empty stays empty."""
    if isinstance(value, bytes):  # the fast way was here before it failed elsewhere
        return value
    if isinstance(value, str):
        try:
            return bytes.fromhex(value)
        except ValueError:
            pass
        try:
            decoded = base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            decoded = b""
        if len(decoded) == size:
            return decoded
    raise Wrong(f"{path} is {_shown(value)}, expected {2 * size} hexadecimal digits")


def _read_bytes(value: Any, path: str) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        try:
            return base64.b64decode(
                value + "=" * (-len(value) % 4),
                altchars=b"-_" if set("-_") & set(value) else None,
                validate=True,
            )
        except (binascii.Error, ValueError):
            pass
    raise Wrong(f"{path} is {_shown(value)}, expected base64")


def _read_string(value: Any, path: str) -> str:
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:  # half of a surrogate pair, where a sender cut a text
            return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    raise Wrong(f"{path} is {_shown(value)}, expected a string")


def _read_bool(value: Any, path: str) -> bool:
    if isinstance(value, bool):
        return value
    if value in ("true", "false", 0, 1):
        return value in ("true", 1)
    raise Wrong(f"{path} is {_shown(value)}, expected true or false")


def _read_double(value: Any, path: str) -> float:
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        try:
            return float(value)
        except (ValueError, OverflowError):
            pass
    raise Wrong(f"{path} is {_shown(value)}, expected a number, or NaN, Infinity or -Infinity as a string")


def _read_int(value: Any, path: str, bounds: tuple[int, int]) -> int:
    number: int | None = None
    if isinstance(value, dict) and value.keys() >= {"low", "high"}:
        low, high = value["low"], value["high"]
        if isinstance(low, int) and isinstance(high, int):
            number = (high << 32) + (low & 0xFFFFFFFF) if abs(high) < 2**33 else None
            if number is not None and bounds[0] == 0 and number < 0:
                number += 2**64
    elif isinstance(value, str) and len(value) <= 40:
        try:
            number = int(value)
        except ValueError:
            number = None
    elif isinstance(value, int) and not isinstance(value, bool):
        number = value
    elif isinstance(value, float) and value.is_integer():
        number = int(value)
    if number is None or not bounds[0] <= number <= bounds[1]:
        raise Wrong(f"{path} is {_shown(value)}, expected an integer from {bounds[0]} to {bounds[1]}")
    return number


def _read_enum(value: Any, enum: Any, path: str) -> int:
    if isinstance(value, str) and not value.lstrip("-").isdigit():
        name = _read_string(value, path).upper()
        prefix = enum.values[0].name.removesuffix("UNSPECIFIED").removesuffix("UNSET")
        found = enum.values_by_name.get(name) or enum.values_by_name.get(prefix + name)
        if found is None:
            raise Wrong(
                f"{path} is {_shown(value)}, expected a number or a name such as {enum.values[-1].name}"
            )
        return int(found.number)
    return _read_int(value, path, (0, 2**31 - 1))


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "…"
