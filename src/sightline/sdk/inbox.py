"""What the program's threads hand to the worker: a bounded queue that never blocks and takes no lock.

`deque.append` is atomic and may be interrupted by a finalizer that ends another span, which a lock would not
survive. Bounds are looked at before, so that threads in the same instant may exceed them by a few items.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from sightline.sdk.counts import ENDED, LOGS, QUEUE_FULL, SHUTDOWN, SPANS, Account
from sightline.sdk.ended_span import EndedSpan, size_of_parts
from sightline.sdk.events import LogEvent

if TYPE_CHECKING:
    from sightline.sdk.batching import Request

_BESIDES_TEXTS = 1000


class RootStarted:
    """A local root of a trace began."""

    __slots__ = ("at", "trace_id")

    def __init__(self, trace_id: int, at: int) -> None:
        self.trace_id, self.at = trace_id, at


class Keep:
    """The program wants a trace to be kept."""

    __slots__ = ("reason", "trace_id")

    def __init__(self, trace_id: int, reason: str) -> None:
        self.trace_id, self.reason = trace_id, reason


def size_of(item: Any) -> int:
    """About how many bytes a span or an event holds."""
    if type(item) is EndedSpan:
        return item.size
    return _BESIDES_TEXTS + size_of_parts((*item.attributes.values(), item.body))


class Inbox:
    """`wake` is called when an item came while the reader slept, or when `hurry` items wait."""

    def __init__(
        self, max_items: int, max_bytes: int, hurry: int, account: Account, wake: Callable[[], None]
    ) -> None:
        self._items: deque[Any] = deque()
        self._max_items, self._max_bytes, self._hurry = max_items, max_bytes, hurry
        self._account, self._wake = account, wake
        self.bytes = 0
        self.sleeping = True
        self.hurried = False
        self.closed = False

    def __len__(self) -> int:
        return len(self._items)

    def put(self, item: Any) -> None:
        """Take a span or an event, or drop and count it."""
        items = self._items
        if len(items) >= self._max_items or self.bytes >= self._max_bytes or self.closed:
            self._drop(item)
            return
        self.bytes += size_of(item)
        items.append(item)
        if self.sleeping:
            self.sleeping = False
            self._wake()
        elif len(items) >= self._hurry and not self.hurried:
            self.hurried = True
            self._wake()

    def mark(self, mark: RootStarted | Keep) -> None:
        """Take a mark; the same bound holds, since marks without spans must not grow either."""
        if len(self._items) < 2 * self._max_items and not self.closed:
            self._items.append(mark)

    def hand_over(self, request: Request) -> None:
        """Take a request that is ready to be sent, within the bound on marks; nobody is woken for it."""
        if len(self._items) < 2 * self._max_items and not self.closed:
            self._items.append(request)

    def take(self, most: int) -> Iterator[Any]:
        """Up to `most` items, oldest first, each removed as it is given out."""
        items = self._items
        for _ in range(most):
            try:
                item = items.popleft()
            except IndexError:
                self.bytes = 0  # sums of several threads may drift where there is no global lock
                return
            if type(item) is EndedSpan or type(item) is LogEvent:
                self.bytes -= size_of(item)
            yield item

    def _drop(self, item: Any) -> None:
        signal = LOGS if isinstance(item, LogEvent) else SPANS
        self._account.add(signal, ENDED)
        self._account.drop(signal, SHUTDOWN if self.closed else QUEUE_FULL, queued=False)
