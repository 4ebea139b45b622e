"""The sender's own account: what became of every span and log record that was ever made here."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

SPANS, LOGS = "traces", "logs"
ENDED, SAMPLED_OUT, ACKNOWLEDGED = "ended", "sampled_out", "acknowledged"
QUEUE_FULL, SPOOL_FULL, TOO_LARGE = "queue_full", "spool_full", "too_large"
REFUSED, DISK, SHUTDOWN = "refused", "disk", "shutdown"


@dataclass(frozen=True, slots=True)
class SignalCounts:
    """Spans, or log records, since the process began.

    `ended`: made here. `sampled_out`: left out by sampling. `dropped`: lost, by reason. `acknowledged`: the
    server said that it has them, or they are in the file. `spooled`: on disk, to be sent. What is in none of
    these is still in memory.
    """

    ended: int = 0
    sampled_out: int = 0
    acknowledged: int = 0
    spooled: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict)

    @property
    def lost(self) -> int:
        """Dropped for any reason."""
        return sum(self.dropped.values())

    @property
    def in_memory(self) -> int:
        """Neither sent nor written nor lost yet."""
        return self.ended - self.sampled_out - self.acknowledged - self.spooled - self.lost


@dataclass(frozen=True, slots=True)
class Counts:
    """What `sightline.counts()` says; `spool_bytes` is what this process's folder takes on disk."""

    spans: SignalCounts = field(default_factory=SignalCounts)
    logs: SignalCounts = field(default_factory=SignalCounts)
    spool_bytes: int = 0


class Account:
    """Counters behind `Counts`; any thread may add."""

    def __init__(self) -> None:
        self._lock = threading.RLock()  # a finalizer may end a span while this thread counts
        self._plain: dict[tuple[str, str], int] = {}
        self._dropped: dict[tuple[str, str], int] = {}
        self.changes = 0
        self.lost_on_the_way = 0

    def add(self, signal: str, outcome: str, items: int = 1) -> None:
        """Count items of a signal with an outcome."""
        with self._lock:
            self.changes += 1
            self._plain[signal, outcome] = self._plain.get((signal, outcome), 0) + items

    def drop(self, signal: str, reason: str, items: int = 1, queued: bool = True) -> None:
        """Count lost items; `queued`: they had been taken into the queue."""
        with self._lock:
            self.lost_on_the_way += items if queued else 0
            self.changes += 1
            self._dropped[signal, reason] = self._dropped.get((signal, reason), 0) + items

    def of(self, signal: str, spooled: int = 0) -> SignalCounts:
        """The counters of a signal at this moment."""
        with self._lock:
            plain = {outcome: n for (s, outcome), n in self._plain.items() if s == signal}
            dropped = {reason: n for (s, reason), n in self._dropped.items() if s == signal}
        return SignalCounts(
            plain.get(ENDED, 0),
            plain.get(SAMPLED_OUT, 0),
            plain.get(ACKNOWLEDGED, 0),
            spooled,
            MappingProxyType(dropped),
        )


class KnowsSpool(Protocol):
    """What the counts need of a delivery."""

    @property
    def spool_bytes(self) -> int:
        """What the spool takes on disk."""
        ...

    def spooled(self, signal: str) -> int:
        """Items of this process that are safe on disk."""
        ...


def counts_of(account: Account, spool: KnowsSpool | None) -> Counts:
    """The counts at this moment; what is still in the inbox has not been counted as ended yet."""
    if spool is None:
        return Counts(account.of(SPANS), account.of(LOGS))
    return Counts(
        account.of(SPANS, spool.spooled(SPANS)), account.of(LOGS, spool.spooled(LOGS)), spool.spool_bytes
    )
