"""Rows of the store as records: the pure half of the trace questions."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sightline.query.tree import Node, Place, places
from sightline.records.listing import SpanSummary
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
from sightline.store.rows import Rows

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


def span_summary(row: Mapping[str, Any], preview: str) -> SpanSummary:
    """One line of a list of spans from a row of `span_rows.sql`."""
    return SpanSummary(
        trace_id=row["trace_id"],
        span_id=row["span_id"],
        name=row["name"],
        kind=row["kind"],
        status=row["status"],
        status_message=row["status_message"],
        service=row["service"],
        start_time=row["started"],
        duration_ns=row["duration_ns"],
        own_ns=row["own_ns"],
        depth=row["depth"],
        time_to_first_token_ns=row["time_to_first_token_ns"],
        model=row["model"],
        provider=row["provider"],
        tool_name=row["tool_name"],
        agent_name=row["agent_name"],
        tokens=tokens(row),
        cost_usd=row["cost_usd"],
        cost_source=row["cost_source"],
        usage_source=row["usage_source"],
        session_id=row["session_id"],
        user_id=row["user_id"],
        team=row["team"],
        feature=row["feature"],
        environment=row["environment"],
        input_preview=preview,
    )


# The columns of `trace.sql`, in its order.
_COLUMNS = (
    "span_id", "parent_span_id", "name", "kind", "status", "status_message", "service_name",
    "started", "duration_ns", "time_to_first_token_ns", "model", "provider_name", "operation_name",
    "tool", "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens",
    "reasoning_tokens", "cost_usd", "cost_from", "usage_from", "session", "user", "team_name",
    "feature_name", "environment_name",
)  # fmt: skip
_NO_TOKENS = Tokens()


def span(trace_id: str, row: Sequence[Any], place: Place) -> Span:
    """A span at its place. Own time, depth and skew are those of the spans received up to now.

    `row` has the columns of `trace.sql` in order: a large trace makes no dictionary for each of its spans.
    """
    (
        span_id, parent, name, kind, status, message, service, start, duration, first_token, model,
        provider, operation, tool, input_, output, read, write, reasoning, cost, cost_source,
        usage_source, session, user, team, feature, environment,
    ) = row  # fmt: skip
    _, depth, position, children, own, skew = place
    bare = input_ is None and output is None and read is None and write is None and reasoning is None
    return Span(
        trace_id, span_id, parent, name, kind, status, message, service, start, duration, own, depth,
        position, children, skew, first_token, model, provider, operation, tool,
        _NO_TOKENS if bare else Tokens(input_, output, read, write, reasoning),
        cost, cost_source, usage_source, session, user, team, feature, environment,
    )  # fmt: skip


def trace(project: str, trace_id: str, answer: Rows, limit: int) -> Trace:
    """A trace from the answer to `trace.sql`, which has at least one row and at most one beyond `limit`."""
    if answer.columns != _COLUMNS:
        raise ValueError(f"trace.sql answers {answer.columns}, expected {_COLUMNS}")
    rows = answer.rows[:limit]
    nodes = [Node(row[0], row[1], row[7], row[7] + row[8]) for row in rows]
    spans = tuple(span(trace_id, rows[place.at], place) for place in places(nodes))
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
        truncated=len(answer.rows) > limit,
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
