"""A line of JSON says what the bytes say: the server makes the same bytes of it, for every signal."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from tests.sdk.test_encoding import ATTRIBUTE, READABLE
from tests.sdk.test_otlp_metrics import ATTRIBUTES, MEASURED, measured, ours

from sightline.records.ingest import Signal
from sightline.sdk.batching import Batch, Head
from sightline.sdk.encoding import Encoder
from sightline.sdk.ended_span import ended_span
from sightline.sdk.events import LogEvent
from sightline.sdk.otlp_json import json_line
from sightline.sdk.protobuf import WireError
from sightline.sdk.sampling import KEEP_ALL
from sightline.sdk.texts import Texts
from sightline.wire.otlp_json import transcode

PLAIN = Texts(None, 10**6, None)


def there_and_back(signal: Signal, body: bytes) -> None:
    line = json_line(signal.value, body)
    assert (line.count(b"\n"), line[-1:]) == (1, b"\n")
    payload = transcode(line, signal).payload
    assert json_line(signal.value, payload) == line
    if b"NaN" not in line:  # which has many forms in bits, and one in JSON
        assert payload == body


@settings(deadline=None)
@given(READABLE)
def test_a_span_goes_to_a_line_and_back(span: Any) -> None:
    encoder, batch = Encoder(PLAIN, {}), Batch("traces")
    slim = ended_span(span)
    batch.add(encoder.resource(slim.resource), encoder.scope(slim.scope), encoder.span(slim, 1, KEEP_ALL), 1)
    body = batch.request().body
    there_and_back(Signal.TRACES, body)


@settings(deadline=None)
@given(st.dictionaries(st.text(), ATTRIBUTE, max_size=4), ATTRIBUTE)
def test_a_log_record_goes_to_a_line_and_back(attributes: dict[str, Any], said: Any) -> None:
    encoder, batch = Encoder(PLAIN, {"service.name": "s"}), Batch("logs")
    event = LogEvent("event", attributes, said, 9, 2**127, 2**63, 5)
    batch.add(encoder.own_resource(), Head(), encoder.event(event, 1), 1)
    body = batch.request().body
    there_and_back(Signal.LOGS, body)


@settings(deadline=None)
@given(st.lists(MEASURED, min_size=1, max_size=4), ATTRIBUTES, ATTRIBUTES)
def test_metrics_go_to_a_line_and_back(
    values: list[float], attributes: dict[str, Any], resource: dict[str, Any]
) -> None:
    there_and_back(Signal.METRICS, ours(measured(values, attributes, resource)))


def test_numbers_and_ids_are_written_as_otlp_wants_them() -> None:
    body = ours(measured([1e-9, 4.0], {"a": math.inf, "b": -math.inf, "c": math.nan}, {}))
    scope = json.loads(json_line("metrics", body))["resourceMetrics"][0]["scopeMetrics"][0]
    metrics = {metric["name"]: metric for metric in scope["metrics"]}
    (whole,) = metrics["whole"]["sum"]["dataPoints"]
    assert whole["asInt"] == "4"
    assert {kv["key"]: kv["value"]["doubleValue"] for kv in whole["attributes"]} == {
        "a": "Infinity", "b": "-Infinity", "c": "NaN",
    }  # fmt: skip
    exemplars = metrics["histogram"]["histogram"]["dataPoints"][0]["exemplars"]  # sums' are drawn by lot
    assert exemplars[-1]["traceId"] == f"{0xABC:032x}"
    official = ExportMetricsServiceRequest.FromString(body).resource_metrics[0].scope_metrics[0].metrics
    point = next(m for m in official if m.name == "exponential").exponential_histogram.data_points[0]
    found = metrics["exponential"]["exponentialHistogram"]["dataPoints"][0]
    assert (found["scale"], found["positive"]["offset"]) == (point.scale, point.positive.offset)
    assert point.positive.offset < 0
    assert found["positive"]["bucketCounts"] == [str(n) for n in point.positive.bucket_counts]
    assert metrics["histogram"]["histogram"]["dataPoints"][0]["explicitBounds"][:3] == [0.0, 5.0, 10.0]


@given(st.sampled_from(["traces", "logs", "metrics"]), st.binary())
def test_any_bytes_are_a_line_or_an_error(signal: str, body: bytes) -> None:
    try:
        line = json_line(signal, body)
    except WireError:
        return
    assert isinstance(json.loads(line), dict)


@pytest.mark.parametrize("body", [b"\x08\x01", b"\x0a\x02\x08\x01", b"\x0a\x03\x1a\x01"])
def test_a_field_of_another_kind_is_an_error(body: bytes) -> None:
    with pytest.raises(WireError):
        json_line("traces", body)
