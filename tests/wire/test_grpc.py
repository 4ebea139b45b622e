"""OTLP/gRPC over real sockets: raw bytes through, the same refusals, retry information, the SDK."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult

from sightline.records.access import Scope
from sightline.records.ingest import JournalFull, JournalUnavailable, Signal
from sightline.settings import GrpcSettings, HttpSettings, Settings
from sightline.wire.grpc import SERVICES, GrpcServer, PortTaken
from sightline.wire.receiver import Receiver
from wire.samples import NOW, MemoryJournal, OneKeyGate, one_of, span, traces

Call = Callable[..., Awaitable[bytes]]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def settings(port: int, **http: Any) -> Settings:
    return Settings(http=HttpSettings(**http), grpc=GrpcSettings(port))


@asynccontextmanager
async def serving(
    gate: OneKeyGate | None = None, **http: Any
) -> AsyncIterator[tuple[MemoryJournal, Receiver, int]]:
    journal, port = MemoryJournal(), free_port()
    receiver = Receiver(journal, clock=lambda: NOW)
    server = GrpcServer(receiver, gate or OneKeyGate(), settings(port, **http))
    await server.start()
    try:
        yield journal, receiver, port
    finally:
        await server.stop(0)


@asynccontextmanager
async def calling(port: int, signal: Signal = Signal.TRACES, **options: Any) -> AsyncIterator[Call]:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", **options) as channel:
        yield channel.unary_unary(f"/{SERVICES[signal]}/Export")


async def refused(call: Call, body: bytes, **options: Any) -> tuple[grpc.StatusCode, str, dict[str, bytes]]:
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await call(body, timeout=10, **options)
    value = error.value
    return value.code(), str(value.details()), dict(value.trailing_metadata() or ())


@pytest.mark.parametrize("signal", list(Signal))
@pytest.mark.parametrize("compression", [None, grpc.Compression.Gzip, grpc.Compression.Deflate])
def test_the_message_is_kept_byte_for_byte(signal: Signal, compression: Any) -> None:
    async def work() -> None:
        async with (
            serving() as (journal, receiver, port),
            calling(port, signal, compression=compression) as call,
        ):
            assert await call(one_of(signal)) == b""
            (kept,) = journal.submissions
            assert (kept.signal, kept.payload, kept.source) == (signal, one_of(signal), "otlp-grpc")
            assert receiver.in_flight.held == 0

    asyncio.run(work())


def test_partial_success() -> None:
    async def work() -> bytes:
        async with serving() as (_, _, port), calling(port) as call:
            return await call(traces(span(1), span(2, trace_id=b"a")).SerializeToString())

    partial = ExportTraceServiceResponse.FromString(asyncio.run(work())).partial_success
    assert partial.rejected_spans == 1
    assert "trace_id is 1 bytes, expected 16" in partial.error_message


@pytest.mark.parametrize(
    ("body", "compression", "code", "said"),
    [
        (b"\xff\xff", None, grpc.StatusCode.INVALID_ARGUMENT, "no OTLP traces request"),
        (b"\x0a" * 5000, None, grpc.StatusCode.RESOURCE_EXHAUSTED, "larger than max"),
        (b"\x0a\x00" * 5000, grpc.Compression.Gzip, grpc.StatusCode.RESOURCE_EXHAUSTED, "http.max_body"),
    ],
)
def test_refusals(body: bytes, compression: Any, code: grpc.StatusCode, said: str) -> None:
    async def work() -> tuple[grpc.StatusCode, str, dict[str, bytes]]:
        async with serving(max_body=4000) as (_, _, port), calling(port, compression=compression) as call:
            return await refused(call, body)

    seen, details, _ = asyncio.run(work())
    assert seen is code
    assert said in details


@pytest.mark.parametrize(
    ("refusal", "code"),
    [
        (JournalFull("the backlog is full", 7), grpc.StatusCode.RESOURCE_EXHAUSTED),
        (JournalUnavailable("the disk is full", 7), grpc.StatusCode.UNAVAILABLE),
    ],
)
def test_back_pressure_carries_retry_info(refusal: Exception, code: grpc.StatusCode) -> None:
    async def work() -> tuple[grpc.StatusCode, str, dict[str, bytes]]:
        async with serving() as (journal, _, port), calling(port) as call:
            journal.refusal = refusal
            return await refused(call, one_of(Signal.TRACES))

    seen, details, trailers = asyncio.run(work())
    assert (seen, details) == (code, str(refusal))
    status = Status.FromString(trailers["grpc-status-details-bin"])
    info = RetryInfo()
    assert status.details[0].Unpack(info)
    assert info.retry_delay.seconds == 7
    assert RetryInfo.FromString(trailers["google.rpc.retryinfo-bin"]) == info


def test_keys() -> None:
    async def work() -> None:
        async with serving(OneKeyGate("secret")) as (journal, _, port), calling(port) as call:
            assert (await refused(call, one_of(Signal.TRACES)))[0] is grpc.StatusCode.UNAUTHENTICATED
            assert await call(one_of(Signal.TRACES), metadata=(("authorization", "Bearer secret"),)) == b""
            assert journal.submissions[0].project == "acme"
        async with serving(OneKeyGate("secret", Scope.READ)) as (_, _, port), calling(port) as call:
            code, details, _ = await refused(
                call, one_of(Signal.TRACES), metadata=(("authorization", "Bearer secret"),)
            )
            assert code is grpc.StatusCode.PERMISSION_DENIED
            assert "ingest" in details

    asyncio.run(work())


def test_a_sender_that_never_sends_its_message_is_cut_off() -> None:
    async def work() -> grpc.StatusCode:
        async with (
            serving(body_timeout=0.05) as (_, _, port),
            grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel,
        ):
            call = channel.stream_unary(f"/{SERVICES[Signal.TRACES]}/Export")()
            return await call.code()

    assert asyncio.run(work()) is grpc.StatusCode.DEADLINE_EXCEEDED


def test_a_taken_port_is_one_clear_sentence() -> None:
    async def work() -> None:
        async with serving() as (_, receiver, port):
            with pytest.raises(PortTaken, match=rf"127\.0\.0\.1:{port}.*--grpc-port"):
                await GrpcServer(receiver, OneKeyGate(), settings(port)).start()

    asyncio.run(work())


def test_port_0_turns_it_off() -> None:
    async def work() -> None:
        server = GrpcServer(Receiver(MemoryJournal()), OneKeyGate(), settings(0))
        await server.start()
        await server.stop()

    asyncio.run(work())


def test_the_sdk_s_exporter() -> None:
    provider = TracerProvider()
    spans: list[Any] = []

    class Keep:
        def export(self, batch: Any) -> SpanExportResult:
            spans.extend(batch)
            return SpanExportResult.SUCCESS

        def shutdown(self) -> None: ...

    provider.add_span_processor(SimpleSpanProcessor(Keep()))  # type: ignore[arg-type]
    with provider.get_tracer("t").start_as_current_span("chat"):
        pass

    async def work() -> list[Any]:
        async with serving() as (journal, receiver, port):
            receiver.clock = lambda: spans[0].end_time
            exporter = OTLPSpanExporter(
                endpoint=f"http://127.0.0.1:{port}", insecure=True, compression=grpc.Compression.Gzip
            )
            assert await asyncio.to_thread(exporter.export, spans) is SpanExportResult.SUCCESS
            exporter.shutdown()
            return journal.submissions

    assert [kept.items for kept in asyncio.run(work())] == [1]
    provider.shutdown()
