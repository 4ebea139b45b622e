"""The page of logs: what is found, opened, marked, followed; hostile texts do nothing."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pages_parts import Parts
from starlette.applications import Starlette
from starlette.testclient import TestClient
from tests.query import signal_story as story

from sightline.pages.log_lines import Piece, marked, on_one_line
from sightline.pages.routes import not_found, routes
from sightline.query.phrases import read_phrase
from sightline.store.store import Store

LOGS = "/p/default/logs"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with story.opened(Path(tmp_path_factory.mktemp("logspage"))) as found:
        yield found


@pytest.fixture
def client(store: Store) -> Iterator[TestClient]:
    parts = Parts(store, projects=lambda: ["default", "other"], clock=lambda: story.NOW + 1)
    with TestClient(Starlette(routes=[*routes(parts), not_found(parts)]), follow_redirects=False) as found:
        yield found


def ask(client: TestClient, part: str = "", **query: str) -> str:
    headers = {"hx-request": "true", "hx-target": part} if part else {}
    answer = client.get(LOGS, params=query, headers=headers)
    assert answer.status_code == 200
    return answer.text


def keys(page: str) -> list[str]:
    return re.findall(r'data-rec="([^"]+)"', page)


def test_the_list_counts_and_marks_what_was_found(client: TestClient) -> None:
    page = ask(client, q='"timed out"')
    assert len(keys(page)) == 1
    assert ">1</b> record ·" in page
    assert "<mark>timed out</mark>" in page
    assert f"/p/default/traces/{story.TRACE}?span={story.SPAN}" in page
    assert "Severity" in page
    assert "api" in page


def test_a_record_opens_beside_the_list_and_alone(client: TestClient) -> None:
    key = keys(ask(client, q="order.refund* or event:order.refund"))[0]
    whole, alone = ask(client, rec=key), ask(client, "log-record", rec=key)
    for page in (whole, alone):
        assert 'class="json"' in page
        assert "Exact text" in page
        assert "this record" in page
    assert "<table" not in alone
    assert f'aria-selected="true" data-rec="{key}"' in whole
    lost = ask(client, rec="1-0000000000000000-0")
    assert "This record is not there" in lost
    assert client.get(LOGS, params={"rec": "nonsense"}).status_code == 404
    assert client.get(LOGS, params={"cursor": "nonsense"}).status_code == 404


def test_hostile_texts_are_texts(client: TestClient) -> None:
    key = keys(ask(client, q="fatal"))[0]
    page = ask(client, rec=key, wrap="1")
    body = page[page.index("<main") :]
    assert "\x1b" not in body
    assert "\x00" not in body
    assert "␛[31mred" in body
    assert "[U+202E]" in body
    assert "<script>alert" not in body
    assert "<svg/onload" not in body
    assert "<b>evil" not in body
    assert not re.search(r"<[^>]*\sstyle=", body)
    assert html.escape("</textarea><script>alert(1)</script>", quote=False) in body


def test_a_wrong_filter_points_at_its_place(client: TestClient) -> None:
    page = ask(client, q="service:api sevrity:warn")
    assert 'role="alert"' in page
    assert "service:api <mark>sevrity</mark>:warn" in page
    assert re.search(r'Did you mean <a href="[^"]*service%3Aapi\+severity%3Awarn">severity</a>', page)
    assert keys(page) == []
    assert "No records: the filter is not understood" in page


def test_facets_narrow_and_widen(client: TestClient) -> None:
    page = ask(client, q="checkout")
    assert "q=%22checkout%22+severity%3Aerror" in page
    narrowed = ask(client, q="checkout severity:error")
    assert '<a class="plain on" href="/p/default/logs?q=%22checkout%22"' in narrowed


def test_older_goes_on(client: TestClient) -> None:
    # 55 records stand on one page; oldest first begins at the other end.
    latest, oldest = keys(ask(client)), keys(ask(client, order="oldest"))
    assert len(latest) == 55
    assert [key.rsplit("-", 1)[0] for key in latest] == [key.rsplit("-", 1)[0] for key in reversed(oldest)]
    behind = keys(ask(client, cursor=latest[9]))
    assert behind == latest[10:]


def test_the_live_tail_counts_what_came(client: TestClient) -> None:
    page = ask(client, live="1")
    newest = keys(page)[0]
    assert f"from={newest}" in page
    assert 'hx-trigger="every 3s"' in page
    assert 'hx-trigger="every' not in ask(client)
    bar = ask(client, "log-live", live="1", **{"from": keys(page)[4]})
    assert "4 new records" in bar
    assert "new record" not in ask(client, "log-live", live="1", **{"from": newest})
    assert len(keys(ask(client, "log-list", live="1"))) == 55


def test_nothing_of_another_project(client: TestClient) -> None:
    page = ask(client)
    assert "secret of the other" not in page
    assert not re.search(r"hidden[-.]|title=.hidden", page)
    other = client.get("/p/other/logs").text
    assert keys(other)
    key = keys(other)[0]
    assert "This record is not there" in ask(client, rec=key)


def test_an_empty_range_offers_a_longer_one(client: TestClient) -> None:
    page = ask(client, q="nothing-of-this-kind", range="1h")
    assert "Show the last 6 hours" in page


def test_a_long_body_shows_the_place_that_was_found() -> None:
    body = "x" * 900 + " needle " + "y" * 900
    pieces = on_one_line(body, [read_phrase(["needle"])])
    assert Piece("needle", True) in pieces
    assert pieces[0].text == pieces[-1].text == "…"
    assert on_one_line("a\n  b", []) == (Piece("a b"),)
    assert marked("", []) == (Piece(""),)
