"""The guides, case by case, as someone follows them who has never seen Sightline: an empty folder, the
packages that the page installs and no others, its files, its commands; and what is then to be seen."""

from __future__ import annotations

import json
import re
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flow_guides import follow, python_with, read_guide, write_files

from sightline.testing import ServerProcess, free_port, wait_until

pytestmark = [pytest.mark.flow, pytest.mark.timeout(600)]


def spans_of(server: ServerProcess, service: str, count: int) -> list[dict[str, Any]]:
    """The spans of a service by start, once there are so many; what is late has settled."""
    where = f"FROM spans WHERE service = '{service}'"
    server.wait_for(f"SELECT count() AS n {where}", lambda rows: rows[0]["n"] >= count)
    server.settled()
    return server.sql(f"SELECT * {where} ORDER BY start_time, depth")


def test_a_script(server: ServerProcess, tmp_path: Path) -> None:
    done = follow("docs/guide/case-script.md", "ask.py", server, tmp_path)
    assert "return it within 30 days" in done.stdout
    root, retrieval, call = spans_of(server, "shop-faq", 3)
    assert [root["kind"], retrieval["kind"], call["kind"]] == ["chain", "retriever", "llm"]
    assert (call["request_model"], call["input_tokens"], call["output_tokens"]) == ("my-local-7b", 41, 8)
    assert call["streaming"] and call["time_to_first_token_ns"] > 0
    assert (call["cost_usd"], call["cost_source"]) == (None, "unknown"), "a model without a price"
    assert retrieval["retrieval_query"] == "Can I return it?"
    assert {(s["user_id"], s["session_id"], s["feature"]) for s in (root, retrieval, call)} == {
        ("alice", "chat-1", "faq")
    }


def test_an_agent(server: ServerProcess, tmp_path: Path) -> None:
    done = follow("docs/guide/case-agent.md", "agent.py", server, tmp_path)
    assert "It was shipped on Monday." in done.stdout
    agent, first, tool, second = spans_of(server, "order-agent", 4)
    assert [s["kind"] for s in (agent, first, tool, second)] == ["agent", "llm", "tool", "llm"]
    assert {s["parent_span_id"] for s in (first, tool, second)} == {agent["span_id"]}
    assert {s["usage_source"] for s in (first, second)} == {"own"}
    assert {s["team"] for s in (agent, first, tool, second)} == {"support"}
    head = next(s for s in (agent, first, tool, second) if s["trace_head"])
    assert (head["trace_input_tokens"], head["trace_output_tokens"]) == (120, 30), "each call counts once"


def test_a_batch(server: ServerProcess, tmp_path: Path) -> None:
    done = follow("docs/guide/case-batch.md", "batch.py", server, tmp_path)
    assert "980 tagged" in done.stdout
    spans = spans_of(server, "nightly-tagging", 40)
    roots = [s for s in spans if s["is_root"]]
    failed = [s for s in roots if s["status"] == "error"]
    kept = [s for s in roots if s["status"] != "error"]
    assert len(failed) == 20 and {s["sample_weight"] for s in failed} <= {None, 1.0}
    assert 50 <= len(kept) <= 160, "about a tenth of 980"
    assert {round(s["sample_weight"], 6) for s in kept} == {10.0}
    assert {s["team"] for s in spans} == {"back-office"}, "the context reaches the threads of the pool"


def test_a_notebook(server: ServerProcess, tmp_path: Path) -> None:
    follow("docs/guide/case-notebook.md", "notebook.py", server, tmp_path)
    names = {s["name"] for s in spans_of(server, "notebook", 1)}
    assert "answer" in names


@contextmanager
def application(page: str, server: ServerProcess, folder: Path) -> Iterator[str]:
    """The web application of a guide, served by uvicorn; its address."""
    python = python_with(read_guide(page).packages)
    environment = write_files(page, server, folder)
    port = free_port()
    log = folder / "uvicorn.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(python), "-m", "uvicorn", "app:app", "--port", str(port)],
            cwd=folder, env=environment, stdout=output, stderr=output,
        )  # fmt: skip
    try:
        wait_until(lambda: "running on" in log.read_text(), "the application runs")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def ask(address: str, body: dict[str, Any]) -> tuple[str, str]:
    """What is answered, and the trace it names."""
    request = urllib.request.Request(address, json.dumps(body).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read().decode(), answer.headers.get("x-trace-id", "")


def test_a_web_application(server: ServerProcess, tmp_path: Path) -> None:
    with application("docs/guide/case-fastapi.md", server, tmp_path) as address:
        question = {"user": "alice", "session": "chat-1", "text": "Can I return it?"}
        said, trace = ask(f"{address}/chat", question)
        assert said.strip().endswith(".") and re.fullmatch(r"[0-9a-f]{32}", trace)
        ask(f"{address}/thumb", {"trace": trace, "up": True, "comment": "quick"})
        # The framework's own spans of the request may be there before the request itself has ended.
        query = f"SELECT * FROM spans WHERE trace_id = '{trace}'"
        server.wait_for(query, lambda rows: {s["kind"] for s in rows if s["is_root"]} == {"http"})
        server.settled()
        spans = server.sql(query)
        [request] = [s for s in spans if s["is_root"]]
        [call] = [s for s in spans if s["kind"] == "llm"]
        assert request["http_route"] == "/chat" and request["http_status_code"] == 200
        assert request["time_to_first_token_ns"] > 0
        assert (call["kind"], call["request_model"], call["output_tokens"]) == ("llm", "gpt-4o-mini", 8)
        assert {s["user_id"] for s in spans} == {"alice"}
        found = wait_until(
            lambda: server.json(f"/api/v1/scores?trace_id={trace}")["scores"], "the thumb is a score"
        )
        assert [(s["name"], s["value"], s["comment"], s["source"]) for s in found] == [
            ("helpful", 1.0, "quick", "end_user")
        ]
