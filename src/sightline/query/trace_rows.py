"""Rows of the store as records: the pure half of the trace questions."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, overload

from sightline.query.tree import grow
from sightline.records.listing import SpanSummary
from sightline.records.span_tree import SpanTree
from sightline.records.trace import (
    ContentRef,
    Span,
    SpanColumns,
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
        weight=row["weight"],
        sample_reason=row["sample_reason"],
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
        weight=row["weight"],
        sample_reason=row["sample_reason"],
    )


# The columns of `trace.sql`, in its order.
_COLUMNS = (
    "span_id", "parent_span_id", "name", "kind", "status", "status_message", "service_name",
    "started", "duration_ns", "time_to_first_token_ns", "model", "provider_name", "operation_name",
    "tool", "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens",
    "reasoning_tokens", "cost_usd", "cost_from", "usage_from", "session", "user", "team_name",
    "feature_name", "environment_name",
)  # fmt: skip
_USAGE = _COLUMNS.index("usage_from")
_TOKENS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens")
_NO_TOKENS = Tokens()


class Spans(Sequence[Span]):
    """The spans of a trace in tree order, each made when it is asked for.

    Own time, depth and skew are those of the spans received up to now. `rows` has the columns of `trace.sql`.
    """

    def __init__(self, trace_id: str, rows: Sequence[Sequence[Any]], tree: SpanTree) -> None:
        self._trace_id, self._rows, self._tree = trace_id, rows, tree

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, place: int) -> Span: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Span, ...]: ...
    def __getitem__(self, place: int | slice) -> Span | tuple[Span, ...]:
        if isinstance(place, slice):
            return tuple(map(self._span, range(*place.indices(len(self._rows)))))
        if not -len(self._rows) <= place < len(self._rows):
            raise IndexError(f"row {place} of {len(self._rows)}")
        return self._span(place % len(self._rows))

    def _span(self, row: int) -> Span:
        tree = self._tree
        (
            span_id, parent, name, kind, status, message, service, start, duration, first_token, model,
            provider, operation, tool, input_, output, read, write, reasoning, cost, cost_source,
            usage_source, session, user, team, feature, environment,
        ) = self._rows[tree.at[row]]  # fmt: skip
        bare = input_ is None and output is None and read is None and write is None and reasoning is None
        return Span(
            self._trace_id, span_id, parent, name, kind, status, message, service, start, duration,
            tree.own_ns[row], tree.depth[row], tree.position(row), tree.children[row], tree.skew_ns[row],
            first_token, model, provider, operation, tool,
            _NO_TOKENS if bare else Tokens(input_, output, read, write, reasoning),
            cost, cost_source, usage_source, session, user, team, feature, environment,
        )  # fmt: skip


def trace(project: str, trace_id: str, answer: Rows, limit: int) -> Trace:
    """A trace from the answer to `trace.sql`, which has at least one row and at most one beyond `limit`."""
    if answer.columns != _COLUMNS:
        raise ValueError(f"trace.sql answers {answer.columns}, expected {_COLUMNS}")
    rows = answer.rows[:limit]
    ids, starts = _column(rows, "span_id"), _column(rows, "started")
    ends = [start + took for start, took in zip(starts, _column(rows, "duration_ns"), strict=True)]
    tree = grow(ids, _column(rows, "parent_span_id"), starts, ends)
    counted = [row for row in rows if row[_USAGE] != "rollup"]
    own = [row for row in rows if row[_USAGE] == "own"]
    costs = [cost for cost in _column(own, "cost_usd") if cost is not None]
    asked = zip(*(_column(counted, name) for name in ("kind", "input_tokens", "output_tokens")), strict=True)
    columns = _columns(rows, tree, ids, starts, ends)
    begin = min(starts)
    return Trace(
        project=project,
        trace_id=trace_id,
        spans=Spans(trace_id, rows, tree),
        tree=tree,
        columns=columns,
        start_time=begin,
        duration_ns=max(ends) - begin,
        tokens=Tokens(*(total(_column(own, name)) for name in _TOKENS)),
        cost_usd=sum(costs) if costs else None,
        unknown_cost=_column(counted, "cost_from").count("unknown"),
        unknown_tokens=sum(
            kind == "llm" and (input_ is None or output is None) for kind, input_, output in asked
        ),
        errors=sum(columns.failed),
        truncated=len(answer.rows) > limit,
    )


def _column(rows: Sequence[Sequence[Any]], name: str) -> list[Any]:
    place = _COLUMNS.index(name)
    return [row[place] for row in rows]


def _columns(
    rows: Sequence[Sequence[Any]],
    tree: SpanTree,
    ids: Sequence[str],
    starts: Sequence[int],
    ends: Sequence[int],
) -> SpanColumns:
    def ordered(values: Sequence[Any]) -> list[Any]:
        return [values[at] for at in tree.at]

    rollup = [source == "rollup" for source in _column(rows, "usage_from")]
    cost = [
        0.0 if again or usd is None else usd
        for again, usd in zip(rollup, _column(rows, "cost_usd"), strict=True)
    ]
    in_order = ordered(ids)
    return SpanColumns(
        ids=in_order,
        rows=dict(zip(reversed(in_order), range(len(ids) - 1, -1, -1), strict=True)),
        names=ordered(_column(rows, "name")),
        kinds=ordered(_column(rows, "kind")),
        failed=[status == "error" for status in ordered(_column(rows, "status"))],
        starts=ordered(starts),
        ends=ordered(ends),
        first_token=[
            -1 if value is None else value for value in ordered(_column(rows, "time_to_first_token_ns"))
        ],
        cost=ordered(cost),
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


def texts(trace_id: str, row: Mapping[str, Any]) -> SpanDetail:
    """What a span says, from a row of `span_texts.sql`."""
    return SpanDetail(trace_id, row["span_id"], {}, {}, _events(row), (), _contents(row))


def _events(row: Mapping[str, Any]) -> tuple[SpanEvent, ...]:
    given = zip(row["event_times"], row["event_names"], row["event_attributes"], strict=True)
    return tuple(SpanEvent(time, name, flat(parsed(text))) for time, name, text in given)


def _contents(row: Mapping[str, Any]) -> tuple[ContentRef, ...]:
    given = zip(row["content_fields"], row["content_hashes"], row["content_sizes"], strict=True)
    return tuple(ContentRef(field, hash_, size) for field, hash_, size in given)


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
        events=_events(row),
        links=tuple(
            SpanLink(trace, span_id, flat(parsed(text)))
            for trace, span_id, text in zip(
                row["link_traces"], row["link_spans"], row["link_attributes"], strict=True
            )
        ),
        contents=_contents(row),
    )
