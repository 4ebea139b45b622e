"""Nothing is left behind: no context, no open span, no memory, no line "Failed to detach context".

The fixture `recorded` fails a test after which a context is current or OpenTelemetry logged anything.
"""

from __future__ import annotations

import asyncio
import contextvars
import gc
import threading
import tracemalloc
import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from opentelemetry.context import get_current
from tests.sdk.recorded import Recorded, of

import sightline
from sightline.sdk.driving import end_abandoned


@sightline.trace
def numbers() -> Iterator[int]:
    with sightline.span("inside"):
        yield 1
        yield 2


@sightline.trace
async def numbers_later() -> AsyncIterator[int]:
    with sightline.span("inside"), sightline.context(user="u-7"):
        yield 1
        yield 2


def in_thread(work: Callable[[], object]) -> None:
    """Run in another thread, and say what it raised."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert raised == []


def test_closed_early(recorded: Recorded) -> None:
    generator = numbers()
    next(generator)
    generator.close()
    assert recorded.said("numbers") == {
        "openinference.span.kind": "CHAIN",
        "sightline.items": 1,
        "sightline.left_early": "closed",
        "output.value": "[1]",
        "output.mime_type": "application/json",
    }
    assert recorded.one("numbers").status.is_unset
    assert recorded.open == 0


def test_left_by_break(recorded: Recorded) -> None:
    for number in numbers():
        assert number == 1
        break
    gc.collect()
    assert recorded.said("numbers")["sightline.left_early"] == "closed"
    assert recorded.open == 0


def test_closed_in_another_thread_and_context(recorded: Recorded) -> None:
    for close in (in_thread, lambda work: contextvars.Context().run(work)):
        recorded.spans.clear()
        generator = numbers()
        next(generator)
        close(generator.close)
        assert recorded.said("numbers")["sightline.left_early"] == "closed"


def test_iterated_by_turns_in_threads(recorded: Recorded) -> None:
    generator = numbers()
    seen: list[int] = []
    for _ in range(2):
        in_thread(lambda: seen.append(next(generator)))
    in_thread(lambda: seen.extend(generator))
    assert seen == [1, 2]
    assert "sightline.left_early" not in recorded.said("numbers")
    assert recorded.open == 0


def test_a_block_in_a_plain_generator_that_is_closed_elsewhere(recorded: Recorded) -> None:
    """The program's own generator: its blocks are left in a thread that never entered them."""

    def plain() -> Iterator[int]:
        with sightline.span("block"), sightline.context(user="u-7"), sightline.extract({}):
            yield 1

    with sightline.span("around"):
        generator = plain()
        next(generator)
        in_thread(generator.close)
    assert recorded.open == 0


def test_plain_generators_that_take_turns(recorded: Recorded) -> None:
    def plain(name: str) -> Iterator[int]:
        with sightline.span(name):
            yield 1
            yield 2

    one, two = plain("one"), plain("two")
    for _ in range(3):
        next(one, None)
        next(two, None)
    assert recorded.open == 0


def test_an_async_generator_closed_by_another_task(recorded: Recorded) -> None:
    async def main() -> None:
        generator: Any = numbers_later()
        await anext(generator)
        await asyncio.create_task(generator.aclose())
        generator = numbers_later()
        await asyncio.create_task(anext(generator))
        await asyncio.create_task(anext(generator))
        with pytest.raises(StopAsyncIteration):
            await anext(generator)

    asyncio.run(main())
    early = [
        (span.attributes or {}).get("sightline.left_early")
        for span in recorded.spans
        if span.name != "inside"
    ]
    assert early == ["closed", None]
    assert recorded.open == 0


def test_an_async_generator_left_to_the_loop(recorded: Recorded) -> None:
    async def main() -> None:
        async for number in numbers_later():
            assert number == 1
            break
        gc.collect()

    asyncio.run(main())
    gc.collect()
    assert recorded.said("numbers_later")["sightline.left_early"] in ("closed", "cancelled")
    assert recorded.open == 0


def test_an_async_generator_without_a_loop_is_collected(recorded: Recorded) -> None:
    @sightline.trace
    async def waits() -> AsyncIterator[int]:
        yield 1

    async def first(generator: Any) -> int:
        return int(await anext(generator))

    loop = asyncio.new_event_loop()
    generator = waits()
    assert loop.run_until_complete(first(generator)) == 1
    loop.close()  # without a word to its generators
    del generator
    gc.collect()
    assert recorded.said("waits")["sightline.left_early"] == "collected"
    assert of(recorded.one("waits"), "output.value") == [1]


def test_cancelled_in_the_middle(recorded: Recorded) -> None:
    reached = asyncio.Event

    async def main() -> None:
        there = reached()

        @sightline.trace
        async def waits() -> None:
            async with sightline.span("block"):
                there.set()
                await asyncio.Event().wait()

        @sightline.trace
        async def waits_between() -> AsyncIterator[int]:
            yield 1
            there.set()
            await asyncio.Event().wait()

        async def all_of(generator: AsyncIterator[int]) -> None:
            async for _ in generator:
                pass

        for work in (waits(), all_of(waits_between())):
            there.clear()
            task = asyncio.create_task(work)
            await there.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(main())
    for name in ("waits", "block", "waits_between"):
        assert recorded.said(name)["sightline.left_early"] == "cancelled"
        assert recorded.one(name).status.is_unset
    assert of(recorded.one("waits_between"), "output.value") == [1]


def test_a_coroutine_that_is_never_finished(recorded: Recorded) -> None:
    class Forever:
        def __await__(self) -> Iterator[None]:
            yield

    @sightline.trace
    async def waits() -> None:
        async with sightline.span("block"):
            await Forever()

    coroutine = waits()
    coroutine.send(None)
    with sightline.span("another") as another:
        before = get_current()
        in_thread(coroutine.close)
        assert get_current() is before
        del coroutine
    assert recorded.said("waits")["sightline.left_early"] == "closed"
    # Run by hand, the coroutine left its context in this thread; the block around goes back behind it.
    assert another.span_id == f"{recorded.one('another').context.span_id:016x}"
    from opentelemetry.context import attach
    from opentelemetry.context.context import Context

    attach(Context())


def test_a_decorated_context_reaches_all_kinds(recorded: Recorded) -> None:
    def say() -> None:
        with sightline.span("step"):
            pass

    @sightline.context(user="u-7")
    def sync() -> None:
        say()

    @sightline.context(user="u-7")
    async def later() -> None:
        say()

    @sightline.context(user="u-7")
    def some() -> Iterator[int]:
        say()
        yield 1
        say()

    @sightline.context(user="u-7")
    async def some_later() -> AsyncIterator[int]:
        say()
        yield 1

    async def main() -> None:
        await later()
        async for _ in some_later():
            say()  # outside: without the user

    sync()
    for _ in some():
        say()  # outside: without the user
    asyncio.run(main())
    users = [(span.attributes or {}).get("user.id") for span in recorded.spans]
    assert users == ["u-7", "u-7", None, "u-7", "u-7", "u-7", None]


@pytest.mark.parametrize("kind", ["call", "block", "generator", "abandoned", "async", "stream", "context"])
def test_ten_thousand_runs_hold_no_memory(recorded: Recorded, kind: str) -> None:
    @sightline.trace
    def call(n: int) -> int:
        return n

    async def later() -> None:
        async for _ in numbers_later():
            break

    def run() -> None:
        if kind == "call":
            call(1)
        elif kind == "block":
            with sightline.span("a", input={"a": 1}) as span:
                span.output([1])
        elif kind == "generator":
            list(numbers())
        elif kind == "abandoned":
            next(numbers())
        elif kind == "stream":
            with sightline.llm_call(model="m", messages="hi") as made:
                next(made.stream(iter(["a", "b"])))
        elif kind == "context":
            with sightline.context(user="u", tags=["a"]), sightline.extract(sightline.inject()):
                pass
        else:
            asyncio.run(later())

    rounds = 200 if kind == "async" else 10_000
    for _ in range(rounds // 10):
        run()
    recorded.spans.clear()
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for turn in range(rounds):
            run()
            if turn % 100 == 0:
                recorded.spans.clear()
        end_abandoned()
        recorded.spans.clear()
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < 40_000, f"{grown} bytes after {rounds} runs"


def test_arguments_and_results_are_not_held(recorded: Recorded) -> None:
    class Big:
        pass

    @sightline.trace
    def passes(big: Big) -> Big:
        return big

    @sightline.trace
    def gives(big: Big) -> Iterator[Big]:
        yield big

    big = Big()
    gone = weakref.ref(big)
    passes(big)
    list(gives(big))
    with sightline.span("a", input=big) as span:
        span.output(big)
    del big
    assert gone() is None
