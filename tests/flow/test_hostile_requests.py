"""Hostile requests: the good spans beside them land, the reason is said, and the server stays well."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from pathlib import Path
from typing import Any

import pytest
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs

from sightline.journal.journal import Journal
from sightline.records.ingest import Signal, Submission
from sightline.settings import JournalSettings
from sightline.testing import ServerProcess, span, wait_until

pytestmark = pytest.mark.flow
JSON = "application/json"


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def field(number: int, content: bytes) -> bytes:
    """A length-delimited field."""
    return varint(number << 3 | 2) + varint(len(content)) + content


def raw_span(name: str, attribute: bytes = b"", extra: bytes = b"") -> bytes:
    """A span whose value of attribute `k` is these bytes of an AnyValue, followed by more fields."""
    one = span(name=name).SerializeToString()
    return one + (field(9, field(1, b"k") + field(2, attribute)) if attribute else b"") + extra


def wrapped(*spans: bytes) -> bytes:
    """An export request of encoded spans."""
    return field(1, field(2, b"".join(field(2, one) for one in spans)))


def deep(levels: int) -> bytes:
    """An AnyValue of arrays in arrays."""
    raw = field(1, b"bottom")
    for _ in range(levels):
        raw = field(5, field(1, raw))
    return raw


def post(server: ServerProcess, body: bytes) -> tuple[int, int, str]:
    """Status, how many spans were refused, and what was said."""
    answer = server.post("/v1/traces", body)
    if answer.status != 200:
        return answer.status, 0, Status.FromString(answer.body).message
    partial = ExportTraceServiceResponse.FromString(answer.body).partial_success
    return 200, partial.rejected_spans, partial.error_message


def landed(server: ServerProcess, name: str) -> dict[str, Any]:
    """The stored span of this name, once it is there; the server is well."""
    rows: list[dict[str, Any]] = server.wait_for(
        f"SELECT * FROM spans WHERE name = '{name}'", lambda rows: len(rows) == 1
    )
    assert server.ready()
    return rows[0]


def fresh() -> str:
    return f"good-{secrets.token_hex(6)}"


BAD: dict[str, tuple[Any, str]] = {
    "a trace without id": (lambda: span(trace_id="00" * 16).SerializeToString(), "trace_id"),
    "no span id": (lambda: span(span_id=b"").SerializeToString(), "span_id"),
    "an id of three bytes": (lambda: span(span_id=b"abc").SerializeToString(), "span_id"),
    "the year 1970": (lambda: span(start=5).SerializeToString(), "start_time_unix_nano"),
    "the end of time": (lambda: span(end_time_unix_nano=2**64 - 1).SerializeToString(), "end_time_unix_nano"),
    "a depth bomb": (lambda: raw_span("deep", deep(5000)), "nested deeper"),
    "a name that is no UTF-8": (lambda: raw_span("x", extra=field(5, b"\xff\xfe\xc3(")), "name"),
    "an attribute that is no UTF-8": (lambda: raw_span("x", field(1, b"\xff\xfe")), ""),
    "100,000 attributes": (
        lambda: span(attributes={f"key.{n}": n for n in range(100_000)}).SerializeToString(), "attributes",
    ),
    "a length beyond the end": (lambda: raw_span("x")[:-3], ""),
}  # fmt: skip


@pytest.mark.parametrize("kind", BAD)
def test_what_is_refused_is_refused_alone_and_with_its_reason(server: ServerProcess, kind: str) -> None:
    make, word = BAD[kind]
    before, after = fresh(), fresh()
    status, rejected, said = post(server, wrapped(raw_span(before), make(), raw_span(after)))
    assert (status, rejected) == (200, 1), f"{status} {rejected} {said}"
    assert word in said and len(said) < 2000, said
    landed(server, before)
    landed(server, after)


ODD: dict[str, Any] = {
    "a 10 MB attribute": lambda name: raw_span(name, field(1, b"x" * 10_000_000)),
    "not a number": lambda name: span(name=name, attributes={"gen_ai.request.temperature": float("nan")}),
    "infinite tokens": lambda name: span(name=name, attributes={"gen_ai.usage.input_tokens": float("inf")}),
    "negative tokens": lambda name: span(name=name, attributes={"gen_ai.usage.input_tokens": -5}),
    "tokens in words": lambda name: span(name=name, attributes={"gen_ai.usage.input_tokens": "many"}),
    "an index beyond all": lambda name: span(
        name=name,
        attributes={"llm.input_messages.999999999.message.content": "far", "llm.input_messages.0.x": "y"},
    ),
    "duplicate keys": lambda name: raw_span(
        name, field(1, b"first"), field(9, field(1, b"k") + field(2, field(1, b"2nd")))
    ),
    "an end before the start": lambda name: span(name=name, end_time_unix_nano=time.time_ns() - 10**15),
    "a wrong wire type in a value": lambda name: raw_span(name, b"\x08\x01"),
    "unknown fields": lambda name: raw_span(name, extra=field(1000, b"from the future")),
    "an empty key": lambda name: span(
        name=name, attributes={"": "nothing", "a": 1, "a.b": 2, "a..b": 3, ".": 4}
    ),
    "5,000 keys": lambda name: span(name=name, attributes={f"dim.{n}.{n}": n for n in range(5_000)}),
    "markup and control characters": lambda name: span(
        name=name,
        attributes={"session.id": "'; DROP TABLE spans; --\x00\x1b[2J<script>", "gen_ai.system": "\u202e"},
    ),
    "its own parent": lambda name: span(name=name, span_id=b"12345678", parent_span_id=b"12345678"),
}


@pytest.mark.parametrize("kind", ODD)
def test_what_is_odd_lands_beside_what_is_good(server: ServerProcess, kind: str) -> None:
    good, odd = fresh(), f"odd-{secrets.token_hex(6)}"
    made = ODD[kind](odd)
    raw = made if isinstance(made, bytes) else made.SerializeToString()
    status, rejected, said = post(server, wrapped(raw_span(good), raw))
    assert (status, rejected) == (200, 0), f"{status} {rejected} {said}"
    landed(server, good)
    row = landed(server, odd)
    assert server.get(f"/api/v1/traces/{row['trace_id']}").status == 200
    assert server.get(f"/p/default/traces/{row['trace_id']}").status == 200
    assert row["input_tokens"] is None or row["input_tokens"] >= 0


def test_logs_posted_as_traces_are_refused_or_said(server: ServerProcess) -> None:
    record = LogRecord(time_unix_nano=time.time_ns(), severity_text="INFO", trace_id=secrets.token_bytes(16))
    logs = ExportLogsServiceRequest(
        resource_logs=[ResourceLogs(scope_logs=[ScopeLogs(log_records=[record])])]
    ).SerializeToString()
    good = fresh()
    status, rejected, said = post(server, logs)
    assert status == 400 or rejected == 1, (status, rejected, said)
    assert said
    assert post(server, wrapped(raw_span(good)))[0] == 200
    landed(server, good)


@pytest.mark.parametrize(
    "body",
    [
        b"\xff" * 1000,
        b"",
        b"{",
        b"[" * 100_000,
        b'{"resourceSpans": 3}',
        b'{"resourceSpans": [{"scopeSpans": NaN}]}',
    ],
    ids=["noise", "nothing", "torn", "deep", "wrong type", "NaN"],
)
@pytest.mark.parametrize("kind", ["application/x-protobuf", JSON])
def test_noise_is_answered_with_a_reason(server: ServerProcess, body: bytes, kind: str) -> None:
    answer = server.post("/v1/traces", body, kind)
    assert answer.status == 400 or (answer.status == 200 and not body), (answer.status, answer.body[:300])
    assert server.ready()


def test_json_with_good_and_bad_spans(server: ServerProcess) -> None:
    good = fresh()
    start = str(time.time_ns())
    spans = [
        {
            "traceId": secrets.token_hex(16),
            "spanId": secrets.token_hex(8),
            "name": good,
            "startTimeUnixNano": start,
        },
        {"traceId": "zz", "spanId": "1", "name": "bad", "startTimeUnixNano": start},
        {
            "traceId": secrets.token_hex(16),
            "spanId": secrets.token_hex(8),
            "name": "bad",
            "startTimeUnixNano": "soon",
        },
    ]
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}).encode()
    answer = server.post("/v1/traces", body, JSON)
    said = answer.json()["partialSuccess"]
    assert (answer.status, int(said["rejectedSpans"])) == (200, 2), said
    assert "traceId" in said["errorMessage"] or "trace_id" in said["errorMessage"], said
    landed(server, good)


def test_what_cannot_be_digested_stands_in_quarantine(tmp_path: Path) -> None:
    names = [fresh() for _ in range(4)]

    async def write() -> None:
        """What a wire that checks nothing would have let through."""
        journal = Journal(tmp_path / "data" / "journal", JournalSettings(min_free_disk=0))
        await journal.start()
        good = [wrapped(raw_span(name)) for name in names]
        bad = b"\x0a\xff\xff\xff\x7fthis is no OTLP"
        for payload in (*good[:2], bad, *good[2:]):
            await journal.append(Submission("default", Signal.TRACES, payload, time.time_ns(), "test", 1))
        await journal.close()

    asyncio.run(write())
    with ServerProcess(tmp_path / "data") as server:
        entries = wait_until(lambda: server.json("/api/v1/quarantine")["entries"], "an entry in quarantine")
        assert len(entries) == 1
        assert entries[0]["signal"] == "traces" and entries[0]["reason"]
        for name in names:
            landed(server, name)
        # Given back, it is tried again and set aside again; discarded, it is gone.
        address = f"/api/v1/quarantine/{entries[0]['id']}"
        assert server.post(f"{address}/requeue", b"{}", JSON).status == 200
        again = wait_until(lambda: server.json("/api/v1/quarantine")["entries"], "the entry to come back")
        assert server.post(f"/api/v1/quarantine/{again[0]['id']}/discard", b"{}", JSON).status == 200
        assert server.json("/api/v1/quarantine")["entries"] == []
        assert server.sql("SELECT count() AS n FROM spans")[0]["n"] == 4
