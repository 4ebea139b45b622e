"""Files of the SDK come to a server once, however often they are imported and whatever arrived before."""

from __future__ import annotations

import gzip
import json
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sightline.testing import Finished, ServerProcess, environment, sightline

pytestmark = [pytest.mark.flow, pytest.mark.timeout(300)]
SENDER = "5f1c9a4e-0000-4000-8000-00000000000a"
RESOURCE = {"attributes": [
    {"key": "service.name", "value": {"stringValue": "shop"}},
    {"key": "service.instance.id", "value": {"stringValue": SENDER}},
]}  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    # No memory for retries: what is recognised is recognised for what it is.
    with ServerProcess(tmp_path_factory.mktemp("import") / "data", "--journal-retry-window", "0") as running:
        yield running


def request(spans: int, started: int) -> dict[str, Any]:
    """A line with traces of two spans each."""
    listed = []
    for _ in range(spans):
        trace, root = secrets.token_hex(16), secrets.token_hex(8)
        for span, parent in ((root, ""), (secrets.token_hex(8), root)):
            listed.append(
                {"traceId": trace, "spanId": span, "parentSpanId": parent, "name": "chat", "kind": 1,
                 "startTimeUnixNano": str(started), "endTimeUnixNano": str(started + 10**9),
                 "attributes": [{"key": "gen_ai.usage.input_tokens", "value": {"intValue": "7"}}]}
            )  # fmt: skip
    return {
        "resourceSpans": [
            {"resource": RESOURCE, "scopeSpans": [{"scope": {"name": "sightline"}, "spans": listed}]}
        ]
    }


def score(number: int, started: int) -> dict[str, Any]:
    said = {
        "gen_ai.evaluation.name": "helpful",
        "sightline.score.id": f"s-{number}",
        "sightline.score.target": "trace",
    }
    attributes = [{"key": k, "value": {"stringValue": v}} for k, v in said.items()]
    attributes.append({"key": "gen_ai.evaluation.score.value", "value": {"doubleValue": 1.0}})
    record = {
        "timeUnixNano": str(started),
        "eventName": "gen_ai.evaluation.result",
        "traceId": "0a" * 16,
        "attributes": attributes,
    }
    return {"resourceLogs": [{"resource": RESOURCE, "scopeLogs": [{"logRecords": [record]}]}]}


def account(number: int, started: int) -> dict[str, Any]:
    point = {"timeUnixNano": str(started), "startTimeUnixNano": str(started - 10**9), "asInt": str(number),
             "attributes": [{"key": "outcome", "value": {"stringValue": "ended"}}]}  # fmt: skip
    metric = {
        "name": "sightline.sdk.spans",
        "sum": {"aggregationTemporality": 2, "isMonotonic": True, "dataPoints": [point]},
    }
    return {"resourceMetrics": [{"resource": RESOURCE, "scopeMetrics": [{"metrics": [metric]}]}]}


def lines(*requests: dict[str, Any]) -> bytes:
    return "".join(json.dumps(one) + "\n" for one in requests).encode()


def brought(server: ServerProcess, *files: Path) -> Finished:
    done = sightline("import", "--url", server.url, *map(str, files))
    assert done.returncode == 0, done.stderr
    server.settled()
    return done


def counts(server: ServerProcess) -> dict[str, int]:
    """Rows of each signal, copies included where nobody removed them."""
    asked = {
        "spans": "SELECT count() AS n FROM spans", "traces": "SELECT uniqExact(trace_id) AS n FROM spans",
        "logs": "SELECT count() AS n FROM logs", "points": "SELECT count() AS n FROM metrics",
    }  # fmt: skip
    return {name: int(server.sql(query)[0]["n"]) for name, query in asked.items()}


def test_files_rotated_and_packed_come_once_also_the_second_and_third_time(
    server: ServerProcess, tmp_path: Path
) -> None:
    now = time.time_ns() - 60 * 10**9
    path = tmp_path / "sightline.jsonl"
    (tmp_path / "sightline.jsonl.2.gz").write_bytes(gzip.compress(lines(request(5, now), score(1, now))))
    (tmp_path / "sightline.jsonl.1").write_bytes(lines(request(5, now), account(3, now)))
    path.write_bytes(lines(request(5, now), score(2, now), account(5, now + 10**9)))
    (tmp_path / "sightline.jsonl.lock").write_text("")
    before = counts(server)
    assert "7 requests were taken" in brought(server, path).stdout
    first = counts(server)
    assert {k: first[k] - before[k] for k in first} == {"spans": 30, "traces": 15, "logs": 2, "points": 2}
    brought(server, path)
    assert counts(server) == first
    # The file goes on, is rotated and packed: only what is new is stored.
    (tmp_path / "sightline.jsonl.3.gz").write_bytes((tmp_path / "sightline.jsonl.2.gz").read_bytes())
    (tmp_path / "sightline.jsonl.2.gz").write_bytes(
        gzip.compress((tmp_path / "sightline.jsonl.1").read_bytes())
    )
    path.rename(tmp_path / "sightline.jsonl.1")
    path.write_bytes(lines(request(1, now), score(3, now)))
    brought(server, path)
    grown = counts(server)
    assert {k: grown[k] - first[k] for k in grown} == {"spans": 2, "traces": 1, "logs": 1, "points": 0}
    server.restart()
    brought(server, path)
    assert counts(server) == grown


@pytest.mark.parametrize("ago", [60, 40 * 3600])
def test_spans_that_arrived_before_their_file_came_are_there_once(
    server: ServerProcess, tmp_path: Path, ago: int
) -> None:
    started = time.time_ns() - ago * 10**9
    many, more = request(700, started), request(50, started)
    before = counts(server)
    assert server.post("/v1/traces", json.dumps(many).encode(), "application/json").status == 200
    server.settled()
    server.restart()  # what the process remembers of its traces goes with it
    path = tmp_path / "sightline.jsonl"
    path.write_bytes(lines(many, more))
    brought(server, path)
    found = counts(server)
    assert found["traces"] - before["traces"] == 750
    assert found["spans"] - before["spans"] == 1500
    tokens = server.sql("SELECT sum(input_tokens) AS n FROM spans WHERE usage_source = 'own'")[0]["n"]
    assert int(tokens) == 7 * found["traces"]  # the root repeats what its child reported


PROGRAM = """
import sightline
sightline.init(file="calls.jsonl", service="shop", redaction=sightline.Redaction())
for number in range(20):
    with sightline.context(user="ada", session="s-1"), sightline.span("answer"):
        with sightline.llm_call("gpt-4o", "openai", "Write to ada@example.org") as call:
            call.usage(input=12, output=3)
        sightline.score("helpful", 1.0)
sightline.flush()
sightline.shutdown()
"""


def test_what_the_sdk_wrote_is_there_once(server: ServerProcess, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=environment(),
    )
    assert done.returncode == 0, done.stderr
    path = tmp_path / "calls.jsonl"
    assert "ada@example.org" not in path.read_text()
    before = counts(server)
    brought(server, path)
    first = counts(server)
    assert {k: first[k] - before[k] for k in ("spans", "traces", "logs")} == {
        "spans": 40,
        "traces": 20,
        "logs": 20,
    }
    asked = "SELECT uniqExact(id) AS n, count() AS standing FROM scores WHERE name = 'helpful'"
    scores = server.sql(asked)
    assert int(scores[0]["n"]) >= 20
    brought(server, path)
    brought(server, path)
    assert counts(server) == first
    assert server.sql(asked) == scores
    told = server.sql(
        "SELECT sum(input_tokens) AS n FROM spans WHERE usage_source = 'own' AND user_id = 'ada'"
    )
    assert int(told[0]["n"]) == 240
