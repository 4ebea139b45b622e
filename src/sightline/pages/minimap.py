"""The whole trace in a strip: each span of a short one, of a long one how many ran and which failed. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sightline.pages.scale import Block, Scale, Shape
from sightline.pages.trace_address import Asked, Zoom
from sightline.query.repeats import density
from sightline.records.trace import SpanColumns, Trace

HEIGHT = 30
_FEW = 120
_BINS = 200


@dataclass(frozen=True, slots=True)
class Minimap:
    """The strip. `start` and `width` are the part that is zoomed to, in percent; `whole` leads back from it.

    `duration` in nanoseconds lets a script turn places into times; `href` is the page without a zoom.
    """

    marks: tuple[Block, ...]
    start: float
    width: float
    zoomed: str
    whole: str
    duration: int
    href: str


def minimap(trace: Trace, asked: Asked, shown: Callable[[int], str]) -> Minimap:
    """The strip of a trace; `shown` writes a duration."""
    whole = Scale(trace.start_time, trace.end_time, trace.start_time)
    columns = trace.columns
    marks = _each(columns, whole) if len(columns.ids) <= _FEW else _many(columns, whole)
    zoom = asked.zoom
    start, end = (0.0, 100.0) if zoom is None else (_percent(zoom.start, trace), _percent(zoom.end, trace))
    href = replace(asked, zoom=None, start=0).href
    return Minimap(
        marks=tuple(marks),
        start=start,
        width=round(end - start, 3),
        zoomed=f"{shown(zoom.start)} to {shown(zoom.end)}" if zoom else "",
        whole=href if zoom else "",
        duration=trace.duration_ns,
        href=href,
    )


def fitting(zoom: Zoom | None, trace: Trace) -> Zoom | None:
    """A zoom inside the trace; None when it shows all of it or nothing."""
    if zoom is None or zoom.start >= trace.duration_ns:
        return None
    end = min(zoom.end, trace.duration_ns)
    return None if zoom.start <= 0 and end >= trace.duration_ns else Zoom(zoom.start, end)


def around(trace: Trace, start: int, end: int) -> Zoom | None:
    """A zoom to a span, with a little room beside it."""
    room = max((end - start) // 20, 1000)
    return fitting(Zoom(max(0, start - trace.start_time - room), end - trace.start_time + room), trace)


def _percent(ns: int, trace: Trace) -> float:
    return round(100 * min(ns, trace.duration_ns) / max(trace.duration_ns, 1), 3)


def _each(columns: SpanColumns, whole: Scale) -> list[Block]:
    step = HEIGHT / max(len(columns.ids), 10)
    tall = round(max(1.0, min(2.0, step * 0.8)), 2)
    return [
        Block(shape, round(row * step, 2), tall)
        for row, (begin, end, kind) in enumerate(
            zip(columns.starts, columns.ends, columns.kinds, strict=True)
        )
        for shape in whole.shapes(begin, end, kind)
    ]


def _many(columns: SpanColumns, whole: Scale) -> list[Block]:
    values: Sequence[float] = density(columns.starts, columns.ends, whole.start, whole.end, _BINS)
    most = max(values, default=0.0) or 1.0
    width = 100 / _BINS
    marks = []
    for at, value in enumerate(values):
        tall = round((HEIGHT - 6) * value / most, 1)
        if tall:
            marks.append(
                Block(
                    Shape(round(at * width, 2), round(width * 0.85, 2), "http"),
                    round(HEIGHT - 5 - tall, 1),
                    tall,
                )
            )
    failed = {
        int(whole.x(start) / width) for start, bad in zip(columns.starts, columns.failed, strict=True) if bad
    }
    marks += [Block(Shape(round(at * width, 2), 0.3, "err"), HEIGHT - 4, 4) for at in sorted(failed)]
    return marks
