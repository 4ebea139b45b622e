"""From a request's body to the journal: transcode, validate, append; what every way in has in common."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Literal, Protocol

from sightline.control.gate import AccessDenied, require
from sightline.measures import DROPPED, RECEIVED, RECEIVED_BYTES, REQUESTS
from sightline.records.access import Principal, Scope
from sightline.records.ingest import (
    PUBLIC_SOURCE,
    JournalFull,
    JournalUnavailable,
    Receipt,
    Signal,
    Submission,
)
from sightline.wire.otlp import Checked, validate
from sightline.wire.otlp_json import Transcoded, transcode
from sightline.wire.refusals import Busy, Refused

Encoding = Literal["protobuf", "json"]
MAX_IN_FLIGHT = 256 * 2**20
"""Most bytes of bodies that are being received or made durable at one time."""
# Above these, a body is checked in a thread, so that the loop goes on between the C calls.
_INLINE: dict[Encoding, int] = {"protobuf": 2**20, "json": 128 * 2**10}


class Appends(Protocol):
    """What the receiver needs of a journal."""

    async def append(self, submission: Submission, /) -> Receipt:
        """Return once durable; raises JournalFull or JournalUnavailable."""
        ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the sender is told: how many items were refused, and why. Both empty: all is well."""

    rejected: int = 0
    message: str = ""


class InFlight:
    """The bytes held for requests under way, bounded over all connections."""

    def __init__(self, limit: int = MAX_IN_FLIGHT) -> None:
        self.limit = limit
        self.held = 0

    @contextmanager
    def hold(self) -> Iterator[Callable[[int], None]]:
        """A function that takes more bytes (or gives back negative ones); all are given back at the end.

        It raises Busy when the bound is reached; one request alone is never refused by it.
        """
        mine = 0

        def take(size: int) -> None:
            nonlocal mine
            if size > 0 and self.held + size > self.limit and self.held > mine:
                raise Busy("the server is receiving as much as it can hold at this moment; try again")
            mine += size
            self.held += size

        try:
            yield take
        finally:
            self.held -= mine


class Receiver:
    """Accepts OTLP bodies of authenticated senders. `clock` gives nanoseconds since the epoch."""

    def __init__(self, journal: Appends, clock: Callable[[], int] = time.time_ns) -> None:
        self.journal = journal
        self.clock = clock
        self.in_flight = InFlight()
        self.last_refusal = ""
        """Why the last refused request was refused, in words; empty when none was."""
        self.last_outcome = ""
        """What stopped it, as the measure counts it."""
        # Hostile bodies decode to many times their size, and threads share the interpreter: one at a time.
        self._large = asyncio.Semaphore(1)

    async def accept(
        self,
        principal: Principal,
        signal: Signal,
        body: bytes,
        encoding: Encoding,
        source: str,
        *,
        scope: Scope = Scope.INGEST,
        held_to: Callable[[int, bytes], bytes] | None = None,
    ) -> Outcome:
        """Make the body's good records durable and say what was refused.

        `body` is unpacked. `held_to` is told how many items are sound and their protobuf before they are made
        durable; it may refuse them, and answers what to keep. Raises AccessDenied without `scope`, BadRequest
        when nothing of the body can be used, JournalFull and JournalUnavailable when the sender should try
        again later. A way in that catches one of these counts it with `refused`, together with what it
        refused by itself.
        """
        require(principal, scope)
        transcoded, checked = await self._check(body, signal, encoding)
        duplicate = False
        payload = checked.payload
        if checked.items:
            if held_to is not None:
                payload = held_to(checked.items, payload)
            receipt = await self.journal.append(
                Submission(principal.project, signal, payload, self.clock(), source, checked.items)
            )
            duplicate = receipt.duplicate
        rejected = transcoded.rejected + checked.rejected
        for reasons in (transcoded.reasons, checked.reasons):
            for reason, count in reasons.items():
                DROPPED.labels(signal.value, reason).inc(count)
        if duplicate:
            DROPPED.labels(signal.value, "duplicate").inc(checked.items)
        else:
            RECEIVED.labels(signal.value, source).inc(checked.items)
            RECEIVED_BYTES.labels(signal.value).inc(len(payload) if checked.items else 0)
        outcome = "duplicate" if duplicate else "partial" if rejected else "accepted"
        REQUESTS.labels(signal.value, source, outcome).inc()
        return Outcome(rejected, " ".join(filter(None, (transcoded.message, checked.message))))

    async def _check(self, body: bytes, signal: Signal, encoding: Encoding) -> tuple[Transcoded, Checked]:
        work = partial(_checked, body, signal, encoding, self.clock())
        if len(body) <= _INLINE[encoding]:
            return work()
        async with self._large:
            return await asyncio.to_thread(work)

    def refused(self, signal: Signal, source: str, error: Exception) -> None:
        """Count a request of which nothing was accepted, by what stopped it, and keep why in words."""
        outcome = "failed"
        if isinstance(error, Refused):
            outcome = error.reason
        elif isinstance(error, AccessDenied):
            outcome = "denied" if error.retry_after is None else "limited"
        elif isinstance(error, JournalFull):
            outcome = "full"
        elif isinstance(error, JournalUnavailable):
            outcome = "unavailable"
        if source != PUBLIC_SOURCE:  # strangers do not write into what a team reads of its own senders
            self.last_refusal, self.last_outcome = str(error)[:300], outcome
        REQUESTS.labels(signal.value, source, outcome).inc()


def _checked(body: bytes, signal: Signal, encoding: Encoding, now: int) -> tuple[Transcoded, Checked]:
    transcoded = transcode(body, signal) if encoding == "json" else Transcoded(body)
    return transcoded, validate(transcoded.payload, signal, now)
