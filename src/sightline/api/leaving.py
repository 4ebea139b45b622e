"""Work that ends when its reader leaves: closes the page, presses Cancel, or hangs up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from starlette.requests import Request

_T = TypeVar("_T")


class ReaderLeft(Exception):
    """Nobody waits for the answer any more."""


async def while_reading(request: Request, work: Awaitable[_T]) -> _T:
    """Await `work`, and cancel it when the client ends the request. Raises ReaderLeft.

    The body has been read before.
    """
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            raise ReaderLeft
        return await task
    finally:
        gone.cancel()
        task.cancel()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
