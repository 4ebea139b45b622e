# ruff: noqa: E501 - the cases are lines of a table
"""Figures: exact quantiles with weights, usage once, copies once, unknown stays unknown, buckets that fit."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.report.call import Call
from sightline.report.figures import BUCKETS, Reading, Report, bars, spread, step_for
from sightline.report.gather import Gatherer, Words
from sightline.report.otlp import key_of
from sightline.report.thresholds import ThresholdError, threshold

S = 10**9
T = 1764135000 * S


def report(*calls: Call, top: int = 10) -> Report:
    gather = Gatherer(top)
    for call in calls:
        gather.add(call)
    return gather.report(Reading())


def span(name: str, parent: str = "", kind: str = "llm", trace: str = "t", **more: object) -> Call:
    call = Call(time=T, duration=S, kind=kind, trace=trace, span=name, key=key_of(trace, name))
    call.parent = key_of(trace, parent) if parent else 0
    for key, value in more.items():
        setattr(call, key, value)
    return call


@given(st.lists(st.tuples(st.integers(0, 1000), st.integers(1, 5)), min_size=1, max_size=60))
@settings(deadline=None)
def test_weighted_quantiles_are_those_of_the_values_repeated(pairs: list[tuple[int, int]]) -> None:
    repeated = sorted(v for v, w in pairs for _ in range(w))
    found = spread([float(v) for v, _ in pairs], [float(w) for _, w in pairs])
    plain = spread([float(v) for v in repeated], [1.0] * len(repeated))
    assert found is not None
    assert plain is not None
    assert (found.p50, found.p90, found.p95, found.p99) == (plain.p50, plain.p90, plain.p95, plain.p99)
    assert math.isclose(found.mean, plain.mean)
    for share, value in ((0.5, plain.p50), (0.9, plain.p90), (0.99, plain.p99)):
        assert sum(v <= value for v in repeated) >= share * len(repeated)
        assert sum(v < value for v in repeated) < share * len(repeated)


def test_usage_that_an_agent_repeats_counts_once() -> None:
    found = report(
        span("root", kind="agent", input=300, output=30, cost=3.0),
        span("step", "root", kind="chain"),
        span("a", "step", input=100, output=10, cost=1.0), span("b", "step", input=200, output=20, cost=2.0),
    )  # fmt: skip
    assert (found.calls.input, found.calls.output, found.calls.cost) == (300, 30, 3.0)
    assert (found.requests.count, found.calls.count) == (1, 2)


def test_usage_of_an_agent_that_nothing_below_tells_counts() -> None:
    found = report(span("root", kind="agent", input=300, output=30), span("a", "root", kind="tool"))
    assert (found.calls.input, found.calls.count, found.requests.input) == (300, 0, 300)


def test_ids_that_go_in_circles_end() -> None:
    found = report(
        span("a", "b", kind="agent", input=1), span("b", "a", kind="agent", input=2), span("c", "c", input=4)
    )
    assert found.calls.input == 4


def test_a_copy_counts_once_and_the_later_one_counts() -> None:
    found = report(
        span("a", input=1, output=1), span("a", input=5, output=5), span("a", trace="u", input=7, output=1)
    )
    assert (found.calls.count, found.calls.input, found.reading.copies) == (2, 12, 1)


def test_unknown_is_not_zero() -> None:
    found = report(span("a"), span("b", input=3))
    assert found.calls.cost is None
    assert found.calls.output is None
    assert (found.calls.input, found.calls.unknown_tokens, found.calls.unknown_cost) == (3, 2, 2)
    assert report().calls.latency is None


def test_weights_are_multiplied() -> None:
    found = report(span("a", weight=10.0, input=3, error="E"), span("b", input=3))
    assert (found.requests.count, found.requests.errors, found.calls.input, found.sampled) == (
        11,
        10,
        33,
        True,
    )
    assert found.errors == (("E", 10.0),)


def test_user_and_feature_of_a_trace_are_its_roots() -> None:
    found = report(
        span("root", kind="other", user="ada", feature="chat"), span("a", "root", input=1, output=1, cost=1.0)
    )
    assert [(g.name, g.sums.cost) for g in found.users] == [("ada", 1.0)]
    assert [g.name for g in found.features] == ["chat"]


def test_slowest_and_dearest_leave_out_what_is_repeated() -> None:
    found = report(
        span("root", kind="agent", duration=90 * S, cost=9.0), span("a", "root", duration=5 * S, cost=9.0, excerpt="hi"),
        span("b", "root", duration=7 * S, cost=0.5), top=1,
    )  # fmt: skip
    assert [line.span for line in found.slowest] == ["b"]
    assert [(line.span, line.excerpt) for line in found.dearest] == [("a", "hi")]


def test_answers_empty_and_unseen() -> None:
    found = report(span("a", answer=0), span("b", answer=10), span("c")).answers
    assert (found.seen, found.empty, found.unseen, found.empty_rate) == (2, 1, 1, 0.5)


@given(st.floats(0, 3e9))
@settings(deadline=None)
def test_buckets_fit(seconds: float) -> None:
    assert seconds / step_for(seconds) <= BUCKETS or step_for(seconds) >= 365 * 86400


def test_over_time_holds_every_request() -> None:
    calls = [span(f"s{i}", trace=f"t{i}", time=T + i * 37 * S) for i in range(200)]
    found = report(*calls)
    assert sum(b.count for b in found.over_time) == 200
    assert len(found.over_time) <= BUCKETS + 1
    assert {b.start % (found.step * S) for b in found.over_time} == {0}


def test_histogram_holds_everything() -> None:
    values = [1.0, 9.99, 10.0, 1000.0, 0.0]
    found = bars(values, [1.0] * 5)
    assert sum(b.count for b in found) == 4
    assert all(b.least < b.most for b in found)


def test_names_are_bounded() -> None:
    some = Words(4)
    assert [some.number(t) for t in ("", "a", "b", "a", "c", "d", "e")] == [0, 1, 2, 1, 3, 4, 4]


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ("error_rate>0.02", True), ("error_rate>60%", False), ("latency_p95>500ms", True), ("latency_p95>2s", False),
        ("cost>1", True), ("calls>=2", True), ("calls != 2", False), ("ttft_p50<1s", True), ("empty_rate<0.5", True),
    ],
)  # fmt: skip
def test_thresholds(text: str, broken: bool) -> None:
    found = report(span("a", error="E"), span("b", trace="u"))
    assert bool(threshold(text).broken(found)) is broken


@pytest.mark.parametrize("text", ["", "latency_p95>2", "errors", "nonsense>1", "cost>1 EUR", "cost>1.2.3"])
def test_wrong_thresholds_say_what_is_expected(text: str) -> None:
    with pytest.raises(ThresholdError, match="--fail-if"):
        threshold(text)
