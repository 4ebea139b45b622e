"""The API on loopback without keys: reading, changing, and pages of other sites kept out."""

# ruff: noqa: E501 -- a request stays on its line

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from tests.api.api_server import OTHER_TRACE, SPANS, TRACE, Server, is_problem

ENDLESS = "select count() from numbers(1000000000000) where sipHash64(number) = 1"


def test_sql(server: Server) -> None:
    answer = server.sql(
        "select name, input_tokens as n from spans where name = {n:String}", project="alpha", n="step 3"
    )
    assert answer.status_code == 200
    body = answer.json()
    assert body.pop("elapsed_ms") > 0
    assert body == {
        "columns": ["name", "n"],
        "types": ["LowCardinality(String)", "Nullable(UInt64)"],
        "data": [{"name": "step 3", "n": 10}],
        "rows": 1,
        "truncated": False,
    }


def test_sql_without_parameters_on_the_default_project(server: Server) -> None:
    answer = server.ask("POST", "/sql", json={"query": "select count() as n from spans"})
    assert answer.json()["data"] == [{"n": 0}]


def test_sql_that_is_wrong(server: Server) -> None:
    problem = is_problem(server.sql("select nmae from spans"), 422)
    assert problem["detail"] == 'There is no column "nmae". Did you mean "name"?'
    assert problem["reason"] == "unknown"
    problem = is_problem(server.sql("select name\nfrom spans wher 1"), 422)
    assert (problem["reason"], problem["position"]) == ("syntax", 28)
    assert is_problem(server.sql("drop table spans"), 422)["reason"] == "refused"
    assert server.sql("select number from numbers(101)").json()["truncated"] is True


@pytest.mark.parametrize("trace_id", [TRACE, TRACE.upper()])
def test_a_trace_in_pages(server: Server, trace_id: str) -> None:
    seen: list[str] = []
    cursor = None
    for _ in range(20):
        params = {"project": "alpha", "limit": 7, **({"cursor": cursor} if cursor else {})}
        body = server.ask("GET", f"/traces/{trace_id}", params=params).json()
        assert body["trace_id"] == TRACE
        assert len(body["spans"]) <= 7
        seen += [span["span_id"] for span in body["spans"]]
        cursor = body["next"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == SPANS
    assert seen[0] == "0000000000000001"
    assert body["input_tokens"] == 10 * SPANS
    span = body["spans"][-1]
    assert span["attributes"] == {"n": 1}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z", span["start_time"])


def test_a_trace_without_details(server: Server) -> None:
    body = server.ask("GET", f"/traces/{TRACE}", params={"project": "alpha", "details": "false"}).json()
    assert "attributes" not in body["spans"][0]
    assert body["next"] is None


def test_traces(server: Server) -> None:
    body = server.ask("GET", "/traces", params={"project": "alpha"}).json()
    assert [t["trace_id"] for t in body["traces"]] == [TRACE]
    assert body["traces"][0]["spans"] == SPANS
    assert body["next"] is None
    late = server.ask("GET", "/traces", params={"project": "alpha", "since": "-1s"})
    assert late.json()["traces"] == []


@pytest.mark.parametrize(
    ("path", "params", "status"),
    [
        (f"/traces/{OTHER_TRACE}", {"project": "alpha"}, 404),
        ("/traces/not-hex", {}, 404),
        (f"/traces/{TRACE}", {"project": "nobody"}, 404),
        (f"/traces/{TRACE}", {"project": "../x"}, 404),
        (f"/traces/{TRACE}", {"project": "alpha", "cursor": "x"}, 422),
        (f"/traces/{TRACE}", {"project": "alpha", "limit": "0"}, 422),
        (f"/traces/{TRACE}", {"project": "alpha", "limit": "99999999999999999999"}, 422),
        (f"/traces/{TRACE}", {"project": "alpha", "details": "maybe"}, 422),
        ("/traces", {"cursor": "zzz"}, 422),
        ("/traces", {"since": "yesterday"}, 422),
        ("/traces", {"limit": "-1"}, 422),
    ],
)
def test_questions_that_cannot_be_answered(
    server: Server, path: str, params: dict[str, str], status: int
) -> None:
    is_problem(server.ask("GET", path, params=params), status)


def test_projects(server: Server) -> None:
    made = server.ask("POST", "/projects", json={"name": "gamma", "retention_days": 10})
    assert (made.status_code, made.json()["content_days"]) == (201, 10)
    assert "gamma" in [p["name"] for p in server.ask("GET", "/projects").json()["projects"]]
    is_problem(server.ask("POST", "/projects", json={"name": "gamma"}), 409)
    problem = is_problem(server.ask("POST", "/projects", json={"name": "No", "days": 1}), 422)
    assert [error["pointer"] for error in problem["errors"]] == ["/name", "/days"]
    is_problem(
        server.ask("POST", "/projects", json={"name": "d", "retention_days": 5, "content_days": 9}), 422
    )


def test_prices(server: Server) -> None:
    price = {
        "provider": "acme",
        "model": "m-*",
        "valid_from": "2026-11-01",
        "rates": {"input": 1.5, "output": 3},
    }
    made = server.ask(
        "PUT",
        "/prices",
        params={"project": "alpha"},
        json={"prices": [price, {**price, "every_project": True}]},
    )
    assert made.status_code == 200, made.text
    versions = [entry["version"] for entry in made.json()["prices"]]
    shown = server.ask("GET", "/prices", params={"project": "alpha"}).json()["prices"]
    assert [entry["version"] for entry in shown] == versions
    beta = server.ask("GET", "/prices", params={"project": "beta"}).json()["prices"]
    assert [entry["version"] for entry in beta] == versions[1:]
    is_problem(server.ask("DELETE", f"/prices/{versions[0]}", params={"project": "beta"}), 404)
    assert server.ask("DELETE", f"/prices/{versions[0]}", params={"project": "alpha"}).status_code == 200
    assert len(server.ask("GET", "/prices", params={"project": "alpha"}).json()["prices"]) == 1
    assert server.price_changes == [versions[-1], versions[-1] + 1]
    history = server.ask("GET", "/prices", params={"project": "alpha", "history": "true"}).json()["prices"]
    assert len(history) == 3
    for wrong in (
        {"rates": {"inptu": 1}},
        {"valid_from": "2026-13-01"},
        {"rates": {"input": -1}},
        {"valid_from": "soon"},
    ):
        is_problem(server.ask("PUT", "/prices", json={"prices": [price, {**price, **wrong}]}), 422)
    assert len(server.ask("GET", "/prices", params={"project": "default"}).json()["prices"]) == 1


def test_quarantine(server: Server) -> None:
    first, second = server.quarantine_one("alpha", b"\x01"), server.quarantine_one("beta", b"\x02")
    entries = server.ask("GET", "/quarantine", params={"project": "alpha"}).json()["entries"]
    assert [(e["id"], e["reason"], e["project"]) for e in entries] == [(first, "could not be read", "alpha")]
    for entry_id in (second, "nothing", "..%2f..%2fx"):
        is_problem(server.ask("POST", f"/quarantine/{entry_id}/discard", params={"project": "alpha"}), 404)
    assert server.ask("POST", f"/quarantine/{second}/discard", params={"project": "beta"}).json() == {
        "id": second
    }
    assert server.ask("POST", f"/quarantine/{first}/requeue", params={"project": "alpha"}).status_code == 200
    assert server.ask("GET", "/quarantine", params={"project": "alpha"}).json()["entries"] == []
    journal = server.services.journal
    assert journal
    segment = server.run(asyncio.to_thread(journal.take, 20))
    assert segment.id == first
    journal.finish(segment)


def test_backup_and_health(server: Server) -> None:
    assert server.ask("POST", "/backup", json={"directory": "/backups/1"}).json()["directory"] == "/backups/1"
    assert server.backups == ["/backups/1"]
    body = server.ask("GET", "/health").json()
    assert body["status"] == "ok"
    assert body["versions"]["engine"].startswith("2")
    assert body["journal"]["backlog_bytes"] == 0


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_pages_of_other_sites_change_nothing(server: Server, headers: dict[str, str]) -> None:
    is_problem(server.ask("POST", "/projects", json={"name": "evil"}, headers=headers), 403)
    assert server.services.control.project("evil") is None


def test_our_own_page_and_programs_may(server: Server) -> None:
    for headers in ({"Origin": "http://127.0.0.1:4318", "Sec-Fetch-Site": "same-origin"}, {}):
        assert server.ask("POST", "/sql", json={"query": "select 1"}, headers=headers).status_code == 200


def test_names_that_can_be_rebound_are_refused(server: Server) -> None:
    is_problem(server.ask("GET", "/projects", host="evil.example"), 403)
    is_problem(server.ask("POST", "/sql", json={"query": "select 1"}, host="evil.example:4318"), 403)


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
)
def test_bodies_are_json(server: Server, content_type: str) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    is_problem(server.ask("POST", "/sql", content=b'{"query": "select 1"}', headers=headers), 415)


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff", 400),
        (b'{"query": "select \\ud800"}', 400),
        (b"[" * 2000, 400),
        (b"[]", 422),
        (b"null", 422),
        (b"{}", 422),
        (b'{"query": 1}', 422),
        (b'{"query": ""}', 422),
        (b'{"query": "select 1", "format": "CSV"}', 422),
        (b'{"query": "select 1", "parameters": []}', 422),
        (b'{"query": "select {a:String}", "parameters": {"a": {"b": 1}}}', 422),
        (b'{"query": "select 1", "parameters": {"sightline_project": "beta"}}', 422),
        (b'{"query": "' + b"x" * 70_000 + b'"}', 422),
        (b" " * (2**20 + 1), 413),
    ],
)
def test_bodies_that_are_refused(server: Server, content: bytes, status: int) -> None:
    is_problem(
        server.ask("POST", "/sql", content=content, headers={"Content-Type": "application/json"}), status
    )


def test_a_client_that_leaves_ends_its_query(server: Server) -> None:
    async def running() -> int:
        rows = await server.services.store.fetch(
            "SELECT count() FROM system.processes WHERE query LIKE '%sipHash64(number) = 1%' AND query NOT LIKE '%processes%'"
        )
        return int(rows.scalar())

    async def until(count: int) -> None:
        async with asyncio.timeout(4):
            while await running() != count:
                pass

    async def leave() -> None:
        left = asyncio.Event()
        body = b'{"query": "%s"}' % ENDLESS.encode()
        messages: list[dict[str, Any]] = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> dict[str, Any]:
            if messages:
                return messages.pop()
            await left.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            """Nobody listens."""

        headers = [(b"host", b"127.0.0.1:4318"), (b"content-type", b"application/json")]
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/api/v1/sql",
            "raw_path": b"/api/v1/sql",
            "query_string": b"",
            "headers": headers,
            "server": ("127.0.0.1", 4318),
            "scheme": "http",
        }
        request = asyncio.create_task(server.app(scope, receive, send))  # type: ignore[arg-type]
        await until(1)
        left.set()
        await request
        await until(0)

    server.run(leave())
