"""Which submissions were made durable within the retry window, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterable

_SLICES = 8


class Fingerprints:
    """A set that forgets by time slice: not before `window` seconds, at latest an eighth later.

    Above `capacity` the oldest slice is forgotten early, so memory stays below about 100 bytes times
    capacity; a retry that late is then stored a second time, never lost. Used by one thread at a time.
    """

    def __init__(self, window: float, capacity: int) -> None:
        self._window = int(window * 1e9)
        self._width = max(1, self._window // _SLICES)
        self._capacity = capacity
        self._slices: dict[int, set[bytes]] = {}
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def __contains__(self, fingerprint: bytes) -> bool:
        return any(fingerprint in known for known in self._slices.values())

    def add(self, fingerprints: Iterable[bytes], at: int) -> None:
        """Remember these since `at` (ns); with a window of 0 nothing is remembered."""
        if self._window == 0:
            return
        known = self._slices.setdefault(at // self._width, set())
        before = len(known)
        known.update(fingerprints)
        self._size += len(known) - before
        while self._size > self._capacity:
            self._forget(min(self._slices))

    def prune(self, now: int) -> None:
        """Forget what is older than the window at `now` (ns)."""
        oldest = (now - self._window) // self._width
        for number in [n for n in self._slices if n < oldest]:
            self._forget(number)

    def _forget(self, number: int) -> None:
        self._size -= len(self._slices.pop(number))
