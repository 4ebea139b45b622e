"""`llm_call`, `retrieval` and `tool`, and streams through them."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import AsyncIterator, Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import wrapt
from opentelemetry import trace as otel
from tests.sdk.recorded import Recorded, of

import sightline
from sightline.sdk import streams
from sightline.sdk.chunk_gaps import ChunkGaps

WORDS = ["Ray", "leigh ", "scattering."]
ANSWER = [{"role": "assistant", "parts": [{"type": "text", "content": "Rayleigh scattering."}]}]


class Clock:
    """Stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = 1_000_000_000

    def __call__(self) -> int:
        return self.now

    def chunks(self, *seconds: float) -> Iterator[str]:
        for wait in seconds:
            self.now += round(wait * 1e9)
            yield "x"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    for module in ("sightline.sdk.streams", "sightline.sdk.calls"):
        monkeypatch.setattr(f"{module}.perf_counter_ns", made)
    return made


def test_a_whole_call(recorded: Recorded) -> None:
    with sightline.llm_call(
        model="local-7b",
        provider="local",
        messages=[
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Why is the sky blue?"},
        ],
        system="You are a physicist.",
        temperature=0.2,
        max_completion_tokens=100,
        stop="END",
        n=2,
        reasoning_effort="low",
        tools=[{"type": "function", "function": {"name": "look"}}],
        response_format={"type": "json_object"},
        shop="DE",
    ) as call:
        call.response("Rayleigh scattering.", model="local-7b-0611", id="r1", finish_reason="stop")
        call.usage(input=14, output=5, cache_read=4, cache_write=2, reasoning=1)
    [span] = recorded.spans
    assert span.name == "chat local-7b"
    assert span.kind is otel.SpanKind.CLIENT
    assert of(span, "gen_ai.input.messages")[1] == {
        "role": "user",
        "parts": [{"type": "text", "content": "Why is the sky blue?"}],
    }
    assert of(span, "gen_ai.output.messages") == ANSWER
    said = {k: v for k, v in (span.attributes or {}).items() if not k.endswith("messages")}
    assert said == {
        "gen_ai.operation.name": "chat",
        "openinference.span.kind": "LLM",
        "gen_ai.request.model": "local-7b",
        "gen_ai.provider.name": "local",
        "gen_ai.request.temperature": 0.2,
        "gen_ai.request.max_tokens": 100,
        "gen_ai.request.stop_sequences": ("END",),
        "gen_ai.request.choice.count": 2,
        "gen_ai.request.reasoning.level": "low",
        "gen_ai.tool.definitions": '[{"type": "function", "function": {"name": "look"}}]',
        "gen_ai.output.type": "json",
        "shop": "DE",
        "gen_ai.system_instructions": '[{"type": "text", "content": "You are a physicist."}]',
        "gen_ai.response.model": "local-7b-0611",
        "gen_ai.response.id": "r1",
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.usage.input_tokens": 14,
        "gen_ai.usage.output_tokens": 5,
        "gen_ai.usage.cache_read.input_tokens": 4,
        "gen_ai.usage.cache_creation.input_tokens": 2,
        "gen_ai.usage.reasoning.output_tokens": 1,
    }


def test_unknown_is_not_zero(recorded: Recorded) -> None:
    with sightline.llm_call("m") as call:
        call.usage(input=None, output=0).usage({"nonsense": 1}).response({"choices": []})
    assert recorded.said("chat m") == {
        "gen_ai.operation.name": "chat",
        "openinference.span.kind": "LLM",
        "gen_ai.request.model": "m",
        "gen_ai.usage.output_tokens": 0,
    }


def test_embeddings(recorded: Recorded) -> None:
    with sightline.llm_call("bge-m3", operation="embeddings", input=["a", "b"]) as call:
        call.response(
            {"model": "bge-m3-v2", "data": [{"embedding": [0.1, 0.2]}], "usage": {"prompt_tokens": 2}}
        )
    said = recorded.said("embeddings bge-m3")
    assert said["openinference.span.kind"] == "EMBEDDING"
    assert said["input.value"] == '["a", "b"]'
    assert said["gen_ai.embeddings.dimension.count"] == 2
    assert said["gen_ai.usage.input_tokens"] == 2
    assert "gen_ai.output.messages" not in said


def test_content_off(recorded: Recorded, runtime: SimpleNamespace) -> None:
    runtime.config.capture_content = False
    with sightline.llm_call("m", messages="secret", system="secret", tools=["secret"]) as call:
        call.response("secret").usage(input=1)
        list(call.stream(["secret"]))
    with sightline.tool("t", arguments={"a": "secret"}) as tool:
        tool.result("secret")
    with sightline.retrieval("secret", source="s") as found:
        found.documents(["secret"])
    assert len(recorded.spans) == 3
    assert "secret" not in "".join(span.to_json() for span in recorded.spans)


def test_a_stream_comes_through_as_it_is(recorded: Recorded, clock: Clock) -> None:
    with sightline.llm_call("m") as call:
        stream = call.stream(clock.chunks(0.5, 0.1, 1.5, 0.1))
        assert list(stream) == ["x"] * 4
        assert recorded.spans == []
    said = recorded.said("chat m")
    assert said["gen_ai.request.stream"] is True
    assert said["gen_ai.response.time_to_first_chunk"] == 0.5
    assert said["sightline.stream.chunks"] == 4
    assert said["sightline.stream.gap.max"] == 1.5
    assert said["sightline.stream.gap.p95"] == pytest.approx(1.5, rel=0.05)
    assert said["sightline.stream.stalls"] == 1
    assert json.loads(str(said["gen_ai.output.messages"]))[0]["parts"][0]["content"] == "xxxx"
    assert "sightline.left_early" not in said


def test_the_programs_own_pauses_are_no_gaps(recorded: Recorded, clock: Clock) -> None:
    with sightline.llm_call("m") as call:
        for _ in call.stream(clock.chunks(0.1, 0.1, 0.1)):
            clock.now += 5_000_000_000
    assert recorded.said("chat m")["sightline.stream.gap.max"] == 0.1


def test_chunks_without_content_are_not_the_first(recorded: Recorded, clock: Clock) -> None:
    def chunks() -> Iterator[dict[str, Any]]:
        for wait, delta in ((1, {"role": "assistant"}), (2, {"content": ""}), (3, {"content": "x"})):
            clock.now += wait * 1_000_000_000
            yield {"choices": [{"delta": delta}]}

    with sightline.llm_call("m") as call:
        list(call.stream(chunks()))
    assert recorded.said("chat m")["gen_ai.response.time_to_first_chunk"] == 6.0


def test_a_stream_read_after_its_block(recorded: Recorded) -> None:
    def answer() -> Iterator[str]:
        with sightline.llm_call("m") as call:
            return call.stream(iter(WORDS))

    stream = answer()
    assert recorded.spans == []
    with sightline.span("reader"):
        assert "".join(stream) == "Rayleigh scattering."
    call, reader = recorded.spans
    assert (call.name, reader.name) == ("chat m", "reader")
    assert call.parent is None
    assert of(call, "gen_ai.output.messages") == ANSWER


def test_a_stream_without_a_block(recorded: Recorded) -> None:
    assert list(sightline.llm_call("m").stream(iter(WORDS))) == WORDS
    assert of(recorded.one("chat m"), "gen_ai.output.messages") == ANSWER


@pytest.mark.parametrize("how", ["close", "break", "collect", "with", "error outside"])
def test_a_stream_left_early(recorded: Recorded, how: str) -> None:
    closed: list[bool] = []

    def chunks() -> Iterator[str]:
        try:
            yield from WORDS
        finally:
            closed.append(True)

    def made() -> Any:
        with sightline.llm_call("m") as call:
            return call.stream(chunks())

    if how == "break":
        with sightline.llm_call("m") as call:
            for _ in call.stream(chunks()):
                break
    elif how == "with":
        with made() as stream:
            next(stream)
    elif how == "error outside":
        with pytest.raises(ZeroDivisionError), made() as stream:
            next(stream)
            _ = 1 / 0
    else:
        stream = made()
        next(stream)
        if how == "close":
            stream.close()
            stream.close()
        del stream
    gc.collect()
    said = recorded.said("chat m")
    assert closed == [True]
    assert said["sightline.stream.chunks"] == 1
    assert of(recorded.one("chat m"), "gen_ai.output.messages")[0]["parts"][0]["content"] == "Ray"
    if how == "error outside":
        assert said["error.type"] == "ZeroDivisionError"
    else:
        assert said["sightline.left_early"] == ("collected" if how in ("break", "collect") else "closed")


@pytest.mark.parametrize("inside", [True, False])
def test_a_stream_that_raises(recorded: Recorded, inside: bool) -> None:
    boom = ConnectionError("gone")

    def chunks() -> Iterator[str]:
        yield "Ray"
        raise boom

    def run() -> None:
        with sightline.llm_call("m") as call:
            stream = call.stream(chunks())
            if inside:
                list(stream)
        list(stream)

    with pytest.raises(ConnectionError) as caught:
        run()
    assert caught.value is boom
    [span] = recorded.spans
    assert (span.attributes or {})["error.type"] == "ConnectionError"
    assert len(span.events) == 1


def test_an_error_of_a_stream_that_is_caught_inside(recorded: Recorded) -> None:
    def chunks() -> Iterator[str]:
        yield "Ray"
        raise ConnectionError("gone")

    with sightline.llm_call("m") as call:
        with pytest.raises(ConnectionError):
            list(call.stream(chunks()))
        call.response("a spare answer")
    assert recorded.said("chat m")["error.type"] == "ConnectionError"


def test_the_span_is_current_while_the_provider_works_only(recorded: Recorded) -> None:
    def chunks() -> Iterator[str]:
        with sightline.span("http"):
            yield "a"
        with sightline.span("http"):
            yield "b"

    def answer() -> Any:
        with sightline.llm_call("m") as call:
            return call.stream(chunks())

    for _ in answer():
        with sightline.span("reader"):
            pass
    call = recorded.one("chat m")
    for span in recorded.spans:
        if span.name == "http":
            assert span.parent is not None and span.parent.span_id == call.context.span_id
        elif span.name == "reader":
            assert span.parent is None


class ProviderStream:
    """As providers have them: a context manager with more than chunks."""

    def __init__(self) -> None:
        self.request_id = "req-1"
        self.steps: list[str] = []

    def __enter__(self) -> ProviderStream:
        self.steps.append("enter")
        return self

    def __exit__(self, *args: object) -> None:
        self.steps.append("exit")

    def __iter__(self) -> Iterator[str]:
        return iter(WORDS)

    def close(self) -> None:
        self.steps.append("close")

    async def __aenter__(self) -> ProviderStream:
        self.steps.append("aenter")
        return self

    async def __aexit__(self, *args: object) -> None:
        self.steps.append("aexit")

    async def __aiter__(self) -> AsyncIterator[str]:
        for word in WORDS:
            yield word


def test_the_providers_own_methods_are_there(recorded: Recorded) -> None:
    inner = type("Sync", (ProviderStream,), {"__aiter__": None, "__aenter__": None})()
    call = sightline.llm_call("m")
    with call, streams.Stream(inner, *parts(call)) as stream:
        assert stream.request_id == "req-1"
        assert list(stream) == WORDS
        with pytest.raises(AttributeError):
            _ = stream.nothing
    assert inner.steps == ["enter", "exit"]


def parts(call: Any) -> tuple[Any, ...]:
    """What a stream of this call is made of."""
    made = call.stream(iter(()))
    made._open = False
    return made._reading, made._owner, made._level, made._context


def test_async_streams(recorded: Recorded) -> None:
    inner = ProviderStream()

    async def answer(left: Callable[[Any], Any]) -> Any:
        async with sightline.llm_call("m") as call:
            return await left(call.stream(inner))

    async def whole(stream: Any) -> list[str]:
        async with stream:
            return [chunk async for chunk in stream]

    async def closed(stream: Any) -> None:
        await anext(stream)
        await stream.close()
        await stream.aclose()

    async def dropped(stream: Any) -> None:
        async for _ in stream:
            break

    async def later(stream: Any) -> Any:
        return stream

    async def main() -> None:
        assert await answer(whole) == WORDS
        await answer(closed)
        await answer(dropped)
        kept = await answer(later)
        assert [chunk async for chunk in kept] == WORDS

    asyncio.run(main())
    gc.collect()
    assert [(span.attributes or {}).get("sightline.left_early") for span in recorded.spans] == [
        None, "closed", "collected", None,
    ]  # fmt: skip
    assert (
        of(recorded.spans[0], "gen_ai.output.messages")
        == of(recorded.spans[3], "gen_ai.output.messages")
        == ANSWER
    )
    assert inner.steps[:2] == ["aenter", "aexit"]


class BothWays:
    """As LiteLLM's streams are: for `for`, and for `async for`."""

    def __init__(self) -> None:
        self.words = iter(WORDS)
        self.closed = False

    def __iter__(self) -> Iterator[str]:
        return self.words

    def __aiter__(self) -> BothWays:
        return self

    async def __anext__(self) -> str:
        try:
            return next(self.words)
        except StopIteration:
            raise StopAsyncIteration from None

    async def aclose(self) -> None:
        self.closed = True


@pytest.mark.parametrize("left", [False, True])
@pytest.mark.parametrize("way", ["for", "async for", "anext", "aclose"])
def test_a_stream_that_can_be_read_both_ways(recorded: Recorded, way: str, left: bool) -> None:
    inner = BothWays()

    async def read(stream: Any) -> list[str]:
        if way == "for":
            return [next(iter(stream))] if left else list(stream)
        if way == "anext":
            return [await anext(stream) for _ in WORDS[: 1 if left else 3]]
        if way == "aclose":
            await stream.aclose()
            return []
        got = []
        async for word in stream:
            got.append(word)
            if left:
                break
        return got

    with sightline.llm_call(model="m") as call:
        stream: Any = call.stream(inner)
    got = asyncio.run(read(stream))
    assert got == ([] if way == "aclose" else WORDS[:1] if left else WORDS)
    assert inner.closed is (way == "aclose")
    del stream
    gc.collect()
    span = recorded.one("chat m")
    early = "sightline.left_early" in (span.attributes or {})
    assert early is (left or way in ("anext", "aclose"))


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_proxy_is_read_as_what_it_stands_for(recorded: Recorded, asynchronous: bool) -> None:
    """wrapt's have methods of both kinds; OpenTelemetry's and OpenInference's instrumentations give them."""

    class Asynchronous(wrapt.ObjectProxy):  # type: ignore[misc]
        def __aiter__(self) -> Any:
            return aiter(self.__wrapped__)

    async def words() -> AsyncIterator[str]:
        for word in WORDS:
            yield word

    async def read() -> list[str]:
        with sightline.llm_call(model="m") as call:
            if asynchronous:
                return [w async for w in call.stream(Asynchronous(words()))]
            with call.stream(wrapt.ObjectProxy(iter(WORDS))) as stream:
                return list(stream)

    assert asyncio.run(read()) == WORDS
    assert of(recorded.one("chat m"), "gen_ai.output.messages") == ANSWER


def test_an_async_stream_cancelled_between_chunks(recorded: Recorded) -> None:
    async def main() -> None:
        there = asyncio.Event()

        async def chunks() -> AsyncIterator[str]:
            yield "Ray"
            there.set()
            await asyncio.Event().wait()

        async def read() -> None:
            async with sightline.llm_call("m") as call:
                async for _ in call.stream(chunks()):
                    pass

        task = asyncio.create_task(read())
        await there.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    said = recorded.said("chat m")
    assert said["sightline.left_early"] == "cancelled"
    assert said["sightline.stream.chunks"] == 1
    assert "error.type" not in said


def test_broken_chunks_are_given_on(recorded: Recorded) -> None:
    class Broken:
        def __getattr__(self, name: str) -> Any:
            raise RuntimeError("no fields")

    chunks = [Broken(), None, 3, object()]
    with sightline.llm_call("m") as call:
        assert list(call.stream(iter(chunks))) == chunks
    assert recorded.said("chat m")["sightline.stream.chunks"] == 4


def test_percentiles_of_many_gaps_stay_small() -> None:
    gaps = ChunkGaps()
    for wait in range(1, 100_001):
        gaps.chunk(wait * 10_000)
    assert gaps.percentile(0.95) == pytest.approx(950_000_000, rel=0.05)
    assert len(gaps._buckets) < 200
    assert ChunkGaps().percentile(0.95) is None
    assert ChunkGaps().attributes() == {"sightline.stream.chunks": 0}


def test_retrieval(recorded: Recorded) -> None:
    with sightline.retrieval("refunds", source="handbook", top_k=3, shop="DE") as found:
        found.documents([
            {"id": "d7", "score": 0.9, "text": "14 days", "metadata": {"page": 3}},
            ("30 days", 0.5),
            "no score",
            SimpleNamespace(page_content="langchain", metadata={"a": 1}),
            SimpleNamespace(score=0.4, node=SimpleNamespace(node_id="n1", text="llamaindex", metadata={})),
            {"unknown": 1},
        ])  # fmt: skip
    span = recorded.one("retrieval handbook")
    assert of(span, "gen_ai.retrieval.documents") == [
        {"id": "d7", "score": 0.9, "content": "14 days", "metadata": {"page": 3}},
        {"score": 0.5, "content": "30 days"},
        {"content": "no score"},
        {"content": "langchain", "metadata": {"a": 1}},
        {"id": "n1", "score": 0.4, "content": "llamaindex", "metadata": {}},
        {"content": {"unknown": 1}},
    ]
    assert {k: v for k, v in (span.attributes or {}).items() if "documents" not in k} == {
        "shop": "DE",
        "openinference.span.kind": "RETRIEVER",
        "gen_ai.operation.name": "retrieval",
        "gen_ai.data_source.id": "handbook",
        "gen_ai.retrieval.top_k": 3,
        "gen_ai.retrieval.query.text": "refunds",
    }


def test_retrieval_as_a_decorator(recorded: Recorded) -> None:
    @sightline.retrieval(source="handbook", top_k=3)
    async def search(store: object, question: str) -> list[str]:
        return [question]

    @sightline.retrieval(source="lazy")
    def lazy(words: str) -> Iterator[str]:
        return iter([words])

    assert asyncio.run(search(object(), "refunds")) == ["refunds"]
    assert list(lazy("refunds")) == ["refunds"]
    assert recorded.said("retrieval handbook")["gen_ai.retrieval.query.text"] == "refunds"
    assert of(recorded.one("retrieval handbook"), "gen_ai.retrieval.documents") == [{"content": "refunds"}]
    assert recorded.said("retrieval lazy")["gen_ai.retrieval.query.text"] == "refunds"


def test_tools(recorded: Recorded) -> None:
    with sightline.tool(
        "weather", arguments='{"city": "Oslo"}', call_id="c1", description="Looks out."
    ) as call:
        call.result({"celsius": 4})

    @sightline.tool
    def add(a: int, b: int = 2) -> int:
        return a + b

    @sightline.tool("subtract", shop="DE")
    async def minus(a: int) -> int:
        return -a

    class Box:
        @sightline.tool
        def open(self, key: str) -> str:
            return key

    assert add(1, b=5) == 6
    assert asyncio.run(minus(1)) == -1
    assert Box().open("k") == "k"
    with pytest.raises(TypeError):
        add()  # type: ignore[call-arg]
    assert recorded.said("execute_tool weather") == {
        "openinference.span.kind": "TOOL",
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.type": "function",
        "gen_ai.tool.call.id": "c1",
        "gen_ai.tool.description": "Looks out.",
        "gen_ai.tool.name": "weather",
        "gen_ai.tool.call.arguments": '{"city": "Oslo"}',
        "gen_ai.tool.call.result": '{"celsius": 4}',
    }
    tools = [span.name.removeprefix("execute_tool ") for span in recorded.spans]
    assert tools == ["weather", "add", "subtract", "open", "add"]
    assert of(recorded.spans[1], "gen_ai.tool.call.arguments") == {"a": 1, "b": 5}
    assert of(recorded.spans[1], "gen_ai.tool.call.result") == "6"
    assert recorded.said("execute_tool subtract")["shop"] == "DE"
