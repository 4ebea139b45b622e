"""OTLP messages as OTLP/JSON: like protobuf's JSON, but with ids in hex."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

_IDS = {"trace_id", "span_id", "parent_span_id"}
_LONG = {
    FieldDescriptor.TYPE_INT64, FieldDescriptor.TYPE_UINT64, FieldDescriptor.TYPE_FIXED64,
    FieldDescriptor.TYPE_SFIXED64, FieldDescriptor.TYPE_SINT64,
}  # fmt: skip
_REQUESTS: dict[str, Callable[[bytes], Any]] = {
    "traces": ExportTraceServiceRequest.FromString,
    "logs": ExportLogsServiceRequest.FromString,
    "metrics": ExportMetricsServiceRequest.FromString,
}


def json_line(signal: str, body: bytes) -> bytes:
    """An export request in protobuf as one line of JSON, with its line end."""
    shaped = _shaped(_REQUESTS[signal](body))
    return json.dumps(shaped, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"


def _shaped(message: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field, value in message.ListFields():
        convert = _convert(field)
        found[field.json_name] = [convert(one) for one in value] if _repeated(field) else convert(value)
    return found


def _repeated(field: Any) -> bool:
    marked = getattr(field, "is_repeated", None)
    return bool(marked) if marked is not None else field.label == FieldDescriptor.LABEL_REPEATED


def _convert(field: Any) -> Callable[[Any], Any]:
    if field.type == FieldDescriptor.TYPE_MESSAGE:
        return _shaped
    if field.type == FieldDescriptor.TYPE_BYTES:
        return bytes.hex if field.name in _IDS else lambda value: base64.b64encode(value).decode()
    if field.type in _LONG:
        return str
    if field.type in (FieldDescriptor.TYPE_DOUBLE, FieldDescriptor.TYPE_FLOAT):
        return _number
    return lambda value: value


def _number(value: float) -> float | str:
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
