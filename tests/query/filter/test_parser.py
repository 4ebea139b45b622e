"""Tokens to trees: precedence, relations, quantifiers, errors."""

from __future__ import annotations

import pytest
from hypothesis import given
from tests.query.filter_trees import scraps

from sightline.query.filter.errors import FilterError
from sightline.query.filter.nodes import (
    And,
    Condition,
    Everything,
    Not,
    Of,
    Or,
    Quantified,
    Related,
    Relation,
    Text,
)
from sightline.query.filter.parser import MAX_DEPTH, parse
from sightline.query.filter.spelling import spell


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("", ""),
        ("  ", ""),
        ("llm error", "kind:llm status:error"),
        ("LLM and Error", "kind:llm status:error"),
        ("refund policy", '"refund" "policy"'),
        ("refund*", "refund*"),
        ("a or b c", '"a" or "b" "c"'),
        ("(a or b) c", '("a" or "b") "c"'),
        ("a (b (c d))", '"a" "b" "c" "d"'),
        ("not a", '-"a"'),
        ("- a".replace(" ", ""), '-"a"'),
        ("not not a", '-(-"a")'),
        ("-(a b)", '-("a" "b")'),
        ("env!=dev", "-env:dev"),
        ("env=dev", "env:dev"),
        ("model:( a , b )", "model:a,b"),
        ("cost:>1", "cost>1"),
        ("tool under agent:planner", "kind:tool under agent:planner"),
        ("under (a or b) c", 'under ("a" or "b") "c"'),
        ("-under x", '-under "x"'),
        ("Child Of llm", "child of kind:llm"),
        ("child llm", '"child" kind:llm'),
        ("trace:(any llm error and duration>10s)", "trace:(any kind:llm status:error and duration>10s)"),
        ("trace:(any llm none tool)", "trace:(any kind:llm and none kind:tool)"),
        ("trace:((any llm or none tool) and cost>1)", "trace:((any kind:llm or none kind:tool) and cost>1)"),
        ("session:(all (a or b))", 'session:(all ("a" or "b"))'),
        ("session:abc", "session:abc"),
        ('attr."a.b":"x"', 'attr.a.b:"x"'),
    ],
)
def test_canonical_text(text: str, canonical: str) -> None:
    assert spell(parse(text)) == canonical
    assert parse(canonical) == parse(text)


def test_shapes() -> None:
    assert parse("") == Everything()
    found = parse("a or -b under c")
    assert isinstance(found, Or) and isinstance(found.parts[1], And)
    negated, related = found.parts[1].parts
    assert negated == Not(Text(("b",))) and related == Related(Relation.UNDER, Text(("c",)))
    of = parse("trace:(any llm error)")
    assert isinstance(of, Of) and isinstance(of.part, Quantified) and isinstance(of.part.part, And)


def test_places_are_those_of_the_text() -> None:
    text = 'x model:(a, "b c") trace:(any llm)'
    found = parse(text)
    assert isinstance(found, And)
    _, condition, of = found.parts
    assert isinstance(condition, Condition) and isinstance(of, Of)

    def cut(place: object) -> str:
        return text[place.offset : place.offset + place.length]  # type: ignore[attr-defined]

    assert cut(condition.place) == 'model:(a, "b c")'
    assert [cut(v.place) for v in condition.values] == ["a", '"b c"']
    assert cut(of.place) == "trace:(any llm)"


@pytest.mark.parametrize(
    ("text", "offset", "length", "said"),
    [
        ("(a", 0, 1, "never closed"),
        ("a) b", 1, 1, "closes nothing"),
        ("()", 1, 1, "nothing stands in these"),
        ("trace:()", 7, 1, "nothing stands in these"),
        ("a or", 4, 0, "the filter ends here"),
        ("or a", 0, 2, "or stands here"),
        ("a and and b", 6, 3, "and stands here"),
        ("not", 3, 0, "the filter ends here"),
        ("under", 5, 0, "the filter ends here"),
        ("*", 0, 1, "wildcard alone"),
        ('""', 0, 2, "an empty text"),
        ("cost>1,2", 7, 1, "one value"),
        ("trace:(llm error)", 7, 3, "any, all or none"),
        ("trace:(anny llm)", 7, 4, "Did you mean any?"),
        ("trace:(any)", 10, 1, "nothing stands behind any"),
        ("trace:(has:cost)", 7, 3, "any, all or none"),
        ("trace:(any llm", 6, 1, "never closed"),
    ],
)
def test_errors_point_at_their_character(text: str, offset: int, length: int, said: str) -> None:
    with pytest.raises(FilterError) as found:
        parse(text)
    assert (found.value.offset, found.value.length) == (offset, length), str(found.value)
    assert said in str(found.value)


@pytest.mark.parametrize(
    "text", ["(" * 4000, "-" * 4000, "not " * 1900, "under " * 1300, "trace:(any " * 700]
)
def test_depth_is_bounded(text: str) -> None:
    with pytest.raises(FilterError, match=f"more than {MAX_DEPTH} levels"):
        parse(text + "a")


@given(scraps)
def test_any_text_is_a_tree_or_an_error_within_it(text: str) -> None:
    try:
        tree = parse(text)
    except FilterError as error:
        assert 0 <= error.offset <= len(text) and error.offset + error.length <= len(text)
        assert str(error)
    else:
        assert parse(spell(tree)) == tree
