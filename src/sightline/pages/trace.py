"""One trace: its facts, the window of its tree, and the inspector of the selected span.

A large trace is shown a window at a time; the rows after it are fetched when they come into view, or by a
link.
"""

from __future__ import annotations

from dataclasses import dataclass

from sightline.pages import formats
from sightline.pages.formats import Absent
from sightline.pages.inspector import Fact, Inspector, counted
from sightline.pages.shell import Shell, path_of
from sightline.pages.waterfall import WINDOW, Request, Shape, SpanRow, rows, shapes, ticks
from sightline.records.trace import Position, Trace

_MINI = 300


@dataclass(frozen=True, slots=True)
class TraceContext:
    """Everything `trace.html` shows."""

    shell: Shell
    trace_id: str
    list_href: str
    title: str
    service: str
    environment: str
    start_time: int
    facts: tuple[Fact, ...]
    notes: tuple[str, ...]
    ticks: tuple[tuple[float, str], ...]
    mini: tuple[tuple[Shape, float], ...]
    mini_height: float
    rows: tuple[SpanRow, ...]
    shown: str
    earlier: str
    later: str
    inspector: Inspector | None


def facts(trace: Trace) -> tuple[Fact, ...]:
    """The figures of the whole trace."""
    root = trace.spans[0]
    first = [
        s.start_time + s.time_to_first_token_ns - trace.start_time
        for s in sorted(trace.spans, key=lambda s: s.start_time)
        if s.kind == "llm" and s.time_to_first_token_ns is not None
    ]
    unknown = trace.unknown_tokens
    tokens = f"{counted(trace.tokens.input)} → {counted(trace.tokens.output)}"
    if trace.tokens.input is None and trace.tokens.output is None:
        tokens = Absent.UNKNOWN
    cost = "–" if trace.cost_usd is None else formats.money(trace.cost_usd)
    if trace.cost_usd is None and trace.unknown_cost:
        cost = "unknown"
    calls = any(s.kind in ("llm", "embedding") for s in trace.spans)
    found = [
        Fact("Duration", str(formats.duration(trace.duration_ns))),
        Fact("First token", str(formats.duration(first[-1])) if first else "–"),
        Fact("Spans", formats.count(len(trace.spans)), f"{trace.errors} failed" if trace.errors else ""),
        Fact(
            "Tokens",
            tokens if calls else "–",
            f"{unknown} {'call' if unknown == 1 else 'calls'} unknown" if unknown else "",
        ),
        Fact(
            "Cost",
            f"≥ {cost}" if trace.cost_usd is not None and trace.unknown_cost else cost,
            f"{trace.unknown_cost} {'span' if trace.unknown_cost == 1 else 'spans'} unpriced"
            if trace.unknown_cost
            else "",
        ),
    ]
    for label, value in (
        ("User", root.user_id),
        ("Session", root.session_id),
        ("Team", root.team),
        ("Feature", root.feature),
    ):
        if value:
            found.append(Fact(label, value))
    return tuple(found)


def context(
    shell: Shell, trace: Trace, request: Request, inspected: Inspector | None, title: str
) -> TraceContext:
    """What the page shows of one trace."""
    root = trace.spans[0]
    window = rows(trace, request)
    end = request.start + len(window)
    notes = []
    if trace.truncated:
        notes.append(
            f"The trace has more spans than are read at once; these are the first {len(trace.spans):,}."
        )
    late = sum(s.position is not Position.ROOT and s.depth == 0 for s in trace.spans)
    if late:
        stand = "span stands" if late == 1 else "spans stand"
        notes.append(f"{late:,} {stand} at the end without a parent that was received.")
    step = max(1, len(trace.spans) // _MINI)
    picked = trace.spans[::step]
    height = 30 / max(len(picked), 10)
    return TraceContext(
        shell=shell,
        trace_id=trace.trace_id,
        list_href=path_of(trace.project, "traces"),
        title=title or root.name or trace.trace_id,
        service=root.service,
        environment=root.environment,
        start_time=trace.start_time,
        facts=facts(trace),
        notes=tuple(notes),
        ticks=ticks(trace.duration_ns),
        mini=tuple(
            (shape, round(index * height, 2))
            for index, span in enumerate(picked)
            for shape in shapes(span, trace)
        ),
        mini_height=round(max(1.0, min(2.0, height * 0.8)), 2),
        rows=window,
        shown=""
        if len(window) == len(trace.spans)
        else f"{request.start + 1:,} to {end:,} of {len(trace.spans):,}",
        earlier=request.to("", request.tab, max(0, request.start - WINDOW)) if request.start else "",
        later=request.to("", request.tab, end) if end < len(trace.spans) else "",
        inspector=inspected,
    )
