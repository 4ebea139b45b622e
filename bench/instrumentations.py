"""What each family of instrumentations says of the same calls (docs/adr/0011-which-instrumentations.md).

    python -m venv v && v/bin/pip install openai anthropic -r <the packages of the record>
    PYTHONPATH=src:. v/bin/python bench/instrumentations.py

Each family runs in a process of its own against a provider made for it; its spans are read by our catalog.
Families that are not installed are left out. Times are processor time of the calling thread.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from tests.sdk.fake_provider import FakeProvider

from sightline.catalog.reference import SpanFacts, read
from sightline.sdk.instrumentations.switches import set_switches
from sightline.sdk.instrumentations.table import BY_NAME

COLUMNS = (
    "kind", "request_model", "response_model", "input_tokens", "output_tokens", "cache_read_tokens",
    "cache_write_tokens", "reasoning_tokens", "time_to_first_token_ns", "streaming", "finish_reasons",
    "input_messages", "output_messages", "tool_definitions", "error_type",
)  # fmt: skip
MESSAGES = [{"role": "user", "content": "What is it?"}]
EXPORTER = InMemorySpanExporter()


def show(what: str) -> None:
    """The spans that ended since the last time, with what of them becomes columns."""
    gc.collect()
    spans = EXPORTER.get_finished_spans()
    EXPORTER.clear()
    print(f"--- {what}: {len(spans)} span(s)")
    for span in spans:
        facts = SpanFacts(
            attributes=list((span.attributes or {}).items()),
            scope=span.instrumentation_scope.name,
            name=span.name,
            status_code=span.status.status_code.value,
            start_time=span.start_time,
            is_root=span.parent is None,
        )
        values = read(facts).values
        milliseconds = (span.end_time - span.start_time) / 1e6
        print(
            f"  {span.name}: {milliseconds:.0f} ms, {span.status.status_code.name}, {len(span.events)} events"
        )
        print("    " + ", ".join(f"{c}={str(values[c])[:60]}" for c in COLUMNS if c in values))
        print("    without " + ", ".join(c for c in COLUMNS if c not in values))


def left(stream: Any, close: bool) -> None:
    """Read three pieces of a stream, then close it or forget it."""
    for _ in range(3):
        next(iter(stream))
    if close:
        stream.close()


def calls_of(library: str, url: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """A plain and an asynchronous call."""
    if library == "openai":
        from openai import AsyncOpenAI, OpenAI

        given: dict[str, Any] = {"base_url": f"{url}/v1", "api_key": "k", "max_retries": 0}
        asked = {"model": "gpt-4o", "messages": MESSAGES}
        ours, later = OpenAI(**given), AsyncOpenAI(**given)
        return (
            lambda **more: ours.chat.completions.create(**(asked | more)),
            lambda **more: later.chat.completions.create(**(asked | more)),
        )
    from anthropic import Anthropic, AsyncAnthropic

    given = {"base_url": url, "api_key": "k", "max_retries": 0}
    asked = {"model": "claude-sonnet-5", "max_tokens": 100, "messages": MESSAGES}
    theirs, after = Anthropic(**given), AsyncAnthropic(**given)
    return (
        lambda **more: theirs.messages.create(**(asked | more)),
        lambda **more: after.messages.create(**(asked | more)),
    )


def run(library: str) -> None:
    """All the calls, and what each left."""
    with FakeProvider() as provider:
        ask, ask_later = calls_of(library, provider.url)
        ask()
        show("plain")
        list(ask(stream=True, **({"stream_options": {"include_usage": True}} if library == "openai" else {})))
        show("streamed")
        try:
            ask(messages=[{"role": "user", "content": "fail"}])
        except Exception as error:
            print("raised", type(error).__name__)
        show("refused")
        left(ask(stream=True), True)
        show("closed early")
        left(ask(stream=True), False)
        show("forgotten")

        async def cancelled() -> None:
            async def consume() -> None:
                async for _ in await ask_later(stream=True):
                    pass

            task = asyncio.create_task(consume())
            await asyncio.wait([task], timeout=0.08)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        asyncio.run(cancelled())
        show("cancelled")
        times = []
        for _ in range(300):
            began = time.thread_time()
            ask()
            times.append(time.thread_time() - began)
        print(f"a call: {statistics.median(times) * 1e6:.0f} µs of the calling thread")


def one(library: str, pip: str) -> None:
    """One family in this process; `none` and `native` are without any."""
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(EXPORTER))
    set_switches(True, [], os.environ)
    os.environ["ANTHROPIC_OPEN_TELEMETRY"] = "true" if pip == "native" else "false"
    os.environ["ANTHROPIC_OPEN_TELEMETRY_TRACES_CONTENT_MODE"] = "content"
    if pip == "native":
        trace.set_tracer_provider(provider)
    elif pip != "none":
        [option] = [o for o in BY_NAME[library].options if o.pip == pip]
        module, _, name = option.entry.partition(":")
        getattr(importlib.import_module(module), name)().instrument(tracer_provider=provider)
    run(library)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        one(*sys.argv[1:])
    else:
        for name in ("openai", "anthropic"):
            for by in ("none", "native", *(o.pip for o in BY_NAME[name].options)):
                print(f"===== {name} by {by}", flush=True)
                command = [sys.executable, "-W", "ignore", __file__, name, by]
                done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
                print(done.stdout if not done.returncode else done.stderr.splitlines()[-1], flush=True)
