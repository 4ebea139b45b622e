"""Values with units: numbers, money, durations, sizes and times, from the words of a filter.

Each reader takes the text of one value and returns None when it is not of its kind. Durations and times are
nanoseconds, sizes bytes, money US dollars.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation

from sightline.query.filter.words import SEVERITIES, SEVERITY_WORDS

Number = int | float
_NUMBER = re.compile(r"([-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d{1,3})?)([kKmMbB]?)")
_MONEY = re.compile(r"(-?)\$?(\d+(?:\.\d+)?(?:[eE][-+]?\d{1,3})?)(?:\s*usd)?", re.IGNORECASE)
_PIECE = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|μs|ms|s|min|m|h|d|w)")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)(b|kb|mb|gb|kib|mib|gib)?", re.IGNORECASE)
_MOMENT = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})"
    r"(?:[T ](\d{2})(?::(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?)?"
    r"(Z|[+-]\d{2}:?\d{2})?",
    re.IGNORECASE,
)
_RELATIVE = re.compile(r"(?:now)?([-+])(.+)|now", re.IGNORECASE)
_MANY = {"": 1, "k": 10**3, "m": 10**6, "b": 10**9}
_UNITS = {
    "ns": 1, "us": 10**3, "µs": 10**3, "μs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9,
    "min": 60 * 10**9, "h": 3600 * 10**9, "d": 86400 * 10**9, "w": 7 * 86400 * 10**9,
}  # fmt: skip
_BYTES = {
    "": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30,
}  # fmt: skip
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TRUE, _FALSE = ("true", "yes", "1"), ("false", "no", "0")
# What a Float64 and an Int64 hold.
_LARGEST = Decimal("1e300")
_LATEST = 2**63 - 1
_EXACT = 2**53


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of time as one word names it: a day, a minute, a moment. First and last nanosecond."""

    first: int
    last: int


def _plain(value: Decimal) -> Number | None:
    if abs(value) > _LARGEST:
        return None
    return int(value) if value == value.to_integral_value() and abs(value) < 2**63 else float(value)


def number(text: str) -> Number | None:
    """`12`, `-0.5`, `1e6`, and with k, m and b for thousands, millions and billions."""
    found = _NUMBER.fullmatch(text)
    return _plain(Decimal(found[1]) * _MANY[found[2].lower()]) if found else None


def exact_number(text: str) -> Number | None:
    """A number as programs write it, without leading zeros and units: what an attribute may be equal to."""
    if not re.fullmatch(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d{1,3})?", text):
        return None
    found = _plain(Decimal(text))
    # Beyond this a number is compared as text alone: as floating point it would equal its neighbours.
    return found if found is not None and abs(found) <= _EXACT else None


def money(text: str) -> Number | None:
    """`0.01`, `$0.01`, `0.01usd`."""
    found = _MONEY.fullmatch(text)
    return _plain(Decimal(found[1] + found[2])) if found else None


def duration(text: str) -> int | None:
    """`2s`, `500ms`, `1h30m`, `1.5h`; nothing else needs no unit than 0."""
    if text == "0":
        return 0
    at, total = 0, Decimal(0)
    for piece in _PIECE.finditer(text):
        if piece.start() != at:
            return None
        total += Decimal(piece[1]) * _UNITS[piece[2]]
        at = piece.end()
    return int(total) if at == len(text) > 0 and total <= _LATEST else None


def size(text: str) -> int | None:
    """`512`, `10kb`, `1.5MB`, `2KiB`."""
    found = _SIZE.fullmatch(text)
    try:
        total = Decimal(found[1]) * _BYTES[(found[2] or "").lower()] if found else None
    except InvalidOperation:
        return None
    return int(total) if total is not None and total <= _LATEST else None


def boolean(text: str) -> bool | None:
    """`true` or `false`, `yes` or `no`, `1` or `0`."""
    lowered = text.lower()
    return True if lowered in _TRUE else False if lowered in _FALSE else None


def severity(text: str) -> tuple[int, int] | None:
    """The numbers of a severity: `warn` is 13 to 16, `warn2` and `14` are one of them."""
    lowered = text.lower()
    name, digit = (lowered[:-1], lowered[-1]) if lowered[-1:] in ("2", "3", "4") else (lowered, "")
    if digit and name in SEVERITIES:
        one = SEVERITIES[name] + int(digit) - 1
        return one, one
    if lowered.isascii() and lowered.isdigit() and 1 <= int(lowered[:3]) <= 24:
        return int(lowered), int(lowered)
    first = SEVERITY_WORDS.get(lowered)
    if first is None:
        return None
    return (first, first + 3) if first in SEVERITIES.values() else (first, first)


def time(text: str, now: int) -> Stretch | None:
    """`2026-11-20`, `2026-11-20T14:00Z`, `now`, `-2h`. Without a zone it is UTC.

    A day or minute is the whole of it. `now` is in nanoseconds.
    """
    if relative := _RELATIVE.fullmatch(text):
        if relative[1] is None:
            return Stretch(now, now)
        distance = duration(relative[2])
        if distance is None:
            return None
        at = now - distance if relative[1] == "-" else now + distance
        return Stretch(at, at) if 0 <= at <= _LATEST else None
    found = _MOMENT.fullmatch(text)
    return _moment(found) if found else None


def _moment(found: re.Match[str]) -> Stretch | None:
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    try:
        begin = datetime(
            int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), tzinfo=UTC
        )
    except ValueError:
        return None
    if zone and zone.upper() != "Z":
        shift = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
        begin = begin - shift if zone[0] == "+" else begin + shift
    elapsed = begin - _EPOCH
    first = (elapsed.days * 86_400 + elapsed.seconds) * 10**9
    width = 86_400 if hour is None else 3_600 if minute is None else 60 if second is None else 1
    last = first + width * 10**9 - 1
    if fraction:
        first += int(fraction.ljust(9, "0"))
        last = first
    return Stretch(first, last) if first >= 0 and last <= _LATEST else None
