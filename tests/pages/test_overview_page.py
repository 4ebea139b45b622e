"""The overview over a real store: figures agree with the lists they open, and nothing is claimed too soon."""

from __future__ import annotations

import asyncio
import re
from html import unescape
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pages_story as story
from pages_parts import Parts
from starlette.testclient import TestClient

from sightline.pages.address import View, view
from sightline.pages.attention import MOST, MOST_OF_A_KIND, NEW_ERRORS, attention
from sightline.pages.environment import ENVIRONMENT
from sightline.pages.figures import changed, shown
from sightline.pages.services import Intake
from sightline.query.measures import Unit
from sightline.query.selection import Target, count, select
from sightline.query.window import Window
from sightline.records.figures import Figure, Group, Series
from sightline.records.overview import Behaviour
from sightline.store.rows import QueryTimeout
from sightline.store.store import Store

QUIET = Intake(612.0, 1.2, 0, 5, 0, "")


def place() -> View:
    return view("default", "/p/default/", {"vs": "prev"}, "", story.NOW, ("vs",))


def page(client: TestClient, query: str = "") -> str:
    answer = client.get(f"/p/default/{query}")
    assert answer.status_code == 200, answer.text[:500]
    return answer.text


def counted(store: Store, href: str) -> int:
    """How many the list behind a link has."""
    query = parse_qs(urlsplit(unescape(href)).query)
    now = view("default", "/", {"range": query.get("range", ["24h"])[0]}, "", story.NOW)
    target = Target.SPANS if query.get("view") == ["spans"] else Target.TRACES
    window = Window("default", now.since, now.until)
    environment = query.get("env", [""])[0]
    selection = select(query.get("q", [""])[0], window, story.NOW, target, environment)
    return asyncio.run(count(store, selection))


def test_every_row_of_a_table_opens_as_many_as_it_says(client: TestClient, store: Store) -> None:
    html = page(client)
    name = r'<td class="ell"><a class="plain" href="([^"]+)"[^>]*>.*?</td>'
    rows = re.findall(name + r'<td class="num"><a[^>]*>\s*<span>([\d,]+)', html, re.S)
    assert len(rows) > 8
    for href, number in rows:
        assert counted(store, href) == int(number.replace(",", "")), href


def test_the_strip_opens_what_it_counts(client: TestClient, store: Store) -> None:
    html = page(client, "?env=prod")
    tiles = dict(re.findall(r'<a class="tile" href="([^"]+)"><span class="lab">([^<]+)', html))
    requests = next(href for href, label in tiles.items() if label == "Requests")
    number = re.search(r'Requests</span><span class="big"><span>([\d,]+)', html)
    assert number and counted(store, requests) == int(number[1].replace(",", ""))
    failed = next(href for href, label in tiles.items() if label == "Error rate")
    words = re.search(r"([\d,]+) failed</span>", html)
    assert words and counted(store, failed) == int(words[1].replace(",", ""))


def test_a_mark_of_a_chart_opens_as_many_as_its_table_says(client: TestClient, store: Store) -> None:
    html = page(client)
    chart = html[html.index('id="c-requests"') : html.index('id="c-errors"')]
    cell = r'<td class="num"><a class="plain" href="([^"]+)">([\d,]+)</a></td>'
    cells = re.findall(r"<tr data-since.*?</th>" + cell + cell, chart, re.S)
    some = [one for one in cells if one[1] != "0" or one[3] != "0"]
    assert some
    for every, ok, failing, failed in some[:6]:
        assert counted(store, every) == int(ok) + int(failed)
        assert counted(store, failing) == int(failed)


def test_a_comparison_writes_differences_and_a_dashed_line(client: TestClient) -> None:
    assert 'class="ln dash"' not in page(client)
    html = page(client, "?vs=prev")
    assert "dashed: the time before" in html
    assert 'title="nothing in the range it is compared with"' in html or 'class="df' in html


def test_the_first_page_of_a_project(client: TestClient) -> None:
    assert client.get("/").headers["location"] == "/p/default/"
    assert client.get("/p/default?vs=prev").headers["location"] == "/p/default/?vs=prev"
    assert client.get("/p/empty/").headers["location"] == "/p/empty/first"
    quiet = page(client, "?range=2020-01-01T00:00Z..2020-01-02T00:00Z")
    assert (
        "No request began from 1 Jan 2020 00:00 to 2 Jan 2020 00:00 UTC." in quiet
        and "nothing measured in this time" in quiet
    )


def test_days_begin_at_the_readers_midnight(client: TestClient) -> None:
    client.cookies.set("sightline_zone", "Asia%2FKolkata")
    assert "Thu 19 Nov" in page(client, "?range=30d")
    client.cookies.set("sightline_zone", "../../etc/passwd")
    assert page(client, "?range=30d&zone=Nowhere/Land")


def test_what_arrives_badly_comes_first(parts: Parts, client: TestClient) -> None:
    parts.intake = lambda: Intake(1.0, 14.0, 3, 5, 2, "Key 4f2a was revoked.")
    html = page(client, "?parts=all")
    attn = html[html.index('id="attention"') :]
    assert (
        attn.index("Requests in quarantine")
        < attn.index("Key 4f2a was revoked.")
        < attn.index("Data is late")
    )


def behaviour(
    value: str, count: int, errors: int, p95: float, slower: int = 0, what: str = "name"
) -> Behaviour:
    return Behaviour(what, value, count, errors, p95, slower, 3)


def test_attention_names_what_grew_and_is_silent_about_small_samples() -> None:
    before = [
        behaviour("rerank", 1000, 5, 1e9),
        behaviour("small", 20, 0, 1e9),
        behaviour("plan", 500, 5, 1e9),
    ]
    now = [
        behaviour("rerank", 1000, 80, 3e9, 400),
        behaviour("small", 20, 20, 9e9, 20),
        behaviour("plan", 500, 6, 1e9, 25),
        Behaviour("error.type", 'rerank"timeout', 60, 60, None, 0, 14),
        Behaviour("error.type", "Rare", NEW_ERRORS - 1, NEW_ERRORS - 1, None),
    ]
    entries, more = attention(place(), now, before, [], 0, QUIET)
    assert [(e.kind, e.title) for e in entries] == [
        ("Failing", "rerank"), ("New error", 'rerank"timeout'), ("Slower", "rerank"),
    ]  # fmt: skip
    assert more == 0
    assert "p95 3.00 s, 1.00 s before" in entries[2].reason
    for entry in entries:
        query = parse_qs(urlsplit(entry.href).query)
        assert query["view"] == ["spans"] and query["vs"] == ["prev"]
        select(query["q"][0], place().window, story.NOW)
    # Without anything before, nothing is new.
    assert attention(place(), now, [], [], 0, QUIET) == ((), 0)


def test_attention_is_short(store: Store) -> None:
    before = [behaviour(f"n{n}", 1000, 5, 1e9) for n in range(20)]
    now = [behaviour(f"n{n}", 1000, 90 + n, 3e9, 400) for n in range(20)]
    entries, more = attention(place(), now, before, [], 0, QUIET)
    assert len(entries) <= MOST and more == 40 - len(entries)
    assert sum(entry.kind == "Failing" for entry in entries) == MOST_OF_A_KIND
    assert entries[0].title == "n19"


def test_unpriced_models_say_how_many_calls_every_sum_leaves_out() -> None:
    row = Series(Group(("llama",), False, "model:llama"), (Figure(None, 12),), ())
    entries, _ = attention(place(), [], [], [row], 0, QUIET)
    assert entries[0].title == "llama" and entries[0].figure == "12"


def test_figures_say_what_they_leave_out_and_how_they_changed() -> None:
    assert shown(Figure(None, 3), Unit.USD).absent == "unknown"
    assert shown(Figure(None), Unit.NANOSECONDS).absent == "–"
    known = shown(Figure(12.5, 3), Unit.USD, Figure(10.0))
    assert known.bound and known.text == "$12.50" and known.difference == "+25 %" and "3 calls" in known.why
    assert shown(Figure(0), Unit.COUNT).text == "0"
    # What nobody rated is no missing cost.
    rated = shown(Figure(0.25, rated=4), Unit.RATIO)
    assert (rated.text, rated.why, rated.bound) == ("25 %", "4 were rated", False)
    assert shown(Figure(-1.5, rated=1), Unit.SCORE).why == "1 was rated"
    assert shown(Figure(7, rated=7), Unit.COUNT).why == ""
    nothing = shown(Figure(None, rated=0), Unit.SCORE)
    assert (nothing.absent, nothing.why) == ("not set", "nothing was rated")
    sampled = shown(Figure(-0.5, stored=9, margin=0.25, rated=9), Unit.SCORE)
    assert sampled.why == "95 % interval −0.75 to −0.25, estimated from 9 stored scores"
    assert shown(Figure(0.0084), Unit.RATIO, headline=True, sample=5000).text == "0.84 %"
    assert shown(Figure(0.0084), Unit.RATIO, sample=50).text == "1 %"
    assert changed(0.012, 0.007, Unit.RATIO) == "+0.5 pt"
    assert changed(4.14e9, 3.43e9, Unit.NANOSECONDS) == "+710 ms"
    assert changed(3, 0, Unit.COUNT) == "new"
    assert changed(None, 1, Unit.COUNT) == ""
    assert changed(30, 1, Unit.COUNT) == "30×"


def test_parts_come_alone_and_a_failing_one_says_why(parts: Parts, client: TestClient) -> None:
    first = page(client)
    assert 'id="attention" class="later"' in first and "<noscript>" in first
    for name in ("attention", "ends"):
        alone = client.get("/p/default/?vs=prev", headers={"hx-request": "true", "hx-target": name}).text
        assert alone.count("<!doctype") == 0 and f'id="{name}"' in alone

    async def late(*_: object, **__: object) -> None:
        raise QueryTimeout("too long")

    parts.store = SimpleNamespace(fetch=late)  # type: ignore[assignment]
    alone = client.get("/p/default/", headers={"hx-request": "true", "hx-target": "attention"}).text
    assert "A shorter one is quicker" in alone


def test_names_that_others_wrote_do_nothing(store: Store) -> None:
    name = '<script>alert(1)</script>" onload="x'
    entries, _ = attention(
        place(), [behaviour(name, 1000, 90, 1e9)], [behaviour(name, 1000, 5, 1e9)], [], 0, QUIET
    )
    html = ENVIRONMENT.get_template("_attention.html").render(entries=entries, more=0, method="", failure="")
    assert "<script>" not in html and 'onload="x' not in html
