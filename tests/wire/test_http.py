"""OTLP/HTTP over real sockets: encodings, answers, refusals, CORS, and the SDK's own exporters."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from google.rpc.status_pb2 import Status
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult

from sightline.measures import REQUESTS
from sightline.records.access import Scope
from sightline.records.ingest import JournalFull, JournalUnavailable, Signal
from wire.running import run, running
from wire.samples import NOW, OneKeyGate, as_json, log, logs, one_of, span, traces

# Without a time: a test has the same name in every process.
PACKED = gzip.compress(b"a" * 1001, mtime=0)
PROTOBUF = {"content-type": "application/x-protobuf"}
JSON = {"content-type": "application/json"}


def post(
    body: bytes,
    headers: dict[str, str],
    path: str = "/v1/traces",
    gate: OneKeyGate | None = None,
    refusal: Exception | None = None,
    **settings: Any,
) -> tuple[httpx.Response, list[Any]]:
    """One request to a server of its own; the answer, and what the journal holds afterwards."""

    async def work() -> tuple[httpx.Response, list[Any]]:
        async with running(gate=gate, **settings) as at, httpx.AsyncClient(base_url=at.url) as client:
            at.journal.refusal = refusal
            answer = await client.post(path, content=body, headers=headers)
            assert at.receiver.in_flight.held == 0
            return answer, at.journal.submissions

    return run(work())


@pytest.mark.parametrize("signal", list(Signal))
@pytest.mark.parametrize("kind", ["application/x-protobuf", "application/protobuf; charset=utf-8"])
def test_protobuf_is_kept_byte_for_byte(signal: Signal, kind: str) -> None:
    answer, kept = post(one_of(signal), {"content-type": kind}, f"/v1/{signal.value}")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"] == "application/x-protobuf"
    assert [(k.project, k.signal, k.payload, k.received_at, k.source, k.items) for k in kept] == [
        ("default", signal, one_of(signal), NOW, "otlp-http", 1)
    ]


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8", "Application/JSON"])
def test_json_becomes_protobuf(kind: str) -> None:
    message = traces(span(1))
    answer, kept = post(json.dumps(as_json(message)).encode(), {"content-type": kind})
    assert (answer.status_code, answer.json()) == (200, {})
    assert answer.headers["content-type"] == "application/json"
    assert (kept[0].source, kept[0].payload) == ("otlp-json", message.SerializeToString())


def test_a_packed_body_is_unpacked_in_a_thread_when_large() -> None:
    body = traces(*[span(n, name=f"{n}" * 40) for n in range(1, 40_000)]).SerializeToString()
    packed = gzip.compress(body, 1)
    assert len(packed) > 64 * 2**10
    answer, kept = post(packed, {**PROTOBUF, "content-encoding": "gzip"})
    assert answer.status_code == 200
    assert kept[0].payload == body


def test_partial_success_in_both_encodings() -> None:
    message = traces(span(1), span(2, start_time_unix_nano=5))
    answer, kept = post(message.SerializeToString(), PROTOBUF)
    partial = ExportTraceServiceResponse.FromString(answer.content).partial_success
    assert (answer.status_code, partial.rejected_spans, kept[0].items) == (200, 1, 1)
    assert "start_time_unix_nano is 5" in partial.error_message
    answer, _ = post(json.dumps(as_json(message)).encode(), JSON)
    told = answer.json()["partialSuccess"]
    assert told["rejectedSpans"] == "1"
    assert "start_time_unix_nano is 5" in told["errorMessage"]


@pytest.mark.parametrize(
    ("body", "headers", "status", "said"),
    [
        (b"\xff\xff", PROTOBUF, 400, "no OTLP traces request"),
        (logs(log()).SerializeToString(), PROTOBUF, 400, "post it to /v1/logs"),
        (b"{,", JSON, 400, "line 1, column 2"),
        (b"abc", {**JSON, "content-encoding": "gzip"}, 400, "the gzip body is damaged"),
        (b"abc", {**JSON, "content-encoding": "br"}, 415, "send one of: gzip, deflate, zstd"),
        (b"abc", {"content-type": "text/plain"}, 415, "application/x-protobuf, application/protobuf"),
        (b"abc", {}, 415, "application/json"),
        (b"a" * 1001, PROTOBUF, 413, "the body is 1001 bytes, at most 1000 are taken"),
        (
            gzip.compress(b"a" * 1001, mtime=0),
            {**PROTOBUF, "content-encoding": "gzip"},
            413,
            "more than 1000 bytes",
        ),
    ],
)
def test_refusals_say_why_in_the_request_s_encoding(
    body: bytes, headers: dict[str, str], status: int, said: str
) -> None:
    answer, kept = post(body, headers, max_body=1000)
    assert (answer.status_code, kept) == (status, [])
    if headers.get("content-type") == PROTOBUF["content-type"]:
        told = Status.FromString(answer.content)
        code, message = told.code, told.message
    else:
        code, message = answer.json()["code"], answer.json()["message"]
    assert said in message
    assert code == {400: 3, 413: 8, 415: 3}[status]


def test_a_body_without_a_length_is_bounded_too() -> None:
    async def chunks() -> Any:
        for _ in range(30):
            yield b"a" * 100

    async def work() -> httpx.Response:
        async with running(max_body=1000) as at, httpx.AsyncClient() as client:
            return await client.post(f"{at.url}/v1/traces", content=chunks(), headers=PROTOBUF)

    assert run(work()).status_code == 413


def test_keys() -> None:
    gate = OneKeyGate("secret")
    answer, _ = post(one_of(Signal.TRACES), PROTOBUF, gate=gate)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert Status.FromString(answer.content).code == 16
    answer, kept = post(one_of(Signal.TRACES), {**PROTOBUF, "authorization": "Bearer secret"}, gate=gate)
    assert (answer.status_code, kept[0].project) == (200, "acme")
    answer, kept = post(
        one_of(Signal.TRACES),
        {**PROTOBUF, "authorization": "Bearer secret"},
        gate=OneKeyGate("secret", Scope.READ),
    )
    assert (answer.status_code, kept) == (403, [])
    assert "ingest" in Status.FromString(answer.content).message


@pytest.mark.parametrize(
    ("refusal", "status", "code"),
    [(JournalFull("the backlog is full", 7), 429, 8), (JournalUnavailable("the disk is full", 7), 503, 14)],
)
def test_back_pressure_says_when_to_try_again(refusal: Exception, status: int, code: int) -> None:
    answer, _ = post(one_of(Signal.TRACES), PROTOBUF, refusal=refusal)
    assert (answer.status_code, answer.headers["retry-after"]) == (status, "7")
    told = Status.FromString(answer.content)
    assert (told.code, told.message) == (code, str(refusal))


def test_too_many_bytes_under_way_are_a_503_and_are_given_back() -> None:
    async def work() -> None:
        async with running() as at, httpx.AsyncClient(base_url=at.url) as client:
            at.receiver.in_flight.limit = 100
            with at.receiver.in_flight.hold() as take:
                take(90)
                answer = await client.post("/v1/traces", content=one_of(Signal.TRACES), headers=PROTOBUF)
                assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
                assert at.receiver.in_flight.held == 90
            # Alone, even a body above the bound is taken.
            answer = await client.post("/v1/traces", content=one_of(Signal.TRACES), headers=PROTOBUF)
            assert answer.status_code == 200

    run(work())


def test_a_silent_sender_is_told_408() -> None:
    async def work() -> bytes:
        async with running(body_timeout=0.1) as at:
            reader, writer = await at.connect()
            writer.write(b"POST /v1/traces HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n")
            writer.write(b"content-length: 100\r\n\r\n{")
            answer = await reader.read()
            writer.close()
            return answer

    answer = run(work())
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"1 bytes so far" in answer


class Heard(asyncio.Protocol):
    """All that a server said before the connection ended, in whatever way it did."""

    def __init__(self) -> None:
        self.said, self.over = b"", asyncio.Event()

    def data_received(self, data: bytes) -> None:
        self.said += data

    def connection_lost(self, exc: Exception | None) -> None:
        self.over.set()


def test_a_dripping_sender_is_told_408_after_four_times_the_silence() -> None:
    async def work() -> bytes:
        async with running(body_timeout=0.4) as at:
            host, port = at.url.removeprefix("http://").split(":")
            transport, heard = await asyncio.get_running_loop().create_connection(Heard, host, int(port))
            transport.write(b"POST /v1/traces HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n")
            transport.write(b"content-length: 100\r\n\r\n")
            over = asyncio.create_task(heard.over.wait())
            while not over.done():
                transport.write(b" ")
                await asyncio.wait({over}, timeout=0.03)
            return heard.said

    assert run(work()).startswith(b"HTTP/1.1 408 ")


def test_cors_is_off_by_default() -> None:
    async def work() -> None:
        async with running() as at, httpx.AsyncClient(base_url=at.url) as client:
            asked = await client.options("/v1/traces", headers={"origin": "https://a.example"})
            assert not [name for name in asked.headers if name.startswith("access-control")]
            assert (await client.get("/v1/traces")).status_code == 405
            answer = await client.post(
                "/v1/traces", content=b"{}", headers={**JSON, "origin": "https://a.example"}
            )
            assert not [name for name in answer.headers if name.startswith("access-control")]

    run(work())


@pytest.mark.parametrize("allowed", ["https://a.example", "*"])
def test_cors_for_the_origins_of_the_settings(allowed: str) -> None:
    async def work() -> None:
        async with running(cors_origins=(allowed,)) as at, httpx.AsyncClient(base_url=at.url) as client:
            asked = {
                "origin": "https://a.example",
                "access-control-request-headers": "content-type,x-api-key",
            }
            answer = await client.options("/v1/traces", headers=asked)
            assert answer.status_code == 204
            assert answer.headers["access-control-allow-origin"] == "https://a.example"
            assert answer.headers["access-control-allow-headers"] == "content-type,x-api-key"
            assert answer.headers["access-control-allow-methods"] == "POST"
            named = allowed != "*"  # not with the keys that a browser has for any site whatsoever
            assert ("access-control-allow-credentials" in answer.headers) == named
            answer = await client.post("/v1/traces", content=b"[", headers={**JSON, **asked})
            assert answer.status_code == 400
            assert answer.headers["access-control-allow-origin"] == "https://a.example"
            answer = await client.options("/v1/traces", headers={**asked, "origin": "https://b.example"})
            assert ("access-control-allow-origin" in answer.headers) == (allowed == "*")

    run(work())


def test_requests_are_counted_by_what_became_of_them() -> None:
    def count(outcome: str) -> float:
        return float(REQUESTS.labels("traces", "otlp-http", outcome)._value.get())

    before = {outcome: count(outcome) for outcome in ("accepted", "malformed", "duplicate")}

    async def work() -> None:
        async with running() as at, httpx.AsyncClient(base_url=at.url) as client:
            for body in (one_of(Signal.TRACES), one_of(Signal.TRACES), b"\xff"):
                await client.post("/v1/traces", content=body, headers=PROTOBUF)

    run(work())
    assert {outcome: count(outcome) - was for outcome, was in before.items()} == dict.fromkeys(before, 1)


@pytest.fixture
def recorded() -> Iterator[list[Any]]:
    """Spans as the SDK makes them, with one resource."""
    provider = TracerProvider(resource=Resource.create({"service.name": "shop"}))
    spans: list[Any] = []

    class Keep:
        def export(self, batch: Any) -> SpanExportResult:
            spans.extend(batch)
            return SpanExportResult.SUCCESS

        def shutdown(self) -> None: ...

    provider.add_span_processor(SimpleSpanProcessor(Keep()))  # type: ignore[arg-type]
    with provider.get_tracer("t").start_as_current_span("chat", attributes={"gen_ai.usage.input_tokens": 0}):
        pass
    yield spans
    provider.shutdown()


@pytest.mark.parametrize("compression", [Compression.NoCompression, Compression.Gzip, Compression.Deflate])
def test_the_sdk_s_exporter(recorded: list[Any], compression: Compression) -> None:
    async def work() -> list[Any]:
        async with running() as at:
            at.receiver.clock = lambda: recorded[0].end_time
            exporter = OTLPSpanExporter(endpoint=f"{at.url}/v1/traces", compression=compression)
            assert await asyncio.to_thread(exporter.export, recorded) is SpanExportResult.SUCCESS
            exporter.shutdown()
            return at.journal.submissions

    kept = run(work())
    assert [k.items for k in kept] == [1]
    assert b"gen_ai.usage.input_tokens" in kept[0].payload
