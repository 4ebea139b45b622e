"""Definitions of scores: what may be said, what is remembered, what fits them."""

from __future__ import annotations

from typing import Any

import pytest

from sightline.control.control import Control
from sightline.control.errors import InvalidValue, NotFound
from sightline.control.score_rules import goodness, misfit
from sightline.records.scores import DataType


@pytest.fixture
def shop(control: Control) -> Control:
    """A project of its own."""
    control.create_project("shop")
    control.create_project("other")
    return control


def test_definitions_are_kept_changed_and_archived(shop: Control) -> None:
    first = shop.define_score("shop", " helpful ", "numeric", low=0, high=1, direction="higher", by="key:a")
    assert (first.name, first.low, first.high, first.archived) == ("helpful", 0, 1, False)
    again = shop.define_score("shop", "helpful", "boolean", direction="higher", description="thumbs")
    assert (again.data_type, again.low, again.created_at) == (DataType.BOOLEAN, None, first.created_at)
    shop.define_score("shop", "Verdict", "categorical", categories=["right", "wrong", "right"])
    assert [d.name for d in shop.score_definitions("shop")] == ["helpful", "Verdict"]
    assert shop.score_definitions("shop")[1].categories == ("right", "wrong")
    assert shop.score_definitions("other") == []
    assert shop.archive_score("shop", "helpful", by="key:a").archived
    assert not shop.archive_score("shop", "helpful", False).archived
    told = [(entry.action, entry.subject, entry.actor) for entry in shop.audit("shop")]
    assert told[:4] == [
        ("score.restore", "helpful", "system"),
        ("score.archive", "helpful", "key:a"),
        ("score.define", "Verdict", "system"),
        ("score.redefine", "helpful", "system"),
    ]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"name": " "}, "must not be empty"),
        ({"name": "x" * 201}, "has 201 characters"),
        ({"name": "a\nb"}, "cannot be shown"),
        ({"data_type": "stars"}, "The data type is 'stars'; expected one of numeric"),
        ({"direction": "up"}, "The direction is 'up'"),
        ({"low": 2, "high": 1}, "The lowest value 2 is not below the highest, 1"),
        ({"low": float("nan")}, "expected a number"),
        ({"data_type": "boolean", "high": 1}, "Only numeric scores have limits"),
        ({"categories": ["a"]}, "Only categorical scores have categories"),
        ({"data_type": "comment", "direction": "higher"}, "Only numbers and booleans have a direction"),
        ({"data_type": "categorical", "categories": list(map(str, range(101)))}, "101 categories"),
    ],
)
def test_what_is_refused(shop: Control, given: dict[str, Any], sentence: str) -> None:
    asked = {"name": "helpful", "data_type": "numeric"} | given
    with pytest.raises(InvalidValue, match=sentence):
        shop.define_score("shop", asked.pop("name"), asked.pop("data_type"), **asked)
    assert shop.score_definitions("shop") == []


def test_what_is_not_there(shop: Control) -> None:
    with pytest.raises(NotFound):
        shop.define_score("nowhere", "helpful", "numeric")
    with pytest.raises(NotFound, match="no definition of a score 'helpful'"):
        shop.archive_score("shop", "helpful")


@pytest.mark.parametrize(
    ("definition", "score", "sentence"),
    [
        ({"low": 0, "high": 1}, {"value": 0.5}, ""),
        ({"low": 0, "high": 1}, {"value": 1.5}, "q is 1.5; expected at most 1"),
        ({"low": 0}, {"value": -1.0}, "q is -1; expected at least 0"),
        ({}, {"label": "good"}, "q is a number; this score has no value"),
        ({"data_type": "boolean"}, {"value": 0.5}, "q is 0.5; expected true"),
        ({"data_type": "boolean"}, {"value": 0.0}, ""),
        ({"data_type": "categorical", "categories": ["a", "b"]}, {"label": "c"}, "expected one of a, b"),
        ({"data_type": "categorical", "categories": ["a"]}, {"value": 1.0}, "one of a; this score has none"),
        ({"data_type": "categorical"}, {"label": "anything"}, ""),
        ({"data_type": "comment"}, {"value": 1.0}, "q is a comment"),
        ({"data_type": "correction"}, {"correction": "x"}, ""),
    ],
)
def test_what_fits(shop: Control, definition: dict[str, Any], score: dict[str, Any], sentence: str) -> None:
    kept = shop.define_score("shop", "q", **{"data_type": "numeric"} | definition)
    given: dict[str, Any] = {"value": None, "label": "", "comment": "", "correction": ""} | score
    found = misfit(kept, **given)
    assert (sentence in found) if sentence else found == ""


def test_how_good_a_value_is(shop: Control) -> None:
    higher = shop.define_score("shop", "q", "numeric", low=1, high=5, direction="higher")
    lower = shop.define_score("shop", "p", "numeric", low=0, high=1, direction="lower")
    flag = shop.define_score("shop", "f", "boolean", direction="higher")
    plain = shop.define_score("shop", "n", "numeric", low=0, high=1)
    endless = shop.define_score("shop", "e", "numeric", low=0, direction="higher")
    assert [goodness(higher, v) for v in (1, 3, 9)] == [0, 0.5, 1]
    assert [goodness(lower, 0.25), goodness(flag, 0.0), goodness(flag, 1.0)] == [0.75, 0, 1]
    assert [goodness(plain, 1), goodness(endless, 1), goodness(None, 1), goodness(higher, None)] == [None] * 4
