"""What else was recorded while a span ran: log records that name it, and what its service measured."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from sightline.query.statements import statement
from sightline.records.trace import Span
from sightline.store.store import Store

MOST_LOGS, MOST_METRICS = 200, 60
# Metrics come every minute or so: this much (ns) is looked at before and after a span.
AROUND = 5 * 60 * 10**9
# Records name a span, but their clock may be another; a partition is read, not the table.
_LATE = 86_400 * 10**9
_LATEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class LogLine:
    """A log record; `time` in ns, `severity` 1 to 24 as OpenTelemetry numbers them, 0 for none.

    `cut`: the text is longer. `own`: it names the span itself, not only the trace.
    """

    time: int
    span_id: str
    severity: int
    level: str
    event: str
    text: str
    cut: bool
    service: str
    own: bool


@dataclass(frozen=True, slots=True)
class Measured:
    """A metric around the span: `points` of (time in ns, value), means over `series` and of histograms."""

    name: str
    unit: str
    type: str
    points: tuple[tuple[int, float], ...]
    series: int

    def nearest(self, moment: int) -> tuple[int, float]:
        """The point nearest to a moment."""
        return min(self.points, key=lambda point: abs(point[0] - moment))


@dataclass(frozen=True, slots=True)
class Moment:
    """Logs and metrics of a span's moment. `more_logs`, `more_metrics`: there are more than are shown."""

    logs: tuple[LogLine, ...]
    metrics: tuple[Measured, ...]
    more_logs: bool
    more_metrics: bool


async def moment(store: Store, project: str, span: Span) -> Moment:
    """Read both side by side. Errors of the store pass through."""
    logs, metrics = await asyncio.gather(
        store.fetch(
            statement("span_logs"),
            {
                "project": project,
                "trace_id": span.trace_id,
                # The root stands for the whole trace.
                "span_id": span.span_id if span.depth else "",
                "since": max(0, span.start_time - _LATE),
                "until": min(_LATEST, span.end_time + _LATE),
                "limit": MOST_LOGS + 1,
            },
            purpose="moment",
        ),
        store.fetch(
            statement("span_metrics"),
            {
                "project": project,
                "service": span.service,
                "since": max(0, span.start_time - AROUND),
                "until": min(_LATEST, span.end_time + AROUND),
                "limit": MOST_METRICS + 1,
            },
            purpose="moment",
        ),
    )
    return Moment(
        tuple(
            LogLine(
                time, id_, number, text, event, body, size > len(body.encode()), service, id_ == span.span_id
            )
            for time, id_, number, text, event, body, size, service in logs.rows[:MOST_LOGS]
        ),
        tuple(
            Measured(name, unit, type_, tuple((int(t), float(v)) for t, v in points), series)
            for name, unit, type_, points, series in metrics.rows[:MOST_METRICS]
            if points
        ),
        len(logs.rows) > MOST_LOGS,
        len(metrics.rows) > MOST_METRICS,
    )
