"""A canonical span written as attributes reads as the same span: held against the plain reading."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.catalog.conventions import conventions
from sightline.catalog.reference import SpanFacts, read
from sightline.catalog.vocabulary import FieldType
from sightline.query.own_attributes import attributes_of, kind_said, writings

KINDS = ["llm", "tool", "agent", "retriever", "embedding", "reranker", "other"]
_TEXTS = st.sampled_from(
    ["gpt-4o-2024-08-06", "openai", "a b", "7", "true", '["x"]', '{"feature":"f"}', "sess"]
)
_VALUES = {
    FieldType.STR: _TEXTS,
    FieldType.INT: st.integers(0, 5000),
    FieldType.FLOAT: st.floats(0.125, 100, width=32),
    FieldType.BOOL: st.booleans(),
    FieldType.LIST: st.lists(_TEXTS, min_size=1, max_size=3),
}
_WEIGHTS = st.floats(1, 1_000_000)
_FIELDS = [written.field for written in writings()]


@st.composite
def spans(draw: st.DrawFn) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """A kind, canonical columns, and attributes that were left beside them."""
    chosen = draw(st.lists(st.sampled_from(_FIELDS), max_size=12, unique_by=lambda f: f.name))
    values = {f.column: draw(_WEIGHTS if f.column == "sample_weight" else _VALUES[f.type]) for f in chosen}
    keys = sorted(conventions().keys)
    left = draw(st.dictionaries(st.sampled_from([*keys, "mine"]), _TEXTS, max_size=3))
    return draw(st.sampled_from(KINDS)), values, left


def reading(attributes: dict[str, Any], resource: dict[str, Any]) -> dict[str, Any]:
    span = SpanFacts(tuple(attributes.items()), tuple(resource.items()), name="step")
    found = read(span).values
    return {k: list(v) if isinstance(v, tuple) else v for k, v in found.items()}


@settings(max_examples=300)
@given(spans())
def test_every_column_is_read_again(span: tuple[str, dict[str, Any], dict[str, Any]]) -> None:
    kind, values, left = span
    written = {"sightline.kind": kind, **left, **attributes_of(kind, values, left, {})}
    found = reading(written, {})
    assert {name: found.get(name) for name in values} == values


@settings(max_examples=300)
@given(spans())
def test_what_was_unknown_stays_unknown(span: tuple[str, dict[str, Any], dict[str, Any]]) -> None:
    kind, values, _ = span
    found = reading({"sightline.kind": kind, **attributes_of(kind, values, {}, {})}, {})
    first = {f.first for f in _FIELDS if f.first}
    always = {f.column for f in _FIELDS if f.default}
    assert found.keys() - first - always <= values.keys() | {"kind", "status"}


def test_names_that_others_know_where_they_mean_just_that() -> None:
    values = {"request_model": "gpt-4o", "provider": "openai", "input_tokens": 5, "output_tokens": 7}
    written = attributes_of("llm", values, {}, {})
    assert written["gen_ai.usage.input_tokens"] == 5
    assert written["gen_ai.usage.output_tokens"] == 7
    assert written["gen_ai.request.model"] == "gpt-4o"
    assert written["sightline.provider"] == "openai"  # theirs would be translated, and stay beside it


def test_tokens_that_rules_would_change_are_written_as_they_are() -> None:
    written = attributes_of("llm", {"input_tokens": 100, "cache_read_tokens": 40}, {}, {})
    assert written["sightline.input_tokens"] == 100
    assert "gen_ai.usage.input_tokens" not in written


def test_a_resource_that_says_it_already_is_enough() -> None:
    resource = {"service.name": "shop"}
    assert attributes_of("other", {"service": "shop"}, {}, resource) == {}
    assert attributes_of("other", {"service": "else"}, {}, resource) == {"sightline.service": "else"}


@pytest.mark.parametrize("kind", KINDS)
def test_the_kind_that_attributes_mean(kind: str) -> None:
    assert kind_said("", "step", True, {"sightline.kind": kind}, {}) == kind
    assert kind_said("", "step", True, {}, {}) == "other"
