"""OpenTelemetry's metrics of this program through the same queue, spool and file as its spans."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from opentelemetry import metrics
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
from sightline.sdk.otlp_metrics import metrics_request
from sightline.sdk.otlp_values import Values
from sightline.sdk.texts import Texts
from sightline.sdk.warnings_once import warn_once

if TYPE_CHECKING:
    from opentelemetry.sdk.resources import Resource


UNCHANGED = Texts(None, sys.maxsize, None)
"""Metrics' attributes are few words that whoever measures has chosen."""


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
            body = metrics_request(metrics_data, Values(UNCHANGED), {SENDER: runtime.sender})
            runtime.inbox.hand_over(Request("metrics", body, 0))
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
