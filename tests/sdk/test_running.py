"""What holds before `init()`, and what a running SDK says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.sampling import (
    ALWAYS_OFF,
    ALWAYS_ON,
    DEFAULT_ON,
    ParentBased,
    Sampler,
    TraceIdRatioBased,
)
from tests.sdk.sdk_process import run

import sightline
from sightline.sdk import running
from sightline.sdk.configuration import Config


def test_before_init_the_defaults_hold() -> None:
    assert Config().max_value_chars == running.MAX_VALUE_CHARS
    assert Config().propagate == running.PROPAGATED
    assert running.runtime() is None
    assert running.server() is None
    running.keep_trace("feedback")
    running.emit("x", {}, 0, 0, 0, 0)


ABANDONED = """
    import gc
    import sightline

    sightline.init()

    def answer():
        with sightline.llm_call("m", messages="hi") as call:
            return call.stream(iter(["a", "b"]))

    stream = answer()
    next(stream)
    del stream
    gc.collect()
"""


WAITS = """
    import os
    from pathlib import Path
    from sightline.testing import wait_until

    file = Path(os.environ["SIGHTLINE_FILE"])
    wait_until(lambda: file.exists() and "collected" in file.read_text(), "the span is in the file")
"""


def test_the_worker_ends_what_nobody_holds_any_more(tmp_path: Path) -> None:
    """Without another call of the SDK, which would do it, too."""
    file = tmp_path / "spans.jsonl"
    made = run(ABANDONED + WAITS, {"SIGHTLINE_FILE": str(file), "SIGHTLINE_FLUSH_INTERVAL": "0.05"})
    assert (made.returncode, made.stderr) == (0, "")
    assert '"sightline.stream.chunks"' in file.read_text()


def test_what_nobody_holds_any_more_is_ended_at_exit(tmp_path: Path) -> None:
    file = tmp_path / "spans.jsonl"
    made = run(ABANDONED, {"SIGHTLINE_FILE": str(file)})
    assert (made.returncode, made.stderr) == (0, "")
    assert file.read_text().count("collected") == 1


@pytest.mark.parametrize(
    ("sampler", "all_of_them"),
    [
        (ALWAYS_ON, True), (DEFAULT_ON, True), (ParentBased(ALWAYS_ON), True), (ALWAYS_OFF, False),
        (TraceIdRatioBased(0.5), False), (ParentBased(TraceIdRatioBased(0.5)), False),
    ],
)  # fmt: skip
def test_what_a_span_was_given_is_there_at_its_start_where_all_are_recorded(
    monkeypatch: pytest.MonkeyPatch, sampler: Sampler, all_of_them: bool
) -> None:
    """Else it is written down afterwards, for those that are recorded alone."""
    seen: list[str | None] = []

    class Looks(SpanProcessor):
        def on_start(self, span: Any, parent_context: Any = None) -> None:
            seen.append((span.attributes or {}).get("input.value"))

        def on_end(self, span: Any) -> None:
            seen.append((span.attributes or {}).get("input.value"))

    provider = TracerProvider(sampler=sampler)
    provider.add_span_processor(Looks())
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    for _ in range(20):
        with sightline.span("ask", input={"question": "why?"}):
            pass
    assert running.records_all() is all_of_them
    given = '{"question": "why?"}'
    assert set(seen[1::2]) <= {given} and set(seen[::2]) <= ({given} if all_of_them else {None})
    assert len(seen) == 40 if all_of_them else len(seen) < 40
