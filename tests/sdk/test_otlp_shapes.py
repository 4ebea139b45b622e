"""Every field that file mode can write is the official message's field, and every message is complete."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.descriptor import FieldDescriptor as Official
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from sightline.sdk.otlp_shapes import SHAPES, Kind

KINDS = {
    Official.TYPE_STRING: Kind.TEXT, Official.TYPE_BOOL: Kind.BOOL, Official.TYPE_UINT32: Kind.NUMBER,
    Official.TYPE_ENUM: Kind.NUMBER, Official.TYPE_INT64: Kind.LONG, Official.TYPE_UINT64: Kind.LONG,
    Official.TYPE_SINT32: Kind.ZIGZAG, Official.TYPE_FIXED64: Kind.FIXED,
    Official.TYPE_SFIXED64: Kind.SIGNED_FIXED, Official.TYPE_FIXED32: Kind.SHORT_FIXED,
    Official.TYPE_DOUBLE: Kind.DOUBLE, Official.TYPE_BYTES: Kind.BYTES, Official.TYPE_MESSAGE: Kind.MESSAGE,
}  # fmt: skip
IDS = {"trace_id", "span_id", "parent_span_id"}
# What the SDK never writes: summaries are of Prometheus, entities and tables of texts are in development.
NOT_HERE = {"summary", "entity_refs", "string_value_strindex", "key_strindex"}


def pairs() -> list[tuple[str, Any]]:
    """Our shapes with the official messages that they are reached by."""
    waiting = [
        ("resourceSpansRequest", ExportTraceServiceRequest.DESCRIPTOR),
        ("resourceLogsRequest", ExportLogsServiceRequest.DESCRIPTOR),
        ("resourceMetricsRequest", ExportMetricsServiceRequest.DESCRIPTOR),
    ]
    found: dict[str, Any] = {}
    while waiting:
        name, official = waiting.pop()
        if name in found:
            assert found[name] is official, f"{name} is two messages"
            continue
        found[name] = official
        for number, field in SHAPES[name].items():
            if field.kind is Kind.MESSAGE:
                waiting.append((field.shape, official.fields_by_number[number].message_type))
    return sorted(found.items())


def test_every_shape_is_reached() -> None:
    assert {name for name, _ in pairs()} == set(SHAPES)


@pytest.mark.parametrize(("name", "official"), pairs(), ids=[name for name, _ in pairs()])
def test_a_shape_is_that_of_the_official_message(name: str, official: Any) -> None:
    theirs = {field.number: field for field in official.fields if field.name not in NOT_HERE}
    assert SHAPES[name].keys() == theirs.keys()
    for number, field in SHAPES[name].items():
        other = theirs[number]
        kind = Kind.ID if other.name in IDS else KINDS[other.type]
        assert (field.name, field.kind, field.many) == (other.json_name, kind, other.is_repeated)
