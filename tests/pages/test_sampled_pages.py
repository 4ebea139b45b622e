"""Pages of a project whose traces were sampled: estimates with intervals, and marks on what was kept."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from pages_parts import Parts
from starlette.applications import Starlette
from starlette.testclient import TestClient
from tests.digest.engine import opened
from tests.digest.otlp import START
from tests.query import sampled_story as story

from sightline.pages.figures import shown
from sightline.pages.routes import not_found, routes
from sightline.query.measures import Unit
from sightline.records.figures import Figure


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with opened(tmp_path_factory.mktemp("sampled")) as engine:
        story.store(engine, "default", story.kept(story.population(1, 1500), 0.1))
        parts = Parts(engine.store, clock=lambda: START + 60 * 10**9)
        with TestClient(Starlette(routes=[*routes(parts), not_found(parts)])) as found:
            yield found


def page(client: TestClient, path: str, **query: str) -> str:
    answer = client.get(path, params={"range": "1h", "parts": "all", **query})
    assert answer.status_code == 200, answer.text[:500]
    return answer.text


def test_the_overview_says_how_sure_it_is(client: TestClient) -> None:
    text = page(client, "/p/default/")
    assert re.search(r'<span class="pm"> ± [0-9,]+</span>', text)
    assert "95 % interval" in text and "stored" in text
    assert "≥ " in text  # different users


def test_a_list_says_what_it_shows_and_what_that_stands_for(client: TestClient) -> None:
    text = page(client, "/p/default/traces")
    found = re.search(r"from ([0-9,]+) stored", text)
    assert found
    rows = page(client, "/p/default/traces", q="sampling.reason:ratio")
    assert 'title="stands for 10 traces; kept because: ratio">×10<' in rows
    kept = page(client, "/p/default/traces", q="sampling.reason:error", view="spans")
    assert 'title="kept because: error"' in kept and "×10" not in kept


def test_explore_says_it_too(client: TestClient) -> None:
    text = page(client, "/p/default/explore", by="model", measure="count,cost")
    assert " ± " in text


@pytest.mark.parametrize(
    ("figure", "unit", "text", "margin"),
    [
        (Figure(12_400, 0, 1240, 310.0), Unit.COUNT, "12,400", "310"),
        (Figure(12_400, 0, 1240, 30.0), Unit.COUNT, "12,400", ""),
        (Figure(0.04, 0, 1240, 0.007), Unit.RATIO, "4.0 %", "0.7"),
        (Figure(40, 0, 40, 0.0), Unit.COUNT, "40", ""),
        (Figure(7), Unit.COUNT, "7", ""),
    ],
)
def test_a_margin_is_shown_where_it_matters(figure: Figure, unit: Unit, text: str, margin: str) -> None:
    found = shown(figure, unit)
    assert (found.text, found.margin) == (text, margin)
    assert ("estimated from" in found.why) == (figure.stored is not None)


def test_sessions_and_users_say_what_they_stand_for(client: TestClient) -> None:
    users = page(client, "/p/default/users")
    assert re.search(
        r'title="95 % interval [0-9,]+ to [0-9,]+, estimated from [0-9]+ stored">≈ [0-9]+', users
    )
    assert "≥ 2</span>" in users  # different sessions
    assert re.search(r"≈ \$", users)
    sessions = page(client, "/p/default/sessions", sort="-turns")
    assert re.search(r'estimated from [0-9]+ stored">≈ [0-9,]+', sessions)


def test_one_session_and_one_user_say_it(client: TestClient) -> None:
    [(session, user)] = re.findall(
        r'href="/p/default/sessions/(u[0-9]+-[01])\?[^"]*".*?href="/p/default/users/(u[0-9]+)',
        page(client, "/p/default/sessions", sort="-turns"),
        re.DOTALL,
    )[:1]
    text = page(client, f"/p/default/sessions/{session}")
    assert re.search(r"[0-9]+ ± [0-9]+", text) and 'title="stands for 10 turns' in text
    text = page(client, f"/p/default/users/{user}")
    assert re.search(r"[0-9]+ ± [0-9]+", text) and 'title="stands for 10 traces' in text
    assert "estimated from" in text
