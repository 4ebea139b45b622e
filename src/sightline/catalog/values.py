"""What an attribute's value says: as text, as a number, as a list. The rules of docs/formats/catalog.md.

A value is an OTLP AnyValue as a Python value: None (nothing set), str, bool, int, float, bytes,
list (array) or dict (key-value list).
"""

from __future__ import annotations

import base64
import json
import math
import re
from decimal import Decimal
from typing import Any, TypeAlias

from sightline.catalog.vocabulary import FieldType

Value: TypeAlias = "str | bool | int | float | bytes | list[Any] | dict[str, Any] | None"
Canonical: TypeAlias = "str | bool | int | float | tuple[str, ...]"

BLANK = " \t\r\n\f\v"
INT_TEXT = re.compile(r"([0-9]{1,18})([.]0+)?", re.ASCII)
FLOAT_TEXT = re.compile(r"[+-]?[0-9]{1,40}([.][0-9]{0,40})?([eE][+-]?[0-9]{1,3})?", re.ASCII)
TRUE = frozenset({"true", "True", "1"})
FALSE = frozenset({"false", "False", "0"})
LARGEST = 9 * 10**18
"""Whole doubles count as integers below this, so that they fit in 64 bits."""


def double_text(value: float) -> str:
    """A double as text, as the engine writes it: shortest digits, `.0` when whole, `1e21` from 1e21 on."""
    if math.isnan(value):
        return "nan"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    digits = repr(value)
    if "e" not in digits:
        return digits
    mantissa, _, exponent = digits.partition("e")
    if -6 <= int(exponent) < 21:
        plain = format(Decimal(digits), "f")
        return plain if "." in plain else plain + ".0"
    return f"{mantissa.removesuffix('.0')}e{int(exponent)}"


def plain(value: Value) -> Any:
    """A value as JSON can hold it: bytes in base64, numbers that are not finite as text."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, float) and not math.isfinite(value):
        return double_text(value)
    if isinstance(value, list):
        return [plain(v) for v in value]
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    return value


def text(value: Value) -> str | None:
    """A value as text; None when it says nothing (unset, blank, empty)."""
    if value is None:
        return None
    if isinstance(value, str):
        return value if value.strip(BLANK) else None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return double_text(value)
    if isinstance(value, bytes):
        return plain(value) or None
    return _written(plain(value)) if value else None


def _written(value: Any) -> str:
    """Compact JSON; the light install has no orjson, and a report needs none of its speed."""
    try:
        import orjson
    except ModuleNotFoundError:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return orjson.dumps(value).decode()


def parse_json(source: str) -> Any:
    """JSON of a text; None when it is none. NaN, infinity and integers beyond 64 bits are no JSON."""

    def refuse(word: str) -> Any:
        raise ValueError(word)

    def whole(digits: str) -> int:
        number = int(digits)
        return number if -(2**63) <= number < 2**64 else refuse(digits)

    def broken(digits: str) -> float:
        number = float(digits)
        return number if math.isfinite(number) else refuse(digits)

    try:
        return json.loads(source, parse_constant=refuse, parse_int=whole, parse_float=broken)
    except (ValueError, RecursionError):
        return None


def number_text(value: Any) -> Any:
    """A number inside JSON or a structure as text, without `.0`; anything else as it is."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return str(value) if isinstance(value, int) else double_text(value).removesuffix(".0")


def as_type(kind: FieldType, value: Value, content: bool) -> Canonical | None:
    """A value in the type of its field; None when it does not fit. Content stays byte-exact."""
    if kind is FieldType.STR:
        said = text(value)
        return said if said is None or content else (said.strip(" ") or None)
    if kind is FieldType.LIST:
        return as_list(value)
    if kind is FieldType.INT:
        return as_int(value)
    return as_float(value) if kind is FieldType.FLOAT else as_bool(value)


def as_int(value: Value) -> int | None:
    """A count: never negative; doubles and texts only when they are whole."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if value >= 0 else None
    if isinstance(value, float):
        whole = math.isfinite(value) and 0 <= value < LARGEST and value == int(value)
        return int(value) if whole and math.copysign(1, value) > 0 else None
    if isinstance(value, str):
        found = INT_TEXT.fullmatch(value.strip(" "))
        return int(found[1]) if found else None
    return None


def as_float(value: Value) -> float | None:
    """A finite number; texts of at most 40 digits before and behind the point and a short exponent."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, str):
        trimmed = value.strip(" ")
        found = float(trimmed) if FLOAT_TEXT.fullmatch(trimmed) else math.inf
        return found if math.isfinite(found) else None
    return None


def as_bool(value: Value) -> bool | None:
    """A truth: bool, the integers 0 and 1, and their usual spellings."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return {0: False, 1: True}.get(value)
    if isinstance(value, str):
        word = value.strip(" ")
        return True if word in TRUE else False if word in FALSE else None
    return None


def as_list(value: Value) -> tuple[str, ...] | None:
    """A list of texts without the empty ones; one value is a list of one, a JSON array its elements."""
    if isinstance(value, str) and value.strip(BLANK).startswith("["):
        parsed = parse_json(value)
        value = parsed if isinstance(parsed, list) else value
    elements = list(map(number_text, value)) if isinstance(value, list) else [value]
    said = (e if isinstance(e, str) else text(e) for e in elements)
    return tuple(s.strip(" ") for s in said if s is not None and s.strip(" ")) or None
