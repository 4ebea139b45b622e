"""ClickHouse's HTTP protocol: who may ask, in which words, and what a failure says."""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx
import pytest
from tests.api.api_server import Server, make_key

from sightline.operations.selftrace import project_of
from sightline.records.access import Scope

NAMES = "SELECT name FROM spans ORDER BY start_time LIMIT 2"


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def ask(
    server: Server, query: str = "", *, method: str = "POST", path: str = "/clickhouse", **more: object
) -> httpx.Response:
    return server.ask(method, path, content=query or None, **more)


def refused(response: httpx.Response, status: int, code: int, name: str) -> str:
    """The sentence of a failure, checked for its shape."""
    assert response.status_code == status, response.text
    assert response.headers["x-clickhouse-exception-code"] == str(code)
    assert response.headers["cache-control"] == "no-store"
    start, end = f"Code: {code}. DB::Exception: ", f" ({name})\n"
    assert response.text.startswith(start)
    assert response.text.endswith(end)
    return response.text.removeprefix(start).removesuffix(end)


def test_without_keys_the_user_is_the_project(server: Server) -> None:
    for more in (
        {"headers": basic("alpha", "")},
        {"headers": {"X-ClickHouse-User": "alpha"}},
        {"params": {"user": "alpha"}},
        {"params": {"project": "alpha"}},
    ):
        assert ask(server, NAMES, **more).text == "step 0\nstep 1\n", more
    assert ask(server, NAMES, params={"user": "beta"}).text == "beta secret\n"
    assert ask(server, NAMES).text == ""
    said = refused(ask(server, NAMES, params={"user": "aplha"}), 403, 192, "UNKNOWN_USER")
    assert "no project 'aplha'" in said


def test_pages_of_other_sites_are_refused(server: Server) -> None:
    refused(ask(server, NAMES, headers={"Origin": "https://evil.example"}), 403, 516, "AUTHENTICATION_FAILED")
    refused(ask(server, NAMES, host="evil.example"), 403, 516, "AUTHENTICATION_FAILED")


def test_the_query_may_stand_in_the_address_in_the_body_or_in_both(server: Server) -> None:
    user = {"user": "alpha"}
    assert ask(server, method="GET", params={**user, "query": NAMES}).text == "step 0\nstep 1\n"
    assert (
        ask(server, "FROM spans ORDER BY start_time LIMIT 1", params={**user, "query": "SELECT name"}).text
        == "step 0\n"
    )
    form = {"query": (None, "SELECT {x:String}"), "param_x": (None, "a\\tb")}
    assert (
        server.ask("POST", "/clickhouse/", files=form, params={"default_format": "TabSeparatedRaw"}).text
        == "a\tb\n"
    )
    assert ask(server, "SELECT {x:UInt8} + 1", params={"param_x": "41"}).text == "42\n"
    head = ask(server, method="HEAD", params={"query": "SELECT 1"})
    assert (head.status_code, head.content) == (200, b"")


def test_formats_and_headers(server: Server) -> None:
    answer = ask(
        server, "SELECT 1 AS x FORMAT JSONEachRow", params={"query_id": "mine", "default_format": "CSV"}
    )
    assert answer.json() == {"x": 1}
    assert answer.headers["x-clickhouse-format"] == "JSONEachRow"
    assert answer.headers["x-clickhouse-query-id"] == "mine"
    assert answer.headers["x-clickhouse-timezone"] == "UTC"
    assert answer.headers["content-type"] == "application/x-ndjson; charset=UTF-8"
    assert json.loads(answer.headers["x-clickhouse-summary"]) == {}
    assert ask(server, "SELECT 1 AS x", params={"default_format": "JSONCompact"}).json()["data"] == [[1]]
    assert ask(server, "SELECT 1 AS x", headers={"X-ClickHouse-Format": "CSVWithNames"}).text == '"x"\n1\n'
    assert "Did you mean" in refused(ask(server, "SELECT 1 FORMAT Parkett"), 400, 73, "UNKNOWN_FORMAT")


def test_compression_is_what_the_client_asks_for_twice(server: Server) -> None:
    query, on = "SELECT number FROM numbers(10000)", {"enable_http_compression": "1"}
    for name in ("gzip", "zstd"):
        answer = ask(server, query, params=on, headers={"Accept-Encoding": name})
        assert answer.headers["content-encoding"] == name
        if name == "gzip":
            assert answer.text.count("\n") == 10_000
    assert "content-encoding" not in ask(server, query, headers={"Accept-Encoding": "gzip"}).headers
    assert (
        "content-encoding"
        not in ask(server, query, params=on, headers={"Accept-Encoding": "br, gzip;q=0"}).headers
    )
    said = refused(ask(server, query, params={"compress": "1"}), 400, 1, "UNSUPPORTED_METHOD")
    assert "turn the driver's compression off" in said
    packed = ask(server, "", headers={"Content-Encoding": "gzip"}, params={"query": "SELECT 1"})
    refused(packed, 400, 1, "UNSUPPORTED_METHOD")


def test_settings_shape_the_answer_and_nothing_else(server: Server) -> None:
    query = "SELECT number FROM numbers(10)"
    assert ask(server, query, params={"limit": "2"}).text == "0\n1\n"
    asked = {
        "limit": "x",
        "readonly": "0",
        "max_execution_time": "0",
        "session_id": "s",
        "additional_table_filters": "{}",
        "allow_ddl": "1",
    }
    assert ask(server, query, params=asked).text.count("\n") == 10
    answer = ask(server, "SELECT toDateTime(0), timezone()", params={"session_timezone": "Europe/Berlin"})
    assert answer.text == "1970-01-01 01:00:00\tUTC\n"
    assert answer.headers["x-clickhouse-timezone"] == "Europe/Berlin"
    for key in ("readonly", "additional_table_filters", "max_memory_usage"):
        refused(ask(server, f"SELECT 1 SETTINGS {key} = 0"), 403, 497, "ACCESS_DENIED")


def test_failures_have_clickhouses_words(server: Server) -> None:
    assert "line 1, column 7" in refused(ask(server, "SELEC 1"), 400, 62, "SYNTAX_ERROR")
    assert 'Did you mean "name"' in refused(
        ask(server, "SELECT nmae FROM spans"), 404, 47, "UNKNOWN_IDENTIFIER"
    )
    assert "Tables:" in refused(ask(server, "SELECT 1 FROM nothing"), 404, 60, "UNKNOWN_TABLE")
    refused(ask(server, "DROP TABLE spans"), 403, 497, "ACCESS_DENIED")
    refused(ask(server, "INSERT INTO spans VALUES (1)"), 403, 497, "ACCESS_DENIED")
    refused(ask(server, "SELECT * FROM file('/etc/passwd')"), 403, 497, "ACCESS_DENIED")
    refused(ask(server, "SELECT {x:String}"), 400, 456, "UNKNOWN_QUERY_PARAMETER")
    refused(ask(server, "SELECT 1", params={"database": "other"}), 404, 81, "UNKNOWN_DATABASE")
    refused(ask(server, "x" * 70_000), 403, 497, "ACCESS_DENIED")
    refused(ask(server, "x" * 2_000_000), 413, 307, "TOO_MANY_BYTES")
    refused(ask(server, "SELECT '\udcff'".encode("utf-8", "surrogateescape")), 400, 62, "SYNTAX_ERROR")
    refused(ask(server, "SELECT 1", method="DELETE"), 405, 1, "UNSUPPORTED_METHOD")


def test_whose_request_it_was_is_left_for_self_tracing(server: Server) -> None:
    seen: list[object] = []

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await server.app(scope, receive, send)
        seen.append(project_of(scope))

    async def go() -> None:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:4318") as client:
            await client.post("/clickhouse", content="SELECT 1", params={"user": "beta"})
            await client.get("/api/v1/health")

    server.run(go())
    assert seen == ["beta", "default"]


def test_ping_and_an_empty_question(server: Server) -> None:
    assert ask(server, method="GET", path="/clickhouse/ping").text == "Ok.\n"
    assert ask(server, method="GET").text == "Ok.\n"
    assert ask(server, "  ").text == "Ok.\n"


# From here on there are keys: what stands above was without.


@pytest.fixture(scope="module")
def locked(server: Server) -> tuple[Server, str, str]:
    """The same server with keys for reading alpha and beta."""
    return server, make_key(server, "alpha", Scope.READ), make_key(server, "beta", Scope.READ)


def test_a_key_decides_the_project_wherever_it_stands(locked: tuple[Server, str, str]) -> None:
    server, alpha, beta = locked
    for key, first in ((alpha, "step 0\n"), (beta, "beta secret\n")):
        for more in (
            {"headers": basic("default", key)},
            {"headers": basic("alpha", key)},
            {"headers": basic("beta", key)},
            {"headers": {"X-ClickHouse-User": "anything", "X-ClickHouse-Key": key}},
            {"headers": {"Authorization": f"Bearer {key}"}},
            {"headers": {"x-api-key": key}},
            {"params": {"user": "alpha", "password": key}},
            {"params": {"project": "alpha"}, "headers": basic("x", key)},
        ):
            assert ask(server, f"{NAMES}", **more).text.startswith(first), more


def test_no_key_a_wrong_one_and_one_that_may_not_read(locked: tuple[Server, str, str]) -> None:
    server, _, _ = locked
    refused(ask(server, NAMES), 401, 516, "AUTHENTICATION_FAILED")
    refused(ask(server, NAMES, headers=basic("alpha", "sl_no")), 401, 516, "AUTHENTICATION_FAILED")
    refused(ask(server, NAMES, params={"user": "alpha"}), 401, 516, "AUTHENTICATION_FAILED")
    refused(ask(server, NAMES, headers={"Authorization": "Basic %%%"}), 401, 516, "AUTHENTICATION_FAILED")
    ingest = make_key(server, "alpha", Scope.INGEST)
    refused(ask(server, NAMES, headers=basic("alpha", ingest)), 403, 516, "AUTHENTICATION_FAILED")
