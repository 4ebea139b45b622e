"""`sightline.span` and the span that is current."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest
from opentelemetry import trace as otel
from tests.sdk.recorded import Recorded, of

import sightline


def test_a_span_says_what_it_is_told(recorded: Recorded) -> None:
    with sightline.span("rank", kind="reranker", input=["a"], candidates=40, nothing=None) as span:
        span.set({"shop.country": "DE"}, tags=["a", "b"], mixed=[1, "a"], huge=2**70, flag=True).output(
            {"best": "a"}
        )
    assert recorded.said("rank") == {
        "candidates": 40,
        "openinference.span.kind": "RERANKER",
        "input.value": '["a"]',
        "input.mime_type": "application/json",
        "shop.country": "DE",
        "tags": ("a", "b"),
        "mixed": '[1, "a"]',
        "huge": str(2**70),
        "flag": True,
        "output.value": '{"best": "a"}',
        "output.mime_type": "application/json",
    }


def test_ids_and_address(recorded: Recorded, runtime: SimpleNamespace) -> None:
    with sightline.span("answer") as span:
        context = otel.get_current_span().get_span_context()
        assert span.trace_id == f"{context.trace_id:032x}"
        assert span.span_id == f"{context.span_id:016x}"
        assert span.url == f"https://sightline.example/traces/{span.trace_id}"
    runtime.config.file = "spans.jsonl"
    assert span.url is None


def test_async_blocks_and_tasks(recorded: Recorded) -> None:
    async def child(name: str) -> None:
        async with sightline.span(name):
            await asyncio.get_running_loop().run_in_executor(None, int)

    async def main() -> None:
        async with sightline.span("parent"):
            await asyncio.gather(child("a"), child("b"))

    asyncio.run(main())
    parent = recorded.one("parent")
    for name in ("a", "b"):
        span = recorded.one(name)
        assert span.parent is not None and span.parent.span_id == parent.context.span_id


def test_an_error_in_a_block_goes_on(recorded: Recorded) -> None:
    with pytest.raises(ZeroDivisionError), sightline.span("divide"):
        _ = 1 / 0
    assert recorded.said("divide") == {"error.type": "ZeroDivisionError"}


def test_a_caught_error_is_written_down_when_told(recorded: Recorded) -> None:
    with sightline.span("fetch") as span:
        span.error(TimeoutError("3 s"))
    assert recorded.one("fetch").status.description == "TimeoutError: 3 s"


def test_the_current_span_is_anyones(recorded: Recorded) -> None:
    with otel.get_tracer("theirs").start_as_current_span("theirs"):
        sightline.current_span().set(cache="hit").output("42")
    sightline.current_span().set(cache="nobody hears")
    assert recorded.said("theirs")["cache"] == "hit"


def test_after_the_end_nothing_is_said(recorded: Recorded, caplog: pytest.LogCaptureFixture) -> None:
    with sightline.span("short") as span:
        pass
    span.set(late=1).output("late").error(ValueError())
    assert recorded.said("short") == {}


def test_names_and_values_may_be_anything(recorded: Recorded) -> None:
    anything: object = object()
    with sightline.span(anything, kind=anything, input=anything, attribute=anything) as span:  # type: ignore[arg-type]
        span.set({"": 1, "surrogate": "\ud800", "bytes": b"x", "nan": float("nan")}).output(span)
    [made] = recorded.spans
    assert made.name == '"<object>"'
    assert of(made, "surrogate") == "?"
    assert "" not in (made.attributes or {})


def test_levels_that_end_in_another_order(recorded: Recorded) -> None:
    first, second = sightline.span("first"), sightline.span("second")
    with sightline.span("outer"):
        first.__enter__()
        second.__enter__()
        first.__exit__(None, None, None)
        second.__exit__(None, None, None)
        with sightline.span("after"):
            pass
    after, outer = recorded.one("after"), recorded.one("outer")
    assert after.parent is not None and after.parent.span_id == outer.context.span_id
    assert recorded.open == 0
