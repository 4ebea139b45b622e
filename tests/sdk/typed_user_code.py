"""What users write, for strict type checkers: `tests/sdk/test_types.py` runs mypy and pyright over it.

Nothing here runs. Each `assert_type` fails when a decorator loses a signature.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar, assert_type

import sightline

T = TypeVar("T")


@sightline.trace
def plain(question: str, /, top_k: int = 3, *, strict: bool = False) -> list[str]:
    return [question] * top_k


@sightline.trace(name="named", kind="agent", ignore=["question"], attributes={"a": 1}, capture_output=False)
def named(question: str) -> str:
    return question


@sightline.trace
async def coroutine(question: str) -> int:
    return len(question)


@sightline.trace
def generator(n: int) -> Generator[int, str, float]:
    said = yield n
    return float(said)


@sightline.trace
async def async_generator(n: int) -> AsyncGenerator[int, None]:
    yield n


@sightline.trace
def generic(value: T) -> list[T]:
    return [value]


class Shop:
    @sightline.trace
    def method(self, n: int) -> str:
        return str(n)

    @classmethod
    @sightline.trace
    def below(cls, n: int) -> str:
        return str(n)

    @sightline.trace
    @classmethod
    def above(cls, n: int) -> str:
        return str(n)

    @staticmethod
    @sightline.trace
    def static_below(n: int) -> str:
        return str(n)

    @property
    @sightline.trace
    def size(self) -> int:
        return 3

    @sightline.context(feature="search")
    async def later(self, n: int) -> int:
        return n


@sightline.tool
def weather(city: str) -> dict[str, int]:
    return {city: 4}


@sightline.tool("clock", shop="DE")
def clock(zone: str) -> str:
    return zone


@sightline.retrieval(source="handbook", top_k=3)
async def search(query: str) -> list[str]:
    return [query]


@sightline.context(user="u", tags=["a"])
def with_context(n: int) -> Iterator[int]:
    yield n


async def use(shop: Shop, chunks: Iterator[bytes], later_chunks: AsyncIterator[bytes]) -> None:
    assert_type(plain("q", 3, strict=True), list[str])
    assert_type(named("q"), str)
    assert_type(await coroutine("q"), int)
    unstarted: Coroutine[Any, Any, int] = coroutine("q")
    assert_type(await unstarted, int)
    assert_type(generator(1), Generator[int, str, float])
    assert_type(async_generator(1), AsyncGenerator[int, None])
    assert_type(generic("a"), list[str])
    assert_type(shop.method(1), str)
    assert_type(Shop.below(1), str)
    assert_type(Shop.above(1), str)
    assert_type(shop.static_below(1), str)
    assert_type(shop.size, int)
    assert_type(await shop.later(1), int)
    assert_type(weather("Oslo"), dict[str, int])
    assert_type(clock("UTC"), str)
    assert_type(await search("q"), list[str])
    assert_type(with_context(1), Iterator[int])
    call: Callable[[str], Awaitable[int]] = coroutine
    assert_type(await call("q"), int)

    with sightline.span("a", kind="chain", input=1, plan="pro") as span:
        assert_type(span, sightline.Span)
        assert_type(span.set(a=1).output("x").set({"b": 2}), sightline.Span)
        assert_type(span.trace_id, str)
        assert_type(span.url, str | None)
    async with sightline.llm_call(model="m", messages="hi", temperature=0.2) as made:
        assert_type(made, sightline.LlmCall)
        assert_type(made.response("x").usage(input=1), sightline.LlmCall)
        assert_type(made.stream(chunks), sightline.Stream[bytes])
        assert_type(made.stream(later_chunks), sightline.AsyncStream[bytes])
        for chunk in made.stream(chunks):
            assert_type(chunk, bytes)
        async for chunk in made.stream(later_chunks):
            assert_type(chunk, bytes)
    with sightline.tool("t", arguments={"a": 1}) as tool, sightline.retrieval("q") as found:
        assert_type(tool.result(1), sightline.ToolCall)
        assert_type(found.documents(["d"]), sightline.Retrieval)
    with sightline.context(user="u", session=None), sightline.extract(sightline.inject()):
        pass
    assert_type(sightline.carry(plain)("q"), list[str])
    with ThreadPoolExecutor() as pool:
        assert_type(sightline.carry(pool), sightline.CarryingExecutor)
        assert_type(sightline.carry(pool).submit(plain, "q", strict=True), Future[list[str]])
    assert_type(sightline.score("x", 0.5), str | None)
    assert_type(sightline.feedback("up"), str | None)
    assert_type(sightline.current_span(), sightline.Span)
    assert_type(sightline.inject(), dict[str, str])


def wrong(shop: Shop) -> None:
    """Each of these must be refused: an ignore that nothing needs is an error, too."""
    plain(3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    plain("q", unknown=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    shop.method("1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    weather(1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    sightline.span("a", kind="nonsense")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    sightline.trace(kind="nonsense")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    sightline.score("x", source="me")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
