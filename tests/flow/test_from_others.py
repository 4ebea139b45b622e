"""Coming from another product: its own SDK, from PyPI, with the lines changed that its page says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flow_guides import follow

from sightline.testing import ServerProcess, wait_until

pytestmark = [pytest.mark.flow, pytest.mark.timeout(600)]
SAID = "You can send it back within 30 days."
PACKAGES = {
    "langfuse": ("langfuse>=5,<6",),
    "langsmith": ("langsmith[otel]>=0.15,<1",),
    "phoenix": ("arize-phoenix-otel>=0.17,<1", "openinference-instrumentation"),
}
# Of each: the spans by name with their kinds, and whether its SDK says what the call used.
KEPT: dict[str, tuple[dict[str, str], bool]] = {
    "langfuse": ({"answer": "other", "ask_model": "llm", "retrieve": "retriever"}, True),
    "langsmith": ({"answer": "chain", "ask_model": "llm", "retrieve": "retriever"}, True),
    "phoenix": ({"answer": "chain", "gpt-4o": "llm", "look_up": "tool"}, False),
}


def spans_of(server: ServerProcess, since: int, count: int) -> dict[str, dict[str, Any]]:
    """The spans stored since then, by name, once there are so many."""
    rows = server.wait_for(
        f"SELECT * FROM spans WHERE toUnixTimestamp64Nano(received_at) > {since}", lambda r: len(r) >= count
    )
    server.settled()
    return {row["name"]: row for row in rows}


def last_received(server: ServerProcess) -> int:
    """When the latest span came, in ns."""
    rows = server.sql("SELECT toString(max(toUnixTimestamp64Nano(received_at))) AS at FROM spans")
    return int(rows[0]["at"])


@pytest.mark.parametrize("whose", KEPT)
def test_its_own_sdk_sends_here(server: ServerProcess, tmp_path: Path, whose: str) -> None:
    kinds, tells_usage = KEPT[whose]
    since = last_received(server)
    done = follow(f"docs/guide/from-{whose}.md", "keep.py", server, tmp_path, PACKAGES[whose])
    assert SAID in done.stdout
    spans = spans_of(server, since, len(kinds))
    assert {name: row["kind"] for name, row in spans.items()} == kinds
    call = next(row for row in spans.values() if row["kind"] == "llm")
    assert (call["user_id"], call["session_id"], call["tags"]) == ("alice", "chat-1", ["beta"])
    if tells_usage:
        assert (call["input_tokens"], call["output_tokens"], call["usage_source"]) == (180, 12, "own")
        assert call["cost_usd"] > 0
    assert {row["trace_id"] for row in spans.values()} == {call["trace_id"]}
    if whose == "langfuse":
        found = wait_until(
            lambda: server.json(f"/api/v1/scores?trace_id={call['trace_id']}")["scores"], "its score is one"
        )
        assert [(s["name"], s["value"], s["comment"], s["target"]) for s in found] == [
            ("helpful", 1.0, "quick", "trace")
        ]


@pytest.mark.parametrize("whose", KEPT)
def test_the_lines_that_change(server: ServerProcess, tmp_path: Path, whose: str) -> None:
    since = last_received(server)
    done = follow(f"docs/guide/from-{whose}.md", "change.py", server, tmp_path, ("sightline",))
    assert SAID in done.stdout
    spans = spans_of(server, since, 3)
    call = next(row for row in spans.values() if row["kind"] == "llm")
    assert (call["request_model"], call["input_tokens"], call["output_tokens"]) == ("gpt-4o", 180, 12)
    assert (call["user_id"], call["session_id"], call["tags"]) == ("alice", "chat-1", ["beta"])
    assert {row["trace_id"] for row in spans.values()} == {call["trace_id"]}
