"""Sessions and users over HTTP: what was said, cursors, hostile ids, and nothing of another project."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from tests.api.api_server import Server, is_problem, make_key, serve

from sightline.records.access import Scope

sys.path.insert(0, str(Path(__file__).parents[1] / "pages"))
import pages_sessions as story
import pages_story

SINCE = str(pages_story.NOW - 24 * story.HOUR)
UNTIL = str(pages_story.NOW)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve(tmp_path_factory.mktemp("sessions")) as server:
        writer = server.services.store.writer()
        rows = pages_story.Told()
        story.everything(rows, 120)
        pages_story.store(rows, writer)
        writer.close()
        for name in (story.PROJECT, story.OTHER):
            server.services.control.create_project(name)
        yield server


def get(server: Server, path: str, project: str = story.PROJECT, **params: str) -> Any:
    times = {} if path.startswith("/sessions/") else {"since": SINCE, "until": UNTIL}
    answer = server.ask("GET", path, params={"project": project, **times, **params})
    assert answer.status_code == 200, answer.text
    return answer.json()


def walked(server: Server, path: str, key: str, **params: str) -> list[Any]:
    found, cursor = [], {}
    while True:
        body = get(server, path, **params, **cursor)
        found += body[key]
        if body["next"] is None:
            return found
        cursor = {"cursor": body["next"]}


def test_sessions_with_their_figures(told: Server) -> None:
    body = get(told, "/sessions", q="user:u_anna")
    assert (body["target"], body["filter"], body["sort"]) == ("sessions", "user:u_anna", "-last")
    [found] = body["sessions"]
    assert (found["session_id"], found["turn_count"], found["errors"]) == (story.CHAT, 4, 2)
    assert (found["unknown_cost"], found["users"]) == (1, {"some": ["u_anna"], "count": 1})
    assert found["question"] == story.SAID[0][0]


def test_lists_can_be_walked(told: Server) -> None:
    for path, key, sort in (("/sessions", "sessions", "-cost"), ("/users", "users", "-last")):
        whole = get(told, path, sort=sort, limit="200")[key]
        pages = walked(told, path, key, sort=sort, limit="4")
        named = [one for one in pages if one.get("user_id", "") is not None]
        assert named == [one for one in whole if one.get("user_id", "") is not None]


def test_one_session_says_what_was_asked_and_answered(told: Server) -> None:
    body = get(told, f"/sessions/{story.CHAT}")
    assert [t["asked"][0]["parts"][0]["text"] for t in body["turns"]] == [q for q, _ in story.SAID]
    assert body["turns"][2]["answered"] == [] and "429" in body["turns"][2]["failure"]
    assert body["turns"][1]["tool_runs"][0]["result"]["text"] == '{"left": 2}'
    assert "asked" not in get(told, f"/sessions/{story.CHAT}", texts="false")["turns"][0]
    turns = walked(told, f"/sessions/{story.LONG}", "turns", limit="50")
    assert len(turns) == 120 and len({t["trace_id"] for t in turns}) == 120


def test_hostile_ids_are_found(told: Server) -> None:
    for name in story.HOSTILE:
        if name == "..":  # no client keeps it in a path; its page is found by the list
            continue
        body = get(told, f"/sessions/{quote(name, safe='')}")
        assert (body["session_id"], body["turn_count"]) == (name, 1)


def test_users_and_those_without_one(told: Server) -> None:
    body = get(told, "/users", limit="200")
    unset = [u for u in body["users"] if u["user_id"] is None]
    assert [u["requests"] for u in unset] == [120]
    [anna] = get(told, "/users", q="user:u_anna")["users"]
    assert (anna["requests"], anna["failed"], anna["duration_p95_ns"]) == (4, 1, 2 * 10**9)


@pytest.mark.parametrize("path", ["/sessions", "/users"])
def test_refusals_say_why(told: Server, path: str) -> None:
    asked = {"project": story.PROJECT}
    assert is_problem(told.ask("GET", path, params={**asked, "q": "usr:x"}), 422)["position"] == 0
    assert "cost" in is_problem(told.ask("GET", path, params={**asked, "sort": "-price"}), 422)["detail"]
    is_problem(told.ask("GET", path, params={**asked, "cursor": "x"}), 422)
    is_problem(told.ask("GET", path, params={**asked, "limit": "0"}), 422)


def test_a_key_reads_its_own_project_alone(told: Server) -> None:
    key = make_key(told, story.OTHER, Scope.READ)
    mine = told.ask("GET", f"/sessions/{story.CHAT}", key=key).json()
    assert mine["turn_count"] == 1 and "SECRET" in mine["question"]
    is_problem(told.ask("GET", f"/sessions/{story.LONG}", key=key), 404)
    is_problem(told.ask("GET", f"/sessions/{story.LONG}", key=key, params={"project": story.PROJECT}), 403)
    for path in ("/sessions", "/users"):
        is_problem(told.ask("GET", path, key=key, params={"project": story.PROJECT}), 403)
        found = told.ask("GET", path, key=key, params={"since": SINCE, "until": UNTIL}).json()
        assert len(found[path.strip("/")]) == 1
