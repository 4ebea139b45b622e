"""OTLP as JSON lines: readable by `sightline import`, rotated, and whole when several processes write."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from tests.sdk.sdk_process import program, running
from tests.sdk.sdk_spans import ended

from sightline.operations.telemetry_files import requests
from sightline.records.ingest import Signal
from sightline.sdk.batching import Batch, Head, Request
from sightline.sdk.counts import Account
from sightline.sdk.encoding import Encoder
from sightline.sdk.events import LogEvent
from sightline.sdk.file_mode import FileDelivery
from sightline.sdk.otlp_json import json_line
from sightline.sdk.sampling import KEEP_ALL
from sightline.sdk.texts import Texts
from sightline.sdk.warnings_once import forget_warnings
from sightline.testing import environment
from sightline.wire.otlp_json import transcode


def request(name: str = "work", attributes: dict[str, Any] | None = None) -> Request:
    encoder, batch = Encoder(Texts(None, 10**6, None), {}), Batch("traces")
    batch.add(Head(), Head(), encoder.span(ended(attributes, name=name), 1, KEEP_ALL), 1)
    return batch.request()


def test_spans_events_and_the_account_are_lines_that_the_import_reads(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "traces.jsonl"
    with running(file=path) as (runtime, tracer):
        with tracer.start_as_current_span("outer"):
            tracer.start_span("inner").end()
        runtime.emit(LogEvent("gen_ai.evaluation.result", {"gen_ai.evaluation.name": "x"}, time_ns=5))
        assert runtime.flush(10)
        assert (runtime.counts().spans.acknowledged, runtime.counts().logs.acknowledged) == (2, 1)
    found = list(requests(path, None))
    assert [r.signal for r in found] == [Signal.TRACES, Signal.LOGS, Signal.METRICS]
    assert not any(r.fault for r in found)


def test_a_line_says_what_the_bytes_say() -> None:
    body = request(
        attributes={"i": 2**60, "f": 0.5, "inf": float("inf"), "b": b"\x00\xff", "l": ("a", True)}
    ).body
    line = json_line("traces", body)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    span = json.loads(line)["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
    assert (
        span["spanId"]
        == ExportTraceServiceRequest.FromString(body).resource_spans[0].scope_spans[0].spans[0].span_id.hex()
    )
    assert transcode(line, Signal.TRACES).payload == body


@settings(deadline=None)
@given(
    st.dictionaries(
        st.text(),
        st.one_of(st.text(), st.floats(allow_nan=False), st.integers(), st.binary(), st.lists(st.text())),
    )
)
def test_any_attributes_go_to_a_line_and_back(attributes: dict[str, Any]) -> None:
    body = request(attributes=attributes).body
    shaped = json.loads(json_line("traces", body))
    assert json_format.MessageToDict(ExportTraceServiceRequest.FromString(body)).keys() == shaped.keys()
    assert transcode(json_line("traces", body), Signal.TRACES).payload == body


def test_a_file_that_is_full_is_set_aside_and_only_so_many_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    account = Account()
    files = FileDelivery(path, 3000, 2, account)
    for n in range(40):
        files.deliver(request(f"span {n}"))
    names = sorted(p.name for p in tmp_path.iterdir())
    assert names == ["t.jsonl", "t.jsonl.1", "t.jsonl.2", "t.jsonl.lock"]
    assert all(p.stat().st_size <= 3000 for p in tmp_path.iterdir())
    kept = [
        json.loads(line)
        for p in ("t.jsonl.2", "t.jsonl.1", "t.jsonl")
        for line in (tmp_path / p).read_bytes().splitlines()
    ]
    spans = [k["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["name"] for k in kept]
    assert spans == [f"span {n}" for n in range(40 - len(spans), 40)]
    assert account.of("traces").acknowledged == 40


WRITER = """
    import sightline
    from opentelemetry import trace
    sightline.init(file={path!r}, file_max_bytes=20_000, file_keep=1000, flush_interval=0.01, quiet=True)
    for n in range(200):
        trace.get_tracer("x").start_span("{name}" + str(n), attributes={{"text": "x" * 500}}).end()
        if n % 20 == 0:
            assert sightline.flush(20)
"""


def test_several_processes_write_one_file_without_breaking_a_line(tmp_path: Path) -> None:
    path = tmp_path / "shared.jsonl"
    crew = [
        subprocess.Popen(
            program(WRITER.format(path=str(path), name=f"p{n}-")), env=environment(), stderr=subprocess.PIPE
        )
        for n in range(3)
    ]
    for one in crew:
        _, said = one.communicate(timeout=60)
        assert (one.returncode, said) == (0, b"")
    names = []
    for file in tmp_path.glob("shared.jsonl*"):
        if file.suffix == ".lock":
            continue
        for line in file.read_bytes().splitlines():
            for part in json.loads(line).get("resourceSpans", []):
                names += [s["name"] for scope in part["scopeSpans"] for s in scope["spans"]]
    assert sorted(names) == sorted(f"p{p}-{n}" for p in range(3) for n in range(200))


def test_a_file_that_cannot_be_written_is_said_once_and_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    forget_warnings()
    (tmp_path / "in the way").write_text("")
    account = Account()
    files = FileDelivery(tmp_path / "in the way" / "t.jsonl", 3000, 2, account)
    files.deliver(request())
    files.deliver(request())
    assert account.of("traces").dropped == {"disk": 2}
    assert ["SIGHTLINE_FILE" in r.message for r in caplog.records] == [True]


def test_what_is_no_file_is_written_to_and_neither_locked_nor_set_aside(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    account = Account()
    delivery = FileDelivery(pipe, 1024, 2, account)
    delivery.deliver(request())
    assert account.of("traces").dropped == {"disk": 1}  # nobody reads, and nobody waits for a reader
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        delivery.deliver(request())
        delivery.deliver(request())
        assert os.read(reading, 1 << 16).count(b"\n") == 2
    finally:
        os.close(reading)
    assert [p.name for p in tmp_path.iterdir()] == ["pipe"]
