"""A change is told from chance, and nothing is said of small samples."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.query.significance import FEWEST, beyond, share_grew, tail_grew

COUNTS = st.integers(0, 10**7)


@pytest.mark.parametrize(
    ("now", "before", "grew"),
    [
        ((60, 1000), (5, 1000), True),
        ((12, 1000), (5, 1000), False),
        ((99, 99), (0, 10_000), False),
        ((5000, 99_000), (5000, 100_000), False),
        # Sure, but nothing anyone would notice.
        ((102_000, 10_000_000), (100_000, 10_000_000), False),
        ((50, 1000), (0, 1000), True),
        ((0, 1000), (0, 1000), False),
    ],
)
def test_a_share_of_failures_grew(now: tuple[int, int], before: tuple[int, int], grew: bool) -> None:
    assert share_grew(*now, *before) is grew


def test_a_tail_grew() -> None:
    assert tail_grew(300, 1000, 1000, 3e9, 1e9)
    assert not tail_grew(60, 1000, 1000, 3e9, 1e9)
    assert not tail_grew(300, 1000, 1000, 1.1e9, 1e9)
    assert not tail_grew(90, 99, 1000, 3e9, 1e9)
    assert not tail_grew(300, 1000, 1000, None, 1e9)
    assert beyond(300, 1000, 0.05) == 250


@given(COUNTS, COUNTS, COUNTS, COUNTS)
def test_nothing_is_said_of_small_samples_and_nothing_fails(a: int, b: int, c: int, d: int) -> None:
    of, of_before = max(a, b), max(c, d)
    grew = share_grew(min(a, b), of, min(c, d), of_before)
    assert not grew or (min(of, of_before) >= FEWEST and min(a, b) / of > min(c, d) / of_before)
    assert not tail_grew(min(a, b), of, of_before, 5.0, 1.0) or min(of, of_before) >= FEWEST


def test_chance_alone_raises_no_alarm() -> None:
    draw = random.Random(7)
    for _ in range(300):
        now = sum(draw.random() < 0.04 for _ in range(500))
        before = sum(draw.random() < 0.04 for _ in range(500))
        assert not share_grew(now, 500, before, 500)
