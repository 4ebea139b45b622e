"""Trees to canonical text and back."""

from __future__ import annotations

from hypothesis import given, settings
from tests.query.filter_trees import texts, trees

from sightline.query.filter.nodes import Condition, Node, Value
from sightline.query.filter.parser import parse
from sightline.query.filter.spelling import condition, spell, value_of


@settings(max_examples=400)
@given(trees())
def test_the_canonical_text_is_the_tree(tree: Node) -> None:
    text = spell(tree)
    assert parse(text) == tree
    assert spell(parse(text)) == text


@given(texts)
def test_a_value_means_exactly_its_text(text: str) -> None:
    found = parse(condition("model", text))
    assert isinstance(found, Condition)
    assert found.values == (value_of(text),) and found.values[0].segments == (text,)


def test_quotes_only_where_needed() -> None:
    assert condition("model", "gpt-4o", "a b", "", "*") == 'model:gpt-4o,"a b","","*"'
    assert value_of("x") == Value(("x",)) and value_of(">1").quoted
