"""OpenTelemetry's metrics of this program through the same queue, spool and file as its spans."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.protobuf.message import Message
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
from sightline.sdk.assembly import texts_of
from sightline.sdk.batching import Request
from sightline.sdk.names import SENDER
from sightline.sdk.warnings_once import warn_once

if TYPE_CHECKING:
    from opentelemetry.sdk.resources import Resource

    from sightline.sdk.texts import Texts


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
            clean(made, texts_of(runtime.config))
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


def clean(made: Any, texts: Texts) -> None:
    """Redact all attributes in an OTLP message: of resources, scopes, points and exemplars."""
    for field, value in made.ListFields():
        if field.message_type is None:
            continue
        if field.message_type.name == "KeyValue":
            kept = [pair for pair in value if not texts.left_out(pair.key)]
            for pair in kept:
                _clean_value(pair.key, pair.value, texts)
            if len(kept) < len(value):
                copies = [type(pair).FromString(pair.SerializeToString()) for pair in kept]
                made.ClearField(field.name)
                getattr(made, field.name).extend(copies)
            continue
        for part in [value] if isinstance(value, Message) else value:
            clean(part, texts)


def _clean_value(key: str, value: Any, texts: Texts) -> None:
    kind = value.WhichOneof("value")
    if kind == "string_value":
        value.string_value = texts.clean(key, value.string_value)
    elif kind in ("int_value", "double_value", "bool_value"):
        if (hidden := texts.hidden_number(key, getattr(value, kind))) is not None:
            value.string_value = hidden
    elif kind == "array_value":
        for part in value.array_value.values:
            _clean_value(key, part, texts)


def measure(resource: Resource) -> None:
    """Where the program has no meter provider, make one that sends here; one that is there stays as it is."""
    if isinstance(metrics.get_meter_provider(), MeterProvider):
        return
    reader = PeriodicExportingMetricReader(PipelineExporter())
    metrics.set_meter_provider(MeterProvider([reader], resource))
