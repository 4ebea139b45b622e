"""What the fast way writes is what the careful way writes; what it must not touch it leaves."""

from __future__ import annotations

import json
import math
from collections import OrderedDict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.sdk import capture
from sightline.sdk.plain_json import plain_json

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=8), inner, max_size=5),
    max_leaves=30,
)


def carefully(value: object, limit: int, monkeypatch: pytest.MonkeyPatch) -> str:
    with monkeypatch.context() as patch:
        patch.setattr(capture, "plain_json", lambda value, limit: None)
        return capture.json_of(value, limit)


@given(value=TREES, limit=st.integers(64, 3_000))
def test_both_ways_write_the_same(value: object, limit: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        found = plain_json(value, limit)
        assert found is None or found == carefully(value, limit, patch)
        assert len(capture.json_of(value, limit)) <= limit


def test_ordinary_arguments_take_the_fast_way(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        "question": "warum? ä 😀 \u2028",
        "rows": [{"id": "a", "score": 0.5}] * 20,
        "on": True,
        "of": (1, None),
    }
    found = plain_json(given, 10_000)
    assert found == carefully(given, 10_000, monkeypatch) == json.dumps(given, ensure_ascii=False)


class Named(str):
    def __str__(self) -> str:
        raise AssertionError("nothing of the program's runs")


class Lazy(dict[str, Any]):
    def items(self) -> Any:
        raise AssertionError("nothing of the program's runs")

    values = keys = __iter__ = items


CYCLE: list[Any] = []
CYCLE.append(CYCLE)
WIDE: list[Any] = []
WIDE += [WIDE, WIDE]
DEEP: Any = 1
for _ in range(7):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    "value",
    [
        Named("a"), {"a": Named("b")}, {Named("a"): 1}, Lazy(a=1), [Lazy()], OrderedDict(a=1), {1: "a"},
        {1, 2}, math.nan, [math.inf], 10**40, "\ud800", {"\udc00": 1}, CYCLE, WIDE, DEEP, object(), [b"a"],
        range(3), ["a"] * 100_000, "a" * 30_000, {"a": "b" * 30_000},
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_all_else_is_left_to_the_careful_way(value: object) -> None:
    assert plain_json(value, 100_000) is None


def test_near_the_limit_the_careful_way_decides_what_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    text = {"a": "b" * 700}
    assert plain_json(text, 1_000) is None
    assert plain_json(text, 1_010) == capture.json_of(text, 1_010)
    for limit in range(64, 1_100, 7):
        assert capture.json_of(text, limit) == carefully(text, limit, monkeypatch)
