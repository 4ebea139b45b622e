"""How numbers and times are written. Pure; the rules are the guide's (`docs/guide/pages.md`).

Nothing here knows HTML: a quantity is a list of (number, unit) pairs, the template sets units in muted ink.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from sightline.records.visible import shown

__all__ = [
    "Absent", "Money", "Quantity", "absolute", "ago", "axis", "clock", "count", "duration", "machine",
    "moment", "money", "percent", "score", "shown", "size",
]  # fmt: skip

US = 1_000
MS = 1_000_000
S = 1_000_000_000


class Absent(StrEnum):
    """Why there is no number. A measured zero is not absent, it is `0`."""

    NOT_APPLICABLE = "–"
    UNKNOWN = "unknown"
    NOT_SET = "not set"
    TOO_FEW = "too few"


class Money(StrEnum):
    """Where an amount stands decides its digits."""

    HEADLINE = "headline"
    TABLE = "table"
    BREAKDOWN = "breakdown"


@dataclass(frozen=True, slots=True)
class Quantity:
    """A written number: pairs of digits and unit, such as `(("9", "m"), ("12", "s"))`."""

    parts: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return " ".join(f"{number} {unit}" for number, unit in self.parts)


def score(value: float) -> str:
    """0.82, 4.5, 1, −3, 1,234: as many digits as tell scores apart."""
    digits = f"{value:,.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:.3g}"
    return digits.replace("-", "−")


def duration(ns: int) -> Quantity:
    """640 µs, 604 ms, 5.84 s, 9 m 12 s, 1 h 52 m. A value that rounds up to the next unit takes it."""
    if ns < 0:
        inner = duration(-ns).parts
        return Quantity(((f"−{inner[0][0]}", inner[0][1]), *inner[1:]))
    if ns == 0:
        return Quantity((("0", "ms"),))
    if ns < US:
        return Quantity((("< 1", "µs"),))
    if ns < MS and round(ns / US) < 1000:
        return Quantity(((str(round(ns / US)), "µs"),))
    if ns < S and round(ns / MS) < 1000:
        return Quantity(((str(round(ns / MS)), "ms"),))
    if round(ns / S, 2) < 60:
        return Quantity(((f"{ns / S:.2f}", "s"),))
    seconds = round(ns / S)
    if seconds < 3600:
        return Quantity(((str(seconds // 60), "m"), (str(seconds % 60), "s")))
    minutes = round(ns / S / 60)
    return Quantity(((f"{minutes // 60:,}", "h"), (str(minutes % 60), "m")))


def axis(ns: int) -> str:
    """A round duration on an axis, without needless decimals: `0 s`, `500 ms`, `1.5 s`, `2 m`."""
    for unit, size in (("h", 3600 * S), ("m", 60 * S), ("s", S), ("ms", MS), ("µs", US)):
        if ns >= size:
            return f"{ns / size:g} {unit}"
    return "0 s" if ns <= 0 else f"{ns} ns"


def count(number: int) -> str:
    """Exact up to 99,999, then three significant digits: `140 M`, `1.04 B`."""
    if abs(number) <= 99_999:
        return f"{number:,}".replace("-", "−")
    sign = "−" if number < 0 else ""
    value = abs(float(number))
    units = iter("kMBT")
    unit = ""
    while float(f"{value:.3g}") >= 1000 and unit != "T":
        value, unit = value / 1000, next(units)
    digits = max(0, 3 - len(str(int(float(f"{value:.3g}")))))
    return f"{sign}{value:,.{digits}f} {unit}"


def money(usd: float, style: Money = Money.TABLE) -> str:
    """US dollars. A non-zero amount never becomes zero: it is written as less than the smallest step."""
    if not math.isfinite(usd):
        return Absent.UNKNOWN
    if usd < 0:
        return f"−{money(-usd, style)}"
    if style is Money.HEADLINE:
        if usd >= 9_999.5:
            return f"${usd / 1000:,.1f} k"
        if usd >= 100:
            return f"${usd:,.0f}"
    if style is Money.BREAKDOWN:
        return _at_least(usd, 6)
    return f"${usd:,.2f}" if usd >= 1 or usd == 0 else _at_least(usd, 4)


def _at_least(usd: float, digits: int) -> str:
    step = 10**-digits
    return f"< ${step:.{digits}f}" if 0 < usd < step else f"${usd:,.{digits}f}"


def percent(part: float, whole: float, sample: int | None = None) -> str:
    """One decimal; none when the sample has fewer than 1,000 members."""
    if not whole:
        return Absent.NOT_APPLICABLE
    return f"{100 * part / whole:.{0 if sample is not None and sample < 1000 else 1}f} %"


def size(number: int) -> str:
    """Bytes: `812 B`, `14.2 kB`, `3.1 MB`."""
    if number < 1000:
        return f"{number} B"
    value, units, unit = number / 1000, iter("MGT"), "k"
    while value >= 999.95 and unit != "T":
        value, unit = value / 1000, next(units)
    return f"{value:.1f} {unit}B"


def moment(ns: int) -> datetime:
    """Nanoseconds since the epoch as a UTC time; what no calendar holds becomes its nearest end."""
    try:
        return datetime.fromtimestamp(ns / S, tz=UTC)
    except (OverflowError, ValueError, OSError):
        return datetime.max.replace(tzinfo=UTC) if ns > 0 else datetime.min.replace(tzinfo=UTC)


def clock(ns: int, now: int) -> str:
    """Today `14:31:17`, this week `Wed 16:02`, this year `8 Nov`, older `8 Nov 2024`. UTC."""
    then, today = moment(ns), moment(now)
    if then.date() == today.date():
        return f"{then:%H:%M:%S}"
    if 0 <= (today.date() - then.date()).days < 7:
        return f"{then:%a %H:%M}"
    return f"{then.day} {then:%b}" if then.year == today.year else f"{then.day} {then:%b} {then.year}"


def precise(ns: int, now: int) -> str:
    """To the second, for lines that follow closely: `14:31:17`, `Wed 16:02:09`, older `8 Nov 16:02`."""
    then, today = moment(ns), moment(now)
    if then.date() == today.date():
        return f"{then:%H:%M:%S}"
    if 0 <= (today.date() - then.date()).days < 7:
        return f"{then:%a %H:%M:%S}"
    return f"{then.day} {then:%b %H:%M}"


def edge(ns: int, now: int) -> str:
    """An end of a range, never without its day: `Wed 16:02`, older `8 Nov 16:02`. UTC."""
    then = moment(ns)
    if 0 <= (moment(now).date() - then.date()).days < 7:
        return f"{then:%a %H:%M}"
    return f"{then.day} {then:%b %H:%M}"


def stamp(ns: int) -> str:
    """A column of moments: `20 Nov 2026, 14:31:17`, with milliseconds where there are some. UTC."""
    then = moment(ns)
    parts = f".{then.microsecond // 1000:03d}" if then.microsecond >= 1000 else ""
    return f"{then.day} {then:%b} {then.year}, {then:%H:%M:%S}{parts}"


def absolute(ns: int) -> str:
    """`Fri 20 Nov 2026, 14:31:17.204 UTC`."""
    then = moment(ns)
    return f"{then:%a} {then.day} {then:%b} {then.year}, {then:%H:%M:%S}.{then.microsecond // 1000:03d} UTC"


def machine(ns: int) -> str:
    """RFC 3339 with milliseconds, for `<time datetime>`."""
    return moment(ns).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def ago(ns: int, now: int) -> str:
    """`8 s ago`, `2 min ago`, `3 h ago`, `5 d ago`; only where freshness is the point."""
    seconds = max(0, (now - ns) // S)
    for unit, length, limit in (("s", 1, 60), ("min", 60, 3600), ("h", 3600, 86400)):
        if seconds < limit:
            return f"{seconds // length} {unit} ago"
    return f"{seconds // 86400} d ago"
