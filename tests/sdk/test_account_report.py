"""The account is the metrics that docs/formats/sdk.md promises, in the bytes of the official serializer."""

from __future__ import annotations

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality
from opentelemetry.sdk.resources import Resource

from sightline.sdk.account_report import account_report
from sightline.sdk.counts import Counts, SignalCounts
from sightline.sdk.encoding import Encoder
from sightline.sdk.texts import Texts


def test_every_outcome_is_a_point_of_a_sum_that_only_grows() -> None:
    resource = Resource({"service.name": "shop"}, "https://schema.example/r")
    counts = Counts(
        spans=SignalCounts(ended=9, sampled_out=0, acknowledged=5, dropped={"disk": 1, "queue_full": 3}),
        logs=SignalCounts(ended=2, acknowledged=2),
        spool_bytes=0,
    )
    head = Encoder(Texts(None, 1000, None), {"service.instance.id": "me"}).resource(resource)
    request = account_report(counts, head, 5, 2**63, "1.2")
    found = ExportMetricsServiceRequest.FromString(request.body)
    assert found.SerializeToString() == request.body
    (of_resource,) = found.resource_metrics
    assert of_resource.schema_url == "https://schema.example/r"
    assert {kv.key for kv in of_resource.resource.attributes} == {"service.name", "service.instance.id"}
    (scope,) = of_resource.scope_metrics
    assert (scope.scope.name, scope.scope.version) == ("sightline", "1.2")
    spans, logs, size = scope.metrics
    assert (spans.name, spans.unit, logs.name, logs.unit, size.name, size.unit) == (
        "sightline.sdk.spans", "{span}", "sightline.sdk.logs", "{record}", "sightline.sdk.spool.bytes", "By",
    )  # fmt: skip
    assert spans.sum.is_monotonic
    assert spans.sum.aggregation_temporality == AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE
    said = [
        (*(kv.value.string_value for kv in point.attributes), point.as_int) for point in spans.sum.data_points
    ]
    assert said == [
        ("ended", 9), ("sampled_out", 0), ("acknowledged", 5),
        ("dropped", "disk", 1), ("dropped", "queue_full", 3),
    ]  # fmt: skip
    assert [p.as_int for p in logs.sum.data_points] == [2, 0, 2]
    point = spans.sum.data_points[1]
    assert (point.WhichOneof("value"), point.start_time_unix_nano, point.time_unix_nano) == (
        "as_int",
        5,
        2**63,
    )
    (point,) = size.gauge.data_points
    assert (point.WhichOneof("value"), point.as_int, point.start_time_unix_nano) == ("as_int", 0, 0)
