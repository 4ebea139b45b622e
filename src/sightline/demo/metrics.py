"""Metrics of the demo's services: what their SDKs count about the same spans, and how their machines feel.

Delta histograms with exemplars come from the spans of a window; what machines count is a function of time.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from random import Random

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality, Exemplar, Metric, ScopeMetrics

from sightline.demo.encode import key_values, resource
from sightline.demo.shapes import CLIENT, SERVER, Attributes, Source, Span
from sightline.demo.story import HOUR, SECOND, activity

DELTA = AggregationTemporality.AGGREGATION_TEMPORALITY_DELTA
CUMULATIVE = AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE
DURATION_BOUNDS = tuple(0.01 * 2**i for i in range(14))
TOKEN_BOUNDS = tuple(float(4**i) for i in range(14))
SCALE = 4
"""Exponential histograms: 16 buckets for each doubling."""
EXEMPLARS = 3
PROCESSES: tuple[tuple[Source, str, float], ...] = tuple(
    (
        Source(
            name,
            "",
            "prod",
            "opentelemetry.instrumentation.system_metrics",
            "0.61b0",
            language,
            "eu-west",
            host,
        ),
        rhythm,
        size,
    )
    for name, language, host, rhythm, size in (
        ("helpdesk-api", "python", "helpdesk-1", "office", 900.0),
        ("api-gateway", "go", "gw-1", "office", 120.0),
        ("shop-chat", "nodejs", "shop-1", "evening", 310.0),
        ("research-agent", "python", "research-1", "office", 640.0),
        ("ticket-classifier", "python", "batch-1", "night", 450.0),
        ("triage-llm", "python", "gpu-1", "night", 22_000.0),
    )
)


def _exemplars(members: Sequence[tuple[float, Span]]) -> list[Exemplar]:
    """The slowest few, so that a click on a tail opens a trace of the tail."""
    slowest = sorted(members, key=lambda m: m[0])[-EXEMPLARS:]
    return [
        Exemplar(as_double=value, time_unix_nano=span.end, trace_id=span.trace_id, span_id=span.span_id)
        for value, span in slowest
    ]


def _histogram(
    metric: Metric,
    members: Sequence[tuple[float, Span]],
    bounds: Sequence[float],
    attributes: Attributes,
    start: int,
    end: int,
) -> None:
    counts = [0] * (len(bounds) + 1)
    for value, _ in members:
        counts[bisect_left(bounds, value)] += 1
    values = [value for value, _ in members]
    metric.histogram.aggregation_temporality = DELTA
    metric.histogram.data_points.add(
        attributes=key_values(attributes),
        start_time_unix_nano=start,
        time_unix_nano=end,
        count=len(values),
        sum=math.fsum(values),
        min=min(values),
        max=max(values),
        bucket_counts=counts,
        explicit_bounds=bounds,
        exemplars=_exemplars(members),
    )


def bucket_index(value: float, scale: int) -> int:
    """The bucket of a positive value: above `base**index`, up to `base**(index + 1)`."""
    return math.ceil(math.log2(value) * (1 << scale)) - 1


def _exponential(
    metric: Metric, members: Sequence[tuple[float, Span]], attributes: Attributes, start: int, end: int
) -> None:
    indexes = [bucket_index(max(value, 1e-9), SCALE) for value, _ in members]
    low = min(indexes)
    counts = [0] * (max(indexes) - low + 1)
    for index in indexes:
        counts[index - low] += 1
    values = [value for value, _ in members]
    metric.exponential_histogram.aggregation_temporality = DELTA
    point = metric.exponential_histogram.data_points.add(
        attributes=key_values(attributes),
        start_time_unix_nano=start,
        time_unix_nano=end,
        count=len(values),
        sum=math.fsum(values),
        min=min(values),
        max=max(values),
        scale=SCALE,
        exemplars=_exemplars(members),
    )
    point.positive.offset = low
    point.positive.bucket_counts.extend(counts)


Measured = dict[tuple[tuple[str, str], ...], list[tuple[float, Span]]]


def _measured(spans: Iterable[Span]) -> dict[Source, dict[str, Measured]]:
    """Values by process, metric and attributes."""
    found: dict[Source, dict[str, Measured]] = {}

    def take(span: Span, metric: str, value: float, **attributes: object) -> None:
        key = tuple((k.replace("__", "."), str(v)) for k, v in attributes.items() if v is not None)
        found.setdefault(span.source, {}).setdefault(metric, {}).setdefault(key, []).append((value, span))

    for span in spans:
        given, seconds = span.attributes, (span.end - span.start) / 1e9
        model = given.get("gen_ai.request.model")
        if span.kind == CLIENT and model and "gen_ai.provider.name" in given:
            common = {
                "gen_ai__operation__name": given.get("gen_ai.operation.name"),
                "gen_ai__provider__name": given.get("gen_ai.provider.name"),
                "gen_ai__request__model": model,
            }
            error = given.get("error.type")
            take(span, "gen_ai.client.operation.duration", seconds, **common, error__type=error)
            for word in ("input", "output"):
                tokens = given.get(f"gen_ai.usage.{word}_tokens")
                if isinstance(tokens, int):
                    take(span, "gen_ai.client.token.usage", tokens, **common, gen_ai__token__type=word)
        elif span.kind == SERVER and "http.route" in given:
            take(
                span,
                "http.server.request.duration",
                seconds,
                http__route=given["http.route"],
                http__request__method=given["http.request.method"],
                http__response__status_code=given["http.response.status_code"],
            )
    return found


UNITS = {
    "gen_ai.client.operation.duration": ("s", "Duration of model calls as the client sees them"),
    "gen_ai.client.token.usage": ("{token}", "Tokens of model calls"),
    "http.server.request.duration": ("s", "Duration of incoming requests"),
}


def request_metrics(spans: Iterable[Span], start: int, end: int) -> tuple[ExportMetricsServiceRequest, int]:
    """What the SDKs measured on these spans between `start` and `end`, and the number of data points."""
    request, points = ExportMetricsServiceRequest(), 0
    for source, metrics in _measured(spans).items():
        group = request.resource_metrics.add(resource=resource(source))
        part = group.scope_metrics.add()
        part.scope.name, part.scope.version = source.scope, source.scope_version
        for name, series in metrics.items():
            unit, description = UNITS[name]
            metric = part.metrics.add(name=name, unit=unit, description=description)
            for key, members in series.items():
                if name == "http.server.request.duration":
                    _exponential(metric, members, dict(key), start, end)
                else:
                    bounds = TOKEN_BOUNDS if unit == "{token}" else DURATION_BOUNDS
                    _histogram(metric, members, bounds, dict(key), start, end)
                points += 1
    return request, points


def _sum(
    part: ScopeMetrics, name: str, unit: str, value: float, time: int, began: int, monotonic: bool
) -> None:
    metric = part.metrics.add(name=name, unit=unit)
    metric.sum.is_monotonic = monotonic
    metric.sum.aggregation_temporality = CUMULATIVE
    metric.sum.data_points.add(start_time_unix_nano=began, time_unix_nano=time, as_double=value)


def machine_metrics(seed: int, time: int, origin: int) -> tuple[ExportMetricsServiceRequest, int]:
    """Gauges, counters and a summary of every process at `time`; counters run since `origin`."""
    request, points = ExportMetricsServiceRequest(), 0
    for source, rhythm, size in PROCESSES:
        random = Random(f"{seed}:{source.service}:{time}")
        busy = activity(rhythm, time)
        part = request.resource_metrics.add(resource=resource(source)).scope_metrics.add()
        part.scope.name, part.scope.version = source.scope, source.scope_version
        memory = size * (1 + 0.25 * busy + random.uniform(-0.02, 0.02)) * 2**20
        _sum(part, "process.memory.usage", "By", float(int(memory)), time, origin, monotonic=False)
        cpu = (time - origin) / SECOND * 0.22 + _integral(rhythm, origin, time) * 0.5
        _sum(part, "process.cpu.time", "s", cpu, time, origin, monotonic=True)
        gauge = part.metrics.add(name="app.queue.depth", unit="{request}", description="Requests that wait")
        gauge.gauge.data_points.add(time_unix_nano=time, as_int=int(random.expovariate(1) * 6 * busy))
        points += 3
        if source.service == "triage-llm":
            used = part.metrics.add(name="vllm:kv_cache_usage_perc", unit="1")
            used.gauge.data_points.add(
                time_unix_nano=time, as_double=min(0.99, 0.1 + busy * random.uniform(0.4, 0.8))
            )
            summary = part.metrics.add(name="vllm:iteration_tokens", unit="{token}")
            point = summary.summary.data_points.add(
                start_time_unix_nano=origin,
                time_unix_nano=time,
                count=int((time - origin) / SECOND),
                sum=cpu * 900,
            )
            for quantile, value in ((0.5, 310.0), (0.9, 720.0), (0.99, 1480.0)):
                point.quantile_values.add(quantile=quantile, value=value * (0.6 + busy))
            points += 2
    return request, points


def _integral(rhythm: str, since: int, until: int) -> float:
    """Busy seconds between two moments, hour by hour; grows with `until`."""
    total, hour = 0.0, since // HOUR
    while hour * HOUR < until:
        overlap = min(until, (hour + 1) * HOUR) - max(since, hour * HOUR)
        total += activity(rhythm, hour * HOUR) * overlap / SECOND
        hour += 1
    return total
