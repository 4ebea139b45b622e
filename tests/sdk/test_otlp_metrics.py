"""Metrics of the real SDK are, byte for byte, what OpenTelemetry's own encoder makes of them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import NumberDataPoint as OfficialPoint
from opentelemetry.sdk.metrics import (
    AlwaysOnExemplarFilter,
    Counter,
    Histogram,
    MeterProvider,
)
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    InMemoryMetricReader,
    MetricsData,
    NumberDataPoint,
)
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource

from sightline.sdk.otlp_metrics import metrics_request
from sightline.sdk.otlp_points import number_point
from sightline.sdk.otlp_values import Values
from sightline.sdk.texts import Texts

VALUE = st.one_of(
    st.text(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(), st.lists(st.text(), max_size=3),
    st.lists(st.floats(), max_size=3), st.lists(st.integers(-5, 5), max_size=3),
)  # fmt: skip
ATTRIBUTES = st.dictionaries(st.text(min_size=1), VALUE, max_size=3)
MEASURED = st.floats(0, 1e12)
PLAIN = Texts(None, 10**6, None)
SPAN = trace.SpanContext(0xABC, 0xDEF, False, trace.TraceFlags(1))


def ours(data: MetricsData, **identity: str) -> bytes:
    return metrics_request(data, Values(PLAIN), identity)


def measured(
    values: list[float], attributes: dict[str, Any], resource: dict[str, Any], delta: bool = False
) -> MetricsData:
    """One of every kind of instrument, with exemplars, by the real SDK."""
    temporality = {Counter: AggregationTemporality.DELTA, Histogram: AggregationTemporality.DELTA}
    reader = InMemoryMetricReader(preferred_temporality=temporality if delta else None)
    provider = MeterProvider(
        [reader], Resource(resource, "https://schema.example/r"), AlwaysOnExemplarFilter(),
        shutdown_on_exit=False,
        views=[View(instrument_name="exponential", aggregation=ExponentialBucketHistogramAggregation())],
    )  # fmt: skip
    meter = provider.get_meter("scope", "1.2", "https://schema.example/s", {"scope.attribute": 1})

    def observed(_: CallbackOptions) -> Iterable[Observation]:
        return [Observation(value, attributes) for value in values[:1]]

    whole, exact = meter.create_counter("whole", "{item}", "whole numbers"), meter.create_counter("exact")
    either, now = meter.create_up_down_counter("either"), meter.create_gauge("now", "s", "")
    histogram, exponential = meter.create_histogram("histogram", "s"), meter.create_histogram("exponential")
    meter.create_observable_counter("seen", [observed])
    meter.create_observable_gauge("seen_now", [observed])
    context = trace.set_span_in_context(trace.NonRecordingSpan(SPAN))
    for at, value in enumerate(values):
        inside = context if at % 2 else None
        whole.add(int(value), attributes, inside)
        exact.add(value, attributes, inside)
        either.add(-value, attributes, inside)
        now.set(value, {**attributes, "at": at}, inside)
        histogram.record(value, attributes, inside)
        exponential.record(value, {"at": at % 2}, inside)
    data = reader.get_metrics_data()
    provider.shutdown()
    assert data is not None
    return data


@settings(deadline=None)
@given(st.lists(MEASURED, min_size=1, max_size=5), ATTRIBUTES, ATTRIBUTES, st.booleans())
def test_every_kind_of_point_is_what_opentelemetrys_encoder_writes(
    values: list[float], attributes: dict[str, Any], resource: dict[str, Any], delta: bool
) -> None:
    data = measured(values, attributes, resource, delta)
    official = encode_metrics(data)
    assert ExportMetricsServiceRequest.FromString(ours(data)) == official
    assert ours(data) == official.SerializeToString()


def test_every_kind_of_point_was_among_them() -> None:
    data = measured([0.0, 1.0, 1e-9, 7e11], {"a": "b"}, {"service.name": "x"})
    found = ExportMetricsServiceRequest.FromString(ours(data))
    metrics = {m.name: m for m in found.resource_metrics[0].scope_metrics[0].metrics}
    assert {m.WhichOneof("data") for m in metrics.values()} == {
        "sum", "gauge", "histogram", "exponential_histogram",
    }  # fmt: skip
    point = metrics["exponential"].exponential_histogram.data_points[0]
    assert (point.count, point.zero_count) == (2, 1)
    assert point.positive.bucket_counts
    assert metrics["histogram"].histogram.data_points[0].exemplars[-1].trace_id[-2:] == b"\x0a\xbc"
    assert metrics["whole"].sum.is_monotonic
    assert not metrics["either"].sum.is_monotonic


def test_a_resource_that_names_a_sender_gets_this_process_and_one_that_does_not_stays() -> None:
    named = measured([1.0], {}, {"service.instance.id": "parent", "a": "b"})
    found = ExportMetricsServiceRequest.FromString(ours(named, **{"service.instance.id": "me"}))
    attributes = {kv.key: kv.value.string_value for kv in found.resource_metrics[0].resource.attributes}
    assert attributes == {"service.instance.id": "me", "a": "b"}
    unnamed = measured([1.0], {}, {"a": "b"})
    assert ours(unnamed, **{"service.instance.id": "me"}) == ours(unnamed)


@pytest.mark.parametrize(
    ("value", "kept"),
    [(2**63, 2.0**63), (-(2**70), -(2.0**70)), (10**400, math.inf), (-(10**400), -math.inf)],
)
def test_a_whole_number_that_no_int64_holds_is_a_double(value: int, kept: float) -> None:
    """OpenTelemetry's encoder gives up the whole request for it."""
    body = number_point(NumberDataPoint({}, 0, 5, value), Values(PLAIN))
    assert OfficialPoint.FromString(body).as_double == kept
