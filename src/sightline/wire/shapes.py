"""The three signals of OTLP as data: messages, field names, and a view that leaves records undecoded.

All three requests have one shape: request.1 → group {1 resource, 2 scopes} → scope {1 scope, 2 records}.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from sightline.records.ingest import Signal


@dataclass(frozen=True, slots=True)
class Shape:
    """One signal: its messages and the names of their fields."""

    signal: Signal
    request: Any
    response: Any
    record: Any
    groups: Callable[[Any], Sequence[Any]]
    scopes: Callable[[Any], Sequence[Any]]
    records: Callable[[Any], Sequence[Any]]
    path: str
    """Format string for the place of one record: group, scope and record index."""
    nouns: str
    """What is counted, in the plural."""
    rejected: str
    """The field of the partial success that counts what was refused."""


TRACES = Shape(
    Signal.TRACES,
    trace_service_pb2.ExportTraceServiceRequest,
    trace_service_pb2.ExportTraceServiceResponse,
    Span,
    attrgetter("resource_spans"),
    attrgetter("scope_spans"),
    attrgetter("spans"),
    "resource_spans[{}].scope_spans[{}].spans[{}]",
    "spans",
    "rejected_spans",
)
LOGS = Shape(
    Signal.LOGS,
    logs_service_pb2.ExportLogsServiceRequest,
    logs_service_pb2.ExportLogsServiceResponse,
    LogRecord,
    attrgetter("resource_logs"),
    attrgetter("scope_logs"),
    attrgetter("log_records"),
    "resource_logs[{}].scope_logs[{}].log_records[{}]",
    "log records",
    "rejected_log_records",
)
METRICS = Shape(
    Signal.METRICS,
    metrics_service_pb2.ExportMetricsServiceRequest,
    metrics_service_pb2.ExportMetricsServiceResponse,
    Metric,
    attrgetter("resource_metrics"),
    attrgetter("scope_metrics"),
    attrgetter("metrics"),
    "resource_metrics[{}].scope_metrics[{}].metrics[{}]",
    "data points",
    "rejected_data_points",
)
SHAPES: dict[Signal, Shape] = {shape.signal: shape for shape in (TRACES, LOGS, METRICS)}
HEADS: dict[str, Any] = {"resource": Resource, "scope": InstrumentationScope}
"""What stands in front of the scopes of a group and of the records of a scope."""


def _undecoded() -> tuple[Any, Any, Any]:
    """Messages with OTLP's framing whose inner messages stay bytes: splitting then runs at C speed."""
    file = descriptor_pb2.FileDescriptorProto(
        name="sightline/undecoded.proto", package="sightline", syntax="proto2"
    )
    for name, parts in (
        ("Request", (("groups", 1, True),)),
        ("Part", (("head", 1, False), ("children", 2, True), ("schema_url", 3, False))),
        ("Attributed", (("span_attributes", 9, True), ("log_attributes", 6, True))),
    ):
        message = file.message_type.add(name=name)
        for field, number, repeated in parts:
            kind = descriptor_pb2.FieldDescriptorProto
            message.field.add(
                name=field,
                number=number,
                type=kind.TYPE_BYTES,
                label=kind.LABEL_REPEATED if repeated else kind.LABEL_OPTIONAL,
            )
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    classes = message_factory.GetMessageClassesForFiles([file.name], pool)
    return classes["sightline.Request"], classes["sightline.Part"], classes["sightline.Attributed"]


UndecodedRequest, UndecodedPart, UndecodedRecord = _undecoded()
"""`UndecodedPart` reads a group (resource, scopes) as well as a scope (scope, records)."""


def wrapped(records: Sequence[bytes], resource: bytes = b"", scope: bytes = b"") -> bytes:
    """A whole request around undecoded records, so that the parser's bounds hold as they do on the wire."""
    inner = UndecodedPart(head=scope or None, children=records).SerializeToString()
    group = UndecodedPart(head=resource or None, children=[inner]).SerializeToString()
    return bytes(UndecodedRequest(groups=[group]).SerializeToString())
