"""Metrics of GenAI operations by OpenTelemetry's conventions, measured from ended spans, whoever made them.

| metric | unit | attributes beside operation, provider, models |
|---|---|---|
| `gen_ai.client.operation.duration` | s | `error.type` |
| `gen_ai.client.token.usage` | {token} | `gen_ai.token.type`: `input`, `output` |
| `gen_ai.client.operation.time_to_first_chunk` | s | |

Measured before any sampling, so counts and sums are of everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, Final

from opentelemetry import metrics
from opentelemetry.context.context import Context
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor
from opentelemetry.trace import StatusCode

from sightline import __version__
from sightline.sdk import names
from sightline.sdk.genai_spans import GenAiOperation, operation_of
from sightline.sdk.spans import trouble

DURATION: Final = "gen_ai.client.operation.duration"
TOKENS: Final = "gen_ai.client.token.usage"
FIRST_CHUNK: Final = "gen_ai.client.operation.time_to_first_chunk"
SECONDS_BUCKETS: Final = (
    0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
)  # fmt: skip
TOKEN_BUCKETS: Final = tuple(float(4**power) for power in range(14))
_ALL: Final = frozenset({DURATION, TOKENS, FIRST_CHUNK})
# Instrumentations that write some of these themselves, by how the name of their spans' scope begins; read
# from their source (2026-11-26). OpenInference writes none, nor do OpenLLMetry's others.
OWN_METRICS: Final[Mapping[str, frozenset[str]]] = {
    "opentelemetry.instrumentation.openai_v2": frozenset({DURATION, TOKENS}),
    "opentelemetry.instrumentation.genai.": _ALL,
    "opentelemetry.instrumentation.google_genai": _ALL,
    "opentelemetry.util.genai": _ALL,
    "opentelemetry.instrumentation.botocore.bedrock": frozenset({DURATION, TOKENS}),
    "opentelemetry.instrumentation.openai.": frozenset({DURATION, TOKENS}),
    "opentelemetry.instrumentation.anthropic": frozenset({DURATION, TOKENS}),
    "opentelemetry.instrumentation.bedrock": frozenset({DURATION, TOKENS}),
    "opentelemetry.instrumentation.groq": frozenset({DURATION, TOKENS}),
    "opentelemetry.instrumentation.langchain": frozenset({DURATION, TOKENS}),
    "openlit": frozenset({DURATION, TOKENS}),
    "pydantic-ai": frozenset({TOKENS, FIRST_CHUNK}),
}
_MAX_PARENTS: Final = 10_000


class MetricsProcessor(SpanProcessor):
    """A span processor that measures GenAI spans; needs no Sightline server, only OpenTelemetry.

    `meter_provider`: where the metrics go; None is the global one. `dimensions`: more attributes of the
    spans to tell apart by, such as `sightline.feature`; each must have few values. `own_metrics`: which
    instrumentations write which metric themselves, by how their scope's name begins; those are not written
    twice.

    A framework's span around an instrumented request says the same tokens again. Only the innermost counts.

        >>> from opentelemetry.sdk.trace import TracerProvider
        >>> from sightline import MetricsProcessor
        >>> provider = TracerProvider()
        >>> provider.add_span_processor(MetricsProcessor(dimensions=["sightline.feature"]))
    """

    def __init__(
        self,
        meter_provider: metrics.MeterProvider | None = None,
        *,
        dimensions: Iterable[str] = (),
        own_metrics: Mapping[str, frozenset[str]] = OWN_METRICS,
    ) -> None:
        meter = metrics.get_meter("sightline", __version__, meter_provider)
        self._duration = meter.create_histogram(
            DURATION,
            "s",
            "How long GenAI operations take.",
            explicit_bucket_boundaries_advisory=SECONDS_BUCKETS,
        )
        self._tokens = meter.create_histogram(
            TOKENS,
            "{token}",
            "Tokens that requests to models used.",
            explicit_bucket_boundaries_advisory=TOKEN_BUCKETS,
        )
        self._first_chunk = meter.create_histogram(
            FIRST_CHUNK,
            "s",
            "Time to the first chunk with content of streamed answers.",
            explicit_bucket_boundaries_advisory=SECONDS_BUCKETS,
        )
        self._dimensions = tuple(dimensions)
        self._own = tuple(own_metrics.items())
        self._own_of: dict[str, frozenset[str]] = {}
        # Spans with a request somewhere below them, while they are open.
        self._above: dict[int, None] = {}

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Nothing is measured at the start."""

    def on_end(self, span: ReadableSpan) -> None:
        """Measure a GenAI span. Never raises."""
        try:
            self._measure(span)
        except Exception as error:  # the border: someone's meter provider
            trouble("metrics", error)

    def _measure(self, span: ReadableSpan) -> None:
        attributes = span.attributes or {}
        operation = operation_of(attributes)
        request = operation is not None and operation.is_request
        repeated = self._request_below(span, request)
        if operation is None or (request and repeated):
            return
        kept = self._labels(operation, attributes)
        own = self._written_by(span.instrumentation_scope.name if span.instrumentation_scope else "")
        if DURATION not in own and span.end_time is not None and span.start_time is not None:
            error = attributes.get(names.ERROR_TYPE)
            if error is None and span.status.status_code is StatusCode.ERROR:
                error = "_OTHER"
            labels = kept if error is None else {**kept, names.ERROR_TYPE: str(error)[:200]}
            self._duration.record(max(span.end_time - span.start_time, 0) / 1e9, labels)
        if not request:
            return
        if TOKENS not in own:
            for kind, count in (("input", operation.input_tokens), ("output", operation.output_tokens)):
                if count is not None:
                    self._tokens.record(count, {**kept, "gen_ai.token.type": kind})
        if FIRST_CHUNK not in own and operation.first_chunk is not None:
            self._first_chunk.record(operation.first_chunk, kept)

    def _labels(self, operation: GenAiOperation, attributes: Mapping[str, Any]) -> dict[str, Any]:
        made: dict[str, Any] = {names.OPERATION: operation.operation}
        for name, value in (
            (names.PROVIDER, operation.provider),
            (names.REQUEST_MODEL, operation.request_model),
            (names.RESPONSE_MODEL, operation.response_model),
        ):
            if value is not None:
                made[name] = value
        for name in ("server.address", "server.port", *self._dimensions):
            value = attributes.get(name)
            if isinstance(value, str | int | float):
                made[name] = value
        return made

    def _written_by(self, scope: str) -> frozenset[str]:
        found = self._own_of.get(scope)
        if found is None:
            found = next((own for start, own in self._own if scope.startswith(start)), frozenset())
            if len(self._own_of) < 1_000:
                self._own_of[scope] = found
        return found

    def _request_below(self, span: ReadableSpan, request: bool) -> bool:
        """Whether a request was measured below this span; parents hear of it here."""
        # Single steps of a dict, no lock: a process may fork while another thread is in here.
        above = self._above
        below = False
        if above and span.context is not None:
            below = above.pop(span.context.span_id, 0) is None
        if (below or request) and span.parent is not None and not span.parent.is_remote:
            above[span.parent.span_id] = None
            if len(above) > _MAX_PARENTS:
                with suppress(RuntimeError, StopIteration):  # another thread was faster
                    above.pop(next(iter(above)), None)
        return below
