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

FORMAT = "JSONEachRow"
"""Of the rows: comes piece by piece."""
HEAD_FORMAT = "JSONCompactEachRowWithNamesAndTypes"
"""Of the same query without rows: names and types."""
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


def read_answer(head: bytes, rows: bytes, limit: int, elapsed_ms: float) -> SqlAnswer:
    """Read an answer: names and types in `HEAD_FORMAT`, and at most `limit` of its rows in `FORMAT`."""
    names, types = (list(map(str, _read(line))) for line in head.splitlines()[:2])
    columns = _unique(names)
    lines = rows.split(b"\n")
    if lines and not lines[-1]:
        lines.pop()
    body = lines[:limit]
    try:
        if any(_WIDE.search(name) for name in types) or columns != tuple(names):
            raise ValueError
        # An object keeps the order of its columns, as long as no two have one name.
        found: list[list[Any]] = [list(row.values()) for row in orjson.loads(b"[" + b",".join(body) + b"]")]
    except ValueError:
        found = [_line(line) for line in body]
    return SqlAnswer(columns, tuple(types), found, len(lines) > limit, elapsed_ms)


class _Pairs(list[tuple[str, Any]]):
    """An object with all of its members, also those of one name."""


def _line(line: bytes) -> list[Any]:
    """The values of one row, read slowly: keeps every digit, and turns what is no UTF-8 into hex."""
    return [_safe(value) for _, value in _read(line)]


def _read(line: bytes) -> Any:
    text = line.decode("utf-8", "surrogateescape")
    return json.loads(text, parse_int=_integer, object_pairs_hook=_Pairs)


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
    if isinstance(value, _Pairs):
        return {_safe(key): _safe(item) for key, item in value}
    if isinstance(value, list):
        return [_safe(item) for item in value]
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
