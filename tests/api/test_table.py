"""The table of operations against the routes, the document, and every failure that all of them share."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.routing import Route
from tests.api.api_server import TRACE, Server, is_problem, make_key

from sightline.api.moments import iso
from sightline.api.openapi import document, plain
from sightline.api.operations import PREFIX, Operation
from sightline.api.problems import Problem
from sightline.api.schemas import check
from sightline.api.table import OPERATIONS, TOPICS
from sightline.records.access import Scope

METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}
ids = [f"{o.method} {o.path}" for o in OPERATIONS]


def address(operation: Operation) -> str:
    """A concrete address of an operation."""
    return re.sub(r"\{\w+\}", TRACE, plain(operation.path))


@pytest.fixture(scope="module")
def keys(server: Server) -> dict[str, str]:
    """Keys of alpha by scope, and an admin key of default. From the first one on, everyone needs one."""
    made = {scope.value: make_key(server, "alpha", scope) for scope in Scope}
    return {**made, "operator": make_key(server, "default", Scope.ADMIN)}


def test_every_route_is_declared_and_documented(server: Server) -> None:
    routed = {r.path for r in server.app.routes if isinstance(r, Route)} - {"/api", "/api/{rest:path}"}
    # Another protocol, which no OpenAPI describes; tests/api/test_clickhouse.py is about it.
    routed = {plain(path) for path in routed if not path.startswith("/clickhouse")}
    documented = document(TOPICS)["paths"]
    assert routed == set(documented)
    declared = {(PREFIX + plain(o.path), o.method.lower()) for o in OPERATIONS} | {
        (f"{PREFIX}/openapi.json", "get")
    }
    assert declared == {(path, method) for path, item in documented.items() for method in item}
    assert len(declared) == len(OPERATIONS) + 1


def test_the_document_is_whole(server: Server) -> None:
    found = server.ask("GET", "/openapi.json").json()
    assert found == document(TOPICS) | {"paths": found["paths"]}
    names = [item["operationId"] for methods in found["paths"].values() for item in methods.values()]
    assert len(names) == len(set(names))
    for path, methods in found["paths"].items():
        for item in methods.values():
            in_path = {p["name"] for p in item.get("parameters", []) if p["in"] == "path"}
            assert in_path == set(re.findall(r"\{(\w+)\}", path))
            assert item["summary"]
            assert item["responses"]


@pytest.mark.parametrize("operation", OPERATIONS, ids=ids)
def test_a_key_is_needed(server: Server, keys: dict[str, str], operation: Operation) -> None:
    response = server.ask(operation.method, address(operation), json={})
    is_problem(response, 401)
    assert response.headers["www-authenticate"].startswith("Bearer")
    is_problem(server.ask(operation.method, address(operation), json={}, key="sl_read_nonsense"), 401)


@pytest.mark.parametrize("operation", OPERATIONS, ids=ids)
def test_the_scope_is_needed(server: Server, keys: dict[str, str], operation: Operation) -> None:
    lesser = ["read"] if operation.scope is Scope.INGEST else ["ingest"]
    for scope in (*lesser, "public"):
        is_problem(server.ask(operation.method, address(operation), json={}, key=keys[scope]), 403)
    if operation.scope is Scope.ADMIN:
        is_problem(server.ask(operation.method, address(operation), json={}, key=keys["read"]), 403)


@pytest.mark.parametrize("operation", OPERATIONS, ids=ids)
def test_a_key_reaches_its_project_only(server: Server, keys: dict[str, str], operation: Operation) -> None:
    for key in (keys["admin"], keys["read"], keys["operator"]):
        problem = is_problem(
            server.ask(operation.method, address(operation), json={}, key=key, params={"project": "beta"}),
            403,
        )
        assert "secret" not in str(problem)


@pytest.mark.parametrize("operation", OPERATIONS, ids=ids)
def test_methods_that_are_not_there(server: Server, keys: dict[str, str], operation: Operation) -> None:
    there = {o.method for o in OPERATIONS if o.path == operation.path}
    for method in METHODS - there:
        response = server.ask(method, address(operation), key=keys["admin"])
        is_problem(response, 405)
        assert set(response.headers["allow"].split(", ")) >= there
    assert server.ask("OPTIONS", address(operation)).status_code == 204


@pytest.mark.parametrize("operation", [o for o in OPERATIONS if o.body is not None], ids=lambda o: o.path)
def test_bodies(server: Server, keys: dict[str, str], operation: Operation) -> None:
    key, path = keys["operator"], address(operation)
    is_problem(server.ask(operation.method, path, key=key, content=b"{}"), 415)
    json_type = {"Content-Type": "application/json"}
    is_problem(server.ask(operation.method, path, key=key, content=b"{", headers=json_type), 400)
    problem = is_problem(server.ask(operation.method, path, key=key, json={"nonsense": 1}), 422)
    assert {"pointer": "/nonsense"}.items() <= problem["errors"][-1].items()
    is_problem(server.ask(operation.method, path, key=key, json=[]), 422)


@pytest.mark.parametrize(
    "path",
    [
        "/api",
        "/api/",
        "/api/v1",
        "/api/v1/",
        "/api/v1/nothing",
        "/api/v2/sql",
        "/api/v1/sql/x",
        "/api/v1/traces/",
    ],
)
def test_addresses_that_are_not_there(server: Server, path: str) -> None:
    for method in ("GET", "POST"):
        is_problem(server.ask(method, path), 404)


def test_keys_of_one_project(server: Server, keys: dict[str, str]) -> None:
    made = server.ask("POST", "/keys", key=keys["admin"], json={"scope": "read", "label": "ci"}).json()
    assert server.sql("select 1", key=made["key"]).status_code == 200
    listed = server.ask("GET", "/keys", key=keys["admin"])
    assert made["id"] in [key["id"] for key in listed.json()["keys"]]
    assert {key["project"] for key in listed.json()["keys"]} == {"alpha"}
    assert made["key"] not in listed.text
    beta = server.services.control.create_key("beta", Scope.READ, "")[0]
    is_problem(server.ask("DELETE", f"/keys/{beta.id}", key=keys["admin"]), 404)
    assert server.ask("DELETE", f"/keys/{made['id']}", key=keys["admin"]).json()["revoked_at"]
    is_problem(server.sql("select 1", key=made["key"]), 401)


def test_a_read_key_sees_nothing_of_another_project(server: Server, keys: dict[str, str]) -> None:
    key = keys["read"]
    names = server.sql("select groupUniqArray(project) as p, count() as n from spans", key=key).json()["data"]
    assert names == [{"p": ["alpha"], "n": 25}]
    assert [p["name"] for p in server.ask("GET", "/projects", key=key).json()["projects"]] == ["alpha"]
    for path in ("/traces", f"/traces/{TRACE}", "/prices", "/quarantine", "/projects", "/health"):
        response = server.ask("GET", path, key=key)
        assert response.status_code == 200
        assert "beta" not in response.text


def test_what_concerns_every_project_needs_the_operator(server: Server, keys: dict[str, str]) -> None:
    price = {
        "provider": "a",
        "model": "b",
        "valid_from": "2026-11-01",
        "rates": {"input": 1},
        "every_project": True,
    }
    for method, path, body in (
        ("POST", "/projects", {"name": "mine"}),
        ("POST", "/backup", {"directory": "/backups/x"}),
        ("PUT", "/prices", {"prices": [price]}),
    ):
        is_problem(server.ask(method, path, json=body, key=keys["admin"]), 403)
        assert server.ask(method, path, json=body, key=keys["operator"]).status_code in {200, 201}
    assert "beta" in server.ask("GET", "/projects", key=keys["operator"]).text


@given(st.integers(0, 2**63 - 1))
def test_times_keep_every_nanosecond(nanoseconds: int) -> None:
    text = iso(nanoseconds)
    assert text.endswith(f"{nanoseconds % 10**9:09d}Z")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(JSON)
def test_any_body_is_taken_or_refused_with_a_reason(value: object) -> None:
    for operation in OPERATIONS:
        if operation.body is not None:
            try:
                check(value, operation.body)
            except Problem as problem:
                assert problem.status == 422
                assert problem.more["errors"]
            else:
                assert isinstance(value, dict)


def test_a_public_key_is_made_changed_and_told(server: Server, keys: dict[str, str]) -> None:
    admin = keys["admin"]
    is_problem(server.ask("POST", "/keys", key=admin, json={"scope": "public"}), 422)
    is_problem(
        server.ask("POST", "/keys", key=admin, json={"scope": "read", "origins": ["https://a.example"]}), 422
    )
    body = {"scope": "public", "label": "page", "origins": ["https://A.example/"], "items": 9}
    made = server.ask("POST", "/keys", key=admin, json=body).json()
    assert made["key"].startswith("sl_p_")
    assert made["public"]["origins"] == ["https://a.example"]
    path = f"/keys/{made['id']}"
    changed = server.ask("PATCH", path, key=admin, json={"origins": ["*"], "requests": 5}).json()
    assert changed["public"] == made["public"] | {"origins": ["*"], "requests": 5}
    is_problem(server.ask("PATCH", path, key=admin, json={"requests": 0}), 422)
    is_problem(server.ask("PATCH", path, key=admin, json={"origins": ["nothing"]}), 422)
    is_problem(server.ask("PATCH", path, key=keys["read"], json={"label": "x"}), 403)
    is_problem(server.ask("PATCH", "/keys/nothing", key=admin, json={"label": "x"}), 404)
    listed = server.ask("GET", "/keys", key=admin).json()["keys"]
    assert next(one for one in listed if one["id"] == made["id"])["key"] == made["key"]
    assert not [one for one in listed if one["scope"] != "public" and "key" in one]
    is_problem(server.ask("GET", "/traces", key=made["key"], headers={"origin": "https://a.example"}), 403)
    told = server.ask("GET", "/health", key=keys["read"]).json()["public_keys"]
    mine = next(one for one in told if one["id"] == made["id"])
    assert (mine["refused"], mine["last_reason"], mine["last_origin"], mine["label"]) == (
        {"scope": 1},
        "scope",
        "https://a.example",
        "page",
    )
    theirs, _ = server.services.control.create_key("beta", "public", origins=["https://a.example"])
    server.services.gate.public.accepted(theirs.id)
    assert theirs.id not in server.ask("GET", "/health", key=keys["read"]).text
