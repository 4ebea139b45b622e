"""Sessions and users of sampled traces over HTTP: what is stored, and beside it what that stands for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.api.api_server import Server, serve
from tests.digest.engine import Engine
from tests.digest.otlp import START
from tests.query import sampled_story as story

TIMES = {"since": str(START - 1), "until": str(START + 3600 * 10**9)}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("sampled_api")
    with serve(folder) as server:
        reader = server.services.store.writer()
        engine = Engine(folder, server.services.store, reader)
        for name in ("sampled", "whole"):
            server.services.control.create_project(name)
        everything = story.population(3, 300)
        story.store(engine, "sampled", story.kept(everything, 0.1))
        story.store(engine, "whole", [(one, 1.0, "") for one in everything[:20]])
        engine.close()
        reader.close()
        yield server


@pytest.mark.parametrize(("path", "counted"), [("sessions", "turn_count"), ("users", "requests")])
def test_lists_say_what_they_stand_for(told: Server, path: str, counted: str) -> None:
    answer = told.ask("GET", f"/{path}", params={"project": "sampled", "limit": "200", **TIMES})
    assert answer.status_code == 200, answer.text
    rows = answer.json()[path]
    kept = [one for one in rows if one["estimates"][counted]["value"] != one[counted]]
    assert kept and len(kept) < len(rows)  # errors and slow ones stand for themselves
    for one in rows:
        found = one["estimates"]
        assert found[counted]["stored"] == one[counted] <= found[counted]["value"]
        assert (found[counted]["margin"] > 0) == (one in kept)
        assert {"errors" if path == "sessions" else "failed", "input_tokens", "cost_usd"} < found.keys()
        assert found["cost_usd"].keys() == {"value", "stored", "margin", "at_least"}
    if path == "users":
        assert all(one["estimates"]["sessions"]["at_least"] for one in rows)
        assert all(one["estimates"]["duration_p95_ns"]["margin"] is None for one in rows)


def test_one_session_says_it(told: Server) -> None:
    listed = told.ask("GET", "/sessions", params={"project": "sampled", "sort": "-turns", **TIMES}).json()
    first = listed["sessions"][0]
    one = told.ask("GET", f"/sessions/{first['session_id']}", params={"project": "sampled"}).json()
    assert one["estimates"]["turn_count"] == first["estimates"]["turn_count"]
    assert sum(turn["weight"] for turn in one["turns"]) == one["estimates"]["turn_count"]["value"]
    assert {turn["sample_reason"] for turn in one["turns"]} <= {"ratio", "error", "slow"}


def test_without_sampling_there_is_nothing_to_say(told: Server) -> None:
    for path in ("sessions", "users"):
        rows = told.ask("GET", f"/{path}", params={"project": "whole", **TIMES}).json()[path]
        assert rows and all(one["estimates"] is None for one in rows)
