"""Saved views by forms: readers for themselves, editors for everyone."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pages_parts import Parts
from pages_people import ANN, BOB, EVE, ZOE, inhabited, signed_in

from sightline.store.store import Store

LIST = "/p/talk/traces"


@pytest.fixture
def town(store: Store, tmp_path: Path) -> Iterator[Parts]:
    with inhabited(store, tmp_path) as parts:
        yield parts


def test_what_one_sees_is_saved_and_found_again(town: Parts) -> None:
    eve = signed_in(town, EVE)
    page = html.unescape(eve.get(f"{LIST}?range=30d&q=llm&sort=-cost&cursor=").text)
    query = re.search(r'name="query" value="([^"]*)"', page)
    assert query is not None and query[1] == "range=30d&q=llm&sort=-cost"
    saved = eve.post("/p/talk/views", csrf=eve.token(), name="<b>mine</b>", page="traces", query=query[1])
    assert saved.status_code == 303 and saved.headers["location"] == f"{LIST}?{query[1]}"
    again = eve.get(saved.headers["location"]).text
    assert "&lt;b&gt;mine&lt;/b&gt;" in again and "<b>mine</b>" not in again
    assert re.search(r'aria-current="true">&lt;b&gt;mine', again)
    # Others see it only when it is shared.
    bob = signed_in(town, BOB)
    assert "mine" not in bob.get(f"{LIST}?range=30d").text
    view = town.control.views("talk", town.control.people()[0].id) or town.control.views(
        "talk", next(p.id for p in town.control.people() if p.email == EVE)
    )
    change = f"/p/talk/views/{view[0].id}"
    assert bob.post(f"{change}/delete", csrf=bob.token()).status_code == 404
    assert eve.post(f"{change}/rename", csrf=eve.token(), name="Ours").status_code == 303
    assert eve.post(f"{change}/share", csrf=eve.token()).status_code == 303
    assert "Ours" in bob.get(f"{LIST}?range=30d").text
    assert bob.post(f"{change}/delete", csrf=bob.token()).status_code == 303
    assert "Ours" not in eve.get(f"{LIST}?range=30d").text


def test_readers_have_views_of_their_own_only(town: Parts) -> None:
    bob = signed_in(town, BOB)
    fields = {"name": "x", "page": "traces", "query": "q=llm"}
    assert bob.post("/p/default/views", csrf=bob.token(), **fields).status_code == 303
    assert bob.post("/p/default/views", csrf=bob.token(), shared="1", **fields).status_code == 403
    shared = town.control.save_view("default", "everyone's", "traces", "", None)
    assert bob.post(f"/p/default/views/{shared.id}/delete", csrf=bob.token()).status_code == 403
    page = bob.get("/p/default/traces?range=30d").text
    assert f"/p/default/views/{shared.id}/delete" not in page and "for everyone in the project" not in page
    mine = next(v for v in town.control.views("default", _id(town, BOB)) if v.owner)
    assert bob.post(f"/p/default/views/{mine.id}/share", csrf=bob.token()).status_code == 403


def test_forms_need_their_token_and_a_role(town: Parts) -> None:
    eve, zoe = signed_in(town, EVE), signed_in(town, ZOE)
    fields = {"name": "x", "page": "traces", "query": ""}
    assert eve.post("/p/talk/views", **fields).status_code == 403
    assert zoe.post("/p/talk/views", csrf=zoe.token(), **fields).status_code == 403
    view = town.control.save_view("talk", "there", "traces", "", None)
    ann = signed_in(town, ANN)
    # A view is found in its own project alone.
    assert ann.post(f"/p/default/views/{view.id}/delete", csrf=ann.token()).status_code == 404
    assert [v.name for v in town.control.views("talk", None)] == ["there"]


def test_what_cannot_be_saved_is_said(town: Parts) -> None:
    eve = signed_in(town, EVE)
    answer = eve.post("/p/talk/views", csrf=eve.token(), name=" ", page="traces", query="")
    assert answer.status_code == 422 and "The name is empty" in answer.text
    answer = eve.post("/p/talk/views", csrf=eve.token(), name="x", page="//evil", query="")
    assert answer.status_code == 422 and "expected one such as" in answer.text


def _id(town: Parts, email: str) -> str:
    return next(person.id for person in town.control.people() if person.email == email)
