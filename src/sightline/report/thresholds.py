"""`--fail-if 'error_rate>0.02'`: figures that end a command with 1, for use in CI."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

from sightline.report.figures import Report, Spread, Sums

_SHAPE = re.compile(r"\s*([a-z_0-9]+)\s*(>=|<=|>|<|==|!=)\s*\$?([0-9.]+(?:e-?[0-9]+)?)\s*([a-zµ%]*)\s*")
_SIGNS: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_QUANTILES = ("p50", "p90", "p95", "p99", "mean", "most")


class ThresholdError(Exception):
    """A threshold that cannot be; the message says what was expected."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """A figure, a sign and a bound; times in seconds, rates as shares."""

    text: str
    figure: str
    sign: str
    bound: float

    def broken(self, report: Report) -> str:
        """Why the command fails; empty when it does not. A figure that is not known breaks every bound."""
        value = figures(report)[self.figure]
        if value is None:
            return f"{self.text}: {self.figure} is not known"
        return f"{self.text}: it is {value:.6g}" if _SIGNS[self.sign](value, self.bound) else ""


def threshold(text: str) -> Threshold:
    """Read one. Raises ThresholdError."""
    found = _SHAPE.fullmatch(text)
    known = sorted(figures(None))
    if not found:
        raise ThresholdError(
            f"--fail-if {text!r}: write a figure, a sign and a number, such as error_rate>0.02."
        )
    name, sign, number, unit = found.groups()
    if name not in known:
        raise ThresholdError(
            f"--fail-if {text!r}: there is no figure {name}; the figures are {', '.join(known)}."
        )
    try:
        bound = float(number)
    except ValueError as error:
        raise ThresholdError(f"--fail-if {text!r}: {number} is no number.") from error
    timed = name.startswith(("latency_", "ttft_"))
    if timed and unit not in _SECONDS:
        raise ThresholdError(f"--fail-if {text!r}: give the unit of the time, such as {name}>2s.")
    if not timed and unit not in ("", "%"):
        raise ThresholdError(f"--fail-if {text!r}: {name} has no unit {unit}.")
    return Threshold(
        text.strip(), name, sign, bound * (_SECONDS[unit] if timed else 0.01 if unit == "%" else 1.0)
    )


def figures(report: Report | None) -> dict[str, float | None]:
    """All figures that can be bounded; without a report their names alone."""
    requests, calls = (report.requests, report.calls) if report else (Sums(), Sums())
    worse = max((s.error_rate for s in (requests, calls) if s.error_rate is not None), default=None)
    latency = calls.latency or requests.latency
    found: dict[str, float | None] = {
        "requests": requests.count,
        "calls": calls.count,
        "errors": max(requests.errors, calls.errors),
        "error_rate": worse,
        "cost": calls.cost,
        "cost_per_request": _share(calls.cost, requests.count),
        "input_tokens": calls.input,
        "output_tokens": calls.output,
        "unknown_cost": calls.unknown_cost,
        "unknown_tokens": calls.unknown_tokens,
        "empty_rate": report.answers.empty_rate if report else None,
        "unreadable": float(report.reading.unreadable) if report else None,
    }
    for name, spread in (("latency", latency), ("ttft", calls.ttft)):
        found |= {f"{name}_{q}": _seconds(spread, q) for q in _QUANTILES}
    return found


def _seconds(spread: Spread | None, name: str) -> float | None:
    return None if spread is None else float(getattr(spread, name)) / 1e9


def _share(value: float | None, of: float) -> float | None:
    return None if value is None or not of else value / of
