"""The account of a sender: what it made, what became of it, and what is missing here.

A sender is one process, by the id it gives itself. `None` is unknown: other SDKs number nothing and report
nothing about themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """What an account says in one word."""

    COMPLETE = "complete"
    WAITING = "waiting"
    DROPPED = "dropped"
    MISSING = "missing"
    UNNUMBERED = "unnumbered"
    QUIET = "quiet"


@dataclass(frozen=True, slots=True)
class Gap:
    """Numbers that are not stored, from `first` to `last`; what follows was received at `until` (ns).

    `known` False: the spans before it may have expired, or never came.
    """

    first: int
    last: int
    until: int
    known: bool = True

    @property
    def count(self) -> int:
        """How many numbers it has."""
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class Numbers:
    """What is stored of a sender's numbering, over all of its time.

    `again` counts rows under a number that another row has: copies, or two processes with one id. `gaps` are
    the first ones; `missing` counts all numbers between the lowest and the highest that are not there.
    """

    distinct: int
    again: int
    lowest: int
    highest: int
    missing: int
    gaps: tuple[Gap, ...] = ()
    fresh: int = 0
    """Of `missing`: what something came behind only just now, so that it may be on its way."""


@dataclass(frozen=True, slots=True)
class Report:
    """The sender's own account, of all it made since it began (ns), as of the moment `at` (ns).

    `waiting`: neither sent nor lost, in its memory or its spool.
    """

    began: int
    at: int
    made: int
    sampled_out: int
    acknowledged: int
    dropped: Mapping[str, int]

    @property
    def lost(self) -> int:
        """Dropped for any reason."""
        return sum(self.dropped.values())

    @property
    def waiting(self) -> int:
        """What is in none of the others."""
        return max(0, self.made - self.sampled_out - self.lost - self.acknowledged)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the account comes to, in a word and in words."""

    state: State
    says: str
    missing: int = 0


@dataclass(frozen=True, slots=True)
class SignalAccount:
    """Spans, or log records: rows stored in the window asked about, the numbering, the sender's report.

    `expired`: the sender began so long ago that what it sent first may be gone by retention.
    """

    stored: int
    numbers: Numbers | None
    report: Report | None
    expired: bool
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Sender:
    """One sender that something was received of. `id` is '' where its SDK names no process.

    `sdk` is what sent, with its version; `first` and `last` (ns) are when the first and the last of the
    window were received; `spool_bytes` is what its spool held at its last report.
    """

    id: str
    service: str
    version: str
    sdk: str
    first: int
    last: int
    spans: SignalAccount | None
    logs: SignalAccount | None
    spool_bytes: int | None

    @property
    def missing(self) -> int:
        """Spans and log records that are lost or late without a reason."""
        return sum(one.verdict.missing for one in (self.spans, self.logs) if one)


@dataclass(frozen=True, slots=True)
class Senders:
    """Senders of a window, what is missing first, then the latest. `more`: others are not listed."""

    senders: tuple[Sender, ...]
    more: bool
