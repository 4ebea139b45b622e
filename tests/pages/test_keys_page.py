"""Settings: keys and projects, for whoever administers them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pages_parts import Parts
from pages_people import ANN, BOB, EVE, Visitor, inhabited, signed_in

from sightline.control.control import Control
from sightline.control.gate import Gate
from sightline.records.access import Scope
from sightline.store.store import Store

KEYS, PROJECTS = "/settings/keys", "/settings/projects"


@pytest.fixture
def town(store: Store, tmp_path: Path) -> Iterator[Parts]:
    with inhabited(store, tmp_path) as parts:
        yield parts


def test_a_key_is_made_shown_once_and_ended(town: Parts) -> None:
    bob = signed_in(town, BOB)
    made = bob.post(KEYS, csrf=bob.token(), label="<i>shop</i>", project="talk", scope="ingest")
    assert made.status_code == 200
    found = re.search(r'value="(sl_i_\w+)"', made.text)
    assert found and "&lt;i&gt;shop&lt;/i&gt;" in made.text
    key = town.control.find_key(found[1])
    assert key is not None
    assert (key.project, key.scope, key.label) == ("talk", Scope.INGEST, "<i>shop</i>")
    page = bob.get(KEYS).text
    assert key.id in page and found[1] not in page and "not used yet" in page
    ended = bob.post(f"{KEYS}/{key.id}/revoke", csrf=bob.token())
    assert ended.status_code == 303
    assert "revoked" in bob.get(ended.headers["location"]).text
    assert town.control.find_key(found[1]) is None
    assert town.control.audit("talk")[0].actor == f"person:{BOB}"


def test_keys_of_other_projects_are_nobodys_here(town: Parts) -> None:
    key, _ = town.control.create_key("default", Scope.READ, "of another")
    bob = signed_in(town, BOB)
    assert "of another" not in bob.get(KEYS).text
    assert bob.post(f"{KEYS}/{key.id}/revoke", csrf=bob.token()).status_code == 404
    made = bob.post(KEYS, csrf=bob.token(), label="", project="default", scope="admin")
    assert made.status_code == 403
    assert [k.id for k in town.control.keys("default")] == [key.id]
    assert "of another" in signed_in(town, ANN).get(KEYS).text


def test_a_wrong_key_form_keeps_what_was_typed(town: Parts) -> None:
    ann = signed_in(town, ANN)
    answer = ann.post(KEYS, csrf=ann.token(), label="mine", project="talk", scope="owner")
    assert answer.status_code == 422
    assert "does not exist" in answer.text and 'value="mine"' in answer.text


def test_the_first_key_on_an_open_server_is_announced(store: Store, parts: Parts, tmp_path: Path) -> None:
    control = Control(f"sqlite:///{tmp_path}/control.db")
    control.migrate()
    gate = Gate(control, loopback=True)
    parts.control, parts.gate = control, gate  # type: ignore[assignment]
    parts.projects = lambda: ["default"]
    visitor = Visitor(parts)
    try:
        assert "all senders and readers need one" in visitor.get(KEYS).text
        made = visitor.post(KEYS, label="", project="default", scope="read")
        assert "sl_r_" in made.text and "Nobody needs a key here yet" not in made.text
        assert visitor.get(KEYS).status_code == 401
    finally:
        gate.close()
        control.close()


def test_projects_are_made_by_server_administrators(town: Parts) -> None:
    ann = signed_in(town, ANN)
    fields = {"name": "shop", "retention_days": "20", "content_days": "5"}
    made = ann.post(PROJECTS, csrf=ann.token(), **fields)
    assert made.headers["location"] == f"{PROJECTS}?done=made#p-shop"
    project = town.control.project("shop")
    assert project is not None
    assert (project.retention_days, project.content_days) == (20, 5)
    for wrong, said in (
        ({"name": "shop"}, "exists already"),
        ({"name": "No Good"}, "does not fit"),
        ({"name": "x", "retention_days": "1.5"}, "expected whole days"),
        ({"name": "x", "content_days": "99"}, "cannot outlive their spans"),
    ):
        answer = ann.post(PROJECTS, csrf=ann.token(), **{**fields, **wrong})
        assert answer.status_code == 422
        assert said in answer.text
    bob = signed_in(town, BOB)
    assert "Make a project" not in bob.get(PROJECTS).text
    assert bob.post(PROJECTS, csrf=bob.token(), **fields).status_code == 403


def test_an_admin_sets_the_periods_of_their_project(town: Parts) -> None:
    bob = signed_in(town, BOB)
    page = bob.get(PROJECTS).text
    assert 'id="p-talk"' in page and 'id="p-default"' not in page
    days = {"retention_days": "12", "content_days": "3"}
    assert bob.post(f"{PROJECTS}/talk/periods", csrf=bob.token(), **days).status_code == 303
    project = town.control.project("talk")
    assert project is not None
    assert (project.retention_days, project.content_days) == (12, 3)
    assert bob.post(f"{PROJECTS}/default/periods", csrf=bob.token(), **days).status_code == 403
    ann = signed_in(town, ANN)
    assert ann.post(f"{PROJECTS}/nowhere/periods", csrf=ann.token(), **days).status_code == 404
    wrong = ann.post(f"{PROJECTS}/talk/periods", csrf=ann.token(), retention_days="0", content_days="0")
    assert wrong.status_code == 422


def test_who_administers_nothing_sees_neither(town: Parts) -> None:
    eve = signed_in(town, EVE)
    assert "/settings/keys" not in eve.get("/settings/me").text
    assert eve.get(KEYS).status_code == eve.get(PROJECTS).status_code == 403


def test_a_public_key_is_made_with_its_sites_kept_in_sight_and_changed(town: Parts) -> None:
    bob = signed_in(town, BOB)
    typed = {"label": "shop", "project": "talk", "scope": "public", "origins": "https://App.example/\n"}
    made = bob.post(KEYS, csrf=bob.token(), **typed, address_requests="7", requests="")
    assert made.status_code == 200
    [key] = town.control.keys("talk")
    assert key.terms is not None and key.text.startswith("sl_p_")
    assert key.terms.origins == ("https://app.example",)
    assert (key.terms.limits.address_requests, key.terms.limits.requests) == (7, 3000)
    page = bob.get(KEYS).text
    assert key.text in page, "it is no secret, and is there again for the next page"
    assert "/widget.js" in page and f"key=&#34;{key.text}&#34;" in page
    assert "<sightline-feedback" not in page, "a snippet to copy, and no widget of ours"
    assert "every site</span>" not in page
    changed = bob.post(f"{KEYS}/{key.id}/change", csrf=bob.token(), label="the shop", origins="*", items="9")
    assert changed.status_code == 303
    assert "every site</span>" in bob.get(changed.headers["location"]).text
    [key] = town.control.keys("talk")
    assert key.terms is not None
    assert (key.label, key.terms.origins, key.terms.limits.items) == ("the shop", ("*",), 9)
    audit = town.control.audit("talk")[0]
    assert (audit.action, audit.actor) == ("key.change", f"person:{BOB}")


def test_wrong_sites_and_limits_keep_what_was_typed(town: Parts) -> None:
    bob = signed_in(town, BOB)
    typed = {"label": "shop", "project": "talk", "scope": "public"}
    answer = bob.post(KEYS, csrf=bob.token(), **typed, origins="app.example")
    assert answer.status_code == 422
    assert (
        "expected one such as https://app.example" in answer.text and ">app.example</textarea>" in answer.text
    )
    answer = bob.post(KEYS, csrf=bob.token(), **typed, origins="https://a.example", requests="many")
    assert answer.status_code == 422 and "is no whole number" in answer.text
    assert town.control.keys("talk") == []
    key, _ = town.control.create_key("talk", "public", origins=["https://a.example"])
    answer = bob.post(f"{KEYS}/{key.id}/change", csrf=bob.token(), label="", origins="nothing")
    assert answer.status_code == 422 and ">nothing</textarea>" in answer.text
    assert town.control.keys("talk") == [key]


def test_only_public_keys_of_ones_projects_are_changed(town: Parts) -> None:
    bob = signed_in(town, BOB)
    other, _ = town.control.create_key("default", "public", origins=["https://a.example"])
    path = f"{KEYS}/{other.id}/change"
    assert bob.post(path, csrf=bob.token(), label="mine", origins="*").status_code == 404
    own, _ = town.control.create_key("talk", "read")
    answer = bob.post(f"{KEYS}/{own.id}/change", csrf=bob.token(), label="", origins="https://b.example")
    assert answer.status_code == 422 and "only public keys" in answer.text
    assert town.control.keys() == [other, own]
