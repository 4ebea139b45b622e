"""ClickHouse expressions over the raw bytes of an OTLP `AnyValue`, and the same reading in Python.

A raw value `y` starts with the protobuf tag of the member that was set; from it come a type code and a text:
strings as they are, integers and doubles in decimal, booleans as `true`/`false`. Nested values (arrays,
key-value lists, bytes) are decoded in Python, once for each distinct value of a segment.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from typing import Any

import orjson
from google.protobuf.message import DecodeError
from opentelemetry.proto.common.v1.common_pb2 import AnyValue

# Type codes: the protobuf tag of the member (field << 3 | wire type), 0 for a value that is not set.
STRING, BOOL, INT, DOUBLE, ARRAY, KVLIST, BYTES, UNSET = 10, 16, 24, 33, 42, 50, 58, 0
NESTED = (ARRAY, KVLIST, BYTES)
# Codes used only in a segment's facts: a blank string, a negative integer, a string with blanks at an end,
# and an empty nested value.
BLANK, NEGATIVE, PADDED, EMPTY = 1, 2, 3, 4

_TAG = "reinterpretAsUInt8(y)"
# Bytes before a string's text: the tag and a varint length of one to four bytes.
_HEADER = "if(length(y) < 130, 3, if(length(y) < 16387, 4, if(length(y) < 2097157, 5, 6)))"
_WORD = "reinterpretAsUInt64(substring(y, 2, 8))"
_LOW = " + ".join(f"bitShiftLeft(bitAnd(bitShiftRight({_WORD}, {8 * i}), 127), {7 * i})" for i in range(8))
_HIGH = (
    "bitShiftLeft(bitAnd(toUInt64(reinterpretAsUInt8(substring(y, 10, 1))), 127), 56)"
    " + bitShiftLeft(toUInt64(reinterpretAsUInt8(substring(y, 11, 1))), 63)"
)
_INT = (
    "reinterpretAsInt64(if(length(y) = 2, toUInt64(reinterpretAsUInt8(substring(y, 2, 1))),"
    f" if(length(y) < 10, ({_LOW}), ({_LOW}) + {_HIGH})))"
)
_DOUBLE = "reinterpretAsFloat64(substring(y, 2, 8))"
# toString(3.0) is '3': '.0' is appended so that the type survives; NaN and infinity only live as strings.
_SHORT = (
    f"multiIf({_TAG} = {INT}, toString({_INT}),"
    f" {_TAG} = {DOUBLE}, if(isFinite({_DOUBLE}) and not match(toString({_DOUBLE}), '[.e]'),"
    f" concat(toString({_DOUBLE}), '.0'), toString({_DOUBLE})),"
    f" {_TAG} = {BOOL}, if(y = char({BOOL}, 1), 'true', 'false'), '')"
)


def types_of(values: str) -> str:
    """Array(UInt8) of type codes for an array of raw values."""
    return f"arrayMap(y -> {_TAG}, {values})"


def texts_of(values: str) -> str:
    """Array(String) of texts for an array of raw values; nested values keep their raw bytes.

    A long string is copied once: the expensive branches only ever see short values.
    """
    short = (
        f"arrayMap(y -> {_SHORT}, arrayMap(y -> if({_TAG} in ({STRING}, {ARRAY}, {KVLIST}, {BYTES}), '',"
        f" y), {values}))"
    )
    return (
        f"arrayMap((y, m) -> multiIf({_TAG} = {STRING}, substring(y, {_HEADER}),"
        f" {_TAG} in ({ARRAY}, {KVLIST}, {BYTES}), y, m), {values}, {short})"
    )


def json_literal(nested: str) -> str:
    """The JSON literal of one raw value `y`; nested values are looked up in the Join table `nested`."""
    return (
        f"multiIf({_TAG} = {STRING}, toJSONString(substring(y, {_HEADER})),"
        f" {_TAG} in ({ARRAY}, {KVLIST}, {BYTES}), joinGet({nested}, 'js', y),"
        # Nothing set, or a member under a wire type it never has.
        f" {_TAG} not in ({INT}, {DOUBLE}, {BOOL}), 'null',"
        f" {_TAG} = {DOUBLE} and not isFinite({_DOUBLE}), toJSONString(toString({_DOUBLE})),"
        f" {_SHORT})"
    )


def plain(value: AnyValue, depth: int = 0) -> Any:
    """An AnyValue as plain Python: bytes as base64, NaN and infinity as strings, depth at most 64."""
    member = value.WhichOneof("value")
    if member is None or depth > 64:
        return None
    if member == "array_value":
        return [plain(item, depth + 1) for item in value.array_value.values]
    if member == "kvlist_value":
        return {item.key: plain(item.value, depth + 1) for item in value.kvlist_value.values}
    if member == "bytes_value":
        return base64.b64encode(value.bytes_value).decode()
    found = getattr(value, member)
    return str(found) if isinstance(found, float) and not math.isfinite(found) else found


def nested_value(raw: bytes) -> tuple[Any, str, str]:
    """A nested raw value as Python, the text a field reads, and the JSON literal kept in attributes.

    An empty value has the text '' (absent). Bytes that are no AnyValue become base64 text.
    """
    try:
        value = plain(AnyValue.FromString(raw))
        literal = orjson.dumps(value).decode()
    except (DecodeError, TypeError, ValueError, RecursionError):
        value = base64.b64encode(raw).decode()
        literal = orjson.dumps(value).decode()
    if not value:
        return None, "", literal
    return value, (value if isinstance(value, str) else literal), literal


# Expressions over one raw value `v` of which is known which type codes occur and how long it is at most.


SHORT = 130
"""Raw strings with fewer bytes have a length of one byte."""


def _header(v: str, longest: int) -> str:
    """Where the text of a string begins."""
    if longest < SHORT:
        return "3"
    return f"3 + (length({v}) >= 130) + (length({v}) >= 16387) + (length({v}) >= 2097157)"


def string_of(v: str, longest: int) -> str:
    """The text of a raw string; '' when there is none."""
    return f"substring({v}, {_header(v, longest)})"


def integer_of(v: str, longest: int) -> str:
    """Int64 of a raw integer, 0 when there is none. Most are short, and a short varint has few groups."""
    if longest <= 8:
        return integer_in(f"reinterpretAsUInt64({v})", longest)
    word = f"reinterpretAsUInt64(substring({v}, 2, 8))"
    low = " + ".join(f"bitShiftRight(bitAnd({word}, {0x7F << 8 * i}), {i})" for i in range(8))
    if longest <= 9:
        return f"toInt64({low})"
    high = (
        f"bitShiftLeft(bitAnd(toUInt64(reinterpretAsUInt8(substring({v}, 10, 1))), 127), 56)"
        f" + bitShiftLeft(toUInt64(reinterpretAsUInt8(substring({v}, 11, 1))), 63)"
    )
    return f"reinterpretAsInt64({low} + {high})"


def integer_in(word: str, longest: int) -> str:
    """Int64 of a raw integer of at most 8 bytes, which are `word` as UInt64."""
    groups = (f"bitShiftRight(bitAnd({word}, {0x7F << 8 * i}), {7 + i})" for i in range(1, longest))
    return f"toInt64({' + '.join(groups) or '0'})"


def double_of(v: str) -> str:
    """Float64 of a raw double, 0 when there is none."""
    return f"reinterpretAsFloat64(substring({v}, 2, 8))"


def _double_text(v: str) -> str:
    text = f"toString({double_of(v)})"
    return f"if(isFinite({double_of(v)}) and not match({text}, '[.e]'), concat({text}, '.0'), {text})"


def _chosen(v: str, types: frozenset[int], nested: str, texts: Mapping[int, str], absent: str) -> str:
    """The text for the type code of a raw value, of those that occur."""
    tag = f"reinterpretAsUInt8({v})"
    arms = [
        f"{tag} = {code}, {text}"
        for code, text in texts.items()
        if code in types
        or (code == STRING and types & {BLANK, PADDED})
        or (code == INT and NEGATIVE in types)
    ]
    if types & {*NESTED, EMPTY}:
        arms.append(f"{tag} IN {NESTED}, {nested}")
    return f"multiIf({', '.join(arms)}, {absent})" if arms else absent


def text_of(v: str, types: frozenset[int], longest: int, nested: str) -> str:
    """The text of a raw value, as `texts_of` reads it, nested values by the Join table `nested`."""
    if types <= {STRING, BLANK, PADDED}:
        return string_of(v, longest)
    texts = {
        STRING: string_of(v, longest),
        INT: f"toString({integer_of(v, longest)})",
        DOUBLE: _double_text(v),
        BOOL: f"if({v} = char({BOOL}, 1), 'true', 'false')",
    }
    return _chosen(v, types, f"joinGet({nested}, 'txt', {v})", texts, "''")


def literal_of(v: str, types: frozenset[int], longest: int, nested: str) -> str:
    """The JSON literal of a raw value, nested values by the Join table `nested`."""
    if types <= {STRING, BLANK, PADDED}:
        return f"toJSONString({string_of(v, longest)})"
    texts = {
        STRING: f"toJSONString({string_of(v, longest)})",
        INT: f"toString({integer_of(v, longest)})",
        DOUBLE: f"if(isFinite({double_of(v)}), {_double_text(v)}, toJSONString(toString({double_of(v)})))",
        BOOL: f"if({v} = char({BOOL}, 1), 'true', 'false')",
    }
    return _chosen(v, types, f"joinGet({nested}, 'js', {v})", texts, "'null'")
