"""What an ended span costs the program's thread: two calls, no lock, no loop over anything but attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, Span
from opentelemetry.sdk.trace import SpanProcessor as OtelSpanProcessor

from sightline.sdk.context import attributes_of
from sightline.sdk.ended_span import ended_span
from sightline.sdk.inbox import RootStarted
from sightline.sdk.warnings_once import warn_once

if TYPE_CHECKING:
    from sightline.sdk.runtime import Runtime


class SpanProcessor(OtelSpanProcessor):
    """Hands ended spans to the runtime. One for each process and provider; it survives forks."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Put the context's attributes on the span, and note where a local trace begins."""
        try:
            runtime = self._runtime
            if runtime.closed:
                return
            attributes = attributes_of(parent_context)
            if attributes:
                own = span.attributes or {}
                span.set_attributes({k: v for k, v in attributes.items() if k not in own})
            if not runtime.keeps_all:
                parent = span.parent
                if parent is None or parent.is_remote:
                    runtime.inbox.mark(RootStarted(span.get_span_context().trace_id, span.start_time or 0))
        except Exception as error:  # a border: the program's span must start
            warn_once(
                "on_start", f"sightline: a span's start was not noted ({type(error).__name__}: {error})."
            )

    def on_end(self, span: ReadableSpan) -> None:
        """Hand the span over; unsampled ones are nobody's."""
        try:
            if span.context.trace_flags & 1:
                self._runtime.inbox.put(ended_span(span))
        except Exception as error:  # a border: the program's span must end
            warn_once("on_end", f"sightline: a span was lost ({type(error).__name__}: {error}).")

    def shutdown(self) -> None:
        """The provider shuts down."""
        self._runtime.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """The provider flushes."""
        return self._runtime.flush(timeout_millis / 1000)
