"""Asking the store for a request: a query ends when its reader leaves, and failures become problems."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from starlette.requests import Request

from sightline.api.problems import Problem, unavailable
from sightline.store.rows import QueryTimeout, QueryTooLarge, StoreError

_T = TypeVar("_T")


async def while_connected(request: Request, work: Awaitable[_T]) -> _T:
    """Await `work`, and cancel it when the client disconnects. The body has been read before."""
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            raise Problem(400, "The client left before the answer was ready.")
        return await task
    finally:
        gone.cancel()
        task.cancel()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def failed(error: StoreError) -> Problem:
    """A failure of the store as a problem."""
    if isinstance(error, QueryTimeout | QueryTooLarge):
        return Problem(422, "The question takes more than is allowed; ask for less.", reason="limit")
    return unavailable("The store cannot answer now; try again in a moment.")
