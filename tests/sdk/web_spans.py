"""For tests of web integrations: the process's provider with a memory of ended spans."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from sightline.testing import wait_until


class Memory:
    """Ended spans, in their order."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()

    def spans(self, count: int = 1) -> list[ReadableSpan]:
        """The ended spans, when there are `count`."""
        wait_until(lambda: len(self.exporter.get_finished_spans()) >= count, f"{count} spans", 10)
        found = list(self.exporter.get_finished_spans())
        assert len(found) == count, [s.name for s in found]
        return found

    def one(self) -> ReadableSpan:
        """The only span there is."""
        return self.spans(1)[0]


@contextmanager
def remembered() -> Iterator[Memory]:
    """Spans of the process's own provider, made if there is none, until the end."""
    provider = trace.get_tracer_provider()
    if not isinstance(provider, TracerProvider):
        provider = TracerProvider(shutdown_on_exit=False)
        trace.set_tracer_provider(provider)
    memory = Memory()
    processor = SimpleSpanProcessor(memory.exporter)
    provider.add_span_processor(processor)
    try:
        yield memory
    finally:
        memory.exporter.shutdown()
