"""The scrape of a project over HTTP: its text, its settings, and whose it is."""

from __future__ import annotations

import pytest
from tests.api.api_server import Server, is_problem, make_key

from sightline.records.access import Scope


def test_text_in_the_form_that_is_asked_for(server: Server) -> None:
    plain = server.ask("GET", "/scrape", params={"project": "alpha"})
    assert plain.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert plain.text.endswith("# EOF\n")
    assert "# TYPE sightline_ai_requests counter" in plain.text
    older = server.ask("GET", "/scrape", params={"project": "alpha"}, headers={"Accept": "text/plain"})
    assert older.headers["content-type"].startswith("text/plain")
    assert "# TYPE sightline_ai_requests_total counter" in older.text


def test_settings_are_checked_and_kept_for_the_project(server: Server) -> None:
    default = server.ask("GET", "/scrape/settings", params={"project": "alpha"}).json()
    assert default == {
        "labels": ["kind", "provider", "model", "service", "team", "environment"],
        "kinds": ["llm", "embedding", "reranker"],
        "sets": 200,
    }
    chosen = {"labels": ["team", "model"], "kinds": ["llm", "agent"], "sets": 50}
    assert server.ask("PUT", "/scrape/settings", params={"project": "alpha"}, json=chosen).json() == chosen
    assert server.ask("GET", "/scrape/settings", params={"project": "alpha"}).json() == chosen
    assert server.ask("GET", "/scrape/settings", params={"project": "beta"}).json() == default


@pytest.mark.parametrize(
    "body", [{"labels": ["user_id"]}, {"labels": ["model", "model"]}, {"labels": [], "sets": 0}, {"sets": 5}]
)
def test_what_cannot_be_chosen(server: Server, body: dict[str, object]) -> None:
    is_problem(server.ask("PUT", "/scrape/settings", json=body), 422)


def test_a_key_scrapes_its_own_project(server: Server) -> None:
    """Last: from the first key on, one is needed."""
    key = make_key(server, "beta", Scope.READ)
    is_problem(server.ask("GET", "/scrape"), 401)
    assert server.ask("GET", "/scrape", key=key).status_code == 200
    is_problem(server.ask("GET", "/scrape", key=key, params={"project": "alpha"}), 403)
    is_problem(server.ask("PUT", "/scrape/settings", key=key, json={"labels": ["model"]}), 403)
