"""OTLP over gRPC: the three Export methods on raw bytes, with the semantics of OTLP/HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc

from sightline.records.ingest import Signal
from sightline.settings import Settings
from sightline.wire.answers import FAILURES, Failure, failure, success
from sightline.wire.public_door import Authenticates
from sightline.wire.receiver import Receiver
from sightline.wire.refusals import BadRequest, TooSlow
from sightline.wire.unpack import unpack

SERVICES: dict[Signal, str] = {
    Signal.TRACES: "opentelemetry.proto.collector.trace.v1.TraceService",
    Signal.LOGS: "opentelemetry.proto.collector.logs.v1.LogsService",
    Signal.METRICS: "opentelemetry.proto.collector.metrics.v1.MetricsService",
}
SOURCE = "otlp-grpc"
_STREAMS = 100  # per connection
_CALLS = 256  # over all connections; beyond, gRPC itself answers RESOURCE_EXHAUSTED
_INLINE = 64 * 2**10  # packed bytes; larger messages are unpacked in a thread
_LONGEST = 4  # whole message, in units of http.body_timeout
# No OTLP message begins with these bytes: field 3 with wire type 7, and field 15.
_PACKED = {
    b"\x1f\x8b": "gzip",
    b"\x78\x01": "deflate",
    b"\x78\x5e": "deflate",
    b"\x78\x9c": "deflate",
    b"\x78\xda": "deflate",
}
_CODES = {code.value[0]: code for code in grpc.StatusCode}


class PortTaken(OSError):
    """The port cannot be listened on; the message names it and says what to do."""


class GrpcServer:
    """Listens on `http.host` and `grpc.port`; starts nothing when the port is 0."""

    def __init__(self, receiver: Receiver, gate: Authenticates, settings: Settings) -> None:
        self.receiver = receiver
        self.gate = gate
        self.settings = settings
        self._server: grpc.aio.Server | None = None

    async def start(self) -> None:
        """Listen. Raises PortTaken when the address is in use or may not be used."""
        host, port = self.settings.http.host, self.settings.grpc.port
        if port == 0:
            return
        server = grpc.aio.server(
            handlers=[self._handlers(signal) for signal in Signal],
            options=[
                ("grpc.max_receive_message_length", self.settings.http.max_body),
                # The core would unpack without any cap: `unpack` does it here, with one.
                ("grpc.per_message_decompression", 0),
                ("grpc.max_concurrent_streams", _STREAMS),
                ("grpc.so_reuseport", 0),
                ("grpc.keepalive_time_ms", 60_000),
                ("grpc.keepalive_timeout_ms", 20_000),
                ("grpc.http2.min_recv_ping_interval_without_data_ms", 10_000),
            ],
            maximum_concurrent_rpcs=_CALLS,
        )
        address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        try:
            bound = server.add_insecure_port(address)
        except RuntimeError as error:
            raise PortTaken(_taken(address)) from error
        if bound != port:
            raise PortTaken(_taken(address))
        await server.start()
        self._server = server

    async def stop(self, grace: float = 5.0) -> None:
        """Take no new calls, and give those under way `grace` seconds."""
        if self._server is not None:
            await self._server.stop(grace)
            self._server = None

    def _handlers(self, signal: Signal) -> grpc.GenericRpcHandler:
        async def export(messages: AsyncIterator[bytes], context: Any) -> bytes:
            return await self._export(signal, messages, context)

        # On the wire a unary call is a stream of one message. Reading it here, and not in gRPC, puts a time
        # on a sender that never finishes, and the key before the body.
        method: Callable[..., Awaitable[bytes]] = export
        return grpc.method_handlers_generic_handler(
            SERVICES[signal], {"Export": grpc.stream_unary_rpc_method_handler(method)}
        )

    async def _export(self, signal: Signal, messages: AsyncIterator[bytes], context: Any) -> bytes:
        try:
            headers = {k: v for k, v in context.invocation_metadata() or () if isinstance(v, str)}
            principal = self.gate.authenticate(headers)
            with self.receiver.in_flight.hold() as take:
                packed = await self._message(messages)
                take(len(packed))
                body = await self._unpacked(packed)
                take(len(body) - len(packed))
                outcome = await self.receiver.accept(principal, signal, body, "protobuf", SOURCE)
        except FAILURES as error:
            self.receiver.refused(signal, SOURCE, error)
            await _abort(context, failure(error))
            raise AssertionError("unreachable: abort raises") from error
        return success(signal, outcome, "protobuf")

    async def _message(self, messages: AsyncIterator[bytes]) -> bytes:
        longest = _LONGEST * self.settings.http.body_timeout
        try:
            async with asyncio.timeout(longest):
                async for message in messages:
                    return message
        except TimeoutError:
            raise TooSlow(f"the message did not arrive within {longest:g} s (http.body_timeout)") from None
        raise BadRequest("the call ended without a message")

    async def _unpacked(self, packed: bytes) -> bytes:
        encoding = _PACKED.get(packed[:2])
        if encoding is None:
            return packed
        if len(packed) <= _INLINE:
            return unpack(packed, encoding, self.settings.http.max_body)
        return await asyncio.to_thread(unpack, packed, encoding, self.settings.http.max_body)


async def _abort(context: Any, answer: Failure) -> None:
    """End the call with its status, and RetryInfo in the two places clients look for it."""
    trailers: list[tuple[str, bytes]] = [("grpc-status-details-bin", answer.details())]
    if answer.retry_after is not None:
        trailers.append(("google.rpc.retryinfo-bin", answer.retry_info().SerializeToString()))
    await context.abort(_CODES[answer.code], answer.message, tuple(trailers))


def _taken(address: str) -> str:
    return (
        f"cannot listen for OTLP/gRPC on {address}: the port is in use, or the address is not this "
        "machine's. Stop the program that uses the port, choose another with --grpc-port, or turn OTLP/gRPC "
        "off with --grpc-port 0"
    )
