"""Giving, correcting, taking back and undoing on pages: through the journal, visible before the page is."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pages_story as story
import pytest
from pages_parts import Parts, Waiting
from pages_people import BOB, EVE, inhabited, signed_in

from sightline.catalog.conventions import conventions
from sightline.catalog.prices import PriceBook
from sightline.digest.policy import Policy
from sightline.digest.signals import SignalDigests
from sightline.journal.format import encode_header
from sightline.records.ingest import Receipt, Signal, Submission
from sightline.store.store import Store


class Digesting(Waiting):
    """A journal that digests what it is given at once."""

    def __init__(self, store: Store, folder: Path) -> None:
        super().__init__(folder / "journal")
        self._folder = folder
        self._make = SignalDigests(
            store, conventions(), PriceBook, lambda _: Policy(30, 30), lambda: story.NOW
        )
        self._digests = self._make()
        self._count = 0

    async def append(self, submission: Submission) -> Receipt:
        """Digest, as the loop would."""
        self._count += 1
        path = self._folder / f"{self._count}.pb"
        path.write_bytes(encode_header(submission, bytes(16)) + submission.payload)
        self._digests[Signal.LOGS].digest(path, 1, f"{self._folder.name}-{self._count}")
        return Receipt(False)

    def close(self) -> None:
        """Close the connections."""
        self._make.close()


@pytest.fixture
def town(store: Store, tmp_path: Path) -> Iterator[Parts]:
    journal, moments = Digesting(store, tmp_path), itertools.count(story.NOW)
    with inhabited(store, tmp_path) as parts:
        yield replace(parts, journal=journal, clock=lambda: next(moments))
    journal.close()


def a_trace(store: Store, project: str = "talk") -> tuple[str, str]:
    row = store.query(
        "SELECT trace_id, span_id FROM sightline.spans WHERE project = {p:String} AND trace_head LIMIT 1",
        {"p": project},
    ).rows[0]
    return str(row[0]), str(row[1])


def scores(store: Store) -> list[dict[str, Any]]:
    return store.query(
        "SELECT name, value, label, comment, author, source, id FROM sightline.scores FINAL"
        " WHERE project = 'talk' ORDER BY name"
    ).dicts()


def test_an_editor_gives_corrects_takes_back_and_undoes(town: Parts, store: Store) -> None:
    eve = signed_in(town, EVE)
    trace, span = a_trace(store)
    page = f"/p/talk/traces/{trace}?span={span}&tab=scores"
    fields = {"csrf": eve.token(), "back": page, "trace_id": trace, "span_id": span}
    made = eve.post("/p/talk/scores", **fields, name="helpful", value="yes", comment="just so")
    assert made.status_code == 303, made.text
    shown = eve.get(made.headers["location"].split("#")[0]).text
    assert "Your score is kept" in shown and "just so" in shown and "Scores 1" in shown
    (kept,) = scores(store)
    assert (kept["value"], kept["author"], kept["source"]) == (1.0, EVE, "person")
    # Their own is replaced.
    eve.post("/p/talk/scores", **fields, name="helpful", value="no", id=kept["id"])
    (now,) = scores(store)
    assert (now["id"], now["value"]) == (kept["id"], 0.0)
    gone = eve.post(f"/p/talk/scores/{kept['id']}/take-back", csrf=eve.token(), back=page)
    shown = eve.get(gone.headers["location"].split("#")[0]).text
    assert "The score is taken back" in shown and "Undo" in shown and scores(store) == []
    back = eve.post(f"/p/talk/scores/{kept['id']}/undo", csrf=eve.token(), back=page)
    assert "The score is back" in eve.get(back.headers["location"].split("#")[0]).text
    assert [s["value"] for s in scores(store)] == [0.0]
    eve.post(f"/p/talk/scores/{kept['id']}/take-back", csrf=eve.token(), back=page)


def test_what_cannot_be_kept_says_why(town: Parts, store: Store) -> None:
    eve = signed_in(town, EVE)
    town.control.define_score("talk", "stars", "numeric", low=1, high=5)
    trace, _ = a_trace(store)
    fields = {"csrf": eve.token(), "trace_id": trace, "back": "//evil.example/x"}
    wrong = eve.post("/p/talk/scores", **fields, name="stars", value="6")
    assert wrong.status_code == 422 and "stars is 6; expected at most 5" in wrong.text
    assert 'href="/p/talk/traces">Back' in wrong.text
    there = f"/p/talk/traces/{trace}?tab=scores"
    wrong = eve.post("/p/talk/scores", **fields | {"back": there}, name="stars", value="6")
    assert f'href="{there}">Back' in wrong.text
    # A way back that is no page of the project is not followed.
    made = eve.post("/p/talk/scores", **fields, name="stars", value="5")
    assert made.headers["location"] == "/p/talk/traces?score_done=kept#scores"
    eve.post(f"/p/talk/scores/{scores(store)[0]['id']}/take-back", csrf=eve.token(), back="")


def test_readers_see_and_may_not(town: Parts, store: Store) -> None:
    eve, bob = signed_in(town, EVE), signed_in(town, BOB)
    trace, span = a_trace(store, "default")
    fields = {"name": "x", "value": "1", "trace_id": trace}
    assert eve.post("/p/talk/scores", **fields).status_code == 403  # without the token of her session
    answer = bob.get(f"/p/default/traces/{trace}?span={span}&tab=scores")
    assert "Nobody scored this span" in answer.text and "Add a score" not in answer.text
    assert bob.post("/p/default/scores", csrf=bob.token(), **fields).status_code == 403
    assert eve.post("/p/default/scores", csrf=eve.token(), **fields).status_code == 403


def several(store: Store) -> list[dict[str, Any]]:
    return store.query(
        "SELECT name, value, comment, target, trace_id, span_id, author, id FROM sightline.scores FINAL"
        " WHERE project = 'talk' AND startsWith(id, 'several-') ORDER BY id"
    ).dicts()


def test_selected_rows_are_scored_at_once_and_that_is_undone(town: Parts, store: Store) -> None:
    eve = signed_in(town, EVE)
    town.control.define_score("talk", "sorted", "categorical", categories=["a", "b"])
    trace, span = a_trace(store)
    page = f"/p/talk/traces?sel={trace}"
    shown = eve.get(page).text
    assert "Score…" in shown and 'name="value" value="a"' in shown and f'value="{trace}" data-sel' in shown
    sent = {"csrf": eve.token(), "back": page, "sel": f"{trace},{trace}/{span},{trace}", "name": "sorted"}
    made = eve.post("/p/talk/scores-of-several", **sent, value="b", comment="same")
    assert made.status_code == 303, made.text
    kept = several(store)
    assert [(one["target"], one["span_id"], one["comment"], one["author"]) for one in kept] == [
        ("trace", "", "same", EVE), ("span", span, "same", EVE),
    ]  # fmt: skip
    shown = eve.get(made.headers["location"].split("#")[0]).text
    assert "2 scores are kept." in shown and "Ignored" not in shown
    batch = re.findall(r'name="batch" value="([0-9a-f]{32})"', shown)[0]
    undo = {"csrf": eve.token(), "back": page, "batch": batch, "count": "2"}
    gone = eve.post("/p/talk/scores-of-several/undo", **undo)
    assert "is taken back" in eve.get(gone.headers["location"].split("#")[0]).text and several(store) == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"sel": ""}, "expected 1 to 50"),
        ({"sel": ",".join(f"{n:032x}" for n in range(51))}, "51 rows are selected"),
        ({"sel": "<script>"}, "no row of the list"),
        ({"name": ""}, "name is missing"),
        ({"value": ""}, "says nothing"),
        ({"name": "sorted", "value": "c"}, "sorted"),
    ],
)
def test_all_are_scored_or_none(town: Parts, store: Store, change: dict[str, str], sentence: str) -> None:
    eve = signed_in(town, EVE)
    town.control.define_score("talk", "sorted", "categorical", categories=["a", "b"])
    trace, span = a_trace(store)
    sent = {"csrf": eve.token(), "back": "", "sel": f"{trace},{trace}/{span}", "name": "n", "value": "1"}
    answer = eve.post("/p/talk/scores-of-several", **sent | change)
    assert answer.status_code == 422 and sentence in answer.text, answer.text
    assert "<script>" not in answer.text.replace("<script src", "") and several(store) == []


def test_who_may_not_score_sees_no_form_for_several(town: Parts, store: Store) -> None:
    bob, eve = signed_in(town, BOB), signed_in(town, EVE)
    trace, _ = a_trace(store, "default")
    assert "Score…" not in bob.get(f"/p/default/traces?sel={trace}").text
    sent = {"csrf": bob.token(), "sel": trace, "name": "n", "value": "1"}
    for page in ("scores-of-several", "scores-of-several/undo"):
        assert bob.post(f"/p/default/{page}", **sent).status_code == 403
        assert eve.post(f"/p/default/{page}", **sent | {"csrf": eve.token()}).status_code == 403
    assert eve.post("/p/talk/scores-of-several", **sent | {"csrf": "x"}).status_code == 403
    broken = {"csrf": eve.token(), "batch": "x", "count": "2"}
    assert eve.post("/p/talk/scores-of-several/undo", **broken).status_code == 422


def test_a_click_replaces_ones_own_and_keeps_its_comment(town: Parts, store: Store) -> None:
    eve = signed_in(town, EVE)
    town.control.define_score("talk", "clicked", "boolean", direction="higher")
    trace, span = a_trace(store)
    page = f"/p/talk/traces/{trace}?span={span}&tab=scores"
    fields = {"csrf": eve.token(), "back": page, "trace_id": trace, "name": "clicked"}
    eve.post("/p/talk/scores", **fields, value="yes", comment="because")
    form = re.findall(r'<form class="quick".*?</form>', eve.get(page).text, re.S)
    (mine,) = [one for one in form if 'value="clicked"' in one and 'value="because"' in one]
    assert re.findall(r'value="(yes|no)" aria-pressed="(\w+)"', mine) == [("yes", "true"), ("no", "false")]
    sent = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', mine))
    eve.post("/p/talk/scores", **sent, value="no")
    kept = [one for one in scores(store) if one["name"] == "clicked"]
    assert [(one["value"], one["comment"]) for one in kept] == [(0.0, "because")]
    eve.post(f"/p/talk/scores/{kept[0]['id']}/take-back", csrf=eve.token(), back=page)
