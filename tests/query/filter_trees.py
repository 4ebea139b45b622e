"""Generated filters: trees in the form that the parser makes, and texts that are nearly filters."""

from __future__ import annotations

from hypothesis import strategies as st

from sightline.query.filter.nodes import (
    And,
    Condition,
    Everything,
    Has,
    Name,
    Node,
    Not,
    Of,
    Operator,
    Or,
    Quantified,
    Quantifier,
    Related,
    Relation,
    Text,
    Value,
    Whole,
)
from sightline.query.filter.words import KINDS

# Any text that can stand in quotes; half characters cannot be stored anywhere.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_SPECIAL = '()":<>=,*! \t'
bare = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"], exclude_characters=_SPECIAL),
    min_size=1,
    max_size=8,
).filter(lambda text: not any(c.isspace() for c in text))
plain_names = st.sampled_from(
    ["kind", "model", "cost", "tokens.input", "duration", "user", "app.region", "nonsense"]
)
quoted_names = st.builds(lambda head, path: Name(head + path), st.sampled_from(["attr.", "resource."]), texts)
names = plain_names.map(Name) | quoted_names
words = st.builds(lambda text: Value((text,)), bare)
in_quotes = st.builds(lambda text: Value((text,), True), texts)
wild = st.builds(lambda parts: Value(tuple(parts)), st.lists(bare | st.just(""), min_size=2, max_size=4))
wild_in_quotes = st.builds(lambda parts: Value(tuple(parts), True), st.lists(texts, min_size=2, max_size=3))
values = words | in_quotes | wild | wild_in_quotes
conditions = st.builds(
    lambda name, found: Condition(name, Operator.IS, tuple(found)),
    names,
    st.lists(values, min_size=1, max_size=3),
)
orders = st.builds(
    lambda name, operator, value: Condition(name, operator, (value,)),
    names,
    st.sampled_from([Operator.ABOVE, Operator.FROM, Operator.BELOW, Operator.TO]),
    values,
)
phrases = texts.filter(lambda text: bool(text.strip())).map(lambda text: Text((text,)))
_RESERVED = {"and", "or", "not", "any", "all", "none", "under", "above", "child", "parent", *KINDS}
wild_phrases = st.builds(lambda parts: Text(tuple(parts)), st.lists(bare, min_size=2, max_size=3)).filter(
    lambda text: text.segments[0][0] != "-" and text.segments[0].lower() not in _RESERVED
)
leaves = conditions | orders | phrases | wild_phrases | st.builds(Has, names)


def _flat(kind: type[And] | type[Or], parts: list[Node]) -> Node:
    flat: list[Node] = []
    for part in parts:
        flat += part.parts if isinstance(part, kind) else [part]
    return kind(tuple(flat))


def _measures() -> st.SearchStrategy[Condition]:
    return (conditions | orders).filter(lambda c: c.name.text not in ("has", "trace", "session"))


def _grown(draw: st.DrawFn, depth: int, whole: bool) -> Node:
    """A tree of conditions on a span or, with `whole`, of statements about a trace or session."""
    ways = ["leaf", "leaf", "and", "or", "not", *(["counted"] if whole else ["related", "whole"])]
    way = draw(st.sampled_from(ways)) if depth else "leaf"
    if way == "leaf":
        return draw(_measures() if whole else leaves)
    if way == "counted":
        return Quantified(draw(st.sampled_from(list(Quantifier))), _grown(draw, depth - 1, False))
    if way == "whole":
        return Of(draw(st.sampled_from(list(Whole))), _grown(draw, depth - 1, True))
    if way == "related":
        return Related(draw(st.sampled_from(list(Relation))), _grown(draw, depth - 1, False))
    if way == "not":
        return Not(_grown(draw, depth - 1, whole))
    parts = [_grown(draw, depth - 1, whole) for _ in range(draw(st.integers(2, 3)))]
    return _flat(And if way == "and" else Or, parts)


@st.composite
def trees(draw: st.DrawFn) -> Node:
    """Any filter as the parser would give it."""
    return Everything() if draw(st.integers(0, 30)) == 30 else _grown(draw, 4, False)


# Pieces of filters in any order, and any text.
scraps = st.lists(
    st.sampled_from(
        ["kind:", "llm", "trace:(", "any ", "(", ")", '"', "-", " or ", " and ", "not ", ">", "..", ",", "*",
         "under ", "child of ", "cost", "attr.", "\\", " ", "é", "1h", "$0.1", "session:", "has:", "\n",
         "\u200b", "!=", ":"]
    ) | texts,
    max_size=12,
).map("".join)  # fmt: skip
