"""Scores in lists of sessions and users, on a user's page and the overview, and what they open."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pages_sessions as sessions
import pages_story as story
import pytest
from pages_browser import Tab, browser, chromium
from pages_parts import Parts, serving
from starlette.applications import Starlette
from starlette.testclient import TestClient
from tests.query.filter.test_rows import insert_scores

from sightline.control.control import Control
from sightline.digest.heads import complete_heads
from sightline.pages.routes import not_found, routes
from sightline.query import weights
from sightline.query.score_measures import askable
from sightline.query.selection import Target, count, select
from sightline.query.window import Window
from sightline.settings import StoreSettings
from sightline.store import schema
from sightline.store.store import Store, embedded_url

HERE = f"/p/{sessions.PROJECT}"
HOSTILE = '<b>"a b</b>'
CHIP = re.compile(r'<a class="sc up( good| bad)?" href="([^"]+)"[^>]*><small[^>]*>(.*?)</small> (.*?)</a>')


def score(number: int, name: str, value: float | None, **more: object) -> dict[str, object]:
    trace = "" if more.get("target") == "session" else story.trace_id(4000 + number)
    return {
        "id": f"{name}{number}{more}", "name": name, "target": "trace", "trace_id": trace, "span_id": "",
        "session_id": "", "data_type": "numeric", "value": value, "label": "", "source": "end_user",
        "author": "", "time": story.NOW - story.S, **more,
    }  # fmt: skip


SCORES = [
    score(0, "helpful", 1.0, data_type="boolean"),
    score(1, "helpful", 1.0, data_type="boolean"),
    # A reviewer's counts instead of the user's.
    score(1, "helpful", 0.0, data_type="boolean", source="person"),
    score(2, "helpful", 0.0, data_type="boolean"),
    score(0, "verdict", None, label="wrong", data_type="categorical"),
    score(1, "verdict", None, label="right", data_type="categorical"),
    score(2, "verdict", None, label="wrong", data_type="categorical"),
    score(0, "stars", 4.0, target="session", session_id=sessions.CHAT),
    score(0, HOSTILE, 2.5),
    # Whoever sends names scores: these would ask for something else of a score.
    score(0, "helpful.source", 1.0, data_type="boolean"),
    score(1, "helpful.count", 7.0),
    score(2, "verdict.by", None, label="x", data_type="categorical"),
    score(1, "tone", 0.5, target="span", span_id=f"{story.trace_id(4001)[:8]}00000003"),
]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    found = Store(embedded_url(tmp_path_factory.mktemp("scored")), StoreSettings())
    writer = found.writer()
    schema.migrate(writer)
    told = story.Told()
    sessions.chat(told)
    sessions.elsewhere(told)
    story.store(told, writer)
    complete_heads(writer)
    insert_scores(found, SCORES, sessions.PROJECT)
    yield found
    writer.close()
    found.close()


@pytest.fixture(scope="module")
def client(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    control = Control(f"sqlite:///{tmp_path_factory.mktemp('control') / 'control.db'}")
    control.migrate()
    control.create_project(sessions.PROJECT, by="ann")
    control.define_score(sessions.PROJECT, "helpful", "boolean", direction="higher", by="ann")
    control.define_score(sessions.PROJECT, "gone", "numeric", by="ann")
    parts = Parts(store, control=control, projects=lambda: [sessions.PROJECT, sessions.OTHER])
    with TestClient(Starlette(routes=[*routes(parts), not_found(parts)]), follow_redirects=False) as found:
        yield found


def got(client: TestClient, path: str, headers: dict[str, str] | None = None) -> str:
    answer = client.get(path, headers=headers or {})
    assert answer.status_code == 200, answer.text[:500]
    return answer.text


def chips(page: str) -> dict[str, tuple[str, str, str]]:
    """Tone, words and address by name."""
    found = {}
    for tone, href, name, words in CHIP.findall(page):
        said = " ".join(re.sub(r"<[^>]+>", "", words).split())
        found[unescape(name)] = (tone.strip(), said, unescape(href))
    return found


def opened(store: Store, href: str) -> int:
    """How many the list of traces behind a link has."""
    query = parse_qs(urlsplit(href).query)
    window = Window(sessions.PROJECT, story.NOW - 24 * sessions.HOUR, story.NOW)
    return asyncio.run(count(store, select(query["q"][0], window, story.NOW, Target.TRACES)))


def test_a_session_has_its_own_and_its_turns_scores(client: TestClient, store: Store) -> None:
    found = chips(got(client, f"{HERE}/sessions"))
    tone, words, href = found["helpful"]
    assert (tone, words) == ("bad", "33 % · 3 rated")
    assert opened(store, href) == 3
    assert found["stars"][:2] == ("", "4") and "/sessions/" in found["stars"][2]
    assert list(found)[:2] == ["helpful", "stars"], "the bad first, then what was said of it as a whole"
    assert '<span class="in n">+3</span>' in got(client, f"{HERE}/sessions")


def test_a_user_has_what_their_requests_were_given(client: TestClient, store: Store) -> None:
    for path in (f"{HERE}/users", f"{HERE}/users/u_anna"):
        found = chips(got(client, path))
        assert found["helpful"][:2] == ("bad", "33 % · 3 rated"), path
        # A session's score is that of its traces without one of their own.
        assert opened(store, found["helpful"][2]) == 3
    everything = chips(got(client, f"{HERE}/users/u_anna").split('aria-label="Sessions"')[0])
    assert everything["verdict"][1] == "wrong 67 % · 3 rated"
    assert everything["stars"][1] == "4 · 4 rated" and opened(store, everything["stars"][2]) == 4
    assert everything[HOSTILE][1] == "2.5 · 1 rated" and opened(store, everything[HOSTILE][2]) == 1


@pytest.mark.parametrize("page", ["sessions", "users"])
def test_columns_stand_in_the_address(client: TestClient, page: str) -> None:
    there = f"{HERE}/{page}"
    assert '<th class="fb"' in got(client, there)
    few = got(client, f"{there}?cols=cost,tokens")
    assert '<th class="fb"' not in few and not chips(few) and "The usual ones" in few
    assert 'name="cols" value="cost" checked' in few
    answer = client.get(f"{there}?sort=-cost&cols=&cols=cost&cols=feedback")
    assert answer.status_code == 302
    assert answer.headers["location"] == f"{there}?sort=-cost&cols=cost%2Cfeedback"
    both = got(client, answer.headers["location"])
    assert chips(both) and "cols=cost%2Cfeedback" in both[both.index("<thead>") : both.index("</thead>")]
    assert "No column “nonsense”" in unescape(got(client, f"{there}?cols=nonsense"))


@pytest.mark.parametrize("page", ["sessions", "users", "users/u_anna", ""])
def test_projects_without_scores_show_none(client: TestClient, page: str) -> None:
    shown = got(client, f"/p/{sessions.OTHER}/{page}")
    assert '<th class="fb"' not in shown and not chips(shown) and 'id="scores"' not in shown


def test_the_overview_has_scores_over_time(client: TestClient, store: Store) -> None:
    late = got(client, f"{HERE}/")
    assert 'id="scores" class="later' in late and 'class="ovscore"' not in late
    part = got(client, f"{HERE}/?vs=prev", {"hx-request": "true", "hx-target": "scores"})
    for page in (part, got(client, f"{HERE}/?vs=prev&parts=all")):
        found = page[page.index('id="scores"') :]
        names = re.findall(r'class="plain strong ell"[^>]*>(.*?)</a>', found)
        assert names[0] == "helpful"
        assert "gone" not in names, "nothing was rated by it"
        assert len(names) == 4 and found.count('class="chart"') >= 4
    rated = [unescape(href) for href in re.findall(r'class="r small" href="([^"]+)">[\d,]+ rated', part)]
    numbers = re.findall(r">([\d,]+) rated", part)
    assert [opened(store, href) for href in rated] == [int(n) for n in numbers]
    assert '<span class="sc bad">' in part and "33" in part
    assert f"{HERE}/explore?vs=prev&measure=score.helpful&of=traces" in unescape(part)
    assert "<b>" not in part.replace("figcaption><b>", "").replace("<b data-value>", "")


@pytest.mark.parametrize(
    ("name", "may"),
    [("helpful", True), ("a b", True), (HOSTILE, True), ("a.b", True), ("x.source", False),
     ("words.count", False), ("took.p50", False), ("x.comment", False), ("a:b", True), ("", False)],
)  # fmt: skip
def test_names_that_would_mean_something_else_are_not_asked_for(name: str, may: bool) -> None:
    assert askable(name) is may


@pytest.mark.parametrize("page", ["/explore", "/traces", "/", "/users", "/sessions", "/explore?of=traces"])
def test_such_names_break_no_page_and_are_offered_nowhere(client: TestClient, page: str) -> None:
    shown = unescape(got(client, f"{HERE}{page}{'&' if '?' in page else '?'}range=24h&parts=all"))
    for name in ("score.helpful.source", "score.helpful.count", "score.verdict.by"):
        assert name not in shown


def test_a_trace_has_what_was_given_to_its_session(client: TestClient) -> None:
    """As the filter finds it and the column says it; its own of that name would stand instead."""
    page = got(client, f"{HERE}/traces?q=has:score.stars")
    rows = page[page.index('<tbody id="rows">') :]
    lines = rows.count("<tr data-row=")
    assert lines > 1 and rows.count('<small dir="auto">stars</small> <span dir="auto">4</span>') == lines
    assert "given to the whole session" in rows
    # A trace says it, too, with its session.
    trace = re.search(r'<tr data-row="([0-9a-f]{32})"', rows)
    assert trace
    page = got(client, f"{HERE}/traces/{trace[1]}?tab=scores")
    assert "given to the whole session" in page[: page.index("trace-body")]
    assert "Its whole session" in page and f'href="{HERE}/sessions/{sessions.CHAT}' in page
    spans = got(client, f"{HERE}/traces?view=spans&q=trace.score.stars:4")
    assert '<small dir="auto">stars</small>' not in spans[spans.index('<tbody id="rows">') :]


def test_the_overview_of_a_time_without_scores_has_no_panel(client: TestClient) -> None:
    headers = {"hx-request": "true", "hx-target": "scores"}
    assert "ovscore" not in got(client, f"{HERE}/?range=15m", headers)


@pytest.fixture(scope="module")
def address(store: Store) -> Iterator[str]:
    with serving(Parts(store, projects=lambda: [sessions.PROJECT, sessions.OTHER])) as found:
        yield found


def shown(tab: Tab, what: str) -> int:
    """How many elements one can see."""
    return int(tab.run(f"[...document.querySelectorAll('{what}')].filter(e => e.checkVisibility()).length"))


def test_phones_have_chips_and_the_input_keeps_its_room(address: str) -> None:
    program = chromium()
    if program is None:
        pytest.skip("Chromium is not installed")
    with browser(program) as opened_browser:
        tab = opened_browser.tab()
        tab.size(1440, 900)
        tab.open(f"{address}{HERE}/traces")
        assert tab.run("document.querySelector('.rows th.pv').getBoundingClientRect().width") >= 320
        assert shown(tab, ".rows td.fb .sc") >= 3
        tab.size(390, 844)
        for path, chip in (
            ("traces", ".rows td.fb .sc"), ("sessions", ".rows td.fb .sc"), ("users", ".rows td.fb .sc"),
            (f"traces/{story.trace_id(4001)}", ".wfr .sc"), ("", ".ovscore .sc"),
        ):  # fmt: skip
            tab.open(f"{address}{HERE}/{path}")
            tab.wait("!document.querySelector('.later')")
            assert shown(tab, chip), path
            assert tab.run("document.documentElement.scrollWidth") <= 390, path
        assert tab.problems == []


def test_explore_measures_spans_by_what_their_traces_were_rated(client: TestClient) -> None:
    """Of models, which the rated traces have somewhere below their heads."""
    page = got(client, f"{HERE}/explore?measure=score.helpful,score.verdict:wrong&by=model")
    table = page[page.index('id="groups"') :]
    assert "were rated" in table and "leaves out" not in table and "≥" not in table
    assert "was rated" not in re.sub(r"1 was rated", "", table), "one alone is singular"
    rated = re.findall(r"<tr>.*?</tr>", table, re.DOTALL)
    assert any("gpt" in row and "were rated" in row for row in rated)
    assert all(re.search(r">\d+ rated<", row) for row in rated if " rated" in row), (
        "in sight, not only in titles"
    )
    assert "trace.score" not in page[page.index("</form>") : page.index('id="groups"')], "no score groups"


def test_explore_by_a_score_offers_whole_traces(client: TestClient) -> None:
    page = got(client, f"{HERE}/explore?measure=cost&by=score.verdict,model&q=env:prod")
    [href] = re.findall(r'alone\. <a href="([^"]+)">By trace\.score\.verdict</a>', page)
    assert "by=trace.score.verdict%2Cmodel" in href and "q=env%3Aprod" in href
    again = got(client, unescape(href))
    assert "topmost span alone" not in again
    assert "topmost span alone" not in got(client, f"{HERE}/explore?of=traces&by=score.verdict")


def test_a_list_asks_once_whether_it_was_sampled(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    real = weights.has_weights

    async def counted(*given: Any) -> bool:
        asked.append(given)
        return await real(*given)

    monkeypatch.setattr(weights, "has_weights", counted)
    got(client, f"{HERE}/traces?parts=all&facet=kind")
    assert len(asked) == 1
