"""Scores in words: colour where a direction is defined, the one that counts, corrections as difference."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from sightline.control.score_rules import misfit
from sightline.pages.score_quick import choices, quick_rows
from sightline.pages.score_rows import (
    chip,
    chips,
    counting,
    hint,
    offers,
    rated_chip,
    rows,
    text_of,
    typed_value,
)
from sightline.pages.traces_facets import worded
from sightline.records.scores import (
    DataType,
    Direction,
    Rated,
    Score,
    ScoreDefinition,
    ScoreSource,
    ScoreTarget,
)

NOW = datetime(2026, 11, 1, tzinfo=UTC)
SCORE = Score(
    "p", "1", "q", ScoreTarget.SPAN, "t", "s", "", "", DataType.NUMERIC, 0.9, "", "", "",
    ScoreSource.EVALUATOR, "judge", "llm", "", "", 5, 5,
)  # fmt: skip
DEFINED = ScoreDefinition("p", "q", DataType.NUMERIC, "how good", 0, 1, Direction.HIGHER, (), False, NOW, NOW)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({}, "0.9"),
        ({"value": 4.0}, "4"),
        ({"data_type": DataType.BOOLEAN, "value": 1.0}, "yes"),
        ({"data_type": DataType.BOOLEAN, "value": 0.0}, "no"),
        ({"label": "wrong", "value": None}, "wrong"),
        ({"label": "fail", "value": 0.25}, "fail (0.25)"),
        ({"value": None, "comment": "hm"}, "comment"),
        ({"value": None, "correction": "x"}, "corrected"),
    ],
)
def test_a_score_in_words(change: dict[str, object], text: str) -> None:
    assert text_of(replace(SCORE, **change)) == text  # type: ignore[arg-type]


def test_colour_needs_a_direction() -> None:
    assert chip(SCORE, {}).tone == ""
    assert chip(SCORE, {"q": DEFINED}).tone == "good"
    assert chip(replace(SCORE, value=0.1), {"q": DEFINED}).tone == "bad"
    assert chip(replace(SCORE, value=0.5), {"q": DEFINED}).tone == ""
    assert chip(SCORE, {"q": replace(DEFINED, direction=Direction.LOWER)}).tone == "bad"
    assert chip(SCORE, {"q": replace(DEFINED, direction=Direction.NONE)}).tone == ""


def test_a_person_counts_before_an_evaluator_and_the_latest_of_equals() -> None:
    person = replace(SCORE, id="2", source=ScoreSource.PERSON, value=0.1, time=1)
    later = replace(SCORE, id="3", time=9)
    assert [s.id for s in counting([SCORE, later])] == ["3"]
    assert [s.id for s in counting([SCORE, person, later])] == ["2"]
    other = replace(SCORE, id="4", span_id="other")
    assert len(counting([SCORE, other])) == 2
    assert [c.text for c in chips([SCORE, person, later], {})] == ["0.1"]


def test_what_came_with_a_public_key_counts_least() -> None:
    claim = replace(SCORE, id="public:9", source=ScoreSource.PERSON, value=0.1, time=99)
    rule = replace(SCORE, id="2", source=ScoreSource.RULE)
    assert [s.id for s in counting([claim, rule])] == ["2"]
    assert [s.id for s in counting([claim])] == ["public:9"]


@pytest.mark.parametrize(
    ("change", "kind", "text", "of"),
    [
        ({}, DataType.NUMERIC, "0.75", "4"),
        ({}, DataType.BOOLEAN, "75 %", "4"),
        ({"own": True, "mean": 1.0}, DataType.BOOLEAN, "yes", ""),
        ({"own": True, "mean": 4.0}, DataType.NUMERIC, "4", ""),
        ({"label": "wrong", "labelled": 1, "labels": 3}, DataType.CATEGORICAL, "wrong 33 %", "4"),
        ({"own": True, "label": "wrong", "labelled": 1, "labels": 1}, DataType.CATEGORICAL, "wrong", ""),
        ({"mean": None}, DataType.NUMERIC, "rated", "4"),
    ],
)
def test_several_scores_in_words(change: dict[str, object], kind: DataType, text: str, of: str) -> None:
    one = replace(Rated("q", False, 4, 0.75, "", 0, 0), **change)  # type: ignore[arg-type]
    found = rated_chip(one, kind, {}, "/there", "requests")
    assert (found.text, found.of, found.tone, found.href) == (text, of, "", "/there")


def test_several_are_coloured_as_one_is() -> None:
    one = Rated("q", False, 4, 0.75, "", 0, 0)
    assert rated_chip(one, DataType.NUMERIC, {"q": DEFINED}, "", "requests").tone == "good"
    lower = replace(DEFINED, direction=Direction.LOWER)
    assert rated_chip(one, DataType.NUMERIC, {"q": lower}, "", "requests").tone == "bad"


def test_rows_say_all_there_is() -> None:
    odd = replace(SCORE, id="2", value=7.0, source=ScoreSource.PERSON, author="ann@example.com", comment="c",
                  correction="b\nsame")  # fmt: skip
    first, second = rows([odd, SCORE], {"q": DEFINED}, "ann@example.com", "a\nsame")
    assert (first.mine, first.counts, second.mine, second.counts) == (True, True, False, False)
    assert first.outside == "q is 7; expected at most 1"
    assert [(line.side, line.text) for line in first.difference] == [
        ("left", "a"), ("right", "b"), ("same", "same"),
    ]  # fmt: skip
    assert (first.who, second.who, first.typed, first.description) == ("person", "evaluator", "7", "how good")
    assert rows([odd], {}, "", "")[0].difference == ()


def test_what_is_typed() -> None:
    label = replace(DEFINED, data_type=DataType.CATEGORICAL, categories=("1", "yes"))
    assert typed_value("0.5", None) == (0.5, "")
    assert typed_value(" yes ", None) == (True, "")
    assert typed_value("wrong", DEFINED) == (None, "wrong")
    assert typed_value("yes", label) == (None, "yes")
    assert typed_value("1", label) == (None, "1")
    assert typed_value("", None) == (None, "")
    assert typed_value("−2", None) == (-2.0, "")
    assert typed_value("nan", None) == (None, "nan") and typed_value("1e999", None) == (None, "1e999")


def test_what_is_offered() -> None:
    archived = replace(DEFINED, name="old", archived=True)
    found = offers([DEFINED, archived], ["q", "new"])
    assert [(one.name, one.hint) for one in found] == [("q", "0 to 1"), ("new", "")]
    assert hint(replace(DEFINED, low=None)) == "to 1"


def test_ranges_in_words() -> None:
    told = [worded(text) for text in ("..<0.4", "0.4..<0.6", "0.8..", "right", "a..b", "..", "-2..<-1")]
    assert told == ["below 0.4", "0.4 to 0.6", "0.8 and above", "right", "a..b", "..", "-2 to -1"]


def test_what_finds_no_room_is_counted() -> None:
    many = [replace(SCORE, id=f"{n}", name=f"n{n}", value=float(n)) for n in range(6)]
    found = chips(many, {}, 2)
    assert [(one.name, one.text, one.count) for one in found] == [
        ("n0", "0", 1),
        ("n1", "1", 1),
        ("", "+4", 4),
    ]
    assert found[-1].title == "n2 2\nn3 3\nn4 4\nn5 5"
    assert len(chips(many[:2], {}, 2)) == 2


def test_at_an_open_server_what_was_given_by_hand_is_ones_own() -> None:
    person = replace(SCORE, source=ScoreSource.PERSON, author="")
    assert not rows([person], {}, "", "")[0].mine
    assert rows([replace(person, method="page")], {}, "", "")[0].mine
    assert not rows([replace(person, method="page", author="ann@example.com")], {}, "", "")[0].mine
    assert not rows([replace(person, method="page")], {}, "ann@example.com", "")[0].mine


YES = replace(DEFINED, name="yes", data_type=DataType.BOOLEAN, low=None, high=None)
STARS = replace(DEFINED, name="stars", low=1, high=5)
LABEL = replace(DEFINED, name="label", data_type=DataType.CATEGORICAL, categories=("right", "<b>wrong"))


@pytest.mark.parametrize(
    ("definition", "texts"),
    [
        (YES, ["Yes", "No"]),
        (STARS, ["1", "2", "3", "4", "5"]),
        (replace(STARS, low=-2, high=2), ["−2", "−1", "0", "1", "2"]),
        (LABEL, ["right", "<b>wrong"]),
        # From 0 to 1, over many and without an end a number is typed.
        (DEFINED, []),
        (replace(STARS, high=100), []),
        (replace(STARS, high=None), []),
        (replace(STARS, low=0.5), []),
        (replace(LABEL, categories=tuple(map(str, range(30)))), []),
        (replace(DEFINED, data_type=DataType.COMMENT), []),
    ],
)
def test_choices_of_a_definition(definition: ScoreDefinition, texts: list[str]) -> None:
    assert [text for text, _ in choices(definition)] == texts
    for _, value in choices(definition):
        number, label = typed_value(value, definition)
        assert misfit(definition, None if number is None else float(number), label, "", "") == ""


def test_names_to_score_with_one_click() -> None:
    mine = replace(SCORE, name="stars", value=4.0, source=ScoreSource.PERSON, author="ann", comment="c")
    given = rows([mine, replace(SCORE, name="yes", value=1.0)], {}, "ann", "")
    found = quick_rows(
        [YES, STARS, replace(LABEL, archived=True), DEFINED, replace(DEFINED, data_type=DataType.COMMENT)],
        given, keys=True,
    )  # fmt: skip
    yes, stars, typed = found
    assert [one.key for row in found for one in row.choices] == ["1", "2", "", "", "", "", ""]
    assert yes.own is None and not any(one.chosen for one in yes.choices)
    assert (
        stars.own and stars.own.comment == "c" and [one.text for one in stars.choices if one.chosen] == ["4"]
    )
    assert (typed.choices, typed.hint) == ((), "0 to 1")
    assert not any(one.key for row in quick_rows([STARS], (), keys=False) for one in row.choices)
