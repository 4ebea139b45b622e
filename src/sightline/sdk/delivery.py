"""From a request to one of three ends: acknowledged, kept for later, or dropped and counted.

While the server was last seen up, a request is sent at once and kept only if that fails. Once it is away,
everything is kept, and the oldest kept request is tried after growing pauses; when one is taken, all follow.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from typing import Protocol

from sightline.sdk.batching import Request
from sightline.sdk.counts import ACKNOWLEDGED, DISK, QUEUE_FULL, REFUSED, TOO_LARGE, Account
from sightline.sdk.packed import Packed, compressed
from sightline.sdk.sending import Answer, Fate
from sightline.sdk.splitting import halves
from sightline.sdk.warnings_once import warn_once

_FIRST_PAUSE, _LONGEST_PAUSE, _LOCKED_OUT_PAUSE = 1.0, 30.0, 60.0
_NEXT_STEPS = {
    Fate.TOO_LARGE: "Lower SIGHTLINE_MAX_VALUE_CHARS, or raise the limit of the server or of a proxy.",
    Fate.REFUSED: "It would be refused again; check that SIGHTLINE_URL is a Sightline server and not older "
    "than this package.",
}
_PATIENCE = 5
"""How often the server may fail with the same request (500) before it is given up for the others' sake."""


class Sends(Protocol):
    """What delivery needs of a sender."""

    def send(self, signal: str, packed: bytes, seconds: float | None = None) -> Answer:
        """Send once; never raises."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...


class Keeps(Protocol):
    """Where requests wait for the server, oldest first: memory or disk."""

    @property
    def bytes(self) -> int:
        """What is kept takes this much."""
        ...

    def keep(self, packed: Packed) -> bool:
        """Keep it, if need be instead of the oldest; False when it cannot be kept here."""
        ...

    def oldest(self) -> Packed | None:
        """The request to send next."""
        ...

    def done(self) -> None:
        """The oldest has its end."""
        ...

    def items(self, signal: str) -> int:
        """How many of this process's items of a signal are kept."""
        ...

    def close(self) -> None:
        """Let go of files."""
        ...

    def abandon(self) -> None:
        """After a fork, in the child: let go and touch nothing."""
        ...


class MemoryKeep:
    """Kept requests in memory, where there is no disk for them."""

    def __init__(self, max_bytes: int, account: Account, reason: Callable[[], str]) -> None:
        self._max, self._account, self._reason = max_bytes, account, reason
        self._kept: deque[Packed] = deque()
        self.bytes = 0

    def keep(self, packed: Packed) -> bool:
        """Keep it; the oldest are dropped and counted while there is too much."""
        self._kept.append(packed)
        self.bytes += len(packed.body)
        while self.bytes > self._max and self._kept:
            gone = self._kept.popleft()
            self.bytes -= len(gone.body)
            if gone.items and gone.own:
                self._account.drop(gone.signal, self._reason(), gone.items)
        return True

    def oldest(self) -> Packed | None:
        """The request to send next."""
        return self._kept[0] if self._kept else None

    def done(self) -> None:
        """The oldest has its end."""
        self.bytes -= len(self._kept.popleft().body)

    def items(self, signal: str) -> int:
        """Items kept in memory count as in memory: none are safe."""
        return 0

    def close(self) -> None:
        """Nothing to let go of."""

    def abandon(self) -> None:
        """Nothing to let go of."""


class Delivery:
    """Sends, or keeps and sends later. Used by one thread at a time; `clock` is monotonic seconds."""

    def __init__(
        self, sender: Sends, spool: Keeps | None, memory_bytes: int, account: Account,
        clock: Callable[[], float], write_ahead: bool = False,
    ) -> None:  # fmt: skip
        self._sender, self._spool, self._account, self._clock = sender, spool, account, clock
        self._memory = MemoryKeep(memory_bytes, account, lambda: DISK if spool else QUEUE_FULL)
        self._write_ahead = write_ahead
        self._away_until: float | None = None
        self._asked_to_wait = False
        self._failures = 0
        self._tries = 0

    @property
    def spool_bytes(self) -> int:
        """What the spool takes on disk."""
        return self._spool.bytes if self._spool else 0

    def spooled(self, signal: str) -> int:
        """Items of this process that are safe on disk."""
        return self._spool.items(signal) if self._spool else 0

    def deliver(self, request: Request, deadline: float | None = None) -> None:
        """Send it, or keep it: on disk, else in memory."""
        packed = Packed(request.signal, request.items, request.first, request.last, compressed(request.body))
        ahead = self._write_ahead or self._away_until is not None
        if ahead and self._spool is not None and self._spool.keep(packed):
            return  # `tend` sends it
        if self._may_send(deadline):
            answer = self._send(packed, deadline)
            if self._ended(packed, answer):
                return
        self._keep(packed)

    def report(self, request: Request, final: bool, deadline: float | None = None) -> None:
        """Send the account; while the server is away only the last one is worth keeping."""
        packed = Packed(request.signal, 0, 0, 0, compressed(request.body))
        if self._may_send(deadline if final else None):
            answer = self._send(packed, deadline)
            if self._ended(packed, answer):
                return
        if final:
            self._keep(packed)

    def tend(self, deadline: float | None = None, seconds: float = 2.0) -> bool:
        """Send kept requests, for about `seconds`; whether nothing is left in memory."""
        end = self._clock() + seconds if deadline is None else deadline
        while (found := self._next()) is not None:
            keep, packed = found
            if self._clock() >= end or not self._may_send(deadline):
                return self._memory.oldest() is None
            answer = self._send(packed, deadline)
            self._tries += 1
            if not self._ended(packed, answer) and not self._given_up(packed, answer):
                return self._memory.oldest() is None
            keep.done()
            self._tries = 0
        return True

    def _next(self) -> tuple[Keeps, Packed] | None:
        """What to send next and where it waits. Memory first, also for halves of what was just on disk."""
        for keep in (self._memory, self._spool):
            if keep is not None and (packed := keep.oldest()) is not None:
                return keep, packed
        return None

    def to_disk(self) -> bool:
        """Move what waits in memory to the disk; whether nothing is left in memory."""
        while self._spool and (packed := self._memory.oldest()) is not None:
            if not self._spool.keep(packed):
                return False
            self._memory.done()
        return self._memory.oldest() is None

    def pause(self) -> float | None:
        """Seconds until kept requests may be tried again; None when none wait."""
        if self._memory.oldest() is None and (self._spool is None or self._spool.oldest() is None):
            return None
        return max(0.0, (self._away_until or 0.0) - self._clock())

    def close(self) -> None:
        """Let go of connections and files."""
        self._sender.close()
        if self._spool is not None:
            self._spool.close()

    def abandon(self) -> None:
        """After a fork, in the child: leave everything to the parent."""
        if self._spool is not None:
            self._spool.abandon()

    def _may_send(self, deadline: float | None) -> bool:
        now = self._clock()
        if deadline is not None:  # someone waits for it: try before the pause is over, unless asked not to
            return now < deadline and (
                self._away_until is None or not self._asked_to_wait or now >= self._away_until
            )
        return self._away_until is None or now >= self._away_until

    def _send(self, packed: Packed, deadline: float | None) -> Answer:
        seconds = None if deadline is None else deadline - self._clock()
        answer = self._sender.send(packed.signal, packed.body, seconds)
        if answer.fate in (Fate.LATER, Fate.LOCKED_OUT):
            self._away(answer)
        else:
            self._away_until, self._failures, self._asked_to_wait = None, 0, False
        return answer

    def _ended(self, packed: Packed, answer: Answer) -> bool:
        """Count and say what became of it; whether it has its end."""
        if answer.fate is Fate.TAKEN:
            rejected = min(answer.rejected, packed.items)
            if packed.own:
                self._account.add(packed.signal, ACKNOWLEDGED, packed.items - rejected)
            if rejected:
                self._drop(packed, REFUSED, rejected)
                warn_once(
                    "rejected",
                    f"sightline: the server left out {rejected} of {packed.items} items that it found unsound"
                    f"{answer.reason}. Its page Health names them; more are counted (sightline.counts()).",
                )
            return True
        if answer.fate in (Fate.REFUSED, Fate.TOO_LARGE):
            if answer.fate is Fate.TOO_LARGE and self._halved(packed):
                return True
            reason = TOO_LARGE if answer.fate is Fate.TOO_LARGE else REFUSED
            self._drop(packed, reason, packed.items)
            warn_once(
                f"refused {reason}",
                f"sightline: a request was dropped: {answer.reason}. {_NEXT_STEPS[answer.fate]} More of them "
                "are only counted (sightline.counts()).",
            )
            return True
        return False

    def _halved(self, packed: Packed) -> bool:
        """Put a request's halves in its place, so that one item does not cost the others."""
        try:
            parts = halves(packed)
        except Exception:  # a border: bytes from a disk
            return False
        for part in parts or ():
            self._memory.keep(part)
        return parts is not None

    def _given_up(self, packed: Packed, answer: Answer) -> bool:
        if answer.status != 500 or self._tries < _PATIENCE:
            return False
        self._drop(packed, REFUSED, packed.items)
        return True

    def _drop(self, packed: Packed, reason: str, items: int) -> None:
        if packed.own and items:
            self._account.drop(packed.signal, reason, items)

    def _away(self, answer: Answer) -> None:
        self._failures += 1
        if answer.fate is Fate.LOCKED_OUT:
            pause = _LOCKED_OUT_PAUSE
            warn_once(
                "locked out",
                f"sightline: nothing is sent: {answer.reason}. Check SIGHTLINE_URL and SIGHTLINE_API_KEY "
                "(docs/guide/sdk.md); until then what is made is kept within its bound.",
            )
        else:
            pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(self._failures - 1, 10))
            pause *= 0.5 + random.random() / 2  # noqa: S311 - so that many senders do not come back at once
            warn_once(
                "away",
                f"sightline: the server did not take what was sent ({answer.reason}). "
                "It is kept within its bound and sent later; the program is not affected.",
            )
        self._asked_to_wait = answer.pause is not None
        self._away_until = self._clock() + max(pause, answer.pause or 0.0)

    def _keep(self, packed: Packed) -> None:
        if self._spool is None or not self._spool.keep(packed):
            self._memory.keep(packed)
