"""Stretches of time at round moments."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.query.buckets import DAY, HOUR, LIMIT, MINUTE, MOST, SECOND, NoBuckets, buckets, step_of
from sightline.query.window import Window

NOW = 1_795_185_140 * SECOND


def window(length: int, until: int = NOW) -> Window:
    return Window("p", until - length, until)


ZONES = st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kolkata"])


@pytest.mark.parametrize(
    ("length", "step"),
    [(15 * MINUTE, 15 * SECOND), (HOUR, MINUTE), (6 * HOUR, 10 * MINUTE), (24 * HOUR, 30 * MINUTE),
     (7 * DAY, 3 * HOUR), (30 * DAY, 12 * HOUR), (300 * DAY, 7 * DAY), (SECOND, 100 * 10**6)],
)  # fmt: skip
def test_the_step_follows_from_the_range(length: int, step: int) -> None:
    found = buckets(window(length))
    assert found.step == step and len(found.starts) <= MOST + 1


@given(st.integers(1, 4 * 366 * DAY), st.integers(10**18, 2 * 10**18), ZONES)
def test_buckets_cover_the_window_and_are_bounded(length: int, until: int, zone: str) -> None:
    asked = Window("p", max(0, until - length), until)
    found = buckets(asked, zone=zone)
    assert found.starts[0] <= asked.since and found.end >= asked.until
    assert len(found.starts) <= MOST + 2 and list(found.starts) == sorted(set(found.starts))
    assert found.number(asked.since) == 0 and found.number(asked.until - 1) == len(found.starts) - 1
    if found.step < DAY:
        assert all(start % found.step == 0 for start in found.starts)


def test_days_are_those_of_the_zone_also_when_clocks_change() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    until = int(datetime(2026, 10, 27, tzinfo=berlin).timestamp()) * SECOND
    found = buckets(window(3 * DAY, until), step=DAY, zone="Europe/Berlin")
    assert [datetime.fromtimestamp(s / SECOND, berlin).hour for s in found.starts] == [0, 0, 0]
    assert {b - a for a, b in zip(found.starts, [*found.starts[1:], found.end], strict=True)} == {
        DAY,
        25 * HOUR,
    }
    week = buckets(window(20 * DAY), step=7 * DAY)
    assert all(datetime.fromtimestamp(s / SECOND, UTC).weekday() == 0 for s in week.starts)


def test_partial_edges() -> None:
    asked = Window("p", 90 * MINUTE, 150 * MINUTE)
    found = buckets(asked, step=HOUR)
    assert found.starts == (HOUR, 2 * HOUR) and found.end == 3 * HOUR
    assert found.partial(asked) == (True, True)


def test_what_gives_no_chart() -> None:
    assert step_of("15m") == 15 * MINUTE
    for text in ("0", "x", ""):
        with pytest.raises(NoBuckets, match="15m or 1d"):
            step_of(text)
    with pytest.raises(NoBuckets, match="longer one"):
        buckets(window(HOUR * LIMIT), step=MINUTE)
    with pytest.raises(NoBuckets, match="Europe/Berlin"):
        buckets(window(HOUR), zone="Mars/Olympus")
    with pytest.raises(NoBuckets):
        buckets(window(HOUR), zone="../../etc/passwd")


def test_a_window_is_a_stretch_of_time() -> None:
    for since, until in ((5, 5), (-1, 5), (0, 2**63)):
        with pytest.raises(ValueError, match="stretch of time"):
            Window("p", since, until)
    assert window(HOUR).earlier(DAY) == window(HOUR, NOW - DAY)
    assert Window("p", 0, 10).earlier(100) == Window("p", 0, 1)
