"""What the model calls of one request used, added up while their spans end in this process."""

from __future__ import annotations

import threading
from typing import Any

from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor

from sightline.sdk.warnings_once import warn_once

_INPUT = ("gen_ai.usage.input_tokens", "llm.token_count.prompt", "gen_ai.usage.prompt_tokens")
_OUTPUT = ("gen_ai.usage.output_tokens", "llm.token_count.completion", "gen_ai.usage.completion_tokens")
_COST = ("sightline.cost_usd", "gen_ai.usage.cost", "llm.cost.total")
_MOST_SPANS = 10_000


class Totals:
    """Calls and tokens below one span; `cost` in USD where a span says it, None where none does.

    Usage that a span repeats from spans below it is not added again.
    """

    __slots__ = ("_above", "calls", "cost", "input_tokens", "output_tokens")

    def __init__(self) -> None:
        self.calls = self.input_tokens = self.output_tokens = 0
        self.cost: float | None = None
        self._above: set[int] = set()

    def add(self, span: ReadableSpan) -> None:
        """A span of the request ended; children end before their parents."""
        attributes = span.attributes or {}
        used, said = _number(attributes, _INPUT), _number(attributes, _OUTPUT)
        repeated = span.context.span_id in self._above
        if (used is not None or said is not None) and not repeated:
            self.calls += 1
            self.input_tokens += int(used or 0)
            self.output_tokens += int(said or 0)
            cost = _number(attributes, _COST)
            if cost is not None:
                self.cost = (self.cost or 0.0) + cost
            repeated = True
        if repeated and span.parent is not None and len(self._above) < _MOST_SPANS:
            self._above.add(span.parent.span_id)

    def headers(self, milliseconds: float) -> list[tuple[str, str]]:
        """The answer's headers that tell them, with how long the request took until now."""
        tokens = self.input_tokens + self.output_tokens
        timing = f'total;dur={milliseconds:.1f}, model;desc="{self.calls} calls, {tokens} tokens"'
        headers = [
            ("server-timing", timing),
            ("x-sightline-model-calls", str(self.calls)),
            ("x-sightline-input-tokens", str(self.input_tokens)),
            ("x-sightline-output-tokens", str(self.output_tokens)),
        ]
        if self.cost is not None:
            headers.append(("x-sightline-cost-usd", f"{self.cost:.6f}"))
        return headers


class _TotalsProcessor(SpanProcessor):
    """Adds ended spans to the totals that are being watched; looks at nothing else."""

    def __init__(self) -> None:
        self.watched: dict[int, list[Totals]] = {}

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Nothing to do."""

    def on_end(self, span: ReadableSpan) -> None:
        """Add it where its trace is watched."""
        for totals in self.watched.get(span.context.trace_id, ()):
            try:
                totals.add(span)
            except Exception as error:  # a border: attributes may be anything
                warn_once("totals", f"sightline: a span was not added up ({type(error).__name__}: {error}).")


_processor: _TotalsProcessor | None = None
_lock = threading.Lock()


def watch(trace_id: int) -> Totals:
    """Add up the spans of a trace from now on, until `forget`."""
    totals = Totals()
    with _lock:
        _installed().watched.setdefault(trace_id, []).append(totals)
    return totals


def forget(trace_id: int, totals: Totals) -> None:
    """Watch no longer."""
    with _lock:
        watched = _installed().watched
        left = [one for one in watched.get(trace_id, ()) if one is not totals]
        if left:
            watched[trace_id] = left
        else:
            watched.pop(trace_id, None)


def _installed() -> _TotalsProcessor:
    """The one processor of this process, added to the program's provider when it is first needed."""
    global _processor
    if _processor is None:
        from opentelemetry import trace

        _processor = _TotalsProcessor()
        add = getattr(trace.get_tracer_provider(), "add_span_processor", None)
        if add is not None:
            add(_processor)
    return _processor


def _number(attributes: Any, names: tuple[str, ...]) -> float | None:
    for name in names:
        value = attributes.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
            return float(value)
    return None
