"""Tree and waterfall of a trace as shapes: pure, a window of rows at a time.

Sizes that depend on data are attributes of vector shapes, percentages of the whole trace, so that a strict
content security policy holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sightline.pages import formats
from sightline.pages.address import with_query
from sightline.records.trace import Position, Span, Trace

WINDOW = 400
_MAX_INDENT = 12
TABS = ("messages", "attributes", "cost", "events", "raw")
_HEADINGS = {
    Position.PARENT_MISSING: "Parent not received",
    Position.CYCLE: "Parents form a circle, cut at the earliest span",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks of this page. `start`: index of the first row shown. `exact`: texts as stored."""

    base: str
    span: str
    tab: str
    start: int
    exact: bool = False

    def to(self, span: str = "", tab: str = "", start: int = 0) -> str:
        """The address of another selection on this page."""
        return with_query(
            self.base,
            {
                "span": span,
                "tab": tab if tab != TABS[0] else "",
                "exact": "1" if self.exact else "",
                "from": str(start) if start else "",
            },
        )


@dataclass(frozen=True, slots=True)
class Shape:
    """A rectangle of the waterfall: left and width in percent, class of its colour and strength."""

    x: float
    width: float
    colour: str
    strength: str = ""


@dataclass(frozen=True, slots=True)
class SpanRow:
    """A line of tree and waterfall. `guides`: per level of depth, whether a line passes through."""

    span_id: str
    href: str
    name: str
    kind: str
    detail: str
    level: int
    guides: tuple[str, ...]
    deeper: int
    error: str
    duration_ns: int
    own_ns: int | None
    shapes: tuple[Shape, ...]
    label: str
    label_x: float
    label_side: str
    selected: bool
    group: str


def ticks(duration_ns: int) -> tuple[tuple[float, str], ...]:
    """Four to seven round times over the whole trace: position in percent and label."""
    if duration_ns <= 0:
        return ((0.0, "0 s"),)
    step = 1
    for exponent in range(19):
        for factor in (1, 2, 5):
            step = factor * 10**exponent
            if duration_ns / step <= 6:
                break
        if duration_ns / step <= 6:
            break
    if step >= formats.S:  # beyond seconds round times are sixties
        for step in (
            n * formats.S
            for n in (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 86400, 7 * 86400)
        ):
            if duration_ns / step <= 6:
                break
        else:
            step = duration_ns
    return tuple((round(100 * at / duration_ns, 3), formats.axis(at)) for at in range(0, duration_ns, step))


def shapes(span: Span, trace: Trace) -> tuple[Shape, ...]:
    """Solid is own work, pale a span waiting for its children; a model call is split at its first token."""
    whole = max(trace.duration_ns, 1)
    x = 100 * (span.start_time - trace.start_time) / whole
    width = 100 * span.duration_ns / whole
    x, width = round(max(0.0, min(x, 100.0)), 3), round(max(0.0, min(width, 100.0)), 3)
    first = span.time_to_first_token_ns
    if span.kind == "llm" and first is not None and 0 < first < span.duration_ns:
        split = round(width * first / span.duration_ns, 3)
        return (Shape(x, split, "prefill"), Shape(round(x + split, 3), round(width - split, 3), "llm"))
    return (Shape(x, width, span.kind, "pale" if span.children else ""),)


def _label(span: Span, trace: Trace) -> tuple[str, float, str]:
    """The note on a bar, its position in percent, and its side: `after` the bar, `before` it or `inside`."""
    note = ""
    if span.time_to_first_token_ns is not None:
        note = f"first token {formats.duration(span.time_to_first_token_ns)}"
    if span.skew_ns:
        note = f"starts {formats.duration(span.skew_ns)} before its parent"
    if not note:
        return "", 0.0, "after"
    whole = max(trace.duration_ns, 1)
    end = min(100.0, 100 * (span.end_time - trace.start_time) / whole)
    start = 100 * (span.start_time - trace.start_time) / whole
    if end <= 72:
        return note, round(end, 3), "after"
    # Not enough room to the right of the bar.
    return (note, round(start, 3), "before") if start > 40 else (note, round(end, 3), "inside")


def guides(spans: Sequence[Span], first: int, last: int) -> list[tuple[str, ...]]:
    """Tree lines of rows `first` to `last`: per level `line` or `none`, then `elbow` or `corner`."""
    # Whether another sibling follows at a depth is known from below, so the rows are walked backwards.
    follows: list[bool] = []
    out: list[tuple[str, ...]] = []
    for index in range(len(spans) - 1, first - 1, -1):
        depth = spans[index].depth
        if len(follows) <= depth:
            follows.extend([False] * (depth + 1 - len(follows)))
        if index < last:
            marks = ["line" if follows[level] else "none" for level in range(1, depth)]
            marks += [("elbow" if follows[depth] else "corner")] * (depth > 0)
            out.append(tuple(marks))
        follows[depth] = True
        del follows[depth + 1 :]
    out.reverse()
    return out


def rows(trace: Trace, request: Asked) -> tuple[SpanRow, ...]:
    """The rows of one window."""
    last = min(len(trace.spans), request.start + WINDOW)
    lines = guides(trace.spans, request.start, last)
    out = []
    group = ""
    if request.start and trace.spans[request.start - 1].depth == 0:
        group = trace.spans[request.start - 1].position
    services = _services_above(trace.spans, last)
    for span, marks, above in zip(
        trace.spans[request.start : last], lines, services[request.start :], strict=True
    ):
        elsewhere = span.service if span.service != above else ""
        heading = ""
        if span.depth == 0 and span.position != group:
            group = span.position
            heading = _HEADINGS.get(span.position, "")
        label, x, side = _label(span, trace)
        out.append(
            SpanRow(
                span_id=span.span_id,
                href=request.to(span.span_id, request.tab, request.start),
                name=span.name or "(no name)",
                kind=span.kind,
                detail=span.model or (span.tool_name if span.tool_name != span.name else "") or elsewhere,
                level=span.depth + 1,
                guides=marks[-_MAX_INDENT:],
                deeper=max(0, len(marks) - _MAX_INDENT),
                error=(span.status_message or "failed")[:300] if span.status == "error" else "",
                duration_ns=span.duration_ns,
                own_ns=span.own_ns if span.children else None,
                shapes=shapes(span, trace),
                label=label,
                label_x=x,
                label_side=side,
                selected=span.span_id == request.span,
                group=heading,
            )
        )
    return tuple(out)


def _services_above(spans: Sequence[Span], last: int) -> list[str]:
    """The parent's service of each of the first `last` spans; empty at the top."""
    trail: list[str] = []
    out = []
    for span in spans[:last]:
        del trail[span.depth :]
        out.append(trail[-1] if trail else "")
        trail.append(span.service)
    return out


def window_of(trace: Trace, span: str, start: int) -> int:
    """The first row to show: as asked, unless the selected span would be out of it."""
    start = start if 0 <= start < len(trace.spans) else 0
    if not span or any(s.span_id == span for s in trace.spans[start : start + WINDOW]):
        return start
    for index, s in enumerate(trace.spans):
        if s.span_id == span:
            return (index // WINDOW) * WINDOW
    return start
