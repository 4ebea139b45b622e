"""Every field can be asked for: names, columns, types, against the schema as it is."""

from __future__ import annotations

import asyncio
import re

import pytest
from tests.query.filter_story import HOSTILE, NOW, WINDOW

from sightline.catalog.conventions import conventions
from sightline.digest.trace_sums import NAMES as HEADS
from sightline.query.filter.fields import ALIASES, WHOLE_TRACE, Field, Type, fields, find
from sightline.query.filter.spelling import quotes
from sightline.query.selection import Target, count, select
from sightline.query.window import Window
from sightline.store.store import Store

# What a filter does not reach: the project is given, the rest is reached in other ways or is ours alone.
BESIDE = {
    "project", "inherited", "retention_days", "attributes", "resource", "content.field", "content.hash",
    "events.time", "events.attributes", "links.span_id", "links.attributes", *HEADS,
}  # fmt: skip
VALUES = {
    Type.TEXT: [":a", ":a*", ':""'],
    Type.LIST: [":a", ":a*", ":a,b"],
    Type.INTEGER: [":5", ">5", ":1..5"],
    Type.NUMBER: [":0.5", "<=1e3"],
    Type.MONEY: [">$0.01", ":0..1"],
    Type.DURATION: [">2s", ":1ms..2h"],
    Type.TIME: [">-2h", ":2026-11-20"],
    Type.SIZE: [">1kb"],
    Type.BOOL: [":true", ":false"],
    Type.CONTENT: [":word", ':"two words"', ">1kb"],
    Type.LOG: [":word"],
}


def found(store: Store, text: str, target: Target = Target.SPANS, window: Window = WINDOW) -> int:
    return asyncio.run(count(store, select(text, window, NOW, target)))


@pytest.mark.parametrize("field", fields(), ids=lambda f: f.name)
def test_every_field_can_be_filtered(told_store: Store, field: Field) -> None:
    everything = found(told_store, "")
    for name in field.names:
        has = found(told_store, f"has:{name}")
        assert has + found(told_store, f"-has:{name}") == everything
    name = field.names[0]
    for value in [f":{field.words[0]}"] if field.words else VALUES[field.type]:
        for target in Target:
            assert found(told_store, name + value, target) >= 0
        assert found(told_store, name + value) + found(told_store, f"-{name}{value}") == everything


def test_every_canonical_field_of_spans_has_a_name() -> None:
    for field in conventions().fields:
        if field.name.startswith(("metric.", "evaluation.", "error.stacktrace", "span.end_time")):
            continue
        if field.name != "project":
            assert find(field.name) is find(field.column), field.name


def test_every_column_is_reached(told_store: Store) -> None:
    rows = told_store.query(
        "SELECT name FROM system.columns WHERE database = 'sightline' AND table = 'spans'"
    ).rows
    columns = {str(name) for (name,) in rows}
    named = {c for f in fields() for c in re.findall(r"s\.([a-z_0-9]+(?:\.[a-z_]+)?)", f.sql)}
    assert named <= columns
    assert columns - named == BESIDE


def test_contents_are_looked_for_where_the_digest_puts_them() -> None:
    known = {f.column for f in conventions().fields if f.content} | {f.column for f in conventions().families}
    named = {column for f in fields() for column in f.contents}
    assert named <= known and known - named <= {"error_stacktrace", "indexed_evaluations", "indexed_other"}


def test_the_lists_agree_with_the_digest() -> None:
    from sightline.digest.canonical import TRACE_WIDE

    assert set(TRACE_WIDE) == WHOLE_TRACE
    assert not set(ALIASES) & {f.name for f in conventions().fields} - {"feature"}


@pytest.mark.parametrize("key", HOSTILE)
def test_attributes_with_any_name(told_store: Store, key: str) -> None:
    name = f"attr.{quotes(key)}"
    assert found(told_store, f"{name}:odd") == found(told_store, f"has:{name}") == 1
    assert found(told_store, f"{name}:even") == 0
    assert found(told_store, f"attr.{quotes(key + 'x')}:odd") == 0


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("attr.squad:search", 1), ("attr.squad:sea*", 1), ("attr.squad:Search", 0), ("attr.retries:3", 1),
        ("attr.retries>2", 1), ("attr.retries:3.0", 1), ('attr.retries:"3"', 1), ("attr.retries:03", 0),
        ("attr.ratio:0.5", 1), ("attr.ratio:0.50", 1), ("attr.ratio<0.5", 0), ("attr.flag:true", 1),
        ("attr.flag:1", 0), ("attr.as_text>41", 1), ("attr.as_text:42", 1), ("attr.squad>1", 0),
        (f"attr.huge:{2**60}", 1), (f"attr.huge:{2**60 + 1}", 0),
        ("attr.labels:red", 1), ("attr.labels:re*", 1), ("attr.labels:green", 0),
        ("attr.deep.inside.leaf:7", 1), ("attr.deep:7", 0), ("has:attr.deep.inside.leaf", 1),
        ("attr.none:x", 0), ("tags:beta", 1), ("tags:be*", 1), ("tags:beta,x", 1), ("tag:x", 0),
        ("finish_reasons:stop", 1), ("code:500..599", 1), ("temperature:0.2", 1), ("streaming:false", 1),
        ("time_per_output_token_s:20ms", 1),
    ],
)  # fmt: skip
def test_values_of_every_kind(told_store: Store, text: str, spans: int) -> None:
    assert found(told_store, text) == spans
