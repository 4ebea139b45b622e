"""The way in for public keys: from pages of the key's sites, within its limits, and marked as such."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from starlette.requests import Request

from sightline.control import origins
from sightline.control.gate import AccessDenied
from sightline.control.keys import PUBLIC_PREFIX
from sightline.control.presented import keys_in
from sightline.control.public_use import PublicUses, Reason, Verdict
from sightline.records.access import Principal, PublicTerms
from sightline.records.ingest import Signal
from sightline.wire.refusals import TooLarge
from sightline.wire.sender_address import Network, address_of

SIGNALS = frozenset({Signal.TRACES, Signal.LOGS})
"""What a public key may send."""
PARAMETER = "key"
QUIET = "sightline.quiet"
"""Set in a request's scope: it is counted, and not written to the log, which strangers could fill."""


class Authenticates(Protocol):
    """What the wire needs of the gate."""

    @property
    def public(self) -> PublicUses:
        """What public keys did."""
        ...

    def authenticate(self, headers: Mapping[str, str], /) -> Principal:
        """The sender behind these headers, none with a public key; raises AccessDenied."""
        ...

    def admit_public(self, headers: Mapping[str, str], /) -> Principal:
        """The sender behind these headers, also one with a public key; raises AccessDenied."""
        ...

    def public_origins(self) -> frozenset[str]:
        """The origins of all live public keys."""
        ...


class PublicSender:
    """One request with a public key. Everything refused is counted for its key, with the reason."""

    def __init__(self, uses: PublicUses, principal: Principal, terms: PublicTerms, request: Request) -> None:
        self._uses, self._terms, self._origin = uses, terms, request.headers.get("origin")
        self._key = principal.key_id or ""
        self._address = ""
        self._sound = False

    @property
    def max_body(self) -> int:
        """Most bytes of the body, packed and unpacked."""
        return self._terms.limits.request_bytes

    def admit(self, signal: Signal, peer: str, forwarded: Sequence[str], trusted: Sequence[Network]) -> None:
        """Raises AccessDenied for another signal, another site's page, and when the rate is used up."""
        self._address = address_of(peer, forwarded, trusted)
        if signal not in SIGNALS:
            self._uses.refused(self._key, Reason.SCOPE, self._origin)
            raise AccessDenied(
                403, f"The key {self._key} is public: it sends traces and logs, and no {signal.value}."
            )
        if not origins.allowed(self._origin, self._terms.origins):
            self._uses.refused(self._key, Reason.ORIGIN, self._origin)
            what = (
                "A public key is used from pages, and this request names no origin."
                if self._origin is None
                else f"Pages of {self._origin[:80]!r} may not send with the key {self._key}."
            )
            raise AccessDenied(
                403, f"{what} Its sites are under Settings, Keys, or: sightline keys change {self._key}"
                " --origin …",
            )  # fmt: skip
        self._pay(None)

    def pay(self, items: int) -> None:
        """Take the items of a sound request. Raises AccessDenied, or TooLarge where they never fit."""
        self._sound = True
        limits = self._terms.limits
        most = min(limits.items, limits.address_items)
        if items > most:
            raise TooLarge(
                f"{items:,} items are in one request, and the key {self._key} takes {most:,} a minute from"
                " one address; send less, or raise it under Settings, Keys"
            )
        self._pay(items)

    def too_large(self, error: TooLarge) -> TooLarge:
        """Count a request over the bound, and say which bound it was."""
        self._uses.refused(self._key, Reason.SIZE, self._origin)
        if not self._sound:
            return TooLarge(
                f"the body is over {self.max_body:,} bytes, unpacked, which is what the key {self._key} takes"
                " in one request; send less, or raise it under Settings, Keys"
            )
        return error

    def accepted(self) -> None:
        """Count a request that was taken."""
        self._uses.accepted(self._key)

    def _pay(self, items: int | None) -> None:
        verdict = self._uses.take(self._key, self._address, self._terms.limits, items)
        if verdict.reason is None:
            return
        self._uses.refused(self._key, verdict.reason, self._origin)
        raise AccessDenied(429, self._too_much(verdict, items), retry_after=verdict.wait)

    def _too_much(self, verdict: Verdict, items: int | None) -> str:
        limits, of_one = self._terms.limits, verdict.reason is Reason.ADDRESS
        if items is None:
            most, what = (limits.address_requests if of_one else limits.requests), "requests"
        else:
            most, what = (limits.address_items if of_one else limits.items), "spans and log records"
        whom = "from one address" if of_one else "in all"
        return (
            f"The key {self._key} takes {most:,} {what} a minute {whom}. Try again in {verdict.wait} s; its"
            " limits are under Settings, Keys."
        )


def says_public(headers: Mapping[str, str]) -> bool:
    """Whether a request comes with what is, or was, or only looks like a public key. What becomes of those is
    told apart from what becomes of a team's own senders: anybody can make any number of them."""
    return any(text.startswith(PUBLIC_PREFIX) for text, _ in keys_in(headers))


def with_address_key(request: Request) -> Mapping[str, str]:
    """The request's headers, and a public key that stands in the address as if it stood in one: beacons have
    no headers of their own. Raises AccessDenied for any other key there."""
    text = request.query_params.get(PARAMETER)
    if text is None:
        return request.headers
    if not text.startswith(PUBLIC_PREFIX):
        raise AccessDenied(
            401,
            f"Only a public key ({PUBLIC_PREFIX}…) may stand in an address, because addresses are written to"
            " logs on the way. Send any other as 'Authorization: Bearer KEY'; if this was one, revoke it.",
        )
    kept = {name: value for name, value in request.headers.items() if name != "x-api-key"}
    return {**kept, "authorization": f"Bearer {text}"}
