from __future__ import annotations

from datetime import UTC, datetime
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from sightline.demo.story import DAY, HOUR, RHYTHMS, SECOND, Story, activity, hour_of_week, wednesday_before

MOMENTS = st.integers(min_value=1_600_000_000, max_value=2_200_000_000).map(lambda s: s * SECOND)


@given(MOMENTS)
def test_the_slow_release_came_on_a_wednesday_within_the_last_eight_days(now: int) -> None:
    found = wednesday_before(now)
    assert datetime.fromtimestamp(found / SECOND, UTC).strftime("%a %H:%M") == "Wed 16:02"
    assert DAY <= now - found < 8 * DAY


@given(MOMENTS)
def test_hours_of_the_week_begin_on_monday(now: int) -> None:
    moment = datetime.fromtimestamp(now // SECOND, UTC)
    assert hour_of_week(now) == moment.weekday() * 24 + moment.hour


@given(MOMENTS, st.sampled_from(sorted(RHYTHMS)))
def test_activity_is_a_share(now: int, rhythm: str) -> None:
    assert 0 <= activity(rhythm, now) <= 1.3


@given(MOMENTS, st.integers(0, 2**32))
def test_v42_exists_only_since_today(now: int, seed: int) -> None:
    story, random = Story.around(now), Random(seed)
    assert story.prompt(now - 2 * HOUR, random) == "v41"
    assert story.prompt(now - 5 * DAY, random) == "v40"
    assert {story.prompt(now, random) for _ in range(60)} == {"v41", "v42"}
