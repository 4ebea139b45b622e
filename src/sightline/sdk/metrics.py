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
_NONE: Final[frozenset[str]] = frozenset()
_DURATION_ONLY: Final = frozenset({DURATION})
_SAID: Final = {
    (tokens, first): frozenset({DURATION, *([TOKENS] if tokens else []), *([FIRST_CHUNK] if first else [])})
    for tokens in (False, True)
    for first in (False, True)
}


class MetricsProcessor(SpanProcessor):
    """A span processor that measures GenAI spans; needs no Sightline server, only OpenTelemetry.

    `meter_provider`: where the metrics go; None is the global one. `dimensions`: more attributes of the
    spans to tell apart by, such as `sightline.feature`; each must have few values. `own_metrics`: which
    instrumentations write which metric themselves, by how their scope's name begins; those are not written
    twice.

    A framework's span around an instrumented request says the same again: the innermost that says it counts.

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
        # What requests below said already, by the span above them that is still open.
        self._above: dict[int, frozenset[str]] = {}

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
        below = self._above.pop(span.context.span_id, _NONE) if self._above and span.context else _NONE
        said = _said(operation) if operation is not None and operation.is_request else _NONE
        self._tell_parent(span, below | said)
        if operation is None:
            return
        own = self._written_by(span.instrumentation_scope.name if span.instrumentation_scope else "")
        wanted = (said or _DURATION_ONLY) - own - (below if operation.is_request else _NONE)
        if wanted:
            self._record(span, operation, wanted, self._labels(operation, attributes))

    def _record(
        self, span: ReadableSpan, operation: GenAiOperation, wanted: frozenset[str], labels: dict[str, Any]
    ) -> None:
        if DURATION in wanted and span.end_time is not None and span.start_time is not None:
            error = (span.attributes or {}).get(names.ERROR_TYPE)
            if error is None and span.status.status_code is StatusCode.ERROR:
                error = "_OTHER"
            more = labels if error is None else {**labels, names.ERROR_TYPE: str(error)[:200]}
            self._duration.record(max(span.end_time - span.start_time, 0) / 1e9, more)
        if TOKENS in wanted:
            for kind, count in (("input", operation.input_tokens), ("output", operation.output_tokens)):
                if count is not None:
                    self._tokens.record(count, {**labels, "gen_ai.token.type": kind})
        if FIRST_CHUNK in wanted and operation.first_chunk is not None:
            self._first_chunk.record(operation.first_chunk, labels)

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

    def _tell_parent(self, span: ReadableSpan, said: frozenset[str]) -> None:
        """Children end before their parents: note what was said below, for the parent's end.

        Single steps of a dict and no lock: a process may fork while another thread is in here.
        """
        if not said or span.parent is None or span.parent.is_remote:
            return
        above, parent = self._above, span.parent.span_id
        above[parent] = above.get(parent, _NONE) | said
        if len(above) > _MAX_PARENTS:
            with suppress(RuntimeError, StopIteration):  # another thread was faster
                above.pop(next(iter(above)), None)


def _said(operation: GenAiOperation) -> frozenset[str]:
    """Which metrics a request's span has a value for."""
    tokens = operation.input_tokens is not None or operation.output_tokens is not None
    return _SAID[tokens, operation.first_chunk is not None]
