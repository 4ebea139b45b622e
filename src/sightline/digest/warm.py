"""A first segment for nobody: the engine's code and caches are cold at the start, and the first sender waits
for them."""

from __future__ import annotations

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from sightline.journal.format import encode_header
from sightline.records.ingest import Signal, Submission


def warm_segment(now: int) -> bytes:
    """A segment of one request: a root and a call of a model with content. `now` in ns since the epoch."""
    request = ExportTraceServiceRequest()
    spans = request.resource_spans.add()
    spans.resource.attributes.add(key="service.name").value.string_value = "sightline"
    inner = spans.scope_spans.add()
    inner.scope.name = "sightline"
    for number in (1, 2):
        span = inner.spans.add(trace_id=bytes(15) + b"\x01", span_id=bytes(7) + bytes([number]), name="warm")
        span.start_time_unix_nano, span.end_time_unix_nano = now - 1000, now
    call = inner.spans[1]
    call.parent_span_id = bytes(7) + b"\x01"
    for key, text in (
        ("gen_ai.operation.name", "chat"), ("gen_ai.provider.name", "openai"),
        ("gen_ai.request.model", "gpt-4o"),
        ("gen_ai.input.messages", "[]"), ("session.id", "warm"), ("other", "x"),
    ):  # fmt: skip
        call.attributes.add(key=key).value.string_value = text
    call.attributes.add(key="gen_ai.usage.input_tokens").value.int_value = 1
    call.attributes.add(key="gen_ai.usage.output_tokens").value.int_value = 1
    payload = request.SerializeToString()
    return encode_header(Submission("default", Signal.TRACES, payload, now, "self", 2), bytes(16)) + payload
