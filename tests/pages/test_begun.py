"""Work that a page did not wait for: it is taken once, and stops when nobody takes it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from sightline.pages.begun import MOST, Begun


class Work:
    """Work that ends when it is let; it tells how often it began, and whether it was stopped."""

    def __init__(self, error: Exception | None = None) -> None:
        self.let, self.on, self.stopped = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.begun, self.error = 0, error

    async def done(self) -> str:
        self.begun += 1
        self.on.set()
        try:
            await self.let.wait()
        except asyncio.CancelledError:
            self.stopped.set()
            raise
        if self.error:
            raise self.error
        return "found"


def run(story: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(story, 20))


def test_what_is_there_soon_is_the_answer() -> None:
    async def story() -> None:
        work, begun = Work(), Begun()
        work.let.set()
        assert await begun.soon("a", work.done(), 5, "later") == "found"
        # It is not kept: who asks again has it done again.
        assert await begun.taken("a", work.done()) == "found" and work.begun == 2

    run(story())


def test_what_takes_longer_is_taken_by_who_asks_for_it() -> None:
    async def story() -> None:
        work, other, begun = Work(), Work(), Begun()
        assert await begun.soon("a", work.done(), 0, "later") == "later"
        other.let.set()
        assert await begun.taken("b", other.done()) == "found"
        asking = asyncio.create_task(begun.taken("a", other.done()))
        work.let.set()
        assert await asking == "found"
        assert (work.begun, other.begun) == (1, 1)

    run(story())


def test_what_nobody_takes_stops() -> None:
    async def story() -> None:
        work, begun = Work(), Begun(kept=0)
        assert await begun.soon("a", work.done(), 0, "later") == "later"
        await work.stopped.wait()
        assert not begun._tasks

    run(story())


def test_it_stops_with_its_reader() -> None:
    async def story() -> None:
        work, begun = Work(), Begun()
        waiting = asyncio.create_task(begun.soon("a", work.done(), 60, "later"))
        await work.on.wait()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await work.stopped.wait()
        assert not begun._tasks
        later = Work()
        assert await begun.soon("b", later.done(), 0, "later") == "later"
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(begun.taken("b", work.done()), 0.01)
        await later.stopped.wait()

    run(story())


def test_only_so_much_is_kept_and_the_oldest_stops() -> None:
    async def story() -> None:
        works, begun = [Work() for _ in range(MOST + 3)], Begun()
        for n, work in enumerate(works):
            assert await begun.soon(n, work.done(), 0.001, "later") == "later"
        for work in works[:3]:
            await work.stopped.wait()
        assert not any(work.stopped.is_set() for work in works[3:])

    run(story())


def test_an_error_reaches_who_takes_it() -> None:
    async def story() -> None:
        begun, failing = Begun(), Work(ValueError("no"))
        assert await begun.soon("a", failing.done(), 0, "later") == "later"
        failing.let.set()
        with pytest.raises(ValueError, match="no"):
            await begun.taken("a", Work().done())

    run(story())
