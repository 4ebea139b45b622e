"""Work for a page that was sent without it: kept for the part that asks for it a moment later."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Hashable
from typing import Any, TypeVar

# How long (s) work is kept that nobody asks for, and how much: a browser asks as soon as it has the page.
KEPT = 1.5
MOST = 8
_T = TypeVar("_T")


class Begun:
    """Tasks by what they answer. For one event loop."""

    def __init__(self, kept: float = KEPT) -> None:
        self._seconds = kept
        self._tasks: dict[Hashable, asyncio.Task[Any]] = {}

    async def soon(self, key: Hashable, work: Coroutine[Any, Any, _T], patience: float, otherwise: _T) -> _T:
        """The answer if it is there soon (s). If not, the work goes on for whoever takes it, and this is
        answered otherwise; it stops when nobody does, or when the reader goes away before."""
        task = asyncio.create_task(work)
        try:
            done, _ = await asyncio.wait({task}, timeout=patience)
        except asyncio.CancelledError:
            task.cancel()
            raise
        if done:
            return task.result()
        self._keep(key, task)
        return otherwise

    async def taken(self, key: Hashable, work: Coroutine[Any, Any, _T]) -> _T:
        """The answer of what was begun under this key, else of this work."""
        task = self._tasks.pop(key, None)
        if task is None or task.cancelled():
            return await work
        work.close()
        try:
            found: _T = await task
        except asyncio.CancelledError:
            task.cancel()
            raise
        return found

    def _keep(self, key: Hashable, task: asyncio.Task[Any]) -> None:
        while len(self._tasks) >= MOST:
            self._drop(oldest := next(iter(self._tasks)), self._tasks[oldest])
        self._drop(key, self._tasks.get(key))
        self._tasks[key] = task
        asyncio.get_running_loop().call_later(self._seconds, self._drop, key, task)

    def _drop(self, key: Hashable, task: asyncio.Task[Any] | None) -> None:
        if task is None or self._tasks.get(key) is not task:
            return
        del self._tasks[key]
        task.cancel()
        # What it found, also an error, is nobody's any more.
        task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
