"""Hundreds of tasks that stream, nest, leave early and are cancelled: every span ends once, in its place."""

from __future__ import annotations

import asyncio
import gc
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from typing import Any

from tests.sdk.recorded import Recorded

import sightline

BELOW = {"step": "words", "words": "request", "chat m": "request", "part": "request", "request": None}


class Turn:
    """Lets the other tasks go first, some times."""

    def __init__(self, times: int) -> None:
        self.times = times

    def __await__(self) -> Iterator[None]:
        for _ in range(self.times):
            yield


def test_tasks(recorded: Recorded) -> None:
    dice = random.Random(7)

    @sightline.trace
    async def words(count: int) -> AsyncIterator[int]:
        for n in range(count):
            with sightline.span("step"):
                await Turn(dice.randrange(4))
                yield n

    @sightline.trace
    async def part(number: int) -> None:
        await Turn(dice.randrange(4))
        sightline.current_span().set(number=number)

    async def chunks() -> AsyncIterator[str]:
        for _ in range(3):
            await Turn(dice.randrange(3))
            yield "x"

    @sightline.trace
    async def request(number: int) -> None:
        with sightline.context(user=f"u{number}"):
            async for _ in words(5):
                async with sightline.llm_call("m") as call:
                    async for _ in call.stream(chunks()):
                        if dice.random() < 0.1:
                            break
                if dice.random() < 0.1:
                    break
            await asyncio.gather(*(part(n) for n in range(3)))

    async def main() -> None:
        tasks = [asyncio.create_task(request(number)) for number in range(300)]
        for task in dice.sample(tasks, 100):
            await Turn(1)
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(main())
    gc.collect()
    assert recorded.open == 0
    spans: dict[int, Any] = {span.context.span_id: span for span in recorded.spans}
    assert len(spans) == len(recorded.spans) > 1_000
    users: dict[int, set[str]] = {}
    for span in spans.values():
        above = spans[span.parent.span_id] if span.parent else None
        assert (above.name if above else None) == BELOW[span.name]
        if above is not None:
            assert above.context.trace_id == span.context.trace_id
        users.setdefault(span.context.trace_id, set()).add(span.attributes.get("user.id"))
    assert all(len(found - {None}) <= 1 for found in users.values())
    early = Counter(span.attributes.get("sightline.left_early") for span in spans.values())
    assert min(early[how] for how in ("closed", "cancelled", "collected")) > 5
