"""What the demo's tests share: an outbox that keeps requests, and a history made once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from sightline.demo.feed import Plan, Rest, send_history
from sightline.records.ingest import Signal

NOW = 1_795_185_120 * 10**9
"""Friday 20 November 2026, 14:32 UTC."""


@dataclass(slots=True)
class Kept:
    """An outbox that keeps what it is given."""

    requests: list[tuple[Signal, bytes, int]] = field(default_factory=list)

    def submit(self, signal: Signal, payload: bytes, items: int) -> None:
        """Keeps a request."""
        self.requests.append((signal, payload, items))


@dataclass(frozen=True, slots=True)
class Got:
    """A span as a receiver sees it."""

    resource: dict[str, Any]
    scope: str
    span: Any
    attributes: dict[str, Any]


def value_of(value: Any) -> Any:
    """An OTLP value as Python."""
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [value_of(v) for v in value.array_value.values]
    if kind == "kvlist_value":
        return {kv.key: value_of(kv.value) for kv in value.kvlist_value.values}
    return getattr(value, kind) if kind else None


def attributes_of(pairs: Any) -> dict[str, Any]:
    """OTLP attributes as a dictionary."""
    return {pair.key: value_of(pair.value) for pair in pairs}


def spans_of(kept: Kept) -> Iterator[Got]:
    """All spans in the order sent."""
    for signal, payload, _ in kept.requests:
        if signal is Signal.TRACES:
            for group in ExportTraceServiceRequest.FromString(payload).resource_spans:
                resource = attributes_of(group.resource.attributes)
                for part in group.scope_spans:
                    for span in part.spans:
                        yield Got(resource, part.scope.name, span, attributes_of(span.attributes))


def logs_of(kept: Kept) -> Iterator[tuple[dict[str, Any], Any]]:
    """All log records with their resource."""
    for signal, payload, _ in kept.requests:
        if signal is Signal.LOGS:
            for group in ExportLogsServiceRequest.FromString(payload).resource_logs:
                resource = attributes_of(group.resource.attributes)
                for part in group.scope_logs:
                    for record in part.log_records:
                        yield resource, record


def metrics_of(kept: Kept) -> Iterator[Any]:
    """All metrics."""
    for signal, payload, _ in kept.requests:
        if signal is Signal.METRICS:
            for group in ExportMetricsServiceRequest.FromString(payload).resource_metrics:
                for part in group.scope_metrics:
                    yield from part.metrics


@dataclass(frozen=True, slots=True)
class Sent:
    """A history and what it left for later."""

    kept: Kept
    spans: list[Got]
    rest: Rest


@cache
def a_week() -> Sent:
    """A fifth of the usual week: about 15,000 spans."""
    kept, rest = Kept(), Rest([], [], [])
    for step in send_history(kept, Plan(NOW, seed=3, days=7, traces=1400)):
        rest = step[1]
    return Sent(kept, list(spans_of(kept)), rest)


def messages(got: Got) -> list[dict[str, Any]]:
    """The input messages of a GenAI span."""
    found: list[dict[str, Any]] = json.loads(got.attributes["gen_ai.input.messages"])
    return found
