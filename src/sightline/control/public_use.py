"""Public keys in use: how much each may still send, and what was refused to whom, for people to see.

All of it is in the memory of this process, bounded, and begins anew when it starts.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from ipaddress import IPv6Address, IPv6Network, ip_address
from threading import Lock
from typing import TypeVar

from sightline.measures import PUBLIC_REQUESTS
from sightline.records.access import PublicLimits

MOST_ADDRESSES = 20_000
"""Pairs of key and address counted at once; the one heard of longest ago is forgotten first."""
MOST_KEYS = 2_000
_ORIGIN_SHOWN = 200
_MINUTE = 60.0
_Key = TypeVar("_Key", bound=Hashable)


class Reason(StrEnum):
    """Why something was refused to a public key."""

    RATE = "rate"
    ADDRESS = "address"
    SIZE = "size"
    ORIGIN = "origin"
    SCOPE = "scope"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class PublicUse:
    """What one public key did since the start of the process.

    `accepted` counts requests; `refused` too, by reason. `at` is when one was refused last (ns since the
    epoch), from which origin and why; None before the first. The origin is whatever the sender wrote:
    hostile text, at most 200 characters.
    """

    key_id: str
    accepted: int = 0
    refused: Mapping[Reason, int] = field(default_factory=dict)
    at: int | None = None
    origin: str = ""
    reason: Reason | None = None

    @property
    def refusals(self) -> int:
        """All of them."""
        return sum(self.refused.values())


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a request may go on; if not, why, and after how many seconds another may."""

    reason: Reason | None = None
    wait: int = 0


_GO = Verdict()


@dataclass(slots=True)
class _Bucket:
    """Tokens for requests and for items, filled to a minute's worth."""

    requests: float
    items: float
    then: int


class PublicUses:
    """Counts for all public keys. Safe to call from several threads.

    `clock` gives nanoseconds that only grow; `now` nanoseconds since the epoch, for people.
    """

    def __init__(
        self,
        clock: Callable[[], int] = time.monotonic_ns,
        now: Callable[[], int] = time.time_ns,
        most: int = MOST_ADDRESSES,
    ) -> None:
        self._clock, self._now, self._most = clock, now, most
        self._lock = Lock()
        self._keys: OrderedDict[str, _Bucket] = OrderedDict()
        self._addresses: OrderedDict[tuple[str, str], _Bucket] = OrderedDict()
        self._uses: OrderedDict[str, PublicUse] = OrderedDict()

    def take(self, key_id: str, address: str, limits: PublicLimits, items: int | None = None) -> Verdict:
        """Take one request (`items` None) or that many items of a key and of an address, or nothing at all.

        An address has its own, smaller share, so that one visitor cannot use up what is there for all.
        """
        network = network_of(address)
        with self._lock:
            now = self._clock()
            mine = _filled(self._addresses, (key_id, network), now, limits.address_requests,
                           limits.address_items, self._most)  # fmt: skip
            whole = _filled(self._keys, key_id, now, limits.requests, limits.items, MOST_KEYS)
            wait = max(
                (_wait(mine, items, limits.address_requests, limits.address_items), Reason.ADDRESS),
                (_wait(whole, items, limits.requests, limits.items), Reason.RATE),
            )
            if wait[0] > 0:
                return Verdict(wait[1], max(1, math.ceil(wait[0])))
            for bucket in (mine, whole):
                if items is None:
                    bucket.requests -= 1
                else:
                    bucket.items -= items
        return _GO

    def accepted(self, key_id: str) -> None:
        """A request of a key was taken."""
        with self._lock:
            use = self._use(key_id)
            self._uses[key_id] = replace(use, accepted=use.accepted + 1)
        PUBLIC_REQUESTS.labels(key_id, "accepted").inc()

    def refused(self, key_id: str, reason: Reason, origin: str | None) -> None:
        """A request of a key was refused."""
        with self._lock:
            use = self._use(key_id)
            counts = {**use.refused, reason: use.refused.get(reason, 0) + 1}
            shown = (origin or "")[:_ORIGIN_SHOWN]
            self._uses[key_id] = replace(use, refused=counts, at=self._now(), origin=shown, reason=reason)
        PUBLIC_REQUESTS.labels(key_id, reason.value).inc()

    def uses(self) -> list[PublicUse]:
        """Every key that was used, or refused, since the start; the one used last comes last."""
        with self._lock:
            return list(self._uses.values())

    @property
    def addresses(self) -> int:
        """How many pairs of key and address are remembered."""
        return len(self._addresses)

    def _use(self, key_id: str) -> PublicUse:
        use = self._uses.pop(key_id, None) or PublicUse(key_id)
        self._uses[key_id] = use
        if len(self._uses) > MOST_KEYS:
            self._uses.popitem(last=False)
        return use


def network_of(address: str) -> str:
    """Who counts as one sender: an IPv4 address, or the /64 of an IPv6 one, since a household has all of it.

    What is no address is one sender together.
    """
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(IPv6Network((found, 64), strict=False))
    return str(found)


def _filled(
    table: OrderedDict[_Key, _Bucket], key: _Key, now: int, requests: int, items: int, most: int
) -> _Bucket:
    """A bucket as it is now: it fills evenly, to a minute's worth. It is a full one when it is new."""
    bucket = table.pop(key, None)
    if bucket is None:
        bucket = _Bucket(float(requests), float(items), now)
    # A clock that was set back takes nothing away, nor do limits that were lowered give a debt.
    passed = max(0, now - bucket.then) / 1e9 / _MINUTE
    bucket.requests = min(requests, bucket.requests + passed * requests)
    bucket.items = min(items, bucket.items + passed * items)
    bucket.then = now
    table[key] = bucket
    if len(table) > most:
        table.popitem(last=False)
    return bucket


def _wait(bucket: _Bucket, items: int | None, requests_a_minute: int, items_a_minute: int) -> float:
    """Seconds until a request, or that many items, may be taken; 0 now."""
    if items is None:
        missing, rate = 1 - bucket.requests, requests_a_minute
    else:
        missing, rate = items - bucket.items, items_a_minute
    return max(0.0, missing) * _MINUTE / rate
