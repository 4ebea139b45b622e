from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sightline.demo.metrics import SCALE, TOKEN_BOUNDS, bucket_index, machine_metrics, request_metrics
from sightline.demo.shapes import CLIENT, SERVER, Source, Span, Value
from sightline.demo.story import DAY, HOUR, SECOND

SOURCE = Source("svc", "1", "prod", "scope")
CALL: dict[str, Value] = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-4o",
    "gen_ai.usage.input_tokens": 700,
}
SERVED: dict[str, Value] = {
    "http.route": "/z",
    "http.request.method": "GET",
    "http.response.status_code": 200,
}


@given(st.floats(1e-6, 1e6))
def test_values_lie_in_their_exponential_bucket(value: float) -> None:
    base = 2 ** (2**-SCALE)
    index = bucket_index(value, SCALE)
    assert base**index * (1 - 1e-9) <= value <= base ** (index + 1) * (1 + 1e-9)


@given(st.lists(st.integers(1, 10**11), min_size=1, max_size=40))
def test_histograms_count_every_span_once(durations: list[int]) -> None:
    spans = [
        Span(SOURCE, b"t" * 16, i.to_bytes(8), b"", "x", CLIENT, 0, d, CALL) for i, d in enumerate(durations)
    ]
    spans += [
        Span(SOURCE, b"t" * 16, i.to_bytes(8), b"", "y", SERVER, 0, d, SERVED)
        for i, d in enumerate(durations)
    ]
    request, points = request_metrics(spans, 0, 10**12)
    metrics = {m.name: m for m in request.resource_metrics[0].scope_metrics[0].metrics}
    assert points == len(metrics) == 3
    for name in ("gen_ai.client.operation.duration", "gen_ai.client.token.usage"):
        point = metrics[name].histogram.data_points[0]
        assert sum(point.bucket_counts) == point.count == len(durations)
        assert len(point.bucket_counts) == len(point.explicit_bounds) + 1
        assert point.min <= point.sum / point.count * (1 + 1e-9) and 0 < len(point.exemplars) <= 3
    tokens = metrics["gen_ai.client.token.usage"].histogram.data_points[0]
    assert tokens.bucket_counts[TOKEN_BOUNDS.index(1024.0)] == len(durations)
    exponential = metrics["http.server.request.duration"].exponential_histogram.data_points[0]
    assert sum(exponential.positive.bucket_counts) == exponential.count == len(durations)


def test_counters_grow_and_gauges_stay_in_range() -> None:
    def cpu(time: int) -> list[float]:
        request, points = machine_metrics(1, time, 0)
        assert points == sum(
            len(getattr(m, m.WhichOneof("data")).data_points)
            for r in request.resource_metrics for s in r.scope_metrics for m in s.metrics
        )  # fmt: skip
        return [
            m.sum.data_points[0].as_double
            for r in request.resource_metrics for s in r.scope_metrics for m in s.metrics
            if m.name == "process.cpu.time"
        ]  # fmt: skip

    before, after = cpu(3 * DAY), cpu(3 * DAY + HOUR + SECOND)
    assert len(before) > 3 and all(a < b for a, b in zip(before, after, strict=True))
