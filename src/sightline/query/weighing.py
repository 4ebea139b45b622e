"""Whether a selection's rows stand for several, asked once for all parts of a page that count them."""

from __future__ import annotations

import asyncio

from sightline.query.selection import Selection
from sightline.query.weights import weighed
from sightline.store.store import Store


class Weighing:
    """A selection that several ask for at a time; whoever comes first asks the store. For one event loop."""

    def __init__(self, store: Store, selection: Selection) -> None:
        self.store, self.as_chosen = store, selection
        self._asked: asyncio.Task[Selection] | None = None

    async def selection(self) -> Selection:
        """The selection with its weights. Errors of the store pass through."""
        if self._asked is None:
            self._asked = asyncio.create_task(weighed(self.store, self.as_chosen))
            # Where all who wait went away, nobody looks what became of it.
            self._asked.add_done_callback(lambda task: task.cancelled() or task.exception())
        # One who goes away must not take the answer from the others.
        return await asyncio.shield(self._asked)
