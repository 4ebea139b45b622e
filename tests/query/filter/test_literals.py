"""Words with units as values."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.query.filter import literals
from sightline.query.filter.literals import Stretch

NOW = 1_795_185_140 * 10**9
SECOND, MINUTE, HOUR, DAY = 10**9, 60 * 10**9, 3600 * 10**9, 86_400 * 10**9
NOON = int(datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp()) * 10**9


@pytest.mark.parametrize(
    ("reader", "text", "value"),
    [
        (literals.duration, "2s", 2 * SECOND),
        (literals.duration, "500ms", SECOND // 2),
        (literals.duration, "1h30m", HOUR + 30 * MINUTE),
        (literals.duration, "1.5h", HOUR + 30 * MINUTE),
        (literals.duration, "3µs", 3_000),
        (literals.duration, "0", 0),
        (literals.duration, "2", None),
        (literals.duration, "s", None),
        (literals.duration, "1s2", None),
        (literals.duration, "-1s", None),
        (literals.duration, "9" * 40 + "w", None),
        (literals.money, "0.01", 0.01),
        (literals.money, "$0.01", 0.01),
        (literals.money, "5 USD", 5),
        (literals.money, "-$2", -2),
        (literals.money, "x", None),
        (literals.size, "10kb", 10_000),
        (literals.size, "1KiB", 1_024),
        (literals.size, "1.5MB", 1_500_000),
        (literals.size, "12", 12),
        (literals.size, "kb", None),
        (literals.number, "10k", 10_000),
        (literals.number, "1.5m", 1_500_000),
        (literals.number, "-3", -3),
        (literals.number, "1e999", None),
        (literals.number, "1..2", None),
        (literals.exact_number, "007", None),
        (literals.exact_number, "10k", None),
        (literals.exact_number, "-0.5", -0.5),
        (literals.exact_number, str(2**53), 2**53),
        (literals.exact_number, str(2**53 + 1), None),
        (literals.boolean, "Yes", True),
        (literals.boolean, "false", False),
        (literals.boolean, "x", None),
    ],
)
def test_units(reader: Any, text: str, value: Any) -> None:
    found = reader(text)
    assert found == value and type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "stretch"),
    [
        ("2026-11-20", Stretch(NOON - DAY // 2, NOON + DAY // 2 - 1)),
        ("2026-11-20T12", Stretch(NOON, NOON + HOUR - 1)),
        ("2026-11-20T12:00Z", Stretch(NOON, NOON + MINUTE - 1)),
        ("2026-11-20t12:00:00z", Stretch(NOON, NOON + SECOND - 1)),
        ("2026-11-20T14:30+02:30", Stretch(NOON, NOON + MINUTE - 1)),
        ("2026-11-20T07:00-0500", Stretch(NOON, NOON + MINUTE - 1)),
        ("2026-11-20T12:00:00.25", Stretch(NOON + SECOND // 4, NOON + SECOND // 4)),
        ("now", Stretch(NOW, NOW)),
        ("-2h", Stretch(NOW - 2 * HOUR, NOW - 2 * HOUR)),
        ("now+1m", Stretch(NOW + MINUTE, NOW + MINUTE)),
        ("2026-13-01", None),
        ("2026-02-30", None),
        ("1969-12-31", None),
        ("9999-01-01", None),
        ("-2", None),
        ("-99999999w", None),
        ("yesterday", None),
    ],
)
def test_times(text: str, stretch: Stretch | None) -> None:
    assert literals.time(text, NOW) == stretch


@given(st.text(max_size=20))
def test_any_text_is_read_or_refused(text: str) -> None:
    for reader in (literals.duration, literals.money, literals.size, literals.number, literals.exact_number):
        found = reader(text)
        assert found is None or found >= -(2**63) or isinstance(found, float)
    literals.time(text, NOW)


@given(st.integers(0, 2**62))
def test_durations_in_nanoseconds(value: int) -> None:
    assert literals.duration(f"{value}ns") == value
