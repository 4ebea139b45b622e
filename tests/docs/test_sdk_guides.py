"""The Python of the guides about the SDK's functions runs, block after block, as a reader would run it."""

from __future__ import annotations

import asyncio
import logging
from types import SimpleNamespace
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from tests.docs.blocks import ROOT, blocks

from sightline.sdk.driving import end_abandoned

PAGES = {"sdk-tracing.md": 12, "scores-from-code.md": 2}


def client() -> Any:
    """As the reader has one: answers, and answers in words."""
    said = {"choices": [{"message": {"role": "assistant", "content": "42"}}], "usage": {"prompt_tokens": 9}}
    create = SimpleNamespace(create=lambda **_: said)
    return SimpleNamespace(
        chat=SimpleNamespace(completions=create), stream=lambda question: iter(["forty-", "two"])
    )


def run(page: str) -> dict[str, Any]:
    found = [
        block.text
        for block in blocks((ROOT / "docs" / "guide" / page).read_text())
        if block.language == "python"
    ]
    assert len(found) == PAGES[page]
    names: dict[str, Any] = {"client": client(), "__name__": "guide"}
    for number, text in enumerate(found):
        exec(compile(text, f"{page} block {number + 1}", "exec"), names)
    return names


@pytest.fixture
def exported(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", provider)
    monkeypatch.setattr(trace, "set_tracer_provider", lambda provider: None)
    return exporter


def test_tracing(exported: InMemorySpanExporter, capsys: pytest.CaptureFixture[str]) -> None:
    names = run("sdk-tracing.md")
    assert asyncio.run(names["plan"]("goal", "s3cret")) == ["search", "answer"]
    end_abandoned()
    spans: dict[str, Any] = {span.name: dict(span.attributes or {}) for span in exported.get_finished_spans()}
    assert set(spans) == {
        "answer", "words", "rank", "chat local-7b", "retrieval handbook", "execute_tool weather", "index",
        "plan",
    }  # fmt: skip
    assert spans["words"]["output.value"] == "forty-"
    assert spans["words"]["sightline.left_early"] == "closed"
    assert spans["plan"]["input.value"] == '{"goal": "goal"}'
    assert "forty-two" in capsys.readouterr().out


def test_scores(exported: InMemorySpanExporter, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    run("scores-from-code.md")
    warned = [record.getMessage() for record in caplog.records]
    assert not [line for line in warned if "expected" in line or "pass" in line], warned
