"""The engine's answer as JSON-safe values, exactly.

64-bit integers stay integers, NaN and infinities become null, times are ISO 8601 in UTC, decimals and
integers beyond 64 bits are text, bytes that are no UTF-8 are lower-case hex.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

FORMAT = "JSONCompactEachRowWithNamesAndTypes"
# How the engine writes values; part of every query's settings.
FORMAT_SETTINGS: Mapping[str, str | int] = {
    "output_format_json_quote_64bit_integers": 0,
    "output_format_json_quote_denormals": 0,
    "output_format_json_quote_decimals": 1,
    "output_format_json_named_tuples_as_objects": 1,
    "output_format_json_escape_forward_slashes": 0,
    "date_time_output_format": "iso",
    "session_timezone": "UTC",
}
_WIDE = re.compile(r"U?Int(?:128|256)")


@dataclass(frozen=True, slots=True)
class SqlAnswer:
    """`columns` and `types` by position (names are unique), `rows` as lists. `truncated`: there were more."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: list[list[Any]]
    truncated: bool
    elapsed_ms: float

    def dicts(self) -> list[dict[str, Any]]:
        """The rows by column name."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


def read_answer(raw: bytes, limit: int, elapsed_ms: float) -> SqlAnswer:
    """Read an answer in `FORMAT`, at most `limit` rows of it."""
    lines = raw.split(b"\n")
    if lines and not lines[-1]:
        lines.pop()
    if len(lines) < 2:
        return SqlAnswer((), (), [], False, elapsed_ms)
    columns = _unique([str(name) for name in _line(lines[0])])
    types = tuple(str(name) for name in _line(lines[1]))
    body = lines[2 : 2 + limit]
    wide = any(_WIDE.search(name) for name in types)
    try:
        if wide:
            raise ValueError
        rows: list[list[Any]] = orjson.loads(b"[" + b",".join(body) + b"]")
    except ValueError:
        rows = [_line(line) for line in body]
    return SqlAnswer(columns, types, rows, len(lines) - 2 > limit, elapsed_ms)


def _line(line: bytes) -> list[Any]:
    """One row read slowly: keeps every digit, and turns what is no UTF-8 into hex."""
    values: list[Any] = json.loads(line.decode("utf-8", "surrogateescape"), parse_int=_integer)
    return [_safe(value) for value in values]


def _integer(digits: str) -> int | str:
    value = int(digits)
    return value if -(2**63) <= value < 2**64 else digits


def _safe(value: Any) -> Any:
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            return value.encode("utf-8", "surrogateescape").hex()
        return value
    if isinstance(value, list):
        return [_safe(item) for item in value]
    if isinstance(value, dict):
        return {_safe(key): _safe(item) for key, item in value.items()}
    return value


def _unique(names: list[str]) -> tuple[str, ...]:
    """Columns of the same name get `_2`, `_3`, so that a row can be an object without losing any."""
    seen: set[str] = set()
    found: list[str] = []
    for name in names:
        fresh, count = name, 1
        while fresh in seen:
            count += 1
            fresh = f"{name}_{count}"
        seen.add(fresh)
        found.append(fresh)
    return tuple(found)
