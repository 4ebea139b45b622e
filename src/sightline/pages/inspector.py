"""The inspector: one span in full, its messages, attributes, tokens and cost, events, and all as stored."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from markupsafe import Markup

from sightline.content.conversation import conversation
from sightline.content.tool_runs import ran
from sightline.pages import formats
from sightline.pages.address import Link, path_of, with_query
from sightline.pages.attribute_rows import AttributeRow, canonical, sent
from sightline.pages.messages import Messages, messages
from sightline.pages.minimap import around
from sightline.pages.moment_rows import MomentRows
from sightline.pages.pieces import Piece
from sightline.pages.scores_part import ScoresPart
from sightline.pages.trace_address import TABS, Asked
from sightline.pages.trace_facts import Fact, tokens_of
from sightline.pages.usage_rows import ClassRow, Usage, class_rows, usages
from sightline.records.conversation import Conversation, Place, ToolRun
from sightline.records.span_tree import Position
from sightline.records.trace import Content, Span, SpanDetail, SpanEvent, Trace

_NAMES = {
    "messages": "Messages",
    "documents": "Documents",
    "attributes": "Attributes",
    "cost": "Cost",
    "events": "Events",
    "moment": "Logs",
    "scores": "Scores",
    "raw": "Raw",
}
# Tabs for which every column of the span is read; for the others its texts are enough.
WHOLE = frozenset({"attributes", "cost", "raw"})


@dataclass(frozen=True, slots=True)
class Inspector:
    """The selected span in full. `download` leads to the record as a file, `expired`: texts are gone."""

    span: Span
    ancestors: tuple[Link, ...]
    facts: tuple[Fact, ...]
    notes: tuple[str, ...]
    tabs: tuple[Link, ...]
    tab: str
    messages: Messages
    switch: Link
    columns: tuple[AttributeRow, ...]
    attributes: tuple[AttributeRow, ...]
    classes: tuple[ClassRow, ...]
    price: str
    usages: tuple[Usage, ...]
    usage_total: str
    events: tuple[SpanEvent, ...]
    moment: MomentRows | None
    scores: ScoresPart | None
    raw: str
    download: str
    previous: str
    next: str
    close: str
    zoom: str
    trace_start: int
    expired: str


@dataclass(frozen=True, slots=True)
class Read:
    """What was read of a span for the tab that is shown. `before`: what the model call before it said.

    `tab` is the one that is shown, '' when what the span says decides between messages and documents.
    `scored` is how many scores the span has, `scores` shows them. `tools` ran in the trace, in order.
    `previous` and `next` are addresses of the spans around it in the list, `counted_twice` maps spans to an
    earlier one with the same response.
    """

    detail: SpanDetail
    contents: Sequence[Content] = ()
    before: Sequence[Content] = ()
    moment: MomentRows | None = None
    previous: str = ""
    next: str = ""
    counted_twice: Mapping[str, str] | None = None
    tab: str = ""
    tools: Sequence[ToolRun] = ()
    scores: ScoresPart | None = None
    scored: int = 0


def previous_call(trace: Trace, row: int) -> int | None:
    """The row of the model call before this one, of the same agent when there is one."""
    columns, parent = trace.columns, trace.tree.parent
    if columns.kinds[row] != "llm":
        return None
    begin = columns.starts[row]
    before = [r for r, kind in enumerate(columns.kinds) if kind == "llm" and columns.starts[r] < begin]
    beside = [r for r in before if parent[r] == parent[row]]
    return max(beside or before, key=lambda r: columns.starts[r], default=None)


def inspector(trace: Trace, row: int, read: Read, asked: Asked) -> Inspector:
    """The span of a row: its facts and what the chosen tab shows.

    Long texts take some milliseconds: not for the event loop.
    """
    span, detail = trace.spans[row], read.detail
    said = conversation(read.contents, detail.events, tool=span.tool_name)
    tab = read.tab or (TABS[1] if said.documents and span.kind != "llm" else TABS[0])
    earlier = conversation(read.before).messages if read.before else ()
    drawn = messages(
        said, earlier, read.contents, exact=asked.exact, ran=_runs(said, span, read.tools, asked)
    )
    whole = tab in WHOLE
    zoomed = around(trace, span.start_time, span.end_time)
    return Inspector(
        span=span,
        ancestors=tuple(
            Link(trace.columns.names[r] or trace.columns.ids[r], asked.to(trace.columns.ids[r]))
            for r in reversed(trace.tree.above(row)[:5])
        ),
        facts=_span_facts(span),
        notes=_span_notes(span),
        tabs=_tabs(asked, span, tab, {"documents": len(said.documents), "scores": read.scored}, detail),
        tab=tab,
        messages=drawn,
        switch=Link(
            "As a conversation" if asked.exact else "Exact text",
            replace(asked, exact=not asked.exact).href,
            asked.exact,
        ),
        columns=canonical(detail.columns, trace.project) if whole else (),
        attributes=sent(detail.attributes, trace.project) if whole else (),
        classes=class_rows(span, detail) if tab == "cost" else (),
        price=str(detail.columns.get("price_version", "")),
        usages=usages(trace, asked, read.counted_twice or {}) if tab == "cost" else (),
        usage_total=_total(trace),
        events=detail.events,
        moment=read.moment,
        scores=read.scores,
        raw=json.dumps(asdict(detail), ensure_ascii=False, indent=2, default=str) if tab == "raw" else "",
        download=with_query(
            path_of(trace.project, "traces", trace.trace_id, "record"), {"span": span.span_id}
        ),
        previous=read.previous,
        next=read.next,
        close=asked.to(""),
        zoom=replace(asked, zoom=zoomed, span=span.span_id, start=0).href if zoomed else "",
        trace_start=trace.start_time,
        expired=_expired(read.contents),
    )


def _runs(said: Conversation, span: Span, tools: Sequence[ToolRun], asked: Asked) -> dict[Place, Piece]:
    """How the tools ran that were asked for, each with the way to its span."""
    found = ran(said.messages, tools, span.parent_span_id, span.start_time, span.end_time) if tools else {}
    return {
        place: Piece(
            "call",
            Markup(),
            took=str(formats.duration(run.duration_ns)),
            href=asked.on("", run.span_id),
            error=run.failed,
        )
        for place, run in found.items()
        if run.span_id != span.span_id
    }


def _tabs(
    asked: Asked, span: Span, tab: str, given: Mapping[str, int], detail: SpanDetail
) -> tuple[Link, ...]:
    counts = {**given, "events": len(detail.events)}
    return tuple(
        Link(
            f"{_NAMES[name]} {counts[name]}" if counts.get(name) else _NAMES[name],
            asked.on(name, span.span_id),
            name == tab,
        )
        for name in TABS
    )


def _expired(contents: Sequence[Content]) -> str:
    """The note on texts that are not there any more."""
    gone = sum(content.text is None for content in contents)
    if not gone:
        return ""
    what = "Its texts are" if gone == len(contents) else f"{gone} of its {len(contents)} texts are"
    return (
        f"{what} not stored any more: the project keeps contents for a shorter time than spans "
        "(or they are on their way). Times, tokens and cost stay."
    )


def _total(trace: Trace) -> str:
    if trace.cost_usd is None:
        return "unknown" if trace.unknown_cost else "–"
    return ("≥ " if trace.unknown_cost else "") + formats.money(trace.cost_usd, formats.Money.BREAKDOWN)


def _span_facts(span: Span) -> tuple[Fact, ...]:
    found = [Fact("Duration", str(formats.duration(span.duration_ns)))]
    if span.children:
        share = formats.percent(span.own_ns, span.duration_ns)
        found.append(Fact("Own time", str(formats.duration(span.own_ns)), share))
    first = span.time_to_first_token_ns
    if first is not None:
        found.append(Fact("First token", str(formats.duration(first))))
        rest = span.duration_ns - first
        if span.tokens.output and rest > 0:
            found.append(
                Fact("Decode", f"{formats.count(round(span.tokens.output * formats.S / rest))} tok/s")
            )
    if span.kind in ("llm", "embedding") or span.tokens.input is not None or span.tokens.output is not None:
        found.append(Fact("Tokens", tokens_of(span)))
    if span.cost_usd is not None:
        found.append(
            Fact(
                "Cost",
                formats.money(span.cost_usd),
                "" if span.cost_source == "computed" else span.cost_source,
            )
        )
    elif span.cost_source == "unknown":
        found.append(Fact("Cost", "unknown"))
    return tuple(found)


def _span_notes(span: Span) -> tuple[str, ...]:
    notes = []
    if span.status == "error":
        notes.append(
            f"Failed: {span.status_message}" if span.status_message else "Failed, without a reason given."
        )
    if span.skew_ns:
        notes.append(
            f"By its own clock it starts {formats.duration(span.skew_ns)} before its parent. "
            "It is drawn where it was measured; the clocks of the two machines probably differ."
        )
    if span.position is Position.PARENT_MISSING:
        notes.append(
            f"Its parent {span.parent_span_id} was not received: late, sampled away, or sent elsewhere."
        )
    if span.position is Position.CYCLE:
        notes.append(f"Its parents lead back to itself (by {span.parent_span_id}); the circle was cut here.")
    return tuple(notes)
