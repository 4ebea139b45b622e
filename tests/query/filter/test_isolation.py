"""No text of a filter reaches rows of another project.

The other project has the same trace and span ids and more: what only it has must not be there for this one.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.query.filter_story import NOW, WINDOW
from tests.query.filter_trees import scraps, trees

from sightline.query.filter.compiler import Sql
from sightline.query.filter.errors import FilterError
from sightline.query.filter.nodes import Node
from sightline.query.filter.spelling import spell
from sightline.query.selection import Target, rows, select
from sightline.query.window import Window
from sightline.store.store import Store

OTHER = Window("other", WINDOW.since, WINDOW.until)
SECRETS = [
    "user:mallory", "name:secret*", '"unheard words"', "input.text:unheard", "attr.squad:hidden",
    "log:whispered", "tag:hush", "model:secret*", "cost>90", "secret",
]  # fmt: skip
NOTHING = 'name:"no such name"'


def asked(
    store: Store, text: str, window: Window = WINDOW, target: Target = Target.SPANS
) -> list[tuple[str, ...]]:
    sql = Sql(window)
    body = rows(select(text, window, NOW, target), sql)
    statement = sql.statement(f"SELECT s.project, s.trace_id, s.span_id\n{body}\nORDER BY ALL")
    return store.query(statement.text, statement.parameters).rows


@st.composite
def shapes(draw: st.DrawFn, depth: int = 2) -> str:
    """A filter with a hole, `{0}`, where a condition goes."""
    way = (
        draw(st.sampled_from(["hole", "hole", "and", "or", "not", "related", "of", "counted"]))
        if depth
        else "hole"
    )
    if way == "hole":
        return "({0})"
    inner = draw(shapes(depth - 1))
    match way:
        case "and" | "or":
            other = draw(st.sampled_from(["kind:llm", "-status:ok", "user:alice", "refund", "spans>2"]))
            return f"({inner} {'or ' if way == 'or' else ''}{other})"
        case "not":
            return f"-{inner}"
        case "related":
            return f"({draw(st.sampled_from(['under', 'above', 'child of', 'parent of']))} {inner})"
        case "of":
            measure = draw(st.sampled_from(["trace.cost", "session.cost", "trace.spans", "session.spans"]))
            return f"({measure}>90 or {inner})"
    whole = draw(st.sampled_from(["trace", "session"]))
    return f"{whole}:({draw(st.sampled_from(['any', 'all', 'none']))} {inner})"


@settings(max_examples=120, deadline=None)
@given(shapes(), st.sampled_from(SECRETS), st.sampled_from(list(Target)))
def test_what_only_another_project_has_is_not_there(
    told_store: Store, shape: str, secret: str, target: Target
) -> None:
    mine = asked(told_store, shape.format(secret), target=target)
    assert mine == asked(told_store, shape.format(NOTHING), target=target)
    assert {row[0] for row in mine} <= {"default"}


@pytest.mark.parametrize("secret", SECRETS)
def test_the_other_project_has_it(told_store: Store, secret: str) -> None:
    assert asked(told_store, secret, OTHER) and not asked(told_store, secret)


@settings(max_examples=100, deadline=None)
@given(st.one_of(scraps, trees().map(spell)), st.sampled_from(list(Target)))
def test_whatever_is_typed(told_store: Store, text: str, target: Target) -> None:
    try:
        found = asked(told_store, text, target=target)
    except FilterError:
        return
    assert {row[0] for row in found} <= {"default"}


@settings(max_examples=40, deadline=None)
@given(trees(), st.text(max_size=10))
def test_a_project_of_any_name_is_only_a_value(told_store: Store, tree: Node, project: str) -> None:
    window = Window(project.encode("utf-8", "ignore").decode(), WINDOW.since, WINDOW.until)
    try:
        assert asked(told_store, spell(tree), window) == []
    except FilterError:
        return
