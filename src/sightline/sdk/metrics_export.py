"""OpenTelemetry's metrics of this program through the same queue, spool and file as its spans."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from opentelemetry import metrics
from opentelemetry.sdk.metrics import (
    Counter,
    Histogram,
    MeterProvider,
    ObservableCounter,
)
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    MetricExporter,
    MetricExportResult,
    MetricsData,
    PeriodicExportingMetricReader,
)
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation

from sightline.sdk import runtime as runtimes
from sightline.sdk.batching import Request
from sightline.sdk.names import SENDER
from sightline.sdk.otlp_metrics import metrics_request
from sightline.sdk.otlp_values import Values
from sightline.sdk.texts import texts_of
from sightline.sdk.warnings_once import warn_once

if TYPE_CHECKING:
    from opentelemetry.sdk.resources import Resource


_TEMPORALITY, _HISTOGRAMS = (
    "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE",
    "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION",
)
# Which instruments say what came since the last time, and not since the start.
_DELTAS: Mapping[str, tuple[type, ...]] = {
    "cumulative": (),
    "delta": (Counter, ObservableCounter, Histogram),
    "lowmemory": (Counter, Histogram),
}
_EXPLICIT, _EXPONENTIAL = "explicit_bucket_histogram", "base2_exponential_bucket_histogram"


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
            body = metrics_request(metrics_data, Values(texts_of(runtime.config)), {SENDER: runtime.sender})
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
    reader = PeriodicExportingMetricReader(PipelineExporter(**preferences(os.environ)))
    metrics.set_meter_provider(MeterProvider([reader], resource))


def preferences(environ: Mapping[str, str]) -> dict[str, Any]:
    """How metrics are to be summed up, by OpenTelemetry's variables; a word that is none is warned of."""
    temporality = _one_of(environ, _TEMPORALITY, tuple(_DELTAS))
    histograms = _one_of(environ, _HISTOGRAMS, (_EXPLICIT, _EXPONENTIAL))
    exponential = {Histogram: ExponentialBucketHistogramAggregation()}
    return {
        "preferred_temporality": dict.fromkeys(_DELTAS[temporality], AggregationTemporality.DELTA),
        "preferred_aggregation": exponential if histograms == _EXPONENTIAL else {},
    }


def _one_of(environ: Mapping[str, str], variable: str, words: tuple[str, ...]) -> str:
    said = environ.get(variable, "").strip()
    if said and said.lower() not in words:
        warn_once(
            variable,
            f"sightline: {variable}={said[:80]!r}: expected {', '.join(words[:-1])} or {words[-1]}; going "
            f"on with {words[0]}. Correct the value, or remove it.",
        )
    return said.lower() if said.lower() in words else words[0]
