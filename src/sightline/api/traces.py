"""Reading traces: the latest ones, and one with its spans."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sightline.api import shapes
from sightline.api.moments import iso, moment
from sightline.api.operations import Call, Operation, Parameter
from sightline.api.parameters import CURSOR, ENVIRONMENT, PROJECT, SINCE, TRACE_ID, limit
from sightline.api.problems import Problem
from sightline.query import traces as questions
from sightline.records.access import Scope
from sightline.records.trace import Span, SpanDetail, Tokens, TraceSummary

_TRACE_ID = re.compile(r"[0-9a-fA-F]{1,64}")
_CURSOR = re.compile(r"(\d{1,6})-([0-9a-f]{1,64})")
SPANS_PER_PAGE, MOST_SPANS = 500, 5_000
TRACES_PER_PAGE, MOST_TRACES = 50, 500
_DETAIL_BATCH = 500


async def list_traces(call: Call) -> Mapping[str, Any]:
    """A page of traces, latest first."""
    limit = call.number("limit", TRACES_PER_PAGE, MOST_TRACES)
    page = await questions.latest_traces(
        call.services.store,
        call.project,
        limit,
        call.text("cursor"),
        since=moment(call, "since"),
        environment=call.text("environment"),
    )
    return {"project": call.project, "traces": [_summary(t) for t in page.traces], "next": page.next}


async def one_trace(call: Call) -> Mapping[str, Any]:
    """A page of a trace's spans in tree order, with the trace's sums."""
    trace_id = call.request.path_params["trace_id"]
    if not _TRACE_ID.fullmatch(trace_id):
        raise Problem(404, f"{trace_id[:80]!r} is not a trace id; it is written in hexadecimal digits.")
    limit = call.number("limit", SPANS_PER_PAGE, MOST_SPANS)
    details = call.flag("details", True)
    trace = await questions.trace(call.services.store, call.project, trace_id)
    if trace is None:
        raise Problem(404, f"There is no trace {trace_id.lower()} in project {call.project}.")
    start = _start(call.text("cursor"), trace.spans)
    spans = trace.spans[start : start + limit]
    heavy = await _details(call, trace.trace_id, [s.span_id for s in spans]) if details else {}
    more = start + limit < len(trace.spans)
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
        "spans": [_span(span, heavy.get(span.span_id)) for span in spans],
        "next": f"{start + limit}-{spans[-1].span_id}" if more and spans else None,
    }


def _start(cursor: str | None, spans: tuple[Span, ...]) -> int:
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


def _summary(trace: TraceSummary) -> dict[str, Any]:
    fields = asdict(trace)
    del fields["tokens"]
    return {**fields, "start_time": iso(trace.start_time), **_tokens(trace.tokens)}


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


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "GET",
        "/traces",
        list_traces,
        "Latest traces",
        Scope.READ,
        shapes.TRACES,
        parameters=(
            PROJECT,
            limit(TRACES_PER_PAGE, MOST_TRACES),
            CURSOR,
            SINCE,
            ENVIRONMENT,
        ),
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
