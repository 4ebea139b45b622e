"""Reading: traces and spans that match a filter, and one trace with its spans."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from sightline.api import shapes
from sightline.api.moments import iso
from sightline.api.operations import Call, Operation, Parameter
from sightline.api.parameters import CURSOR, PROJECT, SELECTED, TRACE_ID, limit, selection, told
from sightline.api.problems import Problem
from sightline.query import traces as questions
from sightline.query.listing import MAX_PAGE, spans, traces
from sightline.query.listing_order import Sort, read_cursor, sort_of, sortable, window_of
from sightline.query.selection import Selection, Target
from sightline.records.access import Scope
from sightline.records.listing import SpanSummary
from sightline.records.trace import Span, SpanDetail, Tokens, TraceSummary

_TRACE_ID = re.compile(r"[0-9a-fA-F]{1,64}")
_CURSOR = re.compile(r"(\d{1,6})-([0-9a-f]{1,64})")
SPANS_PER_PAGE, MOST_SPANS = 500, 5_000
PER_PAGE = 50
_DETAIL_BATCH = 500


async def list_traces(call: Call) -> Mapping[str, Any]:
    """A page of the traces that match, newest first or in another order."""
    chosen, sort, cursor = _listed(call, Target.TRACES)
    most = call.number("limit", PER_PAGE, MAX_PAGE)
    page = await traces(call.services.store, chosen, limit=most, cursor=cursor, sort=sort)
    found = [_summary(trace) for trace in page.traces]
    return {**told(chosen), "sort": str(sort), "traces": found, "next": page.next}


async def list_spans(call: Call) -> Mapping[str, Any]:
    """A page of the spans that match, newest first or in another order."""
    chosen, sort, cursor = _listed(call, Target.SPANS)
    most = call.number("limit", PER_PAGE, MAX_PAGE)
    page = await spans(call.services.store, chosen, limit=most, cursor=cursor, sort=sort)
    found = [_summary(span) for span in page.spans]
    return {**told(chosen), "sort": str(sort), "spans": found, "next": page.next}


def _listed(call: Call, target: Target) -> tuple[Selection, Sort, str | None]:
    """What is listed, in which order, and from where on: a cursor is about the time of its first page."""
    sort, cursor = sort_of(call.text("sort") or "", target), call.text("cursor")
    chosen = selection(call, target)
    at = read_cursor(cursor, sort, target) if cursor else None
    return replace(chosen, window=window_of(chosen.window, at)), sort, cursor


async def one_trace(call: Call) -> Mapping[str, Any]:
    """A page of a trace's spans in tree order, with the trace's sums."""
    trace_id = call.request.path_params["trace_id"]
    if not _TRACE_ID.fullmatch(trace_id):
        raise Problem(404, f"{trace_id[:80]!r} is not a trace id; it is written in hexadecimal digits.")
    most = call.number("limit", SPANS_PER_PAGE, MOST_SPANS)
    details = call.flag("details", True)
    trace = await questions.trace(call.services.store, call.project, trace_id)
    if trace is None:
        raise Problem(404, f"There is no trace {trace_id.lower()} in project {call.project}.")
    start = _start(call.text("cursor"), trace.spans)
    shown = trace.spans[start : start + most]
    heavy = await _details(call, trace.trace_id, [s.span_id for s in shown]) if details else {}
    more = start + most < len(trace.spans)
    return {
        "trace_id": trace.trace_id,
        "project": trace.project,
        "start_time": iso(trace.start_time),
        "duration_ns": trace.duration_ns,
        "spans_total": len(trace.spans),
        "truncated": trace.truncated,
        "errors": trace.errors,
        **_tokens(trace.tokens),
        "cost_usd": trace.cost_usd,
        "unknown_cost": trace.unknown_cost,
        "unknown_tokens": trace.unknown_tokens,
        "spans": [_span(span, heavy.get(span.span_id)) for span in shown],
        "next": f"{start + most}-{shown[-1].span_id}" if more and shown else None,
    }


def _start(cursor: str | None, spans: Sequence[Span]) -> int:
    """Where a cursor points to: after its span, which late spans may have moved, or else to its place."""
    if cursor is None:
        return 0
    found = _CURSOR.fullmatch(cursor)
    if not found:
        raise Problem(422, "The cursor is not one this server made; leave it out to begin anew.")
    place, last = int(found[1]), found[2]
    if 0 < place <= len(spans) and spans[place - 1].span_id == last:
        return place
    return next((i + 1 for i, span in enumerate(spans) if span.span_id == last), place)


async def _details(call: Call, trace_id: str, span_ids: list[str]) -> dict[str, SpanDetail]:
    found: dict[str, SpanDetail] = {}
    for first in range(0, len(span_ids), _DETAIL_BATCH):
        batch = span_ids[first : first + _DETAIL_BATCH]
        for detail in await questions.span_details(call.services.store, call.project, trace_id, batch):
            found[detail.span_id] = detail
    return found


def _tokens(tokens: Tokens) -> dict[str, int | None]:
    return {f"{name}_tokens": value for name, value in asdict(tokens).items()}


def _summary(line: TraceSummary | SpanSummary) -> dict[str, Any]:
    fields = asdict(line)
    del fields["tokens"]
    return {**fields, "start_time": iso(line.start_time), **_tokens(line.tokens)}


def _span(span: Span, detail: SpanDetail | None) -> dict[str, Any]:
    fields = asdict(span)
    del fields["tokens"]
    found: dict[str, Any] = {**fields, "start_time": iso(span.start_time), **_tokens(span.tokens)}
    if detail is not None:
        found["columns"] = detail.columns
        found["attributes"] = detail.attributes
        found["events"] = [{**asdict(event), "time": iso(event.time)} for event in detail.events]
        found["links"] = [asdict(link) for link in detail.links]
        found["contents"] = [asdict(ref) for ref in detail.contents]
    return found


def _sort(target: Target) -> Parameter:
    words = ", ".join(sortable(target))
    return Parameter(
        "sort", f"One of {words}; with - before it the largest first.", {**shapes.TEXT, "default": "-time"}
    )


_LINE = {
    "trace_id": shapes.TEXT, "name": shapes.TEXT, "status": shapes.TEXT, "service": shapes.TEXT,
    "start_time": shapes.TIME, "duration_ns": shapes.WHOLE, "time_to_first_token_ns": shapes.MAYBE_WHOLE,
    "model": shapes.TEXT, "input_tokens": shapes.MAYBE_WHOLE, "output_tokens": shapes.MAYBE_WHOLE,
    "cost_usd": shapes.MAYBE_NUMBER, "user_id": shapes.TEXT, "session_id": shapes.TEXT,
    "input_preview": {**shapes.TEXT, "description": "The beginning of what was asked."},
}  # fmt: skip
_TRACE_LINE = shapes.record(**_LINE, spans=shapes.WHOLE, errors=shapes.WHOLE)
_SPAN_LINE = shapes.record(**_LINE, span_id=shapes.TEXT, kind=shapes.TEXT, depth=shapes.WHOLE)

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "GET",
        "/traces",
        list_traces,
        "Traces that match",
        Scope.READ,
        shapes.told(sort=shapes.TEXT, traces=shapes.listed(_TRACE_LINE), next=shapes.CURSOR),
        "A trace matches when one of its spans meets the filter; its duration, cost and tokens are the"
        " trace's.",
        parameters=(*SELECTED, _sort(Target.TRACES), CURSOR, limit(PER_PAGE, MAX_PAGE)),
    ),
    Operation(
        "GET",
        "/spans",
        list_spans,
        "Spans that match",
        Scope.READ,
        shapes.told(sort=shapes.TEXT, spans=shapes.listed(_SPAN_LINE), next=shapes.CURSOR),
        parameters=(*SELECTED, _sort(Target.SPANS), CURSOR, limit(PER_PAGE, MAX_PAGE)),
    ),
    Operation(
        "GET",
        "/traces/{trace_id}",
        one_trace,
        "One trace, its spans in tree order",
        Scope.READ,
        shapes.TRACE,
        parameters=(
            TRACE_ID,
            PROJECT,
            limit(SPANS_PER_PAGE, MOST_SPANS),
            CURSOR,
            Parameter("details", "Attributes, events, links and content references too.", shapes.FLAG),
        ),
    ),
)
