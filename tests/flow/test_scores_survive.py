"""Scores are there once and whole: after kill -9 with some on the way, and as files that come to a server."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from sightline.operations.client import UnreachableError
from sightline.testing import ServerProcess, key_values, sightline, span, traces_request, wait_until

pytestmark = [pytest.mark.flow, pytest.mark.timeout(300)]
TRACES = [f"{n:032x}" for n in range(1, 7)]
SPANS = [bytes([n]) * 8 for n in range(1, 7)]
# All that a score says; when it arrived is the server's.
SAID = (
    "id, name, target, trace_id, span_id, session_id, data_type, value, label, comment, correction, source,"
    " author, method, toString(time) AS at"
)
SCORES = f"SELECT {SAID} FROM scores ORDER BY id"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path / "first") as running:
        yield running


def given(server: ServerProcess, *scores: dict[str, Any]) -> None:
    answer = server.post("/api/v1/scores", json.dumps({"scores": scores}).encode(), "application/json")
    assert answer.status < 300, answer.body


def spans(started: int) -> list[Span]:
    """Traces whose spans carry annotations of OpenInference and an event that is a score."""
    made = []
    for number, (trace, span_id) in enumerate(zip(TRACES, SPANS, strict=True)):
        attributes = {
            "session.id": "s-1",
            "annotations.0.annotation.name": "toxicity",
            "annotations.0.annotation.score": number / 10,
            "annotations.0.annotation.label": "none",
            "annotations.0.annotation.annotator_kind": "LLM",
        }
        event = Span.Event(
            time_unix_nano=started + 10**8,
            name="gen_ai.evaluation.result",
            attributes=key_values(
                {"gen_ai.evaluation.name": "grounded", "gen_ai.evaluation.score.value": number / 7}
            ),
        )
        made.append(
            span(trace, "answer", attributes, span_id=span_id, start=started, events=[event])
        )  # fmt: skip
    return made


def event(trace: str, value: float, at: int) -> bytes:
    """A score without an id, as any OpenTelemetry SDK sends it."""
    attributes = [
        {"key": "gen_ai.evaluation.name", "value": {"stringValue": "polite"}},
        {"key": "gen_ai.evaluation.score.value", "value": {"doubleValue": value}},
        {"key": "gen_ai.evaluation.explanation", "value": {"stringValue": "„zwei\n Zeilen“"}},
    ]
    record = {
        "timeUnixNano": str(at), "eventName": "gen_ai.evaluation.result", "traceId": trace,
        "attributes": attributes,
    }  # fmt: skip
    logs = {"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}
    return json.dumps(logs).encode()


def filled(server: ServerProcess) -> None:
    """All forms of scores: of spans, traces and a session, replaced, taken back, before their span."""
    started = time.time_ns() - 600 * 10**9
    early = [{"name": "helpful", "value": n % 2 == 0, "trace_id": t, "id": f"h-{n}", "source": "end_user"}
             for n, t in enumerate(TRACES)]  # fmt: skip
    given(server, *early)
    body = traces_request(spans(started)).SerializeToString()
    assert server.post("/v1/traces", body).status == 200
    for number, trace in enumerate(TRACES):
        sent = server.post("/v1/logs", event(trace, number / 3, started + number), "application/json")
        assert sent.status == 200
    server.settled()
    given(
        server,
        {"name": "helpful", "value": False, "trace_id": TRACES[0], "id": "h-0", "source": "end_user"},
        {"name": "verdict", "label": "wrong", "trace_id": TRACES[1], "span_id": SPANS[1].hex(), "id": "v-1",
         "source": "person", "author": "ada", "comment": "no", "correction": "14 days"},
        {"name": "stars", "value": 4, "session_id": "s-1", "id": "s-1"},
    )  # fmt: skip
    assert server.client.request("DELETE", "/api/v1/scores/h-5").status == 202
    server.settled()


def exported(server: ServerProcess, folder: Path) -> list[Path]:
    """Spans and log records as OTLP files."""
    made = []
    for target in ("spans", "logs"):
        answer = server.get(f"/api/v1/export?format=otlp&target={target}&since=-2h")
        assert answer.status < 300, answer.body
        made.append(folder / f"{target}.otlp.jsonl")
        made[-1].write_bytes(answer.body)
    return made


def brought(server: ServerProcess, files: list[Path]) -> None:
    done = sightline("import", "--url", server.url, *map(str, files))
    assert done.returncode == 0, done.stderr
    server.settled()


def test_exported_and_imported_they_are_the_same(server: ServerProcess, tmp_path: Path) -> None:
    filled(server)
    first = server.sql(SCORES)
    names = {row["name"] for row in first}
    assert names == {"helpful", "toxicity", "grounded", "polite", "verdict", "stars"}
    assert len(first) == 5 + 6 + 6 + 6 + 1 + 1
    assert [row["value"] for row in first if row["id"] == "h-0"] == [0]
    files = exported(server, tmp_path)
    with ServerProcess(tmp_path / "second") as other:
        brought(other, files)
        assert other.sql(SCORES) == first
        # The second time, and beside what came live, each is itself again.
        brought(other, list(reversed(files)))
        assert other.sql(SCORES) == first
    brought(server, files)
    assert server.sql(SCORES) == first


def test_what_was_acknowledged_is_there_once_after_kills(server: ServerProcess) -> None:
    """Senders give scores, some of them twice, while the server is killed and started again."""
    over, lock = threading.Event(), threading.Lock()
    kept: dict[str, float] = {}

    def send(sender: int) -> None:
        number = 0
        while not over.wait(0.005):
            number += 1
            id_ = f"{sender}-{number}"
            body = json.dumps({"name": "helpful", "value": number, "trace_id": TRACES[0], "id": id_}).encode()
            for _ in range(2 if number % 5 == 0 else 1):
                try:
                    answer = server.post("/api/v1/scores", body, "application/json")
                except UnreachableError:
                    over.wait(0.05)
                    continue
                if answer.status == 202:
                    with lock:
                        kept[id_] = number

    senders = [threading.Thread(target=send, args=(n,), daemon=True) for n in range(3)]
    for sender in senders:
        sender.start()
    try:
        for _ in range(3):
            with lock:
                wanted = len(kept) + 40
            wait_until(partial(_has, kept, wanted), "scores to be acknowledged", 60.0)
            server.kill()
            server.start()
    finally:
        over.set()
    for sender in senders:
        sender.join(30)
    server.settled()
    rows = server.sql("SELECT id, value FROM scores LIMIT 100000")
    found = {row["id"]: row["value"] for row in rows}
    assert len(rows) == len(found) and len(kept) > 100
    assert {id_: found.get(id_) for id_ in kept} == kept


def _has(kept: dict[str, float], wanted: int) -> bool:
    return len(kept) >= wanted
