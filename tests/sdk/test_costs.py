"""Cost and tokens of a local trace, known or not."""

from __future__ import annotations

from typing import Any

import pytest
from tests.sdk.sdk_spans import ended

from sightline.sdk.costs import cost_and_tokens, listed_price

USAGE = {"gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 10, "gen_ai.request.model": "m"}


def never(*_: Any) -> float | None:
    return None


def test_nothing_is_known_of_a_trace_without_calls() -> None:
    assert cost_and_tokens([ended(), ended()], never) == (None, None)


@pytest.mark.parametrize("key", ["llm.cost.total", "gen_ai.usage.cost", "operation.cost"])
def test_a_reported_cost_counts_before_a_listed_price(key: str) -> None:
    assert cost_and_tokens([ended(USAGE | {key: 0.5})], lambda *_: 9.0) == (0.5, 110)


def test_a_call_without_a_price_makes_the_sum_unknown_and_not_smaller() -> None:
    spans = [ended(USAGE | {"gen_ai.usage.cost": 0.5}), ended(USAGE)]
    assert cost_and_tokens(spans, never) == (None, 220)


def test_an_agents_span_that_repeats_its_calls_is_not_counted_again() -> None:
    agent = ended(USAGE | {"gen_ai.usage.input_tokens": 200}, span_id=1000)
    step = ended(span_id=1001, parent_id=1000)
    calls = [ended(USAGE, parent_id=1001), ended(USAGE, parent_id=1001)]
    assert cost_and_tokens([agent, step, *calls], lambda *_: 1.0) == (2.0, 220)


def test_a_circle_of_parents_ends() -> None:
    spans = [ended(USAGE, span_id=1, parent_id=2), ended(USAGE, span_id=2, parent_id=1)]
    assert cost_and_tokens(spans, never) == (None, None)


@pytest.mark.parametrize("value", [-1, float("nan"), float("inf"), "12", True, None])
def test_usage_that_is_no_number_is_unknown(value: object) -> None:
    assert cost_and_tokens([ended({"gen_ai.usage.input_tokens": value})], never) == (None, None)


def test_listed_prices_are_those_of_the_package() -> None:
    price = listed_price("openai", "gpt-4o-mini", 1_000_000, 0, 0, 0)
    assert price is not None
    assert 0.05 < price < 1
    assert listed_price("", "gpt-4o-mini", 1_000_000, 0, 0, 0) == price
    assert listed_price("nobody", "no-such-model", 10, 10, 0, 0) is None
