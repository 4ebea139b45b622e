"""The program's own metrics: summed up as OpenTelemetry's variables say, and redacted like all else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, MetricExportResult
from tests.sdk.sdk_process import run, running
from tests.sdk.sdk_servers import Taken, http_server

from sightline import Redaction
from sightline.sdk import runtime as runtimes
from sightline.sdk.metrics_export import PipelineExporter, preferences
from sightline.sdk.warnings_once import forget_warnings

PROGRAM = """
import sightline
from opentelemetry import metrics
sightline.init(endpoint={url!r}, spool="off", instrument=False, metrics=True, quiet=True)
meter = metrics.get_meter("m")
meter.create_counter("counter").add(2)
meter.create_up_down_counter("level").add(1)
meter.create_histogram("histogram").record(3.5)
metrics.get_meter_provider().force_flush()
sightline.flush(10)
"""


def sent(taken: Taken) -> Iterator[Any]:
    for path, _, body in taken.requests:
        if path == "/v1/metrics":
            for part in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                yield from (metric for scope in part.scope_metrics for metric in scope.metrics)


@pytest.mark.parametrize(
    ("temporality", "histograms", "expected"),
    [
        ("", "", {"counter": "2", "level": "2", "histogram": "histogram 2"}),
        ("delta", "", {"counter": "1", "level": "2", "histogram": "histogram 1"}),
        (
            "LowMemory", "base2_exponential_bucket_histogram",
            {"counter": "1", "level": "2", "histogram": "exponential_histogram 1"},
        ),
    ],
)  # fmt: skip
def test_metrics_are_summed_up_as_the_variables_say(
    temporality: str, histograms: str, expected: dict[str, str]
) -> None:
    env = {
        "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": temporality,
        "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION": histograms,
    }
    with http_server() as (url, taken):
        done = run(PROGRAM.format(url=url), env)
        assert (done.returncode, done.stderr) == (0, "")
    found = {}
    for metric in sent(taken):
        kind = metric.WhichOneof("data")
        if metric.name in expected:
            counted = getattr(metric, kind).aggregation_temporality
            found[metric.name] = str(counted) if kind == "sum" else f"{kind} {counted}"
    assert found == expected


def test_a_preference_that_is_none_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    forget_warnings()
    env = {"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "sometimes"}
    assert preferences(env) == preferences(env) == preferences({})
    (record,) = caplog.records
    assert "'sometimes': expected cumulative, delta or lowmemory" in record.message


def test_redaction_keeps_apart_what_it_makes_alike() -> None:
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], shutdown_on_exit=False)
    counter = provider.get_meter("m").create_counter("calls")
    for user, model in (("ada@example.org", "a"), ("bob@example.org", "a"), ("nobody", "a")):
        counter.add(1, {"user.id": user, "model": model})
    with http_server() as (url, taken), running(endpoint=url, redaction=Redaction()) as (runtime, _):
        runtimes.install(runtime)
        try:
            for _ in range(2):
                data = reader.get_metrics_data()
                assert data is not None
                assert PipelineExporter().export(data) is MetricExportResult.SUCCESS
            assert runtime.flush(10)
        finally:
            runtimes.install(None)
    provider.shutdown()
    first, again = [
        [{kv.key: kv.value.string_value for kv in p.attributes} for p in metric.sum.data_points]
        for metric in sent(taken)
        if metric.name == "calls"
    ]
    assert first == again  # the same points at the next time
    ada, bob, nobody = first
    assert ada["user.id"] == bob["user.id"] == "[EMAIL]"
    assert ada["sightline.redacted"] != bob["sightline.redacted"]
    assert nobody == {"user.id": "nobody", "model": "a"}


def test_without_a_runtime_nothing_is_taken() -> None:
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], shutdown_on_exit=False)
    provider.get_meter("m").create_counter("calls").add(1)
    data = reader.get_metrics_data()
    assert data is not None
    assert PipelineExporter().export(data) is MetricExportResult.FAILURE
    provider.shutdown()
