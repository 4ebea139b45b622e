"""The halves of a request are, together, the request; each has the resource and scope of its items."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from tests.sdk.sdk_spans import ended

from sightline.sdk.encoding import Batch, Encoder
from sightline.sdk.events import LogEvent
from sightline.sdk.packed import Packed, compressed
from sightline.sdk.protobuf import WireError
from sightline.sdk.sampling import KEEP_ALL
from sightline.sdk.splitting import halves
from sightline.sdk.texts import Texts

RESOURCES = [Resource({"service.name": name}, f"https://schema.example/{name}") for name in "ab"]
SCOPES = [InstrumentationScope(name, "1", f"https://schema.example/{name}") for name in "xyz"]


def packed(signal: str, groups: list[tuple[int, int]]) -> Packed:
    encoder, batch = Encoder(Texts(None, 1000, None), {}), Batch(signal)
    for number, (resource, scope) in enumerate(groups, 1):
        if signal == "traces":
            item = encoder.span(ended({"text": "x" * number}, name=str(number)), number, KEEP_ALL)
        else:
            item = encoder.event(LogEvent("event", {"text": "x" * number}, body=str(number)), number)
        batch.add(encoder.resource(RESOURCES[resource]), encoder.scope(SCOPES[scope]), item, number)
    made = batch.request()
    return Packed(signal, made.items, made.first, made.last, compressed(made.body), own=False)


def held(part: Packed) -> list[tuple[str, str, str, str, Any]]:
    """Each item with what it belongs to."""
    body = gzip.decompress(part.body)
    if part.signal == "traces":
        spans = ExportTraceServiceRequest.FromString(body)
        assert spans.SerializeToString() == body
        groups: Any = [(r, s, s.spans) for r in spans.resource_spans for s in r.scope_spans]
    else:
        logs = ExportLogsServiceRequest.FromString(body)
        assert logs.SerializeToString() == body
        groups = [(r, s, s.log_records) for r in logs.resource_logs for s in r.scope_logs]
    return [
        (r.resource.attributes[0].value.string_value, r.schema_url, s.scope.name, s.schema_url, item)
        for r, s, items in groups
        for item in items
    ]


@given(
    st.sampled_from(["traces", "logs"]),
    st.lists(st.tuples(st.integers(0, 1), st.integers(0, 2)), min_size=2, max_size=12),
)
def test_the_halves_are_the_whole(signal: str, groups: list[tuple[int, int]]) -> None:
    whole = packed(signal, groups)
    parts = halves(whole)
    assert parts is not None
    first, second = parts
    assert held(first) + held(second) == held(whole)
    assert (first.items, second.items) == (len(groups) // 2, len(groups) - len(groups) // 2)
    for part in parts:
        numbers = [kv.value.int_value for item in held(part) for kv in item[-1].attributes
                   if kv.key == "sightline.sequence"]  # fmt: skip
        assert (part.first, part.last) == (min(numbers), max(numbers))
        assert not part.own


def test_one_item_and_metrics_are_not_halved() -> None:
    assert halves(packed("traces", [(0, 0)])) is None
    assert halves(Packed("metrics", 0, 0, 0, compressed(b""))) is None


@pytest.mark.parametrize("body", [b"\x0a\xff", b"\x08\x01", b"\x0b", b"\x0a\x02\x08\x01"])
def test_bytes_that_are_not_ours_are_an_error_and_not_half_a_request(body: bytes) -> None:
    with pytest.raises(WireError):
        halves(Packed("traces", 2, 1, 2, compressed(body)))
