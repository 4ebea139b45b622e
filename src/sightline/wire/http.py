"""OTLP over HTTP: POST /v1/traces, /v1/logs and /v1/metrics, answered in the request's encoding.

Browsers send here too: from pages of `http.cors_origins`, and with a public key
(`sightline.wire.public_door`).
"""

from __future__ import annotations

from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sightline.control import origins
from sightline.records.access import Principal, Scope
from sightline.records.ingest import IMPORT, IMPORT_HEADER, PUBLIC_SOURCE, Signal
from sightline.settings import HttpSettings
from sightline.wire.answers import FAILURES, MEDIA_TYPES, failure, success
from sightline.wire.bodies import Bodies
from sightline.wire.langfuse_door import LANGFUSE_SCORES, LangfuseScores
from sightline.wire.public_claims import bounded_claims
from sightline.wire.public_door import (
    PARAMETER,
    QUIET,
    SIGNALS,
    Authenticates,
    PublicSender,
    says_public,
    with_address_key,
)
from sightline.wire.receiver import Encoding, Outcome, Receiver
from sightline.wire.refusals import TooLarge, Unsupported
from sightline.wire.sender_address import networks

_ENCODINGS: dict[str, Encoding] = {
    "application/x-protobuf": "protobuf",
    "application/protobuf": "protobuf",
    "application/json": "json",
}
_SOURCES: dict[Encoding, str] = {"protobuf": "otlp-http", "json": "otlp-json"}

# Where other products' SDKs add to the address they are given, so that the address is all that changes.
ALIASES: dict[Signal, tuple[str, ...]] = {
    Signal.TRACES: (
        "/api/public/otel/v1/traces",  # Langfuse
        "/otel/v1/traces",  # LangSmith
    )
}


def routes(receiver: Receiver, gate: Authenticates, settings: HttpSettings) -> list[BaseRoute]:
    """The routes of OTLP/HTTP, one a signal and its aliases.

    Raises ValueError for a `trusted_proxies` that is no address.
    """
    endpoint = _Endpoint(receiver, gate, settings)
    scores = LangfuseScores(receiver, gate, settings)
    return [
        Route(LANGFUSE_SCORES, scores.serve, methods=["POST"], name="langfuse-scores"),
        *_signals(endpoint),
    ]


def _signals(endpoint: _Endpoint) -> list[BaseRoute]:
    return [
        Route(path, partial(endpoint.serve, signal=signal), methods=["POST", "OPTIONS"], name=name)
        for signal in Signal
        for path, name in [
            (f"/v1/{signal.value}", f"otlp-{signal.value}"),
            *((alias, f"otlp-{signal.value}:{alias}") for alias in ALIASES.get(signal, ())),
        ]
    ]


class _Endpoint:
    def __init__(self, receiver: Receiver, gate: Authenticates, settings: HttpSettings) -> None:
        self.receiver = receiver
        self.gate = gate
        self.settings = settings
        self.bodies = Bodies(settings.body_timeout)
        self.origins = frozenset(settings.cors_origins)
        self.trusted = networks(settings.trusted_proxies)

    async def serve(self, request: Request, signal: Signal) -> Response:
        """One request of one signal."""
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=self._cors(request, signal, preflight=True))
        encoding: Encoding = "json"
        source = "otlp-http"
        headers = self._cors(request, signal)
        sender: PublicSender | None = None
        try:
            encoding = _encoding(request)
            source = _SOURCES[encoding]
            presented = with_address_key(request)
            if says_public(presented):
                request.scope[QUIET] = True
                source = PUBLIC_SOURCE
            principal = self.gate.admit_public(presented)
            if principal.terms is None:
                # On a server that needs no key, one that looks public says nothing.
                source = IMPORT if IMPORT_HEADER in request.headers else _SOURCES[encoding]
            else:
                sender = PublicSender(self.gate.public, principal, principal.terms, request)
                peer = request.client.host if request.client else ""
                sender.admit(signal, peer, request.headers.getlist("x-forwarded-for"), self.trusted)
            outcome = await self._accepted(request, principal, signal, encoding, source, sender)
        except FAILURES as error:
            told = sender.too_large(error) if sender and isinstance(error, TooLarge) else error
            self.receiver.refused(signal, source, told)
            answer = failure(told)
            if answer.retry_after is not None:
                headers["retry-after"] = str(answer.retry_after)
            if answer.status == 401:
                headers["www-authenticate"] = "Bearer"
            return Response(answer.body(encoding), answer.status, headers, MEDIA_TYPES[encoding])
        return Response(success(signal, outcome, encoding), 200, headers, MEDIA_TYPES[encoding])

    async def _accepted(
        self,
        request: Request,
        principal: Principal,
        signal: Signal,
        encoding: Encoding,
        source: str,
        sender: PublicSender | None,
    ) -> Outcome:
        """The body received, checked and durable."""
        accept, most = self.receiver.accept, self.settings.max_body
        if sender is not None:
            most = min(most, sender.max_body)
        with self.receiver.in_flight.hold() as take:
            body = await self.bodies.read(request, take, most)
            if sender is None:
                return await accept(principal, signal, body, encoding, source)

            def held_to(items: int, payload: bytes) -> bytes:
                sender.pay(items)
                return bounded_claims(payload, signal)

            outcome = await accept(
                principal, signal, body, encoding, source, scope=Scope.PUBLIC, held_to=held_to
            )
            sender.accepted()
            return outcome

    def _cors(self, request: Request, signal: Signal, preflight: bool = False) -> dict[str, str]:
        """CORS headers for an allowed origin; none for others, which a browser then keeps from reading.

        A browser asks before it sends, and without the key. So for the two signals that public keys send it
        is answered yes for the origins of any live public key. That opens little: an answer says how many
        records were refused, no cookie counts here, and what follows is held to the origins of its own key.
        """
        origin = request.headers.get("origin")
        if origin is None:
            return {}
        exact, patterns = origin in self.origins, frozenset[str]()
        if not exact and signal in SIGNALS:
            patterns = self.gate.public_origins()
        if not self.origins and not patterns:
            return {}
        headers = {"vary": "origin"}
        if not exact and "*" not in self.origins and not origins.allowed(origin, patterns):
            return headers
        headers["access-control-allow-origin"] = origin
        if exact or origins.allowed(origin, patterns - {origins.ANY}):
            # A beacon, which exporters send as a page closes, always asks for this. It gives nothing away:
            # the gate leaves a page of another origin only the right to send.
            headers["access-control-allow-credentials"] = "true"
        if preflight:
            headers["access-control-allow-methods"] = "POST"
            wanted = request.headers.get("access-control-request-headers", "content-type")
            headers["access-control-allow-headers"] = wanted[:1000]
            headers["access-control-max-age"] = "7200"
        else:
            headers["access-control-expose-headers"] = "retry-after"
        return headers


def _encoding(request: Request) -> Encoding:
    """The encoding a content type names; parameters such as a charset do not matter.

    A beacon of plain text, which a browser sends without asking first, is JSON where a key is in its address.
    """
    name = request.headers.get("content-type", "").split(";", 1)[0].strip().lower()
    if name in ("text/plain", "") and PARAMETER in request.query_params:
        return "json"
    encoding = _ENCODINGS.get(name)
    if encoding is None:
        raise Unsupported(
            f"content-type {name[:80]!r} is not understood; send one of: {', '.join(_ENCODINGS)}"
        )
    return encoding
