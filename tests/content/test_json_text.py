"""JSON text that is whole, cut, doubly encoded, or none."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sightline.content.json_text import MAX_DEPTH, dumps, parse

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=15,
)
CONTAINERS = st.lists(VALUES) | st.dictionaries(st.text(max_size=5), VALUES)


@given(CONTAINERS)
def test_whole_json_is_itself(value: Any) -> None:
    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False), json.dumps(json.dumps(value))):
        found = parse(text)
        assert found is not None and (found.value, found.cut) == (value, False)
        assert parse(dumps(found.value)) == found


def begins(part: Any, whole: Any) -> bool:
    """Whether a value is the beginning of another one, at every level."""
    if isinstance(part, list) and isinstance(whole, list):
        return len(part) <= len(whole) and all(map(begins, part, whole))
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(k in whole and begins(v, whole[k]) for k, v in part.items())
    if isinstance(part, str) and isinstance(whole, str):
        return whole.startswith(part.rstrip("\ufffd"))  # half of a character written as two escapes
    return bool(part == whole) and type(part) is type(whole)


@given(CONTAINERS, st.data(), st.booleans())
def test_every_beginning_is_read_and_adds_nothing(value: Any, data: st.DataObject, plain: bool) -> None:
    text = json.dumps(value, ensure_ascii=not plain)
    end = data.draw(st.integers(1, len(text) - 1))
    found = parse(text[:end])
    assert found is not None and found.cut
    assert begins(found.value, value)
    assert found.tail in text


@given(st.text())
def test_any_text_is_answered(text: str) -> None:
    for given_text in (text, "[" + text, '{"a":' + text, '"' + text):
        found = parse(given_text, cut=True)
        if found is not None:
            dumps(found.value).encode()


def test_numbers_that_nothing_holds_stay_text() -> None:
    found = parse("[1e999, -1e999, " + "7" * 5000 + ", NaN, 0.5, 12]")
    assert found is not None
    assert found.value == ["1e999", "-1e999", "7" * 5000, "NaN", 0.5, 12]


def test_what_is_nested_too_deep_is_no_json() -> None:
    assert parse("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1)) is None
    assert parse("[" * MAX_DEPTH + "]" * MAX_DEPTH) is not None
    assert parse("[" * (MAX_DEPTH + 1)) is None


def test_halves_of_characters_are_replaced() -> None:
    found = parse('["\\ud83d", "\\ud83d\\ude00", {"\\udc00": 1}]')
    assert found is not None and found.value == ["\ufffd", "\U0001f600", {"\ufffd": 1}]
