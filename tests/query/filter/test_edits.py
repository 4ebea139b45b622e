"""Filters changed by one value: as text, and held against what the store's facets say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.query.dimensions import dimension
from sightline.query.filter.edits import all_of, asked, chosen, excluded, parts_of, toggled, without
from sightline.query.filter.parser import parse
from sightline.query.filter.spelling import spell

FILTERS = ["", "llm", "error user:alice", "model:a,b", "-model:a,b -env:dev", "model:a* or env:prod",
           "has:model", "-has:model", "cost>1 model:a*", '"a text" (llm or tool)']  # fmt: skip
NAMES = ["model", "env", "attr.squad"]


def toggle(text: str, name: str, value: str) -> str:
    return spell(toggled(parse(text), name, dimension(name).holds(value), value))


def exclude(text: str, name: str, value: str) -> str:
    return spell(without(parse(text), name, dimension(name).holds(value), value))


@pytest.mark.parametrize(
    ("text", "value", "toggled_text", "excluded_text"),
    [
        ("", "a", "model:a", "-model:a"),
        ("llm", "a b", 'kind:llm model:"a b"', 'kind:llm -model:"a b"'),
        ("model:a", "b", "model:a,b", "model:a -model:b"),
        ("model:a,b env:dev", "b", "env:dev model:a", "env:dev model:a -model:b"),
        ("model:a", "a", "", "-model:a"),
        ("-model:a,b", "b", "-model:a", "-model:a,b"),
        ("model:gpt* cost>1", "gpt-4o", "cost>1 model:gpt-4o", "cost>1 -model:gpt-4o"),
        ("model:a", "", "-has:model", "model:a has:model"),
        ("-has:model", "", "", "has:model"),
        ("has:model", "", "", "has:model"),
        ("has:model", "a", "model:a", "has:model -model:a"),
        ("model:a or env:dev", "b", "(model:a or env:dev) model:b", "(model:a or env:dev) -model:b"),
    ],
)
def test_one_value_more_or_less(text: str, value: str, toggled_text: str, excluded_text: str) -> None:
    assert toggle(text, "model", value) == toggled_text
    assert exclude(text, "model", value) == excluded_text


@given(
    text=st.sampled_from(FILTERS),
    name=st.sampled_from(NAMES),
    value=st.sampled_from(["", "a", "b", 'odd "one", (x)', "*", "12"]),
)
def test_what_is_chosen_is_chosen_and_what_is_excluded_is_not(text: str, name: str, value: str) -> None:
    node = parse(text)
    holds = dimension(name).holds(value)
    off = without(node, name, holds, value)
    assert excluded(off, name, value) and parse(spell(off)) == off
    on = toggled(node, name, holds, value)
    assert parse(spell(on)) == on
    if excluded(node, name, value):
        assert not excluded(on, name, value)
    elif not chosen(node, name, value):
        assert chosen(on, name, value)
        back = toggled(on, name, holds, value)
        assert not chosen(back, name, value) and not excluded(back, name, value)
    # A second click never says it twice.
    assert without(off, name, holds, value) == off


def test_the_values_that_a_filter_names() -> None:
    assert asked(parse("model:a,b -model:c model:d* env:x cost>1"), "model") == ["a", "b", "c"]
    assert asked(parse("attr.squad:x"), "attr.squad") == ["x"]
    assert all_of(parts_of(parse(""))) == parse("")
