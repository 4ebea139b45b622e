"""The sender's own account as OTLP metrics: cumulative sums by outcome, and the size of the spool."""

from __future__ import annotations

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality, Metric

from sightline.sdk.batching import Request
from sightline.sdk.counts import ACKNOWLEDGED, ENDED, SAMPLED_OUT, Counts, SignalCounts
from sightline.sdk.names import OUTCOME, REASON, SDK_LOGS, SDK_SPANS, SDK_SPOOL_BYTES


def account_report(counts: Counts, resource: bytes, since: int, now: int, version: str) -> Request:
    """The counts of one process. `resource`: the head of its ResourceSpans; `since`, `now`: ns since 1970."""
    made = ExportMetricsServiceRequest()
    of_resource = made.resource_metrics.add()
    of_resource.MergeFromString(resource)
    scope = of_resource.scope_metrics.add()
    scope.scope.name, scope.scope.version = "sightline", version
    _sums(scope.metrics.add(name=SDK_SPANS, unit="{span}"), counts.spans, since, now)
    _sums(scope.metrics.add(name=SDK_LOGS, unit="{record}"), counts.logs, since, now)
    size = scope.metrics.add(name=SDK_SPOOL_BYTES, unit="By")
    size.gauge.data_points.add(time_unix_nano=now, as_int=counts.spool_bytes)
    return Request("metrics", made.SerializeToString(), 0)


def _sums(metric: Metric, counts: SignalCounts, since: int, now: int) -> None:
    metric.sum.is_monotonic = True
    metric.sum.aggregation_temporality = AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE
    outcomes = [
        (ENDED, "", counts.ended),
        (SAMPLED_OUT, "", counts.sampled_out),
        (ACKNOWLEDGED, "", counts.acknowledged),
        *(("dropped", reason, items) for reason, items in sorted(counts.dropped.items())),
    ]
    for outcome, reason, items in outcomes:
        point = metric.sum.data_points.add(start_time_unix_nano=since, time_unix_nano=now, as_int=items)
        point.attributes.add(key=OUTCOME).value.string_value = outcome
        if reason:
            point.attributes.add(key=REASON).value.string_value = reason
