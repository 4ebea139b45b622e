"""Texts to tokens, and where a broken text is broken."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from tests.query.filter_trees import scraps

from sightline.query.filter.errors import FilterError
from sightline.query.filter.tokens import MAX_LENGTH, Kind, tokenize


def told(text: str) -> list[tuple[str, str]]:
    return [(t.kind.name, t.text) for t in tokenize(text)[:-1]]


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("kind:llm", [("NAME", "kind"), ("OPERATOR", ":"), ("VALUE", "llm")]),
        ("cost > 0.01", [("NAME", "cost"), ("OPERATOR", ">"), ("VALUE", "0.01")]),
        ("cost:>=1", [("NAME", "cost"), ("OPERATOR", ">="), ("VALUE", "1")]),
        ("url:https://x.y/?a=b", [("NAME", "url"), ("OPERATOR", ":"), ("VALUE", "https://x.y/?a=b")]),
        ("-a b", [("MINUS", "-"), ("WORD", "a"), ("WORD", "b")]),
        ('attr."x y".z:"a\\"b\\c"', [("NAME", "attr.x y.z"), ("OPERATOR", ":"), ("VALUE", 'a"b\\c')]),
        ("has:attr.x", [("NAME", "has"), ("OPERATOR", ":"), ("NAME", "attr.x")]),
        (
            "m:(a , b)",
            [("NAME", "m"), ("OPERATOR", ":"), ("OPEN", "("), ("VALUE", "a"), ("COMMA", ","), ("VALUE", "b"),
             ("CLOSE", ")")],
        ),
        (
            "m:a, b c",
            [("NAME", "m"), ("OPERATOR", ":"), ("VALUE", "a"), ("COMMA", ","), ("VALUE", "b"), ("WORD", "c")],
        ),
        (
            "trace:(x)",
            [("NAME", "trace"), ("OPERATOR", ":"), ("OPEN", "("), ("WORD", "x"), ("CLOSE", ")")],
        ),
        ("don't c++ 50% é", [("WORD", "don't"), ("WORD", "c++"), ("WORD", "50%"), ("WORD", "é")]),
    ],
)  # fmt: skip
def test_tokens(text: str, tokens: list[tuple[str, str]]) -> None:
    assert told(text) == tokens


def test_wildcards_are_not_in_quotes() -> None:
    value = tokenize('name:"a*b"*c')[2]
    assert (value.segments, value.quoted) == (("a*b", "c"), True)


@pytest.mark.parametrize(
    ("text", "offset", "length", "said"),
    [
        ('a "bc', 2, 3, "never closed"),
        ("model:", 6, 0, "nothing stands behind model:"),
        ("model: x", 6, 1, "nothing stands behind model:"),
        ("model:a,", 8, 0, "another value"),
        ("model:(a b)", 9, 1, "does not belong"),
        ("model:(a", 8, 0, "never closed"),
        ("model:a(b)", 7, 1, "in quotes"),
        (">5", 0, 1, "no field before"),
        (":x", 0, 1, "no field before"),
        ("a - b", 2, 1, "stands alone"),
        ("cost>>5", 5, 1, "cannot begin a value"),
        ('"my key":x', 0, 8, 'attr."my key"'),
        ('attr."x"', 0, 8, 'has:attr."x"'),
        ("has:", 4, 0, "a field"),
        ("ab\ud800", 2, 1, "half a character"),
        ("x" * (MAX_LENGTH + 3), MAX_LENGTH, 3, "8,000"),
    ],
)
def test_errors_point_at_their_character(text: str, offset: int, length: int, said: str) -> None:
    with pytest.raises(FilterError) as found:
        tokenize(text)
    assert (found.value.offset, found.value.length) == (offset, length)
    assert said in str(found.value)


@given(scraps)
def test_every_token_stands_where_it_says(text: str) -> None:
    try:
        tokens = tokenize(text)
    except FilterError as error:
        assert 0 <= error.offset <= len(text) and error.offset + error.length <= len(text)
        return
    assert tokens[-1].kind is Kind.END
    for before, after in pairwise(tokens):
        assert before.end <= after.offset and text[before.end : after.offset].strip() == ""
