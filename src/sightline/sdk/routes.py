"""Several servers, by signal: each has connections, a spool and pauses of its own, so that none waits."""

from __future__ import annotations

from collections.abc import Mapping

from sightline.sdk.batching import Request
from sightline.sdk.delivery import Delivery


class Routes:
    """Takes requests like `Delivery` does, and hands each to the one of its signal."""

    def __init__(self, by_signal: Mapping[str, Delivery]) -> None:
        self._by_signal = by_signal
        self._all = tuple(dict.fromkeys(by_signal.values()))

    @property
    def spool_bytes(self) -> int:
        """What the spools take on disk."""
        return sum(one.spool_bytes for one in self._all)

    def spooled(self, signal: str) -> int:
        """Items of this process that are safe on disk."""
        return self._by_signal[signal].spooled(signal)

    def deliver(self, request: Request, deadline: float | None = None) -> None:
        """Bring it to its server, the disk or memory, or count it as dropped."""
        self._by_signal[request.signal].deliver(request, deadline)

    def report(self, request: Request, final: bool, deadline: float | None = None) -> None:
        """Send the account, which is metrics."""
        self._by_signal[request.signal].report(request, final, deadline)

    def tend(self, deadline: float | None = None) -> bool:
        """Send what was kept; whether nothing is left in memory."""
        done = [one.tend(deadline) for one in self._all]  # each has its turn, whatever the others say
        return all(done)

    def to_disk(self) -> bool:
        """Move what waits in memory to the disk; whether nothing is left in memory."""
        done = [one.to_disk() for one in self._all]
        return all(done)

    def pause(self) -> float | None:
        """Seconds until `tend` has something to do."""
        pauses = [pause for one in self._all if (pause := one.pause()) is not None]
        return min(pauses, default=None)

    def close(self) -> None:
        """Let go of everything."""
        for one in self._all:
            one.close()

    def abandon(self) -> None:
        """After a fork, in the child: let go and touch nothing."""
        for one in self._all:
            one.abandon()
