"""The SDK's functions around the providers' own libraries and a web framework, as users have them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from tests.sdk.fake_provider import ANSWER, FakeProvider
from tests.sdk.recorded import Recorded, of

import sightline

QUESTION: list[Any] = [{"role": "user", "content": "What is six times seven?"}]


@pytest.fixture(scope="module")
def provider() -> Iterator[FakeProvider]:
    with FakeProvider() as made:
        yield made


def output(span: Any) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = of(span, "gen_ai.output.messages")[0]["parts"]
    return parts


def check(span: Any, input_tokens: int, cached: int, streamed: bool) -> None:
    said = dict(span.attributes or {})
    assert output(span) == [{"type": "text", "content": ANSWER}]
    assert said["gen_ai.usage.input_tokens"] == input_tokens
    assert said["gen_ai.usage.cache_read.input_tokens"] == cached
    assert said["gen_ai.usage.output_tokens"] == 30
    assert said["gen_ai.response.model"]
    assert ("gen_ai.response.time_to_first_chunk" in said) == streamed
    assert "sightline.left_early" not in said


def test_openai(recorded: Recorded, provider: FakeProvider) -> None:
    openai = pytest.importorskip("openai")
    with openai.OpenAI(base_url=f"{provider.url}/v1", api_key="k") as client:
        with sightline.llm_call("gpt-4o-mini", "openai", QUESTION) as call:
            call.response(client.chat.completions.create(model="gpt-4o-mini", messages=QUESTION))
        with sightline.llm_call("gpt-4o-mini", "openai", QUESTION) as call:
            asked = client.chat.completions.create(
                model="gpt-4o-mini", messages=QUESTION, stream=True, stream_options={"include_usage": True}
            )
            chunks = [chunk.choices[0].delta.content or "" for chunk in call.stream(asked) if chunk.choices]
        assert "".join(chunks) == ANSWER
        with sightline.llm_call("gpt-4o-mini", "openai", QUESTION) as call:
            asked = client.chat.completions.create(model="gpt-4o-mini", messages=QUESTION, stream=True)
            with call.stream(asked) as stream:
                next(stream)
                assert stream.response.status_code == 200
        with (
            sightline.llm_call("gpt-4o-mini", "openai", QUESTION) as call,
            call.stream(
                client.chat.completions.stream(
                    model="gpt-4o-mini", messages=QUESTION, stream_options={"include_usage": True}
                )
            ) as stream,
        ):
            assert [event.delta for event in stream if event.type == "content.delta"]
    whole, streamed, left, helped = recorded.spans
    check(helped, 120, 80, True)
    check(whole, 120, 80, False)
    check(streamed, 120, 80, True)
    assert (left.attributes or {})["sightline.left_early"] == "closed"


def test_openai_async(recorded: Recorded, provider: FakeProvider) -> None:
    openai = pytest.importorskip("openai")

    async def main() -> str:
        async with openai.AsyncOpenAI(base_url=f"{provider.url}/v1", api_key="k") as client:

            async def answer() -> Any:
                async with sightline.llm_call("gpt-4o-mini", "openai", QUESTION) as call:
                    return call.stream(
                        await client.chat.completions.create(
                            model="gpt-4o-mini",
                            messages=QUESTION,
                            stream=True,
                            stream_options={"include_usage": True},
                        )
                    )

            return "".join([c.choices[0].delta.content or "" async for c in await answer() if c.choices])

    assert asyncio.run(main()) == ANSWER
    [span] = recorded.spans
    check(span, 120, 80, True)


def test_anthropic(recorded: Recorded, provider: FakeProvider) -> None:
    anthropic = pytest.importorskip("anthropic")
    asked = {"model": "claude-test", "max_tokens": 100, "messages": QUESTION}
    with anthropic.Anthropic(base_url=provider.url, api_key="k") as client:
        with sightline.llm_call("claude-test", "anthropic", QUESTION) as call:
            call.response(client.messages.create(**asked))
        with sightline.llm_call("claude-test", "anthropic", QUESTION) as call:
            for _ in call.stream(client.messages.create(**asked, stream=True)):
                pass
        with (
            sightline.llm_call("claude-test", "anthropic", QUESTION) as call,
            call.stream(client.messages.stream(**asked)) as stream,
        ):
            for _ in stream:
                pass
            assert stream.get_final_message().content[0].text == ANSWER
    # The library makes spans of its own where OpenTelemetry is set up.
    ours = [span for span in recorded.spans if span.name == "chat claude-test"]
    for span, streamed in zip(ours, (False, True, True), strict=True):
        check(span, 120, 60, streamed)


def test_fastapi_streams_and_dependencies(recorded: Recorded) -> None:
    fastapi = pytest.importorskip("fastapi")
    from fastapi.responses import StreamingResponse
    from fastapi.testclient import TestClient

    app = fastapi.FastAPI()

    @sightline.trace
    def session(user: str) -> Iterator[str]:
        yield f"session of {user}"

    @sightline.trace
    async def words(question: str) -> AsyncIterator[str]:
        for word in ("forty-", "two"):
            with sightline.span("step"):
                yield word

    @app.get("/ask")
    @sightline.trace
    async def ask(question: str, session: str = fastapi.Depends(session)) -> StreamingResponse:
        assert session == "session of ada"
        with sightline.context(user="u-7"):
            return StreamingResponse(words(question))

    with TestClient(app) as client:
        answer = client.get("/ask", params={"question": "six times seven?", "user": "ada"})
    assert (answer.status_code, answer.text) == (200, "forty-two")
    said = recorded.said("words")
    assert said["output.value"] == "forty-two"
    assert said["user.id"] == "u-7"
    assert of(recorded.one("ask"), "input.value")["question"] == "six times seven?"
    words_span = recorded.one("words")
    assert words_span.parent is not None
    assert words_span.parent.span_id == recorded.one("ask").context.span_id
    assert {span.parent.span_id for span in recorded.spans if span.name == "step" and span.parent} == {
        words_span.context.span_id
    }
    assert recorded.open == 0
