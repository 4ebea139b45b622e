"""Settings: definitions of scores, what was seen without one, who may change them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pages_parts import Parts
from pages_people import BOB, EVE, inhabited, signed_in

from sightline.pages.score_settings import prefilled, undefined
from sightline.query.scores import ScoreName
from sightline.records.scores import DataType
from sightline.store.store import Store

PAGE = "/settings/scores"
FIELDS = {"project": "talk", "name": "helpful", "data_type": "numeric", "low": "0", "high": "1"}


@pytest.fixture
def town(store: Store, tmp_path: Path) -> Iterator[Parts]:
    with inhabited(store, tmp_path) as parts:
        yield parts


def test_an_editor_defines_changes_and_archives(town: Parts) -> None:
    eve = signed_in(town, EVE)
    made = eve.post(PAGE, csrf=eve.token(), **FIELDS, direction="higher", description="was it?")
    assert made.status_code == 303
    page = eve.get(made.headers["location"]).text
    assert "The definition is kept" in page and "was it?" in page and "higher is better" in page
    edit = eve.get(f"{PAGE}?project=talk&name=helpful").text
    assert "Change helpful" in edit and 'value="helpful"' in edit and "readonly" in edit
    gone = eve.post(f"{PAGE}/archive", csrf=eve.token(), project="talk", name="helpful", archived="yes")
    assert "archived" in eve.get(gone.headers["location"]).text
    (kept,) = town.control.score_definitions("talk")
    assert kept.archived
    actions = [(entry.action, entry.actor) for entry in town.control.audit("talk")]
    assert actions[:2] == [("score.archive", f"person:{EVE}"), ("score.define", f"person:{EVE}")]


def test_what_is_wrong_is_said_and_nothing_lost(town: Parts) -> None:
    eve = signed_in(town, EVE)
    for wrong, sentence in (
        ({"low": "few"}, "The lowest value is &#39;few&#39;; give a number such as 0.5."),
        ({"low": "2"}, "The lowest value 2 is not below the highest, 1."),
        ({"name": ""}, "must not be empty"),
        ({"data_type": "stars"}, "expected one of numeric"),
        ({"categories": "a, b"}, "Only categorical scores have categories"),
    ):
        answer = eve.post(PAGE, csrf=eve.token(), **{**FIELDS, **wrong})
        assert answer.status_code == 422, wrong
        assert sentence in answer.text, wrong
    assert 'value="a, b"' in answer.text
    assert town.control.score_definitions("talk") == []


def test_readers_and_other_projects_may_not(town: Parts) -> None:
    bob, eve = signed_in(town, BOB), signed_in(town, EVE)
    other = {**FIELDS, "project": "elsewhere"}
    assert eve.post(PAGE, csrf=eve.token(), **other).status_code == 403
    assert eve.get(f"{PAGE}?project=elsewhere").status_code == 404
    assert eve.post(PAGE, **FIELDS).status_code == 403
    allowed = {p for p in ("talk",) if (role := town.control.person(BOB)) and role.roles.get(p)}
    if not allowed:
        assert bob.get(PAGE).status_code in (403, 404)


def name(**more: object) -> ScoreName:
    told = {"name": "q", "found": 9, "spans": 9, "traces": 0, "sessions": 0, "numbers": 0, "booleans": 0,
            "labelled": 0, "comments": 0, "corrections": 0, "low": None, "high": None, "labels": (),
            "sources": (), "first": 1, "last": 1}  # fmt: skip
    return ScoreName(**told | more)  # type: ignore[arg-type]


def test_a_name_that_was_seen_is_offered_as_it_was_seen() -> None:
    numbers = name(numbers=9, low=0.1, high=0.9)
    (row,) = undefined("p", [], [numbers])
    assert row.says == "numbers from 0.1 to 0.9" and "/p/p/scores?name=q&range=1970" in row.given
    assert (prefilled("q", None, [numbers]).low, prefilled("q", None, [numbers]).high) == ("0", "1")
    labels = name(labelled=9, labels=("right", "wrong"))
    assert prefilled("q", None, [labels]).categories == "right, wrong"
    assert prefilled("q", None, [name(booleans=9, numbers=9)]).data_type == str(DataType.BOOLEAN)
