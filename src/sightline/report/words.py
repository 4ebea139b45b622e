"""How numbers are written in a report: short, with their unit, and a word where they are not known."""

from __future__ import annotations

import math
from datetime import UTC, datetime

UNKNOWN = "unknown"
NONE = "–"


def count(value: float | None) -> str:
    """1,234; 12.3 k from ten thousand on, for weighted counts too."""
    if value is None:
        return UNKNOWN
    for size, unit in ((1e9, " G"), (1e6, " M"), (1e4, " k")):
        if value >= size:
            scaled = value / (1e3 if size == 1e4 else size)
            return f"{scaled:,.1f}{unit}" if scaled < 100 else f"{scaled:,.0f}{unit}"
    return f"{value:,.0f}" if float(value).is_integer() or value >= 100 else f"{value:,.1f}"


def counted(value: float, one: str, many: str = "") -> str:
    """1 call, 12.3 k calls; `many` where it is not `one` with an s."""
    return f"{count(value)} {one if value == 1 else many or one + 's'}"


def exact(value: float | None) -> str:
    """All digits, in groups."""
    return UNKNOWN if value is None else f"{value:,.0f}"


def duration(ns: float | None) -> str:
    """640 µs, 604 ms, 5.84 s, 9 m 12 s, 1 h 52 m."""
    if ns is None:
        return UNKNOWN
    if ns == 0:
        return "0 ms"
    if ns < 1e6:
        return f"{ns / 1e3:.0f} µs"
    if ns < 999.5e6:
        return f"{ns / 1e6:.0f} ms"
    if ns < 59.995e9:
        return f"{ns / 1e9:.2f} s"
    seconds = round(ns / 1e9)
    if seconds < 3600:
        return f"{seconds // 60} m {seconds % 60} s"
    return f"{seconds // 3600:,} h {seconds // 60 % 60} m"


def money(usd: float | None) -> str:
    """$1,234.56, $0.0123, $0.0000042: three digits that say something below a cent."""
    if usd is None:
        return UNKNOWN
    if usd == 0:
        return "$0"
    if abs(usd) >= 0.1:
        return f"${usd:,.2f}"
    digits = min(10, 2 - math.floor(math.log10(abs(usd))))
    return f"${usd:.{digits}f}"


def percent(share: float | None) -> str:
    """12.3 %; two digits more below one percent."""
    if share is None:
        return NONE
    if share == 0:
        return "0 %"
    return f"{share * 100:.1f} %" if share >= 0.01 else f"{share * 100:.2g} %"


def moment(ns: int | None, seconds: bool = True) -> str:
    """2026-11-26 05:35:58 in UTC."""
    if ns is None:
        return UNKNOWN
    try:
        found = datetime.fromtimestamp(ns / 1e9, UTC)
    except (OverflowError, ValueError, OSError):
        return UNKNOWN
    return found.strftime("%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M")


def short_moment(ns: int, step: int) -> str:
    """A moment on an axis whose marks are `step` seconds apart or more."""
    found = datetime.fromtimestamp(ns / 1e9, UTC)
    return found.strftime(
        "%H:%M:%S" if step < 60 else "%H:%M" if step < 3600 else "%d %b %H:%M" if step < 86400 else "%d %b %Y"
    )


def stretch(seconds: int) -> str:
    """A step of time in words: 5 minutes."""
    for size, word in ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        if seconds >= size and seconds % size == 0:
            n = seconds // size
            return word if n == 1 else f"{n} {word}s"
    return f"{seconds} seconds"
