"""What the SDK's functions write is in the server's columns: a program of a user and a real server."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from typing import Any
from urllib.parse import quote

import pytest

from sightline.testing import ServerProcess, environment

pytestmark = pytest.mark.flow

PROGRAM = """
import asyncio, json
import sightline

sightline.init(service="shop", release="1.2.3", environment="test", metrics=True)

@sightline.retrieval(source="handbook", top_k=3)
def search(query):
    return [{"id": "d7", "score": 0.92, "content": "Refunds take 14 days."}]

@sightline.tool
def weather(city):
    return {"celsius": 4}

@sightline.trace(kind="chain")
async def answer(question):
    search(question)
    weather("Oslo")
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": question}]
    async with sightline.llm_call("gpt-4o-mini", "openai", messages, temperature=0.2) as call:
        async def chunks():
            for word in ("Within ", "14 days."):
                yield {"id": "r1", "model": "gpt-4o-mini-2024", "choices": [{"delta": {"content": word}}]}
            yield {"choices": [{"delta": {}, "finish_reason": "stop"}],
                   "usage": {"prompt_tokens": 20, "completion_tokens": 5,
                             "prompt_tokens_details": {"cached_tokens": 8}}}
        said = ""
        async for chunk in call.stream(chunks()):
            said += chunk["choices"][0]["delta"].get("content", "")
    return said

async def main():
    with sightline.context(user="u-7", session="s-1", team="support", feature="search", version="7",
                           tags=["beta", "eu"], plan="pro"):
        with sightline.span("request", kind="agent") as span:
            assert await answer("How long do refunds take?") == "Within 14 days."
            sightline.feedback("up", comment="quick")
            span.score("grounded", 0.9, method="judge-3")
        try:
            with sightline.span("fails"):
                raise TimeoutError("no answer in 3 s")
        except TimeoutError:
            pass
    sightline.score("resolved", True, session="s-1")
    print(json.dumps({"trace_id": span.trace_id, "span_id": span.span_id, "url": span.url}))

asyncio.run(main())
assert sightline.flush(30)
"""

COLUMNS = """
SELECT name, kind, operation, provider, request_model, response_model, input_tokens, output_tokens,
       cache_read_tokens, streaming, time_to_first_token_ns > 0 AS ttft, user_id, session_id, team, feature,
       version, tags, finish_reasons, tool_name, retrieval_query, retrieval_top_k, retrieval_data_source_id,
       status, error_type,
       toString(attributes.plan) AS plan, toString(attributes.`sightline.stream.chunks`) AS chunks
FROM spans WHERE service = 'shop' ORDER BY name
"""


@pytest.fixture(scope="module")
def sent(server: ServerProcess) -> dict[str, Any]:
    made = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(PROGRAM)],
        env=environment({"SIGHTLINE_URL": server.url}),
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    server.wait_for("SELECT count() AS n FROM spans WHERE service = 'shop'", lambda rows: rows == [{"n": 6}])
    found: dict[str, Any] = json.loads(made.stdout)
    return found


def test_spans_are_in_their_columns(server: ServerProcess, sent: dict[str, Any]) -> None:
    rows = {row["name"]: row for row in server.sql(COLUMNS)}
    assert {name: row["kind"] for name, row in rows.items()} == {
        "answer": "chain",
        "chat gpt-4o-mini": "llm",
        "execute_tool weather": "tool",
        "fails": "other",
        "request": "agent",
        "retrieval handbook": "retriever",
    }
    for row in rows.values():
        who = {
            key: row[key] for key in ("user_id", "session_id", "team", "feature", "version", "tags", "plan")
        }
        assert who == {
            "user_id": "u-7",
            "session_id": "s-1",
            "team": "support",
            "feature": "search",
            "version": "7",
            "tags": ["beta", "eu"],
            "plan": "pro",
        }
    call = rows["chat gpt-4o-mini"]
    expected = {
        "operation": "chat",
        "provider": "openai",
        "request_model": "gpt-4o-mini",
        "response_model": "gpt-4o-mini-2024",
        "input_tokens": 20,
        "output_tokens": 5,
        "cache_read_tokens": 8,
        "finish_reasons": ["stop"],
        "chunks": "3",
    }
    assert {key: call[key] for key in expected} == expected
    assert call["streaming"] and call["ttft"]
    assert rows["execute_tool weather"]["tool_name"] == "weather"
    looked_up = rows["retrieval handbook"]
    assert looked_up["retrieval_query"] == "How long do refunds take?"
    assert (looked_up["retrieval_top_k"], looked_up["retrieval_data_source_id"]) == (3, "handbook")
    assert (rows["fails"]["status"], rows["fails"]["error_type"]) == ("error", "TimeoutError")


def test_content_is_read(server: ServerProcess, sent: dict[str, Any]) -> None:
    assert sent["url"] == f"{server.url}/traces/{sent['trace_id']}"
    there = server.get(f"/traces/{sent['trace_id']}").headers["location"]
    [span] = server.sql("SELECT span_id FROM spans WHERE name = 'chat gpt-4o-mini' AND service = 'shop'")
    page = server.get(f"{there}?span={span['span_id']}").body.decode()
    for text in ("Be brief.", "How long do refunds take?", "Within 14 days."):
        assert text in page


def test_scores_land(server: ServerProcess, sent: dict[str, Any]) -> None:
    where = "FROM scores WHERE service = 'shop'"
    server.wait_for(f"SELECT count() AS n {where}", lambda rows: rows == [{"n": 3}])
    found = {row["name"]: row for row in server.sql(f"SELECT * {where}")}
    helpful, grounded, resolved = found["helpful"], found["grounded"], found["resolved"]
    assert (helpful["value"], helpful["source"], helpful["author"]) == (1, "end_user", "u-7")
    assert (helpful["trace_id"], helpful["target"], helpful["comment"]) == (
        sent["trace_id"],
        "trace",
        "quick",
    )
    assert (grounded["value"], grounded["span_id"], grounded["method"]) == (0.9, sent["span_id"], "judge-3")
    assert (resolved["session_id"], resolved["target"], resolved["data_type"]) == (
        "s-1",
        "session",
        "boolean",
    )


def test_figures_of_streams_can_be_asked_for(server: ServerProcess, sent: dict[str, Any]) -> None:
    """As the guide says it."""
    asked = "/api/v1/spans?q=" + quote("service:shop attr.sightline.stream.chunks>2")
    assert [span["name"] for span in server.json(asked)["spans"]] == ["chat gpt-4o-mini"]
    [row] = server.sql(
        "SELECT attributes.sightline.stream.stalls AS n FROM spans WHERE name = 'chat gpt-4o-mini'"
    )
    assert int(row["n"]) == 0


def test_metrics_of_genai_operations_arrive(server: ServerProcess, sent: dict[str, Any]) -> None:
    """Exported as the program ends: durations of agent, retrieval, tool and request; tokens of that."""
    where = "FROM metrics WHERE service = 'shop' AND name LIKE 'gen_ai.client.%'"
    rows = server.wait_for(f"SELECT name, sum(count) AS n, sum(sum) AS total {where} GROUP BY name", len)
    found = {row["name"]: (int(row["n"]), row["total"]) for row in rows}
    assert found["gen_ai.client.operation.duration"][0] == 4
    assert found["gen_ai.client.token.usage"] == (2, 25)
    assert found["gen_ai.client.operation.time_to_first_chunk"][0] == 1
