"""The inspector: one span in full, its messages, attributes, tokens and cost, events, and all as stored."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from sightline.content.conversation import conversation
from sightline.pages import formats
from sightline.pages.address import Link, with_query
from sightline.pages.formats import Absent, Money
from sightline.pages.messages import Messages, messages
from sightline.pages.waterfall import TABS, Asked
from sightline.records.trace import Content, Position, Span, SpanDetail, SpanEvent, Trace


@dataclass(frozen=True, slots=True)
class Fact:
    """A headline figure: `value` is one of text, nanoseconds or dollars, as `kind` says."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Usage:
    """A line of “why counted once”."""

    name: str
    href: str
    how: str
    cost: str
    counted: bool


@dataclass(frozen=True, slots=True)
class Inspector:
    """The selected span in full."""

    span: Span
    kind: str
    ancestors: tuple[Link, ...]
    facts: tuple[Fact, ...]
    notes: tuple[str, ...]
    tabs: tuple[Link, ...]
    tab: str
    messages: Messages
    switch: Link
    columns: Mapping[str, object]
    attributes: Mapping[str, object]
    classes: tuple[tuple[str, int | None, float | None], ...]
    usages: tuple[Usage, ...]
    events: tuple[SpanEvent, ...]
    raw: str
    previous: str
    next: str
    close: str
    trace_start: int


def tokens_of(span: Span) -> str:
    """`6,204 → 148`; an embedding has no output, a call that reports nothing says so."""
    if span.tokens.input is None and span.tokens.output is None:
        return Absent.UNKNOWN
    output = Absent.NOT_APPLICABLE if span.kind == "embedding" else counted(span.tokens.output)
    return f"{counted(span.tokens.input)} → {output}"


def counted(number: int | None) -> str:
    """A token count, or the word for not knowing it."""
    return "unknown" if number is None else formats.count(number)


def previous_call(trace: Trace, span: Span) -> Span | None:
    """The model call before this one, of the same agent when there is one: what it said may be sent again."""
    if span.kind != "llm":
        return None
    before = [s for s in trace.spans if s.kind == "llm" and s.start_time < span.start_time]
    beside = [s for s in before if s.parent_span_id == span.parent_span_id]
    return max(beside or before, key=lambda s: s.start_time, default=None)


def inspector(
    trace: Trace,
    span: Span,
    detail: SpanDetail,
    contents: Sequence[Content],
    request: Asked,
    before: Sequence[Content] = (),
) -> Inspector:
    """The selected span: its facts, messages, attributes, usage, events and everything as stored.

    `before` are the contents of `previous_call`. Long texts take some milliseconds: not for the event loop.
    """
    said = conversation(contents, detail.events, tool=span.tool_name)
    speaks = bool(contents or said.messages or said.documents)
    order = [s.span_id for s in trace.spans]
    at = order.index(span.span_id)
    names = {"messages": "Messages", "attributes": "Attributes", "cost": "Cost & tokens", "raw": "Raw"}
    names["events"] = f"Events {len(detail.events)}" if detail.events else "Events"
    tab = request.tab or (TABS[0] if speaks else TABS[1])
    return Inspector(
        span=span,
        kind=span.kind,
        ancestors=tuple(
            Link(s.name or s.span_id, request.to(s.span_id, request.tab, request.start))
            for s in ancestors(trace.spans, at)
        ),
        facts=_span_facts(span),
        notes=_span_notes(span),
        tabs=tuple(
            Link(
                names[name],
                with_query(
                    request.base,
                    {"span": span.span_id, "tab": name, "from": str(request.start) if request.start else ""},
                ),
                name == tab,
            )
            for name in TABS
        ),
        tab=tab,
        messages=messages(
            said, conversation(before).messages if before else (), contents, exact=request.exact
        ),
        switch=Link(
            "As a conversation" if request.exact else "Exact text",
            replace(request, exact=not request.exact).to(span.span_id, TABS[0], request.start),
            request.exact,
        ),
        columns=_understood(detail.columns),
        attributes=detail.attributes,
        classes=_classes(span, detail),
        usages=usages(trace, request),
        events=detail.events,
        raw=json.dumps(asdict(detail), ensure_ascii=False, indent=2, default=str) if tab == "raw" else "",
        previous=request.to(order[at - 1], request.tab, request.start) if at else "",
        next=request.to(order[at + 1], request.tab, request.start) if at + 1 < len(order) else "",
        close=request.to(start=request.start),
        trace_start=trace.start_time,
    )


def ancestors(spans: Sequence[Span], at: int) -> list[Span]:
    """The spans above, outermost first, at most the nearest five."""
    out: list[Span] = []
    depth = spans[at].depth
    while depth and len(out) < 5:
        at -= 1
        if spans[at].depth < depth:
            out.append(spans[at])
            depth = spans[at].depth
    return out[::-1]


# Bookkeeping of the store, or shown elsewhere on the page.
_HIDDEN = {"name", "kind", "own_ns", "depth", "is_root", "skew_ns", "status_message"}
_ONLY_IF_SET = {"late_ns", "dropped_attributes"}


def _understood(columns: Mapping[str, object]) -> dict[str, object]:
    """The canonical columns to read, times and durations written out."""
    out: dict[str, object] = {}
    for key, value in columns.items():
        if key in _HIDDEN or (key in _ONLY_IF_SET and not value):
            continue
        if isinstance(value, int) and key.endswith("_ns"):
            out[key.removesuffix("_ns")] = str(formats.duration(value))
        elif isinstance(value, int) and key in ("start_time", "received_at", "digested_at"):
            out[key] = formats.absolute(value)
        else:
            out[key] = value
    return out


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


def _classes(span: Span, detail: SpanDetail) -> tuple[tuple[str, int | None, float | None], ...]:
    """Token classes with their cost where known: name, tokens, dollars."""
    tokens, columns = span.tokens, detail.columns

    def cost(name: str) -> float | None:
        value = columns.get(name)
        return float(value) if isinstance(value, int | float) else None

    if tokens.input is None and tokens.output is None:
        return ()
    cached = (tokens.cache_read or 0) + (tokens.cache_write or 0)
    plain = None if tokens.input is None else max(0, tokens.input - cached)
    out: list[tuple[str, int | None, float | None]] = [("Input, not cached", plain, cost("cost_input"))]
    if tokens.cache_read is not None:
        out.append(("Input, read from cache", tokens.cache_read, cost("cost_cache_read")))
    if tokens.cache_write is not None:
        out.append(("Input, written to cache", tokens.cache_write, cost("cost_cache_write")))
    out.append(("Output", tokens.output, cost("cost_output")))
    if tokens.reasoning is not None:
        out.append(("of which reasoning", tokens.reasoning, cost("cost_reasoning")))
    return tuple(out)


def usages(trace: Trace, request: Asked, most: int = 50) -> tuple[Usage, ...]:
    """Why the trace's total counts each call once: every span that reports usage, and what became of it."""
    out: list[Usage] = []
    for span in trace.spans:
        if not span.usage_source and span.cost_usd is None and span.cost_source != "unknown":
            continue
        if len(out) == most:
            out.append(Usage(f"and more, of {len(trace.spans)} spans", "", "", "", True))
            break
        own = span.usage_source != "rollup"
        tokens = tokens_of(span)
        said = "tokens not reported" if tokens == Absent.UNKNOWN else tokens
        how = f"own usage, {span.model + ', ' if span.model else ''}{said}"
        if not own:
            how = f"{tokens} repeats the spans below it: a roll-up"
        cost = "unknown" if span.cost_usd is None else formats.money(span.cost_usd, Money.BREAKDOWN)
        out.append(Usage(span.name, request.to(span.span_id, "cost", request.start), how, cost, own))
    return tuple(out)
