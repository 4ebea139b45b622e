"""Phrases in shown texts, and that the engine finds in stored texts what a page marks."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sightline.query.filter.contents import in_text
from sightline.query.filter.parameters import Parameters
from sightline.query.phrases import lookup, ranges, read_phrase, searched
from sightline.store.store import Store


def marked(text: str, *phrases: str) -> list[str]:
    return [text[a:b] for a, b in ranges(text, [read_phrase(p.split("*")) for p in phrases])]


@pytest.mark.parametrize(
    ("text", "phrases", "found"),
    [
        ("The Refund—policy; refunds policy", ["refund policy"], ["Refund—policy"]),
        ("refund\n\n  POLICY", ["Refund policy"], ["refund\n\n  POLICY"]),
        ("refunds refund's refund", ["refund"], ["refund", "refund"]),
        ("refunds refund", ["refund*"], ["refunds", "refund"]),
        ("unrefunded", ["*fund*"], ["unrefunded"]),
        ("a_b a-b ab", ["a b"], ["a_b", "a-b"]),
        ("caf\u00e9 CAFÉ cafe", ["café"], ["café", "CAFÉ"]),
        ("我们可以退款吗", ["退款"], ["退款"]),
        ("使用gpt模型", ["gpt"], ["gpt"]),
        ("हिन्दी में", ["हिन्दी"], ["हिन्दी"]),
        ("हिन्दी में", ["हि"], []),
        ("what??? no", ["???"], ["???"]),
        ("abc", ["b"], []),
        ("one two three", ["one two", "two three"], ["one two three"]),
        ("", ["a"], []),
    ],
)
def test_what_a_page_marks(text: str, phrases: list[str], found: list[str]) -> None:
    assert marked(text, *phrases) == found


def test_marks_are_in_order_apart_and_bounded() -> None:
    found = ranges("a b " * 5_000, [read_phrase(["a"]), read_phrase(["b"])])
    assert 0 < len(found) <= 2_000
    assert all(a < b for a, b in found) and all(x[1] < y[0] for x, y in pairwise(found))


def test_which_words_are_looked_up() -> None:
    one = lookup(read_phrase(["refund"]))
    assert one.all_of == ("refund",) and one.exact
    two = lookup(read_phrase(["Refund policy"]))
    assert two.all_of == ("refund", "policy") and not two.exact
    assert lookup(read_phrase(["café"])).any_of == (("café", "cafu00e9", "cafu00c9"),)
    for segments in (["refund", ""], ["退款"], ["???"]):
        found = lookup(read_phrase(segments))
        assert not found.all_of and not found.any_of and not found.exact


_LETTERS = "aAbB7éÉжЖ退款हि"
_BETWEEN = " .,-_\n\t\"'\\“”—…→{}[]:😀/"
_words = st.text(_LETTERS, min_size=1, max_size=4)
_gaps = st.text(_BETWEEN, min_size=1, max_size=3)
_texts = st.lists(_words | _gaps, max_size=8).map("".join)
_phrases = st.lists(_words, min_size=1, max_size=2).map(" ".join)


def found(store: Store, stored: str, phrase: str) -> bool:
    parameters = Parameters(body=stored)
    condition = in_text(parameters, read_phrase([phrase]), "c.body")
    sql = f"SELECT {condition} FROM (SELECT {{body:String}} AS body) AS c"
    return bool(store.query(sql, parameters.given).scalar())


@settings(max_examples=150, deadline=None)
@given(_texts, _phrases)
@example("x\nrefund", "refund")
@example("C:\\new", "new")
@example("“a”", "a")
@example("x 𐀀b", "𐀀b")
@example("款7É", "款7")
def test_the_engine_finds_what_a_page_marks(told_store: Store, text: str, phrase: str) -> None:
    marks = bool(ranges(text, [read_phrase([phrase])]))
    assert found(told_store, text, phrase) == marks or _undecided(text)
    for escaped in (True, False):
        assert (
            found(told_store, json.dumps({"q": text}, ensure_ascii=escaped), phrase) == marks
            or _undecided(text)
            or (escaped and _cased(text))
        )


def _cased(text: str) -> bool:
    """Capitals beyond ASCII: escaped as JSON they are numbers, which have no small letters."""
    return any(not letter.isascii() and letter != letter.lower() for letter in text)


def _undecided(text: str) -> bool:
    """A backslash before a letter: who stored the text knows whether it is an escape, we do not."""
    return any(a == "\\" and b in "nrtabAB7" for a, b in pairwise(text))


@settings(max_examples=50, deadline=None)
@given(_texts)
def test_json_in_json_is_searched_as_well(told_store: Store, text: str) -> None:
    nested = json.dumps({"arguments": json.dumps({"q": f"{text} exactly"})})
    assert found(told_store, nested, "exactly")
    if not _undecided(text):
        words = [word for word in read_phrase([text]).words if word[0].isascii()]
        assert all(found(told_store, nested, word[0]) for word in words)


def test_the_indexed_expression_is_one_line_and_plain() -> None:
    text = searched("body")
    assert text.isascii() and "\n" not in text and text.count("body") == 1
