"""Two projects and their keys: nothing of one is seen with a key of the other, whatever route is asked."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sightline.operations.client import Answer
from sightline.testing import ServerProcess, sightline, span, traces_request, wait_until

pytestmark = pytest.mark.flow
SECRET = "marmalade-of-beta"


@dataclass
class Two:
    """A server with projects alpha and beta; beta has one trace full of a secret word."""

    server: ServerProcess
    admin: str
    keys: dict[tuple[str, str], str]
    ids: dict[tuple[str, str], str]
    trace: str
    span: str


def make_key(server: ServerProcess, project: str, scope: str, admin: str) -> tuple[str, str]:
    body = json.dumps({"scope": scope, "label": f"{project} {scope}"}).encode()
    answer = server.post(f"/api/v1/keys?project={project}", body, "application/json", admin)
    assert answer.status == 201, answer.body
    made = answer.json()
    return made["key"], made["id"]


def first_key(data: Path, project: str) -> str:
    """An admin key, made on the command line beside the running server."""
    words = ("keys", "create", "--project", project, "--scope", "admin", "--json")
    done = sightline(*words, env={"SIGHTLINE_DATA": str(data)})
    assert done.returncode == 0, done.stderr
    return str(json.loads(done.stdout)["key"])


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    data = tmp_path_factory.mktemp("isolation") / "data"
    with ServerProcess(data) as server:
        for name in ("alpha", "beta"):
            made = server.post("/api/v1/projects", json.dumps({"name": name}).encode(), "application/json")
            assert made.status == 201, made.body
        admin = first_key(data, "default")  # closes what was open to the loopback
        keys: dict[tuple[str, str], str] = {}
        ids: dict[tuple[str, str], str] = {}
        for project in ("alpha", "beta"):
            keys[project, "admin"] = own = first_key(data, project)
            for scope in ("ingest", "read"):
                keys[project, scope], ids[project, scope] = make_key(server, project, scope, own)
        one = span(
            name=SECRET, attributes={"session.id": SECRET, "gen_ai.input.messages": SECRET, SECRET: SECRET}
        )
        body = traces_request([one], service=SECRET).SerializeToString()
        assert server.post("/v1/traces", body, key=keys["beta", "ingest"]).status == 200
        server.settled()
        rows = server.sql("SELECT count() AS n FROM spans", keys["beta", "read"])
        assert rows[0]["n"] == 1
        yield Two(server, admin, keys, ids, one.trace_id.hex(), one.span_id.hex())


def ask(two: Two, method: str, path: str, key: str, body: dict[str, Any] | None = None) -> Answer:
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    return two.server.client.request(
        method, path, json.dumps(body or {}).encode() if method != "GET" else None, headers
    )


def every_operation(two: Two) -> list[tuple[str, str, dict[str, Any]]]:
    document = two.server.json("/api/v1/openapi.json")
    found = [
        (method.upper(), path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in {"get", "post", "put", "delete", "patch"}
    ]
    assert len(found) > 12
    return found


def test_no_route_of_the_api_shows_another_project(two: Two) -> None:
    fill = {"trace_id": two.trace, "key_id": two.ids["beta", "read"], "version": "1", "entry_id": "x"}
    bodies = {"/sql": {"query": "SELECT * FROM spans"}, "/projects": {"name": "gamma"}}
    reading = two.keys["alpha", "read"]
    asked = 0
    for method, path, _ in every_operation(two):
        if method == "POST" and path.endswith("/backup"):
            continue
        address = re.sub(r"\{(\w+)\}", lambda m: fill.get(m[1], "x"), path)
        address = address if address.startswith("/api/") else f"/api/v1{address}"
        body = next((b for end, b in bodies.items() if path.endswith(end)), {})
        for query in ("", "?project=beta", "?project=beta&history=true&limit=100"):
            answer = ask(two, method, address + query, reading, body)
            asked += 1
            assert SECRET.encode() not in answer.body, f"{method} {address}{query}: {answer.body[:500]!r}"
            if two.trace not in address:
                assert two.trace.encode() not in answer.body, f"{method} {address}{query}"
            assert two.ids["beta", "read"].encode() not in answer.body or "/keys/" in address, (
                f"{method} {address}"
            )
            assert answer.status != 500, f"{method} {address}{query}: {answer.body!r}"
            if "project=beta" in query and answer.status == 200:
                assert b'"beta"' not in answer.body, f"{method} {address}{query}: {answer.body[:300]!r}"
    assert asked > 30
    assert two.server.sql("SELECT count() AS n FROM spans", two.keys["beta", "read"])[0]["n"] == 1, (
        "still there"
    )


@pytest.mark.parametrize("whose", ["read", "ingest", "admin"])
def test_no_page_shows_another_project(two: Two, whose: str) -> None:
    pages = [
        "/", f"/traces/{two.trace}", "/p/beta", "/p/beta/", "/p/beta/traces", f"/p/beta/traces/{two.trace}",
        f"/p/beta/traces/{two.trace}?span={two.span}", f"/p/alpha/traces/{two.trace}", "/p/alpha/traces",
        "/p/beta/first", "/p/beta/traces?q=", "/metrics", "/readyz", "/healthz",
    ]  # fmt: skip
    for page in pages:
        for part in ({}, {"hx-request": "true"}):
            headers = {"authorization": f"Bearer {two.keys['alpha', whose]}", **part}
            answer = two.server.client.request("GET", page, headers=headers)
            assert SECRET.encode() not in answer.body, f"{page} {part}"
            assert answer.status < 500, f"{page}: {answer.status}"
            if page.startswith("/p/beta"):
                assert answer.status in {401, 403, 404}, f"{page}: {answer.status}"


@pytest.mark.parametrize("path", ["/p/beta/traces", "/api/v1/traces", "/api/v1/keys", "/api/v1/quarantine"])
def test_without_a_key_nothing_is_shown(two: Two, path: str) -> None:
    answer = two.server.get(path)
    assert answer.status in {401, 403} and SECRET.encode() not in answer.body


def test_an_ingest_key_cannot_read_and_a_read_key_cannot_send(two: Two) -> None:
    body = traces_request([span()]).SerializeToString()
    assert two.server.post("/v1/traces", body, key=two.keys["beta", "read"]).status == 403
    assert two.server.post("/v1/traces", body, key="nonsense").status == 401
    assert two.server.post("/v1/traces", body).status == 401
    for path in ("/api/v1/traces", f"/api/v1/traces/{two.trace}", "/api/v1/projects", "/api/v1/quarantine"):
        assert two.server.get(path, two.keys["beta", "ingest"]).status == 403, path
    sql = json.dumps({"query": "SELECT 1 AS one"}).encode()
    assert two.server.post("/api/v1/sql", sql, "application/json", two.keys["beta", "ingest"]).status == 403
    for scope in ("read", "ingest"):
        assert ask(two, "POST", "/api/v1/keys", two.keys["beta", scope], {"scope": "read"}).status == 403


def test_a_revoked_key_is_refused_soon(two: Two) -> None:
    secret, key_id = make_key(two.server, "alpha", "read", two.keys["alpha", "admin"])
    assert two.server.get("/api/v1/traces", secret).status == 200
    assert ask(two, "DELETE", f"/api/v1/keys/{key_id}", two.keys["beta", "admin"]).status in {403, 404}
    assert two.server.get("/api/v1/traces", secret).status == 200, "beta's admin has no say in alpha"
    assert ask(two, "DELETE", f"/api/v1/keys/{key_id}", two.keys["alpha", "admin"]).status == 200
    wait_until(lambda: two.server.get("/api/v1/traces", secret).status == 401, "the key to be refused", 5)


def test_what_was_sent_over_grpc_needs_a_key_too(two: Two, tmp_path: Path) -> None:
    import grpc

    with grpc.insecure_channel(f"127.0.0.1:{two.server.grpc_port}") as channel:
        export = channel.unary_unary("/opentelemetry.proto.collector.trace.v1.TraceService/Export")
        body = traces_request([span()]).SerializeToString()
        for metadata, code in (
            ((), grpc.StatusCode.UNAUTHENTICATED),
            ((("authorization", f"Bearer {two.keys['alpha', 'read']}"),), grpc.StatusCode.PERMISSION_DENIED),
        ):
            with pytest.raises(grpc.RpcError) as refused:
                export(body, metadata=metadata, timeout=10)
            assert refused.value.code() is code
        assert (
            export(body, metadata=(("authorization", f"Bearer {two.keys['alpha', 'ingest']}"),), timeout=10)
            == b""
        )
