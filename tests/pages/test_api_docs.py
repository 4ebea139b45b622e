"""The API as pages: every operation has one, its form leads to the API, and its examples are allowed."""

from __future__ import annotations

import json
import re
import shlex
from urllib.parse import parse_qs, urlsplit

import pytest
from pages_elements import Elements
from starlette.testclient import TestClient

from sightline.api.operations import Operation
from sightline.api.schemas import check
from sightline.api.table import OPERATIONS, TOPICS
from sightline.pages.api_docs import address_of, curl, topics, view
from sightline.pages.api_schemas import example, shapes

names = [operation.handler.__name__ for operation in OPERATIONS]


def named(name: str) -> Operation:
    return next(o for o in OPERATIONS if o.handler.__name__ == name)


def test_the_list_has_every_operation_once() -> None:
    links = [link for topic in topics("list_traces") for link in topic.operations]
    assert [link.href for link in links] == [f"/docs/{name}" for name in names]
    assert [link.href for link in links if link.current] == ["/docs/list_traces"]
    assert [topic.name for topic in topics()] == list(TOPICS)


@pytest.mark.parametrize("operation", OPERATIONS, ids=names)
def test_every_operation_has_a_page(client: TestClient, operation: Operation) -> None:
    answer = client.get(f"/docs/{operation.handler.__name__}")
    assert answer.status_code == 200
    elements = Elements(answer.text)
    assert operation.summary in elements.text
    fields = {a.get("name") for tag, a in elements.found if tag in {"input", "select"}}
    if operation.method == "GET":
        assert {p.name for p in operation.parameters} <= fields
        assert f"/docs/{operation.handler.__name__}/try" in answer.text
    else:
        assert "/try" not in answer.text
    assert not [
        a for tag, a in elements.found if tag == "script" and not str(a.get("src")).startswith("/static/")
    ]


def test_a_form_leads_to_the_api(client: TestClient) -> None:
    answer = client.get(
        "/docs/list_traces/try", params={"q": "kind:llm cost>1", "limit": "5", "since": "", "x": "y"}
    )
    assert answer.status_code == 303
    assert answer.headers["location"] == "/api/v1/traces?q=kind%3Allm+cost%3E1&limit=5"
    inside = client.get("/docs/one_trace/try", params={"trace_id": "../../login?x=#"})
    assert inside.headers["location"] == "/api/v1/traces/..%2F..%2Flogin%3Fx%3D%23"
    assert client.get("/docs/one_trace/try").status_code == 404
    assert client.get("/docs/create_key/try").status_code == 404
    assert client.get("/docs/nothing").status_code == 404


@pytest.mark.parametrize("operation", OPERATIONS, ids=names)
def test_commands_are_whole_and_their_bodies_allowed(operation: Operation) -> None:
    words = shlex.split(curl(operation, "http://localhost:4318", True))
    assert words[0] == "curl" and "Authorization: Bearer $SIGHTLINE_KEY" in words
    [url] = [word for word in words if word.startswith("http")]
    assert "{" not in url
    assert set(parse_qs(urlsplit(url).query)) <= set(operation.known)
    assert (operation.body is not None) is ("--json" in words)
    if operation.body is not None:
        check(json.loads(words[words.index("--json") + 1]), operation.body)
        check(example(operation.body), operation.body)


def test_schemas_line_by_line() -> None:
    lines = list(shapes(named("series").answer))
    found = {(line.depth, line.name): line for line in lines}
    assert found[0, "rows"].kind == "list of objects"
    assert found[1, "figures"].kind == "object of objects by name"
    assert found[2, "unknown"].kind == "integer" and "sum leaves out" in found[2, "unknown"].says
    assert found[0, "since"].kind == "time" and found[0, "target"].kind == "one of spans, traces"
    assert found[0, "environment"].kind == "string or null"


def test_who_may(client: TestClient) -> None:
    assert "admin key of project default" in view(named("create_project"), "http://x", True).who
    assert "a reader" in view(named("one_facet"), "http://x", True).who
    assert address_of(named("one_facet"), {"name": "attr.a/b"}) == "/api/v1/facets/attr.a%2Fb"
    page = client.get("/docs").text
    assert re.search(r"Nobody needs a key here yet", page)
