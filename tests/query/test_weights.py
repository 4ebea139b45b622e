"""Figures of sampled traces: estimates hit what really happened, within their intervals, 95 times of 100."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator

import pytest
from tests.digest.engine import Engine, opened
from tests.digest.otlp import START
from tests.query import sampled_story as story
from tests.query.sampled_story import Made

from sightline.query.breakdown import breakdown
from sightline.query.facets import facets
from sightline.query.margins import terms
from sightline.query.measures import MEASURES
from sightline.query.question import ask
from sightline.query.selection import Target, select
from sightline.query.weights import OF_SPAN, corrected, has_weights, weighted
from sightline.query.window import Window
from sightline.records.figures import Breakdown, Figure

UNTIL = START + 3600 * 10**9
SPANS = ("count", "errors", "error_rate", "cost", "tokens", "calls", "duration.avg", "duration.p50")
TRACES = ("count", "errors", "error_rate", "cost", "tokens", "calls", "duration.avg", "duration.p50", "users")


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with opened(tmp_path_factory.mktemp("weights")) as found:
        yield found


def asked(
    engine: Engine, project: str, measures: tuple[str, ...], target: Target, by: str = "", q: str = ""
) -> Breakdown:
    chosen = select(q, Window(project, START - 1, UNTIL), UNTIL, target)
    return asyncio.run(breakdown(engine.store, ask(chosen, measures, [by] if by else [])))


def whole(found: Breakdown) -> dict[str, Figure]:
    return dict(zip(found.measures, found.whole.total, strict=True))


def truth(everything: list[Made]) -> dict[tuple[str, str], float]:
    calls = [call for one in everything for call in one.calls]
    spans = len(everything) + len(calls)
    failed = sum(one.failed for one in everything)
    both = {
        "cost": sum(c.cost for c in calls), "tokens": sum(c.tokens for c in calls), "calls": len(calls),
        "errors": failed,
    }  # fmt: skip
    times = sum(one.duration for one in everything)
    return {
        **{("traces", name): value for name, value in both.items()},
        **{("spans", name): value for name, value in both.items()},
        ("traces", "count"): len(everything),
        ("spans", "count"): spans,
        ("traces", "error_rate"): failed / len(everything),
        ("spans", "error_rate"): failed / spans,
        ("spans", "duration.avg"): (times + sum(c.duration for c in calls)) / spans,
    }


def test_estimates_hit_the_truth_within_their_intervals(engine: Engine) -> None:
    runs, hits, asked_for = 25, 0, 0
    missed: dict[tuple[str, str], int] = {}
    for seed in range(runs):
        everything = story.population(seed, 1500)
        project = engine.fresh()
        story.store(engine, project, story.kept(everything, 0.1))
        really = truth(everything)
        for target, measures in ((Target.SPANS, SPANS), (Target.TRACES, TRACES)):
            found = asked(engine, project, measures, target)
            assert found.weighted
            for name, figure in whole(found).items():
                expected = really.get((str(target), name))
                if expected is None:
                    continue
                assert figure.value is not None and figure.margin is not None, name
                asked_for += 1
                # All errors are kept: of them nothing is estimated.
                inside = abs(figure.value - expected) <= figure.margin + 1e-6 * expected + 0.5 * (
                    name == "count"
                )
                hits += inside
                missed[str(target), name] = missed.get((str(target), name), 0) + (not inside)
    assert 0.91 <= hits / asked_for <= 0.995, missed
    assert all(n <= runs // 4 for n in missed.values()), missed


def test_what_is_all_kept_has_no_margin(engine: Engine) -> None:
    everything = story.population(7, 800)
    project = engine.fresh()
    story.store(engine, project, story.kept(everything, 0.25))
    failed = whole(asked(engine, project, TRACES, Target.TRACES))["errors"]
    assert (failed.value, failed.margin) == (sum(one.failed for one in everything), 0)


def test_groups_have_intervals_of_their_own(engine: Engine) -> None:
    everything = story.population(11, 3000)
    project = engine.fresh()
    story.store(engine, project, story.kept(everything, 0.2))
    found = asked(engine, project, ("count", "cost"), Target.SPANS, "model", "kind:llm")
    really = {m: sum(c.model == m for one in everything for c in one.calls) for m in story.MODELS}
    for row in found.rows:
        [name] = row.group.values
        count = row.total[0]
        assert count.margin and count.stored and count.value
        assert count.stored < count.value and abs(count.value - really[name]) < 2 * count.margin
    parts = [row.total[0].margin or 0 for row in found.rows]
    together = found.whole.total[0].margin or 0
    assert max(parts) < together < sum(parts)


def test_percentiles_by_weight_against_a_plain_reading(engine: Engine) -> None:
    everything = story.population(5, 1200)
    project = engine.fresh()
    sample = story.kept(everything, 0.1)
    story.store(engine, project, sample)
    found = whole(asked(engine, project, ("duration.p50", "duration.p95", "duration.max"), Target.TRACES))
    pairs = [(ends(one), weight) for one, weight, _ in numbered(sample)]
    for name, level in (("duration.p50", 0.5), ("duration.p95", 0.95)):
        assert found[name].value == plain(pairs, level), name
    assert found["duration.max"].at_least and found["duration.max"].value == max(v for v, _ in pairs)


def numbered(sample: list[tuple[Made, float, str]]) -> list[tuple[tuple[Made, int], float, str]]:
    """With the number of the root span, which says when it starts."""
    found, number = [], 0
    for one, weight, reason in sample:
        number += 1
        found.append(((one, number), weight, reason))
        number += len(one.calls)
    return found


def ends(placed: tuple[Made, int]) -> int:
    """The duration of a trace: from its root's start to its last end."""
    one, _ = placed
    last = [(n + 1) * 10**6 + call.duration for n, call in enumerate(one.calls)]
    return max([one.duration, *last])


def plain(pairs: list[tuple[int, float]], level: float) -> int:
    total, seen = sum(w for _, w in pairs), 0.0
    for value, weight in sorted(pairs):
        seen += weight
        if seen >= level * total:
            return value
    raise AssertionError


def test_percentiles_of_very_many_are_near(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    everything = story.population(6, 1000)
    project = engine.fresh()
    story.store(engine, project, story.kept(everything, 0.5))
    exact = whole(asked(engine, project, ("duration.p50", "duration.p95"), Target.SPANS))
    monkeypatch.setattr("sightline.query.breakdown.EXACT_WEIGHTED", 0)
    near = asked(engine, project, ("duration.p50", "duration.p95"), Target.SPANS)
    assert not near.exact
    for name, figure in whole(near).items():
        assert figure.value == pytest.approx(exact[name].value, rel=0.006), name


def test_some_with_and_some_without_a_weight(engine: Engine) -> None:
    everything = story.population(3, 400)
    project = engine.fresh()
    story.store(engine, project, story.kept(everything, 0.1))
    others = [(one, 1.0, "") for one in story.population(4, 300)]
    story.store(engine, project, others)
    count = whole(asked(engine, project, ("count",), Target.TRACES))["count"]
    assert count.value is not None and count.margin is not None
    assert abs(count.value - 700) <= 1.5 * count.margin


def test_one_pass_and_two_say_the_same(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    project = engine.fresh()
    story.store(engine, project, story.kept(story.population(8, 1000), 0.1))
    once = asked(engine, project, ("count", "cost", "duration.p95"), Target.SPANS, "model")
    monkeypatch.setattr(
        "sightline.query.one_scan.BOUNDS", {"max_rows_to_group_by": 1, "group_by_overflow_mode": "throw"}
    )
    monkeypatch.setattr(
        "sightline.query.breakdown.BOUNDS", {"max_rows_to_group_by": 1, "group_by_overflow_mode": "throw"}
    )
    twice = asked(engine, project, ("count", "cost", "duration.p95"), Target.SPANS, "model")
    assert [r.group for r in once.rows] == [r.group for r in twice.rows]
    for one, other in zip((*once.rows, once.whole), (*twice.rows, twice.whole), strict=True):
        for a, b in zip(one.total, other.total, strict=True):
            assert a.value == pytest.approx(b.value) and a.margin == pytest.approx(b.margin)


def test_values_count_as_often_as_their_spans_and_traces_stand_for(engine: Engine) -> None:
    everything = story.population(12, 2000)
    project = engine.fresh()
    sample = story.kept(everything, 0.1)
    story.store(engine, project, sample)
    window = Window(project, START - 1, UNTIL)
    for target in Target:
        chosen = select("", window, UNTIL, target)
        [facet] = asyncio.run(facets(engine.store, chosen, UNTIL, ["model"])).facets
        counts = {one.text: one.count for one in facet.top}
        for model in story.MODELS:
            mine = [(w, sum(c.model == model for c in one.calls)) for one, w, _ in sample]
            told = sum(w * (n if target is Target.SPANS else n > 0) for w, n in mine)
            assert counts[model] == round(told), (target, model)


def test_without_weights_nothing_changes(engine: Engine) -> None:
    project = engine.fresh()
    story.store(engine, project, [(one, 1.0, "") for one in story.population(9, 50)])
    window = Window(project, START - 1, UNTIL)
    assert not asyncio.run(has_weights(engine.store, window))
    found = asked(engine, project, ("count",), Target.TRACES)
    assert not found.weighted and found.whole.total == (Figure(50),)


def test_weights_of_another_project_or_time_do_not_count(engine: Engine) -> None:
    project, other = engine.fresh(), engine.fresh()
    story.store(engine, project, story.kept(story.population(10, 100), 0.1))
    story.store(engine, other, [(one, 1.0, "") for one in story.population(10, 10)])
    assert not asyncio.run(has_weights(engine.store, Window(other, START - 1, UNTIL)))
    assert not asyncio.run(has_weights(engine.store, Window(project, UNTIL, UNTIL + 1)))
    assert asyncio.run(has_weights(engine.store, Window(project, START - 1, UNTIL)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("count()", "sum(w)"),
        ("countIf(s.status = 'error') / count()", "sumIf(w, s.status = 'error') / sum(w)"),
        ("sum(s.tokens)", "sum(w * (s.tokens))"),
        ("sumIf(f(a, b), s.x IN (1, 2))", "sumIf(w * (f(a, b)), s.x IN (1, 2))"),
        ("avg(s.own_ns)", "avgWeighted(s.own_ns, w)"),
        ("max(s.x)", "max(s.x)"),
        ("{quantile}(0.95)(s.x)", "quantileExactWeighted(0.95)(s.x, toUInt64(round(1000 * w)))"),
    ],
)
def test_an_expression_by_weights(text: str, expected: str) -> None:
    assert weighted(text, "w") == expected


def test_every_measure_is_corrected_or_a_lower_bound() -> None:
    for measure in MEASURES.values():
        for traces, text in ((False, measure.spans), (True, measure.traces)):
            if not text:
                continue
            rewritten = weighted(text, OF_SPAN)
            assert (rewritten != text) == corrected(measure, traces), measure.name
            assert "count()" not in rewritten and "countIf(" not in rewritten
    assert [name for name, m in MEASURES.items() if not corrected(m, False)] == [
        "users", "sessions", "traces", "duration.max", "own.max", "ttft.max",
    ]  # fmt: skip
    assert terms(MEASURES["error_rate"], True) == ("countIf(s.status = 'error')", "count()")


def test_simulated_weights_are_fair() -> None:
    """The story itself: what it keeps stands for about as many as there were."""
    counts: list[float] = []
    chosen: Callable[[int], float] = lambda seed: sum(  # noqa: E731
        weight for _, weight, _ in story.kept(story.population(seed, 1000), 0.1)
    )
    counts = [chosen(seed) for seed in random.Random(1).sample(range(10_000), 20)]
    assert 970 < sum(counts) / len(counts) < 1030


def test_everything_together_has_one_interval_whatever_it_is_broken_down_by(engine: Engine) -> None:
    project = engine.fresh()
    story.store(engine, project, story.kept(story.population(13, 600), 0.1))
    whole_ = asked(engine, project, ("count", "cost"), Target.SPANS, "", "kind:llm").whole.total
    by_model = asked(engine, project, ("count", "cost"), Target.SPANS, "model", "kind:llm").whole.total
    for one, other in zip(whole_, by_model, strict=True):
        assert one.margin and one.margin == pytest.approx(other.margin)


def test_estimated_percentiles_leave_out_what_is_not_known(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = engine.fresh()
    story.store(engine, project, story.kept(story.population(14, 100), 0.5))
    monkeypatch.setattr("sightline.query.breakdown.EXACT_WEIGHTED", 0)
    near = asked(engine, project, ("ttft.p95",), Target.SPANS)
    assert not near.exact and near.whole.total[0].value is None
