"""Spans that a test makes, in memory, and a runtime that notes what it is given."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor, TracerProvider

from sightline.sdk import running
from sightline.sdk.context import attributes_of
from sightline.sdk.driving import end_abandoned
from sightline.sdk.warnings_once import forget_warnings


class _Keeping(SpanProcessor):
    """Puts the context's attributes on spans, as the real processor does, and keeps what ended."""

    def __init__(self) -> None:
        self.ended: list[ReadableSpan] = []
        self.started = 0

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        self.started += 1
        span.set_attributes(dict(attributes_of(parent_context)))

    def on_end(self, span: ReadableSpan) -> None:
        self.ended.append(span)


@dataclass
class Recorded:
    """What was recorded, in the order in which it ended."""

    keeping: _Keeping = field(default_factory=_Keeping)
    events: list[Any] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)

    @property
    def spans(self) -> list[ReadableSpan]:
        end_abandoned()
        return self.keeping.ended

    @property
    def open(self) -> int:
        """Spans that began and did not end."""
        return self.keeping.started - len(self.spans)

    def one(self, name: str) -> ReadableSpan:
        """The only span of that name."""
        [found] = [span for span in self.spans if span.name == name]
        return found

    def said(self, name: str) -> dict[str, Any]:
        """The attributes of the only span of that name."""
        return dict(self.one(name).attributes or {})


def of(span: ReadableSpan, key: str) -> Any:
    """An attribute, JSON text as what it says."""
    value = (span.attributes or {}).get(key)
    return json.loads(value) if isinstance(value, str) and value[:1] in "[{" else value


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Iterator[Recorded]:
    """Spans in memory; fails when OpenTelemetry could not detach a context, or the test left one behind."""
    caplog.set_level(logging.INFO)
    found = Recorded()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(found.keeping)
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", provider)
    forget_warnings()
    before = otel_context.get_current()
    yield found
    assert otel_context.get_current() == before, "a context was left behind"
    logged = [record.getMessage() for record in caplog.records if record.name.startswith("opentelemetry")]
    assert logged == []


@pytest.fixture
def runtime(recorded: Recorded, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A runtime beside it: change its `config` to what a test wants."""
    config = SimpleNamespace(
        endpoint="https://sightline.example",
        signals={},
        file=None,
        capture_content=True,
        max_value_chars=10_000,
        propagate=running.PROPAGATED,
    )
    made = SimpleNamespace(
        worker=SimpleNamespace(ring=lambda: None, attend=lambda: None),
        config=config,
        emit=recorded.events.append,
        keep_current_trace=recorded.kept.append,
    )
    monkeypatch.setattr(running, "runtime", lambda: made)
    return made
