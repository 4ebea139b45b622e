"""When a measure on traces is about the trace."""

from __future__ import annotations

import pytest
from hypothesis import given
from tests.query.filter_trees import trees

from sightline.query.filter.nodes import Node
from sightline.query.filter.parser import parse
from sightline.query.filter.spelling import spell
from sightline.query.filter.wholes import about_traces


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("duration>10s", "trace.duration>10s"),
        ("duration_ns>10s", "trace.duration>10s"),
        ("user:alice cost>1", "user:alice trace.cost>1"),
        ("-cost>1 tag:x", "-trace.cost>1 tag:x"),
        ("has:cost", "has:trace.cost"),
        ('"refund" cost>1', '"refund" trace.cost>1'),
        ("trace:(any llm error) and duration>10s", "trace:(any kind:llm status:error) trace.duration>10s"),
        ("llm cost>1", "kind:llm cost>1"),
        ("error duration>10s", "status:error duration>10s"),
        ("attr.x:1 cost>1", "attr.x:1 cost>1"),
        ("under agent cost>1", "under kind:agent cost>1"),
        ("cost>1 or llm", "trace.cost>1 or kind:llm"),
        ("(cost>1 or llm) tokens>5", "(cost>1 or kind:llm) tokens>5"),
        ("spans>5 cost>1", "spans>5 trace.cost>1"),
        ("trace.cost>1 duration>2s", "trace.cost>1 trace.duration>2s"),
        ("ttft>1s", "ttft>1s"),
        ("", ""),
    ],
)
def test_about_the_trace(text: str, meant: str) -> None:
    assert spell(about_traces(parse(text))) == meant


@given(trees())
def test_saying_it_twice_changes_nothing(tree: Node) -> None:
    once = about_traces(tree)
    assert about_traces(once) == once and parse(spell(once)) == once
