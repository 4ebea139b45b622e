"""Structures fold, whatever they hold."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pages_elements import Elements, assert_harmless
from pages_hostile import ALL, CORPUS

from sightline.pages.json_tree import MAX_NODES, tree

SMALL = {"user": "u_1", "n": 3, "ok": True, "none": None}
LARGE = {"name": "x" * 80, "rows": [{"a": n, "b": "y" * 70} for n in range(20)]}


def test_what_is_small_stands_on_one_line() -> None:
    drawn = Elements(tree(SMALL))
    assert drawn.text == json.dumps(SMALL) and "details" not in [tag for tag, _ in drawn.found]
    assert tree([]) == "[]" and tree({}) == "{}"


def test_what_is_large_folds_level_by_level() -> None:
    found = Elements(tree(LARGE)).found
    folds = [attributes for tag, attributes in found if tag == "details"]
    assert len(folds) == 22
    assert "open" in folds[0] and "open" not in folds[1] and "open" in folds[2]
    assert "20 elements" in Elements(tree(LARGE)).text


def test_long_texts_fold() -> None:
    drawn = tree({"text": "word " * 200})
    assert "1,000 characters" in drawn and drawn.count("<details") == 2


def test_numbers_of_nodes_and_levels_are_bounded() -> None:
    wide = tree([["x" * 80] for _ in range(MAX_NODES * 2)])
    assert wide.count("<li>") <= MAX_NODES + 1 and "more</li>" in wide
    deep: Any = "x" * 80
    for _ in range(90):
        deep = [deep]
    assert tree(deep).count("<details") <= 31


def test_hostile_keys_and_values_do_nothing() -> None:
    assert_harmless(tree({ALL: ALL, "list": list(CORPUS), **{text: text for text in CORPUS}}))


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.sampled_from(CORPUS),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(CORPUS), inner),
    max_leaves=30,
)


@given(VALUES)
def test_any_value_is_drawn_harmless(value: Any) -> None:
    assert_harmless(tree(value))
