"""The list of scores: every one of them, chosen by name, giver and kind; what was said, and of what."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import quote

import pages_sessions as sessions
import pages_story as story
import pytest
from starlette.testclient import TestClient
from test_score_pages import HERE, HOSTILE, SCORES, client, got, score, store
from tests.query.filter.test_rows import insert_scores

from sightline.pages import address
from sightline.pages.scores import spread
from sightline.pages.scores_state import ScoresState
from sightline.query.scores import Said, ScoreQuestion, saying
from sightline.store.store import Store

__all__ = ["client", "store"]
TOTAL = re.compile(r'<b class="strong">([\d,]+)</b> scores?,')


def listed(page: str) -> int:
    """How many lines there are."""
    body = page[page.index("<tbody>", page.index("rows given")) :] if "rows given" in page else ""
    return body[: body.find("</tbody>")].count("<tr>")


def shown(client: TestClient, query: str = "") -> tuple[int, int]:
    """How many the page says there are, and its lines."""
    page = got(client, f"{HERE}/scores?{query}")
    told = TOTAL.search(page)
    return (int(told[1]) if told else 0), listed(page)


@pytest.mark.parametrize(
    ("query", "meets"),
    [
        ("", lambda one: True),
        ("name=helpful", lambda one: one["name"] == "helpful"),
        ("name=helpful.count", lambda one: one["name"] == "helpful.count"),
        ("by=person", lambda one: one["source"] == "person"),
        ("by=public", lambda one: str(one["id"]).startswith("public:")),
        ("said=categorical", lambda one: one["data_type"] == "categorical"),
        ("said=words", lambda one: False),
        (f"session={sessions.CHAT}", lambda one: one["session_id"] == sessions.CHAT),
        (f"trace={story.trace_id(4001).upper()}", lambda one: one["trace_id"] == story.trace_id(4001)),
        ("name=nobody%20has", lambda one: False),
        ("env=prod", lambda one: False),
    ],
)
def test_it_lists_what_it_counts(client: TestClient, query: str, meets: object) -> None:
    assert callable(meets)
    expected = sum(1 for one in SCORES if meets(one))
    assert shown(client, query) == (expected, expected)


def test_a_line_says_what_of_what_and_leads_there(client: TestClient) -> None:
    page = got(client, f"{HERE}/scores?name=stars")
    assert f'href="{HERE}/sessions/{sessions.CHAT}' in page
    page = got(client, f"{HERE}/scores?name=tone")
    href = re.search(r'<td class="nm of"><a class="plain" href="([^"]+)"', page)
    assert href and "tab=scores" in href[1]
    assert "Nobody scored this span" not in got(client, unescape(href[1]))
    # A name means what it says, whatever it would mean in a filter.
    assert "Traces with it" not in got(client, f"{HERE}/scores?name=helpful.count")
    assert "Traces with it" in page and "Explore" in page


def test_what_was_said_and_for_whom_nothing_is_here(client: TestClient, store: Store) -> None:
    absent = "f" * 32
    more = [
        score(0, "late", 1.0, trace_id=absent, id="late1"),
        score(0, "late", 0.0, trace_id=absent, id="late2", author="<i>a&b"),
    ]
    insert_scores(store, more, sessions.PROJECT)
    try:
        page = got(client, f"{HERE}/scores?name=late")
        assert page.count("no span of it is stored") == 2 and "&lt;i&gt;a&amp;b" in page and "<i>" not in page
        assert shown(client, "author=%3Ci%3Ea%26b") == (1, 1)
    finally:
        store.command("DELETE FROM sightline.scores WHERE name = 'late'")


def test_claims_are_told_apart(client: TestClient, store: Store) -> None:
    insert_scores(store, [score(0, "claimed", 1.0, id="public:1")], sessions.PROJECT)
    try:
        page = got(client, f"{HERE}/scores?by=public")
        assert listed(page) == 1 and "end user, with a public key" in page
        trace = got(client, f"{HERE}/traces/{story.trace_id(4000)}?tab=scores")
        assert "by end user, with a public key" in trace
    finally:
        store.command("DELETE FROM sightline.scores WHERE name = 'claimed'")


def test_how_often_what_was_said(client: TestClient) -> None:
    page = unescape(got(client, f"{HERE}/scores?name=verdict"))
    table = page[page.index('class="spread"') : page.index("rows given")]
    assert re.findall(r'title="([^"]+)"', table) == ["wrong", "right"]
    assert re.findall(r'<td class="num">(\d+)</td>', table) == ["2", "1"]
    assert 'class="spread"' not in got(client, f"{HERE}/scores")


def test_ranges_stand_in_their_order(client: TestClient) -> None:
    view = address.view("p", "/p/p/scores", {}, "", story.NOW)
    state = ScoresState(view, "q", says="0.6..")
    said = [Said("number", 2, 6), Said("label:pass", 0, 3), Said("number", 0, 1)]
    found = spread(state, said, (0.4, 0.6), 10)
    assert [(one.text, one.found, one.share, one.chosen) for one in found] == [
        ("pass", 3, "30 %", False), ("below 0.4", 1, "10 %", False), ("0.6 and above", 6, "60 %", True),
    ]  # fmt: skip
    assert "is=label%3Apass" in found[0].href and "is=" not in found[2].href
    assert [one.text for one in spread(state, [Said("number", 0, 1), Said("words", 0, 1)], (), 2)] == [
        "words alone", "a number",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["helpful", "verdict", "stars", "tone"])
def test_each_thing_said_leads_to_as_many(client: TestClient, name: str) -> None:
    page = got(client, f"{HERE}/scores?name={name}")
    table = page[page.index('class="spread"') : page.index("rows given")]
    links = re.findall(r'href="([^"]+)".*?<td class="num">([\d,]+)</td>', table)
    assert links
    for href, number in links:
        query = unescape(href).split("?")[1]
        assert shown(client, query) == (int(number), int(number))
        assert "says " in got(client, f"{HERE}/scores?{query}")


@pytest.mark.parametrize("text", ["maybe", "label:", "1..2", "a..<b", "..<inf", "nan..", "0.5"])
def test_what_no_score_says_is_said(client: TestClient, text: str) -> None:
    with pytest.raises(ValueError, match="nothing that a score says"):
        saying(ScoreQuestion(), text)
    assert "is nothing that a score says" in unescape(got(client, f"{HERE}/scores?is={quote(text)}"))


def test_pages_follow_each_other(client: TestClient, store: Store) -> None:
    many = [score(0, "many", float(n), id=f"many{n}") for n in range(120)]
    insert_scores(store, many, sessions.PROJECT)
    try:
        href, lines = f"{HERE}/scores?name=many", []
        while href:
            page = got(client, href)
            lines.append(listed(page))
            assert '<b class="strong">120</b>' in page
            older = re.search(r'<a href="([^"]+)" rel="next">Older', page)
            href = unescape(older[1]) if older else ""
        assert lines == [50, 50, 20]
        values = re.findall(r"many</small> <span[^>]*>(\d+)<", page)
        assert len(set(values)) == 20
    finally:
        store.command("DELETE FROM sightline.scores WHERE name = 'many'")


def test_broken_words_and_cursors_are_said(client: TestClient) -> None:
    page = got(client, f"{HERE}/scores?by=everybody&said=nonsense")
    assert "“everybody” is not understood" in page and "“nonsense” is not understood" in page
    assert shown(client, "by=everybody")[0] == len(SCORES)
    assert client.get(f"{HERE}/scores?cursor=x").status_code == 404


def test_hostile_names_are_text(client: TestClient) -> None:
    page = got(client, f"{HERE}/scores")
    assert HOSTILE not in page and "&lt;b&gt;" in page


def test_a_project_without_any_says_how_they_come(client: TestClient) -> None:
    page = got(client, f"/p/{sessions.OTHER}/scores")
    assert "Nobody has scored anything yet" in page and "give_scores" in page


def test_the_definitions_page_leads_to_as_many_as_it_says(client: TestClient) -> None:
    page = got(client, f"/settings/scores?project={sessions.PROJECT}")
    links = re.findall(r'<a href="(/p/[^"]+/scores\?[^"]+)">([\d,]+)</a>', page)
    assert len(links) == len({one["name"] for one in SCORES})
    for href, number in links:
        assert shown(client, unescape(href).split("?")[1]) == (int(number), int(number))
