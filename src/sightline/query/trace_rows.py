"""Rows of the store as records: the pure half of the trace questions."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sightline.query.tree import Node, Place, places
from sightline.records.trace import (
    ContentRef,
    Span,
    SpanDetail,
    SpanEvent,
    SpanLink,
    Tokens,
    Trace,
    TraceSummary,
)

_MAX_FLAT = 2_000
_FLAGS = ("content_truncated", "content_redacted")
# Columns that `SpanDetail` holds in a shape of their own.
_PARTS = ("content", "event", "link", "attributes", "resource", "trace_id", "span_id")


def tokens(row: Mapping[str, Any]) -> Tokens:
    """The token classes of a row."""
    return Tokens(
        row["input_tokens"],
        row["output_tokens"],
        row["cache_read_tokens"],
        row["cache_write_tokens"],
        row["reasoning_tokens"],
    )


def summary(row: Mapping[str, Any], preview: str) -> TraceSummary:
    """One line of a list from a row of `trace_summaries.sql`."""
    first_token = row["first_token_at"]
    return TraceSummary(
        trace_id=row["trace_id"],
        root_span_id=row["root_span_id"],
        name=row["name"],
        service=row["service"],
        status=row["status"],
        start_time=row["began"],
        duration_ns=row["ended"] - row["began"],
        time_to_first_token_ns=first_token - row["began"] if first_token else None,
        spans=row["spans"],
        errors=row["errors"],
        model=row["model"] or "",
        models=row["models"],
        tokens=tokens(row),
        cost_usd=row["cost_usd"],
        unknown_cost=row["unknown_cost"],
        unknown_tokens=row["unknown_tokens"],
        session_id=row["session_id"],
        user_id=row["user_id"],
        team=row["team"],
        feature=row["feature"],
        environment=row["environment"],
        input_preview=preview,
        root_received=bool(row["root_received"]),
    )


def span(trace_id: str, row: Mapping[str, Any], place: Place) -> Span:
    """A span at its place. Own time, depth and skew are those of the spans received up to now."""
    return Span(
        trace_id=trace_id,
        span_id=row["span_id"],
        parent_span_id=row["parent_span_id"],
        name=row["name"],
        kind=row["kind"],
        status=row["status"],
        status_message=row["status_message"],
        service=row["service_name"],
        start_time=row["started"],
        duration_ns=row["duration_ns"],
        own_ns=place.own_ns,
        depth=place.depth,
        position=place.position,
        children=place.children,
        skew_ns=place.skew_ns,
        time_to_first_token_ns=row["time_to_first_token_ns"],
        model=row["model"],
        provider=row["provider_name"],
        operation=row["operation_name"],
        tool_name=row["tool"],
        tokens=tokens(row),
        cost_usd=row["cost_usd"],
        cost_source=row["cost_from"],
        usage_source=row["usage_from"],
        session_id=row["session"],
        user_id=row["user"],
        team=row["team_name"],
        feature=row["feature_name"],
        environment=row["environment_name"],
    )


def trace(project: str, trace_id: str, rows: Sequence[Mapping[str, Any]], *, truncated: bool) -> Trace:
    """A trace from the rows of its spans, in any order. At least one row is needed."""
    nodes = [
        Node(r["span_id"], r["parent_span_id"], r["started"], r["started"] + r["duration_ns"]) for r in rows
    ]
    spans = tuple(span(trace_id, rows[place.index], place) for place in places(nodes))
    counted = [s for s in spans if s.usage_source != "rollup"]
    costs = [s.cost_usd for s in counted if s.cost_usd is not None]
    begin = min(node.start for node in nodes)
    return Trace(
        project=project,
        trace_id=trace_id,
        spans=spans,
        start_time=begin,
        duration_ns=max(node.end for node in nodes) - begin,
        tokens=Tokens(
            total([s.tokens.input for s in counted]),
            total([s.tokens.output for s in counted]),
            total([s.tokens.cache_read for s in counted]),
            total([s.tokens.cache_write for s in counted]),
            total([s.tokens.reasoning for s in counted]),
        ),
        cost_usd=sum(costs) if costs else None,
        unknown_cost=sum(s.cost_source == "unknown" for s in counted),
        unknown_tokens=sum(
            s.kind == "llm" and (s.tokens.input is None or s.tokens.output is None) for s in counted
        ),
        errors=sum(s.status == "error" for s in spans),
        truncated=truncated,
    )


def total(values: Sequence[int | None]) -> int | None:
    """The sum of what is known; `None` when nothing is."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def parsed(text: str) -> Any:
    """JSON, or the text itself when it is none."""
    try:
        return json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return text


def flat(value: Any) -> dict[str, Any]:
    """Nested attributes as dotted keys, in order of keys; bounded, without recursion."""
    out: dict[str, Any] = {}
    stack: list[tuple[str, Any]] = [("", value)]
    while stack and len(out) < _MAX_FLAT:
        prefix, at = stack.pop()
        if isinstance(at, dict) and (at or not prefix):
            stack.extend((f"{prefix}.{k}" if prefix else str(k), at[k]) for k in sorted(at, reverse=True))
        else:
            out[prefix or "value"] = at
    return out


def detail(trace_id: str, row: Mapping[str, Any]) -> SpanDetail:
    """The heavy parts of a span from a row of `span_details.sql`."""
    own = {
        key: value
        for key, value in row.items()
        if value not in (None, "", []) and (not key.startswith(_PARTS) or key in _FLAGS)
    }
    attributes = flat(parsed(row["attributes_json"]))
    attributes |= {f"resource.{key}": value for key, value in flat(parsed(row["resource_json"])).items()}
    return SpanDetail(
        trace_id=trace_id,
        span_id=row["span_id"],
        columns=own,
        attributes=attributes,
        events=tuple(
            SpanEvent(time, name, flat(parsed(text)))
            for time, name, text in zip(
                row["event_times"], row["event_names"], row["event_attributes"], strict=True
            )
        ),
        links=tuple(
            SpanLink(trace, span_id, flat(parsed(text)))
            for trace, span_id, text in zip(
                row["link_traces"], row["link_spans"], row["link_attributes"], strict=True
            )
        ),
        contents=tuple(
            ContentRef(field, hash_, size)
            for field, hash_, size in zip(
                row["content_fields"], row["content_hashes"], row["content_sizes"], strict=True
            )
        ),
    )
