"""What is remembered of past submissions, how long, and how much of it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.journal.parts import START

from sightline.journal.fingerprints import Fingerprints

SECOND = 10**9


@given(st.lists(st.tuples(st.integers(0, 300), st.binary(min_size=1, max_size=2)), max_size=30))
def test_remembered_for_the_window_and_an_eighth(events: list[tuple[int, bytes]]) -> None:
    window = 80
    known = Fingerprints(window, capacity=1000)
    latest: dict[bytes, int] = {}
    now = 0
    for second, print_ in sorted(events):
        now = second
        known.prune(START + second * SECOND)
        known.add([print_], START + second * SECOND)
        latest[print_] = second
    for print_, second in latest.items():
        if now - second <= window:
            assert print_ in known
        if now - second > window * 9 / 8:
            assert print_ not in known


def test_capacity_forgets_the_oldest() -> None:
    known = Fingerprints(80, capacity=100)
    for second in range(80):
        known.add([b"%d-%d" % (second, i) for i in range(5)], START + second * SECOND)
        assert len(known) <= 100
    assert b"79-0" in known
    assert b"0-0" not in known


def test_no_window_remembers_nothing() -> None:
    known = Fingerprints(0, capacity=100)
    known.add([b"a"], START)
    assert b"a" not in known
    assert len(known) == 0
