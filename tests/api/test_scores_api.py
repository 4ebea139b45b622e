"""Scores over the API: given through the journal, listed from the store, refused where they cannot be."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from tests.api.api_server import TRACE, Server, is_problem, make_key

from sightline.catalog.conventions import conventions
from sightline.catalog.prices import PriceBook
from sightline.digest.policy import Policy
from sightline.digest.signals import SignalDigests
from sightline.records.access import Scope
from sightline.records.ingest import Signal

SPAN = "0000000000000002"


@pytest.fixture(scope="module")
def digested(server: Server) -> Iterator[Any]:
    """A function that digests what is in the journal."""
    make = SignalDigests(
        server.services.store, conventions(), PriceBook, lambda _: Policy(30, 30), server.services.clock
    )
    digests = make()

    def digest() -> None:
        journal = server.services.journal
        assert journal

        async def go() -> None:
            segment = await asyncio.to_thread(journal.take, 20)
            assert segment is not None and segment.signal is Signal.LOGS
            digests[segment.signal].digest(segment.path, segment.records, segment.id)
            journal.finish(segment)

        server.run(go())

    yield digest
    make.close()


def give(server: Server, **body: Any) -> Any:
    return server.ask("POST", "/scores", json=body, params={"project": "alpha"})


def listed(server: Server, **asked: str) -> list[dict[str, Any]]:
    answer = server.ask("GET", "/scores", params={"project": "alpha", **asked})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["scores"]
    return found


def test_scores_are_given_replaced_listed_and_taken_back(server: Server, digested: Any) -> None:
    one = give(
        server, name="helpful", trace_id=TRACE.upper(), span_id=SPAN, value=True, comment="yes", id="a",
        source="end_user", author="u1", method="thumbs", time="2026-01-02T03:04:05Z", environment="prod",
    )  # fmt: skip
    assert one.status_code == 202, one.text
    assert one.json() == {"scores": [{"id": "a", "name": "helpful"}]}
    several = [
        {"name": "groundedness", "trace_id": TRACE, "value": 0.25},
        {"name": "verdict", "session_id": "s 1", "label": "wrong"},
        {"name": "better", "trace_id": TRACE, "correction": "42"},
    ]
    assert len(give(server, scores=several).json()["scores"]) == 3
    digested()
    found = {score["name"]: score for score in listed(server)}
    assert found["helpful"] == {
        "id": "a", "name": "helpful", "target": "span", "trace_id": TRACE, "span_id": SPAN,
        "session_id": None, "response_id": None, "data_type": "boolean", "value": 1.0, "label": None,
        "comment": "yes", "correction": None, "source": "end_user", "author": "u1",
        "method": "thumbs", "environment": "prod",
        "service": None, "time": "2026-01-02T03:04:05.000000000Z", "outside": None,
    }  # fmt: skip
    assert found["groundedness"]["data_type"] == "numeric"
    assert (found["verdict"]["target"], found["verdict"]["session_id"]) == ("session", "s 1")
    assert found["better"]["data_type"] == "correction"
    assert [s["name"] for s in listed(server, trace_id=TRACE, source="end_user")] == ["helpful"]
    assert {s["name"] for s in listed(server, until="2026-01-03")} == {"helpful"}
    assert {s["name"] for s in listed(server, has_text="true")} == {"helpful", "better"}
    assert {s["name"] for s in listed(server, environment="prod")} == {"helpful"}
    for says, names in (("yes", {"helpful"}), ("label:wrong", {"verdict"}), ("..<0.5", {"groundedness"})):
        assert {s["name"] for s in listed(server, says=says)} == names
    assert listed(server, says="0.5..") == [] and len(listed(server, says="words")) == 1
    is_problem(server.ask("GET", "/scores", params={"has_text": "perhaps"}), 422)
    is_problem(server.ask("GET", "/scores", params={"says": "perhaps"}), 422)
    assert server.ask("GET", "/scores", params={"project": "beta"}).json() == {"scores": [], "next": None}
    # The same id replaces; then it is taken back.
    assert give(server, name="helpful", trace_id=TRACE, span_id=SPAN, value=False, id="a").status_code == 202
    digested()
    assert [s["value"] for s in listed(server, name="helpful")] == [0.0]
    assert server.ask("DELETE", "/scores/a", params={"project": "alpha"}).status_code == 202
    digested()
    assert listed(server, name="helpful") == []


def test_pages_go_on_where_they_ended(server: Server, digested: Any) -> None:
    many = [{"name": "paged", "trace_id": TRACE, "value": n, "time": "2026-01-01"} for n in range(7)]
    give(server, scores=many)
    digested()
    seen: list[float] = []
    cursor = ""
    while True:
        asked = {"project": "alpha", "name": "paged", "limit": "3"} | ({"cursor": cursor} if cursor else {})
        page = server.ask("GET", "/scores", params=asked).json()
        seen += [score["value"] for score in page["scores"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert sorted(seen) == list(range(7))
    is_problem(server.ask("GET", "/scores", params={"cursor": "x"}), 422)


def test_definitions_refuse_here_and_mark_there(server: Server, digested: Any) -> None:
    give(server, name="stars", trace_id=TRACE, value=9)
    digested()
    path, alpha = "/score-definitions/stars", {"project": "alpha"}
    body = {"data_type": "numeric", "min": 1, "max": 5, "direction": "higher"}
    made = server.ask("PUT", path, json=body, params=alpha)
    assert made.status_code == 200, made.text
    assert {**body, "name": "stars", "archived": False}.items() <= made.json().items()
    assert [
        d["name"] for d in server.ask("GET", "/score-definitions", params=alpha).json()["definitions"]
    ] == ["stars"]
    (old,) = listed(server, name="stars")
    assert old["outside"] == "stars is 9; expected at most 5"
    problem = is_problem(give(server, scores=[{"name": "stars", "trace_id": TRACE, "value": 6}]), 422)
    assert "scores.0: stars is 6; expected at most 5" in problem["detail"]
    assert problem["errors"] == [
        {"pointer": "/scores/0", "detail": problem["detail"].removeprefix("scores.0: ")}
    ]
    is_problem(server.ask("PUT", path, json={"data_type": "boolean", "min": 1}, params=alpha), 422)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"name": "x", "value": 1}, "nothing is said to be scored"),
        ({"name": "x", "value": 1, "trace_id": TRACE, "session_id": "s"}, "trace_id and session_id"),
        ({"name": "x", "value": 1, "span_id": SPAN, "session_id": "s"}, "span_id stands alone"),
        ({"name": "x", "trace_id": TRACE}, "x says nothing"),
        ({"name": " ", "value": 1, "trace_id": TRACE}, "name is missing"),
        ({"name": "x", "value": 1, "trace_id": "12"}, "expected text like"),
        ({"name": "x", "value": "1", "trace_id": TRACE}, "expected number or boolean or null, got string"),
        ({"name": "x", "value": 1, "trace_id": TRACE, "time": "soon"}, "time is 'soon'"),
        ({"name": "x", "value": 0.5, "trace_id": TRACE, "data_type": "boolean"}, "true or false is expected"),
        ({"name": "x", "value": 1, "trace_id": TRACE, "data_type": "comment"}, "a comment is expected"),
        ({"scores": []}, "0 scores were given"),
        ({"scores": [{}], "name": "x"}, "is missing"),
        ({"scores": [{"name": "x", "value": 1, "trace_id": TRACE}], "name": "x"}, "scores stands alone"),
        ({}, "name is missing"),
    ],
)
def test_what_is_refused(server: Server, body: dict[str, Any], sentence: str) -> None:
    assert sentence in is_problem(give(server, **body), 422)["detail"]


def test_who_may(server: Server) -> None:
    keys = {scope: make_key(server, "alpha", scope) for scope in Scope}
    body = {"name": "x", "value": 1, "trace_id": TRACE}
    assert server.ask("POST", "/scores", json=body, key=keys[Scope.INGEST]).status_code == 202
    assert server.ask("POST", "/scores", json=body, key=keys[Scope.ADMIN]).status_code == 202
    is_problem(server.ask("POST", "/scores", json=body, key=keys[Scope.READ]), 403)
    is_problem(server.ask("DELETE", "/scores/a", key=keys[Scope.READ]), 403)
    is_problem(server.ask("GET", "/scores", key=keys[Scope.INGEST]), 403)
    is_problem(
        server.ask("POST", "/scores", json=body, key=keys[Scope.ADMIN], params={"project": "beta"}), 403
    )
