"""Units of metrics as people read them: seconds become times, bytes get their letter, braces go. Pure.

Senders write units in UCUM's case-sensitive codes (OpenTelemetry, semantic conventions for metrics, 2026-11).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sightline.query.measures import Unit

_TIMES = {"ns": 1.0, "us": 1e3, "µs": 1e3, "ms": 1e6, "s": 1e9, "min": 60e9, "h": 3600e9, "d": 86400e9}
_SIZES = {"By": 1.0, "bytes": 1.0, "KiBy": 1024.0, "MiBy": 1024.0**2, "kBy": 1e3, "MBy": 1e6, "GBy": 1e9}
_LETTERS = ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (0.0, "B"))


@dataclass(frozen=True, slots=True)
class Shown:
    """How a metric's values are shown: a chart's unit, and what each value is multiplied by."""

    unit: str
    factor: float = 1.0

    def of(self, value: float | None) -> float | None:
        """A value in the unit."""
        return None if value is None else value * self.factor


def words(unit: str) -> str:
    """A unit's name: `{token}` is `tokens`, `1` is nothing."""
    if unit in ("", "1"):
        return ""
    if unit.startswith("{") and unit.endswith("}"):
        inner = unit[1:-1][:40]
        return inner if not inner or inner.endswith("s") else f"{inner}s"
    return {"By": "bytes", "s": "seconds", "%": "%"}.get(unit, unit[:40])


def shown(unit: str, kind: str, aggregate: str, values: Iterable[float | None]) -> Shown:
    """How the values of an aggregate of a metric of a kind (`MetricInfo.type`) are shown."""
    histogram = kind not in ("gauge", "sum")
    if aggregate == "rate":
        if histogram:
            return Shown("measured/s")
        if unit in _TIMES:
            return Shown(f"{unit}/s")
        inner = shown(unit, kind, "increase", values)
        return Shown(f"{'' if inner.unit == '1' else inner.unit}/s", inner.factor)
    if unit in _TIMES:
        return Shown(Unit.NANOSECONDS, _TIMES[unit])
    if unit in _SIZES:
        most = max((abs(v) * _SIZES[unit] for v in values if v is not None), default=0.0)
        size, letter = next((size, letter) for size, letter in _LETTERS if most >= size)
        return Shown(letter, _SIZES[unit] / (size or 1.0))
    return Shown(words(unit) or "1")
