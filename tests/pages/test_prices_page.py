"""Settings: own prices, models without one, and what a model costs."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote_plus

import pages_story as story
import pytest
from pages_parts import Book, Parts
from pages_people import ANN, BOB, EVE, ZOE, inhabited, signed_in

from sightline.pages.prices import without_price
from sightline.query.selection import Target, count, select
from sightline.query.window import Window
from sightline.records.storage import UnpricedModel
from sightline.store.store import Store

PRICES = "/settings/prices"
FIELDS = {"project": "talk", "model": "bge-*", "provider": "", "valid_from": "2026-11-01"}


@pytest.fixture
def town(store: Store, tmp_path: Path) -> Iterator[Parts]:
    with inhabited(store, tmp_path) as parts:
        yield parts


def test_an_editor_adds_a_price_that_counts_at_once(town: Parts) -> None:
    eve = signed_in(town, EVE)
    made = eve.post(
        PRICES, csrf=eve.token(), **FIELDS, rate_input="$0.02", rate_cache_read="0.01", note="c 4711"
    )
    assert made.status_code == 303
    page = eve.get(made.headers["location"]).text
    assert "counts for spans that arrive from now on" in page
    assert "$0.02" in page and "c 4711" in page and "counts now" in page
    (entry,) = town.control.prices()
    assert (entry.project, entry.provider, entry.model) == ("talk", "*", "bge-*")
    assert entry.rates == {"input": 0.02, "cache_read": 0.01}
    assert entry.entered_by == f"person:{EVE}"
    found = eve.get(f"{PRICES}?project=talk&find=bge-v2-m3").text
    assert "is priced as" in found and "$0.02" in found


def test_it_is_taken_back_with_its_history(town: Parts) -> None:
    eve = signed_in(town, EVE)
    eve.post(PRICES, csrf=eve.token(), **FIELDS, rate_input="2")
    back = eve.post(f"{PRICES}/1/withdraw", csrf=eve.token(), project="talk")
    assert back.status_code == 303
    assert town.control.prices() == []
    assert "None yet" in eve.get(f"{PRICES}?project=talk").text
    history = eve.get(f"{PRICES}?project=talk&history=1").text
    assert "withdrawn" in history and "withdrawal" in history
    assert eve.post(f"{PRICES}/1/withdraw", csrf=eve.token()).status_code == 404


def test_a_wrong_price_says_why_and_keeps_what_was_typed(town: Parts) -> None:
    eve = signed_in(town, EVE)
    for wrong, sentence in (
        ({}, "no rate; give at least one"),
        ({"rate_input": "two"}, "give a number such as 2.50"),
        ({"rate_input": "-1"}, "not negative"),
        ({"rate_input": "nan"}, "not negative"),
        ({"rate_cache_read": "1"}, "part of a whole"),
        ({"rate_input": "1", "rate_discount": "10"}, "stands alone"),
        ({"rate_input": "1", "valid_from": "soon"}, "give a date such as"),
        ({"rate_input": "1", "until": "2026-10-01"}, "is not after"),
        ({"rate_input": "1", "model": " "}, "model"),
        ({"rate_input": "1", "note": "\x1b[31m"}, "control characters"),
    ):
        answer = eve.post(PRICES, csrf=eve.token(), **{**FIELDS, **wrong})
        assert answer.status_code == 422, wrong
        assert sentence in answer.text, wrong
    assert 'value="bge-*"' in answer.text
    assert town.control.prices(history=True) == []


def test_prices_are_of_ones_own_projects(town: Parts) -> None:
    eve, ann = signed_in(town, EVE), signed_in(town, ANN)
    assert (
        eve.post(PRICES, csrf=eve.token(), **{**FIELDS, "project": "default"}, rate_input="1").status_code
        == 403
    )
    assert eve.post(PRICES, csrf=eve.token(), **FIELDS, every="yes", rate_input="1").status_code == 403
    ann.post(PRICES, csrf=ann.token(), **{**FIELDS, "project": "default"}, rate_input="1", note="not for eve")
    ann.post(PRICES, csrf=ann.token(), **FIELDS, every="yes", rate_input="3", note="for all of us")
    assert eve.get(f"{PRICES}?project=default").status_code == 404
    page = eve.get(f"{PRICES}?project=talk").text
    assert "for all of us" in page and "not for eve" not in page
    assert eve.post(f"{PRICES}/1/withdraw", csrf=eve.token()).status_code == 404
    assert eve.post(f"{PRICES}/2/withdraw", csrf=eve.token()).status_code == 404
    assert 'href="/settings/prices"' not in signed_in(town, ZOE).get("/settings/me").text
    assert signed_in(town, ZOE).get(PRICES).status_code == 403
    assert signed_in(town, BOB).get(f"{PRICES}?project=default").status_code == 404


def test_models_without_a_price_are_counted_as_their_link_counts(town: Parts, store: Store) -> None:
    page = signed_in(town, ANN).get(f"{PRICES}?project=default").text
    window = Window("default", story.NOW - 30 * 86_400 * story.S, story.NOW)
    found = re.findall(r'<a href="([^"]+)">(\d+)</a></td>', page)
    assert len(found) == 2
    for href, shown in found:
        text = re.search(r"q=([^&]+)", href)
        assert text
        chosen = select(unquote_plus(text[1]), window, story.NOW, Target.SPANS)
        assert asyncio.run(count(store, chosen)) == int(shown)
    assert "model=bge-v2-m3#add" in page.replace("&amp;", "&")
    assert 'value="bge-v2-m3"' in signed_in(town, ANN).get(f"{PRICES}?project=default&model=bge-v2-m3").text


def test_why_a_model_has_no_cost() -> None:
    book, last = Book()(), story.NOW
    known = without_price(UnpricedModel("openai", "gpt-4o", 3, 0, 3, last), "p", book)
    unknown = without_price(UnpricedModel("acme", "own one", 3, 9, 0, last), "p", book)
    unnamed = without_price(UnpricedModel("", "", 3, 9, 0, last), "p", book)
    assert (known.why, unknown.why, unnamed.why) == ("usage", "price", "name")
    assert known.add == unnamed.add == ""
    assert unknown.add == "/settings/prices?project=p&provider=acme&model=own+one#add"
    assert "-has%3Amodel" in unnamed.spans and "model%3A%22own+one%22" in unknown.spans
