"""`MetricsProcessor`: the conventions' metrics from spans of anyone, once each, with any meter provider."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry import trace as otel
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from prometheus_client import CollectorRegistry, generate_latest

import sightline
from sightline.sdk.metrics import (
    DURATION,
    FIRST_CHUNK,
    SECONDS_BUCKETS,
    TOKEN_BUCKETS,
    TOKENS,
    MetricsProcessor,
)


class Measured:
    """A tracer provider whose GenAI spans are measured."""

    def __init__(self, **options: Any) -> None:
        self.reader = InMemoryMetricReader()
        self.meters = MeterProvider([self.reader], shutdown_on_exit=False)
        self.provider = TracerProvider(shutdown_on_exit=False)
        self.provider.add_span_processor(MetricsProcessor(self.meters, **options))

    def points(self, name: str) -> list[Any]:
        data = self.reader.get_metrics_data()
        if data is None:
            return []
        metrics = [
            m for r in data.resource_metrics for s in r.scope_metrics for m in s.metrics if m.name == name
        ]
        return [point for metric in metrics for point in metric.data.data_points]

    def sums(self, name: str) -> dict[str, float]:
        """Sums by operation, model and token type."""
        return {
            " ".join(
                str(p.attributes[k]) for k in sorted(p.attributes) if not k.startswith("gen_ai.provider")
            ): p.sum
            for p in self.points(name)
        }

    def counts(self, name: str) -> int:
        return sum(point.count for point in self.points(name))


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> Iterator[Measured]:
    made = Measured()
    monkeypatch.setattr(otel, "_TRACER_PROVIDER", made.provider)
    yield made
    made.meters.shutdown()


def test_a_call_is_measured(measured: Measured) -> None:
    with sightline.llm_call("m", "local") as call:
        list(call.stream(iter(["a", "b"])))
        call.usage(input=100, output=20).response(model="m-1")
    [duration] = measured.points(DURATION)
    assert dict(duration.attributes) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "local",
        "gen_ai.request.model": "m",
        "gen_ai.response.model": "m-1",
    }
    assert tuple(duration.explicit_bounds) == SECONDS_BUCKETS
    tokens = {point.attributes["gen_ai.token.type"]: point for point in measured.points(TOKENS)}
    assert {kind: point.sum for kind, point in tokens.items()} == {"input": 100, "output": 20}
    assert tuple(tokens["input"].explicit_bounds) == TOKEN_BUCKETS == (
        1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864,
    )  # fmt: skip
    [first] = measured.points(FIRST_CHUNK)
    assert first.count == 1


def test_what_is_unknown_is_not_measured_as_zero(measured: Measured) -> None:
    with sightline.llm_call("m"):
        pass
    assert measured.counts(DURATION) == 1
    assert measured.counts(TOKENS) == measured.counts(FIRST_CHUNK) == 0


def test_errors_have_their_type(measured: Measured) -> None:
    with pytest.raises(TimeoutError), sightline.llm_call("m"):
        raise TimeoutError
    with otel.get_tracer("theirs").start_as_current_span(
        "chat", attributes={"gen_ai.operation.name": "chat"}
    ) as span:
        span.set_status(otel.StatusCode.ERROR)
    assert sorted(point.attributes["error.type"] for point in measured.points(DURATION)) == [
        "TimeoutError",
        "_OTHER",
    ]


@pytest.mark.parametrize(
    ("attributes", "sums"),
    [
        (
            {
                "openinference.span.kind": "LLM",
                "llm.model_name": "m",
                "llm.token_count.prompt": 9,
                "llm.token_count.completion": 4,
            },
            {"chat m input": 9, "chat m output": 4},
        ),
        (
            {
                "llm.request.type": "completion",
                "gen_ai.system": "x",
                "gen_ai.request.model": "m",
                "gen_ai.usage.prompt_tokens": 9,
            },
            {"text_completion m input": 9},
        ),
        ({"gen_ai.operation.name": "invoke_agent", "gen_ai.usage.input_tokens": 9}, {}),
        ({"gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": True}, {}),
        ({"gen_ai.operation.name": 7}, {}),
        ({"http.request.method": "GET"}, {}),
    ],
)
def test_spans_of_other_instrumentations(
    measured: Measured, attributes: dict[str, Any], sums: dict[str, float]
) -> None:
    otel.get_tracer("theirs").start_span("x", attributes=attributes).end()
    assert measured.sums(TOKENS) == sums
    measures = "http.request.method" not in attributes and attributes.get("gen_ai.operation.name") != 7
    assert measured.counts(DURATION) == int(measures)


def test_the_same_request_said_twice_counts_once(measured: Measured) -> None:
    """A framework's span around an instrumented client's, with something between."""
    tracer = otel.get_tracer("theirs")
    said = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m", "gen_ai.usage.input_tokens": 9}
    with (
        tracer.start_as_current_span("agent", attributes={**said, "gen_ai.operation.name": "invoke_agent"}),
        tracer.start_as_current_span("framework", attributes=said),
        tracer.start_as_current_span("between"),
    ):
        tracer.start_span("client", attributes=said).end()
        tracer.start_span("client", attributes=said).end()
    with tracer.start_as_current_span("framework", attributes=said):
        pass
    assert measured.sums(TOKENS) == {"chat m input": 27}
    assert measured.counts(DURATION) == 4  # three requests and the agent
    [processor] = measured.provider._active_span_processor._span_processors
    assert isinstance(processor, MetricsProcessor)
    assert len(processor._above) == 0


def test_what_the_inner_span_does_not_say_the_outer_one_does(measured: Measured) -> None:
    """`llm_call` around a library that makes spans of its own, without tokens and chunks of its stream."""
    with sightline.llm_call("m") as call:
        otel.get_tracer("theirs").start_span("x", attributes={"gen_ai.operation.name": "chat"}).end()
        list(call.stream(iter(["a"])))
        call.usage(input=9)
    assert measured.counts(DURATION) == measured.counts(FIRST_CHUNK) == 1
    assert measured.sums(TOKENS) == {"chat m input": 9}


@pytest.mark.parametrize(
    ("scope", "counts"),
    [
        ("opentelemetry.instrumentation.openai_v2", (0, 0, 1)),
        ("opentelemetry.instrumentation.openai.v1", (0, 0, 1)),
        ("opentelemetry.util.genai.handler", (0, 0, 0)),
        ("opentelemetry.instrumentation.genai.openai", (0, 0, 0)),
        ("openlit.instrumentation.openai", (0, 0, 1)),
        ("pydantic-ai", (1, 0, 0)),
        ("openinference.instrumentation.openai", (1, 1, 1)),
        ("sightline", (1, 1, 1)),
    ],
)
def test_metrics_that_an_instrumentation_writes_itself(
    measured: Measured, scope: str, counts: tuple[int, int, int]
) -> None:
    said = {
        "gen_ai.operation.name": "chat",
        "gen_ai.usage.input_tokens": 9,
        "gen_ai.response.time_to_first_chunk": 0.5,
    }
    otel.get_tracer(scope).start_span("x", attributes=said).end()
    assert (measured.counts(DURATION), measured.counts(TOKENS), measured.counts(FIRST_CHUNK)) == counts


def test_more_dimensions(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Measured(dimensions=["sightline.feature"], own_metrics={})
    monkeypatch.setattr(otel, "_TRACER_PROVIDER", made.provider)
    with sightline.llm_call("m", **{"sightline.feature": "search"}):
        pass
    [point] = made.points(DURATION)
    assert point.attributes["sightline.feature"] == "search"


def test_an_open_parent_is_not_remembered_for_ever(measured: Measured) -> None:
    tracer = otel.get_tracer("theirs")
    for n in range(11_000):
        parent = otel.NonRecordingSpan(otel.SpanContext(1, n + 1, False, otel.TraceFlags(1)))
        context = otel.set_span_in_context(parent)
        tracer.start_span("x", context, attributes={"gen_ai.operation.name": "chat"}).end()
    [processor] = measured.provider._active_span_processor._span_processors
    assert isinstance(processor, MetricsProcessor)
    assert len(processor._above) == 10_000


def test_a_broken_meter_is_survived(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        def record(self, *args: object) -> None:
            raise RuntimeError("no")

    made = Measured()
    [processor] = made.provider._active_span_processor._span_processors
    monkeypatch.setattr(processor, "_duration", Broken())
    monkeypatch.setattr(otel, "_TRACER_PROVIDER", made.provider)
    with sightline.llm_call("m"):
        pass


def test_prometheus_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """For those who only want Prometheus: no server of ours, no `init()`."""
    registry = CollectorRegistry()
    meters = MeterProvider([PrometheusMetricReader(registry=registry)], shutdown_on_exit=False)
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(sightline.MetricsProcessor(meters))
    monkeypatch.setattr(otel, "_TRACER_PROVIDER", provider)
    with sightline.llm_call("gpt-4o-mini", "openai") as call:
        call.usage(input=100, output=20)
    page = generate_latest(registry).decode()
    meters.shutdown()
    assert "gen_ai_client_token_usage_bucket{" in page
    line = next(
        line
        for line in page.splitlines()
        if line.startswith("gen_ai_client_token_usage_sum") and '"input"' in line
    )
    assert line.endswith(" 100.0")
    assert 'gen_ai_request_model="gpt-4o-mini"' in line
    assert "gen_ai_client_operation_duration_seconds_bucket" in page


def test_what_is_not_recorded_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sampler in front of everything makes no spans at all; ours decides behind the metrics."""
    made = Measured()
    made.provider.sampler = ALWAYS_OFF
    monkeypatch.setattr(otel, "_TRACER_PROVIDER", made.provider)
    with sightline.llm_call("m"):
        pass
    assert made.counts(DURATION) == 0
