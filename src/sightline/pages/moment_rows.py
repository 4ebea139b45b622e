"""Logs and metrics of a span's moment as rows. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sightline.pages import formats
from sightline.query.moment import Moment
from sightline.records.trace import Span

_LEVELS = ((21, "fatal"), (17, "error"), (13, "warn"), (9, "info"), (5, "debug"), (1, "trace"))
_TALL = 20


@dataclass(frozen=True, slots=True)
class LogRow:
    """A log record: `after` is how long after the span began, `tone` `err`, `warn` or empty."""

    time: int
    after: str
    level: str
    tone: str
    text: str
    event: str
    service: str
    cut: bool
    own: bool


@dataclass(frozen=True, slots=True)
class MetricRow:
    """A metric: the value nearest to the span's end, how far away it is, and its course as a polyline."""

    name: str
    unit: str
    value: str
    away: str
    line: str
    at: float
    series: int
    count: int


@dataclass(frozen=True, slots=True)
class MomentRows:
    """Both lists. `notes` say what is not shown."""

    logs: tuple[LogRow, ...]
    metrics: tuple[MetricRow, ...]
    notes: tuple[str, ...]


def moment_rows(found: Moment, span: Span) -> MomentRows:
    """The rows of what was recorded around a span."""
    notes = []
    if found.more_logs:
        notes.append(f"These are the first {len(found.logs)} log records; there are more.")
    if found.more_metrics:
        notes.append(f"These are the first {len(found.metrics)} metrics by name; there are more.")
    return MomentRows(
        logs=tuple(
            LogRow(
                line.time,
                str(formats.duration(line.time - span.start_time)),
                line.level or _level(line.severity),
                "err" if line.severity >= 17 else "warn" if line.severity >= 13 else "",
                line.text,
                line.event,
                line.service if line.service != span.service else "",
                line.cut,
                line.own,
            )
            for line in found.logs
        ),
        metrics=tuple(
            _metric(measured.name, measured.unit, measured.points, measured.series, span)
            for measured in found.metrics
        ),
        notes=tuple(notes),
    )


def _level(severity: int) -> str:
    return next((word for least, word in _LEVELS if severity >= least), "")


def _metric(name: str, unit: str, points: Sequence[tuple[int, float]], series: int, span: Span) -> MetricRow:
    time, value = min(points, key=lambda point: abs(point[0] - span.end_time))
    away = time - span.end_time
    begin, end = points[0][0], points[-1][0]
    low, high = min(v for _, v in points), max(v for _, v in points)
    line = " ".join(
        f"{100 * (t - begin) / max(end - begin, 1):.1f},{_height(v, low, high):.1f}" for t, v in points
    )
    return MetricRow(
        name=name,
        unit="" if unit in ("1", "By") else unit.strip("{}"),
        value=_written(value, unit),
        away=f"{formats.duration(abs(away))} {'after' if away >= 0 else 'before'} its end",
        line=line if len(points) > 1 else "",
        at=round(100 * max(0, min(span.end_time, end) - begin) / max(end - begin, 1), 1),
        series=series,
        count=len(points),
    )


def _written(value: float, unit: str) -> str:
    if unit == "By" and value >= 0:
        return formats.size(round(value))
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _height(value: float, low: float, high: float) -> float:
    return _TALL / 2 if high <= low else 1 + (_TALL - 2) * (high - value) / (high - low)
