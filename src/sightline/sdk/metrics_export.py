"""OpenTelemetry's metrics of this program through the same queue, spool and file as its spans."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry import metrics
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import (
    MetricExporter,
    MetricExportResult,
    MetricsData,
    PeriodicExportingMetricReader,
)

from sightline.sdk import runtime as runtimes
from sightline.sdk.batching import Request
from sightline.sdk.names import SENDER
from sightline.sdk.warnings_once import warn_once

if TYPE_CHECKING:
    from opentelemetry.sdk.resources import Resource


class PipelineExporter(MetricExporter):
    """Hands metrics to the runtime of this process, under this process's name."""

    def export(
        self, metrics_data: MetricsData, timeout_millis: float = 10_000, **_: Any
    ) -> MetricExportResult:
        """Take them; the worker sends them."""
        runtime = runtimes.current()
        if runtime is None:
            return MetricExportResult.FAILURE
        try:
            made = encode_metrics(metrics_data)
            for part in made.resource_metrics:
                for attribute in part.resource.attributes:
                    if attribute.key == SENDER:
                        attribute.value.string_value = runtime.sender
            runtime.inbox.hand_over(Request("metrics", made.SerializeToString(), 0))
        except Exception as error:  # a border: the program's own metrics
            warn_once("metrics", f"sightline: metrics are not sent ({type(error).__name__}: {error}).")
            return MetricExportResult.FAILURE
        return MetricExportResult.SUCCESS

    def force_flush(self, timeout_millis: float = 10_000) -> bool:
        """Nothing waits here."""
        return True

    def shutdown(self, timeout_millis: float = 30_000, **_: Any) -> None:
        """Nothing to close."""


def measure(resource: Resource) -> None:
    """Where the program has no meter provider, make one that sends here; one that is there stays as it is."""
    if isinstance(metrics.get_meter_provider(), MeterProvider):
        return
    reader = PeriodicExportingMetricReader(PipelineExporter())
    metrics.set_meter_provider(MeterProvider([reader], resource))
