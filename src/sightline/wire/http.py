"""OTLP over HTTP: POST /v1/traces, /v1/logs and /v1/metrics, answered in the request's encoding."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sightline.records.access import Principal
from sightline.records.ingest import Signal
from sightline.settings import HttpSettings
from sightline.wire.answers import FAILURES, MEDIA_TYPES, failure, success
from sightline.wire.receiver import Encoding, Receiver
from sightline.wire.refusals import BadRequest, TooLarge, TooSlow, Unsupported
from sightline.wire.unpack import unpack

_ENCODINGS: dict[str, Encoding] = {
    "application/x-protobuf": "protobuf",
    "application/protobuf": "protobuf",
    "application/json": "json",
}
_SOURCES: dict[Encoding, str] = {"protobuf": "otlp-http", "json": "otlp-json"}
_INLINE = 64 * 2**10  # packed bytes; larger bodies are unpacked in a thread
_LONGEST = 4  # whole body, in units of the longest silence


class Authenticates(Protocol):
    """What the wire needs of the gate."""

    def authenticate(self, headers: Mapping[str, str], /) -> Principal:
        """The sender behind these headers; raises AccessDenied."""
        ...


# Where other products' SDKs add to the address they are given, so that the address is all that changes.
ALIASES: dict[Signal, tuple[str, ...]] = {
    Signal.TRACES: (
        "/api/public/otel/v1/traces",  # Langfuse
        "/otel/v1/traces",  # LangSmith
    )
}


def routes(receiver: Receiver, gate: Authenticates, settings: HttpSettings) -> list[BaseRoute]:
    """The routes of OTLP/HTTP, one a signal and its aliases; with `cors_origins`, for those browsers too."""
    endpoint = _Endpoint(receiver, gate, settings)
    methods = ["POST", "OPTIONS"] if settings.cors_origins else ["POST"]
    return [
        Route(path, partial(endpoint.serve, signal=signal), methods=methods, name=name)
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
        self.origins = frozenset(settings.cors_origins)

    async def serve(self, request: Request, signal: Signal) -> Response:
        """One request of one signal."""
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=self._cors(request, preflight=True))
        encoding: Encoding = "json"
        source = "otlp-http"
        headers = self._cors(request)
        try:
            encoding = _encoding(request.headers.get("content-type", ""))
            source = _SOURCES[encoding]
            principal = self.gate.authenticate(request.headers)
            self._bound(request.headers.get("content-length"))
            with self.receiver.in_flight.hold() as take:
                body = await self._body(request, take)
                outcome = await self.receiver.accept(principal, signal, body, encoding, source)
        except FAILURES as error:
            self.receiver.refused(signal, source, error)
            answer = failure(error)
            if answer.retry_after is not None:
                headers["retry-after"] = str(answer.retry_after)
            if answer.status == 401:
                headers["www-authenticate"] = "Bearer"
            return Response(answer.body(encoding), answer.status, headers, MEDIA_TYPES[encoding])
        return Response(success(signal, outcome, encoding), 200, headers, MEDIA_TYPES[encoding])

    def _bound(self, length: str | None) -> None:
        """Refuse early what says itself that it is too large."""
        if length is not None and length.isdecimal() and int(length[:20]) > self.settings.max_body:
            raise TooLarge(
                f"the body is {length[:20]} bytes, at most {self.settings.max_body} are taken "
                "(http.max_body); send smaller batches"
            )

    async def _body(self, request: Request, take: Callable[[int], None]) -> bytes:
        packed = await self._received(request, take)
        encoding = request.headers.get("content-encoding", "")
        if not encoding:
            return packed
        if len(packed) <= _INLINE:
            body = unpack(packed, encoding, self.settings.max_body)
        else:
            body = await asyncio.to_thread(unpack, packed, encoding, self.settings.max_body)
        take(len(body) - len(packed))
        return body

    async def _received(self, request: Request, take: Callable[[int], None]) -> bytes:
        """The body as it was sent, within its time and size."""
        silence, most = self.settings.body_timeout, self.settings.max_body
        loop = asyncio.get_running_loop()
        end = loop.time() + _LONGEST * silence
        chunks: list[bytes] = []
        size = 0
        while True:
            try:
                async with asyncio.timeout_at(min(end, loop.time() + silence)):
                    message = await request.receive()
            except TimeoutError:
                raise TooSlow(
                    f"the body did not arrive in time: {size} bytes so far, at most {silence:g} s of silence "
                    f"and {_LONGEST * silence:g} s in all are waited for (http.body_timeout)"
                ) from None
            if message["type"] == "http.disconnect":
                raise BadRequest(f"the sender went away after {size} bytes of the body")
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > most:
                raise TooLarge(f"the body is over {most} bytes (http.max_body); send smaller batches")
            take(len(chunk))
            chunks.append(chunk)
            if not message.get("more_body", False):
                return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def _cors(self, request: Request, preflight: bool = False) -> dict[str, str]:
        """CORS headers for an allowed origin; none for others, which a browser then keeps from reading."""
        origin = request.headers.get("origin")
        if not self.origins or origin is None:
            return {}
        headers = {"vary": "origin"}
        if origin not in self.origins and "*" not in self.origins:
            return headers
        headers["access-control-allow-origin"] = origin
        if origin in self.origins:
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


def _encoding(content_type: str) -> Encoding:
    """The encoding a content type names; parameters such as a charset do not matter."""
    name = content_type.split(";", 1)[0].strip().lower()
    encoding = _ENCODINGS.get(name)
    if encoding is None:
        raise Unsupported(
            f"content-type {name[:80]!r} is not understood; send one of: {', '.join(_ENCODINGS)}"
        )
    return encoding
