"""When keys were last used, written down off the request's way."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from threading import Lock, Thread

from sightline.control.errors import ControlUnavailable

MINUTE_NS = 60 * 1_000_000_000
MAX_REMEMBERED = 10_000


class UseLog:
    """Collects uses of keys and writes them in a thread of its own, each key at most once a minute.

    `write` takes the ids of keys used now; `clock` gives nanoseconds that only grow. A write that
    fails is dropped: the next minute brings the next, and no request waits for it.
    """

    def __init__(self, write: Callable[[Iterable[str]], None], clock: Callable[[], int]) -> None:
        self._write = write
        self._clock = clock
        self._lock = Lock()
        self._noted: dict[str, int] = {}
        self._pending: set[str] = set()
        self._thread: Thread | None = None

    def note(self, key_id: str) -> None:
        """A key was used now. Costs one look into a dict; begins a write once a minute."""
        now = self._clock()
        with self._lock:
            last = self._noted.get(key_id)
            if last is not None and 0 <= now - last < MINUTE_NS:
                return
            if len(self._noted) >= MAX_REMEMBERED:
                self._noted.clear()
            self._noted[key_id] = now
            self._pending.add(key_id)
            if self._thread is None:
                self._thread = Thread(target=self._drain, name="key-uses", daemon=True)
                self._thread.start()

    def flush(self) -> None:
        """Wait until everything noted so far is written or dropped."""
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join()

    def _drain(self) -> None:
        while True:
            with self._lock:
                taken, self._pending = self._pending, set()
                if not taken:
                    self._thread = None
                    return
            try:
                self._write(taken)
            except ControlUnavailable:
                continue
