"""Rules, ratios and weights: exact, and the same in every service."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.sdk.sampling import LocalTrace, Sampling, by_ratio, decide, probability, threshold, trace_state

NEVER = Sampling(ratio=0.0)


def trace(**fields: Any) -> LocalTrace:
    given = {"trace_id": 1, "spans": (), "seconds": 1.0, "errors": 0, "cost": None, "tokens": None} | fields
    return LocalTrace(**given)


@pytest.mark.parametrize(
    ("sampling", "fields", "reason"),
    [
        (NEVER, {"errors": 1}, "error"),
        (Sampling(0.0, slow=5.0), {"seconds": 5.1}, "slow"),
        (Sampling(0.0, costly=0.05), {"cost": 0.06}, "cost"),
        (Sampling(0.0, many_tokens=1000), {"tokens": 1001}, "cost"),
        (NEVER, {"kept_for": "feedback"}, "feedback"),
        (NEVER, {"kept_for": "rule"}, "rule"),
        (Sampling(0.0, rule=lambda t: t.seconds > 0.5), {}, "rule"),
    ],
)
def test_a_rule_keeps_with_weight_one_and_says_why(sampling: Sampling, fields: Any, reason: str) -> None:
    decision = decide(sampling, trace(**fields))
    assert (decision.keep, decision.weight, decision.reason) == (True, 1.0, reason)


@pytest.mark.parametrize(
    ("sampling", "fields"),
    [
        (Sampling(0.0, keep_errors=False), {"errors": 1}),
        (Sampling(0.0, slow=5.0), {"seconds": 5.0}),
        (Sampling(0.0, costly=0.05), {"cost": None}),
        (Sampling(0.0, keep_feedback=False), {"kept_for": "feedback"}),
        (Sampling(0.0, rule=lambda _: False), {}),
    ],
)
def test_what_no_rule_keeps_is_left_to_the_ratio(sampling: Sampling, fields: Any) -> None:
    assert not decide(sampling, trace(**fields)).keep


def test_everything_is_kept_with_weight_one_by_default() -> None:
    decision = decide(Sampling(), trace())
    assert (decision.keep, decision.weight, decision.reason) == (True, 1.0, "")


@settings(deadline=None)
@given(st.floats(0.001, 1.0), st.integers(1, 2**128 - 1))
def test_the_decision_looks_at_the_last_56_bits_alone_and_the_weight_is_one_by_probability(
    ratio: float, trace_id: int
) -> None:
    one, other = by_ratio(ratio, trace_id), by_ratio(ratio, trace_id & (2**56 - 1))
    assert one == other
    if one.keep:
        assert trace_id & (2**56 - 1) >= threshold(ratio)
        assert one.weight == 1 / probability(threshold(ratio))
        assert abs(one.weight - 1 / ratio) < 1e-6 / ratio


@settings(deadline=None)
@given(st.floats(0.001, 1.0), st.floats(0.001, 1.0), st.integers(1, 2**128 - 1))
def test_a_service_with_a_higher_ratio_keeps_all_that_one_with_a_lower_keeps(
    a: float, b: float, trace_id: int
) -> None:
    low, high = sorted((a, b))
    assert by_ratio(high, trace_id).keep or not by_ratio(low, trace_id).keep


def test_the_weights_of_what_is_kept_add_up_to_what_was_there() -> None:
    dice = random.Random(4)
    kept = [d.weight for _ in range(100_000) if (d := by_ratio(0.05, dice.getrandbits(128))).keep]
    assert abs(sum(kept) - 100_000) < 4 * (0.95 / 0.05 * 100_000) ** 0.5


@settings(deadline=None)
@given(st.integers(0, 2**56 - 1))
def test_trace_state_says_the_threshold_without_zeros_at_its_end(rejected: int) -> None:
    text = trace_state(rejected).removeprefix("th:")
    assert int(text.ljust(14, "0"), 16) == rejected
    assert text == "0" or not text.endswith("0")


@pytest.mark.parametrize("ratio", [-0.1, 1.1, float("nan")])
def test_a_ratio_outside_is_refused_with_an_example(ratio: float) -> None:
    with pytest.raises(ValueError, match=r"0\.1 keeps 10 %"):
        Sampling(ratio=ratio)
