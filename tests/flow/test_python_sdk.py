"""The OpenTelemetry SDK of Python, over HTTP and gRPC: traces, logs and metrics as they can be queried."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flow_parts import contents_of, python_app, text_of

from sightline.testing import ServerProcess

pytestmark = pytest.mark.flow


@pytest.fixture(scope="module", params=["http", "grpc"])
def sent(request: pytest.FixtureRequest, server: ServerProcess) -> dict[str, Any]:
    """What the application sent; everything of it is stored."""
    endpoint = server.url if request.param == "http" else f"http://127.0.0.1:{server.grpc_port}"
    sent = python_app(request.param, endpoint)
    server.wait_for(
        f"SELECT count() AS n FROM spans WHERE trace_id = '{sent['trace_id']}'", lambda r: r[0]["n"] == 4
    )
    server.settled()
    return sent | {"service": f"py-{request.param}"}


def spans(server: ServerProcess, sent: dict[str, Any], columns: str) -> list[dict[str, Any]]:
    return server.sql(
        f"SELECT {columns} FROM spans WHERE trace_id = '{sent['trace_id']}' ORDER BY start_time"
    )


def test_spans_have_their_canonical_fields(server: ServerProcess, sent: dict[str, Any]) -> None:
    agent, first, second, tool = spans(server, sent, "*")
    assert [s["kind"] for s in (agent, first, second, tool)] == ["agent", "llm", "llm", "tool"]
    assert (first["operation"], first["provider"]) == ("chat", "openai")
    assert (first["request_model"], first["response_model"]) == ("gpt-4o", "gpt-4o-2024-08-06")
    assert (second["input_tokens"], second["output_tokens"], second["reasoning_tokens"]) == (200, 20, None)
    assert (first["finish_reason"], first["otel_kind"]) == ("stop", "client")
    assert (tool["tool_name"], tool["status"], tool["status_message"]) == ("search", "error", "timed out")
    assert agent["parent_span_id"] == "" and agent["span_id"] == sent["root"] and agent["is_root"]
    assert {s["parent_span_id"] for s in (first, second, tool)} == {sent["root"]}
    assert {s["service"] for s in (agent, first)} == {sent["service"]}
    assert {s["environment"] for s in (agent, tool)} == {"staging"}
    attributes = (
        first["attributes"] if isinstance(first["attributes"], dict) else json.loads(first["attributes"])
    )
    assert attributes["app"]["retries"] in (0, "0"), "what no field takes is kept, 0 apart from absent"
    assert first["cost_usd"] > 0 and first["cost_source"] == "computed"


def test_the_session_of_a_root_that_comes_last_counts_for_all(
    server: ServerProcess, sent: dict[str, Any]
) -> None:
    rows = spans(server, sent, "session_id, user_id, depth")
    assert [r["session_id"] for r in rows] == ["session-7"] * 4
    assert [r["user_id"] for r in rows] == ["alice"] * 4
    assert [r["depth"] for r in rows] == [0, 1, 1, 1]


def test_usage_that_an_agent_repeats_is_never_summed(server: ServerProcess, sent: dict[str, Any]) -> None:
    rows = spans(server, sent, "usage_source, input_tokens, cost_usd")
    assert [r["usage_source"] for r in rows] == ["rollup", "own", "own", None]
    assert rows[0]["cost_usd"] is None
    page = server.json(f"/api/v1/traces/{sent['trace_id']}")
    assert (page["input_tokens"], page["output_tokens"]) == (300, 30)
    listed = server.json("/api/v1/traces?limit=10")["traces"]
    assert next(t for t in listed if t["trace_id"] == sent["trace_id"])["input_tokens"] == 300


def test_content_is_read_back_byte_for_byte(server: ServerProcess, sent: dict[str, Any]) -> None:
    hashes = contents_of(server, sent["trace_id"], "input_messages")
    assert len(hashes) == 2 and hashes[0] == hashes[1], "stored once, named twice"
    assert text_of(server, hashes[0]) == json.dumps([{"role": "user", "content": sent["prompt"]}])


def test_a_trace_is_answered_whole_and_shown(server: ServerProcess, sent: dict[str, Any]) -> None:
    answer = server.json(f"/api/v1/traces/{sent['trace_id']}")
    assert answer["trace_id"] == sent["trace_id"] and answer["next"] is None
    assert [s["depth"] for s in answer["spans"]] == [0, 1, 1, 1]
    short = server.get(f"/traces/{sent['trace_id']}")
    assert short.status in {302, 303, 307, 308}
    page = server.get(short.headers["location"])
    assert page.status == 200
    for word in (b"invoke_agent support", b"execute_tool search", b"gpt-4o"):
        assert word in page.body


def test_logs_are_linked_to_their_span(server: ServerProcess, sent: dict[str, Any]) -> None:
    rows = server.wait_for(
        "SELECT body, severity_number, severity_text, span_id, scope, service FROM logs"
        f" WHERE trace_id = '{sent['trace_id']}'", lambda rows: len(rows) == 1,
    )  # fmt: skip
    tool = spans(server, sent, "span_id, name")[-1]
    assert rows[0]["body"] == "search timed out after 1500 ms"
    assert (rows[0]["severity_number"], rows[0]["severity_text"]) == (17, "ERROR")
    assert (rows[0]["span_id"], tool["name"]) == (tool["span_id"], "execute_tool search")
    assert (rows[0]["scope"], rows[0]["service"]) == ("app.tools", sent["service"])


def test_metrics_of_every_kind(server: ServerProcess, sent: dict[str, Any]) -> None:
    rows = server.wait_for(
        f"SELECT * FROM metrics WHERE service = '{sent['service']}' AND startsWith(name, 'app.')",
        lambda rows: len(rows) == 7,
    )
    by_name = {row["name"]: row for row in rows}
    counter = by_name["app.requests"]
    assert (counter["type"], counter["value_int"], counter["monotonic"], counter["temporality"]) == (
        "sum", 3, True, "cumulative",
    )  # fmt: skip
    assert counter["unit"] == "{request}"
    assert (by_name["app.queue"]["value_int"], by_name["app.queue"]["monotonic"]) == (-2, False)
    assert (by_name["app.temperature"]["type"], by_name["app.temperature"]["value"]) == ("gauge", 21.5)
    assert by_name["app.connections"]["value_int"] == 42
    assert by_name["app.bytes"]["temporality"] == "cumulative"
    latency = by_name["app.latency"]
    assert (latency["type"], latency["count"], latency["sum"]) == ("histogram", 1, 0.5)
    assert (latency["bounds"], latency["bucket_counts"]) == ([0.1, 1.0], [0, 1, 0])
    sizes = by_name["app.sizes"]
    assert (sizes["type"], sizes["count"], sizes["max"]) == ("exponential_histogram", 1, 17)
    assert sum(sizes["positive_counts"]) == 1 and sizes["scale"] is not None
