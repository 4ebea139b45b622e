"""How often one may ask: a bucket of tokens for each key, person or address, refilled as time passes.

Told as draft-ietf-httpapi-ratelimit-headers wants it: the policy, what is left of it, and how soon it is
whole again.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from starlette.requests import Request

from sightline.records.access import Principal
from sightline.settings import ApiSettings

_NAME = "requests"
# Callers remembered at once; the one that asked longest ago is forgotten first, and begins anew.
MOST_CALLERS = 10_000


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a request may go on, the headers that say how much is left, and why it may not.

    `wait` is in seconds.
    """

    allowed: bool
    wait: int
    headers: Mapping[str, str]
    sentence: str = ""


class RateLimits:
    """Counts requests by caller. `clock` tells nanoseconds; used from one event loop.

    A rate of 0 allows everything and says nothing.
    """

    def __init__(self, settings: ApiSettings, clock: Callable[[], int], most: int = MOST_CALLERS) -> None:
        self._rate, self._burst = settings.rate, max(1, settings.burst)
        self._clock, self._most = clock, most
        # Of each caller: what was left in the bucket, and when (ns).
        self._left: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def take(self, caller: str) -> Verdict:
        """Take a token of a caller."""
        if self._rate <= 0:
            return Verdict(True, 0, {})
        now = self._clock()
        left, then = self._left.pop(caller, (float(self._burst), now))
        # A clock that was set back takes nothing away.
        left = min(self._burst, left + max(0, now - then) / 1e9 * self._rate)
        allowed = left >= 1
        left -= allowed
        self._left[caller] = (left, now)
        if len(self._left) > self._most:
            self._left.popitem(last=False)
        full = math.ceil((self._burst - left) / self._rate)
        seconds = math.ceil(self._burst / self._rate)
        headers = {
            "RateLimit-Policy": f'"{_NAME}";q={self._burst};w={seconds}',
            "RateLimit": f'"{_NAME}";r={int(left)};t={full}',
        }
        if allowed:
            return Verdict(True, 0, headers)
        wait = max(1, math.ceil((1 - left) / self._rate))
        sentence = (
            f"Too many requests: {self._rate:g} a second are allowed, {self._burst} at once."
            f" Ask again in {wait} s."
        )
        return Verdict(False, wait, headers | {"Retry-After": str(wait)}, sentence)

    @property
    def callers(self) -> int:
        """How many callers are remembered."""
        return len(self._left)


def caller(request: Request, principal: Principal) -> str:
    """Whose bucket a request takes from: the key's, the person's, or where nobody says who they are the
    address's."""
    if principal.person is not None:
        return f"person:{principal.person.email}"
    if principal.key_id is not None:
        return f"key:{principal.key_id}"
    return f"address:{request.client.host if request.client else ''}"
