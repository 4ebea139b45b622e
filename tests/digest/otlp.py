"""OTLP messages from plain Python values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from sightline.catalog.values import Value

START = 1_794_960_000 * 10**9


def any_value(value: Value) -> AnyValue:
    """An AnyValue; None is one in which nothing is set."""
    if value is None:
        return AnyValue()
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    if isinstance(value, int):
        return AnyValue(int_value=value)
    if isinstance(value, float):
        return AnyValue(double_value=value)
    if isinstance(value, str):
        return AnyValue(string_value=value)
    if isinstance(value, bytes):
        return AnyValue(bytes_value=value)
    if isinstance(value, list):
        return AnyValue(array_value=ArrayValue(values=[any_value(v) for v in value]))
    return AnyValue(kvlist_value=KeyValueList(values=key_values(value.items())))


def key_values(pairs: Iterable[tuple[str, Value]]) -> list[KeyValue]:
    """Attributes in their order, duplicates included."""
    return [KeyValue(key=k, value=any_value(v)) for k, v in pairs]


def span(
    trace: int | bytes,
    id_: int | bytes,
    parent: int | bytes = b"",
    *,
    start: int = START,
    length: int = 1000,
    attributes: dict[str, Any] | Sequence[tuple[str, Any]] = (),
    **more: Any,
) -> Span:
    """A span; ids may be small numbers."""

    def raw(value: int | bytes, size: int) -> bytes:
        return value if isinstance(value, bytes) else value.to_bytes(size, "big")

    pairs = attributes.items() if isinstance(attributes, dict) else attributes
    return Span(
        **{"name": "work"} | more,
        trace_id=raw(trace, 16),
        span_id=raw(id_, 8),
        parent_span_id=raw(parent, 8) if parent else b"",
        start_time_unix_nano=start,
        end_time_unix_nano=max(0, start + length),
        attributes=key_values(pairs),
    )


def traces(
    spans: Sequence[Span], resource: dict[str, Any] | Sequence[tuple[str, Any]] = (), scope: str = "test"
) -> ExportTraceServiceRequest:
    """A request of spans with one resource and scope."""
    request = ExportTraceServiceRequest()
    add(request, spans, resource, scope)
    return request


def add(
    request: ExportTraceServiceRequest,
    spans: Sequence[Span],
    resource: dict[str, Any] | Sequence[tuple[str, Any]] = (),
    scope: str = "test",
) -> None:
    """More spans under a resource and scope of their own."""
    found = request.resource_spans.add()
    pairs = resource.items() if isinstance(resource, dict) else resource
    found.resource.attributes.extend(key_values(pairs))
    inner = found.scope_spans.add()
    inner.scope.name = scope
    inner.spans.extend(spans)
