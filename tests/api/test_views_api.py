"""Saved views over the API."""

from __future__ import annotations

from tests.api.api_server import Server

VIEW = {"name": "slow", "page": "traces", "query": "q=llm&sort=-duration"}


def test_views_are_saved_listed_and_deleted(server: Server) -> None:
    made = server.ask("POST", "/views", json=VIEW)
    assert made.status_code == 201, made.text
    assert {**VIEW, "shared": True}.items() <= made.json().items()
    listed = server.ask("GET", "/views").json()["views"]
    assert [view["id"] for view in listed] == [made.json()["id"]]
    gone = server.ask("DELETE", f"/views/{made.json()['id']}")
    assert gone.status_code == 200
    assert server.ask("GET", "/views").json() == {"views": []}
    assert server.ask("DELETE", f"/views/{made.json()['id']}").status_code == 404


def test_what_is_no_view_is_refused(server: Server) -> None:
    for change in ({"page": "../x"}, {"name": ""}, {"query": "q=a\nb"}, {"more": 1}):
        assert server.ask("POST", "/views", json={**VIEW, **change}).status_code == 422, change
