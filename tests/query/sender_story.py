"""Spans with numbers, and what their sender says of itself, as the SDK sends both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from tests.digest.engine import NOW, SECOND, Engine
from tests.digest.otlp import key_values, span, traces

from sightline.records.ingest import Signal

BEGAN = NOW - 3600 * SECOND
RESOURCE = {
    "service.name": "shop", "service.version": "7", "telemetry.distro.name": "sightline",
    "telemetry.distro.version": "1.2",
}  # fmt: skip


def sent(
    engine: Engine,
    project: str,
    sender: str,
    numbers: Sequence[int | None],
    *,
    received: int = NOW - 600 * SECOND,
) -> None:
    """Spans with these numbers, each its own trace, received ten minutes ago."""
    made = [
        span(
            number or 10_000 + len(sender) + i,
            i + 1,
            start=BEGAN + i,
            attributes={} if number is None else {"sightline.sequence": number},
        )
        for i, number in enumerate(numbers)
    ]
    resource = RESOURCE | ({"service.instance.id": sender} if sender else {})
    engine.digest(Signal.TRACES, [traces(made, resource)], project, received=received)


def reported(
    engine: Engine,
    project: str,
    sender: str,
    outcomes: Mapping[str, int],
    *,
    signal: str = "spans",
    spool: int | None = None,
    at: int = NOW - 10 * SECOND,
    began: int = BEGAN,
) -> None:
    """The sender's account as the SDK sends it: `dropped.queue_full` is an outcome with its reason."""
    request = ExportMetricsServiceRequest()
    found = request.resource_metrics.add()
    found.resource.attributes.extend(key_values((RESOURCE | {"service.instance.id": sender}).items()))
    metrics = found.scope_metrics.add().metrics
    counted = metrics.add(name=f"sightline.sdk.{signal}", unit="{span}")
    counted.sum.is_monotonic, counted.sum.aggregation_temporality = True, 2
    for outcome, value in outcomes.items():
        name, _, reason = outcome.partition(".")
        attributes = {"outcome": name} | ({"reason": reason} if reason else {})
        counted.sum.data_points.add(
            time_unix_nano=at,
            start_time_unix_nano=began,
            as_int=value,
            attributes=key_values(attributes.items()),
        )
    if spool is not None:
        gauge = metrics.add(name="sightline.sdk.spool.bytes", unit="By")
        gauge.gauge.data_points.add(time_unix_nano=at, as_int=spool)
    engine.digest(Signal.METRICS, [request], project, received=at)
